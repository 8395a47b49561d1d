"""How values look in JSON: bare decimal numbers, UTC moments, and answers with OData's headers."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.sandbox.kit import Response

CONTENT_TYPE = "application/json; odata.metadata=minimal"
TEN_DIGITS = Decimal("1E-10")


def encoded(value: Any) -> str:
    """`value` as JSON text; a Decimal becomes a bare number with its own digits."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        inner = ",".join(f"{json.dumps(str(key))}:{encoded(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(encoded(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    response = Response(encoded(value), status=status, content_type=CONTENT_TYPE)
    response.headers["OData-Version"] = "4.0"
    response.headers.update(headers or {})
    return response


def empty(status: int = 204, headers: Mapping[str, str] | None = None) -> Response:
    response = Response(b"", status=status)
    response.headers.pop("Content-Type", None)
    response.headers["OData-Version"] = "4.0"
    response.headers.update(headers or {})
    return response


def number(value: Decimal, *, short: bool) -> Decimal:
    """119 as 119.0000000000, or without needless digits."""
    if not short:
        return value.quantize(TEN_DIGITS)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def iso(at: datetime | date | None) -> str | None:
    """A moment as 2026-11-21T08:00:00Z, a day as 2026-11-21."""
    if at is None:
        return None
    if isinstance(at, datetime):
        return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return at.isoformat()


def is_guid(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
