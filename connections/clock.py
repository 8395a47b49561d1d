"""The one place that tells the time, so that tests and simulations can move it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

_ahead = timedelta(0)


def now() -> datetime:
    """The present moment, aware, UTC."""
    return timezone.now() + _ahead


def advance(by: timedelta) -> None:
    """Move this process's clock; for tests."""
    global _ahead
    _ahead += by


def reset() -> None:
    global _ahead
    _ahead = timedelta(0)
