"""Login mit DATEV: OAuth 2.0 authorization code with PKCE, in two durations."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from connections.answers import decode_json
from connections.base import OAuthProfile
from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.datev.addresses import address, bound_client, is_long
from connections.vendors.datev.settings import DEFAULT_SCOPES
from connections.vendors.datev.wire import CLIENT_REF

if TYPE_CHECKING:
    from connections.models import Connection

# From the first sign-in; no refresh extends it. Source: DATEV authentication guide (read 2026-11).
SHORT_CONSENT = timedelta(hours=11)
# Sources disagree whether a refresh extends it; the earliest end is the safe one to show.
LONG_CONSENT = timedelta(days=730)


def profile(connection: Connection) -> OAuthProfile:
    """How this connection signs in. Raises ConfigurationError for a long sign-in without its client."""
    secret = str(connection.secrets.get("client_secret", ""))
    authentication, fallback = client_authentication(connection, has_secret=bool(secret))
    return OAuthProfile(
        authorize_url=address(connection, "authorize_url"),
        token_url=address(connection, "token_url"),
        revoke_url=address(connection, "revoke_url"),
        userinfo_url=address(connection, "userinfo_url"),
        client_id=str(connection.setting("client_id")).strip(),
        client_secret=secret,
        scopes=scopes(connection),
        client_authentication=authentication,
        fallback_authentication=fallback,
        # Source: DATEV portal: enableWindowsSso is recommended for API apps, nonce is required.
        authorize_params={"enableWindowsSso": "true"},
        uses_nonce=True,
        # A refresh token is used once; the second use ends the whole session.
        rotates=True,
        consent_lifetime=LONG_CONSENT if is_long(connection) else SHORT_CONSENT,
        consent_is_sliding=False,
        revoke_tokens=("access_token", "refresh_token"),
        sends_token_type_hint=True,
        # Source: DATEV authentication guide: never more than one valid refresh token.
        revokes_before_sign_in=True,
        identity=identity,
    )


Authentication = Literal["client_id_only", "basic", "post"]


def client_authentication(
    connection: Connection, *, has_secret: bool
) -> tuple[Authentication, Authentication | Literal[""]]:
    """(the way that is set, the way to try after `invalid_client`); no secret, no other way."""
    if connection.setting("client_authentication") == "basic":
        return "basic", "client_id_only"
    return "client_id_only", "basic" if has_secret else ""


def scopes(connection: Connection) -> tuple[str, ...]:
    """The scopes to ask for, each once; `openid` always."""
    own = str(connection.setting("scopes") or "").split()
    wanted = ["openid", *(own or DEFAULT_SCOPES)]
    if is_long(connection):
        # Source: DATEV, "Langzeit-Token": both scopes, and the client is fixed at the sign-in.
        wanted += ["offline_access", f"datev:iam:client:{client_of_long_sign_in(connection)}"]
    return tuple(dict.fromkeys(wanted))


def client_of_long_sign_in(connection: Connection) -> str:
    client = bound_client(connection)
    if not CLIENT_REF.fullmatch(client):
        raise ConfigurationError(
            say(
                "The long DATEV sign-in of '%(connection)s' is for one client, and none is set. Fill in "
                "'client of the long sign-in' with consultant and client number, such as 455148-1.",
                connection=connection.name,
            )
        )
    return client


def identity(answer: Mapping[str, Any]) -> str:
    """The person's full name from the id token of a token answer; "" if it does not say.

    The id token came straight from DATEV over TLS, so its signature needs no check for a name to be shown
    (OpenID Connect Core, 3.1.3.7, rule 6).
    """
    payload = str(answer.get("id_token") or "").split(".")[1:2]
    if not payload:
        return ""
    try:
        claims = decode_json(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
    except (binascii.Error, ValueError):
        return ""
    return full_name(claims) if isinstance(claims, dict) else ""


def full_name(claims: Mapping[str, Any]) -> str:
    """`name`, or given and family name; DATEV sends them with the scope `profile`."""
    parts = (str(claims.get(key) or "").strip() for key in ("given_name", "family_name"))
    return str(claims.get("name") or "").strip() or " ".join(part for part in parts if part)
