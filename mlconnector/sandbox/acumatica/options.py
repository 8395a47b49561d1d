"""Switches of the simulated Acumatica, above all where the vendor's behaviour is not documented."""

from dataclasses import dataclass, field


@dataclass
class AcumaticaOptions:
    """Defaults are the documented behaviour; where none is, the one that hurts a client more."""

    # --- the instance
    build: str = "25.201.0213"
    # Built-in endpoints as "Name/Version"; the list's order is not by version.
    endpoints: list[str] = field(
        default_factory=lambda: [
            "Default/23.200.001",
            "Default/24.200.001",
            "eCommerce/24.200.001",
            "Default/22.200.001",
            "MANUFACTURING/25.100.001",
        ]
    )
    # Older builds answer GET /entity with the rows alone.
    bare_endpoint_list: bool = False
    # Every /entity call is redirected to a page with an error.
    is_sick: bool = False
    has_patch: bool = True
    # --- sign-in
    # Open sessions that the licence allows (maximum web-services API users); a trial has 2.
    max_api_users: int = 2
    # How one sign-in too many is refused: "json" (429), "plain" (429 from IIS), "html" (500, a page).
    login_limit_form: str = "json"
    # A cookie session that nobody used for so long is gone and its slot is free. Not documented.
    session_seconds: int = 1200
    # Historic builds answer 500 to a wrong password.
    refused_sign_in_status: int = 500
    # So many wrong passwords lock the user.
    wrong_passwords: int = 3
    # The password grant and the cookie sign-in are to be withdrawn in some later release.
    has_password_grant: bool = True
    has_cookie_sign_in: bool = True
    access_token_seconds: int = 3600
    # The whole chain of refreshes, from the consent on.
    refresh_days: int = 30
    # The coming authorizations end with error=access_denied.
    deny_authorization: bool = False
    # --- records
    # Order of a list: "key", "modified" (last changed first), "shifting" (moves on with every change).
    order: str = "key"
    # Names such as "Bill.Details" or "Bill.Project" that a list request can't be optimised for.
    not_optimised: list[str] = field(default_factory=list)
    # A key such as "Debit Adj." as a segment of the path; IIS may not let it pass.
    has_dots_in_path: bool = False
    # Texts of keys keep their padding up to so many characters; 0 = none.
    pad_keys: int = 0
    # An unknown name in $select, $expand or $filter. Not documented.
    unknown_name_status: int = 500
    # --- actions
    # How long an operation runs that is answered with 202.
    action_seconds: float = 0.0
    # Effects that run as a long operation (202); the others are answered with 204 at once.
    long_actions: list[str] = field(default_factory=lambda: ["release", "reverse"])
    # So many coming actions are answered with 204 and do nothing at all.
    actions_without_effect: int = 0
    # So many coming operations are answered with 202 and vanish: polled, they are over, nothing was done.
    operations_lost: int = 0
    # Texts with which the coming actions are refused, one after the other.
    refuse_actions: list[str] = field(default_factory=list)
    # A 204 carries a Location that does not lead to a status.
    location_on_204: bool = False
    # A long action that the workflow refuses fails in the operation (202), not in the call.
    refuse_in_operation: bool = False
    # How a failed operation shows when it is polled: 500, 422 or 200 (older builds).
    failed_poll_status: int = 500
    # Asking for an operation of another session. The status is not documented.
    foreign_poll_status: int = 404
    # Signing out ends running operations without effect.
    sign_out_ends_operations: bool = False
    absolute_location: bool = False
    # --- limits (SM604000)
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    # Requests that wait before the next one is declined with 429.
    queue_length: int = 20
    # A request that would wait longer is declined with 429.
    longest_wait_seconds: int = 600
    # So many coming requests are declined with 429.
    decline: int = 0
    # --- push notifications: what is not documented
    push_delay_seconds: float = 0.0
    push_retry_seconds: float = 60.0
    push_attempts: int = 5
