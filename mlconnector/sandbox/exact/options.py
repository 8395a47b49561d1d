"""Switches of the simulated Exact Online, above all where the vendor's behaviour is not documented."""

from dataclasses import dataclass, field


@dataclass
class ExactOptions:
    """Defaults are the documented behaviour; where none is, the one that hurts a client more."""

    # --- sign-in ---
    access_token_seconds: int = 600
    # A refresh earlier than this after the last success is refused.
    earliest_refresh_seconds: int = 570
    # 400 (report of 2026) or 401 (the vendor's notice of 2021).
    too_early_status: int = 400
    refresh_token_days: int = 30
    code_seconds: int = 180
    token_calls_per_day: int = 200
    # A spent refresh token is tolerated for so long. Sources disagree; zero hurts more.
    spent_token_seconds: int = 0
    # The coming authorizations end with error=access_denied.
    deny_authorization: bool = False
    # An unusable token is answered with the page "Object moved" instead of JSON.
    html_for_bad_token: bool = False
    # --- limits ---
    calls_per_minute: int | None = 60
    calls_per_day: int | None = 5000
    # Errors (400, 401, 403, 404) of one app and user on one endpoint within an hour; None: no block.
    errors_per_hour: int | None = 10
    # The block's own status is not documented.
    block_status: int = 403
    # --- answers ---
    # Endpoints that answer {"d": [...]} without "results".
    bare_lists: list[str] = field(default_factory=list)
    # Edm.Int64 as text, as OData's verbose JSON has it.
    int64_as_text: bool = False
    # Me.ServerTime as text instead of /Date(ms)/.
    server_time_as_text: bool = False
    # Dates carry an offset: /Date(ms+0100)/. The digits stay the same.
    dates_with_offset: bool = False
    # An expanded collection is cut here; whether it is at the vendor is unknown. None: never.
    expanded_rows: int | None = 60
    # --- writing: unknown or read-only fields are refused, else ignored. Not documented.
    refuse_unknown_fields: bool = True
    refuse_read_only_fields: bool = True
    # A submitted cost entry (10) is locked like a final one. Not documented.
    submitted_is_locked: bool = True
    # HourStatus of an entry that was posted without one.
    default_hour_status: int = 1
    # A deliverable whose term was released can be set back to not completed. Not documented.
    reopen_after_release: bool = False
    # sync/PurchaseOrder exists only in some packages; False answers 403.
    has_order_feed: bool = True
    # --- webhooks ---
    # Callback URLs on this machine and without https (demo).
    allow_local_targets: bool = False
    # Creating a document also sends an event for each of its lines.
    line_events_on_create: bool = False
    # Content carries EventAction; seen in some clients only.
    event_action: bool = True
    # How long a notification waits before it leaves ("minutes" at the vendor).
    webhook_delay_seconds: int = 0
    # Count and spacing of retries are unknown.
    webhook_attempts: int = 5
    webhook_retry_seconds: int = 60
    # PUT on a subscription was reported as refused, although the reference lists it.
    change_subscriptions: bool = False
    # Deletions are kept in sync/Deleted for so long.
    deleted_days: int = 61
