"""What a pair declares. A new pair is a module with one `PAIR` and a registry line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from connections.base import Option, SettingField
from connections.messages import DataFault, Message

if TYPE_CHECKING:
    from pairs.engine import Context, FlowContext
    from pairs.models import Integration

# A side of an integration: the connection it comes from, or the one it goes to.
Side = Literal["source", "target"]


@dataclass(frozen=True)
class Change:
    """A source object that was seen to be new or different. It wakes a record, no more.

    `version` is the source's own mark of the object's state (a time stamp, an e-tag) and sorts as text
    where the source's marks have an order; "" if unknown, which always wakes. `snapshot` is the object as
    just read (JSON), used instead of a second read while it is fresh.
    """

    ref: str
    version: str = ""
    label: str = ""
    url: str = ""
    is_deleted: bool = False
    snapshot: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Page:
    """Changes and the cursor that is right once they are stored; both are stored in one transaction.

    `more` is the token for the next page of this very listing, "" at its end.
    """

    changes: Sequence[Change]
    cursor: Mapping[str, Any]
    more: str = ""


class FieldType(StrEnum):
    """The type of a mapped field."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    DATE = "date"
    ACCOUNT = "account"
    COST_CENTER = "cost_center"
    TAX_KEY = "tax_key"
    CHOICE = "choice"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class TargetField:
    """A field that a mapping row can fill. `key` is stored: never rename it."""

    key: str
    label: str
    type: FieldType
    is_required: bool = False
    help_text: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    # Its name in the convention for work systems (`pairs.standard_fields`); "" = people choose a field.
    standard: str = ""


class Result(StrEnum):
    """How a run of `handle` ended; see `Outcome`."""

    DONE = "done"
    WAITING = "waiting"
    SENT = "sent"
    DORMANT = "dormant"
    PARKED = "parked"


@dataclass(frozen=True)
class Outcome:
    """What became of a record. Use the functions below to make one."""

    result: Result
    message: Message
    state: str = ""
    due_at: datetime | None = None
    faults: tuple[DataFault, ...] = ()
    code: str = ""
    help_url: str = ""
    target_url: str = ""
    # A passing failure, not a planned wait: the distance to the next try grows.
    is_failure: bool = False
    # The version that was really read; later wakes up to it are no news.
    version: str = ""
    # Digest of what was decided upon (the mapped content), to see changes after booking.
    digest: str = ""


@dataclass(frozen=True)
class Decision:
    """What a person may decide about a parked record. `key` is stored with the record until it is done."""

    key: str
    label: str
    help_text: str
    # The states of RecordState in which it is offered.
    states: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """One direction and one kind of thing inside a pair. `key` is stored: never rename it.

    `poll(context, cursor, more)` returns a Page; `handle(context)` an Outcome; `wake(context, headers, body)`
    the changes that a genuine webhook delivery names, without any call.
    """

    key: str
    label: str
    poll: Callable[[FlowContext, Mapping[str, Any], str], Page]
    handle: Callable[[Context], Outcome]
    wake: Callable[[FlowContext, Mapping[str, str], bytes], Sequence[Change]] | None = None
    # The side of the integration that `poll` reads and whose webhooks `wake` understands. A flow that brings
    # decisions back reads the target.
    reads: Side = "source"
    # Which objects of that side our webhook watches; () = no webhook for this flow.
    watched: Callable[[FlowContext], Sequence[str]] = lambda context: ()
    fields: tuple[TargetField, ...] = ()
    # Values that are written into fields of `write_back_side`, chosen by id: results that go back to the
    # source, or the figures of a document in the custom fields of the target's task.
    write_back: tuple[TargetField, ...] = ()
    write_back_side: Side = "source"
    poll_every: timedelta = timedelta(minutes=5)
    # Whether a change with the first version says more than is known by the second one.
    is_news: Callable[[str, str], bool] = lambda version, known: version != known
    # The fields that can be mapped, of the side that is read: for the admin's lists.
    source_fields: str = "fields"
    # The setting that names the container of those fields; "" = the first one chosen from that side.
    fields_of: str = ""
    # What can be mapped beside them and is not the source system's: values of an e-invoice.
    more_source_fields: Callable[[], Sequence[Option]] = tuple
    # Decisions that people can take on a parked record: `handle` finds the key in `record.instruction`.
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A kind of integration. `key` is stored in the database: never rename it."""

    key: str
    label: str
    description: str
    source_vendor: str
    target_vendor: str
    flows: tuple[Flow, ...]
    settings: tuple[SettingField, ...] = ()
    # All that is missing or contradictory in an integration's configuration; () = may be switched on.
    check: Callable[[Integration], Sequence[DataFault]] = lambda integration: ()

    def flow(self, key: str) -> Flow:
        return next(flow for flow in self.flows if flow.key == key)


def done(
    message: Message,
    *,
    findings: Sequence[DataFault] = (),
    target_url: str = "",
    version: str = "",
    digest: str = "",
) -> Outcome:
    """Finished; `findings` are shown with it and ask nobody to act."""
    return Outcome(
        Result.DONE,
        message,
        "done",
        faults=tuple(findings),
        target_url=target_url,
        version=version,
        digest=digest,
    )


def waiting(message: Message, *, until: datetime, version: str = "") -> Outcome:
    """Not finished and nothing is wrong: looked at again at `until`."""
    return Outcome(Result.WAITING, message, "waiting", due_at=until, version=version)


def sent(
    message: Message,
    *,
    look_at: datetime | None,
    target_url: str = "",
    version: str = "",
    digest: str = "",
) -> Outcome:
    """Handed over; the target's answer (or `look_at`) wakes the record again."""
    return Outcome(
        Result.SENT,
        message,
        "sent",
        due_at=look_at,
        target_url=target_url,
        version=version,
        digest=digest,
    )


def dormant(message: Message, *, version: str = "") -> Outcome:
    """Nothing to do until the object changes at its source (for example: not approved yet)."""
    return Outcome(Result.DORMANT, message, "dormant", version=version)


def parked(
    state: str,
    message: Message,
    *,
    faults: Sequence[DataFault] = (),
    code: str = "",
    help_url: str = "",
    version: str = "",
    digest: str = "",
) -> Outcome:
    """A person must act; `state` is one of the parked states of `pairs.models.RecordState`."""
    return Outcome(
        Result.PARKED,
        message,
        state,
        faults=tuple(faults),
        code=code,
        help_url=help_url,
        version=version,
        digest=digest,
    )
