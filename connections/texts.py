"""Texts as both databases keep them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# PostgreSQL takes neither NUL nor half a surrogate pair, in text or in JSON; SQLite takes the first.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(value: Any) -> Any:
    """`value` (a text, or JSON) with a replacement character for each that a database refuses.

    Names in objects are texts too. What comes from outside is passed through here at its door
    (`answers.decode_json` for all JSON), so that nothing behind it has to think of that.
    """
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {storable(name): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(storable, value))
    return value


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None
