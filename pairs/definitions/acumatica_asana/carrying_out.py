"""A decision becomes an action on the document in Acumatica: step by step, each looked at afterwards.

What an action answers proves little, so before and after each one the document's state is read: amount and
currency must be those of the decision every time, the status only until our own first step has moved it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, say
from connections.models import Effect, EffectState
from connections.vendors.acumatica.api import ActionEnd, ActionResult, DocumentState
from pairs.definitions.acumatica_asana.items import facts_of
from pairs.definitions.acumatica_asana.kinds import BILLS, Kind
from pairs.engine import Context
from pairs.models import Link

ON_HOLD, PENDING, BALANCED, REJECTED = "On Hold", "Pending Approval", "Balanced", "Rejected"
# An approval map has rarely more steps; an approval stands for each of them that is the user's.
MOST_APPROVALS = 4
MOST_STEPS = MOST_APPROVALS + 3
# So often an action that was answered without any effect is tried again.
MOST_TRIES = 3
LABELS = {"amount": "Document amount", "currency": "Currency", "status": "Document status"}


@dataclass(frozen=True)
class Acted:
    """What became of a decision. `kind`: released, approved, rejected, noted, changed, waits, gone.

    `differences` are those between what was decided about and the document, for "changed".
    """

    kind: str
    message: Message
    status: str = ""
    url: str = ""
    differences: tuple[DataFault, ...] = ()


class CarryingOut:
    """One decision (the `number`th on this task) on one document."""

    def __init__(self, context: Context, kind: Kind, link: Link, number: int) -> None:
        self.context = context
        self.kind = kind
        self.document_id = link.source_ref
        self.basis: Mapping[str, str] = link.content.get("basis") or {}
        self.number = number

    # --- approved -----------------------------------------------------------------------------------------

    def approve(self) -> Acted:
        """Raises RejectedError or ConfigurationError where Acumatica, or its status, speaks against it."""
        for _ in range(MOST_STEPS):
            state = self._state()
            if state is None:
                return _gone()
            if state.status in self.kind.settled:
                return self._settled(state)
            differences = self._differences(state)
            if differences:
                return self._changed(state, differences)
            if not self._step(state):
                return self._waits(state)
        raise _no_effect("Approve")

    def arrived_after_all(self) -> Acted | None:
        """The decision was taken back while the answer to its action was lost, and it had arrived."""
        if not self._unclear().exists():
            return None
        state = self._state()
        return self._settled(state) if state is not None and state.status in self.kind.settled else None

    def _step(self, state: DocumentState) -> bool:
        """The step that the status asks for; False if others have to approve first."""
        if state.status == ON_HOLD and self.context.setting("releases_hold"):
            self._write("off hold", state, lambda: self._take_off_hold())
            return True
        if state.status == PENDING:
            return self._approval(state)
        if state.status == BALANCED and self.kind is BILLS:
            self._act("release", "bill_release_action", state)
            return True
        raise RejectedError(
            say(
                "The document is '%(status)s' in Acumatica, where it can't be released or approved. Nothing "
                "was done.",
                status=state.status,
            ),
            vendor="acumatica",
            code="wrong_status",
        )

    def _approval(self, state: DocumentState) -> bool:
        """The next approval of the map; False where all that are the user's have been given."""
        action = str(self.context.setting(f"{self.kind.settings}_approve_action"))
        for number in range(1, MOST_APPROVALS + 1):
            name = self._name(f"approve {number}")
            if self._is_done(name):
                if self._result(name).get("is_last"):
                    return False
                continue
            if number == MOST_APPROVALS:
                raise _no_effect(action)
            self._write(
                f"approve {number}", state, lambda number=number: self._approve_once(action, state, number)
            )
            return True
        return False

    def _approve_once(self, action: str, before: DocumentState, number: int) -> dict[str, Any]:
        """A step of a map moves neither status nor time; only that the next one is refused tells of it."""
        result = self._run(action)
        after = self._moved(before)
        if after is not None:
            return {"status": after}
        if result.end == ActionEnd.REFUSED and number > 1:
            return {"status": before.status, "is_last": True}
        result.proven()
        return {"status": before.status}

    def _settled(self, state: DocumentState) -> Acted:
        """Released or approved already, by us or by somebody else."""
        self._finish_open(state)
        url = self._url(state)
        other = [fault for fault in self._differences(state) if fault.field != LABELS["status"]]
        if other and self.has_begun():
            raise RejectedError(
                say(
                    "The document was changed in Acumatica at the very moment of its release: it is "
                    "'%(status)s' with another amount. Compare both and correct the document there.",
                    status=state.status,
                ),
                vendor="acumatica",
                code="changed_at_release",
                faults=other,
            )
        if not self.has_begun():
            message = say("It was done in Acumatica already: '%(status)s'.", status=state.status)
        elif self.kind is BILLS:
            message = say("The bill was released in Acumatica: '%(status)s'.", status=state.status)
        else:
            message = say("The purchase order was approved in Acumatica: '%(status)s'.", status=state.status)
        return Acted("released" if self.kind is BILLS else "approved", message, state.status, url)

    def _waits(self, state: DocumentState) -> Acted:
        message = say(
            "The approval was given in Acumatica; further persons have to approve there. It is looked at "
            "again every hour."
        )
        return Acted("waits", message, state.status, self._url(state))

    def _changed(self, state: DocumentState, differences: list[DataFault]) -> Acted:
        message = say(
            "The document is not as it was when it was decided, so nothing was done in Acumatica: "
            "%(differences)s",
            differences="; ".join(map(self._difference, differences)),
        )
        return Acted("changed", message, state.status, self._url(state), tuple(differences))

    def _difference(self, fault: DataFault) -> str:
        """ "Betrag: 100 -> 200" in the language of the integration."""
        key = next(key for key, label in LABELS.items() if label == fault.field)
        return f"{gettext(fault.field)}: {self.basis.get(key) or '?'} -> {fault.value}"

    # --- rejected -----------------------------------------------------------------------------------------

    def reject(self, *, with_action: bool) -> Acted:
        """The configured action, on a document that is as it was; else the rejection is only noted."""
        state = self._state()
        if state is None:
            return _gone()
        action = str(self.context.setting(f"{self.kind.settings}_reject_action") or "")
        if self.has_begun() and self._has_moved(state):
            self._finish_open(state)
        elif with_action and action and not self._differences(state) and state.status != REJECTED:
            self._act("reject", f"{self.kind.settings}_reject_action", state)
            state = self._state() or state
        else:
            message = say(
                "The decision is noted. The document stays as it is in Acumatica: '%(status)s'.",
                status=state.status,
            )
            return Acted("noted", message, state.status, self._url(state))
        message = say("The rejection was carried out in Acumatica: '%(status)s'.", status=state.status)
        return Acted("rejected", message, state.status, self._url(state))

    def _has_moved(self, state: DocumentState) -> bool:
        return state.status != self.basis.get("status")

    # --- what is read and compared ------------------------------------------------------------------------

    def _state(self) -> DocumentState | None:
        found: DocumentState | None = self.context.source.state(self.kind.entity, self.document_id)
        return found

    def _url(self, state: DocumentState) -> str:
        return str(self.context.source.url(self.kind.entity, state.type, state.number))

    def _differences(self, state: DocumentState) -> list[DataFault]:
        """All that is not as it was decided about."""
        now = facts_of(state)
        compared = ("amount", "currency") if self.has_begun() else ("amount", "currency", "status")
        return [
            DataFault(
                LABELS[key],
                now[key],
                say("The task showed '%(value)s' when it was decided.", value=self.basis.get(key, "")),
                say("Decide again on what the document is now."),
            )
            for key in compared
            if self.basis.get(key) != now[key]
        ]

    # --- writes -------------------------------------------------------------------------------------------

    def has_begun(self) -> bool:
        """Whether a step of this decision may have moved the document."""
        return self._effects().exclude(state=EffectState.PLANNED).exists()

    def _effects(self) -> Any:
        return Effect.objects.filter(owner=self.context.record.owner, name__startswith=self._name(""))

    def _unclear(self) -> Any:
        return self._effects().filter(state__in=(EffectState.STARTED, EffectState.UNKNOWN))

    def _name(self, step: str) -> str:
        return f"decision {self.number}: {step}"

    def _is_done(self, name: str) -> bool:
        return bool(self.context.effects().is_done(name))

    def _result(self, name: str) -> Mapping[str, Any]:
        found = self._effects().filter(name=name).values_list("result", flat=True).first()
        return found if isinstance(found, Mapping) else {}

    def _write(self, step: str, before: DocumentState, do: Callable[[], Any]) -> None:
        def find() -> dict[str, str] | None:
            after = self._moved(before)
            return {"status": after} if after is not None else None

        self.context.effect(self._name(step), do, find=find, content=[step, dict(self.basis)])

    def _finish_open(self, state: DocumentState) -> None:
        """Steps whose answer was lost: the document has moved, so they have arrived."""
        for name in list(self._unclear().values_list("name", flat=True)):
            self.context.effect(name, lambda: {}, find=lambda: {"status": state.status})

    def _act(self, step: str, setting: str, before: DocumentState) -> None:
        """An action after which the document has another status."""
        action = str(self.context.setting(setting))

        def do() -> dict[str, str]:
            result = self._run(action)
            after = self._moved(before)
            if after is None:
                result.proven()
                self._try_again(action)
            return {"status": after or ""}

        self._write(step, before, do)

    def _run(self, action: str) -> ActionResult:
        result: ActionResult = self.context.source.run_action(self.kind.entity, self.document_id, action)
        return result

    def _take_off_hold(self) -> dict[str, str]:
        self.context.source.set_hold(self.kind.entity, self.document_id, False)
        state = self._state()
        if state is None or state.status == ON_HOLD:
            self._try_again("Hold")
        return {"status": state.status if state else ""}

    def _moved(self, before: DocumentState) -> str | None:
        """The status after an action, None while it is the one before. A deleted document has moved."""
        after = self._state()
        if after is None:
            return ""
        return after.status if after.status != before.status else None

    def _try_again(self, action: str) -> None:
        """Answered well and nothing has happened. Raises: some times for later, then for a person."""
        if self.context.record.failures >= MOST_TRIES:
            raise _no_effect(action)
        raise TransientError(
            say(
                "Acumatica answered '%(action)s', but the document is as it was. It is tried again.",
                action=action,
            ),
            vendor="acumatica",
        )


def _gone() -> Acted:
    return Acted("gone", say("The document was deleted in Acumatica; nothing was done."))


def _no_effect(action: str) -> RejectedError:
    return RejectedError(
        say(
            "Acumatica answered '%(action)s' several times, and the document is as it was. Do it there by "
            "hand, or correct the name of the action in the settings; then replay the record.",
            action=action,
        ),
        vendor="acumatica",
        code="no_effect",
    )
