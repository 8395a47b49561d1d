"""The simulator's answers against the reference of Exact Online, where VENDOR_SPECS names its folder."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.contract import RecordedCall, spec_file

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE = re.compile(r"/Date\(-?\d+([+-]\d{4})?\)/")
# Types that the table leaves open.
LOOSE = ("string-like", "integer", "None")
# Writable as the texts say, without a mark in the table.
REPORT = "project/ProjectProgressReports"
WRITABLE = {
    ("webhooks/WebhookSubscriptions", "IsInstant"),
    (REPORT, "Project"),
    (REPORT, "Description"),
    (REPORT, "EstimatedPercentageCompleted"),
}
PLAIN = {
    "Edm.Guid": lambda value: isinstance(value, str) and bool(GUID.fullmatch(value)),
    "Edm.String": lambda value: isinstance(value, str),
    "Edm.Binary": lambda value: isinstance(value, str),
    "Edm.DateTime": lambda value: isinstance(value, str) and bool(DATE.fullmatch(value)),
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.Double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    **dict.fromkeys(
        ("Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64"),
        lambda value: isinstance(value, int) and not isinstance(value, bool),
    ),
}


def is_at_hand() -> bool:
    return bool(os.environ.get("VENDOR_SPECS"))


@functools.cache
def entities() -> dict[str, dict[str, Any]]:
    """Endpoint below the division -> {field name: field}."""
    given = json.loads(spec_file("exact-online", "entities.json").read_text(encoding="utf-8"))["entities"]
    return {path: {one["name"]: one for one in entity["fields"]} for path, entity in given.items()}


@functools.cache
def methods() -> dict[str, set[str]]:
    """Endpoint in small letters -> its methods."""
    rows = json.loads(spec_file("exact-online", "endpoint-index.json").read_text(encoding="utf-8"))
    short = re.compile(r"/api/v1/(\{division\}/)?")
    return {short.sub("", row["path"]).lower(): set(row["methods"]) for row in rows}


def violations(calls: Iterable[RecordedCall]) -> list[str]:
    """One sentence for each difference."""
    return [f"{call.method} {call.path}: {fault}" for call in calls for fault in _faults(call)]


def _faults(call: RecordedCall) -> Iterator[str]:
    match = re.match(r"/api/v1/(?:\d+/)?([A-Za-z/]+)", call.path)
    if match is None:
        return
    path = match[1].rstrip("/")
    if path.lower() not in methods() or path not in entities():
        if call.status != 404:
            yield "is not in the reference"
        return
    if call.method not in methods()[path.lower()] and call.status < 400:
        yield "has no such method"
    if call.status in (200, 201) and "json" in call.answer_headers.get("Content-Type", ""):
        answer = call.answer_json()["d"]
        rows = answer if isinstance(answer, list) else answer.get("results", [answer])
        for row in rows:
            yield from _row_faults(path, row)
    if call.method in ("POST", "PUT") and call.status in (201, 204):
        yield from _body_faults(path, json.loads(call.body))


def _row_faults(path: str, row: dict[str, Any]) -> Iterator[str]:
    if not row["__metadata"]["uri"].startswith("https://"):
        yield "has no absolute uri"
    for name, value in row.items():
        if name == "__metadata":
            continue
        field = entities()[path].get(name)
        if field is None:
            yield f"{name} is not declared"
        elif value is not None and str(field["type"]) in PLAIN and not PLAIN[field["type"]](value):
            yield f"{name}: {value!r} is no {field['type']}"
        elif not _is_loose(field) and not (value is None or "__deferred" in value or "results" in value):
            yield f"{name}: {value!r} is no collection"


def _is_loose(field: dict[str, Any]) -> bool:
    """A plain type, or one that the table leaves open."""
    return str(field["type"]) in PLAIN or str(field["type"]).startswith(LOOSE)


def _body_faults(path: str, body: dict[str, Any]) -> Iterator[str]:
    for name in body:
        field = entities()[path].get(name)
        if field is None:
            yield f"body: {name} is not declared"
        elif not (field.get("write_2025") or field.get("write_2022")) and (path, name) not in WRITABLE:
            yield f"body: {name} is read only"
