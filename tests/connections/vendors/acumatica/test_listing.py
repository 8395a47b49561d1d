"""A list read page by page while it changes: nothing is missed, whatever order the server has."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.errors import TransientError
from connections.vendors.acumatica import listing
from connections.vendors.acumatica.listing import MAX_RESTARTS, Mark, Pass

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Batch = list[tuple[str, int]]


class Server:
    """Records with stamps in some order; a page is a slice of those at or after the bound."""

    def __init__(self, count: int, order: str) -> None:
        self.now = START + timedelta(days=1)
        self.order = order
        # Several records carry the same stamp.
        self.stamps = {f"{number:04d}": START + number // 3 * MINUTE for number in range(count)}
        self.next = count

    def happen(self, batch: Batch) -> None:
        for name, place in batch:
            if name == "add":
                # In the middle of the keys, as a document of another type has it.
                self._stamp(f"{place % 100:04d}-{self.next}")
                self.next += 1
            elif self.stamps:
                key = sorted(self.stamps)[place % len(self.stamps)]
                if name == "delete":
                    del self.stamps[key]
                else:
                    self._stamp(key)

    def page(self, reading: Pass) -> list[Mark]:
        self.now += 3 * MINUTE
        found = [Mark(key, at) for key, at in self.stamps.items() if not reading.bound or at >= reading.bound]
        found.sort(key=lambda mark: mark.id)
        if self.order == "oldest first":
            found.sort(key=lambda mark: mark.modified_at)
        if self.order == "newest first":
            found.sort(key=lambda mark: mark.modified_at, reverse=True)
        return found[reading.skip : reading.skip + listing.TOP]

    def _stamp(self, key: str) -> None:
        self.now += MINUTE
        self.stamps[key] = self.now


BATCHES = st.lists(
    st.lists(st.tuples(st.sampled_from(("change", "add", "delete")), st.integers(0, 400)), max_size=12),
    max_size=8,
)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "TOP", 10)


def read(
    server: Server, since: datetime | None, seen: dict[str, str], happens: list[Batch]
) -> datetime | None:
    """One pass, carried over from page to page as a token; where the next one begins."""
    reading = Pass(since, server.now)
    while True:
        page = server.page(reading)
        seen.update((mark.id, mark.stamp) for mark in page if not reading.is_repeated(mark))
        reading = reading.after(page, server.now)
        if reading.has_ended:
            return reading.until
        reading = Pass.from_token(reading.token())
        server.happen(happens.pop(0) if happens else [])


@pytest.mark.parametrize("order", ["by key", "oldest first", "newest first"])
def test_whatever_happens_between_pages_everything_is_seen_in_its_last_state(
    small_pages: None, order: str
) -> None:
    @given(batches=BATCHES, count=st.integers(0, 45))
    def check(batches: list[Batch], count: int) -> None:
        server, since, happens = Server(count, order), None, list(batches)
        seen: dict[str, str] = {}
        while happens:
            # A list that kept losing rows is read again from where the last pass began.
            with suppress(TransientError):
                since = read(server, since, seen, happens)
            server.happen(happens.pop(0) if happens else [])
        read(server, since, seen, [])
        wanted = {key: at.isoformat() for key, at in server.stamps.items()}
        assert {key: seen.get(key) for key in wanted} == wanted

    check()


def test_a_quiet_pass_reads_the_overlap_alone_and_stays_where_it_is(small_pages: None) -> None:
    server, seen = Server(45, "by key"), {}
    since = read(server, None, seen, [])
    assert since == max(server.stamps.values())
    again: dict[str, str] = {}
    assert read(server, since, again, []) == since
    assert set(again) == {key for key, at in server.stamps.items() if at >= since - listing.OVERLAP}


def test_the_next_pass_begins_before_this_one_did_and_never_goes_back() -> None:
    """What changed during the pass is read again, although its stamps were seen already."""
    reading = Pass(None, START).after([Mark("1", START + timedelta(minutes=9))], START)
    assert reading.until == START
    reading = Pass(START, START + timedelta(hours=1)).after([Mark("1", START - timedelta(minutes=3))], START)
    assert reading.until == START
    assert Pass(START, START).after([], START).until == START
    assert Pass(None, START).after([], START).until is None


def test_rows_without_a_stamp_are_all_read(small_pages: None) -> None:
    rows = [Mark(f"{number:02d}", None) for number in range(25)]
    reading, seen = Pass(None, START), set()
    while not reading.has_ended:
        page = rows[reading.skip : reading.skip + listing.TOP]
        seen.update(mark.id for mark in page)
        reading = reading.after(page, START)
    assert len(seen) == 25 and reading.restarts == 0


def test_a_list_that_keeps_losing_rows_is_left_for_later(small_pages: None) -> None:
    reading = Pass(None, START)
    with pytest.raises(TransientError, match="nothing is lost"):
        for number in range(0, 1000, 10):
            page = [Mark(f"{number + at}", START - timedelta(days=1)) for at in range(10)]
            reading = reading.after(page, START)
    assert reading.restarts == MAX_RESTARTS


@pytest.mark.parametrize("token", ["", "x", "{}", '{"started_at": ""}', "[]"])
def test_a_token_of_another_kind_is_refused(token: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Pass.from_token(token)
