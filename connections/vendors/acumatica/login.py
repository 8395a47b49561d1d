"""Signing in at Acumatica: OAuth by a person or with a password, or a cookie session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from connections.base import OAuthProfile
from connections.errors import AccessLostError, ConfigurationError, Fault
from connections.messages import say
from connections.vendors.acumatica import addresses

if TYPE_CHECKING:
    from connections.models import Connection

OAUTH, PASSWORD, SESSION = "oauth", "password", "session"  # noqa: S105 - a way of signing in
# With offline_access one session serves all tokens of a consent and needs no sign-out; several sessions at
# once (api:concurrent_access) are never asked for. Source: Integration Development Guide, "Scopes" (read
# 2026-11).
SCOPES = ("api", "offline_access")

# Source: OAuth error codes as the identity server gives them; the release withdraws the grant or the user is
# refused (read 2026-11).
PASSWORD_FAULTS = (
    Fault(
        0,
        ConfigurationError,
        _(
            "Your release of Acumatica no longer allows OAuth with user name and password, or the connected "
            "application is not registered for it (flow 'Resource Owner Password Credentials' on Connected "
            "Applications, SM303010). Choose 'OAuth (a person signs in at Acumatica)' instead."
        ),
        code="unsupported_grant_type",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "The connected application is not registered for signing in with user name and password (flow "
            "'Resource Owner Password Credentials' on Connected Applications, SM303010)."
        ),
        code="unauthorized_client",
    ),
    Fault(
        0,
        AccessLostError,
        _(
            "Acumatica refused the user name or the password, or the user is locked. Correct them at the "
            "connection, then test it. It is not tried again by itself, because repeated refusals lock the "
            "user."
        ),
        code="invalid_grant",
    ),
)


def way(connection: Connection) -> str:
    return str(connection.setting("sign_in"))


def tenant(connection: Connection) -> str:
    return str(connection.setting("tenant")).strip()


def client_id(connection: Connection) -> str:
    """The client id with the tenant glued on, as Acumatica wants it; people often leave the tenant out."""
    given = str(connection.setting("client_id")).strip()
    return given if "@" in given or not given else f"{given}@{tenant(connection)}"


def profile(connection: Connection) -> OAuthProfile | None:
    """How this connection signs in by OAuth; None for a cookie session.

    Client authentication goes in the body; the refresh token rotates; the whole chain ends 30 days after the
    consent unless the connected application says otherwise. Source: "OAuth 2.0 and OpenID Connect" (read
    2026-11).
    """
    chosen = way(connection)
    if chosen == SESSION:
        return None
    root = addresses.instance_or_none(connection) or "https://not-filled-in.invalid"
    by_password = chosen == PASSWORD
    return OAuthProfile(
        authorize_url=f"{root}/identity/connect/authorize",
        token_url=f"{root}/identity/connect/token",
        client_id=client_id(connection),
        client_secret=str(connection.secrets.get("client_secret") or ""),
        grant="password" if by_password else "authorization_code",
        grant_params=(lambda: credentials(connection)) if by_password else dict,
        scopes=SCOPES,
        client_authentication="post",
        consent_lifetime=None if by_password else timedelta(days=int(connection.setting("consent_days"))),
        consent_is_sliding=bool(connection.setting("consent_is_sliding")) and not by_password,
        token_faults=PASSWORD_FAULTS if by_password else (),
    )


def credentials(connection: Connection) -> Mapping[str, str]:
    """User name and password. Raises ConfigurationError when one is missing."""
    name = str(connection.setting("user_name")).strip()
    password = str(connection.secrets.get("password") or "")
    if not name or not password:
        raise ConfigurationError(
            say(
                "User name and password of '%(connection)s' are needed for this way of signing in. Enter "
                "both at the connection.",
                connection=connection.name,
            ),
            vendor="acumatica",
        )
    return {"username": name, "password": password}


def session_request(connection: Connection) -> Mapping[str, str]:
    """What a cookie sign-in is asked with.

    Without a tenant Acumatica signs in to its default tenant and says nothing, so a missing one is refused
    here. Source: POST /entity/auth/login (read 2026-11). `locale` is reserved and left out.
    """
    given = credentials(connection)
    name = tenant(connection)
    if not name:
        raise ConfigurationError(
            say(
                "No tenant is filled in for '%(connection)s'. Enter the 'Login Name' from Tenants "
                "(SM203520): without it Acumatica would silently choose a tenant.",
                connection=connection.name,
            ),
            vendor="acumatica",
        )
    branch = str(connection.setting("branch")).strip()
    asked = {"name": given["username"], "password": given["password"], "tenant": name}
    return asked | ({"branch": branch} if branch else {})
