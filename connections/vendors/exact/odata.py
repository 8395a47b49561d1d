"""Exact Online's OData (v2/v3, JSON "verbose"): literals, addresses, envelopes, dates. Pure, no call.

Source: "OData dialect", "Envelopes" and "Dates" of the Exact Online REST API (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# An offset may follow the digits and is no part of what they say.
JSON_DATE = re.compile(r"/Date\((?P<ms>-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time, see `wall_clock`
# OData's own signs stay as they are, everything else is encoded: spaces as %20, "&" and "#" in values.
SAFE = "$,()'=:*-._~"


class Listing(NamedTuple):
    """One page. Only a page without `next_link` is the last one."""

    rows: list[Mapping[str, Any]]
    next_link: str


# --- literals ---


def guid(value: str) -> str:
    """ "guid'c00ee12c-...'". Raises ValueError for anything but a GUID."""
    bare = value.strip("{}").lower()
    if not GUID.fullmatch(bare):
        raise ValueError(f"{value!r} is not a GUID")
    return f"guid'{bare}'"


def text(value: str) -> str:
    """A text in a filter; a quote inside is doubled."""
    return "'" + value.replace("'", "''") + "'"


def moment(wall_clock: datetime) -> str:
    """A date in a filter: the site's wall-clock time, without a zone."""
    if wall_clock.tzinfo is not None:
        raise ValueError("a filter takes the site's wall-clock time, without a zone")
    return f"datetime'{wall_clock.isoformat(timespec='seconds')}'"


def day(value: date) -> str:
    return moment(datetime(value.year, value.month, value.day))  # noqa: DTZ001 - wall-clock time


def int64(value: int) -> str:
    """A row version. The suffix is the vendor's own way to write it."""
    return f"{value}L"


def any_of(column: str, ids: Iterable[str]) -> str:
    """Rows whose `column` is one of the GUIDs `ids`."""
    return " or ".join(f"{column} eq {guid(one)}" for one in ids)


def key_path(path: str, row_id: str) -> str:
    """ "project/WBSDeliverables(guid'...')" """
    return f"{path}({guid(row_id)})"


def address(path: str, query: Mapping[str, str] | None = None) -> str:
    """`path` with its query as the interface reads it."""
    if not query:
        return path
    return path + "?" + "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in query.items())


def written(value: date) -> str:
    """A day as it is written in a body."""
    return f"{value.isoformat()}T00:00:00"


# --- envelopes ---


def listing(body: object) -> Listing:
    """The rows of `{"d": {"results": [...], "__next": ...}}` or `{"d": [...]}`.

    Raises ValueError for anything else: what is no list is not an empty list.
    """
    inner = _inner(body)
    if isinstance(inner, list):
        return Listing(_rows(inner), "")
    if not isinstance(inner, Mapping) or not isinstance(inner.get("results"), list):
        raise ValueError("not a list")
    link = inner.get("__next")
    return Listing(_rows(inner["results"]), link if isinstance(link, str) else "")


def entity(body: object) -> Mapping[str, Any]:
    """The object of `{"d": {...}}`. Raises ValueError for anything else."""
    inner = _inner(body)
    if not isinstance(inner, Mapping) or "results" in inner:
        raise ValueError("not an object")
    return inner


def _inner(body: object) -> object:
    if not isinstance(body, Mapping) or "d" not in body:
        raise ValueError("not an answer of this interface")
    return body["d"]


def _rows(rows: list[Any]) -> list[Mapping[str, Any]]:
    if not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("not a list of objects")
    return rows


# --- dates ---


def wall_clock(value: object) -> datetime:
    """`/Date(ms)/` or ISO text as the site's local time, without a zone.

    The milliseconds are local time written as if it were UTC: they are read as they stand and never shifted.
    Raises ValueError for anything else.
    """
    if not isinstance(value, str):
        raise ValueError("not a date")
    match = JSON_DATE.fullmatch(value)
    if match is None:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    try:
        return EPOCH + timedelta(milliseconds=int(match["ms"]))
    except OverflowError as error:
        raise ValueError("a date beyond all calendars") from error
