"""accounting:documents v2: document images to Belege online. There is no way to read or change them there."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from connections.answers import Answer
from connections.errors import ConfigurationError, ConnectorError, RejectedError
from connections.messages import say
from connections.vendors.datev.calls import DatevCalls
from connections.vendors.datev.errors import ALREADY_THERE
from connections.vendors.datev.filenames import file_faults, media_type_to_send, safe_filename
from connections.vendors.datev.wire import day, flag, guid, listing, mapping, moment, number, text, texts

# Source: DATEV accounting:documents 2.1.12, schema `metadata` (read 2026-11).
MAX_NOTE = 255
MAX_LEVEL = 30
MAX_DOCUMENT_TYPE = 30


@dataclass(frozen=True)
class FiscalYear:
    """First and last day of a fiscal year, digits of a G/L account in it, and which ledgers exist."""

    start: date
    end: date
    account_length: int | None
    has_payables: bool = False
    has_receivables: bool = False
    has_cash: bool = False


@dataclass(frozen=True)
class Basics:
    """What DATEV has set up for a client: Belege online, and the last three fiscal years."""

    is_document_management_available: bool
    fiscal_years: tuple[FiscalYear, ...]

    @property
    def takes_documents(self) -> bool:
        # Source: DATEV accounting:documents 2.1.12, "No data import possible" (read 2026-11).
        return self.is_document_management_available and bool(self.fiscal_years)


@dataclass(frozen=True)
class DocumentType:
    """A client's document type (Belegtyp): `name` is free text and may change, `category` does not."""

    name: str
    category: str
    debit_credit: str = ""


@dataclass(frozen=True)
class DuoVersion:
    """File extensions that the client's Belege online takes, lower case without dot; empty = not told."""

    allowed_file_extensions: tuple[str, ...]
    allowed_staple_file_extensions: tuple[str, ...] = ()
    staple_logic: str = ""


@dataclass(frozen=True)
class DocumentReceipt:
    """What DATEV says of an uploaded document. `guid` is the one we sent; that is the one that counts."""

    guid: UUID
    filename: str
    document_type: str = ""
    size: int | None = None
    uploaded_at: datetime | None = None
    file_guid: UUID | None = None


class DocumentCalls(DatevCalls):
    """What Belege online takes, and the upload."""

    def basics(self, client_ref: str) -> Basics:
        answer = self.transport.call("GET", self._url("documents_url", client_ref))
        return read_basics(mapping(answer.json()))

    def document_types(self, client_ref: str) -> list[DocumentType]:
        """The client's document types; [] = upload without one ("ohne Belegtyp")."""
        answer = self.transport.call("GET", self._url("documents_url", client_ref, "/document-types"))
        return [read_document_type(item) for item in listing(answer.json())]

    def duo_version(self, client_ref: str) -> DuoVersion:
        answer = self.transport.call("GET", self._url("documents_url", client_ref, "/duo-version"))
        return read_duo_version(mapping(answer.json()))

    def put_document(
        self,
        client_ref: str,
        document_guid: UUID,
        *,
        filename: str,
        content: bytes,
        media_type: str = "",
        document_type: str = "",
        note: str = "",
        category: str = "",
        folder: str = "",
        register: str = "",
    ) -> DocumentReceipt:
        """Upload a file under our own GUID, which must have been stored before.

        Raises RejectedError with code DCO01012 if the GUID is already used at DATEV (nothing is changed
        there), with DCO01253 if the same content is there under another GUID, and with `faults` and no call
        for a file that DATEV would refuse.
        """
        name = safe_filename(filename)
        faults = file_faults(name, len(content), media_type)
        if faults:
            raise RejectedError(
                say("The file can't be sent to DATEV: %(faults)s", faults="; ".join(map(str, faults))),
                faults=faults,
            )
        metadata = document_metadata(document_type, note, category, folder, register)
        url = self._url("documents_url", client_ref, f"/documents/{document_guid}")
        parts = {
            "file": (name, content, media_type_to_send(name, media_type)),
            "metadata": (None, json.dumps(metadata, ensure_ascii=False).encode(), "application/json"),
        }
        try:
            answer = self.transport.call("PUT", url, is_write=True, files=parts)
        except RejectedError as error:
            if error.status == 409:
                error.code = error.code or ALREADY_THERE  # every field of DATEV's error is optional
            raise
        return read_receipt(answer, document_guid, name)


def document_metadata(
    document_type: str, note: str, category: str, folder: str, register: str
) -> dict[str, str]:
    """The metadata part, cut to DATEV's lengths, without empty fields.

    Raises ConfigurationError unless category, folder and register are all given or none of them, and for a
    document type longer than any that DATEV has: a cut name would be another type.
    """
    levels = {"category": category, "folder": folder, "register": register}
    levels = {key: one_line(value, MAX_LEVEL) for key, value in levels.items()}
    if any(levels.values()) and not all(levels.values()):
        raise ConfigurationError(
            say("Category, folder and register of the document storage: fill in all three or none.")
        )
    # As it is: a name with other spaces would be another type.
    document_type = unicodedata.normalize("NFC", document_type)
    if len(document_type) > MAX_DOCUMENT_TYPE:
        raise ConfigurationError(
            say(
                "'%(type)s' is no document type of DATEV: those have at most 30 characters. Read the "
                "document types from DATEV again and choose one of them.",
                type=document_type,
            )
        )
    sent = {"document_type": document_type, "note": one_line(note, MAX_NOTE), **levels}
    return {key: value for key, value in sent.items() if value}


def one_line(value: str, limit: int | None = None) -> str:
    """`value` in NFC on one line, without control characters, at most `limit` characters."""
    return " ".join(
        "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", value)).split()
    )[:limit].strip()


def read_basics(said: Mapping[str, Any]) -> Basics:
    years = (read_fiscal_year(item) for item in listing(said.get("basic_accounting_information") or []))
    return Basics(
        is_document_management_available=flag(said.get("is_document_management_available")) is True,
        fiscal_years=tuple(year for year in years if year),
    )


def read_fiscal_year(item: Mapping[str, Any]) -> FiscalYear | None:
    start, end = day(item.get("fiscal_year_start")), day(item.get("fiscal_year_end"))
    if start is None or end is None:
        return None
    ledgers = item.get("ledgers")
    ledgers = ledgers if isinstance(ledgers, dict) else {}
    return FiscalYear(
        start,
        end,
        number(item.get("account_length")),
        has_payables=flag(ledgers.get("is_accounts_payable_ledger_available")) is True,
        has_receivables=flag(ledgers.get("is_accounts_receivable_ledger_available")) is True,
        has_cash=flag(ledgers.get("is_cash_ledger_available")) is True,
    )


def read_document_type(item: Mapping[str, Any]) -> DocumentType:
    return DocumentType(
        name=str(item.get("name") or ""),
        category=text(item.get("category")),
        debit_credit=text(item.get("debit_credit_identifier")),
    )


def read_duo_version(said: Mapping[str, Any]) -> DuoVersion:
    def extensions(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.lower().lstrip(".") for item in texts(said.get(key))))

    return DuoVersion(
        allowed_file_extensions=extensions("allowed_file_extensions"),
        allowed_staple_file_extensions=extensions("allowed_staple_file_extensions"),
        staple_logic=text(said.get("staple_logic")),
    )


def read_receipt(answer: Answer, document_guid: UUID, filename: str) -> DocumentReceipt:
    """The receipt; the 201 alone counts, its body may be empty, shortened or unreadable."""
    try:
        said = mapping(answer.json())
    except ConnectorError:
        return DocumentReceipt(document_guid, filename)
    files = said.get("files")
    file = next((item for item in files if isinstance(item, dict)), {}) if isinstance(files, list) else {}
    return DocumentReceipt(
        document_guid,
        filename=text(file.get("name")) or filename,
        document_type=text(said.get("document_type")),
        size=number(file.get("size")),
        uploaded_at=moment(file.get("upload_date")),
        file_guid=guid(file.get("id")),
    )
