"""The three calls of OAuth 2.0 that no bearer token signs: code for tokens, refresh, revoke."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import requests
from django.utils.translation import gettext_noop as _

from connections.answers import VendorError
from connections.base import OAuthProfile
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    Fault,
    OutcomeUnknownError,
    TransientError,
)
from connections.http import Transport
from connections.messages import say
from connections.models import Connection
from connections.registry import label

# An exchange ends within this, so that the lease of a refresh (`connections.tokens`) outlasts it.
TOTAL_SECONDS = 30.0

_SETTINGS_REFUSED = _(
    "%(vendor)s refused the sign-in settings of this connection (%(code)s). Compare client id, secret, "
    "scopes and addresses with those shown in the vendor's developer portal."
)
# Source: RFC 6749, sections 5.2 and 4.1.2.1.
FAULTS = (
    Fault(
        0,
        AccessLostError,
        "%(vendor)s no longer accepts this sign-in. Open the connection and sign in again.",
        code="invalid_grant",
    ),
    Fault(
        0,
        ConfigurationError,
        "%(vendor)s does not know the client id or refused the client secret of this connection. Correct "
        "them, then sign in again.",
        code="invalid_client",
    ),
    # 503 is said before the work: the request was not taken. Other 5xx may come after it.
    Fault(
        503, TransientError, "%(vendor)s's sign-in service is down. It is tried again.", code="unavailable"
    ),
    Fault(408, TransientError, "%(vendor)s's sign-in service was too slow. It is tried again."),
    Fault(400, ConfigurationError, _SETTINGS_REFUSED),
    Fault(401, ConfigurationError, _SETTINGS_REFUSED),
    Fault(403, ConfigurationError, _SETTINGS_REFUSED),
    Fault(404, ConfigurationError, _SETTINGS_REFUSED),
    Fault(405, ConfigurationError, _SETTINGS_REFUSED),
    Fault(415, ConfigurationError, _SETTINGS_REFUSED),
)

# What a token request says that is no secret.
OPEN = ("grant_type", "scope", "client_assertion_type")


class TokenEndpoint:
    """Token and revoke requests of one connection, with the client authentication that works."""

    def __init__(self, connection: Connection, profile: OAuthProfile) -> None:
        self.connection = connection
        self.profile = profile

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """The token answer for the code of a callback."""
        return self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            },
            hidden=(code, verifier),
        )

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """The token answer for a refresh token. Raises AccessLostError when the vendor has ended it,
        OutcomeUnknownError when the answer was lost."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **self.profile.refresh_params}
        return self._tokens(form, hidden=(refresh_token,))

    def sign_in(self) -> Mapping[str, Any]:
        """The token answer for a grant that needs nobody (client credentials, user name and password)."""
        params = {"scope": " ".join(self.profile.scopes), **self.profile.grant_params()}
        form = {"grant_type": self.profile.grant, **{name: value for name, value in params.items() if value}}
        return self._tokens(form, hidden=tuple(value for name, value in form.items() if name not in OPEN))

    def revoke(self, token: str, hint: str) -> None:
        """End `token` at the vendor; may be repeated."""
        form = {"token": token}
        if self.profile.sends_token_type_hint:
            form["token_type_hint"] = hint
        self._post(self.profile.revoke_url, form, hidden=(token,), is_write=False)

    def _tokens(self, form: Mapping[str, str], hidden: tuple[str, ...]) -> Mapping[str, Any]:
        answer = self._post(self.profile.token_url, form, hidden=hidden, is_write=True).json()
        if not isinstance(answer, Mapping) or not _is_text(answer.get("access_token")):
            raise OutcomeUnknownError(
                say(
                    "%(vendor)s's sign-in service answered without a token.",
                    vendor=label(self.connection.vendor),
                ),
                vendor=self.connection.vendor,
            )
        return answer

    def _post(self, url: str, form: Mapping[str, str], *, hidden: tuple[str, ...], is_write: bool) -> Any:
        """The answer; after `invalid_client` the other client authentication is tried, once."""
        first, *others = self._ways()
        try:
            return self._post_as(first, url, form, hidden, is_write)
        except ConfigurationError as error:
            if error.code != "invalid_client" or not others:
                raise
        answer = self._post_as(others[0], url, form, hidden, is_write)
        self._remember(others[0])
        return answer

    def _post_as(
        self, way: str, url: str, form: Mapping[str, str], hidden: tuple[str, ...], is_write: bool
    ) -> Any:
        profile = self.profile
        headers, body = {}, dict(form)
        if way == "basic":
            pair = f"{profile.client_id}:{profile.client_secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            body["client_id"] = profile.client_id
            if way == "post":
                body["client_secret"] = profile.client_secret
        transport = Transport(
            self.connection,
            faults=(*profile.token_faults, *FAULTS),
            read_error=self._read_error,
            hosts=(profile.token_url, profile.revoke_url),
            total_seconds=TOTAL_SECONDS,
            hidden=(*hidden, *([profile.client_secret] if profile.client_secret else [])),
        )
        transport.subject = f"connection:{self.connection.pk}"
        as_json = profile.encoding == "json"
        return transport.call(
            "POST",
            url,
            is_write=is_write,
            headers=headers,
            json=body if as_json else None,
            data=None if as_json else body,
        )

    def _read_error(self, response: requests.Response) -> VendorError:
        found = read_error(response)
        said = [response.headers.get(name, "") for name in self.profile.token_error_headers]
        return found._replace(text=" ".join(filter(None, (found.text, *said))))

    def _ways(self) -> list[str]:
        """The ways to say who we are, the one that is known to work first."""
        profile = self.profile
        ways = [way for way in (profile.client_authentication, profile.fallback_authentication) if way]
        learned = self.connection.learned.get("client_authentication")
        return sorted(dict.fromkeys(ways), key=lambda way: way != learned)

    def _remember(self, way: str) -> None:
        learned = Connection.objects.values_list("learned", flat=True).get(pk=self.connection.pk)
        self.connection.learned = {**learned, "client_authentication": way}
        Connection.objects.filter(pk=self.connection.pk).update(learned=self.connection.learned)


def read_error(response: requests.Response) -> VendorError:
    """RFC 6749's error answer. A 503 without one gets the code "unavailable"."""
    code = "unavailable" if response.status_code == 503 else ""
    try:
        body = response.json()
    except ValueError:
        return VendorError(code)
    if not isinstance(body, Mapping) or not _is_text(body.get("error")):
        return VendorError(code)
    return VendorError(body["error"], str(body.get("error_description") or ""))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""
