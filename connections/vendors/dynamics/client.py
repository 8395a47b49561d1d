"""Dataverse's wire format over the shared transport: rows, pages by the given link, batches, writes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from connections import clock, limits
from connections.answers import Answer, wait_asked_for
from connections.errors import ConnectorError, OutcomeUnknownError, TransientError
from connections.http import Transport
from connections.messages import say
from connections.tokens import BearerAuth, TokenStore
from connections.vendors.dynamics import addresses, batch
from connections.vendors.dynamics.batch import Part, PartAnswer
from connections.vendors.dynamics.errors import FAULTS, REQUEST_ID_HEADERS, error_of, read_error
from connections.vendors.dynamics.values import GUID, unreadable
from connections.verdicts import verdict

if TYPE_CHECKING:
    from connections.models import Connection

ANNOTATIONS = 'odata.include-annotations="*"'
PAGE_SIZE = 500
# A listing that does not end is an error; this many pages of 500 are five million rows.
MAX_PAGES = 10_000
# Source: Dataverse "Compose HTTP requests and handle errors" (read 2026-11).
HEADERS = {"Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0"}
# Keeps an answer with $expand from coming out of a cache.
NOT_CACHED = {"If-None-Match": "null"}


class Listing(NamedTuple):
    """One page. A page with few rows, or none, is the last one only if it names no next page."""

    rows: list[Mapping[str, Any]]
    next_link: str
    delta_link: str


class Client:
    """One connection's way to Dataverse. `transport.subject` names the record that the calls are for.

    `hidden` are secrets that are not stored yet and must not reach a log.
    """

    def __init__(self, connection: Connection, *, hidden: Collection[str] = ()) -> None:
        self.connection = connection
        self.base_url = addresses.interface(connection) + addresses.API_PATH
        self.transport = Transport(
            connection,
            faults=FAULTS,
            read_error=read_error,
            auth=BearerAuth(TokenStore(connection)),
            headers=HEADERS,
            request_id_headers=REQUEST_ID_HEADERS,
            hidden=hidden,
        )

    # --- reading -----------------------------------------------------------------------------------------

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """One object: a row, or what a function returns."""
        return _object(self.call("GET", target(path, query), headers=prefer(ANNOTATIONS)).json())

    def page(
        self, path: str, query: Mapping[str, str] | None = None, *, wishes: Sequence[str] = ()
    ) -> Listing:
        """The first page of a listing. `wishes` replace the usual `Prefer`."""
        wanted = wishes or (ANNOTATIONS, page_size(PAGE_SIZE))
        return listing_of(self.call("GET", target(path, query), headers=prefer(*wanted)).json())

    def page_at(self, link: str, *, wishes: Sequence[str] = ()) -> Listing:
        """The page behind a link that Dataverse gave, called byte for byte, with the same wishes as before.

        A link to a host that is not the connection's own raises ConfigurationError.
        """
        wanted = wishes or (ANNOTATIONS, page_size(PAGE_SIZE))
        headers = prefer(*wanted) | NOT_CACHED
        return listing_of(self.transport.call("GET", link, headers=headers, ok=(200,)).json())

    def everything(self, path: str, query: Mapping[str, str] | None = None) -> list[Mapping[str, Any]]:
        """All rows of a listing."""
        return list(self.rest_of(self.page(path, query)))

    def rest_of(self, first: Listing) -> Iterator[Mapping[str, Any]]:
        """The rows of `first` and of all pages that follow."""
        page, seen = first, {""}
        for _page in range(MAX_PAGES):
            yield from page.rows
            if not page.next_link:
                return
            if page.next_link in seen:
                break
            seen.add(page.next_link)
            page = self.page_at(page.next_link)
        raise TransientError(
            say("A list in Dynamics does not end. It is read again later."), vendor="dynamics"
        )

    def batch(self, parts: Sequence[Part]) -> list[PartAnswer]:
        """Several reads in one call; the answers in the same order, each with its own status.

        Raises what stops all of it (throttling), not what a single part is refused for: `refusal` tells that.
        """
        answers: list[PartAnswer] = []
        for start in range(0, len(parts), batch.LONGEST_BATCH):
            answers += self._batch(parts[start : start + batch.LONGEST_BATCH])
        return answers

    def _batch(self, parts: Sequence[Part]) -> list[PartAnswer]:
        boundary = f"batch_{secrets.token_hex(16)}"
        answer = self.call(
            "POST",
            "/$batch",
            data=batch.encode(parts, boundary),
            headers=prefer("odata.continue-on-error")
            | {"Content-Type": f"multipart/mixed; boundary={boundary}"},
        )
        try:
            found = batch.decode(answer.content, answer.headers.get("Content-Type", ""))
        except ValueError:
            raise unreadable() from None
        if len(found) != len(parts):
            raise unreadable()
        for part in found:
            if part.status in (429, 503):
                raise self.refusal(part)
        return found

    def part(self, path: str, query: Mapping[str, str] | None = None, *, wishes: Sequence[str] = ()) -> Part:
        """A read for `batch`; `wishes` replace the usual `Prefer`."""
        headers = HEADERS | NOT_CACHED | prefer(*wishes or (ANNOTATIONS,))
        return Part(urlsplit(self.base_url).path + target(path, query), headers)

    def refusal(self, part: PartAnswer) -> ConnectorError:
        """What an unexpected status of a part means; a pause that it asks for holds for the connection."""
        found = error_of(part.content)
        error = verdict(
            FAULTS,
            found,
            vendor="dynamics",
            status=part.status,
            wait=wait_asked_for(part.headers),
            is_write=False,
        )
        if error.retry_after and part.status in (429, 503):
            limits.pause(self.connection, clock.now() + error.retry_after)
        return error

    def object_of(self, part: PartAnswer) -> Mapping[str, Any]:
        """The object that a part brought. Raises what its status means."""
        return _object(self._json_of(part))

    def listing_of(self, part: PartAnswer) -> Listing:
        """The page that a part brought. Raises what its status means."""
        return listing_of(self._json_of(part))

    def _json_of(self, part: PartAnswer) -> object:
        if part.status != 200:
            raise self.refusal(part)
        try:
            return part.json()
        except ValueError:
            raise unreadable() from None

    # --- writing -----------------------------------------------------------------------------------------

    def change(self, path: str, values: Mapping[str, Any], *, version: str) -> None:
        """PATCH of a row that must exist, and be unchanged since `version` unless that is "*"."""
        self.call("PATCH", path, is_write=True, json=values, headers={"If-Match": version}, ok=(200, 204))

    def create(self, path: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """POST of a new row; the row as it is then."""
        answer = self.call(
            "POST", path, is_write=True, json=values, headers=prefer("return=representation"), ok=(200, 201)
        )
        found = answer.json()
        if not isinstance(found, Mapping):
            raise OutcomeUnknownError(
                say("Dynamics did not say what it created. It is looked up before anything is sent again."),
                vendor="dynamics",
                status=answer.status,
            )
        return found

    def delete(self, path: str) -> None:
        """One that is gone already is fine."""
        self.call("DELETE", path, is_write=True, ok=(200, 204, 404))

    def run(self, action: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """An action that writes nothing (rendering, downloading): what it returns."""
        return _object(self.call("POST", f"/{action}", json=values).json())

    def call(self, method: str, path: str, **options: Any) -> Answer:
        options.setdefault("ok", (200,))
        if method == "GET":
            options["headers"] = NOT_CACHED | options.get("headers", {})
        return self.transport.call(method, self.base_url + path, **options)


def target(path: str, query: Mapping[str, str] | None = None) -> str:
    """`path` with the query as Dataverse reads it: spaces as %20, OData's own signs as they are."""
    if not query:
        return path
    return path + "?" + "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in query.items())


SAFE = "$,()';=/:*@-._~"


def key_path(entity_set: str, row_id: str) -> str:
    """ "/invoices(6d81597f-...)". Raises ValueError for anything but a GUID."""
    if not GUID.fullmatch(row_id.lower()):
        raise ValueError(f"{row_id!r} is not a GUID")
    return f"/{entity_set}({row_id.lower()})"


def prefer(*wishes: str) -> dict[str, str]:
    return {"Prefer": ",".join(wishes)}


def page_size(rows: int) -> str:
    return f"odata.maxpagesize={rows}"


def quoted(text: str) -> str:
    """A text in a filter; a quote inside is doubled."""
    return "'" + text.replace("'", "''") + "'"


def listing_of(body: object) -> Listing:
    """Raises TransientError for anything but a list of objects: no list is not an empty list."""
    found = _object(body)
    rows = found.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise unreadable()
    return Listing(rows, _link(found, "@odata.nextLink"), _link(found, "@odata.deltaLink"))


def _link(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise unreadable()
    return body
