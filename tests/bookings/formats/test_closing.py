"""When a batch is closed: by age, at times of the day on days of the week, whichever comes first."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.closing import Closing, Schedule, read_days, read_times

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = frozenset(range(5))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("2026-07-14 06:59", "2026-07-14 07:00"),  # a Tuesday
        ("2026-07-14 07:00", "2026-07-14 16:30"),
        ("2026-07-14 16:30", "2026-07-15 07:00"),
        ("2026-07-17 20:00", "2026-07-20 07:00"),  # over the weekend
        ("2026-03-27 20:00", "2026-03-30 07:00"),  # over the change to summer time
        ("2026-10-23 20:00", "2026-10-26 07:00"),  # and back
    ],
)
def test_the_next_time_of_the_schedule_in_local_time(now: str, wanted: str) -> None:
    schedule = Schedule((time(16, 30), time(7)), WORKDAYS)
    assert schedule.next_after(berlin(now).astimezone(UTC), BERLIN) == berlin(wanted)


@pytest.mark.parametrize(
    ("closing", "wanted"),
    [
        (Closing(age=timedelta(hours=1)), "2026-07-14 07:30"),
        (Closing(age=timedelta(hours=1), schedule=Schedule((time(7),))), "2026-07-14 07:00"),
        (Closing(age=timedelta(minutes=5), schedule=Schedule((time(7),))), "2026-07-14 06:35"),
        (Closing(age=None, schedule=Schedule((time(6),))), "2026-07-15 06:00"),
        # Nothing waits for ever.
        (Closing(count=100, age=None), "2026-07-15 06:30"),
    ],
)
def test_whichever_comes_first_closes_the_batch(closing: Closing, wanted: str) -> None:
    assert closing.closes_at(berlin("2026-07-14 06:30"), BERLIN) == berlin(wanted)


def test_times_and_days_are_read_as_people_write_them() -> None:
    assert read_times("16:30, 7:00;7:00") == (time(7), time(16, 30))
    assert read_days("") == frozenset(range(7))
    assert read_days("Mo-Fr") == read_days("mon-fri") == WORKDAYS
    assert read_days("Di, Do") == {1, 3}
    assert read_days("Sa-Mo") == {5, 6, 0}


@pytest.mark.parametrize("text", ["7", "24:00", "7:60", "morgens", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_times(text)


@pytest.mark.parametrize("text", ["täglich", "Mo-", "1-5", "Mo-Xx"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_days(text)
