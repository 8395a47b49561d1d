"""Every secret that really travelled: read from what the simulated vendors received and sent."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

# Names of forms, queries and JSON answers whose values nobody else may learn.
FORM = ("access_token", "refresh_token", "code", "code_verifier", "client_secret", "token", "state", "nonce")
QUERY = ("code", "state", "nonce", "signature")
JSON = ("access_token", "refresh_token", "id_token", "X-Hook-Secret")
SHORTEST = 12


def secrets_of(*simulators: Any) -> dict[str, str]:
    """Secret -> what it is, for everything that passed these simulators."""
    found: dict[str, str] = {}
    for simulator in simulators:
        for call in simulator.calls:
            for kind, value in _of(call):
                if len(value) >= SHORTEST:
                    found.setdefault(value, f"{simulator.name}: {kind}")
    return found


def _of(call: Any) -> Iterator[tuple[str, str]]:
    yield from _authorization(call.headers.get("Authorization", ""))
    yield from _named(call.query, QUERY)
    yield from _named(_form(call), FORM)
    yield from _named(dict(parse_qsl(urlsplit(call.answer_headers.get("Location", "")).query)), QUERY)
    if "json" in call.answer_headers.get("Content-Type", ""):
        yield from _in_json(call.answer_json())


def _authorization(header: str) -> Iterator[tuple[str, str]]:
    scheme, _, credential = header.partition(" ")
    if credential:
        yield f"{scheme} credential", credential
    if scheme == "Basic":
        yield "client secret", base64.b64decode(credential).decode().partition(":")[2]


def _form(call: Any) -> Mapping[str, str]:
    is_form = call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return dict(parse_qsl(call.body.decode())) if is_form else {}


def _named(values: Mapping[str, str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((name, values[name]) for name in names if name in values)


def _in_json(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((name, str(value[name])) for name in JSON if value.get(name))
        # Asana's short-lived download links.
        if value.get("download_url"):
            yield from _named(dict(parse_qsl(urlsplit(value["download_url"]).query)), QUERY)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _in_json(item)


def leaks(secrets: Mapping[str, str], place: str, text: str) -> list[str]:
    """One sentence for each secret that `text` holds, in any spelling of addresses and forms."""
    found = []
    for secret, kind in secrets.items():
        for spelling in dict.fromkeys((secret, quote(secret, safe=""), quote(secret))):
            at = text.find(spelling)
            if at >= 0:
                found.append(f"{place} holds {kind}: ...{text[max(0, at - 80) : at + 20]!r}")
                break
    return found
