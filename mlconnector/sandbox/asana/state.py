"""What the simulated Asana knows: plain records, found by gid."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# A value of a custom field as stored: text, number, option gid(s), day, moment, user gids, record gids.
Value = str | Decimal | date | datetime | list[str] | None


@dataclass
class Workspace:
    gid: str
    name: str
    # App ids that the admins blocked here; "pat" blocks personal access tokens.
    blocked: set[str] = field(default_factory=set)
    kind: str = "workspace"


@dataclass
class User:
    gid: str
    name: str
    email: str
    workspaces: list[str]
    is_admin: bool = False
    is_guest: bool = False
    # Invited and not yet come.
    is_invited: bool = False
    # Workspaces that this user was removed from.
    left: set[str] = field(default_factory=set)
    kind: str = "user"


@dataclass
class App:
    """An OAuth app. Without `scopes` it has full permissions."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str] = frozenset()


@dataclass
class Token:
    """A bearer token. `kind` is pat, access or refresh; without `scopes` it may do everything."""

    value: str
    kind: str
    user: str
    app: str = ""
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    is_revoked: bool = False

    @property
    def owner(self) -> tuple[str, str]:
        """Whose webhooks: those of one app and user, or of one personal access token."""
        return (self.app or self.value, self.user)


@dataclass
class Section:
    gid: str
    name: str
    project: str
    created_at: datetime
    kind: str = "section"


@dataclass
class Setting:
    """A custom field on a project."""

    gid: str
    project: str
    custom_field: str
    is_important: bool = False
    kind: str = "custom_field_setting"


@dataclass
class Project:
    gid: str
    name: str
    workspace: str
    owner: str
    created_at: datetime
    modified_at: datetime
    notes: str = ""
    is_archived: bool = False
    privacy_setting: str = "public_to_workspace"
    default_view: str = "list"
    due_on: str | None = None
    start_on: str | None = None
    team: str = ""
    sections: list[str] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    # Membership gid -> member gid and access level.
    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    # Set by a status update "complete".
    completed_at: datetime | None = None
    completed_by: str = ""
    is_deleted: bool = False
    kind: str = "project"

    @property
    def fields(self) -> list[str]:
        return [setting.custom_field for setting in self.settings]


@dataclass
class Option:
    gid: str
    name: str
    custom_field: str
    color: str = "none"
    is_enabled: bool = True
    kind: str = "enum_option"


@dataclass
class Field:
    """A custom field; `subtype` is text, number, enum, multi_enum, date, people or reference."""

    gid: str
    name: str
    subtype: str
    workspace: str
    created_by: str
    description: str = ""
    precision: int = 0
    format: str = "none"
    currency_code: str | None = None
    custom_label: str | None = None
    custom_label_position: str | None = None
    options: list[Option] = field(default_factory=list)
    # formula and custom_id show what the value is made of; both are read-only.
    representation: str = ""
    id_prefix: str | None = None
    input_restrictions: list[str] = field(default_factory=list)
    is_global: bool = True
    is_locked: bool = False
    # Users who may not see the field.
    hidden_from: set[str] = field(default_factory=set)
    is_deleted: bool = False
    kind: str = "custom_field"

    @property
    def is_read_only(self) -> bool:
        return self.representation in ("formula", "custom_id")

    def option(self, gid: str) -> Option | None:
        return next((option for option in self.options if option.gid == gid), None)


@dataclass
class Task:
    gid: str
    name: str
    workspace: str
    created_by: str
    created_at: datetime
    modified_at: datetime
    resource_subtype: str = "default_task"
    approval_status: str = ""
    is_completed: bool = False
    completed_at: datetime | None = None
    completed_by: str = ""
    assignee: str = ""
    notes: str = ""
    html_notes: str = ""
    due_on: str | None = None
    due_at: str | None = None
    start_on: str | None = None
    start_at: str | None = None
    parent: str = ""
    # Project gid -> section gid, in the order of joining.
    memberships: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    followers: list[str] = field(default_factory=list)
    # OAuth app id -> {"gid": ..., "data": ...}.
    external: dict[str, dict[str, str]] = field(default_factory=dict)
    is_separator: bool = False
    is_liked: bool = False
    is_deleted: bool = False
    kind: str = "task"


@dataclass
class Story:
    gid: str
    task: str
    created_at: datetime
    created_by: str
    resource_subtype: str
    text: str
    html_text: str = ""
    source: str = "api"
    # old_... and new_... values of a system story, ready to be sent.
    details: dict[str, Any] = field(default_factory=dict)
    is_edited: bool = False
    is_pinned: bool = False
    kind: str = "story"

    @property
    def type(self) -> str:
        return "comment" if self.resource_subtype == "comment_added" else "system"


@dataclass
class Attachment:
    gid: str
    name: str
    parent: str
    created_at: datetime
    host: str = "asana"
    content: bytes = b""
    media_type: str = "application/octet-stream"
    url: str = ""
    kind: str = "attachment"


@dataclass
class Event:
    """One change, with everything above it at that moment (`places`: gids whose subscribers hear of it)."""

    number: int
    at: datetime
    places: frozenset[str]
    user: str
    action: str
    resource: tuple[str, str, str]  # kind, gid, subtype
    parent: tuple[str, str, str] | None = None
    field: str = ""
    change: str = ""
    value: tuple[str, str, str] | None = None


@dataclass
class Delivery:
    """One webhook body that waits to be sent; without events it is a heartbeat."""

    webhook: str
    events: list[Event]


@dataclass
class Webhook:
    gid: str
    owner: tuple[str, str]
    user: str
    app: str
    resource: str
    target: str
    filters: list[dict[str, Any]]
    secret: str
    created_at: datetime
    is_active: bool = False
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure_content: str | None = None
    retry_count: int = 0
    next_attempt_at: datetime | None = None
    failing_since: datetime | None = None
    next_heartbeat_at: datetime | None = None
    waiting: list[Event] = field(default_factory=list)
    is_heartbeat_due: bool = False
    kind: str = "webhook"


class State:
    """All records by gid, and the log of events."""

    def __init__(self) -> None:
        self._last_gid = 1209000000000000
        self.by_gid: dict[str, Any] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.deleted_webhooks: list[Webhook] = []
        # Sync token -> resource gid, number of the last event seen, moment of issue.
        self.syncs: dict[str, tuple[str, int, datetime]] = {}
        self.events: list[Event] = []
        # Gids of the stories and attachments of a record, oldest first.
        self.stories_of: dict[str, list[str]] = {}
        self.attachments_of: dict[str, list[str]] = {}
        self.subtasks_of: dict[str, list[str]] = {}

    def next_gid(self) -> str:
        """A fresh gid; gaps and two widths, so that nobody counts on either."""
        self._last_gid += 7
        return f"{self._last_gid}" if self._last_gid % 2 else f"{self._last_gid}0"

    def add(self, record: Any) -> Any:
        self.by_gid[record.gid] = record
        return record

    def get(self, kind: str, gid: str) -> Any:
        """The living record of that kind, or None."""
        record = self.by_gid.get(gid)
        if record is None or record.kind != kind or getattr(record, "is_deleted", False):
            return None
        return record

    def all(self, kind: str) -> Iterator[Any]:
        """Living records of one kind, in the order of creation."""
        for record in list(self.by_gid.values()):
            if record.kind == kind and not getattr(record, "is_deleted", False):
                yield record

    def user_by_email(self, email: str) -> User | None:
        return next((user for user in self.all("user") if user.email == email), None)

    def projects_of(self, task: Task) -> list[Project]:
        found = (self.get("project", gid) for gid in task.memberships)
        return [project for project in found if project]

    def fields_of(self, task: Task) -> list[str]:
        """Gids of the custom fields that the task's own projects have (one level only, not the parent's)."""
        return list(dict.fromkeys(gid for project in self.projects_of(task) for gid in project.fields))

    def chain(self, task: Task) -> list[Task]:
        """The task and its parents upwards."""
        found = [task]
        while found[-1].parent and (parent := self.by_gid.get(found[-1].parent)):
            found.append(parent)
        return found

    def places(self, task: Task) -> frozenset[str]:
        """Whose subscribers hear of a change in `task`: itself, its parents, the projects of all of them."""
        chain = self.chain(task)
        return frozenset({one.gid for one in chain} | {gid for one in chain for gid in one.memberships})

    # --- what a token may see -------------------------------------------------------------
    def may_use(self, token: Token, workspace_gid: str) -> bool:
        workspace = self.get("workspace", workspace_gid)
        user = self.get("user", token.user)
        if not workspace or not user or workspace_gid not in user.workspaces:
            return False
        return (token.app or "pat") not in workspace.blocked

    def may_see_project(self, token: Token, project: Project) -> bool:
        if project.is_deleted or not self.may_use(token, project.workspace):
            return False
        if project.privacy_setting != "private":
            return True
        return token.user in {project.owner, *(member for member, _ in project.members.values())}

    def may_see_task(self, token: Token, task: Task) -> bool:
        if not self.may_use(token, task.workspace):
            return False
        chain = self.chain(task)
        projects = [project for one in chain for project in self.projects_of(one)]
        if any(self.may_see_project(token, project) for project in projects):
            return True
        return not projects or token.user in (task.assignee, task.created_by)
