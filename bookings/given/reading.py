"""What the readers of files from elsewhere have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bookings.entry import Route
from connections.messages import DataFault
from connections.texts import storable


@dataclass(frozen=True)
class LineFault:
    """A fault with its place; `line` counts from 1 as an editor does, 0 = the file as a whole.

    `file`: which one of a package.
    """

    line: int
    fault: DataFault
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"line": self.line, "file": storable(self.file), **self.fault.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LineFault:
        return cls(stored.get("line", 0), DataFault.from_json(stored), stored.get("file", ""))


@dataclass(frozen=True)
class GivenRow:
    """One row as people see and correct it: (key, name, value), the key stable within the format.

    `line` is where it stands; in a DXSO package `file` names the ledger file.
    """

    number: int
    line: int
    fields: tuple[tuple[str, str, str], ...]
    file: str = ""

    def value(self, key: str) -> str:
        return next((value for known, _name, value in self.fields if known == key), "")


@dataclass(frozen=True)
class Reading:
    """A file from elsewhere, read and checked. Without faults it may be sent."""

    route: Route
    consultant_number: int
    client_number: int
    fiscal_year_start: date | None
    month: date | None
    direction: str = ""
    label: str = ""
    rows: tuple[GivenRow, ...] = ()
    faults: tuple[LineFault, ...] = field(default=())


def lines_to_json(faults: Iterable[LineFault]) -> list[dict[str, Any]]:
    return [fault.to_json() for fault in faults]
