"""The Acumatica client of one connection: what pairs may ask and write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from connections.answers import Downloaded
from connections.errors import ConfigurationError
from connections.sessions import slice_of_work
from connections.vendors.acumatica import actions, addresses, documents, files, people
from connections.vendors.acumatica.actions import ActionEnd, ActionResult
from connections.vendors.acumatica.client import Client
from connections.vendors.acumatica.documents import (
    BILL,
    ENTITIES,
    PURCHASE_ORDER,
    Document,
    DocumentState,
    Line,
)
from connections.vendors.acumatica.errors import NOT_OPTIMISED
from connections.vendors.acumatica.files import File
from connections.vendors.acumatica.listing import Pass
from connections.vendors.acumatica.payload import Push, PushedRef
from connections.vendors.acumatica.people import Creditor, Employee
from connections.vendors.acumatica.values import GUID, Row, Value, quoted

if TYPE_CHECKING:
    from connections.models import Connection

__all__ = (
    "BILL",
    "PURCHASE_ORDER",
    "AcumaticaApi",
    "ActionEnd",
    "ActionResult",
    "Change",
    "ChangePage",
    "Creditor",
    "Document",
    "DocumentState",
    "Employee",
    "File",
    "Line",
    "Push",
    "PushedRef",
)


@dataclass(frozen=True)
class Change:
    """A document that was changed. `document` is None where Acumatica could list keys only: read it by id."""

    id: str
    type: str
    number: str
    modified_at: datetime
    document: Document | None

    @property
    def version(self) -> str:
        """Sorts like time; the same as `Document.version`."""
        return self.modified_at.isoformat(timespec="microseconds")


@dataclass(frozen=True)
class ChangePage:
    """A page of changes. Store `since` together with what was found; hand both back for the next page.

    `more` is "" at the end of the pass; only then `since` has moved on. A document may come again, in the
    same or in a newer state: its `version` tells.
    """

    changes: tuple[Change, ...]
    since: datetime | None
    more: str


class AcumaticaApi:
    """Reads and writes at Acumatica. `entity` is BILL or PURCHASE_ORDER; ids are GUIDs that never change."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = Client(connection)
        self.transport = self.client.transport

    @property
    def subject(self) -> str:
        """The record that the next calls are for ("record:12"), written to the call log."""
        return self.transport.subject

    @subject.setter
    def subject(self, subject: str) -> None:
        self.transport.subject = subject

    @contextmanager
    def slice(self) -> Iterator[None]:
        """Inside, a cookie session stays open over all calls; it is signed out of at the end.

        The engine's own slices of work do the same, so this is for other places.
        """
        with slice_of_work():
            yield

    def url(self, entity: str, doc_type: str, number: str) -> str:
        """Where a person sees the document in Acumatica; makes no call."""
        return addresses.screen_url(self.connection, entity, doc_type, number)

    # --- what changed -------------------------------------------------------------------------------------

    def changes(
        self,
        entity: str,
        since: datetime | None = None,
        more: str = "",
        *,
        with_lines: bool = False,
        custom: Sequence[str] = (),
    ) -> ChangePage:
        """The next page (of up to 100) of documents changed since then; None begins with all of them.

        Complete without any order of the server's, see `listing`. Deletions never show: `document` of a known
        id gives None then. Where Acumatica can't list the fields at once (custom ones, lines) it lists keys
        alone.
        """
        reading = Pass.from_token(more) if more else None
        query = documents.header_query(entity, with_lines=with_lines, custom=custom)
        try:
            page = self.client.page(entity, query, reading, since)
        except ConfigurationError as error:
            if error.code != NOT_OPTIMISED:
                raise
            query = documents.key_query(entity)
            page = self.client.page(entity, query, reading, since)
        is_whole = len(query.fields) > len(documents.key_query(entity).fields)
        found = tuple(_change(entity, row, is_whole) for row in page.rows)
        if page.reading.has_ended:
            return ChangePage(found, page.reading.until, "")
        return ChangePage(found, page.reading.since, page.reading.token())

    # --- documents ----------------------------------------------------------------------------------------

    def document(self, entity: str, document_id: str, custom: Sequence[str] = ()) -> Document | None:
        """One document with its lines and the list of its files; None when it was deleted."""
        row = self.client.record(entity, _id_path(document_id), documents.whole_query(entity, custom))
        return Document.from_row(entity, row) if row else None

    def document_by_key(
        self, entity: str, doc_type: str, number: str, custom: Sequence[str] = ()
    ) -> Document | None:
        """The same by type and number; a key that does not travel in a path is looked up first."""
        query = documents.whole_query(entity, custom)
        path = addresses.key_path(doc_type, number)
        if path is not None:
            row = self.client.record(entity, path, query)
            return Document.from_row(entity, row) if row else None
        filtered = f"Type eq {quoted(doc_type)} and {ENTITIES[entity].number} eq {quoted(number)}"
        found = self.client.first(entity, documents.key_query(entity), filtered)
        return self.document(entity, found.id, custom) if found else None

    def state(self, entity: str, document_id: str) -> DocumentState | None:
        """Status, amount and hold as they are now; None when the document was deleted. One small call."""
        row = self.client.record(entity, _id_path(document_id), documents.state_query(entity))
        return documents.state_of(Document.from_row(entity, row)) if row else None

    def download(self, file: File, max_bytes: int = files.MAX_BYTES) -> Downloaded:
        return files.download(self.client, file, max_bytes)

    # --- actions ------------------------------------------------------------------------------------------

    def run_action(
        self,
        entity: str,
        document_id: str,
        action: str,
        *,
        parameters: Mapping[str, Value] | None = None,
        dialog: Mapping[str, Value] | None = None,
    ) -> ActionResult:
        """Call an action of the contract or of the screen, by name; read `state` afterwards, whatever it
        says.

        `parameters` are those of the contract, `dialog` the fields of the screen's dialog ("View.Field").
        Raises ConfigurationError when there is no such action or no right, TransientError when it was not
        started.
        """
        _id_path(document_id)
        return actions.run(self.client, entity, document_id, action, parameters or {}, dialog or {})

    def set_hold(self, entity: str, document_id: str, is_on_hold: bool) -> None:
        """Put a document on hold or take it off; read `state` afterwards. Twice does no harm."""
        _id_path(document_id)
        self.client.change(entity, document_id, {"Hold": is_on_hold})

    # --- people and creditors -----------------------------------------------------------------------------

    def employees(self) -> list[Employee]:
        """The whole roster, active and inactive: a changed e-mail address shows nowhere else."""
        rows = self.client.everything(people.EMPLOYEE, people.EMPLOYEES)
        return [Employee.from_row(row) for row in rows]

    def creditors(self) -> list[Creditor]:
        rows = self.client.everything(people.CREDITOR, people.CREDITORS)
        return [Creditor.from_row(row) for row in rows]

    def creditor(self, code: str) -> Creditor | None:
        """One creditor by its code; None if there is none."""
        path = addresses.key_path(code)
        if path is not None:
            row = self.client.record(people.CREDITOR, path, people.CREDITORS)
        else:
            row = self.client.first(people.CREDITOR, people.CREDITORS, f"VendorID eq {quoted(code)}")
        return Creditor.from_row(row) if row else None


def _change(entity: str, row: Row, is_whole: bool) -> Change:
    document = Document.from_row(entity, row)
    return Change(
        document.id,
        document.type,
        document.number,
        document.modified_at,
        document if is_whole else None,
    )


def _id_path(document_id: str) -> str:
    """ "/<id>". Raises ValueError for anything but a GUID."""
    if not GUID.fullmatch(document_id):
        raise ValueError(f"{document_id!r} is not a GUID")
    return f"/{document_id.lower()}"
