"""The shape of the code: who may import whom, and what must not be written where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Each may import itself and what stands to the right of it.
APPS = ("mlconnector", "pairs", "bookings", "connections")
SANDBOX = "mlconnector.sandbox"
# Run the demonstration and nothing else: the only product modules that may start simulators.
STARTS_SIMULATORS = ("mlconnector.management.commands.", "mlconnector.demo", "mlconnector.bench")

# Neither models nor HTTP: what they say can be checked with plain values.
PURE = (
    "bookings.entry",
    "bookings.entry_json",
    "bookings.entry_reversal",
    "bookings.extf",
    "bookings.debtor_details",
    "bookings.dxso",
    "bookings.einvoice",
    "bookings.invoices",
    "bookings.starter",
    "bookings.validation",
    "connections.base",
    "connections.errors",
    "connections.messages",
    "connections.redaction",
    "connections.texts",
    "pairs.base",
    "pairs.mapping",
    "pairs.work_items.item",
    "pairs.work_items.wire",
)
NOT_PURE = re.compile(
    r"(django\.(db|http|views|contrib)|requests|urllib3|authlib|http\.client|urllib\.request|rest_framework"
    r"|(connections|bookings|pairs)\.models|connections\.(http|wire|tokens|oauth|effects|audit))(\.|$)"
)

# Where a statement keeps other statements.
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")

# Longer than 400 lines, and why.
LONG_FILES: dict[str, str] = {}

TRANSPORT = ("connections/exchange.py", "connections/http.py", "connections/wire.py")
# Programs that watch other programs; no record waits for them.
PATIENT_PROGRAMS = ("mlconnector/supervisor.py", "mlconnector/demo/", "mlconnector/bench/", "/commands/")
# (pattern, where it may stand, why not elsewhere)
FORBIDDEN = (
    (r"\btimezone\.now\(", ("connections/clock.py",), "connections.clock.now() tells the time"),
    (r"\b(datetime\.(now|utcnow|today)|date\.today)\(", (), "connections.clock.now() tells the time"),
    (
        r"\btime\.sleep\(",
        # Seconds at most: the next free call, and the other process that is just renewing the token.
        # The turn in a session and the operation just started in it are waited for alike.
        ("connections/limits.py", "connections/tokens.py", "connections/sessions.py", *PATIENT_PROGRAMS),
        "a record gets a later due_at instead",
    ),
    (r"\bmark_safe\b", (), "vendor text reaches HTML only through format_html or a template"),
    (r"\bexcept( Exception)?:\s*(#.*)?\n\s+pass\b", (), "an error is answered or goes on"),
    (r"\b(TODO|FIXME|XXX)\b", (), "unfinished work is not handed in"),
    (r"\bexcept \(?requests\.", TRANSPORT, "HTTP-library exceptions end in the transport"),
    (
        r"\brequests\.(get|post|put|patch|delete|request|Session)\(",
        TRANSPORT,
        "calls go through the transport",
    ),
)


def name_of(path: Path) -> str:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return module.removesuffix(".__init__")


def product_files() -> list[Path]:
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    ]


def is_for_types_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that `path` imports when it runs, inside functions too."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if is_for_types_alone(node):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
            base = node.module or "" if not node.level else ".".join(filter(None, (above, node.module)))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        # Imports are statements, so only blocks of statements are looked into.
        waiting.extend(child for block in BLOCKS for child in getattr(node, block, ()))


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


FILES = product_files()


def test_the_product_is_found():
    assert {name_of(path).split(".")[0] for path in FILES} == set(APPS)


def test_imports_are_seen_wherever_they_stand(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "pairs").mkdir()
    file = tmp_path / "pairs" / "x.py"
    file.write_text(
        "import a.b\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import only_types\n"
        "def f():\n    from . import y\n    from c import d\n"
    )
    assert set(imports(file)) == {"a.b", "typing", "typing.TYPE_CHECKING", "pairs", "pairs.y", "c", "c.d"}


def test_imports_point_one_way():
    wrong = []
    for path in FILES:
        app = path.relative_to(ROOT).parts[0]
        above = (*APPS[: APPS.index(app)], "tests")
        wrong += [f"{name_of(path)} imports {m}" for m in imports(path) if m.split(".")[0] in above]
    assert not wrong


@pytest.mark.parametrize("package", ["connections.vendors", "pairs.definitions"])
def test_siblings_do_not_import_each_other(package):
    for path in FILES:
        if not is_in(name_of(path), package) or name_of(path) == package:
            continue
        own = ".".join(name_of(path).split(".")[:3])
        wrong = [m for m in imports(path) if is_in(m, package) and m != package and not is_in(m, own)]
        assert not wrong, f"{name_of(path)} imports {wrong}"


def test_simulators_know_nothing_of_the_product():
    """They are written from the vendors' documentation, so that a misunderstanding of ours shows."""
    for path in FILES:
        if is_in(name_of(path), SANDBOX):
            wrong = [m for m in imports(path) if m.split(".")[0] in APPS and not is_in(m, SANDBOX)]
            assert set(wrong) <= {"mlconnector"}, f"{name_of(path)} imports {wrong}"


def test_the_product_knows_nothing_of_the_simulators():
    for path in FILES:
        module = name_of(path)
        if is_in(module, SANDBOX) or module.startswith(STARTS_SIMULATORS):
            continue
        assert not [m for m in imports(path) if is_in(m, SANDBOX)], f"{module} imports the simulators"


def test_pure_modules_import_neither_models_nor_http():
    checked = 0
    for path in FILES:
        if any(is_in(name_of(path), pure) for pure in PURE):
            checked += 1
            wrong = [module for module in imports(path) if NOT_PURE.match(module)]
            assert not wrong, f"{name_of(path)} imports {wrong}"
    assert checked >= len(PURE)


def test_files_stay_short_enough_to_read():
    """400 lines are a question: split the file, or list it in LONG_FILES with the reason."""
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES
    }
    assert {name for name, count in lines.items() if count > 400} == set(LONG_FILES)


def test_nothing_forbidden_is_written():
    wrong = []
    for path in FILES:
        place = str(path.relative_to(ROOT))
        if place.startswith("mlconnector/sandbox/"):
            continue
        text = path.read_text(encoding="utf-8")
        wrong += [
            f"{place}: {found[0]!r} ({reason})"
            for pattern, allowed, reason in FORBIDDEN
            if (found := re.search(pattern, text)) and not any(part in place for part in allowed)
        ]
    assert not wrong


def test_vendors_and_pairs_are_registered():
    """Each folder is one registry line, so that the conformance tests run over it."""
    from connections.registry import vendors
    from pairs.registry import pairs

    for package, registered in (("connections/vendors", vendors()), ("pairs/definitions", pairs())):
        found = {
            path.stem
            for path in (ROOT / package).iterdir()
            if path.stem not in ("__init__", "__pycache__") and not path.stem.startswith("_")
        }
        assert found == set(registered)
