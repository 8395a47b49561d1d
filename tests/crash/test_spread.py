"""A spread of the kill points with every test run; `make crash` runs them all."""

import os
import re
import subprocess
import sys

import pytest

from connections.registry import vendors
from pairs.registry import pairs
from tests.crash import scenes

DATABASE = os.environ.get("TEST_DATABASE", "sqlite")


def test_every_pair_has_a_scene():
    assert {key for key in pairs() if any(name.startswith(key) for name in scenes.NAMES)} == set(pairs())


@pytest.mark.parametrize("name", scenes.NAMES)
def test_a_scene_says_what_it_needs(name):
    scene = scenes.scene(name)
    assert set(scene.vendors) <= set(vendors()) and scene.every > 0


@pytest.mark.on_both_databases
@pytest.mark.parametrize("name", scenes.NAMES)
def test_a_killed_worker_loses_and_doubles_nothing(name):
    command = [sys.executable, "-m", "tests.crash.run", "--database", DATABASE, "--scene", name]

    done = subprocess.run(
        [*command, "--every", str(scenes.scene(name).every)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    kills = re.search(r"(\d+) kills, 0 failed", done.stdout)
    assert done.returncode == 0 and kills, done.stdout + done.stderr
    assert int(kills[1]) >= 4
