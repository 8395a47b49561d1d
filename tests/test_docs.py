"""What is documented exists, and what exists is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md", ".env.example")
READS = re.compile(
    r"""\b(?:text|number|switch|words|choice|secret|database|time_zone|environ\.get)\(\s*"([A-Z][A-Z0-9_]+)\""""
)
LINE = re.compile(r"^(# )?([A-Z][A-Z0-9_]+)=(.*)$")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings_read() -> set[str]:
    return set(READS.findall(text("mlconnector/settings.py"))) | set(
        READS.findall(text("mlconnector/management/commands/serve.py"))
    )


def settings_explained() -> dict[str, str]:
    """Each setting of .env.example with the comment above it."""
    explained, comment = {}, ""
    for line in text(".env.example").splitlines():
        if found := LINE.match(line):
            explained[found[2]] = comment.strip()
        elif line.startswith("# ---"):
            comment = ""
        elif line.startswith("#"):
            comment += line.removeprefix("#")
        else:
            comment = ""
    return explained


def test_every_setting_is_in_the_example_and_every_example_is_a_setting():
    assert settings_read() == set(settings_explained())


def test_every_setting_has_a_sentence():
    assert [name for name, sentence in settings_explained().items() if not sentence.endswith(".")] == []


def test_the_defaults_shown_are_the_real_ones():
    source = text("mlconnector/settings.py")
    shown = {m[2]: m[3] for line in text(".env.example").splitlines() if (m := LINE.match(line))}
    for name, default in re.findall(r'number\("([A-Z_]+)", ([0-9_]+)', source):
        assert shown[name] == default.replace("_", ""), name
    for name, default in re.findall(r'switch\("([A-Z_]+)", (True|False)\)', source):
        assert shown[name] == default.lower(), name
    for name, default in re.findall(r'(?:text|choice|time_zone|database)\("([A-Z_]+)", "([^"]+)"', source):
        assert shown[name] == default, name


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("document", [*DOCUMENTS, ".ci/run"])
def test_every_make_target_that_is_named_exists(document):
    named = set(re.findall(r"(?:`|^|\bmake check, )make ([a-z][a-z-]*)", text(document), re.MULTILINE))
    assert named <= make_targets()


@pytest.mark.parametrize("document", [*DOCUMENTS, "Makefile", "Procfile", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "deploy").glob("*.service"))])  # fmt: skip
def test_every_command_that_is_named_exists(document):
    named = set(re.findall(r"manage\.py ([a-z_]+)\b", text(document)))
    assert named <= set(get_commands())


def test_every_command_of_ours_can_say_what_it_does():
    from django.core.management import load_command_class

    ours = {
        name: app
        for name, app in get_commands().items()
        if app in ("mlconnector", "pairs", "bookings", "connections")
    }
    assert {"serve", "prepare", "work", "config"} <= set(ours)
    assert [name for name, app in ours.items() if not load_command_class(app, name).help] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_linked_exists(document):
    links = re.findall(r"\]\(([^)#:]+)\)", text(document))
    here = (ROOT / document).parent
    assert [link for link in links if not (here / link).exists()] == []


def test_every_dependency_has_a_reason():
    reasons = text("CONTRIBUTING.md").partition("## Dependencies")[2]
    for file in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt"):
        for line in text(file).splitlines():
            if line.startswith("-r"):
                continue
            name = re.split(r"[\[=]", line)[0]
            assert name in reasons or name.startswith("types-"), f"{name} of {file}"


def test_every_dependency_is_pinned():
    for file in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt"):
        for line in text(file).splitlines():
            assert line.startswith("-r ") or re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z]+\])?==[0-9.]+", line), (
                line
            )


def test_help_lists_every_command_for_people():
    described = set(re.findall(r"^([a-z][a-z-]*):.*## ", text("Makefile"), re.MULTILINE))
    assert described >= {
        "run",
        "demo",
        "test",
        "check",
        "crash",
        "bench",
        "browser",
        "lint",
        "types",
        "messages",
    }
