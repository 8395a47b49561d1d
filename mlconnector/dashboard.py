"""The admin's first page: what moves, what waits, what waits for a person, and whether the sign-ins hold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def add_to_index(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return context
