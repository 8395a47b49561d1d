"""The formats in which files come from elsewhere, each with the same few functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bookings import dxso_plan
from bookings.entry import Books, Route
from bookings.given import dxso, extf, package
from bookings.given.reading import Reading
from bookings.models import Batch, BatchState, JobState, ProtocolEntry
from connections.messages import DataFault

Rows = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True)
class Format:
    """`owner`: (consultant, client) of a file. `read`: the file with its faults. `changed`: some values of
    some rows replaced. `difference`: what a person has to see. `field_faults`: what values break by
    themselves. `remainder`: what of a refused batch is to be sent again.
    """

    owner: Callable[[bytes], tuple[int, int]]
    read: Callable[[bytes, Books | None], Reading]
    changed: Callable[[bytes, Rows], bytes]
    difference: Callable[[bytes, bytes], list[dict[str, str]]]
    field_faults: Callable[[Mapping[str, str]], Sequence[DataFault]]
    remainder: Callable[[Batch, bytes], bytes]


def _whole(batch: Batch, content: bytes) -> bytes:
    """DATEV takes an EXTF file as a whole or not at all."""
    return content


def _refused_documents(batch: Batch, content: bytes) -> bytes:
    """The documents of a package that DATEV did not take, under new names and ids.

    Source: DATEV accounting:dxso-jobs 2.1.7, status 4: only what failed goes again (read 2026-11).
    """
    known = package.read(content)
    kept = [one.ledger_file for one in known.documents]
    if batch.state == BatchState.PARTLY:
        errors = ProtocolEntry.objects.filter(job__batch=batch, job__state=JobState.PARTLY, kind="error")
        named, _is_complete = dxso_plan.blamed(
            dxso_plan.load(batch), errors.values_list("filename", "context")
        )
        kept = [invoice.ledger_file for invoice in named]
    return package.written(package.renewed(known, kept, f"R{batch.revision + 1}"))


FORMATS: Mapping[Route, Format] = {
    Route.EXTF: Format(extf.owner, extf.read, extf.changed, extf.difference, extf.syntax_faults, _whole),
    Route.DXSO: Format(
        dxso.owner, dxso.read, dxso.changed, dxso.difference, dxso.field_faults, _refused_documents
    ),
}


def of(batch: Batch) -> Format:
    return FORMATS[Route(batch.route)]


def recognised(content: bytes) -> Format:
    """The format in which a file seems to be: ZIP and XML are DXSO, everything else must be EXTF."""
    beginning = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_dxso = content.startswith(package.ZIP) or beginning.startswith(b"<")
    return FORMATS[Route.DXSO if is_dxso else Route.EXTF]
