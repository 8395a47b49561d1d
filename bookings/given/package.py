"""A DXSO package from elsewhere, taken apart: document.xml, ledger files, images; or one ledger file alone.

Source: DATEV XML-Schnittstelle online, Document_v060; a package is a flat ZIP (read 2026-11).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from lxml import etree

from bookings.dxso import archive, names, reader
from bookings.dxso.ledger import NAMESPACE as LEDGER
from bookings.dxso.ledger import ROW_NAME
from bookings.entry import Direction
from connections.errors import RejectedError
from connections.messages import DataFault, say

ZIP = b"PK\x03\x04"
# Source: schema v6.0: 4,999 documents; #DCO01016: 20 MB a file. The whole stays far below 465 MB.
MAX_FILES = 10_000
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_BYTES = 200 * 1024 * 1024
KINDS = {name: direction for direction, name in ROW_NAME.items()}
MONTH, FOLDER = "1", "3"
# What never changes makes the same package the same bytes.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Document:
    """One `document` of document.xml: an invoice with its images."""

    direction: Direction | None
    ledger_file: str
    month: str
    folder: str
    images: tuple[str, ...]
    guid: UUID | None = None
    # Kinds of extensions that are not taken from here.
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """`files`: every file but document.xml by its name. `head`: document.xml; None = a ledger file alone."""

    files: Mapping[str, bytes]
    documents: tuple[Document, ...]
    head: bytes | None = None
    consultant_number: int = 0
    client_number: int = 0
    faults: tuple[DataFault, ...] = field(default=())


def read(content: bytes, filename: str = "") -> Package:
    """Raises RejectedError for what is neither a package nor a ledger file."""
    if content.startswith(ZIP):
        return _of_zip(content)
    name = names.clean_file_name(filename) if filename.lower().endswith(".xml") else "Rechnung.xml"
    found = reader.read(content)
    month = found.rows[0].value("date")[:7]
    return Package({name: content}, (Document(found.direction, name, month, "", ()),))


def _of_zip(content: bytes) -> Package:
    files = dict(_members(content))
    head_name = next((name for name in files if name.lower() == archive.FILE_NAME), "")
    if not head_name:
        raise RejectedError(say("The package has no document.xml."))
    head = files.pop(head_name)
    root = reader.tree_of(head)
    if root.tag != _tag("archive"):
        raise RejectedError(say("document.xml is none of DATEV's XML interface 6.0."))
    documents = tuple(_document(one) for one in root.iterfind(f".//{_tag('document')}"))
    return Package(
        files,
        documents,
        head,
        _number(root, "consultantNumber"),
        _number(root, "clientNumber"),
        tuple(_faults(files, documents)),
    )


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, no more and no larger than allowed, whatever the ZIP promises."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(content))
        members = packed.infolist()
        if len(members) > MAX_FILES:
            raise RejectedError(say("The package holds more than %(limit)s files.", limit=MAX_FILES))
        seen: set[str] = set()
        room = MAX_BYTES
        for member in members:
            name = member.filename
            if member.is_dir() or "/" in name or "\\" in name or name.lower() in seen:
                raise RejectedError(
                    say("The package must be flat, without folders or two files of one name.")
                )
            seen.add(name.lower())
            with packed.open(member) as file:
                read_bytes = file.read(min(MAX_FILE_BYTES, room) + 1)
            room -= len(read_bytes)
            if len(read_bytes) > MAX_FILE_BYTES or room < 0:
                raise RejectedError(say("A file may have 20 MB, all files of a package together 200 MB."))
            yield name, read_bytes
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise RejectedError(say("The ZIP package is damaged or encrypted.")) from error


def _number(root: etree._Element, name: str) -> int:
    text = (root.findtext(f"{_tag('header')}/{_tag(name)}") or "").strip()
    return int(text) if text.isascii() and text.isdecimal() else 0


def _document(element: etree._Element) -> Document:
    direction, ledger_file, month, folder = None, "", "", ""
    images: list[str] = []
    others: list[str] = []
    for extension in element.iterfind(_tag("extension")):
        kind = str(extension.get(f"{{{archive.XSI}}}type") or "")
        if kind in KINDS and not ledger_file:
            direction, ledger_file = KINDS[kind], str(extension.get("datafile") or "")
            values = {
                str(p.get("key")): str(p.get("value") or "") for p in extension.iterfind(_tag("property"))
            }
            month, folder = values.get(MONTH, ""), values.get(FOLDER, "")
        elif kind == "File":
            images.append(str(extension.get("name") or ""))
        else:
            others.append(kind)
    return Document(direction, ledger_file, month, folder, tuple(images), _guid(element), tuple(others))


def _guid(element: etree._Element) -> UUID | None:
    try:
        return UUID(str(element.get("guid"))) if element.get("guid") else None
    except ValueError:
        return None


def _faults(files: Mapping[str, bytes], documents: tuple[Document, ...]) -> Iterator[DataFault]:
    if not documents:
        yield DataFault("Files", archive.FILE_NAME, say("document.xml names no document."))
    named = [name for one in documents for name in (one.ledger_file, *one.images) if name]
    for one in documents:
        for kind in one.others:
            yield DataFault(
                "Files",
                kind,
                say("Only invoices (payable or receivable ledgers) with their images are taken from here."),
            )
        if not one.ledger_file:
            yield DataFault("Files", ", ".join(one.images), say("A document has no ledger file."))
    for name in sorted(set(named) - set(files)):
        yield DataFault("Files", name, say("document.xml names this file, but the package lacks it."))
    for name in sorted(set(files) - set(named)):
        yield DataFault("Files", name, say("The package holds this file, but document.xml does not name it."))
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield DataFault("Files", name, say("Two files of the job have the same name."))
    for name in files:
        if not names.ALLOWED.fullmatch(name):
            yield DataFault("Files", name, say("DATEV doesn't take this file name."))
    for what, values in (
        ("Month", {one.month for one in documents}),
        ("Kind", {one.direction.value for one in documents if one.direction}),
        ("Ledger folder", {one.folder for one in documents}),
    ):
        if len(values) > 1:
            yield DataFault(
                what,
                ", ".join(sorted(values)),
                say("All documents of a package must agree here: DATEV takes one kind and month at a time."),
            )


# --- written anew ------------------------------------------------------------------------------------------


def written(package: Package) -> bytes:
    """The package as one file again; the same package is always the same bytes."""
    if package.head is None:
        return next(iter(package.files.values()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in ((archive.FILE_NAME, package.head), *package.files.items()):
            member = zipfile.ZipInfo(name, LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, content)
    return packed.getvalue()


def with_files(package: Package, changed: Mapping[str, bytes]) -> Package:
    return replace(
        package, files={name: changed.get(name, content) for name, content in package.files.items()}
    )


def renewed(package: Package, kept: Iterable[str], mark: str) -> Package:
    """Only the documents of these ledger files, under new file names and new GUIDs.

    Source: DATEV accounting:dxso-jobs 2.1.7: refused documents go under new names, or they would be doubled
    (read 2026-11). `mark` ("R2") begins the names; the GUIDs are a function of it and the old ones.
    """
    wanted = set(kept)
    if package.head is None:
        [(name, content)] = package.files.items()
        new = _marked(name, mark)
        return replace(
            package,
            files={new: content},
            documents=tuple(replace(one, ledger_file=new) for one in package.documents),
        )
    root = reader.tree_of(package.head)
    for element in list(root.iterfind(f".//{_tag('document')}")):
        one = _document(element)
        if one.ledger_file not in wanted:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
            continue
        if one.guid is not None:
            element.set("guid", str(_new_guid(one.guid, mark)).upper())
        for extension in element.iterfind(_tag("extension")):
            for attribute in ("datafile", "name"):
                if name := extension.get(attribute):
                    extension.set(attribute, _marked(str(name), mark))
    documents = tuple(_document(one) for one in root.iterfind(f".//{_tag('document')}"))
    names_kept = {
        name
        for one in package.documents
        if one.ledger_file in wanted
        for name in (one.ledger_file, *one.images)
    }
    files = {_marked(name, mark): package.files[name] for name in package.files if name in names_kept}
    head = bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))
    return replace(
        package, files=files, documents=documents, head=head, faults=tuple(_faults(files, documents))
    )


def _marked(name: str, mark: str) -> str:
    """A name never carries two marks: R3 takes the place of R2."""
    head, _, rest = name.partition(" ")
    bare = rest if head.startswith("R") and head[1:].isdecimal() and rest else name
    return names.clean_file_name(f"{mark} {bare}")


def _new_guid(old: UUID, mark: str) -> UUID:
    return UUID(bytes=hashlib.sha256(old.bytes + mark.encode()).digest()[:16], version=4)


def with_ledger(content: bytes, rows: Mapping[int, Mapping[str, str]]) -> bytes:
    """A ledger file with some values of some of its rows (from 0) replaced, and its totals brought into step.

    An empty value removes the element; a new one is put where the schema wants it. Other elements stay.
    """
    root = reader.tree_of(content)
    consolidate = root[0]
    for at, values in rows.items():
        row = consolidate[at]
        for name, text in values.items():
            _set(row, name, text)
    changed = bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))
    try:
        totals = reader.consolidated(reader.read(changed))
    except ArithmeticError:
        return changed  # An unreadable amount is found by the checks that follow.
    for attribute, text in totals.items():
        consolidate.set(attribute, text)
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))


def _set(row: etree._Element, name: str, text: str) -> None:
    tag = f"{{{LEDGER}}}{name}"
    found = row.find(tag)
    if not text:
        if found is not None:
            row.remove(found)
        return
    if found is None:
        found = etree.Element(tag)
        place = ORDER.index(name)
        before = sum(ORDER.index(etree.QName(other).localname) < place for other in row)
        row.insert(before, found)
    found.text = text


# Source: ledger schema v6.0, order of the elements of a row (read 2026-11).
ORDER = (
    "date",
    "amount",
    "discountAmount",
    "accountNo",
    "buCode",
    "costAmount",
    "costCategoryId",
    "costCategoryId2",
    "tax",
    "information",
    "currencyCode",
    "invoiceId",
    "bookingText",
    "typeOfReceivable",
    "ownVatId",
    "shipFromCountry",
    "partyId",
    "paidAt",
    "internalInvoiceId",
    "vatId",
    "shipToCountry",
    "exchangeRate",
    "bankCode",
    "bankAccount",
    "bankCountry",
    "iban",
    "swiftCode",
    "accountName",
    "paymentConditionsId",
    "paymentOrder",
    "discountPercentage",
    "discountPaymentDate",
    "discountAmount2",
    "discountPercentage2",
    "discountPaymentDate2",
    "dueDate",
    "bpAccountNo",
    "deliveryDate",
    "orderId",
    "supplierName",
    "supplierCity",
    "customerName",
    "customerCity",
)


def _tag(name: str) -> str:
    return f"{{{archive.NAMESPACE}}}{name}"
