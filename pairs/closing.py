"""When the batches of an integration are sent: settings that every pair that books into DATEV shares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from bookings.closing import NO_LIMIT, Closing, Schedule, read_days, read_times
from connections.base import SettingField
from connections.messages import DataFault, say

CLOSING_SETTINGS = (
    SettingField(
        "close_count",
        "Bookings per file",
        "integer",
        default=1,
        help_text="A file is sent when it holds this many bookings; 1 sends each at once, 0 sets no limit.",
    ),
    SettingField(
        "close_minutes",
        "Sent at the latest after (minutes)",
        "integer",
        default=60,
        help_text="A file that does not fill up is sent after this time; 0: only at the times below.",
    ),
    SettingField(
        "close_times",
        "Sent at (times of the day)",
        help_text="Whatever has been collected is sent at these times, for example 7:00, 16:30. Empty: none.",
    ),
    SettingField(
        "close_days",
        "Sent on (days of the week)",
        help_text="Days on which the times hold, for example Mo-Fr. Empty: every day.",
    ),
)


class HasSettings(Protocol):
    def setting(self, key: str) -> Any: ...


def closing_of(integration: HasSettings) -> Closing:
    """The rule of this integration (or of a context of it); its settings were checked before."""
    count, minutes = int(integration.setting("close_count")), int(integration.setting("close_minutes"))
    times = str(integration.setting("close_times") or "")
    return Closing(
        count=count or NO_LIMIT,
        age=timedelta(minutes=minutes) if minutes else None,
        schedule=Schedule(read_times(times), read_days(str(integration.setting("close_days") or "")))
        if times.strip()
        else None,
    )


def check_closing(integration: HasSettings) -> list[DataFault]:
    """What can't be understood of these settings."""
    readers: Mapping[str, Any] = {"close_times": read_times, "close_days": read_days}
    labels = {field.key: field.label for field in CLOSING_SETTINGS}
    examples = {"close_times": "7:00, 16:30", "close_days": "Mo-Fr"}
    faults = []
    for key, read in readers.items():
        text = str(integration.setting(key) or "")
        if not text.strip():
            continue
        try:
            read(text)
        except ValueError as error:
            faults.append(
                DataFault(
                    labels[key],
                    text,
                    say("'%(part)s' can't be understood.", part=error),
                    say("Write it as %(example)s.", example=examples[key]),
                )
            )
    for key in ("close_count", "close_minutes"):
        if int(integration.setting(key)) < 0:
            faults.append(
                DataFault(
                    labels[key],
                    str(integration.setting(key)),
                    say("This must not be negative."),
                    say("Enter 0 or more."),
                )
            )
    return faults
