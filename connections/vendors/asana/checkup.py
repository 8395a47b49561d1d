""" "Test connection" and the lists that the admin chooses from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext, gettext_noop

from connections.base import Checkup, Option
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.models import Connection
from connections.vendors.asana import portfolios
from connections.vendors.asana.api import AsanaApi
from connections.vendors.asana.fields import CustomField
from connections.vendors.asana.places import User, Workspace

# Fields that every task has, mapped by these names beside the custom fields' gids.
BUILT_IN: tuple[tuple[str, str, str], ...] = (
    ("builtin:name", gettext_noop("Task name"), "text"),
    ("builtin:notes", gettext_noop("Description"), "text"),
    ("builtin:permalink_url", gettext_noop("Link to the task"), "text"),
    ("builtin:completed_at", gettext_noop("Completed on"), "date"),
    ("builtin:created_at", gettext_noop("Created on"), "date"),
    ("builtin:due_on", gettext_noop("Due on"), "date"),
)


# What the client calls. A task's places need "project_sections:read" too, which no app can register:
# hence full permissions are recommended. Source: OpenAPI file of 2026-06 (read 2026-11).
NEEDED_SCOPES = (
    "attachments:read",
    "attachments:write",
    "custom_fields:read",
    "projects:read",
    "stories:read",
    "stories:write",
    "tasks:read",
    "tasks:write",
    "users:read",
    "webhooks:delete",
    "webhooks:read",
    "webhooks:write",
    "workspaces:read",
)


class Probe(NamedTuple):
    """A harmless read that shows whether a part of the interface is open to us.

    What only some integrations use is not missed (`is_needed` False) where it is closed.
    """

    may: str
    path: str
    params: Mapping[str, str]
    is_needed: bool = True


def _probes(workspace: str) -> tuple[Probe, ...]:
    one = {"limit": "1", "opt_fields": "name"}
    return (
        Probe(gettext_noop("Projects can be read."), "/projects", {"workspace": workspace, **one}),
        Probe(gettext_noop("Custom fields can be read."), f"/workspaces/{workspace}/custom_fields", one),
        Probe(
            gettext_noop("Webhooks can be listed."),
            "/webhooks",
            {"workspace": workspace, "limit": "1", "opt_fields": "active"},
        ),
        Probe(
            gettext_noop("People of the workspace can be listed."),
            "/users",
            {"workspace": workspace, **one},
            is_needed=False,
        ),
        Probe(
            gettext_noop("Portfolios can be used."),
            "/portfolios",
            {"workspace": workspace, "owner": "me", **one},
            is_needed=False,
        ),
        Probe(
            gettext_noop("Projects can be made from templates."),
            "/project_templates",
            {"workspace": workspace, **one},
            is_needed=False,
        ),
    )


def check(connection: Connection) -> Checkup:
    """Who we are at Asana, which workspaces are open to us, and what is missing."""
    api = AsanaApi(connection)
    user = api.me()
    open_workspaces = api.workspaces()
    may = [say("Workspace: %(name)s", name=workspace.name) for workspace in open_workspaces]
    missing = [*_missing_workspaces(connection, user, open_workspaces), *missing_scopes(connection)]
    chosen = _chosen(connection, open_workspaces)
    for probe in _probes(chosen) if chosen else ():
        try:
            api.client.get(probe.path, **probe.params)
        except (ConfigurationError, RejectedError) as error:
            missing += [error.message] if probe.is_needed else []
        else:
            may.append(Message(probe.may))
    return Checkup(
        who=f"{user.name} ({user.email})" if user.email else user.name,
        may=may,
        missing=missing,
        facts={
            "user": user.gid,
            "workspaces": [{"gid": item.gid, "name": item.name} for item in open_workspaces],
        },
    )


def _missing_workspaces(
    connection: Connection, user: User, open_workspaces: Sequence[Workspace]
) -> list[Message]:
    """A workspace that blocks tokens is absent from the list, and maybe still named at the user."""
    by_pat = connection.setting("sign_in") != "oauth"
    if not open_workspaces:
        return [
            say(
                "No workspace is open to this personal access token: the administrators of the workspace "
                "block such tokens. Ask them to allow it, or sign in with OAuth."
            )
            if by_pat
            else say(
                "No workspace is open to this app: the administrators of the workspace block it. Ask them "
                "to allow the app."
            )
        ]
    listed = {workspace.gid for workspace in open_workspaces}
    blocked = {item.gid: item.name for item in user.workspaces if item.gid not in listed}
    wanted = connection.setting("workspace")
    if wanted and wanted not in listed:
        blocked.setdefault(wanted, wanted)
    return [
        say(
            "The workspace '%(name)s' is not open to this connection: its administrators block the token "
            "or the app, or the user is no longer a member. Ask them, or choose another workspace.",
            name=name,
        )
        for name in blocked.values()
    ]


def missing_scopes(connection: Connection) -> list[Message]:
    """Only an app with single scopes can lack some; none and "default" stand for full permissions."""
    granted = str(connection.setting("scopes")).split()
    absent = [scope for scope in NEEDED_SCOPES if scope not in granted]
    if connection.setting("sign_in") != "oauth" or not granted or "default" in granted or not absent:
        return []
    return [
        say(
            "The app lacks these permission scopes: %(scopes)s. Add them in Asana's developer console and in "
            "the settings (or give the app full permissions), then sign in again.",
            scopes=", ".join(absent),
        )
    ]


def _chosen(connection: Connection, open_workspaces: Sequence[Workspace]) -> str:
    """The workspace of the settings, or else the first one; "" if it is not open."""
    listed = [workspace.gid for workspace in open_workspaces]
    wanted = connection.setting("workspace")
    return wanted if wanted in listed else "" if wanted or not listed else listed[0]


# --- lists for the admin ----------------------------------------------------------------------------------


def list_workspaces(connection: Connection, parent: str) -> list[Option]:
    return [Option(item.gid, item.name, "workspace") for item in AsanaApi(connection).workspaces()]


def list_projects(connection: Connection, parent: str) -> list[Option]:
    """Projects of the workspace `parent`, or of the connection's own, or of all that are open."""
    api = AsanaApi(connection)
    return [
        Option(item.gid, f"{item.name}{beside}", "project")
        for workspace, beside in _workspaces(connection, parent)
        for item in api.projects(workspace)
    ]


def list_portfolios(connection: Connection, parent: str) -> list[Option]:
    """Portfolios that our user owns: Asana shows no others."""
    client = AsanaApi(connection).client
    return [
        Option(item.gid, f"{item.name}{beside}", "portfolio")
        for workspace, beside in _workspaces(connection, parent)
        for item in portfolios.portfolios(client, workspace)
    ]


def list_templates(connection: Connection, parent: str) -> list[Option]:
    client = AsanaApi(connection).client
    return [
        Option(item.gid, f"{item.name}{beside}", "template")
        for workspace, beside in _workspaces(connection, parent)
        for item in portfolios.templates(client, workspace)
    ]


def list_users(connection: Connection, parent: str) -> list[Option]:
    """People by gid, shown with their address."""
    api = AsanaApi(connection)
    found = {
        user.gid: Option(user.gid, f"{user.name} ({user.email})" if user.email else user.name, "user")
        for workspace, _ in _workspaces(connection, parent)
        for user in api.users(workspace)
    }
    return list(found.values())


def list_sections(connection: Connection, parent: str) -> list[Option]:
    """The sections of the project `parent`."""
    if not parent:
        return []
    return [Option(item.gid, item.name, "section") for item in AsanaApi(connection).sections(parent)]


def _workspaces(connection: Connection, parent: str) -> list[tuple[str, str]]:
    """(gid, what a label shows of it): of the workspace `parent`, the connection's own, or all that are open.

    `parent` may as well be a project that was chosen above; then it says nothing about the workspace.
    """
    chosen = str(connection.setting("workspace"))
    if chosen and parent in ("", chosen):
        return [(chosen, "")]
    found = AsanaApi(connection).workspaces()
    wanted = [item for item in found if item.gid == parent] or [item for item in found if item.gid == chosen]
    if len(wanted or found) == 1:
        return [((wanted or found)[0].gid, "")]
    return [(item.gid, f" ({item.name})") for item in found]


def list_fields(connection: Connection, parent: str) -> list[Option]:
    """The custom fields of the project `parent` with type and options, then those that every task has."""
    if not parent:
        return []
    custom = [_option(field) for field in AsanaApi(connection).custom_fields(parent)]
    built_in = [Option(ref, gettext(label), kind) for ref, label, kind in BUILT_IN]
    return custom + built_in


def list_writable_fields(connection: Connection, parent: str) -> list[Option]:
    """The custom fields of the project `parent` that a result can be written to."""
    if not parent:
        return []
    return [_option(field) for field in AsanaApi(connection).custom_fields(parent) if not field.is_read_only]


def list_webhooks(connection: Connection, parent: str) -> list[Option]:
    """All webhooks of this token in the workspace `parent` (or the connection's own): id and address."""
    workspace = parent or connection.setting("workspace")
    if not workspace:
        return []
    found = AsanaApi(connection).client.everything(
        "/webhooks", workspace=workspace, opt_fields="active,resource.name,target"
    )
    return [Option(hook["gid"], hook.get("target") or "", "webhook") for hook in found]


def _option(field: CustomField) -> Option:
    """An option that is switched off stays in the list: older tasks carry it."""
    return Option(
        field.gid,
        field.name,
        field.kind,
        tuple(
            Option(item.gid, item.name, "option" if item.enabled else "disabled_option")
            for item in field.options
        ),
    )
