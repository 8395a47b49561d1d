"""Text on its way into a file for DATEV: one spelling, no control characters, no torn characters."""

from __future__ import annotations

import re
import unicodedata

# Line ends and tabs separate words, so they become a blank ...
BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# ... other control characters, half surrogates and non-characters mean nothing.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")
JOINER = "\u200d"


def clean(text: str, length: int) -> str:
    """`text` in NFC without control characters, at most `length` characters.

    A cut never parts a base character from its marks. Lengths count characters, not bytes.
    """
    if not (text.isprintable() and unicodedata.is_normalized("NFC", text)):
        text = UNPRINTABLE.sub("", BREAKS.sub(" ", text))
        text = unicodedata.normalize("NFC", text)
    return text if len(text) <= length else _cut(text, length)


def _cut(text: str, length: int) -> str:
    while length and _belongs_to_the_one_before(text, length):
        length -= 1
    return text[:length]


def _belongs_to_the_one_before(text: str, index: int) -> bool:
    character = text[index]
    return (
        unicodedata.category(character)[0] == "M"
        or JOINER in (character, text[index - 1])
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def quoted(text: str) -> str:
    """`text` as a text field of the file; inner quotes are doubled."""
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if '"' in text else f'"{text}"'
