"""The cookie session: signing in and out, its cookies, and the licence's place that it takes."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from connections import clock, limits
from connections.errors import AccessLostError, OutcomeUnknownError, TransientError
from connections.http import Transport
from connections.messages import say
from connections.sessions import Keys, SessionStore
from connections.vendors.acumatica import actions, addresses, login
from connections.vendors.acumatica.cookies import cookie_header, cookies_in
from connections.vendors.acumatica.errors import (
    LICENCE,
    LICENCE_PAUSE,
    LOGIN_FAULTS,
    REDIRECTS,
    a_page_instead,
    read_error,
)

if TYPE_CHECKING:
    from connections.models import Connection
    from connections.vendors.acumatica.client import Client

# Signing in and out is quick, or it is tried again.
SIGN_IN_SECONDS = 30.0
# Between sending a sign-in and its arrival.
ON_THE_WAY = timedelta(minutes=1)


@dataclass
class Ways:
    """What `connections.sessions` asks for: signing in and out, and whether an operation has ended."""

    client: Client
    _transport: Transport = field(init=False)

    def __post_init__(self) -> None:
        self._transport = Transport(
            self.client.connection,
            faults=LOGIN_FAULTS,
            read_error=read_error,
            total_seconds=SIGN_IN_SECONDS,
        )

    @property
    def unused_for(self) -> timedelta:
        return timedelta(minutes=int(self.client.connection.setting("session_minutes"))) + ON_THE_WAY

    def sign_in(self) -> Keys:
        connection = self.client.connection
        asked = login.session_request(connection)
        url = f"{addresses.instance(connection)}/entity/auth/login"
        self._transport.subject = self.client.transport.subject
        try:
            answer = self._transport.call(
                "POST", url, is_write=True, json=dict(asked), ok=(200, 204, *REDIRECTS)
            )
        except TransientError as error:
            if error.status == 429 or error.code == LICENCE:
                raise licence_full(connection, error) from error
            raise
        if answer.status in REDIRECTS:
            # Nobody was signed in; cookies of such a page are no session.
            raise a_page_instead(answer.status, is_write=False)
        keys = cookies_in(answer.headers.get("Set-Cookie", ""))
        if not keys:
            raise OutcomeUnknownError(
                say("Acumatica answered the sign-in without a session. It is tried again."),
                vendor="acumatica",
            )
        return keys

    def sign_out(self, keys: Keys) -> None:
        """Not counted by the licence's limits. Without `Content-Length` the web server refuses it (411)."""
        url = f"{addresses.instance(self.client.connection)}/entity/auth/logout"
        headers = {"Cookie": cookie_header(keys), "Content-Length": "0"}
        self._transport.hide(*keys.values())
        try:
            self._transport.call("POST", url, headers=headers, ok=(200, 204), is_unlimited=True)
        except AccessLostError as error:
            if error.status != 401:
                raise

    def has_ended(self, operation: str, keys: Keys) -> bool:
        return actions.state(self.client, operation, keys).end is not None


def licence_full(connection: Connection, error: TransientError) -> TransientError:
    """A full licence stops everybody for minutes; nobody opens another session to get around it."""
    limits.pause(connection, clock.now() + LICENCE_PAUSE)
    return TransientError(
        error.message, vendor=error.vendor, status=error.status, code=LICENCE, retry_after=LICENCE_PAUSE
    )


class CookieAuth:
    """Sends the keys of the open session as cookies; after a 401 another session is opened, once."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        # `Transport.hide` of the calls that are signed here.
        self.hide: Callable[..., None] = lambda *secrets: None
        self._sent: Keys = {}

    def apply(self, headers: MutableMapping[str, str]) -> str:
        self._sent = self.store.current()
        self.hide(*self._sent.values())
        headers["Cookie"] = cookie_header(self._sent)
        return headers["Cookie"]

    def renewed(self, rejected: str) -> bool:
        self.store.renew(self._sent)
        return True
