"""Projects that we make, portfolios that hold them, and how a project stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from connections.vendors.asana.client import Client, path
from connections.vendors.asana.places import Project

PROJECT_FIELDS = "name,permalink_url,workspace.gid"
STATE_FIELDS = (
    "name,completed,completed_at,modified_at,permalink_url,"
    "current_status_update.status_type,current_status_update.created_at"
)
# Source: Asana "Status updates" (read 2026-11).
STATUS_TYPES = ("on_track", "at_risk", "off_track", "on_hold", "complete", "dropped")


@dataclass(frozen=True)
class Portfolio:
    gid: str
    name: str
    permalink_url: str = ""


@dataclass(frozen=True)
class Template:
    gid: str
    name: str


@dataclass(frozen=True)
class ProjectState:
    """How a project stands: `status_type` is one of STATUS_TYPES, or "" if nobody has said."""

    gid: str
    name: str
    is_completed: bool
    completed_at: str
    status_type: str
    status_at: str


@dataclass(frozen=True)
class Job:
    """A copy being made: `status` is not_started, in_progress, succeeded or failed."""

    gid: str
    status: str
    project: str


def portfolios(client: Client, workspace: str) -> list[Portfolio]:
    """Those that the token's user owns; Asana shows no others. A paid feature (402)."""
    found = client.everything("/portfolios", workspace=workspace, owner="me", opt_fields="name,permalink_url")
    return [Portfolio(raw["gid"], raw.get("name") or "", raw.get("permalink_url") or "") for raw in found]


def items(client: Client, portfolio: str) -> list[str]:
    """The gids of the projects in a portfolio."""
    found = client.everything(path("portfolios", portfolio, "items"), opt_fields="name,resource_type")
    return [raw["gid"] for raw in found if raw.get("resource_type", "project") == "project"]


def add_item(client: Client, portfolio: str, project: str) -> None:
    """Put a project into a portfolio; once more does no harm."""
    client.post("POST", path("portfolios", portfolio, "addItem"), {"item": project})


def create_project(
    client: Client, workspace: str, name: str, *, notes: str = "", team: str = "", due_on: date | None = None
) -> Project:
    """A new, empty project. Asana allows two of one name: look for it beforehand.

    `team` is sent only where the organisation still wants one. Source: Asana "Teamless projects" (2026).
    """
    sent: dict[str, Any] = {"workspace": workspace, "name": name}
    more = {"notes": notes, "team": team, "due_on": due_on.isoformat() if due_on else ""}
    sent |= {key: value for key, value in more.items() if value}
    raw = client.write("POST", "/projects", sent, opt_fields=PROJECT_FIELDS)
    return Project(raw["gid"], raw.get("name") or "", workspace, raw.get("permalink_url") or "")


def change_project(
    client: Client,
    gid: str,
    *,
    name: str | None = None,
    notes: str | None = None,
    archived: bool | None = None,
) -> None:
    given = (("name", name), ("notes", notes), ("archived", archived))
    client.write("PUT", path("projects", gid), {key: value for key, value in given if value is not None})


def state(client: Client, project: str) -> ProjectState:
    raw = client.get(path("projects", project), opt_fields=STATE_FIELDS)
    update = raw.get("current_status_update") or {}
    return ProjectState(
        gid=raw["gid"],
        name=raw.get("name") or "",
        is_completed=raw.get("completed") is True,
        completed_at=raw.get("completed_at") or "",
        status_type=update.get("status_type") or "",
        status_at=update.get("created_at") or "",
    )


def templates(client: Client, workspace: str) -> list[Template]:
    found = client.everything("/project_templates", workspace=workspace, opt_fields="name")
    return [Template(raw["gid"], raw.get("name") or "") for raw in found]


def instantiate(client: Client, template: str, name: str) -> Job:
    """Begin to make a project from a template; `job` tells when it is whole."""
    return _job(
        client.write("POST", path("project_templates", template, "instantiateProject"), {"name": name})
    )


def job(client: Client, gid: str) -> Job:
    return _job(client.get(path("jobs", gid), opt_fields="status,new_project.gid"))


def _job(raw: Any) -> Job:
    return Job(raw["gid"], raw.get("status") or "", (raw.get("new_project") or {}).get("gid") or "")
