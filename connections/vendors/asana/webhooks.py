"""Webhooks of Asana: one for each project, signed, with a handshake while the create call is still open."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connections.answers import decode_json
from connections.base import Handshake, HookState, WebhookProtocol
from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.models import Connection
from connections.vendors.asana import places
from connections.vendors.asana.client import Client, path

SECRET_HEADER = "X-Hook-Secret"  # noqa: S105 - the name of a header
SIGNATURE_HEADER = "X-Hook-Signature"
HOOK_FIELDS = "active,resource,target,last_success_at"

# An event is sent if any filter fits. Which field name an approval's decision carries is not documented:
# both are watched, and the task is read to decide. Source: Asana "Webhooks" (read 2026-11).
FILTERS: tuple[Mapping[str, Any], ...] = (
    {"resource_type": "task", "action": "added"},
    {
        "resource_type": "task",
        "action": "changed",
        "fields": ["completed", "approval_status", "custom_fields", "attachments", "name", "due_on"],
    },
    {"resource_type": "task", "action": "deleted"},
    {"resource_type": "task", "action": "undeleted"},
)

DECIDING = ("completed", "approval_status")
GID = re.compile(r"[0-9]{1,64}")


class TaskRef(NamedTuple):
    """A task that something happened to, and when (text as sent; it sorts in order of time)."""

    gid: str
    created_at: str
    is_deleted: bool


def task_refs(body: bytes) -> list[TaskRef]:
    """The tasks that a delivery names, each once with its newest event; [] for a heartbeat.

    Stories, attachments and new subtasks stand for their parent task. What is not understood is left out:
    the poll finds it. Raises ValueError for a body that is not JSON.
    """
    newest: dict[str, TaskRef] = {}
    for event in _events(body):
        ref = _task_of(event)
        if ref is None:
            continue
        known = newest.get(ref.gid)
        # Of two at the same moment the one that makes us look wins over the one that declares it gone.
        if known is None or (known.created_at, not known.is_deleted) < (ref.created_at, not ref.is_deleted):
            newest[ref.gid] = ref
    return list(newest.values())


def decided_refs(body: bytes) -> set[str]:
    """Those tasks of a delivery that somebody has completed, opened again or decided. Raises ValueError."""
    decided = set()
    for event in _events(body):
        ref, field = _task_of(event), _compact(event.get("change")).get("field")
        if ref is not None and field in DECIDING:
            decided.add(ref.gid)
    return decided


def _events(body: bytes) -> list[Mapping[str, Any]]:
    content = decode_json(body)
    events = content.get("events") if isinstance(content, Mapping) else None
    return [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []


def _task_of(event: Mapping[str, Any]) -> TaskRef | None:
    resource, parent = _compact(event.get("resource")), _compact(event.get("parent"))
    created_at, action = event.get("created_at"), event.get("action")
    is_task = resource.get("resource_type") == "task"
    task = resource if is_task and parent.get("resource_type") != "task" else parent
    if task.get("resource_type") != "task":
        return None
    gid = task.get("gid")
    if not isinstance(gid, str) or not GID.fullmatch(gid):
        return None
    is_deleted = task is resource and action == "deleted"
    return TaskRef(gid, created_at if isinstance(created_at, str) else "", is_deleted)


def _compact(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class AsanaWebhooks(WebhookProtocol):
    """`connections.base.WebhookProtocol` for Asana."""

    # A heartbeat comes every 8 hours; after 24 hours without one accepted, Asana deletes the webhook.
    # Source: Asana "Webhooks", heartbeat events (read 2026-11).
    silence_limit = timedelta(hours=24)

    def handshake(self, headers: Mapping[str, str], body: bytes) -> Handshake | None:
        """Asana's question while our create call is open; whether one is expected now is for the caller."""
        secret = _header(headers, SECRET_HEADER)
        return Handshake(secret, {SECRET_HEADER: secret}) if secret else None

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Whether Asana signed exactly these bytes (HMAC-SHA256 in lower-case hex, the secret as text)."""
        if not secret:
            return False
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        given = _header(headers, SIGNATURE_HEADER)
        return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(gid, secret of the 201 body) of a new webhook on a project.

        The secret stands beside `data`; compare it with the handshake's. It can't be read again: if the
        answer is lost, or RejectedError(code="duplicate") comes, find the hook, remove it and register anew.
        """
        client = Client(connection)
        data = {"resource": resource_ref, "target": target_url, "filters": [dict(item) for item in FILTERS]}
        try:
            answer = client.post("POST", "/webhooks", data)
        except (ConfigurationError, RejectedError) as error:
            if error.code in ("duplicate", "scope", "target_refused") or error.status not in (400, 403):
                raise
            raise _not_registered(resource_ref, error) from error
        hook = client.data_of(answer, is_write=True)
        return hook["gid"], answer.json().get(SECRET_HEADER) or ""

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The gid of our webhook on this project with exactly this target; Asana lists this token's own."""
        client = Client(connection)
        workspace = places.project(client, resource_ref).workspace
        hooks = client.everything(
            "/webhooks", workspace=workspace, resource=resource_ref, opt_fields=HOOK_FIELDS
        )
        return next((hook["gid"] for hook in hooks if _is_ours(hook, resource_ref, target_url)), None)

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        try:
            hook = Client(connection).get(path("webhooks", vendor_ref), opt_fields=HOOK_FIELDS)
        except RejectedError as error:
            if error.status not in (404, 410):
                raise
            return HookState(exists=False, is_active=False, vendor_ref=vendor_ref)
        return HookState(
            exists=True,
            is_active=hook.get("active") is True,
            last_success_at=_moment(hook.get("last_success_at")),
            vendor_ref=vendor_ref,
        )

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """One delivery that is already on its way may still arrive afterwards."""
        Client(connection).call(
            "DELETE", path("webhooks", vendor_ref), is_write=True, ok=(200, 204, 404, 410)
        )


def _is_ours(hook: Mapping[str, Any], resource_ref: str, target_url: str) -> bool:
    return _compact(hook.get("resource")).get("gid") == resource_ref and hook.get("target") == target_url


def _not_registered(resource_ref: str, error: ConfigurationError | RejectedError) -> ConfigurationError:
    """A refusal of the create call. Asana's wording for a failed handshake isn't documented."""
    return ConfigurationError(
        say(
            "Asana did not register the webhook for the project %(project)s. Either Asana could not reach "
            "this installation within 10 seconds (PUBLIC_URL must lead here over https), or the user of the "
            "connection has no access to the project. Until then the scheduled reading finds changes.",
            project=resource_ref,
        ),
        vendor="asana",
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


def _header(headers: Mapping[str, str], name: str) -> str:
    """The header in any case; some servers hand over plain dicts."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


WEBHOOKS = AsanaWebhooks()
