"""Actions on a document (release, approve, ...): started, followed to their end, and how they ended.

An answer of Acumatica proves little: 204 also means that nothing was done at all, and an operation may be
lost. So the caller reads the status again after every action. Source: "Execution of an action" (read
2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from connections import addresses as checked_addresses
from connections import sessions
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.messages import DataFault, Message, say
from connections.sessions import Keys
from connections.vendors.acumatica import addresses
from connections.vendors.acumatica.cookies import cookie_header
from connections.vendors.acumatica.errors import SERVER, texts_of
from connections.vendors.acumatica.values import Value, wrapped

if TYPE_CHECKING:
    from connections.vendors.acumatica.client import Client

# What a worker waits for an operation before it goes on with something else; the operation runs on.
WAITS_SECONDS = (0.0, 0.5, 1.0, 2.0, 2.0)
# After so long an operation counts as lost.
GIVE_UP_AFTER = timedelta(minutes=10)
ACTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class ActionEnd(StrEnum):
    """How an action ended, as far as the answers tell. Only the status of the document proves it."""

    # An operation was started and ran to its end.
    DONE = "done"
    # Answered without an operation: done at once, or nothing was done at all.
    NOTHING_VISIBLE = "nothing_visible"
    # A rule of Acumatica spoke against it; nothing was done.
    REFUSED = "refused"
    # The answer was lost, or the operation still runs or has vanished.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ActionResult:
    """How an action ended; `faults` are the reasons that Acumatica gives, all of them."""

    end: ActionEnd
    message: Message
    faults: tuple[DataFault, ...] = ()
    is_running: bool = False

    def proven(self) -> None:
        """Raises RejectedError for a refusal, OutcomeUnknownError where only the status can tell."""
        if self.end == ActionEnd.REFUSED:
            raise RejectedError(self.message, vendor="acumatica", code="action_refused", faults=self.faults)
        if self.end == ActionEnd.UNKNOWN:
            raise OutcomeUnknownError(self.message, vendor="acumatica", code="action_unknown")


class State(NamedTuple):
    """How a long operation stands when it is asked about; `end` None = it runs."""

    end: ActionEnd | None
    text: str = ""
    faults: tuple[DataFault, ...] = ()


RUNS = State(None)


def run(
    client: Client,
    entity: str,
    record_id: str,
    action: str,
    parameters: Mapping[str, Value],
    custom: Mapping[str, Value],
) -> ActionResult:
    """Call `action` on a record and follow it for some seconds, while nobody else calls.

    Raises ConfigurationError for an action that is not there or not allowed, TransientError when it was
    certainly not started.
    """
    if not ACTION_NAME.fullmatch(action):
        raise _no_such_action(entity, action)
    body = {"entity": {"id": record_id}, "parameters": _parameters(parameters, custom)}
    with client.exclusive():
        try:
            answer = client.call(
                "POST",
                client.at(f"/{entity}/{action}"),
                is_write=True,
                json=body,
                ok=(200, 202, 204),
            )
        except OutcomeUnknownError as error:
            return ActionResult(ActionEnd.UNKNOWN, error.message)
        except RejectedError as error:
            return ActionResult(ActionEnd.REFUSED, error.message, error.faults)
        except ConfigurationError as error:
            raise (_no_such_action(entity, action) if error.status == 404 else error) from error
        if answer.status == 204:
            # A Location that comes along does not lead to any state.
            return ActionResult(
                ActionEnd.NOTHING_VISIBLE,
                say("Acumatica answered '%(action)s' without starting anything visible.", action=action),
            )
        operation = _operation(client, answer.headers.get("Location", ""))
        if answer.status == 202 and operation:
            return _followed(client, action, operation)
        return _unclear(action, "; ".join(texts_of(answer.content)))


def state(client: Client, operation: str, keys: Keys) -> State:
    """How the operation stands, asked in the session `keys` that started it (with OAuth: none).

    Raises TransientError when Acumatica can't be asked now.
    """
    client.transport.hide(*keys.values())
    options: dict[str, Any] = {"auth": None, "headers": {"Cookie": cookie_header(keys)}} if keys else {}
    try:
        answer = client.transport.call("GET", operation, ok=(200, 202, 204), **options)
    except AccessLostError:
        if not keys:
            raise
        return State(ActionEnd.UNKNOWN)
    except RejectedError as error:
        return State(ActionEnd.REFUSED, str(error), error.faults)
    except TransientError as error:
        if error.code != SERVER:
            raise
        return State(ActionEnd.UNKNOWN, str(error))
    except ConnectorError as error:
        # The operation is not known there (any more).
        return State(ActionEnd.UNKNOWN, str(error))
    if answer.status == 202:
        return RUNS
    texts = texts_of(answer.content) if answer.status == 200 else ()
    # Older builds answer 200 with a body when the operation has failed. Source: a mobile client (read
    # 2026-11).
    return State(ActionEnd.REFUSED, "; ".join(texts)) if texts else State(ActionEnd.DONE)


def _followed(client: Client, action: str, operation: str) -> ActionResult:
    client.sessions.operation_began(operation, GIVE_UP_AFTER)
    for seconds in WAITS_SECONDS:
        sessions.wait(seconds)
        try:
            found = state(client, operation, client.sessions.held_keys)
        except TransientError:
            continue
        if found.end is not None:
            client.sessions.operation_ended()
            return _ended(action, found)
    return ActionResult(
        ActionEnd.UNKNOWN,
        say("Acumatica is still working on '%(action)s'. Its status is read again later.", action=action),
        is_running=True,
    )


def _ended(action: str, found: State) -> ActionResult:
    if found.end == ActionEnd.DONE:
        return ActionResult(found.end, say("Acumatica has carried out '%(action)s'.", action=action))
    if found.end == ActionEnd.REFUSED:
        return ActionResult(
            found.end,
            say("Acumatica refused '%(action)s'. It says: %(text)s", action=action, text=found.text),
            found.faults,
        )
    return _unclear(action, found.text)


def _unclear(action: str, text: str) -> ActionResult:
    return ActionResult(
        ActionEnd.UNKNOWN,
        say(
            "It is not known whether Acumatica has carried out '%(action)s'; the status of the document is "
            "read before anything is repeated. %(text)s",
            action=action,
            text=text,
        ),
    )


def _operation(client: Client, location: str) -> str:
    """Where the operation's state is asked for; "" for none, or an address that is not the instance's."""
    if not location:
        return ""
    url = addresses.joined(client.connection, location)
    own = checked_addresses.origin(addresses.instance(client.connection))
    return url if checked_addresses.origin(url) == own else ""


def _parameters(parameters: Mapping[str, Value], custom: Mapping[str, Value]) -> dict[str, Any]:
    """Parameters of the contract, and fields of a dialog ("View.Field") as custom ones."""
    made: dict[str, Any] = wrapped(parameters)
    for name, value in custom.items():
        view, _, field = name.partition(".")
        made.setdefault("custom", {}).setdefault(view, {})[field] = {
            "type": _custom_type(value),
            **wrapped({field: value})[field],
        }
    return made


def _custom_type(value: Value) -> str:
    if isinstance(value, bool):
        return "CustomBooleanField"
    if isinstance(value, int):
        return "CustomIntField"
    if isinstance(value, Decimal):
        return "CustomDecimalField"
    return "CustomDateTimeField" if isinstance(value, date) else "CustomStringField"


def _no_such_action(entity: str, action: str) -> ConfigurationError:
    return ConfigurationError(
        say(
            "Acumatica has no action '%(action)s' for %(entity)s at this endpoint, or the endpoint is gone. "
            "The name differs from screen to screen: find it with 'Inspect Element' on the button in "
            "Acumatica, or in the list that 'Test connection' shows, and correct the setting.",
            action=action,
            entity=entity,
        ),
        vendor="acumatica",
        status=404,
        code="no_such_action",
    )
