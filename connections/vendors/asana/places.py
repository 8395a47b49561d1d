"""Where the work is: the signed-in user, workspaces, projects and what fields a project has."""

from __future__ import annotations

from dataclasses import dataclass

from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.asana.client import Client, path
from connections.vendors.asana.fields import DEFINITION_FIELDS, CustomField


@dataclass(frozen=True)
class Workspace:
    gid: str
    name: str
    is_organization: bool = False


@dataclass(frozen=True)
class User:
    """A person. Of the token's own user also the workspaces that do not block it."""

    gid: str
    name: str
    email: str
    workspaces: tuple[Workspace, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of a project; tasks stand in exactly one section of each of their projects."""

    gid: str
    name: str


@dataclass(frozen=True)
class Project:
    gid: str
    name: str
    workspace: str
    permalink_url: str = ""


def me(client: Client) -> User:
    raw = client.get("/users/me", opt_fields="name,email,workspaces.gid,workspaces.name")
    return User(
        gid=raw["gid"],
        name=raw.get("name") or "",
        email=raw.get("email") or "",
        workspaces=tuple(
            Workspace(item["gid"], item.get("name") or "") for item in raw.get("workspaces") or ()
        ),
    )


def workspaces(client: Client) -> list[Workspace]:
    """Those that the token may use: a workspace that blocks personal access tokens or the app is missing."""
    return [
        Workspace(raw["gid"], raw.get("name") or "", bool(raw.get("is_organization")))
        for raw in client.everything("/workspaces", opt_fields="name,is_organization")
    ]


def projects(client: Client, workspace: str) -> list[Project]:
    """The projects of a workspace that the user may see, without archived ones."""
    found = client.everything(
        "/projects", workspace=workspace, archived="false", opt_fields="name,permalink_url"
    )
    return [
        Project(raw["gid"], raw.get("name") or "", workspace, raw.get("permalink_url") or "") for raw in found
    ]


def project(client: Client, gid: str) -> Project:
    """Raises ConfigurationError when the project is gone or no longer shared with our user."""
    try:
        raw = client.get(path("projects", gid), opt_fields="name,permalink_url,workspace.gid")
    except RejectedError as error:
        raise project_gone(gid, error) from error
    return Project(raw["gid"], raw.get("name") or "", raw["workspace"]["gid"], raw.get("permalink_url") or "")


def sections(client: Client, project: str) -> list[Section]:
    """The sections of a project in their order. Needs full permissions: no single scope covers it."""
    try:
        found = client.everything(path("projects", project, "sections"), opt_fields="name")
    except RejectedError as error:
        raise project_gone(project, error) from error
    return [Section(raw["gid"], raw.get("name") or "") for raw in found]


def users(client: Client, workspace: str) -> list[User]:
    """The people of a workspace that our user sees; `email` is "" where it is not shown to us."""
    found = client.everything("/users", workspace=workspace, opt_fields="name,email")
    return [User(raw["gid"], raw.get("name") or "", (raw.get("email") or "").strip()) for raw in found]


def custom_fields(client: Client, project: str) -> list[CustomField]:
    """The custom fields of a project, its own ones and those of the workspace, as Asana orders them."""
    try:
        found = client.everything(
            path("projects", project, "custom_field_settings"), opt_fields=DEFINITION_FIELDS
        )
    except RejectedError as error:
        raise project_gone(project, error) from error
    return [CustomField.from_json(raw["custom_field"]) for raw in found]


def project_gone(gid: str, error: RejectedError) -> ConfigurationError | RejectedError:
    """What a refusal for a project means: without it the whole integration stands still."""
    if error.status not in (404, 410):
        return error
    return ConfigurationError(
        say(
            "The Asana project %(project)s was deleted or is no longer shared with the user of this "
            "connection. Share it again, or choose another project in the integration.",
            project=gid,
        ),
        vendor="asana",
        status=error.status,
    )
