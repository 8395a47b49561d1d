"""Writes .env with new keys on the first `make run`. Needs only the standard library and .env.example."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write(folder: Path, environment: dict[str, str] | None = None) -> bool:
    """Whether `folder`/.env was written now: never over an existing one, nor when the keys are set."""
    given = os.environ if environment is None else environment
    target = folder / ".env"
    if target.exists() or given.get("ENV_FILE") or (given.get("SECRET_KEY") and given.get("FIELD_KEYS")):
        return False
    if given.get("ENVIRONMENT") == "development":
        return False
    keys = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    filled = [f"{name}={keys[name]}" if (name := line.split("=")[0]) in keys else line for line in lines]
    # Made readable for its owner alone before anything is in it.
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write("\n".join(filled) + "\n")
    return True


if __name__ == "__main__" and write(ROOT):
    sys.stdout.write(
        "A file .env with new keys was written. Keep a copy of FIELD_KEYS in a safe place: "
        "without it the stored secrets can't be read.\n"
    )
