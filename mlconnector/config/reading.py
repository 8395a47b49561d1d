"""YAML without its surprises: what is written without quotes stays what a person sees there."""

from __future__ import annotations

import re
from typing import Any

import yaml

from connections.texts import is_storable
from mlconnector.config.exporting import VERSION
from mlconnector.config.kinds import BY_SECTION

BOOL, INT, NULL = (f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "null"))


class Loader(yaml.SafeLoader):
    """0100 is the text 0100 and not 64, no is not false, 1.10 keeps its zero; a key stands once."""

    # Only whole numbers, true, false and null are more than texts; the models read days and decimals.
    # YAML 1.1 knows octal and sexagesimal numbers and twenty-two ways to write a boolean.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        value = super().construct_scalar(node)
        if not is_storable(value):
            raise yaml.constructor.ConstructorError(
                None,
                None,
                "here stands a character that no database keeps (NUL, half a pair)",
                node.start_mark,
            )
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else str(key)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{name}' stands here for the second time", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    (BOOL, r"true|false", "tf"),
    (INT, r"0|-?[1-9][0-9]*", "-0123456789"),
    (NULL, r"~|null|", ["~", "n", ""]),
):
    Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), list(first))


def read(text: str) -> tuple[dict[str, Any], list[str]]:
    """The document in `text` and what is wrong with its form."""
    try:
        document = yaml.load(text, Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        return {}, [f"{place}: this can't be read: {getattr(error, 'problem', None) or error}."]
    if not isinstance(document, dict):
        return {}, ["file: a configuration is a list of sections such as 'connections:'."]
    faults = []
    if document.get("version") != VERSION:
        faults.append(f"version: this program reads version {VERSION}; write 'version: {VERSION}'.")
    for section, things in document.items():
        if section == "version":
            continue
        if section not in BY_SECTION:
            faults.append(f"{section}: there is no such section; known are {', '.join(BY_SECTION)}.")
        elif things is not None and (
            not isinstance(things, list) or not all(isinstance(thing, dict) for thing in things)
        ):
            faults.append(f"{section}: a list of entries is expected, each beginning with a hyphen.")
    return document, faults
