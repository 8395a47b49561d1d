"""Status updates of projects and portfolios: made and deleted, never edited.

Source: Asana status updates reference (read 2026-11).
"""

from typing import TYPE_CHECKING

from mlconnector.sandbox.asana import checks, portfolios
from mlconnector.sandbox.asana.errors import unknown
from mlconnector.sandbox.asana.planning import StatusUpdate
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall
    from mlconnector.sandbox.asana.app import AsanaSimulator

TYPES = ("on_track", "at_risk", "off_track", "on_hold", "complete", "dropped")
CREATE: dict[str, checks.Check] = {
    "parent": checks.gid,
    "status_type": checks.one_of(*TYPES),
    "text": checks.text,
    "title": checks.text,
}


def _parent(call: "ApiCall", gid: str) -> tuple[str, str]:
    """(kind, gid) of a visible project or portfolio."""
    if call.state.get("portfolio", gid):
        return "portfolio", portfolios.found(call, gid, "parent").gid
    return "project", call.project(gid, "parent").gid


def listed(call: "ApiCall") -> Response:
    """Newest first."""
    _, parent = _parent(call, call.given("parent"))
    since = call.since("created_since")
    found = [
        update
        for update in call.state.all("status_update")
        if update.parent == parent and (since is None or update.created_at >= since)
    ]
    return call.page(found[::-1], call.records.status_update)


def create(call: "ApiCall") -> Response:
    data = call.data(CREATE, required=("parent", "status_type", "text"))
    kind, parent = _parent(call, data["parent"])
    update = put(
        call.sim,
        (kind, parent),
        data["status_type"],
        data["text"],
        title=data.get("title", ""),
        by=call.token.user,
    )
    return call.created(call.records.status_update(update), f"/status_updates/{update.gid}")


def put(
    sim: "AsanaSimulator", parent: tuple[str, str], status_type: str, text: str, *, title: str, by: str
) -> StatusUpdate:
    """A new status, whoever writes it. A project whose status is `complete` counts as completed."""
    kind, gid = parent
    now = sim.clock.now()
    title = title or f"Status {now:%d.%m.%Y}"
    update = StatusUpdate(sim.known.next_gid(), gid, kind, status_type, text, title, by, now)
    sim.known.add(update)
    record = sim.known.by_gid[gid]
    if kind == "project":
        record.completed_at = now if status_type == "complete" else None
        record.completed_by = by if status_type == "complete" else ""
        record.modified_at = now
    sim.log.add(
        frozenset({gid, record.workspace}),
        user=by,
        action="added",
        resource=("status_update", update.gid, update.resource_subtype),
        parent=(kind, gid, ""),
    )
    return update


def _found(call: "ApiCall", gid: str) -> StatusUpdate:
    update: StatusUpdate = call.found("status_update", gid, "status_update")
    if update.parent_kind == "project" and not call.state.may_see_project(
        call.token, call.state.by_gid[update.parent]
    ):
        raise unknown("status_update", gid)
    return update


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.status_update(_found(call, gid)))


def delete(call: "ApiCall", gid: str) -> Response:
    _found(call, gid).is_deleted = True
    return call.nothing()
