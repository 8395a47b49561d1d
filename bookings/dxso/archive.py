"""document.xml v6.0: which files of a DXSO job belong together, for which month and folder.

Source: DATEV XML-Schnittstelle online, Document_v060 (read 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from lxml import etree

from bookings.dxso.ledger import ROW_NAME, SYSTEM
from bookings.entry import Direction
from bookings.extf.header import GERMANY

NAMESPACE = "http://xml.datev.de/bedi/tps/document/v06.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
FILE_NAME = "document.xml"


@dataclass(frozen=True)
class Voucher:
    """One invoice: its ledger file and its images, which DATEV staples together in this order."""

    ledger_file: str
    files: tuple[str, ...] = ()
    # A GUID known in Belege online is skipped there: the handle against doubles. Needs at least one image.
    guid: UUID | None = None


@dataclass(frozen=True)
class Archive:
    """Everything of one job: one direction, one month. `folder` is one of the job's ledger folder names."""

    consultant_number: int
    client_number: int
    direction: Direction
    month: date
    folder: str
    # Aware.
    created_at: datetime
    vouchers: tuple[Voucher, ...]
    # Category, folder, register in Belege online; empty = DATEV's standard.
    repository: tuple[str, ...] = ()


def render(archive: Archive) -> bytes:
    """document.xml, checked beforehand (`bookings.dxso.rules.check_archive`)."""
    root = etree.Element(
        _tag("archive"), nsmap={None: NAMESPACE, "xsi": XSI}, version="6.0", generatingSystem=SYSTEM
    )
    header = etree.SubElement(root, _tag("header"))
    # Local time without Z and offset.
    created = archive.created_at.astimezone(GERMANY).replace(tzinfo=None)
    etree.SubElement(header, _tag("date")).text = created.isoformat(timespec="seconds")
    etree.SubElement(header, _tag("consultantNumber")).text = str(archive.consultant_number)
    etree.SubElement(header, _tag("clientNumber")).text = str(archive.client_number)
    content = etree.SubElement(root, _tag("content"))
    for voucher in archive.vouchers:
        _add_voucher(content, voucher, archive)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add_voucher(content: etree._Element, voucher: Voucher, archive: Archive) -> None:
    document = etree.SubElement(content, _tag("document"))
    if voucher.guid is not None and voucher.files:
        document.set("guid", str(voucher.guid).upper())
    ledger = _extension(document, ROW_NAME[archive.direction], datafile=voucher.ledger_file)
    for key, value in (("1", f"{archive.month:%Y-%m}"), ("3", archive.folder)):
        etree.SubElement(ledger, _tag("property"), key=key, value=value)
    for name in voucher.files:
        _extension(document, "File", name=name)
    if archive.repository:
        repository = etree.SubElement(document, _tag("repository"))
        for level, name in enumerate(archive.repository, start=1):
            etree.SubElement(repository, _tag("level"), id=str(level), name=name)


def _extension(document: etree._Element, kind: str, **attributes: str) -> etree._Element:
    extension = etree.SubElement(document, _tag("extension"))
    extension.set(f"{{{XSI}}}type", kind)
    for name, value in attributes.items():
        extension.set(name, value)
    return extension


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
