"""Invoices read together with their notes and files, in as few calls as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connections.errors import ConnectorError, RejectedError
from connections.vendors.dynamics import notes
from connections.vendors.dynamics.client import Client, key_path
from connections.vendors.dynamics.customers import ACCOUNT_COLUMNS, CONTACT_COLUMNS, Customer
from connections.vendors.dynamics.facts import TABLES
from connections.vendors.dynamics.invoices import Columns, Invoice, invoice_query, select
from connections.vendors.dynamics.notes import File, Note
from connections.vendors.dynamics.values import UTC_RULES, DateRules, Row

Rules = Callable[[str], DateRules]


@dataclass(frozen=True)
class Bundle:
    """An invoice, the notes with files at it (newest first), and the file that was asked for too."""

    invoice: Invoice
    notes: tuple[Note, ...]
    file: File | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON that may be stored, without the file; `from_json` gives the same again."""
        return {"invoice": self.invoice.row.to_json(), "notes": [note.row.to_json() for note in self.notes]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], rules: Rules) -> Bundle:
        invoice = Invoice.from_row(Row.from_json(stored["invoice"], rules("invoice")), rules)
        found = (Note.from_row(Row.from_json(note, UTC_RULES)) for note in stored["notes"])
        return cls(invoice, tuple(found))


@dataclass(frozen=True)
class Readings:
    """By invoice id: what was read; and what Dynamics could not or would not give, each with its error.

    Ids in neither are gone, or not shown to the application user.
    """

    found: Mapping[str, Bundle]
    failed: Mapping[str, ConnectorError]


def bundles(client: Client, rules: Rules, invoice_ids: Sequence[str], columns: Columns) -> Readings:
    """Up to 40 invoices with all that belongs to them in one call; fewer where they would be too large."""
    found: dict[str, Bundle] = {}
    failed: dict[str, ConnectorError] = {}
    waiting = batched_ids(invoice_ids)
    while waiting:
        some = waiting.pop(0)
        try:
            _read_some(client, rules, some, columns, found, failed)
        except RejectedError as error:
            # The call as a whole: its answer is larger than anybody may read.
            middle = len(some) // 2
            if middle:
                waiting[:0] = [some[:middle], some[middle:]]
            else:
                failed[some[0]] = error
    return Readings(found, failed)


def bundle(
    client: Client, rules: Rules, invoice_id: str, columns: Columns, note: Note | None, max_bytes: int
) -> Bundle | None:
    """One invoice as it is now, with its notes and the file of `note` if that is still there unchanged.

    One call; a large file takes more. None when the invoice is gone.
    """
    comes_along = note is not None and notes.comes_in_one_answer(note, max_bytes)
    parts = [
        client.part(key_path("invoices", invoice_id), invoice_query(columns)),
        client.part("/annotations", notes.notes_query([invoice_id])),
    ]
    if note is not None and comes_along:
        parts.append(client.part(key_path("annotations", note.id), {"$select": notes.FILE_COLUMNS}))
    answers = client.batch(parts)
    if answers[0].status == 404 and isinstance(client.refusal(answers[0]), RejectedError):
        return None
    invoice = _invoice(client, rules, client.object_of(answers[0]))
    listed = notes.sorted_by_invoice(client.rest_of(client.listing_of(answers[1])))
    at_invoice = listed.get(invoice.id, ())
    read = Bundle(invoice, at_invoice)
    if note is None or note not in at_invoice:
        return read
    if comes_along:
        return replace(read, file=notes.file_from(Row(client.object_of(answers[2]))))
    return replace(read, file=notes.download(client, note, max_bytes))


def customers(
    client: Client, rules: Rules, table: str, ids: Sequence[str], columns: Sequence[str]
) -> Mapping[str, Customer]:
    """Accounts or contacts by id, a hundred in one call; those that are gone are not in it."""
    own = ACCOUNT_COLUMNS if table == "account" else CONTACT_COLUMNS
    query = {"$select": select((*own, *columns))}
    wanted = list(dict.fromkeys(ids))
    answers = client.batch([client.part(key_path(TABLES[table], row_id), query) for row_id in wanted])
    found = {}
    for row_id, answer in zip(wanted, answers, strict=True):
        if answer.status == 404 and isinstance(client.refusal(answer), RejectedError):
            continue
        found[row_id] = Customer.from_row(Row(client.object_of(answer), rules(table)), table)
    return found


def batched_ids(ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Each id once, as many at a time as a filter takes."""
    once, size = tuple(dict.fromkeys(ids)), notes.IDS_IN_FILTER
    return [once[start : start + size] for start in range(0, len(once), size)]


def _read_some(
    client: Client,
    rules: Rules,
    ids: Sequence[str],
    columns: Columns,
    found: dict[str, Bundle],
    failed: dict[str, ConnectorError],
) -> None:
    query = invoice_query(columns)
    parts = [client.part(key_path("invoices", invoice_id), query) for invoice_id in ids]
    *answers, listed = client.batch([*parts, client.part("/annotations", notes.notes_query(ids))])
    at = notes.sorted_by_invoice(client.rest_of(client.listing_of(listed)))
    for invoice_id, answer in zip(ids, answers, strict=True):
        try:
            invoice = _invoice(client, rules, client.object_of(answer))
        except RejectedError as error:
            if error.status != 404:
                failed[invoice_id] = error
        except ConnectorError as error:
            failed[invoice_id] = error
        else:
            found[invoice_id] = Bundle(invoice, at.get(invoice_id, ()))


def _invoice(client: Client, rules: Rules, raw: Mapping[str, Any]) -> Invoice:
    """Lines beyond the first page are fetched: an expanded list may have further pages."""
    link = raw.get("invoice_details@odata.nextLink")
    if isinstance(link, str) and link:
        more = client.rest_of(client.page_at(link))
        raw = {**raw, "invoice_details": [*(raw.get("invoice_details") or ()), *more]}
        del raw["invoice_details@odata.nextLink"]
    return Invoice.from_row(Row(raw, rules("invoice")), rules)
