"""Asana's wire format over the shared transport: envelopes, pages, and announced changes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db import transaction

from connections import clock
from connections.answers import Answer
from connections.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.http import Auth, Transport
from connections.messages import say
from connections.models import Connection
from connections.tokens import BearerAuth, StaticBearer, TokenStore
from connections.vendors.asana.errors import FAULTS, read_error

logger = logging.getLogger(__name__)

# 1 to 100. Without it long lists fail with 400. Source: Asana "Pagination" (read 2026-11).
PAGE_SIZE = "100"
# A listing whose offset keeps ending is given up for this run after so many new starts.
MAX_RESTARTS = 2
# Errors of a listing that a new start would not heal.
LASTING = ("too_large", "truncated")

CHANGE_NAME = re.compile(r"\bname=([A-Za-z0-9_.-]{1,80})([^,]*)")
CHANGE_INFO = re.compile(r"info=(https://[^;,\s]{1,300})")


class Page(NamedTuple):
    items: list[Mapping[str, Any]]
    next_offset: str
    is_restarted: bool


class Client:
    """One connection's way to Asana. `transport.subject` names the record that the calls are for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.base_url = str(connection.setting("base_url")).rstrip("/")
        self.transport = Transport(connection, faults=FAULTS, read_error=read_error, auth=auth_of(connection))

    def get(self, path: str, **params: str) -> Any:
        """The `data` of one object."""
        return self.data_of(self.call("GET", path, params=params), is_write=False)

    def write(self, method: str, path: str, data: Mapping[str, Any], **params: str) -> Any:
        """Send `data` and return the `data` of the answer."""
        return self.data_of(self.post(method, path, data, **params), is_write=True)

    def post(self, method: str, path: str, data: Mapping[str, Any], **params: str) -> Answer:
        return self.call(method, path, is_write=True, params=params, json={"data": data})

    def page(self, path: str, *, offset: str = "", **params: str) -> Page:
        """One page. `next_page` alone says whether another follows; an empty page may have one.

        An offset ends after a time that Asana does not tell; the listing then starts again. The wording of
        that refusal is not documented, but nothing else is new in the request for a later page.
        """
        try:
            return self._page(path, offset, params, is_restarted=False)
        except RejectedError as error:
            if not offset or error.status != 400 or error.code in LASTING:
                raise
            logger.info("The offset for %s has ended; the listing starts again.", path)
            return self._page(path, "", params, is_restarted=True)

    def everything(self, path: str, **params: str) -> list[Mapping[str, Any]]:
        """All objects of a listing, each once, also when it had to start again."""
        found: dict[str, Mapping[str, Any]] = {}
        for page in self._pages(path, params):
            found.update((item["gid"], item) for item in page.items)
        return list(found.values())

    def _pages(self, path: str, params: Mapping[str, str]) -> Iterator[Page]:
        restarts, offset = 0, ""
        while True:
            page = self.page(path, offset=offset, **params)
            restarts += page.is_restarted
            if restarts > MAX_RESTARTS:
                raise TransientError(
                    say("Asana ends this list before it is read to its end. It is tried again later."),
                    vendor="asana",
                )
            yield page
            offset = page.next_offset
            if not offset:
                return

    def _page(self, path: str, offset: str, params: Mapping[str, str], *, is_restarted: bool) -> Page:
        sent = {**params, "limit": PAGE_SIZE} | ({"offset": offset} if offset else {})
        answer = self.call("GET", path, params=sent)
        items = self.data_of(answer, is_write=False)
        if not isinstance(items, list):
            raise _unreadable(answer, TransientError)
        next_page = answer.json().get("next_page") or {}
        return Page(items, next_page.get("offset") or "", is_restarted)

    def call(self, method: str, path: str, **options: Any) -> Answer:
        answer = self.transport.call(method, self.base_url + path, **options)
        self._note_changes(answer.headers.get("Asana-Change"))
        return answer

    def data_of(self, answer: Answer, *, is_write: bool) -> Any:
        """One object or a list of them, each with its gid; a gateway may well send JSON of its own."""
        body = answer.json()
        data = body.get("data") if isinstance(body, Mapping) else None
        if all(map(_has_gid, data if isinstance(data, list) else [data])):
            return data
        raise _unreadable(answer, OutcomeUnknownError if is_write else TransientError)

    def _note_changes(self, header: str | None) -> None:
        """Keep each announced API change once, so that the connection shows it. Asana-Change, docs 2026."""
        announced = changes_in(header or "")
        known = self.connection.learned.get("asana_changes") or {}
        if announced.keys() <= known.keys():
            return
        with transaction.atomic():
            row = Connection.objects.select_for_update().get(pk=self.connection.pk)
            kept = row.learned.get("asana_changes") or {}
            today = clock.now().date().isoformat()
            new = {
                name: {"info": info, "seen": today} for name, info in announced.items() if name not in kept
            }
            row.learned = {**row.learned, "asana_changes": {**kept, **new}}
            row.save(update_fields=("learned",))
        self.connection.learned = row.learned
        for name in new:
            logger.warning("Asana announces a change of its interface: %s", name)


def _has_gid(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("gid"), str)


def _unreadable(answer: Answer, error: type[ConnectorError]) -> ConnectorError:
    return error(say("Asana's answer could not be read."), vendor="asana", status=answer.status)


def changes_in(header: str) -> dict[str, str]:
    """Name -> address of the explanation, of "name=...;info=...;affected=true, name=..."."""
    changes = {}
    for match in CHANGE_NAME.finditer(header):
        info = CHANGE_INFO.search(match.group(2))
        changes[match.group(1)] = info.group(1) if info else ""
    return changes


def path(*parts: str) -> str:
    """ "/tasks/1201/stories" of its parts, each quoted."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def auth_of(connection: Connection) -> Auth:
    """The personal access token, or the OAuth tokens of the person who signed in."""
    if connection.setting("sign_in") == "oauth":
        return BearerAuth(TokenStore(connection))
    token = str(connection.secrets.get("pat") or "").strip()
    if not token:
        raise ConfigurationError(
            say(
                "No personal access token is stored for '%(connection)s'. Create one in Asana's developer "
                "console and enter it at the connection.",
                connection=connection.name,
            ),
            vendor="asana",
        )
    return StaticBearer(token)
