"""Documents change, people decide and change their minds, workers die, in any order: what was not approved at
exactly this amount is never released, and every document has one task that is right.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connections import clock, sessions
from pairs import intake, work
from pairs.models import Record, RecordState
from pairs.work_items import known
from tests.pairs.acumatica_world import AcumaticaWorld
from tests.pairs.stories import AFTER_A_CRASH, Crashes, Moment, rolled_back, survive

# Berlin's clocks go back at 01:00 UTC: the hour in which local times come twice.
END_OF_SUMMER_TIME = datetime(2027, 10, 31, 0, 40, tzinfo=UTC)


class Story:
    """The world, and what people have approved: for each bill the amounts that its task showed then."""

    def __init__(self, world: AcumaticaWorld) -> None:
        self.world = world
        self.approved: dict[str, set[Decimal]] = {}

    @property
    def bills(self) -> list[str]:
        return [record.id for record in self.world.acumatica.tenants["MUSTER"].all("Bill")]

    def add(self) -> None:
        for amount in ("10.00", "20.00"):
            self.world.bill(amount=amount)

    def change(self, **values: Any) -> None:
        """One that a person can still change on the screen: none that is released."""
        for bill in self.bills[:1]:
            shown = self.world.acumatica.bill(bill)
            if shown["Status"] in ("Balanced", "On Hold"):
                amount = values.get("amount") or shown["Amount"] + 1
                status = values.get("status", shown["Status"])
                self.world.acumatica.change_bill(bill, amount=amount, status=status)

    def delete(self) -> None:
        """The last one, if it is not released."""
        for bill in self.bills[-1:]:
            if self.world.status(bill) in ("Balanced", "On Hold"):
                self.world.acumatica.delete_bill(bill)

    def decide(self, verdict: str) -> None:
        for bill in self.bills[:2]:
            for task in self._tasks(bill):
                if verdict == "approved" and task.approval_status != "approved":
                    shown = self.world.asana.value(task.gid, self.world.fields["amount"])
                    self.approved.setdefault(bill, set()).add(shown)
                if task.resource_subtype == "approval":
                    self.world.asana.decide(task.gid, verdict)

    def press(self) -> None:
        """Somebody releases it in Acumatica: that needs no approval of ours."""
        for bill in self.bills[:1]:
            if self.world.status(bill) == "Balanced":
                self.approved.setdefault(bill, set()).add(self.world.acumatica.bill(bill)["Amount"])
                self.world.acumatica.press("Bill", bill, "ReleaseBill")

    def _tasks(self, bill: str) -> list[Any]:
        number = self.world.acumatica.bill(bill)["ReferenceNbr"]
        key = f"Acumatica: Bill {number} (MUSTER)"
        return [task for task in self.world.tasks() if key in task.notes]

    # --- what must hold -----------------------------------------------------------------------------------

    def holds(self) -> None:
        world = self.world
        for release in world.releases():
            assert release.amount in self.approved.get(release.id, set()), (release, self.approved)
        states = set(Record.objects.values_list("state", flat=True))
        assert states <= {RecordState.DONE, RecordState.DORMANT, RecordState.REJECTED}, states
        for bill in self.bills:
            shown = world.acumatica.bill(bill)
            assert len(world.releases(bill)) == (shown["Status"] == "Open")
            tasks = self._tasks(bill)
            assert len(tasks) == 1 or (not tasks and shown["Status"] != "Balanced"), bill
            for task in tasks:
                assert world.asana.value(task.gid, world.fields["amount"]) == shown["Amount"]
                assert world.asana.value(task.gid, world.fields["status"]) == shown["Status"]
                is_heard = (task.approval_status, shown["Status"]) != ("approved", "Balanced")
                assert is_heard, f"approved and not released: {shown}"


ACTIONS: dict[str, Callable[[Story], Any]] = {
    "add": lambda story: story.add(),
    "amount up": lambda story: story.change(),
    "amount back": lambda story: story.change(amount=Decimal("10.00")),
    "hold": lambda story: story.change(status="On Hold", amount=None),
    "balance": lambda story: story.change(status="Balanced"),
    "delete": lambda story: story.delete(),
    "approve": lambda story: story.decide("approved"),
    "reject": lambda story: story.decide("rejected"),
    "ask again": lambda story: story.decide("pending"),
    "release by hand": lambda story: story.press(),
    "poll": lambda story: story.world.poll(),
    "handle": lambda story: work.due_records(),
    "push": lambda story: story.world.deliver(),
    "a minute": lambda story: story.world.pass_time(timedelta(minutes=1)),
    "an hour": lambda story: story.world.pass_time(timedelta(hours=1)),
    "lost answer": lambda story: story.world.acumatica.fail("POST /Bill/ReleaseBill", "drop after"),
    "lost operation": lambda story: setattr(story.world.acumatica.options, "operations_lost", 1),
    "lost task": lambda story: story.world.asana.fail("tasks.create", "drop after"),
}
STEPS = st.lists(st.sampled_from(sorted(ACTIONS)), min_size=6, max_size=18)
MOMENTS = tuple(moment for moment in Crashes.MOMENTS if "batch" not in moment)
KILLS = st.sets(st.tuples(st.sampled_from(MOMENTS), st.integers(1, 3)), max_size=3)
_settings = settings(max_examples=3, suppress_health_check=list(HealthCheck))


def begun(acumatica: Any, asana: Any, configured: Any) -> Story:
    acumatica.reset()
    asana.reset()
    known.forget()
    ahead = END_OF_SUMMER_TIME - clock.now()
    for one in (acumatica.clock, asana.clock):
        one.set(END_OF_SUMMER_TIME)
    clock.advance(ahead)
    # Rows move between pages whenever one is changed.
    acumatica.options.order = "shifting"
    world = AcumaticaWorld(acumatica, asana, with_orders=False)
    world.listen(configured)
    story = Story(world)
    story.add()
    intake.ensure_cursors()
    return story


def test_nothing_is_released_that_was_not_approved_at_exactly_this_amount(
    db: None, acumatica: Any, asana: Any, monkeypatch: Any, settings: Any
) -> None:
    crashes = Crashes(monkeypatch)
    monkeypatch.setattr(sessions.time, "sleep", lambda seconds: None)
    released: list[int] = []

    @_settings
    @given(steps=STEPS, kills=KILLS)
    @example(["poll", "handle", "approve", "poll", "handle"], {("after POST", 4)})
    @example(["poll", "handle", "approve", "amount up", "push", "handle", "poll", "handle"], set())
    @example(["poll", "handle", "approve", "hold", "poll", "handle", "balance", "approve"], set())
    @example(["poll", "handle", "approve", "poll", "ask again", "amount up", "handle", "approve"], set())
    def check(steps: list[str], kills: set[Moment]) -> None:
        with rolled_back():
            story = begun(acumatica, asana, settings)
            crashes.arm(kills)
            for step in steps:
                survive(story.world, lambda step=step: ACTIONS[step](story))
            story.world.deliver()
            while not survive(story.world, lambda: story.world.work(minutes=6)):
                story.world.pass_time(AFTER_A_CRASH)
            crashes.at.clear()
            # Deletions are looked for once a day.
            story.world.pass_time(timedelta(days=1))
            for _ in range(2):
                story.world.work(minutes=2)
            story.holds()
            released.append(len(story.world.releases()))

    check()
    assert sum(released) >= 3
