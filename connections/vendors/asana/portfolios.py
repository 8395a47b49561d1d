"""Projects that we make, portfolios that hold them, and how a project stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connections.vendors.asana.client import Client, path
from connections.vendors.asana.fields import iso_moment
from connections.vendors.asana.places import Project

PROJECT_FIELDS = "name,permalink_url,workspace.gid"
# A status update inside a project is documented with its gid and title alone; `status` reads the rest.
STATE_FIELDS = "name,completed,completed_at,current_status_update"
JOB_FIELDS = "status,new_project.name"
STATUS_FIELDS = "title,text,status_type,created_at,created_by.gid"
# Source: Asana "Status updates" (read 2026-11).
STATUS_TYPES = ("on_track", "at_risk", "off_track", "on_hold", "complete", "dropped")


@dataclass(frozen=True)
class Portfolio:
    gid: str
    name: str
    permalink_url: str = ""


@dataclass(frozen=True)
class Template:
    """`dates` are the gids of dates that must be given when a project is made from it (1: start, 2: due)."""

    gid: str
    name: str
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class DescribedProject:
    gid: str
    name: str
    notes: str
    created_at: str
    permalink_url: str


@dataclass(frozen=True)
class ProjectState:
    """How a project stands. `status_update` is the gid of what was said last, "" if nobody has."""

    gid: str
    name: str
    is_completed: bool
    completed_at: str
    status_update: str

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> ProjectState:
        return cls(
            gid=raw["gid"],
            name=raw.get("name") or "",
            is_completed=raw.get("completed") is True,
            completed_at=raw.get("completed_at") or "",
            status_update=(raw.get("current_status_update") or {}).get("gid") or "",
        )


@dataclass(frozen=True)
class Status:
    """A status update, never edited after. `status_type` is one of STATUS_TYPES or newer than this code."""

    gid: str
    status_type: str
    title: str
    text: str
    created_at: str
    created_by: str

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Status:
        return cls(
            gid=raw["gid"],
            status_type=raw.get("status_type") or "",
            title=raw.get("title") or "",
            text=raw.get("text") or "",
            created_at=raw.get("created_at") or "",
            created_by=(raw.get("created_by") or {}).get("gid") or "",
        )


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


def items(client: Client, portfolio: str) -> list[ProjectState]:
    """The projects in a portfolio with how they stand; portfolios inside it are left out."""
    found = client.everything(path("portfolios", portfolio, "items"), opt_fields=STATE_FIELDS)
    return [ProjectState.from_json(raw) for raw in found if raw.get("resource_type", "project") == "project"]


def add_item(client: Client, portfolio: str, project: str) -> None:
    """Put a project into a portfolio. What a second time does is not documented: look at `items` first."""
    client.post("POST", path("portfolios", portfolio, "addItem"), {"item": project})


def remove_item(client: Client, portfolio: str, project: str) -> None:
    client.post("POST", path("portfolios", portfolio, "removeItem"), {"item": project})


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


def described(client: Client, workspace: str) -> list[DescribedProject]:
    """The projects of a workspace with what tells whose they are, the oldest first."""
    found = client.everything(
        "/projects", workspace=workspace, archived="false", opt_fields="name,notes,created_at,permalink_url"
    )
    same = [
        DescribedProject(
            raw["gid"],
            raw.get("name") or "",
            raw.get("notes") or "",
            raw.get("created_at") or "",
            raw.get("permalink_url") or "",
        )
        for raw in found
    ]
    return sorted(same, key=lambda project: project.created_at)


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
    return ProjectState.from_json(client.get(path("projects", project), opt_fields=STATE_FIELDS))


# --- how a project stands ----------------------------------------------------------------------------------


def status(client: Client, update: str) -> Status:
    return Status.from_json(client.get(path("status_updates", update), opt_fields=STATUS_FIELDS))


def statuses(client: Client, parent: str, *, since: datetime | None = None) -> list[Status]:
    """What was said about a project or portfolio, oldest first."""
    params = {"parent": parent, "opt_fields": STATUS_FIELDS}
    if since is not None:
        params["created_since"] = iso_moment(since)
    found = [Status.from_json(raw) for raw in client.everything("/status_updates", **params)]
    return sorted(found, key=lambda one: one.created_at)


def report(client: Client, parent: str, status_type: str, text: str, *, title: str = "") -> Status:
    """Say how a project or portfolio stands. Asana has no key against a second one: see `statuses` first."""
    sent = {"parent": parent, "status_type": status_type, "text": text} | ({"title": title} if title else {})
    return Status.from_json(client.write("POST", "/status_updates", sent, opt_fields=STATUS_FIELDS))


# --- templates -------------------------------------------------------------------------------------------


def templates(client: Client, workspace: str) -> list[Template]:
    found = client.everything(
        "/project_templates", workspace=workspace, opt_fields="name,requested_dates,requested_dates.name"
    )
    return [
        Template(
            raw["gid"],
            raw.get("name") or "",
            tuple(one["gid"] for one in raw.get("requested_dates") or () if one.get("gid")),
        )
        for raw in found
    ]


def instantiate(client: Client, template: str, name: str, *, dates: Mapping[str, date] | None = None) -> Job:
    """Begin to make a project from a template; `job` tells when it is whole.

    `dates` by the gids of `Template.dates`: a template that has some is refused without them.
    """
    sent: dict[str, Any] = {"name": name}
    if dates:
        sent["requested_dates"] = [{"gid": gid, "value": day.isoformat()} for gid, day in dates.items()]
    raw = client.write(
        "POST", path("project_templates", template, "instantiateProject"), sent, opt_fields=JOB_FIELDS
    )
    return _job(raw)


def job(client: Client, gid: str) -> Job:
    return _job(client.get(path("jobs", gid), opt_fields=JOB_FIELDS))


def _job(raw: Any) -> Job:
    return Job(raw["gid"], raw.get("status") or "", (raw.get("new_project") or {}).get("gid") or "")
