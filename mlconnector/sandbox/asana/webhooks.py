"""Webhooks: create with the handshake inside, list, change, delete.

Source: Asana webhooks guide (read 2026-11).
"""

import secrets
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.deliveries import HEARTBEAT, is_local
from mlconnector.sandbox.asana.errors import DUPLICATED, ApiError, not_an_id, unknown
from mlconnector.sandbox.asana.state import Webhook
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

ACTIONS = ("changed", "added", "removed", "deleted", "undeleted")
FILTER: dict[str, checks.Check] = {
    "resource_type": checks.text,
    "resource_subtype": checks.nullable(checks.text),
    "action": checks.one_of(*ACTIONS),
    "fields": checks.nullable(checks.each(checks.text)),
}
CREATE: dict[str, checks.Check] = {
    "resource": checks.gid,
    "target": checks.text,
    "filters": checks.nullable(checks.each(checks.obj)),
}
WEBHOOKS_PER_RESOURCE = 1000


def create(call: "ApiCall") -> Response:
    """POST /webhooks. Runs without the simulator's lock, because the target is called before the answer."""
    if not (call.envelope().get("data") or {}).get("resource"):
        raise ApiError(400, "You should specify one of resource")
    data = call.data(CREATE, required=("resource", "target"))
    with call.sim.lock:
        _check_resource(call, data["resource"])
        filters = _filters(call, data["resource"], data.get("filters") or [])
        _check_target(call, data["resource"], data["target"])
        gid = call.state.next_gid()
    secret = secrets.token_hex(32)
    _handshake(call, data["target"], secret)
    with call.sim.lock:
        # Another create for the same target may have finished during the handshake.
        _check_target(call, data["resource"], data["target"])
        now = call.sim.clock.now()
        hook = Webhook(
            gid,
            call.token.owner,
            call.token.user,
            call.token.app,
            data["resource"],
            data["target"],
            filters,
            secret,
            now,
            next_heartbeat_at=now + HEARTBEAT,
            is_heartbeat_due=True,
        )
        call.state.webhooks[gid] = hook
        answer = call.created(call.records.webhook(hook), f"/webhooks/{gid}", **{"X-Hook-Secret": secret})
        # The first answer still says inactive, as in the vendor's example.
        hook.is_active = True
    return answer


def _check_resource(call: "ApiCall", gid: str) -> None:
    record = call.state.by_gid.get(gid)
    kind = record.kind if record else ""
    if kind == "project":
        call.project(gid, "resource")
    elif kind == "task":
        call.task(gid, "resource")
    elif kind == "workspace":
        call.workspace(gid, "resource")
    else:
        raise unknown("resource", gid)
    if len([hook for hook in call.state.webhooks.values() if hook.resource == gid]) >= WEBHOOKS_PER_RESOURCE:
        raise ApiError(403, f"resource: More than {WEBHOOKS_PER_RESOURCE} webhooks on {gid}")


def _filters(call: "ApiCall", resource: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filters as they are kept and shown. Raises ApiError 400."""
    is_wide = call.state.by_gid[resource].kind == "workspace"
    if is_wide and not filters:
        raise ApiError(400, "filters: Webhooks on this resource must have filters")
    for one in filters:
        checks.body(one, FILTER)
        if one.get("fields") and (one.get("action") != "changed" or is_wide):
            raise ApiError(400, "filters: `fields` is only allowed with the action `changed` below a project")
        if is_wide and one.get("resource_type") in ("task", "story"):
            raise ApiError(400, "filters: This resource gets no events of tasks or stories")
    return [{name: value for name, value in one.items() if value is not None} for one in filters]


def _check_target(call: "ApiCall", resource: str, target: str) -> None:
    scheme = urlsplit(target).scheme
    if scheme not in ("http", "https"):
        raise ApiError(400, f"target: Not a valid URL: {target}")
    if not call.sim.options.allow_local_targets:
        if is_local(target):
            raise ApiError(403, "target: The host of this URL is not allowed")
        if scheme != "https":
            raise ApiError(400, "target: Must be an https URL")
    same = (call.token.owner, resource, target)
    if any((hook.owner, hook.resource, hook.target) == same for hook in call.state.webhooks.values()):
        raise ApiError(403, DUPLICATED)


def _handshake(call: "ApiCall", target: str, secret: str) -> None:
    """Send the secret while the create call is open. Raises ApiError 400 unless it is echoed."""
    outcome: dict[str, Any] = {}

    def post() -> None:
        try:
            outcome["answer"] = call.sim.post(target, {"X-Hook-Secret": secret}, b"")
        except requests.RequestException as error:
            outcome["error"] = error
        except Exception as error:  # the poster is the test's own; its mistake must surface in the test
            outcome["mistake"] = error

    if call.sim.options.handshake_on_a_thread:
        thread = threading.Thread(target=post, name="asana-handshake", daemon=True)
        thread.start()
        thread.join(call.sim.options.handshake_seconds)
    else:
        post()
    if "mistake" in outcome:
        raise outcome["mistake"]
    status, headers, _ = outcome.get("answer", (0, {}, b""))
    echoed = {name.lower(): value for name, value in headers.items()}.get("x-hook-secret", "")
    if status not in (200, 204) or echoed != secret:
        raise ApiError(400, "target: The remote server did not respond with the handshake secret")


def _own(call: "ApiCall", gid: str) -> Webhook:
    """A webhook of this token. Raises ApiError 404."""
    if not gid.isdigit():
        raise not_an_id("webhook", gid)
    hook = call.state.webhooks.get(gid)
    if hook is None or hook.owner != call.token.owner:
        raise unknown("webhook", gid)
    return hook


def listed(call: "ApiCall") -> Response:
    """GET /webhooks: those of this token only."""
    workspace = call.workspace(call.given("workspace")).gid
    resource = call.query.get("resource")

    def belongs(hook: Webhook) -> bool:
        record = call.state.by_gid[hook.resource]
        return workspace in (record.gid, getattr(record, "workspace", ""))

    found = [
        hook
        for hook in call.state.webhooks.values()
        if hook.owner == call.token.owner and belongs(hook) and resource in (None, hook.resource)
    ]
    return call.page(found, call.records.webhook)


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.webhook(_own(call, gid)))


def change(call: "ApiCall", gid: str) -> Response:
    """PUT /webhooks/{gid}: another list of filters; resource and target are fixed."""
    hook = _own(call, gid)
    data = call.data({"filters": checks.each(checks.obj)}, required=("filters",))
    hook.filters = _filters(call, hook.resource, data["filters"])
    return call.one(call.records.webhook(hook))


def delete(call: "ApiCall", gid: str) -> Response:
    call.sim.deliveries.delete(_own(call, gid))
    return call.nothing()
