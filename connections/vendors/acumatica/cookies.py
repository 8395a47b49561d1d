"""Cookies of a session, from an answer's headers and back into a request's. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

# One cookie ends where the next name begins; a comma also stands inside dates ("Wed, 21 Oct ...").
NEXT_COOKIE = re.compile(r",\s*(?=[^;,=\s]+=)")


def cookie_header(keys: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in keys.items())


def cookies_in(header: str) -> dict[str, str]:
    """The cookies of (joined) `Set-Cookie` headers; one that is deleted is left out."""
    found: dict[str, str] = {}
    for part in NEXT_COOKIE.split(header):
        name, _, value = part.partition(";")[0].partition("=")
        if name.strip() and value.strip():
            found[name.strip()] = value.strip()
    return found
