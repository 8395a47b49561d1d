"""What Jira's objects look like to us. Everything is told apart by id; names are for people alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connections.vendors.jira.client import needed, objects, ref, unreadable

# Keys of the status categories, the same on every site and in every language.
# Source: Jira Cloud REST v3, "Workflow status categories" (read 2026-11).
TO_DO, IN_PROGRESS, DONE, NO_CATEGORY = "new", "indeterminate", "done", "undefined"
STATUS = "status"


@dataclass(frozen=True)
class Status:
    """`category` is one of the four keys, "" if Jira did not tell it."""

    id: str
    name: str = ""
    category: str = ""

    @classmethod
    def from_json(cls, raw: Any) -> Status:
        found = mapping(raw)
        return cls(
            needed(found.get("id")),
            text(found.get("name")),
            text(mapping(found.get("statusCategory")).get("key")),
        )


@dataclass(frozen=True)
class IssueRef:
    """`id` never changes; `key` does when the issue is moved to another project."""

    id: str
    key: str


@dataclass(frozen=True)
class Item:
    """One changed field; `old` and `new` are ids where the field holds a choice, "" for nothing."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One entry of an issue's changelog: what one person changed at one moment."""

    id: str
    at: datetime
    author: str
    items: tuple[Item, ...]

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Change:
        author = mapping(raw.get("author"))
        return cls(
            needed(raw.get("id")),
            needed_moment(raw.get("created")),
            text(author.get("accountId")),
            tuple(_item(item) for item in objects(raw.get("items"))),
        )

    @property
    def status(self) -> Item | None:
        """The move from one status to another, if this entry is one."""
        return next((item for item in self.items if item.field == STATUS), None)


@dataclass(frozen=True)
class Issue:
    """An issue with the fields that were asked for, as Jira sent them.

    `changes` are the newest of its changelog, oldest first, where they were asked for; see `JiraApi.changes`
    for all of them.
    """

    id: str
    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Issue:
        history = mapping(raw.get("changelog")).get("histories")
        changes = [Change.from_json(one) for one in objects(history)] if history is not None else []
        return cls(
            needed(raw.get("id")),
            text(raw.get("key")),
            mapping(raw.get("fields")),
            tuple(sorted(changes, key=in_order)),
        )

    @property
    def ref(self) -> IssueRef:
        return IssueRef(self.id, self.key)

    @property
    def status(self) -> Status:
        """Raises TransientError when it did not come: a status is never guessed."""
        return Status.from_json(self.fields.get(STATUS))

    @property
    def summary(self) -> str:
        return text(self.fields.get("summary"))

    @property
    def updated_at(self) -> datetime | None:
        return moment(self.fields.get("updated"))

    @property
    def project(self) -> str:
        """The project's id, "" if it was not asked for."""
        return ref(mapping(self.fields.get("project")).get("id"))


def in_order(change: Change) -> tuple[datetime, int, str]:
    """Sorts changes by time, those of one moment by id."""
    return change.at, int(change.id) if change.id.isdecimal() else 0, change.id


def moment(value: Any) -> datetime | None:
    """ "2026-10-08T07:08:44.123+0200" (or milliseconds since 1970, as some lists send) as aware UTC."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**14:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    return None


def needed_moment(value: Any) -> datetime:
    found = moment(value)
    if found is None:
        raise unreadable()
    return found


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _item(raw: Mapping[str, Any]) -> Item:
    # `fieldId` is missing in older entries, where `field` is the name; that of system fields is the id.
    return Item(ref(raw.get("fieldId")) or ref(raw.get("field")), ref(raw.get("from")), ref(raw.get("to")))
