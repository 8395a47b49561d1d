"""The settings by which an integration says when its batches are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

import pytest

from pairs.closing import CLOSING_SETTINGS, check_closing, closing_of


class Settings:
    def __init__(self, **values: Any) -> None:
        defaults: Mapping[str, Any] = {field.key: field.default for field in CLOSING_SETTINGS}
        self.values = {**defaults, **values}

    def setting(self, key: str) -> Any:
        return self.values[key]


def test_without_times_count_and_minutes_decide() -> None:
    closing = closing_of(Settings(close_count=20, close_minutes=30))
    assert (closing.count, closing.age, closing.schedule) == (20, timedelta(minutes=30), None)


def test_zero_leaves_it_to_the_times_of_the_day() -> None:
    closing = closing_of(Settings(close_count=0, close_minutes=0, close_times="18:00", close_days="Mo-Fr"))
    assert closing.age is None and closing.count > 99_999
    assert closing.schedule is not None
    assert (closing.schedule.times, closing.schedule.weekdays) == ((time(18),), frozenset(range(5)))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"close_times": "7:00", "close_days": "Mo-Fr"}, 0),
        ({"close_times": "morgens", "close_days": "werktags"}, 2),
        ({"close_count": -1, "close_minutes": -5}, 2),
    ],
)
def test_all_that_cannot_be_understood_is_listed(changes: dict[str, Any], count: int) -> None:
    assert len(check_closing(Settings(**changes))) == count
