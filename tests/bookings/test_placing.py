"""Placing, collecting and taking back bookings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bookings import batches, selectors, services
from bookings.batches import CAPACITIES, Capacity, Closing
from bookings.entry import Route, Side
from bookings.models import Batch, BatchState, Booking
from connections import clock
from connections.errors import RejectedError
from tests.bookings.world import AT_ONCE, DAY, INVOICE, LATER, World


def test_placing_twice_is_placing_once(world: World) -> None:
    first = world.place("record:1", closing=LATER)
    second = world.place("record:1", closing=LATER)

    assert [booking.pk for booking in first] == [booking.pk for booking in second]
    assert world.batch().rows == 1


def test_placing_again_with_other_values_is_refused(world: World) -> None:
    world.place("record:1", closing=LATER)

    with pytest.raises(RejectedError) as raised:
        world.place("record:1", closing=LATER, amount=Decimal("120.00"))

    assert raised.value.code == "placed_differently"


def test_all_faults_are_listed_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(RejectedError) as raised:
        world.place("record:1", contra_account="4999", cost_center_1="999", bu_key="77")

    assert len(raised.value.faults) >= 3
    assert not Booking.objects.exists()
    assert not Batch.objects.exists()


def test_two_workers_that_place_at_the_same_moment_place_once(world: World, monkeypatch: Any) -> None:
    """The second worker has looked before the first one committed."""
    first = world.place("record:1", closing=LATER)
    looked = services._placed
    answers = [[]]
    monkeypatch.setattr(services, "_placed", lambda *key: answers.pop() if answers else looked(*key))

    second = world.place("record:1", closing=LATER)

    assert [booking.pk for booking in second] == [booking.pk for booking in first]
    assert world.batch().rows == 1


def test_a_caller_that_lost_its_hold_places_nothing(world: World) -> None:
    class LostHoldError(Exception):
        pass

    def guard() -> None:
        raise LostHoldError

    with pytest.raises(LostHoldError):
        services.place(
            "record:1",
            1,
            world.client,
            [INVOICE],
            route=Route.EXTF,
            batch_origin="integration:1",
            label="",
            closing=AT_ONCE,
            guard=guard,
        )

    assert not Booking.objects.exists()


def test_each_month_direction_and_integration_has_a_batch_of_its_own(world: World) -> None:
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER, document_date=date(2026, 8, 1))
    world.place("record:3", closing=LATER)

    assert sorted(Batch.objects.values_list("month", "rows")) == [
        (date(2026, 7, 1), 2),
        (date(2026, 8, 1), 1),
    ]


def test_a_batch_is_closed_by_count(world: World) -> None:
    closing = Closing(count=2, age=timedelta(days=1))
    world.place("record:1", closing=closing)
    assert world.batch().state == BatchState.OPEN

    world.place("record:2", closing=closing)
    world.place("record:3", closing=closing)

    assert list(Batch.objects.order_by("pk").values_list("state", "rows")) == [("closed", 2), ("open", 1)]


def test_a_batch_is_closed_by_time(world: World) -> None:
    world.place("record:1", closing=LATER)

    assert batches.close_due(clock.now()) == []
    [closed] = batches.close_due(clock.now() + timedelta(hours=1))

    assert closed == world.batch(state=BatchState.CLOSED)
    assert batches.close_due(clock.now() + timedelta(hours=1)) == []


@pytest.mark.parametrize("limit", [Capacity(rows=2, size_bytes=10**9), Capacity(rows=99, size_bytes=900)])
def test_what_does_not_fit_opens_the_next_file(world: World, monkeypatch: Any, limit: Capacity) -> None:
    monkeypatch.setitem(CAPACITIES, Route.EXTF, limit)

    for number in range(1, 4):
        world.place(f"record:{number}", closing=LATER)

    assert list(Batch.objects.order_by("pk").values_list("rows", flat=True)) == [2, 1]


def test_the_hundred_thousandth_row_opens_the_next_file(world: World) -> None:
    world.place("record:1", closing=Closing(10**6, timedelta(hours=1)))
    Batch.objects.update(rows=99_997, size_bytes=40_000_000)

    for number in range(2, 5):
        world.place(f"record:{number}", closing=Closing(10**6, timedelta(hours=1)))

    assert list(Batch.objects.order_by("pk").values_list("state", "rows")) == [
        ("closed", 99_999),
        ("open", 1),
    ]


def test_rows_of_one_origin_stay_together(world: World, monkeypatch: Any) -> None:
    monkeypatch.setitem(CAPACITIES, Route.EXTF, Capacity(rows=3, size_bytes=10**9))
    pair = (INVOICE, replace(INVOICE, amount=Decimal("5.00")))

    world.place("record:1", *pair, closing=LATER)
    bookings = world.place("record:2", *pair, closing=LATER)

    assert {booking.batch_id for booking in bookings} == {Batch.objects.order_by("-pk")[0].pk}


def test_withdrawn_bookings_leave_the_open_batch_and_may_be_placed_anew(world: World) -> None:
    world.place("record:1", closing=LATER)
    world.place("record:2", closing=LATER)

    assert services.withdraw("record:1") == 1

    assert world.batch().rows == 1
    world.place("record:1", closing=LATER, document_field_1="RE-1b")
    world.run_to_rest()
    assert world.arrived == ["RE-2", "RE-1b"]
    assert list(Booking.objects.order_by("pk").values_list("row", flat=True)) == [1, 2]


def test_an_emptied_batch_is_removed_instead_of_sent(world: World) -> None:
    world.place("record:1", closing=LATER)
    services.withdraw("record:1")

    world.run_to_rest()

    assert not Batch.objects.exists()
    assert world.datev.store.uploads == {}


def test_a_closed_batch_keeps_its_bookings(world: World) -> None:
    world.place("record:1")

    assert services.withdraw("record:1") == 0
    assert world.batch().rows == 1


def test_an_earlier_revision_that_is_still_collected_gives_way(world: World) -> None:
    world.place("record:1", closing=LATER)

    world.place("record:1", revision=2, closing=LATER, document_field_1="RE-1b")
    world.run_to_rest()

    assert world.arrived == ["RE-1b"]


def test_what_stands_in_the_books_is_what_was_not_taken_back(world: World) -> None:
    world.place("record:1")
    world.run_to_rest()
    first = replace(INVOICE, document_field_1="RE-1")
    second = replace(first, amount=Decimal("238.00"))
    taken_back = replace(first, side=Side.DEBIT, is_reversal=True)
    assert selectors.posted_entries("record:1", before_revision=2) == [first]

    world.place("record:1", taken_back, second, revision=2)
    world.run_to_rest()

    assert selectors.posted_entries("record:1", before_revision=3) == [second]
    assert selectors.entries("record:1", 2) == [taken_back, second]


def test_announcements_are_made_until_they_are_marked(world: World) -> None:
    world.place("record:1")
    assert selectors.unannounced(10) == []
    world.run_to_rest()

    told = selectors.unannounced(10)

    assert services.mark_announced([booking.pk for booking in told]) == 1
    assert selectors.unannounced(10) == []


def test_the_counts_name_every_state(world: World) -> None:
    world.place("record:1")

    assert selectors.batch_counts() == dict.fromkeys(BatchState.values, 0) | {"closed": 1}
    assert set(selectors.document_counts()) == {"planned", "uploaded", "refused", "duplicate"}


def test_the_books_are_read_again_only_after_a_change(world: World, django_assert_num_queries: Any) -> None:
    services.books(world.client)
    with django_assert_num_queries(1):
        known = services.books(world.client)
    assert "4711" not in known.accounts

    world.client.accounts.create(number="4711")
    assert "4711" in services.books(world.client).accounts
    world.client.accounts.filter(number="4711").update(is_blocked=True)
    assert services.books(world.client).accounts["4711"].is_blocked
    world.client.accounts.filter(number="4711").delete()
    assert "4711" not in services.books(world.client).accounts
    world.client.fiscal_years.update(closed_until=DAY)
    assert services.books(world.client).fiscal_years[0].closed_until == DAY
    world.client.chart = "04"
    world.client.save(update_fields=["chart"])
    assert services.books(world.client).chart == "04"
