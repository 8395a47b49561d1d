"""Signing in with a browser: authorization code with PKCE, one use for each click."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from joserfc import jws
from joserfc.errors import JoseError

from connections import addresses, audit, clock, health, services
from connections.answers import decode_json
from connections.base import OAuthProfile
from connections.errors import AccessLostError, ConfigurationError, ConnectorError, RejectedError
from connections.messages import Message, say
from connections.models import Connection, OAuthFlow, TokenSet
from connections.registry import label, vendor
from connections.token_endpoint import TokenEndpoint
from connections.tokens import TokenStore, revoke_all

FLOW_LIFETIME = timedelta(minutes=10)
# RFC 7636, section 4.1: 43 to 128 characters. DATEV wants 20 and more for state and nonce.
VERIFIER_LENGTH = 64
STATE_BYTES = 32
# Error codes of RFC 6749, section 4.1.2.1, and OpenID Connect Core, section 3.1.2.6.
LONGEST_CODE = 60
# Asks for a refresh token. Source: OpenID Connect Core, section 11.
OFFLINE_SCOPE = "offline_access"


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in: the connection, and the scopes that were asked for and not granted."""

    connection: Connection
    refused_scopes: tuple[str, ...]


def start(connection: Connection, by: str) -> str:
    """The address to send the person's browser to. State, nonce and verifier are new for every click."""
    profile = profile_of(connection)
    check_public_url()
    addresses.check_scheme(addresses.origin(profile.authorize_url))
    state, nonce = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(STATE_BYTES)
    verifier = generate_token(VERIFIER_LENGTH)
    now = clock.now()
    OAuthFlow.objects.create(
        connection=connection,
        state=stored_state(state),
        secrets={  # type: ignore[misc]
            "nonce": nonce if profile.uses_nonce else "",
            "code_verifier": verifier,
            "redirect_uri": redirect_uri(),
            "scopes": list(profile.scopes),
        },
        started_by=by,
        started_at=now,
        expires_at=now + FLOW_LIFETIME,
    )
    params = {
        "response_type": "code",
        "client_id": profile.client_id,
        "redirect_uri": redirect_uri(),
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        **({"scope": " ".join(profile.scopes)} if profile.scopes else {}),
        **({"nonce": nonce} if profile.uses_nonce else {}),
        **profile.authorize_params,
    }
    return str(add_params_to_uri(profile.authorize_url, list(params.items())))


def finish(query: Mapping[str, str], by: str) -> SignedIn:
    """Redeem the code of a callback and store the tokens.

    Raises RejectedError without any call for an unknown, used, expired or foreign state, and for a refusal
    at the vendor. Whatever comes of it, the flow is over.
    """
    flow = _claim(query.get("state", ""), by)
    connection = flow.connection
    if query.get("error") or not query.get("code"):
        raise _failed(connection, _refusal(connection, query.get("error", "")), by)
    profile = profile_of(connection)
    if profile.revokes_before_sign_in:
        _revoke_earlier(connection, profile)
    try:
        answer = TokenEndpoint(connection, profile).redeem(
            query["code"], verifier=flow.secrets["code_verifier"], redirect_uri=flow.secrets["redirect_uri"]
        )
        check_nonce(connection, answer, flow.secrets["nonce"])
        check_stays(connection, answer, flow.secrets["scopes"])
    except AccessLostError:
        raise _failed(connection, _code_refused(connection), by) from None
    except ConnectorError as error:
        audit.record("connection.sign_in_failed", f"connection:{connection.pk}", error.message, actor=by)
        raise
    TokenStore(connection).store_answer(answer, clock.now())
    refused = refused_scopes(flow.secrets["scopes"], answer)
    services.signed_in(connection, by, refused_scopes=refused)
    return SignedIn(connection, refused)


def disconnect(connection: Connection, by: str) -> list[Message]:
    """Revoke the tokens at the vendor and delete them here, the latter in any case; what went wrong there."""
    held = TokenSet.objects.filter(connection_id=connection.pk).first()
    TokenStore(connection).forget()
    message = say("Disconnected by %(person)s. Sign in again to use this connection.", person=by)
    health.sign_in_needed(connection, message)
    problems = revoke_all(connection, profile_of(connection), held.tokens) if held else []
    audit.record(
        "connection.disconnected",
        f"connection:{connection.pk}",
        message,
        actor=by,
        problems=[problem.to_json() for problem in problems],
    )
    return problems


def redirect_uri() -> str:
    """Where vendors send people back to; registered in their developer portals exactly like this."""
    return settings.PUBLIC_URL + reverse("oauth:callback")


def stored_state(state: str) -> str:
    """A state as it is kept: who reads the database can't finish somebody's sign-in with it."""
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()


def check_public_url() -> None:
    """Raises ConfigurationError when vendors could send the code over an open line."""
    if not settings.PUBLIC_URL.startswith("https://") and not settings.ALLOW_PRIVATE_ADDRESSES:
        raise ConfigurationError(
            say(
                "Signing in needs an https address of this installation, and PUBLIC_URL is %(url)s. Set "
                "PUBLIC_URL to the https address that people use, then restart.",
                url=settings.PUBLIC_URL,
            )
        )


def profile_of(connection: Connection) -> OAuthProfile:
    """Raises ConfigurationError when this connection signs in without a browser."""
    profile = vendor(connection.vendor).oauth(connection)
    if profile is None or not profile.client_id:
        raise ConfigurationError(
            say(
                "%(connection)s is not set up for signing in with a browser. Fill in the client id and save.",
                connection=connection.name,
            ),
            vendor=connection.vendor,
        )
    return profile


def check_nonce(connection: Connection, answer: Mapping[str, Any], nonce: str) -> None:
    """The id token must belong to our very request. Its signature needs no check: it came straight from the
    vendor over TLS (OpenID Connect Core, section 3.1.3.7, rule 6; rule 11 is the nonce)."""
    id_token = answer.get("id_token")
    if not nonce or not id_token:
        return
    try:
        claims = decode_json(jws.extract_compact(str(id_token).encode()).payload)
        found = claims.get("nonce") if isinstance(claims, Mapping) else None
    except (JoseError, ValueError):
        found = None
    if not isinstance(found, str) or not secrets.compare_digest(found.encode(), nonce.encode()):
        raise RejectedError(
            say(
                "The answer of %(vendor)s does not belong to this sign-in and was not used. Start again.",
                vendor=label(connection.vendor),
            ),
            vendor=connection.vendor,
        )


def check_stays(connection: Connection, answer: Mapping[str, Any], requested: list[str]) -> None:
    """Raises ConfigurationError for a sign-in that ends with its first token though more was asked for."""
    if OFFLINE_SCOPE in requested and not answer.get("refresh_token"):
        raise ConfigurationError(
            say(
                "%(vendor)s gave no permission to stay signed in (%(scope)s), so the sign-in was not kept: "
                "it would end within the hour. Allow this for the app, then sign in again.",
                vendor=label(connection.vendor),
                scope=OFFLINE_SCOPE,
            ),
            vendor=connection.vendor,
        )


def refused_scopes(requested: list[str], answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Scopes asked for and not granted. No scope in the answer means "as asked" (RFC 6749, section 5.1)."""
    granted = answer.get("scope")
    if not isinstance(granted, str) or not granted.strip():
        return ()
    return tuple(scope for scope in requested if scope not in granted.replace(",", " ").split())


def _claim(state: str, by: str) -> OAuthFlow:
    """Take the flow of `state`, once, committed before any call."""
    now = clock.now()
    with transaction.atomic(durable=True):
        won = (
            OAuthFlow.objects.filter(
                state=stored_state(state), started_by=by, used_at=None, expires_at__gt=now
            ).update(used_at=now)
            if state
            else 0
        )
    if not won:
        raise RejectedError(
            say(
                "This sign-in is unknown, was used already, or is older than ten minutes. Start again from "
                "the connection's page."
            )
        )
    return OAuthFlow.objects.select_related("connection").get(state=stored_state(state))


def _revoke_earlier(connection: Connection, profile: OAuthProfile) -> None:
    """What was valid until now ends; should the vendor not answer, the new sign-in goes on all the same."""
    held = TokenSet.objects.filter(connection_id=connection.pk).first()
    if held is not None and held.tokens:
        revoke_all(connection, profile, held.tokens)


def _failed(connection: Connection, message: Message, by: str) -> RejectedError:
    audit.record("connection.sign_in_failed", f"connection:{connection.pk}", message, actor=by)
    return RejectedError(message, vendor=connection.vendor)


def _refusal(connection: Connection, code: str) -> Message:
    """The vendor's error code, never its free text: anybody can write that into the address."""
    shown = code[:LONGEST_CODE] if code.replace("_", "").isalnum() else "-"
    if code == "access_denied":
        return say(
            "%(vendor)s reports that access was denied. Sign in again and allow the access.",
            vendor=label(connection.vendor),
        )
    return say(
        "%(vendor)s ended the sign-in (%(code)s). Compare client id, scopes and redirect address with the "
        "vendor's developer portal, then start again.",
        vendor=label(connection.vendor),
        code=shown,
    )


def _code_refused(connection: Connection) -> Message:
    return say(
        "%(vendor)s did not accept the sign-in any more, most likely because it took too long. Start again.",
        vendor=label(connection.vendor),
    )
