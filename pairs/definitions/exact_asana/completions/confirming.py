"""Releasing an invoice term: for good, and therefore only after a second person has confirmed it."""

from __future__ import annotations

from datetime import date
from typing import Any

from connections import clock
from connections.messages import Message, say
from connections.vendors.exact.api import WbsItem, WbsKind
from pairs.definitions.exact_asana.completions.places import Place
from pairs.definitions.exact_asana.completions.writes import Writing
from pairs.models import Integration

RELEASE, KEEP = "release_term", "keep_term"
SETTING = "releases_terms"


def release(writing: Writing, place: Place) -> Message | None:
    """Releases the term once it is confirmed; otherwise the sentence that asks for it, None if there is
    nothing to release."""
    context, element, kept = writing.context, place.element, writing.tie.content
    if not _is_due(writing, element) or element is None or element.term is None:
        return None
    if element.is_released:
        # An earlier run has done it and ended before it could say so.
        writing.release(element, _today(writing))
        return None
    asked = _question(writing, element)
    instruction = context.record.instruction or {}
    decision, by = instruction.get("decision"), str(instruction.get("by") or "")
    if decision == KEEP:
        writing.store(say("The invoice term is not released: %(by)s has decided so.", by=by), declined=True)
        return None
    if decision == RELEASE and kept.get("asked") == asked:
        if by == switched_on_by(context.integration):
            return say(
                "'%(name)s' has to be confirmed by another person than %(by)s, who has switched the release "
                "of terms on: the invoice term '%(term)s' over %(amount)s.",
                name=element.description,
                by=by,
                term=asked["term_name"],
                amount=asked["amount"],
            )
        context.note("release.confirmed", say("%(by)s has confirmed the release.", by=by), **asked)
        writing.store(confirmed={"by": by, "at": clock.now().isoformat(), **asked})
        kept = writing.tie.content
    confirmed = kept.get("confirmed") or {}
    if confirmed and all(confirmed.get(key) == value for key, value in asked.items()):
        writing.release(element, _today(writing))
        return None
    if kept.get("asked") != asked:
        writing.store(asked=asked)
    return say(
        "'%(name)s' is completed in Exact Online. Its invoice term '%(term)s' over %(amount)s waits for a "
        "second person: a release can't be undone.",
        name=element.description,
        term=asked["term_name"],
        amount=asked["amount"],
    )


def _today(writing: Writing) -> date:
    """The day at the site."""
    return clock.now().astimezone(writing.context.source.zone).date()


def _is_due(writing: Writing, element: WbsItem | None) -> bool:
    kept = writing.tie.content
    return (
        bool(writing.context.setting(SETTING))
        and element is not None
        and element.kind == WbsKind.DELIVERABLE
        and element.term is not None
        and (not element.is_released or bool(kept.get("confirmed")))
        and not kept.get("released")
        and not kept.get("declined")
    )


def _question(writing: Writing, element: WbsItem) -> dict[str, Any]:
    """What a person confirms: a term that is another one by then is asked about anew."""
    assert element.term is not None  # noqa: S101 - `_is_due` has asked
    term = writing.context.source.invoice_term(element.term.id)
    amount = "-" if term is None or term.amount is None else f"{term.amount:.2f}"
    return {"term": element.term.id, "term_name": element.term.label, "amount": amount}


def switched_on_by(integration: Integration) -> str:
    """Who has let terms be released, by the history of the settings; "" where it does not say."""
    found = ""
    for version in integration.history.select_related("history_user").order_by(
        "-history_date", "-history_id"
    ):
        if not (version.settings or {}).get(SETTING):
            break
        found = version.history_user.get_username() if version.history_user else ""
    return found
