"""Switches of the simulated Jira, above all where the vendor's behaviour is not documented."""

from dataclasses import dataclass


@dataclass
class JiraOptions:
    """Defaults are the documented behaviour; where none is, the one that hurts a client more."""

    # --- sign-in ---
    access_token_seconds: int = 3600
    # The coming authorizations end with error=access_denied.
    deny_authorization: bool = False
    # What a final refusal of a refresh token looks like: both forms were seen, with 400, 401 and 403.
    refresh_error: str = "invalid_grant"  # or "unauthorized_client"
    refresh_status: int = 403
    # --- search ---
    # Seconds of the simulator's clock until a new or changed issue is found by JQL.
    search_lag_seconds: float = 0.0
    # Issues on one page of a search that asks for more than ids, whatever `maxResults` says.
    search_page_cap: int = 100
    # --- answers ---
    # A missing required field is told in `errorMessages`, as in the specification's example.
    required_as_message: bool = False
    # GET /field/search answers 403, as some tenants do.
    field_search_is_for_admins: bool = False
    upload_limit_bytes: int = 1024 * 1024 * 1024
    attachments_per_upload: int = 60
    # --- limits; None: not limited ---
    points_per_hour: int | None = None  # the app over all sites; 65,000 in "Tier 1"
    site_points_per_hour: int | None = None  # the app on one site
    calls_per_second: int | None = None  # each method and endpoint of a site
    # Source: Jira Cloud rate limiting (read 2026-11).
    issue_writes_in_2_seconds: int | None = 20
    issue_writes_in_30_seconds: int | None = 100
    # RateLimit headers on normal answers: "", "enforced" or "beta".
    announce_limits: str = ""
    # --- webhooks ---
    # A registration with another URL than the app's first one: "refuse", or "keep" the old URL silently.
    second_url: str = "refuse"
    # Minutes between a failed delivery and the next try, shortest and longest.
    retry_minutes_from: float = 5.0
    retry_minutes_to: float = 15.0
    # How the token of a delivery is made; anything but the defaults is a forgery.
    jwt_algorithm: str = "HS256"  # or "none", "HS512", "RS256" (with a made-up signature)
    jwt_seconds: int = 180
    jwt_age_seconds: int = 0  # issued so long ago
    sign_with: str = ""  # another secret than the app's or the webhook's
    # Header names arrive in any case.
    lower_case_headers: bool = False
