"""Names under which a batch travels: functions of the batch and its revision, so a retry is recognised.

Source: DATEV accounting:extf-files 3.0.1, headers `Filename` (EXTF_.{0,51}.csv) and `Reference-Id`
(up to 254 characters), read 2026-11. Only letters, digits, hyphen and underscore are used.
"""

from __future__ import annotations

import re

MAX_LENGTH = 60
PREFIX, SUFFIX = "EXTF_", ".csv"
FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]+")
KEY_LENGTH = 24


def file_name(batch_id: int, revision: int, installation_key: str = "") -> str:
    """For example EXTF_mlc-muster-B12-R1.csv; never longer than 60 characters."""
    return f"{PREFIX}{_stem(batch_id, revision, installation_key)}{SUFFIX}"


def reference_id(batch_id: int, revision: int, installation_key: str = "") -> str:
    """The Reference-Id of the same batch and revision; DATEV's job list carries it back."""
    return _stem(batch_id, revision, installation_key)


def _stem(batch_id: int, revision: int, installation_key: str) -> str:
    key = FORBIDDEN.sub("-", installation_key)[:KEY_LENGTH].strip("-")
    stem = "-".join(part for part in ("mlc", key, f"B{batch_id}", f"R{revision}") if part)
    if len(PREFIX) + len(stem) + len(SUFFIX) > MAX_LENGTH:
        raise ValueError(f"{stem} is too long for the name of an EXTF file.")
    return stem
