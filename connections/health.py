"""The traffic light of a connection, changed at run time."""

from __future__ import annotations

from django.db import transaction

from connections import audit
from connections.messages import Message, say
from connections.models import Connection, Health

WORKS = say("The connection works.")


def sign_in_needed(connection: Connection, message: Message, *, help_url: str = "") -> None:
    """A person must sign in again: the connection pauses with `message`; recorded once."""
    _change(connection, Health.SIGN_IN, message, "connection.sign_in_needed", help_url=help_url)


def untested(connection: Connection, message: Message | None = None, *, actor: str = "") -> None:
    """Usable, but nobody has seen it work: signed in or changed since the last test."""
    _change(connection, Health.UNKNOWN, message, "connection.untested", actor=actor)


def healthy(connection: Connection, message: Message | None = None, *, actor: str = "") -> None:
    _change(connection, Health.OK, message, "connection.healthy", actor=actor, told=WORKS)


def needs_attention(connection: Connection, message: Message, *, actor: str = "", help_url: str = "") -> None:
    _change(
        connection,
        Health.ATTENTION,
        message,
        "connection.needs_attention",
        actor=actor,
        help_url=help_url,
    )


def _change(
    connection: Connection,
    health: Health,
    message: Message | None,
    action: str,
    *,
    actor: str = "",
    help_url: str = "",
    told: Message | None = None,
) -> None:
    """`told` stands in the audit trail where there is no message."""
    stored = message.to_json() if message else None
    if stored is not None and help_url:
        # The vendor's own page about the fault, shown beside the sentence.
        stored["help_url"] = help_url
    with transaction.atomic():
        # update(), not save(): health is no configuration and leaves no version in the history.
        others = Connection.objects.filter(pk=connection.pk).exclude(health=health)
        if others.update(health=health, health_message=stored):
            audit.record(action, f"connection:{connection.pk}", message or told, actor=actor)
        else:
            Connection.objects.filter(pk=connection.pk).update(health_message=stored)
    connection.health, connection.health_message = health, stored
