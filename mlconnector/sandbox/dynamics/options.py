"""Switches of the simulated Dynamics, above all where the vendor's behaviour is not documented."""

from dataclasses import dataclass

KILOBYTE = 1024


@dataclass
class DynamicsOptions:
    """Defaults are the documented behaviour; where none is, the one that hurts a client more."""

    # --- sign-in ---
    # `expires_in` of a token; tenants may configure other life times.
    token_seconds: int = 3599
    # --- the environment ---
    # "", "admin" (administration mode), "disabled".
    environment: str = ""
    # Answer of the tenant's allow list for applications.
    is_app_blocked: bool = False
    # 1031 German, 1033 English: labels and formatted values.
    language: int = 1031
    # Calls to the plain host are answered with a redirect to its `.api.` alias.
    redirect_to_api_host: bool = False
    # --- limits, per user in a sliding window. Source: service protection API limits (read 2026-11) ---
    window_seconds: int = 300
    requests_in_window: int | None = 6000
    execution_seconds_in_window: float = 1200.0
    concurrent_requests: int = 52
    # What each request is charged with; nobody waits.
    seconds_per_request: float = 0.05
    # --- reading ---
    largest_page: int = 5000
    # Amounts as 119 and 119.5 instead of 119.0000000000. Both are seen.
    short_numbers: bool = False
    # `column in (a, b)`: the documentation knows Microsoft.Dynamics.CRM.In() alone.
    accept_in_operator: bool = False
    # --- change tracking ---
    # HTTP status of an expired token. Not documented.
    expired_token_status: int = 400
    # A row that changes while the first pages are read comes again with the first token. Not documented.
    tracking_covers_paging: bool = False
    # --- writing ---
    # Writes of columns that are read-only: refused with 400, or ignored without a word. Not documented.
    ignore_read_only: bool = False
    # Answer to a change of a paid or cancelled invoice. Not documented.
    read_only_status: int = 400
    read_only_code: str = "0x80040230"
    # --- documents ---
    # The organisation offers PDF from templates.
    has_pdf_export: bool = True
    # --- webhooks ---
    # Larger bodies lose their parameters and images.
    webhook_limit_bytes: int = 256 * KILOBYTE
    # Targets on this machine and on any port (demo). The vendor reaches public hosts on 80 and 443 alone.
    allow_local_targets: bool = False
