"""Names under which a batch travels: functions of the batch and its revision, so a retry is recognised.

Source: DATEV accounting:extf-files 3.0.1, headers `Filename` (EXTF_.{0,51}.csv) and `Reference-Id`
(up to 254 characters), read 2026-11. Only letters, digits, hyphen and underscore are used.
"""

from __future__ import annotations

import hashlib
import re

PREFIX, SUFFIX = "EXTF_", ".csv"
FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]+")
# Leaves room for the largest batch id (19 digits) and revision (5).
KEY_LENGTH = 19
DIGEST_LENGTH = 8


def file_name(batch_id: int, revision: int, installation_key: str = "") -> str:
    """For example EXTF_mlc-muster-B12-R1.csv; never longer than 60 characters."""
    return f"{PREFIX}{_stem(batch_id, revision, installation_key)}{SUFFIX}"


def reference_id(batch_id: int, revision: int, installation_key: str = "") -> str:
    """The Reference-Id of the same batch and revision; DATEV's job list carries it back."""
    return _stem(batch_id, revision, installation_key)


def _stem(batch_id: int, revision: int, installation_key: str) -> str:
    parts = ("mlc", _short(installation_key), f"B{batch_id}", f"R{revision}")
    return "-".join(part for part in parts if part)


def _short(key: str) -> str:
    """`key` itself when it fits; otherwise its beginning and a digest, so that two keys never meet."""
    clean = FORBIDDEN.sub("-", key)
    if clean == key and len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{clean[: KEY_LENGTH - DIGEST_LENGTH - 1].strip('-')}-{digest}".lstrip("-")
