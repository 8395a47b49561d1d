"""Jira's wire format over the shared transport: objects, pages by offset and by token, writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connections.answers import Answer
from connections.errors import ConnectorError, Fault, OutcomeUnknownError, TransientError
from connections.http import Transport
from connections.messages import say
from connections.tokens import BearerAuth, TokenStore
from connections.vendors.jira import addresses
from connections.vendors.jira.errors import (
    FAULTS,
    REQUEST_ID_HEADERS,
    pause_asked_for,
    read_error,
    stops_everything,
)

if TYPE_CHECKING:
    from connections.models import Connection

# Most lists give no more at a time. Source: Jira Cloud REST v3, "Pagination" (read 2026-11).
PAGE_SIZE = 100
# A list that does not end is an error.
MAX_PAGES = 10_000


class Client:
    """One connection's way to Jira. `transport.subject` names the record that the calls are for.

    `faults`: what error answers mean; see `connections.vendors.jira.errors`.
    """

    def __init__(self, connection: Connection, *, faults: Sequence[Fault] = FAULTS) -> None:
        self.connection = connection
        self.transport = Transport(
            connection,
            faults=faults,
            read_error=read_error,
            auth=BearerAuth(TokenStore(connection)),
            request_id_headers=REQUEST_ID_HEADERS,
            wait_of=pause_asked_for,
            pauses_all=stops_everything,
        )

    # --- reading -----------------------------------------------------------------------------------------

    def get(self, path: str, **params: str) -> Any:
        """The JSON of one object or bare list."""
        return self.call("GET", path, params=params, ok=(200,)).json()

    def ask(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object that a POST answers which only reads."""
        return an_object(self.call("POST", path, json=body, ok=(200,)).json())

    def listed(
        self, path: str, key: str = "values", *, size: int = PAGE_SIZE, start: int = 0, **params: str
    ) -> Iterator[Mapping[str, Any]]:
        """All items of a list that is paged by offset, under `key`, beginning with number `start`.

        The server may give fewer than were asked for, so the next page begins after what came.
        """
        for _page in range(MAX_PAGES):
            body = an_object(self.get(path, startAt=str(start), maxResults=str(size), **params))
            items = objects(body.get(key))
            yield from items
            start += len(items)
            total = body.get("total")
            if body.get("isLast") is True or (isinstance(total, int) and start >= total):
                return
            if not items:
                break
        raise _endless()

    def by_token(self, path: str, key: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """All items of a list that is asked for by POST and goes on with `nextPageToken`."""
        token, seen = "", {""}
        for _page in range(MAX_PAGES):
            # The token belongs to the same question: nothing else may differ.
            answer = self.ask(path, {**body, "nextPageToken": token} if token else body)
            yield from objects(answer.get(key))
            token = answer.get("nextPageToken") or ""
            if not token:
                return
            if token in seen:
                break
            seen.add(token)
        raise _endless()

    # --- writing -----------------------------------------------------------------------------------------

    def create(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object that was made. A lost or unreadable answer raises OutcomeUnknownError."""
        return made(self.call("POST", path, is_write=True, json=body, ok=(200, 201)))

    def change(
        self, method: str, path: str, body: Mapping[str, Any], ok: Sequence[int] = (200, 202, 204)
    ) -> Answer:
        return self.call(method, path, is_write=True, json=body, ok=ok)

    def call(self, method: str, path: str, **options: Any) -> Answer:
        return self.transport.call(method, addresses.rest(self.connection) + path, **options)


def an_object(body: Any, error: type[ConnectorError] = TransientError) -> Mapping[str, Any]:
    """Raises `error` for anything but a JSON object."""
    if not isinstance(body, Mapping):
        raise unreadable(error)
    return body


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Raises TransientError for anything but a list of objects: no list is not an empty list."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise unreadable()
    return value


def made(answer: Answer) -> Mapping[str, Any]:
    """What a create answered; without an id it is unknown whether anything was made."""
    body = an_object(answer.json(), OutcomeUnknownError)
    if not ref(body.get("id")):
        raise unreadable(OutcomeUnknownError)
    return body


def ref(value: Any) -> str:
    """An id as text; some are numbers on the wire. "" for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if isinstance(value, str) else str(value) if is_number else ""


def needed(value: Any, error: type[ConnectorError] = TransientError) -> str:
    """An id that must be there."""
    found = ref(value)
    if not found:
        raise unreadable(error)
    return found


def unreadable(error: type[ConnectorError] = TransientError) -> ConnectorError:
    return error(say("Jira's answer could not be read."), vendor="jira")


def _endless() -> TransientError:
    return TransientError(say("A list in Jira does not end. It is read again later."), vendor="jira")
