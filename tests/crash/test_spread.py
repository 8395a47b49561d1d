"""A spread of the kill points with every test run; `make crash` runs them all."""

import os
import re
import subprocess
import sys

import pytest

from tests.crash.scenes import NAMES

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")


@pytest.mark.on_both_databases
@pytest.mark.parametrize(("scene", "every"), NAMES.items())
def test_a_killed_worker_loses_and_doubles_nothing(scene, every):
    command = [sys.executable, "-m", "tests.crash.run", "--database", DATABASE, "--scene", scene]

    done = subprocess.run(
        [*command, "--every", str(every)], capture_output=True, text=True, timeout=300, check=False
    )

    kills = re.search(r"(\d+) kills, 0 failed", done.stdout)
    assert done.returncode == 0 and kills, done.stdout + done.stderr
    assert int(kills[1]) >= 6
