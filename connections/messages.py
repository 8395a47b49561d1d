"""Sentences for people, kept with their values so that they can be shown in any language later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from connections.texts import storable


@dataclass(frozen=True)
class Message:
    """An English pattern with `%(name)s` places and their values; `str()` is in the active language."""

    pattern: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        # gettext("") is the header of the catalogue.
        pattern = gettext(self.pattern) if self.pattern else ""
        return pattern % self.values if self.values else pattern

    def to_json(self) -> dict[str, Any]:
        """As it is stored; values may be texts of strangers."""
        return {"pattern": self.pattern, "values": storable(self.values)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Message:
        return cls(stored["pattern"], stored.get("values") or {})


def say(pattern: str, /, **values: object) -> Message:
    """A message; `pattern` must be a literal, so that the translation catalogue finds it.

    A value that is a message itself is shown in the language of this moment.
    """
    return Message(pattern, {name: str(value) for name, value in values.items()})


@dataclass(frozen=True)
class DataFault:
    """One thing that is wrong with a value: where, what, which rule, and what to do next."""

    field: str
    value: str
    rule: Message
    remedy: Message = Message("")

    def __str__(self) -> str:
        shown = f" ({self.value})" if self.value else ""
        remedy = f" {self.remedy}" if self.remedy.pattern else ""
        return f"{gettext(self.field) if self.field else ''}{shown}: {self.rule}{remedy}"

    def to_json(self) -> dict[str, Any]:
        return {
            "field": storable(self.field),
            "value": storable(self.value),
            "rule": self.rule.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DataFault:
        return cls(
            stored["field"],
            stored["value"],
            Message.from_json(stored["rule"]),
            Message.from_json(stored["remedy"]),
        )


def faults_to_json(faults: Iterable[DataFault]) -> list[dict[str, Any]]:
    return [fault.to_json() for fault in faults]


def faults_from_json(stored: Iterable[Mapping[str, Any]]) -> list[DataFault]:
    return [DataFault.from_json(item) for item in stored]
