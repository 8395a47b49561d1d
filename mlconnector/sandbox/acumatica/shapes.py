"""A record as JSON: $select, $expand, $custom, links and files."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from mlconnector.sandbox.acumatica import errors
from mlconnector.sandbox.acumatica.contract import EntityType, Shape, Version, fields_of
from mlconnector.sandbox.acumatica.state import File, Record, Row, new_id
from mlconnector.sandbox.acumatica.values import plain, wrapped


@dataclass
class Wanted:
    """What a request asks for; an empty `select` means every field."""

    select: set[str] = field(default_factory=set)
    expand: set[str] = field(default_factory=set)
    custom: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, args: MultiDict[str, str]) -> "Wanted":
        return cls(*(_names(args.get(name, "")) for name in ("$select", "$expand", "$custom")))

    def below(self, name: str) -> "Wanted":
        """What is asked for of `name`: `Details/Amount` is `Amount` there. Named as a whole: everything."""
        start = f"{name}/"
        select, expand, custom = (
            {one.removeprefix(start) for one in names if one.startswith(start)}
            for names in (self.select, self.expand, self.custom)
        )
        return Wanted(select, expand, custom)

    def check(self, shape: Shape, status: int) -> None:
        """Raises AnswerNow for a name that the entity doesn't have."""
        for name in sorted(self.select | self.expand):
            if not _is_there(shape, name):
                raise errors.failed(
                    f"Cannot find the field or the linked entity '{name}' of '{shape.name}'.",
                    "System.ArgumentException",
                    status,
                )

    def allows(self, name: str) -> bool:
        return not self.select or name in self.select


@dataclass(frozen=True)
class Writer:
    """Writes records for one session. `base` is the endpoint's path, without slash at its end."""

    base: str
    version: Version
    zone: ZoneInfo
    session: str = ""
    pad_keys: int = 0

    def record(self, record: Record, wanted: Wanted, row_number: int = 1) -> dict[str, Any]:
        shape = record.entity.shape
        values = {name: record.value(name) for name in shape.fields}
        for name in record.entity.keys if self.pad_keys else ():
            values[name] = str(values[name]).ljust(self.pad_keys)
        body = self._body(shape, record.id, row_number, values, wanted)
        body["note"] = wrapped(record.note, self.zone)
        body["custom"] = self._custom(record.custom, wanted)
        for name, inner in shape.arrays.items():
            if name in wanted.expand:
                rows = record.arrays.get(name, [])
                body[name] = [self._row(inner, row, wanted.below(name), n) for n, row in enumerate(rows, 1)]
        for name, inner in shape.linked.items():
            if name in wanted.expand:
                body[name] = self._linked(inner, record.linked.get(name, {}), wanted.below(name))
        body["_links"] = self._links(record)
        if "files" in wanted.expand:
            body["files"] = [self.file(one) for one in record.files]
        return body

    def schema(self, entity: EntityType, custom: dict[str, str], workflow: list[str]) -> dict[str, Any]:
        """$adHocSchema: every field with its kind, user-defined fields, the screen's actions."""
        body = self._shape_schema(entity.shape)
        for name, kind in custom.items():
            view, _, column = name.partition(".")
            body["custom"].setdefault(view, {})[column] = {"type": kind}
        body["_workflowActions"] = workflow
        return body

    def file(self, file: File) -> dict[str, Any]:
        shown = {"id": file.id, "filename": file.name, "href": f"{self.base}/files/{file.id}"}
        return shown | ({"comment": file.comment} if file.comment else {})

    def row_id(self, row: Row) -> str:
        """The id of a row of details: another one in each session."""
        return str(uuid.uuid5(uuid.UUID(row["_id"]), self.session))

    def _body(self, shape: Shape, key: str, row_number: int, values: Row, wanted: Wanted) -> dict[str, Any]:
        names = [name for name in fields_of(shape, self.version) if wanted.allows(name)]
        return {
            "id": key,
            "rowNumber": row_number,
            "note": {"value": ""},
            **{name: wrapped(values.get(name), self.zone) for name in names},
            "custom": {},
        }

    def _row(self, shape: Shape, row: Row, wanted: Wanted, number: int) -> dict[str, Any]:
        body = self._body(shape, self.row_id(row), number, row, wanted)
        body["custom"] = self._custom(row.get("_custom", {}), wanted)
        return body | ({"files": []} if "files" in wanted.expand else {})

    def _linked(self, shape: Shape, values: Row, wanted: Wanted) -> dict[str, Any]:
        body = self._body(shape, values.get("_id", new_id()), 1, values, wanted)
        for name, inner in shape.linked.items():
            if name in wanted.expand:
                body[name] = self._linked(inner, values.get(name, {}), wanted.below(name))
        return body

    def _custom(self, custom: dict[str, tuple[str, Any]], wanted: Wanted) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name in sorted(wanted.custom & custom.keys()):
            kind, value = custom[name]
            view, _, column = name.partition(".")
            entry = {"type": kind} | ({} if value is None else {"value": plain(value, self.zone)})
            shown.setdefault(view, {})[column] = entry
        return shown

    def _links(self, record: Record) -> dict[str, str]:
        entity = record.entity
        files = f"{self.base}/files/{entity.graph}/{entity.shape.view}/{record.id}/{{filename}}"
        return {"self": f"{self.base}/{entity.name}/{record.id}", "files:put": files}

    def _shape_schema(self, shape: Shape) -> dict[str, Any]:
        body: dict[str, Any] = {name: {} for name in fields_of(shape, self.version)}
        body["custom"] = {}
        body |= {name: [self._shape_schema(inner)] for name, inner in shape.arrays.items()}
        return body | {name: self._shape_schema(inner) for name, inner in shape.linked.items()}


def with_errors(body: dict[str, Any], faults: dict[str, str], top: str) -> dict[str, Any]:
    """The 422 form: the entity itself, `error` at the top and in the wrappers.

    A fault's place is written 'Vendor', 'ContactInfo/Email' or 'Details[0].Project'.
    """
    body = json.loads(json.dumps(body)) | {"error": top}
    for place, text in faults.items():
        target = body
        *path, name = place.replace("[", "/").replace("].", "/").split("/")
        for step in path:
            target = target[int(step)] if step.isdigit() else target.setdefault(step, {})
        target.setdefault(name, {})["error"] = text
    return body


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


def _is_there(shape: Shape, name: str) -> bool:
    head, _, tail = name.partition("/")
    inner = shape.arrays.get(head) or shape.linked.get(head)
    if tail:
        return inner is not None and _is_there(inner, tail)
    return inner is not None or head in (*shape.fields, "files", "id", "note", "rowNumber")
