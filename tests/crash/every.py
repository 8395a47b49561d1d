"""`python -m tests.crash.every`: all points of every scene on both databases, three runs at a time.

Then the tests that die at boundaries in their own process (`kills`), of which `make test` takes a part.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.crash.scenes import NAMES

IN_PROCESS = "in process"
RUNS = [(database, scene) for scene in (*NAMES, IN_PROCESS) for database in ("sqlite", "postgres")]
MOST_SECONDS = 1800


def one(run: tuple[str, str]) -> int:
    database, scene = run
    environment = dict(os.environ)
    if scene == IN_PROCESS:
        print(f"{database}: all boundaries of the tests that die in their own process", flush=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "0",
            "-m",
            "kills",
            "tests/bookings",
            "tests/conformance",
        ]
        environment |= {"TEST_DATABASE": database, "KILL_EVERYWHERE": "1"}
    else:
        command = [sys.executable, "-m", "tests.crash.run", "--database", database, "--scene", scene]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=MOST_SECONDS, check=False, env=environment
    )
    print(done.stdout + done.stderr, end="", flush=True)
    return done.returncode


def main() -> int:
    # One more than there are cores: each run waits a good part of its time.
    with ThreadPoolExecutor(3) as pool:
        codes = list(pool.map(one, RUNS))
    failed = sum(code != 0 for code in codes)
    print(f"crash: {len(RUNS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
