"""What a document looks like as a task, as plain data. Texts are in the language of the integration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from connections.messages import Message
from connections.vendors.asana.outgoing import MAX_NOTES_LENGTH, shortened
from connections.vendors.asana.tasks import Task

Kind = Literal["approval", "task", "milestone"]
# "table": in the description; "subtasks": with their figures in the notes; "in_project": subtasks that are
# rows of the project too and so carry its custom fields.
LinesAs = Literal["none", "table", "subtasks", "in_project"]
# What becomes of a task that a person has deleted, or has taken out of its project.
WhenGone = Literal["leave", "anew"]
# How an `ensure` ended. "gone": a person deleted the task, and it stays so by rule; "moved": taken out of its
# project, the same.
What = Literal["created", "adopted", "changed", "unchanged", "gone", "moved"]


@dataclass(frozen=True)
class Line:
    """One line of a document. `ref` is the source's own id of the line and never changes.

    `figures` are its amounts in words, for descriptions ("10 x 12,00 EUR = 120,00 EUR, account 4930");
    `values` by the keys of the flow's `write_back`, for lines that carry custom fields.
    """

    ref: str
    name: str
    figures: str = ""
    notes: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    due_on: date | None = None


@dataclass(frozen=True)
class WorkItem:
    """A document as a task.

    `key` is the natural key that people see as the last line of the description, and by which the task is
    found again: "Acumatica: Bill INV000123 (Tenant)". It begins with the vendor's name and a colon, is unique
    in the integration and one line. `values` by the keys of the flow's `write_back` (Decimal, date, text,
    bool, a person's e-mail address or a list; None clears): keys that are left out are never written.
    `assignee` is a user's gid or e-mail address, "" for nobody.
    """

    key: str
    name: str
    project: str
    section: str = ""
    kind: Kind = "approval"
    notes: str = ""
    link: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    due_on: date | None = None
    assignee: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def prefix(self) -> str:
        """The beginning that all keys of one vendor share: "Acumatica:"."""
        return f"{self.key.partition(':')[0]}:"


@dataclass(frozen=True)
class Rules:
    """How an integration wants its tasks. `watched_by` is the flow whose records watch them ("approvals").

    `once` names what is written when the task is made and never again: of "name", "notes", "due_on",
    "assignee", "place". The modes of custom fields stand in the mapping.
    """

    lines: LinesAs = "none"
    when_gone: WhenGone = "leave"
    watched_by: str = ""
    once: frozenset[str] = frozenset({"assignee"})


@dataclass(frozen=True)
class Ensured:
    """The task of a document. `task` is what Asana returned, None where no call was needed."""

    gid: str
    url: str
    what: What
    message: Message
    task: Task | None = None


@dataclass(frozen=True)
class File:
    """A file of the document. `ref` is its id at the source; `read` is called only when it is uploaded."""

    ref: str
    name: str
    media_type: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Closing:
    """What happens to the task of a document that is finished or gone at its source.

    `token` is unique for what happened ("released", "deleted"). `complete` ends the task; an approval that
    nobody has decided becomes a plain task with that, so that no approval is recorded that nobody gave.
    """

    token: str
    comment: Message | None = None
    complete: bool = True
    section: str = ""


def line_key(item: WorkItem, line: Line) -> str:
    return f"{item.key} / {line.ref}"


def notes_of(item: WorkItem, lines_as: LinesAs) -> str:
    """The description: text, lines where they are wanted here, link, and the natural key as the last line."""
    lines = _table(item) if lines_as == "table" else ""
    return _with_tail([item.notes, lines], [item.link, item.key])


def line_notes_of(item: WorkItem, line: Line) -> str:
    return _with_tail([line.figures, line.notes], [line_key(item, line)])


def carries(notes: str, key: str) -> bool:
    """Whether a description has the line `key`, also after people have written below it."""
    return any(line.strip() == key for line in notes.splitlines())


def keys_in(notes: str, prefix: str) -> list[str]:
    """The natural keys in a description, the last one first."""
    lines = [line.strip() for line in notes.splitlines()]
    return [line for line in reversed(lines) if line.startswith(prefix)]


def _table(item: WorkItem) -> str:
    rows = [f"{line.name}: {line.figures}" if line.figures else line.name for line in item.lines]
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, start=1))


def _with_tail(body: list[str], tail: list[str]) -> str:
    """Body and tail with an empty line between; only the body is ever shortened."""
    end = "\n".join(part for part in tail if part)
    text = "\n\n".join(part.strip() for part in body if part.strip())
    room = MAX_NOTES_LENGTH - len(end) - 2
    return f"{shortened(text, room)}\n\n{end}" if text else end
