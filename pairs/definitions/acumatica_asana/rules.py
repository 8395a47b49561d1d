"""Which project, section and person a document's task belongs to: rules of one line each. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

ARROW = "->"
CONDITION = re.compile(r"(branch|class|vendor|type|amount)\s*(=|>=|<=|<|>)\s*(.+)", re.IGNORECASE)
# Addresses of projects as the browser shows them, old and new. Source: Asana's web app (read 2026-11).
PROJECT_ADDRESS = re.compile(r"https?://[^/]+/(?:0|1/[0-9]+/project)/([0-9]+)")
COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "=": lambda given, limit: given == limit,
    ">=": lambda given, limit: given >= limit,
    "<=": lambda given, limit: given <= limit,
    ">": lambda given, limit: given > limit,
    "<": lambda given, limit: given < limit,
}


@dataclass(frozen=True)
class Place:
    """Where a task goes; `section` and `assignee` (an e-mail address) may be empty."""

    project: str
    section: str = ""
    assignee: str = ""


@dataclass(frozen=True)
class Rule:
    """All `conditions` (what, comparison, value) must hold."""

    conditions: tuple[tuple[str, str, str], ...]
    place: Place

    @property
    def needs_class(self) -> bool:
        return any(what == "class" for what, _, _ in self.conditions)

    def fits(self, facts: Mapping[str, Any]) -> bool:
        return all(_holds(facts[what], how, value) for what, how, value in self.conditions)


def read_all(text: str) -> list[Rule]:
    """The rules of a setting. Raises ValueError with what can't be read."""
    return [rule for line in text.splitlines() if (rule := read(line)) is not None]


def read(line: str) -> Rule | None:
    """One rule; None for an empty line or a comment. Raises ValueError with the part that can't be read."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    given, arrow, target = line.partition(ARROW)
    if not arrow:
        raise ValueError(line)
    parts = re.split(r"\s+and\s+", given.strip(), flags=re.IGNORECASE)
    return Rule(tuple(map(_condition, parts)), _place(target))


def choose(rules: list[Rule], usual: Place, facts: Mapping[str, Any], group: Callable[[], str]) -> Place:
    """The place by the first rule that fits. `group` tells the vendor class, asked for only if needed."""
    known = dict(facts)
    for rule in rules:
        if rule.needs_class and "class" not in known:
            known["class"] = group()
        if rule.fits(known):
            return rule.place
    return usual


def _condition(text: str) -> tuple[str, str, str]:
    found = CONDITION.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    what, how, value = found[1].lower(), found[2], found[3].strip()
    if what == "amount":
        try:
            Decimal(value)
        except InvalidOperation as error:
            raise ValueError(text) from error
    elif how != "=":
        raise ValueError(text)
    return what, how, value


def _place(text: str) -> Place:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    people = [part for part in parts if "@" in part]
    refs = [_gid(part) for part in parts if part not in people]
    if not 1 <= len(refs) <= 2 or len(people) > 1:
        raise ValueError(text.strip())
    return Place(refs[0], refs[1] if len(refs) > 1 else "", people[0] if people else "")


def _gid(text: str) -> str:
    address = PROJECT_ADDRESS.match(text)
    ref = address[1] if address else text
    if not ref.isdecimal():
        raise ValueError(text)
    return ref


def _holds(given: Any, how: str, value: str) -> bool:
    if isinstance(given, Decimal):
        return COMPARISONS[how](given, Decimal(value))
    return given is not None and str(given).strip().casefold() == value.casefold()
