"""What Belege online makes of a finalised dxso job: document.xml, ledger files, images, protocol.

Source: DATEV XML interface online, document 6.0 and ledger 6.0 (read 2026-11); the protocol's texts are only
examples, DATEV changes them.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from mlconnector.sandbox.datev import ledger
from mlconnector.sandbox.datev.state import Client, Document, DxsoJob

BERLIN = ZoneInfo("Europe/Berlin")
DONE, FAILED, PARTLY, CANCELLED = 2, 3, 4, 5
NAMESPACE = re.compile(r"\{http://xml\.datev\.de/bedi/tps/document/v(0[56]\.0)\}archive")
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LEDGERS = {
    "accountsPayableLedger": "accountsPayableLedgerImport",
    "accountsReceivableLedger": "accountsReceivableLedgerImport",
    "cashLedger": "cashLedgerImport",
}
BOOKS = {
    "accountsPayableLedger": "Rechnungseingangsbuch",
    "accountsReceivableLedger": "Rechnungsausgangsbuch",
    "cashLedger": "Kassenbuch",
}
SCHEMA_FILES = {"document": "Document_v060.xsd", "ledger": "Belegverwaltung_online_ledger_import_v060.xsd"}


class Refused(Exception):  # noqa: N818 - a verdict, not an error of ours
    """This document of the package is not taken; the text goes into the protocol."""


def parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Refused(f"Inputstream kann nicht geparst werden (Fehlernr=900): {error.msg}") from error


@dataclass
class Package:
    """The files of one job on their way into Belege online; writes the job's entries, status, bookings."""

    job: DxsoJob
    client: Client
    now: datetime
    xsd_dir: str = ""
    used: set[str] = field(default_factory=set)

    def end_as(self, status: int) -> None:
        """End as a switch wants it, with an entry that fits."""
        if status in (FAILED, PARTLY):
            self._say("error", "Verarbeitung abgebrochen", "document.xml")
        elif status == DONE:
            self._say("information", "wurde empfangen!", "document.xml")
        self.job.status = status

    def process(self, documents: dict[tuple[str, str], Document]) -> None:
        for name in self.job.files:
            self._say("information", "wurde empfangen!", name)
        try:
            entries = self._entries_of_archive()
        except Refused as refused:
            self._say("error", str(refused), "document.xml")
            self.job.status = FAILED
            return
        taken = sum(self._take(entry, documents) for entry in entries)
        self.job.status = DONE if taken == len(entries) else PARTLY if taken else FAILED
        for name in sorted(set(self.job.files) - self.used - {"document.xml"}):
            self._say("warning", "wird von keinem Beleg verwendet", name)

    def _entries_of_archive(self) -> list[etree._Element]:
        """The document elements of document.xml."""
        if "document.xml" not in self.job.files:
            raise Refused("document.xml fehlt")
        archive = parsed(self.job.files["document.xml"])
        found = NAMESPACE.fullmatch(archive.tag)
        if not found:
            raise Refused("document.xml: unbekannter Namensraum oder falsches Wurzelelement (Fehlernr=900)")
        version = "6.0" if found[1] == "06.0" else "5.0"
        if archive.get("version") != version:
            raise Refused(f"document.xml: version muss {version} sein (Fehlernr=900)")
        self._validate(archive, "document")
        created = archive.findtext("{*}header/{*}date", "")
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", created):
            raise Refused(f"document.xml: header/date {created!r} ist keine Ortszeit (Fehlernr=900)")
        for tag, number in (
            ("consultantNumber", self.client.consultant_number),
            ("clientNumber", self.client.client_number),
        ):
            given = archive.findtext(f"{{*}}header/{{*}}{tag}")
            if given is not None and given != str(number):
                raise Refused(f"document.xml: {tag} {given} passt nicht zum Mandanten {self.client.ref}")
        entries = archive.findall("{*}content/{*}document")
        if not entries:
            raise Refused("document.xml: enthält keinen Beleg (Fehlernr=900)")
        return entries

    def _take(self, entry: etree._Element, documents: dict[tuple[str, str], Document]) -> bool:
        """Take one document over; False when it is refused. A known GUID is skipped without a word."""
        guid = entry.get("guid", "").lower()
        extensions = entry.findall("{*}extension")
        images = [one.get("name", "") for one in extensions if one.get(TYPE) == "File"]
        self.used.update(one.get("datafile") or one.get("name") or "" for one in extensions)
        try:
            if guid and not GUID.fullmatch(guid):
                raise Refused(f"guid {guid!r} ist nicht gültig (Fehlernr=900)")
            if guid and (self.client.ref, guid) in documents:
                return True
            self._check_files(extensions)
            rows = self._ledger_rows(extensions)
        except Refused as refused:
            self._say("error", str(refused), next(iter(images), "document.xml"))
            return False
        if images and guid:
            documents[self.client.ref, guid] = self._document(guid, images)
            text = "wurde in die Belegverwaltung übernommen!"
            self._say("information", text, images[0], f"Beleg-ID Nr. {guid.replace('-', '').upper()}")
        self._hand_over(rows, guid, extensions)
        return True

    def _check_files(self, extensions: list[etree._Element]) -> None:
        if not extensions:
            raise Refused("Beleg ohne Datei (Fehlernr=900)")
        for one in extensions:
            name = one.get("datafile") or one.get("name") or ""
            if name not in self.job.files:
                raise Refused(f"Die Datei {name!r} wurde nicht übertragen")
        if sum(one.get(TYPE) in LEDGERS for one in extensions) > 1:
            raise Refused("Ein Beleg darf nur eine Datendatei haben")

    def _ledger_rows(self, extensions: list[etree._Element]) -> list[dict[str, Any]]:
        """The bookings of the document's data file, [] when it has none."""
        data = next((one for one in extensions if one.get(TYPE) in LEDGERS), None)
        if data is None:
            return []
        kind = str(data.get(TYPE))
        if self.job.import_type and LEDGERS[kind] != self.job.import_type:
            raise Refused(f"{kind} passt nicht zur Übertragung {self.job.import_type}")
        properties = {one.get("key"): one.get("value", "") for one in data.findall("{*}property")}
        month = properties.get("1", "")
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month) or "3" not in properties:
            raise Refused("Die Eigenschaften 1 (Monat) und 3 (Ordner) werden benötigt")
        if self.job.month and month != self.job.month:
            raise Refused(f"Der Monat {month} passt nicht zur Übertragung {self.job.month}")
        if properties["3"] not in self.client.ledger_folders.get(LEDGERS[kind], []):
            raise Refused(f"Den Ordner {properties['3']!r} gibt es nicht")
        root = parsed(self.job.files[str(data.get("datafile"))])
        self._validate(root, "ledger")
        fault = ledger.fault(root, kind, month, self.client)
        if fault:
            raise Refused(fault)
        return ledger.bookings(root)

    def _validate(self, root: etree._Element, kind: str) -> None:
        """With DATEV's schema when its folder is known."""
        if not self.xsd_dir:
            return
        schema = etree.XMLSchema(etree.parse(Path(self.xsd_dir) / SCHEMA_FILES[kind]))
        if not schema.validate(root):
            error = next(iter(schema.error_log))
            raise Refused(f"Inputstream kann nicht geparst werden (Fehlernr=900): {error.message}")

    def _document(self, guid: str, images: list[str]) -> Document:
        contents = [self.job.files[name] for name in images]
        return Document(
            guid=guid,
            client_ref=self.client.ref,
            files=[
                {"name": name, "size": len(content)} for name, content in zip(images, contents, strict=True)
            ],
            digests=[hashlib.sha256(content).hexdigest() for content in contents],
            document_type="",
            note="",
            folders=("", "", ""),
            arrived_at=self.now,
            source="dxso",
            contents=contents,
        )

    def _hand_over(self, rows: list[dict[str, Any]], guid: str, extensions: list[etree._Element]) -> None:
        if not rows:
            return
        data = next(one for one in extensions if one.get(TYPE) in LEDGERS)
        origin = {
            "route": "dxso",
            "client": self.client.ref,
            "job": self.job.id,
            "filename": data.get("datafile"),
            "reference": "",
            "document_guids": [guid] if guid else [],
        }
        self.job.bookings += [{**origin, **row} for row in rows]
        book = BOOKS[str(data.get(TYPE))]
        text = f"Rechnungsinformation wurden an {book}({self.job.month or 'alle'}) übergeben"
        self._say("information", text, str(data.get("datafile")))

    def _say(self, kind: str, text: str, filename: str, context: str = "") -> None:
        entry = {
            "time": self.now.astimezone(BERLIN).isoformat(timespec="seconds"),
            "text": text,
            "type": kind,
            "filename": filename,
        }
        if context:
            entry["context"] = context
        self.job.entries.append(entry)
