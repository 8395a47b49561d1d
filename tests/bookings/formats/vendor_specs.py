"""DATEV's own files, which aren't shipped: the environment variable VENDOR_SPECS names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def spec_file(relative: str) -> str:
    """The path of a vendor's file or folder; without it the test is skipped and says why."""
    folder = os.environ.get("VENDOR_SPECS", "")
    if not folder:
        pytest.skip("VENDOR_SPECS isn't set: the vendors' own files aren't at hand")
    path = Path(folder) / relative
    if not path.exists():
        pytest.skip(f"{relative} is missing in the folder that VENDOR_SPECS names")
    return str(path)
