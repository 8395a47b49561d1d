"""The formats in which files come from elsewhere, each with the same few functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bookings.entry import Books, Route
from bookings.given import extf
from bookings.given.reading import Reading
from bookings.models import Batch
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


FORMATS: Mapping[Route, Format] = {
    Route.EXTF: Format(extf.owner, extf.read, extf.changed, extf.difference, extf.syntax_faults, _whole),
}


def of(batch: Batch) -> Format:
    return FORMATS[Route(batch.route)]
