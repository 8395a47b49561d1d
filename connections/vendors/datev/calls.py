"""What all DATEV calls share: addresses, headers, the client bound to a long sign-in, paging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connections.answers import Answer
from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.http import Transport
from connections.messages import say
from connections.tokens import BearerAuth, TokenStore
from connections.vendors.datev.addresses import address, bound_client
from connections.vendors.datev.errors import FAULTS, REQUEST_ID_HEADERS, read_error
from connections.vendors.datev.wire import client_path, listing, next_page, number

if TYPE_CHECKING:
    from connections.models import Connection

# More is answered with 100. Source: DATEV accounting-clients 2.0, extf-files 3.0.1 (read 2026-11).
PAGE_SIZE = 100
# A listing that does not end is an error; this many pages are a million entries.
MAX_PAGES = 10_000


class DatevCalls:
    """One connection's calls. `transport.subject` says for whom a call is made (technical log)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.bound_client = bound_client(connection)
        self.transport = Transport(
            connection,
            faults=FAULTS,
            read_error=read_error,
            auth=BearerAuth(TokenStore(connection)),
            headers={
                "Accept": "application/json",
                # Source: DATEV OpenAPI documents, `security`: on every API call.
                "X-DATEV-Client-Id": str(connection.setting("client_id")).strip(),
            },
            request_id_headers=REQUEST_ID_HEADERS,
        )

    def _url(self, api: str, client_ref: str, path: str = "") -> str:
        """The URL of something of one client. Raises ConfigurationError if the sign-in is for another one."""
        inside = client_path(client_ref)
        if self.bound_client and client_ref != self.bound_client:
            raise ConfigurationError(
                say(
                    "The DATEV sign-in of '%(connection)s' is bound to client %(bound)s and can't be used "
                    "for %(client)s. Make a connection of its own for that client.",
                    connection=self.connection.name,
                    bound=self.bound_client,
                    client=client_ref,
                )
            )
        return address(self.connection, api) + inside + path

    def _pages(self, url: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """All entries of a paged listing; the next page is wherever the Link header says.

        Without a link, but with a `Total-Items` that promises more, the next page is asked for by number: an
        entry that is overlooked here could be sent to DATEV a second time.
        """
        asked = {"skip": "0", "top": str(PAGE_SIZE), **params}
        answer = self._ask(url, asked)
        seen, count = {answer.url}, 0
        for _page in range(MAX_PAGES):
            page = listing(answer.json())
            yield from page
            count += len(page)
            following = next_page(answer.headers.get("Link", ""), answer.url)
            if following in seen:
                break
            if following:
                answer = self._ask(following)
            elif page and count < (number(answer.headers.get("Total-Items")) or 0):
                answer = self._ask(url, asked | {"skip": str(count)})
            else:
                return
            seen.add(answer.url)
        raise TransientError(
            say("DATEV's list of entries does not end. It is read again later."), vendor="datev"
        )

    def _ask(
        self, url: str, params: Mapping[str, str] | None = None, *, ok: Sequence[int] = (200,)
    ) -> Answer:
        """A status query or a listing. A 500 says nothing about what was asked for, so it is no refusal:
        the same is asked again an hour later."""
        try:
            return self.transport.call("GET", url, params=params, ok=ok)
        except RejectedError as error:
            if error.status != 500:
                raise
            raise TransientError(
                say(
                    "DATEV can't answer at the moment because of an error of its own. It is asked again in "
                    "an hour."
                ),
                vendor="datev",
                status=500,
                request_id=error.request_id,
                retry_after=timedelta(hours=1),
            ) from error
