"""Switches of the simulated Asana, above all where the vendor's behaviour is not documented."""

from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024


@dataclass
class AsanaOptions:
    """Defaults are the documented behaviour; where none is, the one that hurts a client more."""

    # Requests per token and minute; 150 on free domains, 1500 on paid ones. None: no limit.
    calls_per_minute: int | None = None
    # Requests of one token at the same moment. Source: Asana rate limits (read 2026-11).
    concurrent_reads: int = 50
    concurrent_writes: int = 15
    # Header values sent with every API answer as `Asana-Change`.
    changes: list[str] = field(default_factory=list)
    # How long an offset stays valid. Documented without a number.
    offset_seconds: int = 900
    # How long a signed download URL is accepted.
    download_seconds: int = 120
    upload_limit_bytes: int = 100 * MEGABYTE
    access_token_seconds: int = 3600
    # The refresh answer carries the unchanged refresh token too. Documented only for the code exchange.
    refresh_answers_refresh_token: bool = False
    require_pkce: bool = True
    # The coming authorizations end with error=access_denied.
    deny_authorization: bool = False
    # An unknown or disabled option: refused with 400, or silently ignored (reports contradict each other).
    ignore_invalid_options: bool = False
    # A bare "YYYY-MM-DD" as date value; a working client says it is refused.
    accept_bare_dates: bool = False
    # What a personal access token's `external` does: refused with 403, or dropped without a word.
    ignore_external_of_pat: bool = False
    # `modified_since` finds what changed later, not at that very moment.
    modified_since_is_exclusive: bool = True
    # Webhook targets on this machine (demo). The vendor refuses them with 403.
    allow_local_targets: bool = False
    # The handshake leaves on a thread of its own, as from a real server. Off: on the caller's thread.
    handshake_on_a_thread: bool = True
    # The handshake is given up after this time.
    handshake_seconds: float = 10.0
    # 410 from a target deletes the webhook at once. Not documented, so a plain failure by default.
    gone_deletes_webhook: bool = False
    # Names in change.field when an approval is decided. Not documented.
    approval_change_fields: list[str] = field(default_factory=lambda: ["approval_status", "completed"])
    # Custom fields, approvals and the like answer 402 as on a free plan.
    is_free_plan: bool = False
    # How long a job works at a project from a template.
    job_seconds: int = 2
    # Jobs end as failed.
    jobs_fail: bool = False
    # Only admins may invite people (a workspace setting).
    only_admins_invite: bool = False
    # Whoever was removed stays in the list of memberships, not active. Not documented.
    removed_users_are_listed: bool = True
