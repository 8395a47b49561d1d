"""A vendor that does not exist: everything about it stands in the connection's settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests

from connections import registry
from connections.answers import VendorError
from connections.base import Checkup, OAuthProfile, Rate, SecretField, SettingField, Vendor
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    Fault,
    RejectedError,
    TransientError,
)
from connections.http import Transport, unset
from connections.models import Connection
from connections.tokens import BearerAuth, TokenStore

FAULTS = (
    Fault(401, ConfigurationError, "Muster does not know this application.", code="wrong_app"),
    Fault(401, AccessLostError, "Muster no longer accepts the token."),
    Fault(403, ConfigurationError, "Muster does not allow this: %(text)s"),
    Fault(409, RejectedError, "Muster has this already.", code="known"),
    Fault(422, RejectedError, "Muster gives 100 % of the blame to this record."),
    Fault(502, RejectedError, "Muster refused, in its own way.", code="really_refused"),
    Fault(500, TransientError, "Muster has a fault of its own."),
)


def read_error(response: requests.Response) -> VendorError:
    body = response.json()
    return VendorError(
        code=body["code"],
        text=body.get("text", ""),
        help_url=body.get("help", ""),
        elements=tuple(body.get("elements", {}).items()),
    )


def oauth(connection: Connection) -> OAuthProfile | None:
    stored = connection.settings
    if "token_url" not in stored:
        return None
    return OAuthProfile(
        authorize_url="https://login.muster.example/authorize?tenant=1",
        token_url=stored["token_url"],
        revoke_url=stored.get("revoke_url", ""),
        client_id="muster-app",
        client_secret=connection.secrets.get("client_secret", ""),
        scopes=tuple(stored.get("scopes", ("read", "write"))),
        client_authentication=stored.get("client_authentication", "basic"),
        fallback_authentication=stored.get("fallback_authentication", ""),
        authorize_params={"prompt": "login"},
        uses_nonce=stored.get("uses_nonce", True),
        grant=stored.get("grant", "authorization_code"),
        grant_params=lambda: stored.get("grant_params", {}),
        encoding=stored.get("encoding", "form"),
        rotates=stored.get("rotates", True),
        may_repeat_refresh=stored.get("may_repeat_refresh", False),
        refresh_margin=timedelta(seconds=60),
        earliest_refresh=timedelta(seconds=stored.get("earliest_refresh", 0)),
        consent_lifetime=timedelta(hours=stored["consent_hours"]) if "consent_hours" in stored else None,
        consent_is_sliding=stored.get("sliding", False),
        identity=lambda answer: str(answer.get("who", "")),
    )


def check(connection: Connection) -> Checkup:
    me = transport(connection, auth=BearerAuth(TokenStore(connection))).call(
        "GET", base_url(connection) + "/me"
    )
    return Checkup(who=me.json()["name"], facts={"plan": me.json().get("plan", "")})


def base_url(connection: Connection) -> str:
    return str(connection.settings.get("base_url", "https://api.muster.example"))


VENDOR = Vendor(
    key="muster",
    label="Muster",
    settings=(SettingField("base_url", "address"),),
    secrets=(SecretField("client_secret", "secret"),),
    api=lambda connection: None,
    check=check,
    base_urls=lambda connection: (base_url(connection),),
    rate=lambda connection: Rate(
        connection.settings.get("per_minute", 60_000), connection.settings.get("burst", 1000)
    ),
    oauth=oauth,
)


def register(set_attribute: Callable[[Any, str, Any], None]) -> None:
    """Make it the only vendor there is."""
    set_attribute(registry, "vendors", lambda: {"muster": VENDOR})


def connection(**settings: Any) -> Connection:
    name = settings.pop("name", "Muster GmbH")
    secrets = settings.pop("secrets", {"client_secret": "s3cret-of-the-app"})
    return Connection.objects.create(name=name, vendor="muster", settings=settings, secrets=secrets)


def transport(connection: Connection, **options: Any) -> Transport:
    auth = options.pop("auth", None)
    return Transport(
        connection,
        faults=options.pop("faults", FAULTS),
        read_error=read_error,
        auth=None if auth is unset else auth,
        request_id_headers=("X-Request-Id",),
        **options,
    )
