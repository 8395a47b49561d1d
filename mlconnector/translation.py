"""Finds every sentence that people may see, and keeps the German catalogue in step with the code.

Labels and sentences are plain English text in declarations (`SettingField`, `Fault`, ...) that is translated
when it is shown; usual extraction would not see them, so the code is read as a syntax tree.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "mlconnector" / "locale" / "de" / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
APPS = ("bookings", "connections", "mlconnector", "pairs")
# Simulated vendors speak as the vendors do, and commands speak to technicians.
LEFT_OUT = ("mlconnector/sandbox/", "/migrations/", "mlconnector/management/")


@dataclass(frozen=True)
class Call:
    """Which arguments of a call are sentences: by position, and by name."""

    positions: tuple[int, ...]
    names: tuple[str, ...] = ()


FIELD = Call((1,), ("label", "help_text", "choices"))
CALLS = {
    "_": Call((0,)),
    "gettext": Call((0,)),
    "gettext_lazy": Call((0,)),
    "gettext_noop": Call((0,)),
    "say": Call((0,)),
    "Message": Call((0,), ("pattern",)),
    "DataFault": Call((0,), ("field",)),
    "Fault": Call((2,), ("message",)),
    "SettingField": FIELD,
    "SecretField": FIELD,
    "TargetField": Call((1, 4), FIELD.names),
    "Flow": Call((1,), ("label",)),
    "Decision": Call((1, 2), ("label", "help_text")),
    "Pair": Call((1, 2), ("label", "description")),
    "Vendor": Call((), ()),
}
PLURAL_CALLS = ("ngettext", "ngettext_lazy")
TEMPLATE_KEYWORDS: dict[str, object] = {
    "_": None,
    "gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}

HEADER = """\
# The German of ml-connector. `make messages` brings it up to date and names what has no translation yet.
# Write the msgstr lines by hand, in the words of an accountant, then run `make messages` once more.
#"""
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)

# (sentence or (singular, plural), file, line)
Found = tuple[str | tuple[str, str], str, int]


def messages(root: Path = ROOT) -> Iterator[Found]:
    """Every sentence in the code and the templates of the product."""
    for path in sorted(file for app in APPS for file in (root / app).rglob("*.py")):
        place = path.relative_to(root).as_posix()
        if not any(part in f"/{place}" for part in LEFT_OUT):
            yield from in_code(path.read_text(encoding="utf-8"), place)
    folders = [root / "templates", *(root / app / "templates" for app in APPS)]
    for path in sorted(file for folder in folders for file in folder.rglob("*.*") if file.is_file()):
        place = path.relative_to(root).as_posix()
        yield from in_template(path.read_text(encoding="utf-8"), place)


def in_code(source: str, place: str) -> Iterator[Found]:
    tree = ast.parse(source)
    constants = _constants(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in PLURAL_CALLS:
            singular, plural = (_text(argument) for argument in node.args[:2])
            yield (singular, plural), place, node.lineno
        elif name in CALLS:
            for sentence in _sentences(node, CALLS[name], constants):
                yield sentence, place, node.lineno


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """What the module's own names stand for, so that `choices=ENVIRONMENTS` is read as well."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            found |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
    return found


def _sentences(node: ast.Call, call: Call, constants: dict[str, ast.expr]) -> Iterator[str]:
    given = [node.args[position] for position in call.positions if position < len(node.args)]
    given += [keyword.value for keyword in node.keywords if keyword.arg in call.names]
    for expression in given:
        known = constants.get(expression.id, expression) if isinstance(expression, ast.Name) else expression
        yield from filter(None, _texts(known))


def _texts(expression: ast.expr) -> Iterator[str]:
    """A text, or the labels of `choices` ((value, label), ...)."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from _texts(expression.body)
        yield from _texts(expression.orelse)
    elif isinstance(expression, ast.Tuple | ast.List):
        for pair in expression.elts:
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                yield _text(pair.elts[1])


def _text(expression: ast.expr) -> str:
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return expression.value if is_text else ""  # type: ignore[attr-defined]


def in_template(source: str, place: str) -> Iterator[Found]:
    code = io.BytesIO(templatize(source).encode())
    for line, _function, sentence, _comments in extract_python(
        code, TEMPLATE_KEYWORDS, (), {"encoding": "utf-8"}
    ):
        if isinstance(sentence, tuple):
            yield (sentence[0], sentence[1]), place, line
        elif sentence:
            yield sentence, place, line


def template_catalog() -> Catalog:
    """All sentences of today, without translations. File names stand beside them, line numbers do not."""
    catalog = Catalog(locale="de", domain="django", project="ml-connector", charset="utf-8")
    for sentence, place, _line in messages():
        catalog.add(
            sentence, locations=[(place, 0)], flags=("python-format",) if _has_places(sentence) else ()
        )
    return catalog


def _has_places(sentence: str | tuple[str, str]) -> bool:
    return "%(" in (sentence if isinstance(sentence, str) else sentence[0])


def stored_catalog() -> Catalog:
    with PO.open("rb") as file:
        return _undated(pofile.read_po(file, locale="de", domain="django"))


def _undated(catalog: Catalog) -> Catalog:
    """Files that say nothing but the messages: the same messages are the same bytes on every day."""
    catalog.fuzzy = False
    catalog.header_comment = HEADER
    catalog.project, catalog.version, catalog.msgid_bugs_address = "ml-connector", "1", ""
    catalog.last_translator, catalog.language_team = "ml-connector", "German"
    catalog.creation_date = catalog.revision_date = UNDATED
    return catalog


def update() -> Catalog:
    """Add what is new to the German catalogue, drop what is gone, and compile it. Never guesses."""
    catalog = stored_catalog() if PO.exists() else _undated(Catalog(locale="de", domain="django"))
    catalog.update(template_catalog(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        pofile.write_po(file, _undated(catalog), width=110, sort_output=True, include_lineno=False)
    MO.write_bytes(compiled(stored_catalog()))
    return catalog


def compiled(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    return [
        str(message.id)
        for message in catalog
        if message.id and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]
