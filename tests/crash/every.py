"""`python -m tests.crash.every`: all points of every scene on both databases, two runs at a time."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.crash.scenes import NAMES

RUNS = [(database, scene) for scene in NAMES for database in ("sqlite", "postgres")]
MOST_SECONDS = 1800


def one(run: tuple[str, str]) -> int:
    database, scene = run
    command = [sys.executable, "-m", "tests.crash.run", "--database", database, "--scene", scene]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(one, RUNS))
    failed = sum(code != 0 for code in codes)
    print(f"crash: {len(RUNS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
