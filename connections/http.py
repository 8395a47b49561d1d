"""The one way out: every call to a vendor, with its limits, its errors and its log.

What `requests` and `urllib3` raise ends here; callers see the errors of `connections.errors` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol, cast

import requests
from django.conf import settings
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from connections import addresses, clock, health, limits
from connections.addresses import Origin
from connections.answers import Answer, Downloaded, VendorError, encode_json, wait_asked_for
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    Fault,
    RejectedError,
    TransientError,
)
from connections.exchange import Exchange, mounted, not_allowed_there
from connections.messages import say
from connections.models import Connection
from connections.registry import vendor
from connections.texts import storable
from connections.verdicts import UnlistedStatusError, verdict

__all__ = [
    "Answer",
    "Auth",
    "Downloaded",
    "Transport",
    "UnlistedStatusError",
    "Unset",
    "VendorError",
    "Watch",
    "mounted",
    "unset",
]

USER_AGENT = "ml-connector/0.1"


class Unset:
    """The type of `unset`: "as the transport was made"."""


unset: Final = Unset()


class Auth(Protocol):
    """Puts a credential on a request."""

    def apply(self, headers: MutableMapping[str, str]) -> str:
        """Adds the credential and returns it. May call the vendor to renew it beforehand."""

    def renewed(self, rejected: str) -> bool:
        """Whether there is another credential now than `rejected`, which the vendor refused."""


class Watch(Protocol):
    """Stands beside each exchange of a transport: may forbid it beforehand, and learns from its answer."""

    def before(self, request: requests.PreparedRequest) -> None:
        """Raises TransientError when this call may not be made now."""

    def after(self, answer: requests.Response | None) -> None:
        """The answer to the call that `before` allowed; None when it was not made or not answered."""


class Transport:
    """Calls to one vendor over one connection. Made for a piece of work, not shared between threads.

    `subject` names the record the calls are for ("record:12") in the call log. `hosts` are the origins
    that may be called; by default those of the vendor's `base_urls`. `wait_of` reads from the headers of an
    answer how long the vendor asks us to wait, `pauses_all` whether that is meant for the whole connection.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        faults: Sequence[Fault],
        read_error: Callable[[requests.Response], VendorError],
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        request_id_headers: Sequence[str] = (),
        hosts: Iterable[str] | None = None,
        total_seconds: float | None = None,
        hidden: Collection[str] = (),
        wait_of: Callable[[Mapping[str, str]], timedelta | None] = wait_asked_for,
        pauses_all: Callable[[Mapping[str, str]], bool] = lambda headers: True,
        watch: Watch | None = None,
    ) -> None:
        self.connection = connection
        self.faults = faults
        self.read_error = read_error
        self.auth = auth
        self.headers = dict(headers or {})
        self.request_id_headers = tuple(request_id_headers)
        self.subject = ""
        self.watch = watch
        self._hosts = hosts
        # A call may renew the sign-in, be refused, renew it again and be repeated: all inside one lease.
        self._seconds = total_seconds or settings.RECORD_LEASE_SECONDS / 4 - 2
        self._hidden = tuple(hidden)
        self._wait_of = wait_of
        self._pauses_all = pauses_all

    def call(
        self,
        method: str,
        url: str,
        *,
        is_write: bool = False,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        ok: Collection[int] = (200, 201, 202, 204),
        auth: Auth | None | Unset = unset,
        is_unlimited: bool = False,
    ) -> Answer:
        """The vendor's answer, with a status of `ok`. Everything else is raised, see `connections.errors`.

        `is_unlimited`: the vendor does not count this call (a sign-out), so it waits for no limit or pause.
        A write (`is_write`) whose answer is lost raises OutcomeUnknownError, a read TransientError. After a
        401 the credential is renewed and the call repeated, once. Raises RuntimeError inside a transaction.
        """
        self._check_is_on()
        request = self._prepared(
            method, url, params=params, json=json, data=data, files=files, headers=headers
        )
        self._check_host(request)
        signer = self.auth if isinstance(auth, Unset) else auth
        answer, credential = self._signed(request, signer, is_write=is_write, is_unlimited=is_unlimited)
        if answer.status_code == 401 and signer and self._may_renew(answer) and signer.renewed(credential):
            answer, credential = self._signed(request, signer, is_write=is_write)
        if answer.status_code in ok:
            return Answer(
                status=answer.status_code,
                headers=answer.headers,
                content=answer.content,
                url=request.url or url,
                vendor=self.connection.vendor,
                is_write=is_write,
            )
        error = self._verdict(answer, credential, is_write=is_write)
        if signer and isinstance(error, AccessLostError):
            health.sign_in_needed(self.connection, error.message)
        raise error

    def hide(self, *secrets: str) -> None:
        """Keep these out of the call log and of errors from now on, also when the vendor repeats them."""
        self._hidden = tuple(dict.fromkeys((*self._hidden, *secrets)))

    def download(self, url: str, *, max_bytes: int) -> Downloaded:
        """A file from a foreign host named by the vendor: without any credential, never behind our own walls.

        Raises RejectedError when it is larger than `max_bytes` or not there, TransientError when the link
        has run out (it is read anew next time) or the host is in trouble.
        """
        self._check_is_on()
        request = self._prepared(
            "GET", url, headers={"Accept": "*/*", "Accept-Encoding": "identity"}, own=False
        )
        answer = Exchange(
            self.connection,
            self._seconds,
            subject=self.subject,
            secrets=self._known_secrets(),
            is_foreign=True,
            max_bytes=max_bytes,
        ).send(request)
        if answer.status_code == 200:
            media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Downloaded(answer.content, media_type)
        # A signed link that has run out is answered 400, 401 or 403, depending on the storage behind it.
        passes = answer.status_code in (400, 401, 403, 408, 425, 429) or answer.status_code >= 500
        raise (TransientError if passes else RejectedError)(
            say(
                "The file could not be fetched: its host answered with status %(status)s.",
                status=answer.status_code,
            ),
            vendor=self.connection.vendor,
            status=answer.status_code,
            retry_after=wait_asked_for(answer.headers) if passes else None,
        )

    # --- before sending ----------------------------------------------------------------------------------

    def _check_is_on(self) -> None:
        if not self.connection.is_on:
            raise ConfigurationError(
                say(
                    "The connection %(connection)s is switched off. Switch it on, then try again.",
                    connection=self.connection.name,
                ),
                vendor=self.connection.vendor,
            )

    def _prepared(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        own: bool = True,
    ) -> requests.PreparedRequest:
        merged: CaseInsensitiveDict[str] = CaseInsensitiveDict(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        )
        merged.update(self.headers if own else {})
        merged.update(headers or {})
        if json is not None:
            merged.setdefault("Content-Type", "application/json")
            data = encode_json(json)
        addresses.origin(url)
        try:
            return requests.Request(
                method, url, params=params, data=data, files=files, headers=cast(Any, merged)
            ).prepare()
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            raise not_allowed_there(self.connection) from error

    def _check_host(self, request: requests.PreparedRequest) -> None:
        """The prepared address is checked, the one that is really called."""
        target = addresses.origin(request.url or "")
        if target not in self._origins():
            raise ConfigurationError(
                say(
                    "%(host)s is not an address of the connection %(connection)s, so nothing was sent there.",
                    host=target.host,
                    connection=self.connection.name,
                ),
                vendor=self.connection.vendor,
            )

    def _origins(self) -> set[Origin]:
        urls = self._hosts
        if urls is None:
            urls = vendor(self.connection.vendor).base_urls(self.connection)
        return {addresses.origin(url) for url in urls if url}

    # --- one exchange ------------------------------------------------------------------------------------

    def _signed(
        self,
        request: requests.PreparedRequest,
        signer: Auth | None,
        *,
        is_write: bool,
        is_unlimited: bool = False,
    ) -> tuple[requests.Response, str]:
        """The answer and the credential that was sent, once the limits allow the call."""
        if self.watch:
            self.watch.before(request)
        answer: requests.Response | None = None
        try:
            if not is_unlimited:
                limits.acquire(self.connection)
            credential = signer.apply(request.headers) if signer else ""
            answer = self._exchange(request, credential, is_write=is_write)
        finally:
            if self.watch:
                self.watch.after(answer)
        return answer, credential

    def _exchange(
        self, request: requests.PreparedRequest, credential: str, *, is_write: bool
    ) -> requests.Response:
        return Exchange(
            self.connection,
            self._seconds,
            subject=self.subject,
            request_id_headers=self.request_id_headers,
            secrets=(*self._known_secrets(), credential),
            is_write=is_write,
        ).send(request)

    def _known_secrets(self) -> list[str]:
        stored = (self.connection.secrets or {}).values()
        return [*(str(value) for value in stored if value), *self._hidden]

    # --- what it means -----------------------------------------------------------------------------------

    def _understood(self, answer: requests.Response) -> VendorError:
        """The vendor's error, or an empty one when the body has another shape (a gateway's page)."""
        try:
            return VendorError(*storable(list(self.read_error(answer))))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return VendorError()

    def _may_renew(self, answer: requests.Response) -> bool:
        """Whether this 401 may be about the token: a fault that names a code or text says it is not."""
        found = self._understood(answer)
        first = next((f for f in self.faults if f.matches(401, found.code, found.text)), None)
        return first is None or not (first.code or first.contains)

    def _verdict(self, answer: requests.Response, credential: str, *, is_write: bool) -> ConnectorError:
        error = verdict(
            self.faults,
            self._understood(answer),
            vendor=self.connection.vendor,
            status=answer.status_code,
            wait=self._wait_of(answer.headers),
            is_write=is_write,
            # A vendor's sentence may name the very token that it refused.
            hidden=(*self._known_secrets(), credential),
        )
        asks_for_pause = answer.status_code in (429, 503) and self._pauses_all(answer.headers)
        if error.retry_after and asks_for_pause:
            limits.pause(self.connection, clock.now() + error.retry_after)
        return error
