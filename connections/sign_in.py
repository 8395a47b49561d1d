"""Whether a sign-in may be tried now: one that was refused waits for a person, because repeats lock users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from connections.errors import AccessLostError
from connections.messages import Message
from connections.models import Connection, Health

_asked_by_person: ContextVar[bool] = ContextVar("asked_by_person", default=False)


@contextmanager
def asked_by_person() -> Iterator[None]:
    """Inside, a connection that waits for a sign-in may try again: a person wants to know."""
    token = _asked_by_person.set(True)
    try:
        yield
    finally:
        _asked_by_person.reset(token)


def check_may_sign_in(connection: Connection, otherwise: Message) -> None:
    """Raises AccessLostError while the connection waits for a person.

    The message is the one that is stored, or `otherwise`.
    """
    if _asked_by_person.get():
        return
    found = Connection.objects.filter(pk=connection.pk).values_list("health", "health_message").first()
    if found and found[0] == Health.SIGN_IN:
        message = Message.from_json(found[1]) if found[1] else otherwise
        raise AccessLostError(message, vendor=connection.vendor)
