"""Who follows CONTRIBUTING.md to the letter gets a vendor and a pair that work, and touches nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import test_architecture as architecture

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "bookings",
    "connections",
    "mlconnector",
    "pairs",
    "templates",
    "tests",
    "manage.py",
    "pyproject.toml",
)
SECTIONS = ("Adding a vendor", "Adding a pair")
BLOCK = re.compile(r"^```python\n# (\S+\.py)(?:, in ([A-Z]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```python$", re.MULTILINE)
# What is asked of the newcomer's work as a whole; the rules for a single file are applied here.
ASKED = ("tests/conformance", "tests/test_architecture.py", "tests/crash/test_spread.py")
# Real workers are killed by `make crash`; here the write is enough.
CHOSEN = "(till and (conformance or what_it_needs)) or is_on_the_stage or are_registered"
LEAST = 70


def blocks() -> list[tuple[str, str, str]]:
    """(file, name of a tuple in it, text) of each block in both sections; the name is "" for a new file."""
    whole = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    sections = "".join(whole.partition(f"\n## {title}\n")[2].partition("\n## ")[0] for title in SECTIONS)
    found = BLOCK.findall(sections)
    assert len(found) == len(FENCE.findall(sections)), "a block does not name its file in its first line"
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which somebody has done what the two sections say."""
    made = tmp_path_factory.mktemp("newcomer") / "tree"
    made.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, made / name, ignore=shutil.ignore_patterns("static"))
        else:
            shutil.copy(source, made / name)
    for name, registry, text in blocks():
        _follow(made / name, registry, text)
    return made


def _follow(file: Path, registry: str, text: str) -> None:
    if not registry:
        assert not file.exists(), f"{file} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    before = file.read_text(encoding="utf-8")
    assert before.count(f"\n{registry} = (\n") == 1
    file.write_text(before.replace(f"\n{registry} = (\n", f"\n{registry} = (\n{text}"), encoding="utf-8")


def test_only_the_registries_are_shared_and_each_gets_a_line():
    shared = {name: text for name, registry, text in blocks() if registry or (ROOT / name).exists()}
    assert {name: text.strip() for name, text in shared.items()} == {
        "connections/registry.py": '"till",',
        "pairs/registry.py": '"till_asana",',
    }


def test_the_code_that_is_shown_is_formatted_and_clean(tree):
    new = [name for name, registry, _ in blocks() if not registry]
    for command in (("format", "--check"), ("check",)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *new],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_code_that_is_shown_keeps_the_rules(tree, monkeypatch):
    product = [
        tree / name for name, registry, _ in blocks() if not registry and not name.startswith("tests/")
    ]
    monkeypatch.setattr(architecture, "ROOT", tree)
    monkeypatch.setattr(architecture, "FILES", product)
    assert len(product) == 4
    architecture.test_imports_point_one_way()
    architecture.test_siblings_do_not_import_each_other("connections.vendors")
    architecture.test_siblings_do_not_import_each_other("pairs.definitions")
    architecture.test_simulators_know_nothing_of_the_product()
    architecture.test_the_product_knows_nothing_of_the_simulators()
    architecture.test_nothing_forbidden_is_written()


def test_a_vendor_and_a_pair_made_to_the_letter_pass_what_every_one_must(tree):
    """Refusals, broken answers, foreign addresses; killed around its write, replayed, changed, deleted."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "DJANGO_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-v", "--nomigrations", *ASKED, "-k", CHOSEN],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0 and passed and int(passed[1]) >= LEAST, done.stdout + done.stderr
