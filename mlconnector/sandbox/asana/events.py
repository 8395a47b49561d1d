"""The log of events, and the API to pull it. Source: Asana events reference (read 2026-11)."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.errors import SYNC_TOO_OLD, ApiError, unknown
from mlconnector.sandbox.asana.shapes import Record
from mlconnector.sandbox.asana.state import Event
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall
    from mlconnector.sandbox.asana.app import AsanaSimulator

SYNC_LIFETIME = timedelta(hours=24)
EVENTS_PER_ANSWER = 100


class EventLog:
    """Everything that happened, in order; offers each event to the webhooks."""

    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim

    def add(self, places: frozenset[str], **what: Any) -> Event:
        events = self.sim.known.events
        event = Event(number=len(events) + 1, at=self.sim.clock.now(), places=places, **what)
        events.append(event)
        self.sim.deliveries.offer(event)
        return event


def pull(call: "ApiCall") -> Response:
    """GET /events: 412 with a fresh token first, then what happened since."""
    resource = call.given("resource")
    if call.state.get("project", resource):
        call.project(resource, "resource")
    elif call.state.get("task", resource):
        call.task(resource, "resource")
    else:
        raise unknown("resource", resource)
    known = call.state.syncs.get(call.query.get("sync", ""))
    last = len(call.state.events)
    if known is None or known[0] != resource or known[2] + SYNC_LIFETIME <= call.now:
        raise ApiError(412, SYNC_TOO_OLD, sync=_issued(call, resource, last))
    heard = [event for event in call.state.events[known[1] :] if resource in event.places]
    shown = heard[:EVENTS_PER_ANSWER]
    has_more = len(heard) > len(shown)
    return json_answer(
        {
            "data": [_record(call, event).shaped(call.wanted, full=True) for event in shown],
            "sync": _issued(call, resource, shown[-1].number if has_more else last),
            "has_more": has_more,
        }
    )


def _issued(call: "ApiCall", resource: str, number: int) -> str:
    token = f"{secrets.token_hex(16)}:{number}"
    call.state.syncs[token] = (resource, number, call.now)
    return token


def _record(call: "ApiCall", event: Event) -> Record:
    """The event with compact records in it, which `opt_fields` may expand."""
    fields: dict[str, Any] = {
        "user": _expandable(call, ("user", event.user, "")),
        "created_at": values.iso(event.at),
        "type": event.resource[0],
        "action": event.action,
        "resource": _expandable(call, event.resource),
        "parent": _expandable(call, event.parent),
    }
    if event.action == "changed":
        change: dict[str, Any] = {"field": event.field, "action": event.change}
        if event.value:
            change[_value_name(event)] = _expandable(call, event.value)
        fields["change"] = Record("", "", change, plain=True, whole=True)
    return Record("", "", fields, plain=True, whole=True)


def _expandable(call: "ApiCall", what: tuple[str, str, str] | None) -> Record | None:
    if what is None:
        return None
    kind, gid, subtype = what
    record = call.state.get(kind, gid)
    builders: dict[str, Any] = {
        "task": call.records.task,
        "story": call.records.story,
        "project": call.records.project,
        "section": call.records.section,
        "user": call.records.user,
        "custom_field": call.records.field,
        "attachment": call.records.attachment,
        "status_update": call.records.status_update,
    }
    if record is None:
        return Record(
            gid, kind, {"resource_subtype": subtype} if subtype else {}, compact=("resource_subtype",)
        )
    built: Record = builders[kind](record)
    built.whole = False
    built.compact = tuple(name for name in ("name", "resource_subtype") if name in built.fields)
    return built


def _value_name(event: Event) -> str:
    return {"added": "added_value", "removed": "removed_value"}.get(event.change, "new_value")


def bare(event: Event, user_name: str) -> dict[str, Any]:
    """The event as webhooks carry it: references only, no content.

    The user's name is more than the vendor documents; readers must live with more keys, and an umlaut in the
    body shows who checks a signature over something else than the bytes received.
    """
    shown: dict[str, Any] = {
        "user": {"gid": event.user, "resource_type": "user", "name": user_name} if event.user else None,
        "created_at": values.iso(event.at),
        "action": event.action,
        "resource": _reference(event.resource),
        "parent": _reference(event.parent),
    }
    if event.action == "changed":
        change: dict[str, Any] = {"field": event.field, "action": event.change}
        if event.value:
            change[_value_name(event)] = _reference(event.value)
        shown["change"] = change
    return shown


def _reference(what: tuple[str, str, str] | None) -> dict[str, str] | None:
    if what is None:
        return None
    kind, gid, subtype = what
    return {"gid": gid, "resource_type": kind} | ({"resource_subtype": subtype} if subtype else {})
