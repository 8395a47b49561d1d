"""Names of the files of a DXSO job.

Source: DATEV accounting:dxso-jobs 2.1.7 and accounting:documents 2.1.12 (read 2026-11): precomposed
characters only; blank & ( ) + - . _ digits, Latin letters with the accents of Latin-1; anything else is "_".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 255
LETTERS = "A-Za-zÀ-ÖØ-öø-ÿ"
ALLOWED = re.compile(rf"[ &()+\-._0-9{LETTERS}]{{1,{MAX_LENGTH}}}")
FORBIDDEN = re.compile(rf"[^ &()+\-._0-9{LETTERS}]")


def ledger_file_name(batch_id: int, revision: int, position: int) -> str:
    """The name of the `position`-th invoice of a batch: the same for every retry."""
    return f"B{batch_id}-R{revision}-{position:04d}.xml"


def clean_file_name(name: str) -> str:
    """`name` with only what DATEV takes; the ending survives a cut to 255 characters."""
    text = FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    stem, dot, ending = text.rpartition(".")
    if not dot:
        return text[:MAX_LENGTH] or "_"
    return f"{stem[: MAX_LENGTH - len(ending) - 1] or '_'}.{ending}"[:MAX_LENGTH]


def unique_names(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Clean names, no two alike (whatever their case): the second invoice.pdf becomes invoice-2.pdf."""
    used = {name.lower() for name in taken}
    chosen = []
    for name in map(clean_file_name, names):
        candidate, number = name, 1
        while candidate.lower() in used:
            number += 1
            candidate = _numbered(name, number)
        used.add(candidate.lower())
        chosen.append(candidate)
    return chosen


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if dot else (name, "")
    suffix = f"-{number}{ending}"
    return stem[: MAX_LENGTH - len(suffix)] + suffix
