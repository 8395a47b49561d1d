"""Acumatica's wire format over the shared transport: sessions, endpoint addresses, records, lists, writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connections import addresses as checked_addresses
from connections import clock
from connections.answers import Answer
from connections.errors import (
    ConfigurationError,
    ConnectorError,
    RejectedError,
    TransientError,
)
from connections.http import Auth, Transport, UnlistedStatusError
from connections.messages import say
from connections.sessions import SessionStore, slice_of_work
from connections.tokens import BearerAuth, TokenStore
from connections.vendors.acumatica import addresses, login
from connections.vendors.acumatica.cookies import cookies_in
from connections.vendors.acumatica.errors import (
    FAULTS,
    LICENCE,
    NO_ENTITY,
    REDIRECTS,
    a_page_instead,
    read_error,
)
from connections.vendors.acumatica.listing import TOP, Mark, Pass
from connections.vendors.acumatica.session import CookieAuth, Ways, licence_full
from connections.vendors.acumatica.values import (
    Row,
    Value,
    checked,
    entity,
    listing,
    moment_literal,
    query_string,
    unreadable,
    wrapped,
)

if TYPE_CHECKING:
    from connections.models import Connection

MODIFIED = "LastModifiedDateTime"
# A listing that does not end is an error.
MAX_PAGES = 1000


@dataclass(frozen=True)
class Query:
    """What is asked of an entity. `expanded`: details and linked entities; `custom`: "View.Field"."""

    fields: Sequence[str]
    expanded: Sequence[str] = ()
    custom: Sequence[str] = ()

    def params(self, *, filtered: str = "") -> dict[str, str]:
        params = {"$select": ",".join(self.fields)} if self.fields else {}
        if filtered:
            params["$filter"] = filtered
        if self.expanded:
            params["$expand"] = ",".join(self.expanded)
        if self.custom:
            params["$custom"] = ",".join(self.custom)
        return params


@dataclass(frozen=True)
class Page:
    """One page of a pass, without the rows that the page before brought, and how the pass stands after it."""

    rows: tuple[Row, ...]
    reading: Pass


class Client:
    """One connection's way to Acumatica. `transport.subject` names the record that the calls are for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        has_session = login.way(connection) == login.SESSION
        self.sessions = SessionStore(connection, Ways(self), signs_in=has_session)
        cookies = CookieAuth(self.sessions)
        auth: Auth = cookies if has_session else BearerAuth(TokenStore(connection))
        self.transport = Transport(connection, faults=FAULTS, read_error=read_error, auth=auth)
        cookies.hide = self.transport.hide

    @cached_property
    def zone(self) -> ZoneInfo:
        """The instance's time zone. Raises ConfigurationError for one that does not exist."""
        name = str(self.connection.setting("time_zone")).strip()
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigurationError(
                say(
                    "The time zone '%(zone)s' of '%(connection)s' does not exist. Write one such as "
                    "Europe/Berlin.",
                    zone=name,
                    connection=self.connection.name,
                ),
                vendor="acumatica",
            ) from None

    # --- calls -------------------------------------------------------------------------------------------

    def call(self, method: str, url: str, **options: Any) -> Answer:
        """One call inside the connection's session, which is kept open for the slice of work around it."""
        with slice_of_work():
            self.sessions.ready()
            return self._called(method, url, **options)

    def at(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The address of something below the endpoint."""
        base = addresses.entity_base(self.connection) + path
        return f"{base}?{query_string(query)}" if query else base

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Inside, no other worker calls over this connection: an action runs, and only its state may be
        asked.
        """
        with slice_of_work(), self.sessions.exclusive():
            yield

    def _called(self, method: str, url: str, **options: Any) -> Answer:
        wanted = options.pop("ok", (200,))
        try:
            answer = self.transport.call(method, url, ok=(*wanted, *REDIRECTS), **options)
        except TransientError as error:
            raise (licence_full(self.connection, error) if error.code == LICENCE else error) from error
        if answer.status in REDIRECTS:
            raise self._redirected(answer)
        self.sessions.learn(cookies_in(answer.headers.get("Set-Cookie", "")))
        return answer

    def _redirected(self, answer: Answer) -> ConnectorError:
        """A sick instance sends every call to a page of its own; elsewhere nothing of ours ever goes."""
        target = addresses.joined(self.connection, answer.headers.get("Location", ""))
        own = checked_addresses.origin(addresses.instance(self.connection))
        if checked_addresses.origin(target) != own:
            return UnlistedStatusError(
                say(
                    "%(vendor)s answered with status %(status)s, which ml-connector does not know here. "
                    "Please report this; nothing was repeated.",
                    vendor="Acumatica",
                    status=answer.status,
                ),
                vendor="acumatica",
                status=answer.status,
            )
        return a_page_instead(answer.status, is_write=answer.is_write)

    # --- reading -----------------------------------------------------------------------------------------

    def record(self, entity_name: str, path: str, query: Query) -> Row | None:
        """One record by "/<id>" or "/<key>/<key>"; None when it does not exist (any more).

        Acumatica says so with a 500. A 404 may mean the same, or that the endpoint is gone: then every
        document would look deleted, so the endpoint itself is asked before that is believed.
        """
        try:
            answer = self.call("GET", self.at(f"/{entity_name}{path}", query.params()))
        except RejectedError as error:
            if error.code != NO_ENTITY:
                raise
            return None
        except ConfigurationError as error:
            if error.status != 404:
                raise
            self.call("GET", self.at(f"/{entity_name}", {"$select": MODIFIED, "$top": "1"}))
            return None
        return checked(Row(entity(answer.json()), self.zone))

    def first(self, entity_name: str, query: Query, filtered: str) -> Row | None:
        """The first record that fits; None if there is none."""
        params = query.params(filtered=filtered) | {"$top": "1"}
        rows = listing(self.call("GET", self.at(f"/{entity_name}", params)).json())
        return checked(Row(rows[0], self.zone)) if rows else None

    def page(self, entity_name: str, query: Query, reading: Pass | None, since: datetime | None) -> Page:
        """The next page of a pass over records changed since then; with `reading` None the first one."""
        bound = reading.bound if reading else Pass(since, clock.now()).bound
        filtered = f"{MODIFIED} ge {moment_literal(bound)}" if bound else ""
        skip = reading.skip if reading else 0
        params = query.params(filtered=filtered) | {"$top": str(TOP), "$skip": str(skip)}
        answer = self.call("GET", self.at(f"/{entity_name}", params))
        found = [Row(raw, self.zone) for raw in listing(answer.json())]
        now = server_time(answer)
        current = reading or Pass(since, now)
        marks = [Mark(row.id, row.moment(MODIFIED)) for row in found]
        rows = tuple(row for row, mark in zip(found, marks, strict=True) if not current.is_repeated(mark))
        return Page(rows, current.after(marks, now))

    def everything(self, entity_name: str, query: Query) -> list[Row]:
        """All records of an entity, each once, in its newest state."""
        found: dict[str, Row] = {}
        reading: Pass | None = None
        with slice_of_work():
            for _ in range(MAX_PAGES):
                page = self.page(entity_name, query, reading, None)
                reading = page.reading
                found.update((row.id, row) for row in page.rows)
                if reading.has_ended:
                    return list(found.values())
        raise unreadable()

    def schema(self, entity_name: str) -> Mapping[str, Any]:
        """What exists beyond the contract: custom fields, and on newer releases the screen's actions."""
        found = self.call("GET", self.at(f"/{entity_name}/$adHocSchema")).json()
        if not isinstance(found, Mapping) or not found.keys() & {"id", "custom"}:
            raise unreadable()
        return found

    # --- writing -----------------------------------------------------------------------------------------

    def change(self, entity_name: str, record_id: str, values: Mapping[str, Value]) -> None:
        """Write fields of a record that exists; never creates one. The same values twice do no harm.

        PATCH is not known to older endpoints; PUT with `If-Match: *` does the same there.
        """
        body = {"id": record_id, **wrapped(values)}
        url = self.at(f"/{entity_name}")
        try:
            answer = self.call("PATCH", url, is_write=True, json=body)
        except (UnlistedStatusError, ConfigurationError) as error:
            if error.status not in (404, 405):
                raise
            answer = self.call("PUT", url, is_write=True, json=body, headers={"If-Match": "*"})
        found = answer.json()
        if isinstance(found, Mapping):
            checked(Row(found, self.zone))


def server_time(answer: Answer) -> datetime:
    """The server's own time of the answer; ours where it does not say."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return clock.now()
    return moment if moment.tzinfo else clock.now()
