"""Where issues go: projects, issue types with their fields, statuses, priorities, and our rights there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.jira.addresses import path
from connections.vendors.jira.client import Client, an_object, needed, objects, ref, unreadable
from connections.vendors.jira.external import ExternalField
from connections.vendors.jira.values import Status, mapping, text

# Above 200 Jira refuses. Source: "Get create metadata issue types for a project" (OpenAPI file of 2025-12).
META_SIZE = 200
PROJECT_SIZE = 100

# What the work needs of a project. Source: Jira Cloud REST v3, "Get my permissions" (read 2026-11).
NEEDED_PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "ADD_COMMENTS",
    "CREATE_ATTACHMENTS",
    "TRANSITION_ISSUES",
)


@dataclass(frozen=True)
class User:
    """`account` is what identifies the user; the address is hidden more often than not."""

    account: str
    name: str
    email: str = ""
    time_zone: str = ""


@dataclass(frozen=True)
class Project:
    id: str
    key: str
    name: str
    # Issue types, statuses and fields of a team-managed project exist in that project only.
    is_team_managed: bool = False


@dataclass(frozen=True)
class IssueType:
    id: str
    name: str
    is_subtask: bool = False


@dataclass(frozen=True)
class Choice:
    id: str
    name: str


@dataclass(frozen=True)
class CreateField:
    """A field on the create screen. `kind` is the type: of a custom field its key, else Jira's own name."""

    id: str
    name: str
    kind: str
    is_required: bool
    has_default: bool
    choices: tuple[Choice, ...] = ()

    @property
    def must_be_filled(self) -> bool:
        return self.is_required and not self.has_default


@dataclass(frozen=True)
class Field:
    """A field of the site; `project` is set where it exists in one project only."""

    id: str
    name: str
    kind: str
    is_custom: bool
    project: str = ""


def myself(client: Client) -> User:
    raw = an_object(client.get("/myself"))
    return User(
        needed(raw.get("accountId")),
        text(raw.get("displayName")),
        text(raw.get("emailAddress")),
        text(raw.get("timeZone")),
    )


def projects(client: Client) -> list[Project]:
    """The projects in which the user may create issues, by key."""
    found = client.listed("/project/search", size=PROJECT_SIZE, action="create", orderBy="key")
    return [_project(raw) for raw in found]


def project(client: Client, project_id: str) -> Project:
    """Raises ConfigurationError when the project is gone or not shown to our user."""
    try:
        return _project(an_object(client.get(path("project", project_id))))
    except RejectedError as error:
        raise project_gone(project_id, error) from error


def issue_types(client: Client, project_id: str) -> list[IssueType]:
    """What can be created in the project; subtasks need a parent and are in the list too."""
    at = path("issue", "createmeta", project_id, "issuetypes")
    try:
        found = list(client.listed(at, "issueTypes", size=META_SIZE))
    except RejectedError as error:
        raise project_gone(project_id, error) from error
    return [
        IssueType(needed(raw.get("id")), text(raw.get("name")), raw.get("subtask") is True) for raw in found
    ]


def create_fields(client: Client, project_id: str, issue_type: str) -> list[CreateField]:
    """The fields of the create screen: no other field can be set when an issue is created."""
    at = path("issue", "createmeta", project_id, "issuetypes", issue_type)
    try:
        found = list(client.listed(at, "fields", size=META_SIZE))
    except RejectedError as error:
        raise project_gone(project_id, error) from error
    return [_create_field(raw) for raw in found]


def fields(client: Client) -> list[Field]:
    return [_field(raw) for raw in objects(client.get("/field"))]


def external_field(client: Client, field_id: str) -> ExternalField:
    """The field that is to carry our id. Raises ConfigurationError if it is gone or of another type."""
    found = next((field for field in fields(client) if field.id == field_id), None)
    if found is None:
        raise ConfigurationError(
            say(
                "The Jira field %(field)s, which carries our id, does not exist any more or is hidden from "
                "the user of this connection. Choose another one in the integration.",
                field=field_id,
            ),
            vendor="jira",
            code="no_external_field",
        )
    external = ExternalField(found.id, found.kind)
    _ = external.clause_name
    return external


def statuses(client: Client, project_id: str) -> dict[str, list[Status]]:
    """The statuses of each issue type of the project, by the type's id, in the order of the workflow."""
    try:
        found = objects(client.get(path("project", project_id, "statuses")))
    except RejectedError as error:
        raise project_gone(project_id, error) from error
    return {
        needed(raw.get("id")): [Status.from_json(one) for one in objects(raw.get("statuses"))]
        for raw in found
    }


def priorities(client: Client) -> list[Choice]:
    return [_choice(raw) for raw in client.listed("/priority/search", size=50)]


def permissions(client: Client, names: Iterable[str], project_id: str = "") -> dict[str, bool]:
    """Whether our user has each right: in the project, or without one in any project."""
    where = {"projectId": project_id} if project_id else {}
    raw = an_object(client.get("/mypermissions", permissions=",".join(names), **where))
    held = raw.get("permissions")
    if not isinstance(held, Mapping):
        raise unreadable()
    return {name: mapping(held.get(name)).get("havePermission") is True for name in names}


def project_gone(project_id: str, error: RejectedError) -> ConfigurationError | RejectedError:
    """What a refusal for a project means: without it the whole integration stands still."""
    if error.status not in (400, 404):
        return error
    return ConfigurationError(
        say(
            "The Jira project %(project)s (or its issue type) was deleted or is not shown to the user of "
            "this connection. Give that user access, or choose another project in the integration.",
            project=project_id,
        ),
        vendor="jira",
        status=error.status,
        request_id=error.request_id,
    )


def _project(raw: Mapping[str, Any]) -> Project:
    return Project(
        needed(raw.get("id")),
        text(raw.get("key")),
        text(raw.get("name")),
        raw.get("simplified") is True or raw.get("style") == "next-gen",
    )


def _create_field(raw: Mapping[str, Any]) -> CreateField:
    allowed = raw.get("allowedValues")
    options: Sequence[Any] = allowed if isinstance(allowed, list) else ()
    return CreateField(
        needed(raw.get("fieldId") or raw.get("key")),
        text(raw.get("name")),
        _kind(raw),
        raw.get("required") is True,
        raw.get("hasDefaultValue") is True,
        tuple(_choice(one) for one in options if isinstance(one, Mapping) and ref(one.get("id"))),
    )


def _field(raw: Mapping[str, Any]) -> Field:
    return Field(
        needed(raw.get("id")),
        text(raw.get("name")),
        _kind(raw),
        raw.get("custom") is True,
        ref(mapping(mapping(raw.get("scope")).get("project")).get("id")),
    )


def _kind(raw: Mapping[str, Any]) -> str:
    schema = mapping(raw.get("schema"))
    return text(schema.get("custom")) or text(schema.get("type"))


def _choice(raw: Mapping[str, Any]) -> Choice:
    return Choice(needed(raw.get("id")), text(raw.get("name")) or text(raw.get("value")))
