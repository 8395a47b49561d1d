"""Answers of the simulator against the vendor's specification, where VENDOR_SPECS names its folder."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

# Where the published file is wrong or silent, answers differ on purpose. Each entry: pattern of the place in
# the answer, pattern of the complaint, why.
DEVIATIONS = (
    (r"webhook", r"null|None is not of type", "the guide shows null for all times of a new webhook"),
    (r"date_value/date_time$", r"None is not of type", "a day without a time has date_time null"),
    (r"team$", r"None is not of type", "team is null on newly created projects"),
    (r"photo$|(old|new)_number_value$", r"is not of type", "null, and numbers that are not integers"),
    (r"(parent|user)$", r"None is not of type", "events without a parent, or by the system"),
    (r"", r"undeclared key '(X-Hook-Secret|data|next_page|errors|sync|has_more)'", "envelopes"),
    (r"custom_fields", r"undeclared key '(resource_subtype)'", "named in the guide for every field value"),
    (r"data/\d+$|data$", r"undeclared key '(access_level)'", "memberships carry it"),
    (r"resource$|(parent|new_value|added_value)$", r"undeclared key 'resource_subtype'", "as in the guide"),
)


def folder() -> Path | None:
    named = os.environ.get("VENDOR_SPECS")
    path = Path(named) / "asana" / "asana_oas.yaml" if named else None
    return path if path and path.exists() else None


@cache
def document() -> dict[str, Any]:
    """The specification, read once (3 MB: by the C loader)."""
    path = folder()
    assert path is not None
    with path.open() as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


@cache
def _operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    found = []
    for path, operations in document()["paths"].items():
        pattern = re.compile("^" + re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) + "$")
        for method, operation in operations.items():
            if method != "parameters":
                found.append((method.upper(), pattern, operation))
    return found


def _pattern(path: str) -> str:
    """The path with its ids made alike, so that each schema is put together once."""
    return re.sub(r"/(\d+|external:[^/]*|[^/]*@[^/]*|me)(?=/|$)", "/1", path)


@cache
def answer_schema(method: str, path: str, status: int) -> dict[str, Any] | None:
    """The schema of that answer; None when the specification does not know the call or the status."""
    for known, pattern, operation in _operations():
        if known == method and pattern.match(path):
            responses = operation["responses"]
            answer = responses.get(status) or responses.get(str(status))
            if answer and "$ref" in answer:
                answer = _resolved(answer)
            return _json_schema(answer["content"]["application/json"]["schema"], 9) if answer else None
    raise AssertionError(f"The specification has no {method} {path}")


def complaints(method: str, path: str, status: int, body: Any, *, asked: bool = False) -> list[str]:
    """What the answer does against the specification, known deviations left out.

    `asked`: fields were asked for by name, so a list shows more than the compact record it is declared as.
    """
    plain = answer_schema(method, _pattern(path), status)
    if plain is None:
        return []
    found = [
        ("/".join(str(step) for step in error.absolute_path), error.message)
        for error in Draft7Validator(plain).iter_errors(body)
    ]
    if not asked:
        found += _undeclared(plain, body, "")
    return [
        f"{method} {path} {status}: {place}: {text}"
        for place, text in found
        if not any(
            re.search(where, f"{path}/{place}") and re.search(what, text) for where, what, _ in DEVIATIONS
        )
    ]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    node: Any = document()
    for step in schema["$ref"].removeprefix("#/").split("/"):
        node = node[step]
    return node


def _json_schema(schema: dict[str, Any], depth: int) -> dict[str, Any]:
    """OpenAPI 3.0 as JSON Schema: references put in (to a depth), `allOf` merged, `nullable` as null."""
    if depth == 0:
        return {}
    if "$ref" in schema:
        return _json_schema(_resolved(schema), depth)
    merged: dict[str, Any] = {"properties": {}}
    nullable = bool(schema.get("nullable"))
    for part in schema.get("allOf", []):
        one = _json_schema(part, depth)
        nullable = nullable or bool(part.get("nullable")) or one.get("nullable", False)
        merged["properties"] |= one.get("properties", {})
        merged |= {key: one[key] for key in ("type", "enum", "items", "format") if key in one}
    merged |= {key: schema[key] for key in ("type", "enum") if key in schema}
    for name, part in schema.get("properties", {}).items():
        merged["properties"][name] = _json_schema(part, depth - 1)
    if "items" in schema:
        merged["items"] = _json_schema(schema["items"], depth - 1)
    if "anyOf" in schema:  # a membership has any of five shapes
        merged["properties"] = {
            name: {} for part in schema["anyOf"] for name in _json_schema(part, depth).get("properties", {})
        }
    if nullable and isinstance(merged.get("type"), str):
        merged["type"] = [merged["type"], "null"]
        if "enum" in merged:
            merged["enum"] = [*merged["enum"], None]
    merged["nullable"] = nullable
    if not merged["properties"]:
        del merged["properties"]
    return merged


def _undeclared(schema: dict[str, Any], value: Any, place: str) -> list[tuple[str, str]]:
    """Keys in the answer that the specification does not name."""
    found: list[tuple[str, str]] = []
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += _undeclared(schema.get("items", {}), item, f"{place}/{number}")
    if isinstance(value, dict) and schema.get("properties"):
        for name, item in value.items():
            if name not in schema["properties"]:
                found.append((place, f"undeclared key {name!r}"))
            else:
                found += _undeclared(schema["properties"][name], item, f"{place}/{name}")
    return found
