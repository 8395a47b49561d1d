"""When batches are closed: at once, by count, by age, or at times of the day on days of the week."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
# As accountants write them, in German and English; Monday is 0.
DAY_WORDS = {
    word: number
    for number, words in enumerate(("mo mon", "di tue", "mi wed", "do thu", "fr fri", "sa sat", "so sun"))
    for word in words.split()
}
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
# A batch that fills up neither by count nor at a time is sent after this long: nothing waits for ever.
AT_THE_LATEST = timedelta(days=1)
NO_LIMIT = 10**6


@dataclass(frozen=True)
class Schedule:
    """Times of the day on some days of the week (0 = Monday), in local time."""

    times: tuple[time, ...]
    weekdays: frozenset[int] = EVERY_DAY

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time of the schedule after `moment` (aware), as UTC counts it.

        A time that the clock change leaves out is taken as if the clock had not been changed; one that comes
        twice counts once.
        """
        return next(at for at in self._from(moment.astimezone(zone)) if at > moment)

    def _from(self, local: datetime) -> Iterator[datetime]:
        for days in range(15):
            day = local.date() + timedelta(days=days)
            if day.weekday() in self.weekdays:
                for at in sorted(self.times):
                    yield datetime.combine(day, at, tzinfo=local.tzinfo)


@dataclass(frozen=True)
class Closing:
    """When an integration's batches are sent: whichever comes first.

    At `count` rows, `age` after the first row, or at the next time of `schedule`; None = not by it.
    """

    count: int = 1
    age: timedelta | None = timedelta(hours=1)
    schedule: Schedule | None = None

    def closes_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When a batch that gets its first row now is closed at the latest."""
        moments = []
        if self.age is not None:
            moments.append(now + self.age)
        if self.schedule is not None:
            moments.append(self.schedule.next_after(now, zone))
        return min(moments, default=now + AT_THE_LATEST)


def read_times(text: str) -> tuple[time, ...]:
    """'7:00, 16:30' as times. Raises ValueError for anything else, and for nothing."""
    found = []
    for part in re.split(r"[,;\s]+", text.strip()):
        match = TIME.fullmatch(part)
        if match is None:
            raise ValueError(part)
        found.append(time(int(match[1]), int(match[2])))
    return tuple(sorted(set(found)))


def read_days(text: str) -> frozenset[int]:
    """'Mo-Fr' or 'Mon, Wed' as days of the week; empty = every day. Raises ValueError for anything else."""
    if not text.strip():
        return EVERY_DAY
    days: set[int] = set()
    for part in re.split(r"[,;\s]+", text.strip().lower()):
        ends = [DAY_WORDS.get(word.strip(".")) for word in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise ValueError(part)
        days |= {day % 7 for day in range(first, last + (7 if last < first else 0) + 1)}
    return frozenset(days)
