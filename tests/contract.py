"""Holds a recorded request and its answer against a vendor's own OpenAPI file.

The files are the vendors' and are not part of this repository: the environment variable VENDOR_SPECS names
the folder that holds them. Known and wanted differences are listed as `Deviation`, each with its reason.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import pytest
import yaml
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4
from werkzeug.http import parse_options_header

SPEC = "urn:spec"


class RecordedCall(Protocol):
    """What a simulator's call log holds (mlconnector.sandbox.kit.Call)."""

    method: str
    path: str
    query_string: str
    headers: Any
    body: bytes
    status: int
    drop: str
    answer_headers: Any

    def answer_json(self) -> Any: ...


@dataclass(frozen=True)
class Deviation:
    """A difference that is known: `contains` is part of the violation's text."""

    operation: str  # "GET /clients/{client-id}" or "*"
    contains: str
    reason: str


def spec_file(*parts: str) -> Path:
    """The specification file below VENDOR_SPECS; skips the test, saying why, when it is not at hand."""
    folder = os.environ.get("VENDOR_SPECS", "")
    if not folder:
        pytest.skip("VENDOR_SPECS is not set: the vendors' own specifications are not at hand.")
    path = Path(folder).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not in the folder that VENDOR_SPECS names.")
    return path


class Contract:
    """One OpenAPI 3.0 file. `prefixes` are what stands before the file's paths in recorded requests."""

    def __init__(
        self, path: Path, *, prefixes: Sequence[str] = ("",), deviations: Sequence[Deviation] = ()
    ) -> None:
        self.spec = _loaded(path)
        self.prefixes = prefixes
        self.deviations = deviations
        self._registry: Registry[Any] = Registry().with_resource(
            SPEC, Resource(contents=self.spec, specification=DRAFT4)
        )

    def violations(self, calls: Iterable[RecordedCall]) -> list[str]:
        """One sentence for each difference of each call, without the known ones."""
        return [
            f"{operation}: {fault}"
            for call in calls
            for operation, fault in self._faults(call)
            if not any(
                known.operation in ("*", operation) and known.contains in fault for known in self.deviations
            )
        ]

    def _faults(self, call: RecordedCall) -> Iterator[tuple[str, str]]:
        method = call.method.lower()
        template = self._template(call.path, method)
        if template is None or method not in self.spec["paths"][template]:
            yield f"{call.method} {call.path}", "is not in the specification"
            return
        operation = self.spec["paths"][template][method]
        pointer = ("paths", template, method)
        name = f"{call.method} {template}"
        if call.status not in (400, 404, 405, 406, 415, 422):
            # A refused request may well be wrong: that is what it was refused for.
            for fault in self._request_faults(call, operation, pointer, template):
                yield name, f"request: {fault}"
        if not call.drop:
            for fault in self._answer_faults(call, operation, pointer):
                yield name, f"answer: {fault}"

    # --- request ------------------------------------------------------------------------------------------
    def _request_faults(
        self, call: RecordedCall, operation: Mapping[str, Any], pointer: tuple[str, ...], template: str
    ) -> Iterator[str]:
        parameters = [
            self._resolved(given)
            for given in [
                *self.spec["paths"][template].get("parameters", ()),
                *operation.get("parameters", ()),
            ]
        ]
        query = dict(parse_qsl(call.query_string, keep_blank_values=True))
        known = {one["name"] for one in parameters if one["in"] == "query"}
        for name in sorted(set(query) - known):
            yield f"query parameter {name!r} does not exist"
        for one in parameters:
            given = {"query": query, "header": call.headers}.get(one["in"], {}).get(one["name"])
            if given is None and one.get("required") and one["in"] in ("query", "header"):
                yield f"{one['in']} parameter {one['name']!r} is missing"
            if given is not None:
                yield from _text_faults(one, given)
        yield from self._security_faults(call, operation)
        yield from self._body_faults(call, operation, pointer)

    def _security_faults(self, call: RecordedCall, operation: Mapping[str, Any]) -> Iterator[str]:
        """One of the alternatives must be there: a bearer token, and the header of every API key."""
        alternatives = operation.get("security", self.spec.get("security", []))
        schemes = self.spec.get("components", {}).get("securitySchemes", {})

        def is_met(name: str) -> bool:
            scheme = schemes[name]
            if scheme["type"] == "apiKey":
                return bool(call.headers.get(scheme["name"]))
            return call.headers.get("Authorization", "").startswith("Bearer ")

        if alternatives and not any(all(map(is_met, alternative)) for alternative in alternatives):
            yield "none of the security alternatives is met"

    def _body_faults(
        self, call: RecordedCall, operation: Mapping[str, Any], pointer: tuple[str, ...]
    ) -> Iterator[str]:
        given = operation.get("requestBody")
        if given is None:
            if call.body:
                yield "a body where none is expected"
            return
        body, pointer = self._followed(given, (*pointer, "requestBody"))
        if not call.body:
            if body.get("required"):
                yield "the body is missing"
            return
        kind, _ = parse_options_header(call.headers.get("Content-Type", ""))
        content = {parse_options_header(key)[0]: key for key in body["content"]}
        if kind not in content:
            yield f"Content-Type {kind!r} instead of {sorted(content)}"
            return
        media = body["content"][content[kind]]
        schema_at = (*pointer, "content", content[kind], "schema")
        if kind.endswith("json") and "schema" in media:
            yield from self._schema_faults(OAS30WriteValidator, schema_at, json.loads(call.body))
        elif kind == "multipart/form-data":
            schema, _ = self._followed(media["schema"], schema_at)
            yield from _part_faults(call.body, schema)

    # --- answer -------------------------------------------------------------------------------------------
    def _answer_faults(
        self, call: RecordedCall, operation: Mapping[str, Any], pointer: tuple[str, ...]
    ) -> Iterator[str]:
        status = str(call.status)
        listed = operation["responses"]
        key = next((key for key in (status, f"{status[0]}XX", "default") if key in listed), None)
        if key is None:
            yield f"status {status} is not listed"
            return
        response, pointer = self._followed(listed[key], (*pointer, "responses", key))
        for name, header in response.get("headers", {}).items():
            if header.get("required") and name not in call.answer_headers:
                yield f"header {name} is missing"
        content = {parse_options_header(one)[0]: one for one in response.get("content", {})}
        kind, _ = parse_options_header(call.answer_headers.get("Content-Type", ""))
        if not content or (not kind and status[0] in "45"):
            return
        chosen = content.get(kind) or content.get("*/*")
        if chosen is None:
            yield f"status {status}: Content-Type {kind!r} instead of {sorted(content)}"
        elif "schema" in response["content"][chosen] and kind.endswith("json"):
            schema_at = (*pointer, "content", chosen, "schema")
            answer = call.answer_json()
            yield from self._schema_faults(OAS30ReadValidator, schema_at, answer)
            yield from self._undeclared(response["content"][chosen]["schema"], answer, "answer")

    # --- schemas ------------------------------------------------------------------------------------------
    def _schema_faults(self, validator: Any, at: tuple[str, ...], value: Any) -> Iterator[str]:
        pointer = "/".join(_escaped(part) for part in at)
        schema = {"$ref": f"{SPEC}#/{pointer}"}
        checker = validator(schema, registry=self._registry, format_checker=validator.FORMAT_CHECKER)
        error: ValidationError
        for error in checker.iter_errors(value):
            yield f"{error.json_path}: {error.message[:200]}"

    def _undeclared(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        """Properties that the specification does not know: usually a spelling mistake of a simulator."""
        schema = self._resolved(schema)
        if isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                yield from self._undeclared(schema["items"], item, f"{at}[{number}]")
        declared = self._properties(schema)
        if not isinstance(value, dict) or declared is None:
            return
        for name, item in value.items():
            if name not in declared:
                yield f"{at}.{name} is not declared"
            else:
                yield from self._undeclared(declared[name], item, f"{at}.{name}")

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Any] | None:
        """All declared properties, those of alternatives included; None when anything may stand there."""
        declared = dict(schema.get("properties", {}))
        parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())]
        for part in parts:
            declared |= self._properties(self._resolved(part)) or {}
        is_open = bool(schema.get("additionalProperties"))
        return declared if declared and not is_open else None

    def _resolved(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._followed(given, ())[0]

    def _followed(
        self, given: Mapping[str, Any], pointer: tuple[str, ...]
    ) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """`given` behind its $ref, and where it stands."""
        while "$ref" in given:
            pointer = tuple(given["$ref"].removeprefix("#/").split("/"))
            given = functools.reduce(lambda node, part: node[part], pointer, self.spec)
        return given, pointer

    def _template(self, path: str, method: str = "") -> str | None:
        """The path of the specification that means `path`; literal segments win over parameters.

        Of several that differ in the names of parameters alone, the one that has the method.
        """
        for prefix in self.prefixes:
            if not path.startswith(f"{prefix}/"):
                continue
            given = path.removeprefix(prefix).strip("/").split("/")
            found = [
                template for template in self.spec["paths"] if _fits(template.strip("/").split("/"), given)
            ]
            if found:
                return min(
                    found,
                    key=lambda template: (template.count("{"), method not in self.spec["paths"][template]),
                )
        return None


@functools.cache
def _loaded(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return json.loads(text)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _text_keys(yaml.load(text, Loader=loader))


def _text_keys(value: Any) -> Any:
    """YAML reads 200: as a number; OpenAPI means text."""
    if isinstance(value, dict):
        return {str(key): _text_keys(item) for key, item in value.items()}
    return [_text_keys(item) for item in value] if isinstance(value, list) else value


def _fits(template: list[str], given: list[str]) -> bool:
    return len(template) == len(given) and all(
        part == real or (part.startswith("{") and real) for part, real in zip(template, given, strict=True)
    )


def _escaped(part: str) -> str:
    text = part.replace("~", "~0").replace("/", "~1")
    return text.replace("%", "%25").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def _text_faults(parameter: Mapping[str, Any], text: str) -> Iterator[str]:
    """Type, pattern and allowed words of a query or header value, which travels as text."""
    schema = parameter.get("schema", {})
    name = parameter["name"]
    # Header bytes beyond ASCII are UTF-8 or Latin-1; the recorded text is Latin-1.
    pattern = schema.get("pattern")
    if pattern and not re.fullmatch(pattern, text):
        yield f"{name} {text!r} does not match {pattern}"
    kind = schema.get("type")
    if kind == "integer" and not re.fullmatch(r"-?\d+", text):
        yield f"{name} {text!r} is not an integer"
    elif kind == "integer" and not _is_in_range(int(text), schema):
        yield f"{name} {text} is out of range"
    if kind == "boolean" and text not in ("true", "false"):
        yield f"{name} {text!r} is not a boolean"
    if "enum" in schema and text not in schema["enum"]:
        yield f"{name} {text!r} is not one of {schema['enum']}"


def _is_in_range(number: int, schema: Mapping[str, Any]) -> bool:
    return schema.get("minimum", number) <= number <= schema.get("maximum", number)


def _part_faults(body: bytes, schema: Mapping[str, Any]) -> Iterator[str]:
    declared = schema.get("properties", {})
    for name in re.findall(rb'form-data; name="([^"]*)"', body):
        if name.decode() not in declared:
            yield f"multipart part {name.decode()!r} does not exist"
