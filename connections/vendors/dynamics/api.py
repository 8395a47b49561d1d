"""The Dynamics client of one connection: what pairs may ask and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from connections.vendors.dynamics import addresses, changes, notes, reading
from connections.vendors.dynamics.changes import ChangedRow, ChangePage
from connections.vendors.dynamics.client import Client, key_path
from connections.vendors.dynamics.customers import Address, Customer
from connections.vendors.dynamics.errors import FullReadNeededError
from connections.vendors.dynamics.facts import (
    INVOICE_TYPE_CODE,
    TABLES,
    Facts,
    Table,
    facts_of,
    known_facts,
    zone_of,
)
from connections.vendors.dynamics.invoices import Columns, Currency, Invoice, InvoiceLine, SalesOrder
from connections.vendors.dynamics.notes import MAX_BYTES, File, Note
from connections.vendors.dynamics.reading import Bundle, Readings
from connections.vendors.dynamics.refs import Ref
from connections.vendors.dynamics.values import DateRules, Lookup, Row, Value, as_written

if TYPE_CHECKING:
    from connections.models import Connection

__all__ = (
    "Address",
    "Bundle",
    "ChangePage",
    "ChangedRow",
    "Columns",
    "Currency",
    "Customer",
    "DynamicsApi",
    "Facts",
    "File",
    "FullReadNeededError",
    "Invoice",
    "InvoiceLine",
    "Lookup",
    "Note",
    "Readings",
    "Ref",
    "Row",
    "SalesOrder",
    "Table",
)

USUAL_COLUMNS = Columns()


class DynamicsApi:
    """Reads and writes at Dynamics. Ids are GUIDs in lower case; tables are "invoice", "account", ...

    The first call that needs the organisation's facts asks for them (two calls), once a day for all workers.
    """

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

    # --- the organisation ---------------------------------------------------------------------------------

    @cached_property
    def facts(self) -> Facts:
        """Who the organisation is, its base currency, and how its dates behave; at most a day old."""
        return facts_of(self.client)

    def known_facts(self) -> Facts | None:
        """The facts as last read, without a call: enough to tell a foreign webhook, or our own write-back.

        A copied environment keeps the webhooks of the original and calls us: compare the organisation.
        """
        return known_facts(self.connection)

    def rules(self, table: str) -> DateRules:
        """How the dates of a table are read."""
        return self.facts.rules(table, zone_of(self.connection))

    def ref(self, table: str, row_id: str) -> Ref:
        """What is stored for a row: a copied environment has the same ids, and another organisation."""
        return Ref(self.facts.organization_id, table, row_id)

    def url(self, table: str, row_id: str) -> str:
        """Where a person sees the row."""
        return addresses.record_url(self.connection, table, row_id)

    # --- what changed -------------------------------------------------------------------------------------

    def changes(self, table: str, cursor: str = "") -> ChangePage:
        """The next page of changes; "" begins with all rows. See `ChangePage` for what to do with the cursor.

        Raises FullReadNeededError: begin again with "", and say so.
        """
        return changes.page(self.client, self.facts, self.rules(table), table, cursor)

    def modified(self, table: str, since: datetime, link: str = "") -> tuple[tuple[ChangedRow, ...], str]:
        """Rows changed at or after `since`, oldest first, and the link of the next page or "".

        For a reconciliation beside `changes`: it knows nothing of deletions.
        """
        return changes.modified(self.client, self.rules(table), table, since, link)

    # --- invoices -----------------------------------------------------------------------------------------

    def bundles(self, invoice_ids: Sequence[str], columns: Columns = USUAL_COLUMNS) -> Readings:
        """Invoices with lines, customer, currency, order and notes: one call for up to 40 of them.

        `columns` are those that a mapping reads beside the usual ones.
        """
        return reading.bundles(self.client, self.rules, invoice_ids, columns)

    def bundle(
        self,
        invoice_id: str,
        columns: Columns = USUAL_COLUMNS,
        *,
        note: Note | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> Bundle | None:
        """One invoice as it is now, with its notes; None when it is gone. One call.

        The file of `note` (as a bundle gave it) comes along, if that note is still there and unchanged;
        otherwise `file` is None and the notes tell what there is now.
        """
        return reading.bundle(self.client, self.rules, invoice_id, columns, note, max_bytes)

    def bundle_from_json(self, stored: Mapping[str, object]) -> Bundle:
        """The bundle of `bundle.to_json()`, without a call."""
        return Bundle.from_json(stored, self.rules)

    def file(self, note: Note, max_bytes: int = MAX_BYTES) -> File:
        """The file of a note. Raises RejectedError when it is gone (status 404) or too large."""
        return notes.download(self.client, note, max_bytes)

    def pdf_from_template(self, invoice_id: str, template_id: str, filename: str) -> File:
        """A PDF made anew; keep the first one, because the next has other bytes.

        Raises ConfigurationError where the organisation does not make PDFs.
        """
        table = self.facts.tables.get("invoice")
        type_code = (table.type_code if table else 0) or INVOICE_TYPE_CODE
        return notes.from_template(self.client, invoice_id, template_id, type_code, filename)

    def write_back(self, invoice_id: str, values: Mapping[str, Value], *, version: str = "*") -> None:
        """Write columns of an invoice that exists; the same values twice do no harm.

        Dates, amounts and texts by the columns' names. With a `version` only if the row is still that one,
        else TransientError (status 412). Paid and canceled invoices are read only: RejectedError or
        ConfigurationError, which must never touch what was booked.
        """
        rules = self.rules("invoice")
        written = {column: as_written(column, value, rules) for column, value in values.items()}
        self.client.change(key_path(TABLES["invoice"], invoice_id), written, version=version)

    # --- customers ----------------------------------------------------------------------------------------

    def customers(
        self, table: str, ids: Sequence[str], columns: Sequence[str] = ()
    ) -> Mapping[str, Customer]:
        """Accounts or contacts by id, a hundred in one call; those that are gone are not in it."""
        return reading.customers(self.client, self.rules, table, ids, columns)

    def customer_from_json(self, table: str, stored: Mapping[str, object]) -> Customer:
        """The customer of `customer.row.to_json()`."""
        return Customer.from_row(Row.from_json(stored, self.rules(table)), table)
