"""Push notifications (SM302000): what changed in a generic inquiry is posted to a webhook destination.

Nothing leaves by itself: `sim.deliver()` posts what is due (a served simulator does it all the time),
`sim.pass_time()` moves the clock and posts at each moment on the way. Source: Acumatica user guide, push
notifications (read 2026-11); interval and time-out of the attempts are not documented.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import requests

from mlconnector.sandbox.acumatica.state import Record, Row, new_id
from mlconnector.sandbox.acumatica.values import naive_text

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

POST_SECONDS = 10
KEPT_FOR = timedelta(days=2)
# .NET ticks (100 ns) count from here.
FIRST_TICK = datetime(1, 1, 1, tzinfo=UTC)
COLUMNS = {
    "Bill": {
        "Type": "Type",
        "ReferenceNbr": "ReferenceNbr",
        "Status": "Status",
        "NoteID": "id",
        "APInvoice_lastModifiedDateTime": "LastModifiedDateTime",
    },
    "PurchaseOrder": {
        "Type": "Type",
        "OrderNbr": "OrderNbr",
        "Status": "Status",
        "NoteID": "id",
        "POOrder_lastModifiedDateTime": "LastModifiedDateTime",
    },
    "Employee": {"EmployeeID": "EmployeeID", "Status": "Status", "NoteID": "id"},
}

# (url, headers, body) -> (status, headers, body)
Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


def post_by_http(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Post one notification; redirects are not followed."""
    answer = requests.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
    return answer.status_code, dict(answer.headers), answer.content


@dataclass
class Inquiry:
    """A watched inquiry with its destination. `columns`: caption -> field; empty `statuses`: every one."""

    query: str
    tenant: str
    entity: str
    url: str
    header: tuple[str, str]
    columns: dict[str, str]
    statuses: tuple[str, ...] = ()

    def row(self, record: Record, zone: ZoneInfo) -> Row | None:
        """The record as a row of the inquiry, or None when it doesn't match the conditions."""
        if (record.entity.name, record.tenant) != (self.entity, self.tenant):
            return None
        if self.statuses and record.value("Status") not in self.statuses:
            return None
        return {caption: _flat(record, name, zone) for caption, name in self.columns.items()}


@dataclass
class Notification:
    """One message of one transaction; `attempts` so far, `state` waiting, delivered or failed."""

    inquiry: Inquiry
    id: str
    at: datetime
    due_at: datetime
    inserted: list[Row] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    attempts: int = 0
    state: str = "waiting"

    def body(self) -> bytes:
        ticks = (self.at - FIRST_TICK) // timedelta(microseconds=1) * 10
        content = {
            "Inserted": self.inserted,
            "Deleted": self.deleted,
            "Query": self.inquiry.query,
            "CompanyId": self.inquiry.tenant,
            "Id": self.id,
            "TimeStamp": ticks,
            "AdditionalInfo": {},
        }
        return json.dumps(content, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Attempt:
    """One notification as it was posted, for assertions. `status` 0: nobody answered."""

    at: datetime
    url: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


class Pushes:
    """The inquiries, what waits to be sent, what was sent."""

    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim
        self.clear()

    def clear(self) -> None:
        self.inquiries: list[Inquiry] = []
        self.all: list[Notification] = []
        self.attempts: list[Attempt] = []
        self._changed: dict[str, tuple[Record, list[Row | None]]] | None = None

    # --- filling ------------------------------------------------------------------------------------------
    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What changes inside is one database transaction: one Id, one message for each inquiry."""
        if self._changed is not None:
            yield
            return
        self._changed = {}
        try:
            yield
            self._offer(self._changed)
        finally:
            self._changed = None

    def before(self, record: Record) -> None:
        """Remember how the record looks to every inquiry, before it changes."""
        if self._changed is not None and record.id not in self._changed:
            self._changed[record.id] = (record, self._rows(record))

    def _rows(self, record: Record) -> list[Row | None]:
        """Nothing for a record that isn't there (yet, or any more)."""
        tenant = self.sim.tenants[record.tenant]
        is_there = record.id in tenant.records
        return [inquiry.row(record, tenant.zone) if is_there else None for inquiry in self.inquiries]

    def _offer(self, changed: dict[str, tuple[Record, list[Row | None]]]) -> None:
        now, transaction = self.sim.clock.now(), new_id()
        due_at = now + timedelta(seconds=self.sim.options.push_delay_seconds)
        for number, inquiry in enumerate(self.inquiries):
            message = Notification(inquiry, transaction, now, due_at)
            for record, rows in changed.values():
                old, new = rows[number], self._rows(record)[number]
                if old == new:
                    continue
                message.inserted += [new] if new else []
                message.deleted += [old] if old else []
            if message.inserted or message.deleted:
                self.all.append(message)

    # --- sending ------------------------------------------------------------------------------------------
    def waiting(self) -> list[Notification]:
        return [message for message in self.all if message.state == "waiting"]

    def failed(self) -> list[Notification]:
        """What SM502000 lists: given up, kept for two days."""
        oldest = self.sim.clock.now() - KEPT_FOR
        return [message for message in self.all if message.state == "failed" and message.at > oldest]

    def resend(self) -> None:
        """A person presses the button on SM502000: everything listed goes again, with the same Id."""
        for message in self.failed():
            message.state, message.attempts, message.due_at = "waiting", 0, self.sim.clock.now()

    def send_due(self) -> list[Attempt]:
        """Post all that is due now; posting happens without the simulator's lock."""
        with self.sim.lock:
            now = self.sim.clock.now()
            due = [message for message in self.waiting() if message.due_at <= now]
            leaving = self.sim.hooks.arranged(due)
            if not self.sim.hooks.hold:
                on_the_way = {id(message) for message in leaving}
                for message in due:
                    # What gets lost on the way is over for the sender too.
                    message.state = "sending" if id(message) in on_the_way else "delivered"
        return [self._post(message) for message in leaving]

    def _post(self, message: Notification) -> Attempt:
        name, value = message.inquiry.header
        headers = {"Content-Type": "application/json; charset=utf-8"} | ({name: value} if name else {})
        body = message.body()
        try:
            status, _, _ = self.sim.post(message.inquiry.url, headers, body)
        except requests.RequestException:
            status = 0
        attempt = Attempt(self.sim.clock.now(), message.inquiry.url, headers, body, status)
        with self.sim.lock:
            self.attempts.append(attempt)
            self._noted(message, attempt)
        return attempt

    def _noted(self, message: Notification, attempt: Attempt) -> None:
        """Any error answer: again, at most five times in all."""
        message.attempts += 1
        if attempt.is_success:
            message.state = "delivered"
        elif message.attempts >= self.sim.options.push_attempts:
            message.state = "failed"
        else:
            message.state = "waiting"
            message.due_at = attempt.at + timedelta(seconds=self.sim.options.push_retry_seconds)

    def pass_time(self, by: timedelta) -> list[Attempt]:
        """Move the clock by `by`, sending everything at the moment it becomes due."""
        clock = self.sim.clock
        done = self.send_due()
        end = clock.now() + by
        while moments := [
            message.due_at for message in self.waiting() if clock.now() < message.due_at <= end
        ]:
            clock.advance(min(moments) - clock.now())
            done += self.send_due()
        clock.advance(max(end - clock.now(), timedelta()))
        return done + self.send_due()


def _flat(record: Record, name: str, zone: ZoneInfo) -> Any:
    """Not wrapped, times without an offset."""
    value = record.id if name == "id" else record.value(name)
    if isinstance(value, datetime):
        return naive_text(value, zone)
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    return float(value) if isinstance(value, Decimal) else value
