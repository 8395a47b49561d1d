"""Texts: the open-item key exactly as DATEV takes it, lengths, cost centers, links, document info.

The posting text and the names of a DXSO file are free text: the writers drop control characters and cut
what is too long, as DATEV does. Keys are never changed silently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bookings.entry import Books, Entry
from bookings.extf.columns import DOCUMENT_FIELD, column
from bookings.extf.text import clean
from bookings.extf.writer import LINK, MAX_NOTES, document_link
from bookings.validation import labels
from connections.messages import DataFault, say

NOT_FOR_A_DOCUMENT_FIELD = re.compile(DOCUMENT_FIELD.replace("[", "[^", 1) + "+")
COST_CENTER = re.compile(r"[\w ]{1,36}")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def clean_document_field(text: str, length: int = 36) -> str:
    """A proposal for `text` as Belegfeld 1: always the same for the same text, but not always unique.

    Umlauts are written out, accents dropped, every run of other signs becomes one hyphen.
    """
    written_out = unicodedata.normalize("NFC", text).translate(UMLAUTS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", written_out) if not unicodedata.combining(c))
    return NOT_FOR_A_DOCUMENT_FIELD.sub("-", bare).strip("-")[:length].rstrip("-")


def check_texts(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_document_field(labels.DOCUMENT_FIELD_1, entry.document_field_1, 36)
    yield from _check_document_field(labels.DOCUMENT_FIELD_2, entry.document_field_2, 12)
    yield from _check_cost_center(labels.COST_CENTER_1, entry.cost_center_1, books)
    yield from _check_cost_center(labels.COST_CENTER_2, entry.cost_center_2, books)
    yield from _check_link(entry)
    yield from _check_notes(entry.notes)


def _check_document_field(label: str, text: str, length: int) -> Iterator[DataFault]:
    rules = []
    if NOT_FOR_A_DOCUMENT_FIELD.search(text):
        rules.append(say("Only the letters A to Z, digits and $ & % * + - / are allowed."))
    if len(text) > length:
        rules.append(say("At most %(length)s characters are allowed.", length=length))
    proposal = clean_document_field(text, length) if rules else ""
    for rule in rules:
        yield DataFault(
            label,
            text,
            rule,
            say(
                "It is never changed by itself, because invoice and payment must carry the same number. "
                "DATEV would take %(proposal)s.",
                proposal=proposal,
            )
            if proposal
            else say("Enter the number of the invoice."),
        )


def _check_cost_center(label: str, number: str, books: Books) -> Iterator[DataFault]:
    if not number:
        return
    if not COST_CENTER.fullmatch(number) or number != number.strip() or not _fits_windows(number):
        yield DataFault(
            label,
            number,
            say("A cost center has up to 36 letters, digits, blanks and underscores."),
            say("Write it as it is kept in DATEV, without a blank at its ends."),
        )
    if number not in (books.cost_centers or {}):
        yield DataFault(
            label,
            number,
            say("This cost center isn't in the client's table of cost centers."),
            say("Correct it, or add it to the table if it exists in DATEV."),
        )


def _fits_windows(text: str) -> bool:
    """Whether every character survives in a Windows-1252 file: a key must not be substituted."""
    return text.encode("cp1252", "ignore").decode("cp1252") == text == unicodedata.normalize("NFC", text)


def _check_link(entry: Entry) -> Iterator[DataFault]:
    if entry.documents and len(document_link(entry.documents)) > LINK:
        yield DataFault(
            labels.DOCUMENT_LINK,
            str(len(entry.documents)),
            say("A booking can link at most 5 documents."),
            say("Put the attachments into one PDF file, or attach fewer."),
        )


def _check_notes(notes: tuple[tuple[str, str], ...]) -> Iterator[DataFault]:
    if len(notes) > MAX_NOTES:
        yield DataFault(
            labels.NOTES,
            str(len(notes)),
            say("A booking carries at most %(count)s pairs of document info.", count=MAX_NOTES),
            say("Map fewer of them."),
        )
    kind_length, content_length = column(21).length, column(22).length
    for kind, content in notes:
        # The writer cuts to these lengths: whatever it would cut is a fault here.
        if not clean(kind, 1000).strip() or not clean(content, 1000).strip():
            yield DataFault(
                labels.NOTES,
                kind or content,
                say("Document info needs both its kind and its content."),
                say("Fill in both or neither."),
            )
        if clean(kind, kind_length + 1) != clean(kind, kind_length):
            yield _too_long(kind, kind_length)
        if clean(content, content_length + 1) != clean(content, content_length):
            yield _too_long(content, content_length)


def _too_long(text: str, length: int) -> DataFault:
    return DataFault(
        labels.NOTES,
        text,
        say("At most %(length)s characters are allowed.", length=length),
        say("Shorten it."),
    )
