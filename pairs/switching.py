"""What people do with an integration: switch it on or off, pause it, let it read at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from connections import audit, clock, queue
from connections.base import Option
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from pairs import intake
from pairs.checks import faults_of
from pairs.mapping import UNFILLED
from pairs.models import Cursor, Integration, ValueTable, ValueTableRow, Webhook, WebhookState


def switch_on(integration: Integration, *, by: str) -> None:
    """Raises ConfigurationError with all faults while there are any."""
    faults = faults_of(integration)
    if faults:
        raise ConfigurationError(
            say(
                "'%(integration)s' can't be switched on yet: %(count)s things have to be corrected.",
                integration=integration.name,
                count=len(faults),
            ),
            faults=faults,
        )
    _change(integration, "integration.switched_on", say("Switched on."), by, is_on=True, is_paused=False)
    intake.ensure_cursors()
    poll_now(integration, by=by)
    # Its webhook is registered now, not up to a minute and a half later.
    queue.wake("pairs.tasks.tick")


def switch_off(integration: Integration, *, by: str) -> None:
    _change(integration, "integration.switched_off", say("Switched off."), by, is_on=False)


def pause(integration: Integration, *, by: str) -> None:
    message = say("Paused: changes are still noticed, but nothing is written anywhere.")
    _change(integration, "integration.paused", message, by, is_paused=True)


def resume(integration: Integration, *, by: str) -> None:
    _change(integration, "integration.resumed", say("Resumed."), by, is_paused=False)
    queue.wake("pairs.tasks.work_due")


def poll_now(integration: Integration, *, by: str) -> int:
    """Let every flow read its source now. How many flows."""
    if not integration.is_on:
        raise RejectedError(say("It is switched off. Switch it on first."))
    ids = list(Cursor.objects.filter(integration=integration).values_list("pk", flat=True))
    with transaction.atomic():
        Cursor.objects.filter(pk__in=ids).update(due_at=clock.now())
        for cursor_id in ids:
            queue.wake("pairs.tasks.poll", cursor_id)
        audit.record(
            "integration.poll_asked_for",
            _subject(integration),
            say("Asked to read the source now."),
            actor=by,
        )
    return len(ids)


def register_again(integration: Integration, *, by: str) -> int:
    """Let the webhooks be registered anew, with new secrets. How many."""
    if not integration.is_on:
        raise RejectedError(say("It is switched off. Switch it on first."))
    with transaction.atomic():
        hooks = Webhook.objects.filter(integration=integration).exclude(state=WebhookState.REMOVED)
        ids = list(hooks.values_list("pk", flat=True))
        if not ids:
            raise RejectedError(
                say(
                    "There is no webhook. Webhooks need a public https address of this installation "
                    "(PUBLIC_URL); without one the source is read every few minutes."
                )
            )
        Webhook.objects.filter(pk__in=ids).update(state=WebhookState.LOST, due_at=clock.now(), failures=0)
        for hook_id in ids:
            queue.wake("pairs.tasks.heal", hook_id)
        audit.record(
            "integration.webhooks_asked_for",
            _subject(integration),
            say("Asked to register the webhooks again."),
            actor=by,
        )
    return len(ids)


def table_from_options(name: str, options: tuple[Option, ...], *, by: str) -> ValueTable:
    """A value table with a row for each option; the target values are still to be filled in."""
    if not options:
        raise RejectedError(say("This field has no options to choose from."))
    if ValueTable.objects.filter(name=name).exists():
        raise RejectedError(say("There is a value table '%(name)s' already.", name=name))
    with transaction.atomic():
        table = ValueTable.objects.create(name=name)
        for option in options:
            ValueTableRow.objects.create(
                table=table, source_value=option.ref, source_label=option.label[:200], target_value=UNFILLED
            )
        audit.record(
            "value_table.made",
            f"value_table:{table.pk}",
            say("Made from %(count)s options of a field.", count=len(options)),
            actor=by,
        )
    return table


def _change(integration: Integration, action: str, message: Message, by: str, **values: Any) -> None:
    with transaction.atomic():
        for name, value in values.items():
            setattr(integration, name, value)
        integration.save(update_fields=tuple(values))
        audit.record(action, _subject(integration), message, actor=by)


def _subject(integration: Integration) -> str:
    return f"integration:{integration.pk}"
