"""A DXSO package from elsewhere: checked by the rules of our own transfers, corrected row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest

from django.conf import settings

from bookings import validation
from bookings.dxso import reader, rules, schema
from bookings.entry import Books, Direction, Entry, Route
from bookings.given import package as packages
from bookings.given.books import as_far_as_known, judged
from bookings.given.package import ORDER, Package
from bookings.given.reading import GivenRow, LineFault, Reading
from bookings.validation import labels
from connections.errors import ConfigurationError, RejectedError
from connections.messages import DataFault, say


def owner(content: bytes) -> tuple[int, int]:
    """(consultant, client) of document.xml; (0, 0) where it names none."""
    found = packages.read(content)
    return found.consultant_number, found.client_number


def read(content: bytes, books: Books | None) -> Reading:
    """The package with every fault that can be found. Raises RejectedError for what is none at all."""
    package = packages.read(content)
    faults = [LineFault(0, fault) for fault in package.faults]
    month = _month(package.documents[0].month) if package.documents else None
    if month is None:
        faults.append(
            LineFault(0, DataFault(labels.PERIOD, "", say("The month of the documents is missing.")))
        )
    rows: list[GivenRow] = []
    for one in package.documents:
        if one.ledger_file in package.files:
            faults += _ledger(package, one, books, month, rows)
    if books is not None:
        faults += [LineFault(0, fault) for fault in _owner_faults(package, books, month)]
    faults += [LineFault(0, fault) for fault in _schema_faults(package)]
    direction = package.documents[0].direction if package.documents else None
    year = books.fiscal_year(month) if books is not None and month is not None else None
    return Reading(
        route=Route.DXSO,
        consultant_number=package.consultant_number,
        client_number=package.client_number,
        fiscal_year_start=year.start if year else None,
        month=month,
        direction=direction.value if direction else "",
        rows=tuple(rows),
        faults=tuple(faults),
    )


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _ledger(
    package: Package,
    one: packages.Document,
    books: Books | None,
    month: date | None,
    rows: list[GivenRow],
) -> Iterator[LineFault]:
    """Reads one invoice into `rows`; what it breaks by itself and in our books."""
    try:
        ledger = reader.read(package.files[one.ledger_file])
    except RejectedError as error:
        yield LineFault(0, DataFault(labels.FILES, one.ledger_file, error.message))
        return
    for row in ledger.rows:
        fields = tuple((name, name, text) for name, text in row.values.items())
        rows.append(GivenRow(len(rows) + 1, row.line, fields, one.ledger_file))
    if ledger.direction is not one.direction:
        yield LineFault(
            0, DataFault(labels.DIRECTION, one.ledger_file, say("The invoice is of another kind."))
        )
    broken = reader.faults_of(ledger)
    for line, fault in broken:
        yield LineFault(line, _in_file(fault, one.ledger_file), one.ledger_file)
    if broken or books is None or month is None:
        return
    entries = [reader.entry_of(row) for row in ledger.rows]
    for line, fault in _entry_faults(ledger, entries, as_far_as_known(books), month):
        yield LineFault(line, _in_file(fault, one.ledger_file), one.ledger_file)


def _entry_faults(
    ledger: reader.Ledger, entries: Sequence[Entry], books: Books, month: date
) -> Iterator[tuple[int, DataFault]]:
    faults = [
        (row.line, fault)
        for row, entry in zip(ledger.rows, entries, strict=True)
        for fault in validation.check_entry(
            judged(entry, books, has_service_case=False), books, route=Route.DXSO
        )
    ]
    yield from faults or [(0, fault) for fault in rules.check_invoice(entries, books, month=month)]


def _in_file(fault: DataFault, filename: str) -> DataFault:
    return DataFault(fault.field, f"{fault.value} ({filename})".strip(), fault.rule, fault.remedy)


def _owner_faults(package: Package, books: Books, month: date | None) -> Iterator[DataFault]:
    for label, told, kept in (
        (labels.CONSULTANT_NUMBER, package.consultant_number, books.consultant_number),
        (labels.CLIENT_NUMBER, package.client_number, books.client_number),
    ):
        if told and told != kept:
            yield DataFault(label, str(told), say("The DATEV client has %(kept)s.", kept=kept))
    if month is not None and books.fiscal_year(month) is None:
        yield DataFault(
            labels.FISCAL_YEAR,
            f"{month:%m/%Y}",
            say("No fiscal year of this DATEV client holds this month."),
            say("Read the fiscal years from DATEV again, or correct them at the DATEV client."),
        )


def _schema_faults(package: Package) -> list[DataFault]:
    if not settings.DATEV_XSD_DIR:
        return []
    ledgers = [
        package.files[one.ledger_file] for one in package.documents if one.ledger_file in package.files
    ]
    checked = [*ledgers, *([package.head] if package.head is not None else [])]
    return [fault for content in checked for fault in schema.validate(content, settings.DATEV_XSD_DIR)]


# --- corrections -------------------------------------------------------------------------------------------


def changed(content: bytes, rows: Mapping[int, Mapping[str, str]]) -> bytes:
    """The package with some values of some rows replaced: {row from 1: {element: text}}; "" removes one."""
    if not rows:
        return content
    package = packages.read(content)
    places = _places(package)
    by_file: dict[str, dict[int, Mapping[str, str]]] = {}
    for number, values in rows.items():
        if not 1 <= number <= len(places):
            raise RejectedError(say("The file has no row %(row)s.", row=number))
        unknown = set(values) - set(ORDER)
        if unknown:
            raise RejectedError(say("The file has no column %(column)s.", column=", ".join(sorted(unknown))))
        filename, at = places[number - 1]
        by_file.setdefault(filename, {})[at] = values
    ledgers = {name: packages.with_ledger(package.files[name], values) for name, values in by_file.items()}
    return packages.written(packages.with_files(package, ledgers))


def _places(package: Package) -> list[tuple[str, int]]:
    """Row from 1 -> (ledger file, row in it from 0)."""
    return [
        (one.ledger_file, at)
        for one in package.documents
        if one.ledger_file in package.files
        for at in range(len(reader.read(package.files[one.ledger_file]).rows))
    ]


def field_faults(values: Mapping[str, str]) -> list[DataFault]:
    """What a changed value breaks by itself."""
    faults = []
    for name, text in values.items():
        row = reader.LedgerRow(0, Direction.INCOMING, {name: text})
        if name in reader.REQUIRED and not text or text and name in reader.unreadable(row):
            faults.append(DataFault(name, text, say("This value is missing or can't be read.")))
    return faults


def difference(before: bytes, after: bytes) -> list[dict[str, str]]:
    """[{"row", "field", "before", "after"}]; rows are compared by their place, images by their names."""
    old, new = packages.read(before), packages.read(after)
    found: list[dict[str, str]] = []
    for number, (one, other) in enumerate(zip_longest(_rows(old), _rows(new)), start=1):
        for name in ORDER:
            before_text, after_text = (one or {}).get(name, ""), (other or {}).get(name, "")
            if before_text != after_text:
                found.append(_change(number, name, before_text, after_text))
    for name in sorted(_images(old) ^ _images(new)):
        found.append(_change(0, labels.FILES, name * (name in _images(old)), name * (name in _images(new))))
    found += [
        _change(0, name, _digest(old.files[name]), _digest(new.files[name]))
        for name in sorted(_images(old) & _images(new))
        if name in old.files and name in new.files and old.files[name] != new.files[name]
    ]
    return found


def _change(row: int, name: str, before: str, after: str) -> dict[str, str]:
    return {"row": str(row), "field": name, "before": before, "after": after}


def _rows(package: Package) -> list[dict[str, str]]:
    return [
        row.values
        for one in package.documents
        if one.ledger_file in package.files
        for row in reader.read(package.files[one.ledger_file]).rows
    ]


def _images(package: Package) -> set[str]:
    return {name for one in package.documents for name in one.images}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_folder(package: Package, folder_names: Sequence[str]) -> None:
    """The ledger folder that the package names must be one of the job's."""
    named = {one.folder for one in package.documents} - {""}
    if strange := named - set(folder_names):
        raise ConfigurationError(
            say(
                "The file names the ledger folder '%(folder)s'; DATEV has %(folders)s. Set the folder up in "
                "Belege online and try again, or upload a corrected file.",
                folder=", ".join(sorted(strange)),
                folders=", ".join(folder_names) or "-",
            )
        )
