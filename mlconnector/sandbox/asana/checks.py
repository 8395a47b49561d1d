"""Checks of request bodies: known fields, right types. Each check raises ApiError 400."""

from collections.abc import Callable, Mapping
from typing import Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.errors import ApiError, missing, not_an_id

Check = Callable[[str, Any], None]


def _wrong(name: str, what: str, value: Any) -> ApiError:
    return ApiError(400, f"{name}: Not {what}: {value}")


def text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _wrong(name, "a String", value)


def flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise _wrong(name, "a Boolean", value)


def number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an Integer", value)


def gid(name: str, value: Any) -> None:
    """A record's id: text of digits. Numbers are refused, they lose digits on the way."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise not_an_id(name, value)


def obj(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise _wrong(name, "an Object", value)


def day(name: str, value: Any) -> None:
    if values.day(value) is None:
        raise _wrong(name, "a valid date", value)


def moment(name: str, value: Any) -> None:
    if not isinstance(value, str) or values.moment(value) is None:
        raise _wrong(name, "a valid date-time", value)


def each(check: Check) -> Check:
    """An array whose items all pass `check`."""

    def checked(name: str, value: Any) -> None:
        if not isinstance(value, list):
            raise _wrong(name, "an Array", value)
        for item in value:
            check(name, item)

    return checked


def one_of(*allowed: str) -> Check:
    def checked(name: str, value: Any) -> None:
        if value not in allowed:
            raise ApiError(400, f"{name}: Value is not one of {', '.join(allowed)}: {value}")

    return checked


def nullable(check: Check) -> Check:
    def checked(name: str, value: Any) -> None:
        if value is not None:
            check(name, value)

    return checked


def body(data: Any, known: Mapping[str, Check], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """`data` when it is an object of known, well-typed fields with all the required ones."""
    if not isinstance(data, dict):
        raise ApiError(400, "data: Missing input")
    for name in required:
        if data.get(name) is None:
            raise missing(name)
    for name, value in data.items():
        if name not in known:
            raise ApiError(400, f"{name}: Unrecognized field in request body")
        known[name](name, value)
    return data
