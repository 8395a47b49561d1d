"""What the simulated Jira knows: plain records. Ids are text of digits, as the vendor sends them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mlconnector.sandbox.jira.words import Words


# --- signing in -------------------------------------------------------------------------------------------
@dataclass
class App:
    """An app of the developer console. Webhooks of a private app reach nobody but its owner."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    owner: str
    is_public: bool = False


@dataclass
class Person:
    account_id: str
    name: str
    email: str
    # Profile language; "" takes the site's.
    language: str = ""
    time_zone: str = "Europe/Berlin"
    is_active: bool = True


@dataclass
class Grant:
    """One consent of a person to an app: the family of tokens that came from it."""

    id: str
    app: str
    account: str
    scopes: frozenset[str]
    # cloudId -> scopes there.
    sites: dict[str, frozenset[str]]
    consented_at: datetime
    # Why no refresh token of the family works any more.
    end_reason: str = ""
    is_revoked: bool = False


@dataclass
class Refresh:
    value: str
    grant: str
    issued_at: datetime
    # The first exchange; a second one more than ten minutes later is a breach.
    exchanged_at: datetime | None = None


@dataclass
class Access:
    value: str
    grant: str
    expires_at: datetime


# --- a site -----------------------------------------------------------------------------------------------
@dataclass
class Status:
    id: str
    name: Words
    category: str  # key of CATEGORIES
    project: str = ""  # team-managed projects have their own


@dataclass
class IssueType:
    id: str
    name: Words
    is_subtask: bool = False
    project: str = ""


@dataclass
class Option:
    """A choice of a select field, a priority, a resolution."""

    id: str
    name: Words


@dataclass
class Field:
    """`kind` is the last part of the custom type ("textfield"), or of a system field its own name."""

    id: str
    name: Words
    kind: str
    is_custom: bool = False
    is_searchable: bool = True
    project: str = ""
    options: list[Option] = field(default_factory=list)
    # Only these projects have the field; empty: all.
    only_in: frozenset[str] = frozenset()

    @property
    def clause(self) -> str:
        return f"cf[{self.id.removeprefix('customfield_')}]" if self.is_custom else self.id


@dataclass
class Transition:
    id: str
    name: Words
    to: str
    # Statuses it starts from; None: all others.
    sources: frozenset[str] | None = None
    # Fields of its screen -> required.
    screen: dict[str, bool] = field(default_factory=dict)


@dataclass
class Project:
    id: str
    key: str
    name: str
    is_team_managed: bool = False
    statuses: list[str] = field(default_factory=list)
    workflow: list[Transition] = field(default_factory=list)
    # Issue type -> fields of its create screen -> required.
    screens: dict[str, dict[str, bool]] = field(default_factory=dict)
    last_number: int = 0
    # Permission -> accounts that do not have it.
    denied: dict[str, set[str]] = field(default_factory=dict)


@dataclass
class Item:
    """One changed field of a Change."""

    field: str
    field_id: str
    before: str | None = None
    before_text: str | None = None
    after: str | None = None
    after_text: str | None = None
    kind: str = "jira"


@dataclass
class Change:
    id: str
    by: str
    at: datetime
    items: list[Item]


@dataclass
class Comment:
    id: str
    by: str
    at: datetime
    body: dict[str, Any]
    updated_at: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Attachment:
    id: str
    by: str
    at: datetime
    name: str
    content: bytes
    media_type: str


@dataclass
class RemoteLink:
    id: int
    global_id: str
    application: dict[str, Any] | None
    object: dict[str, Any]
    relationship: str | None


@dataclass
class Issue:
    id: str
    key: str
    project: str
    type: str
    status: str
    creator: str
    created_at: datetime
    updated_at: datetime
    category_changed_at: datetime
    resolution: str = ""
    resolved_at: datetime | None = None
    # Values of fields as stored: text, documents (ADF), numbers, ids of options and people.
    values: dict[str, Any] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    links: list[RemoteLink] = field(default_factory=list)


@dataclass
class Hook:
    """A dynamic webhook: of one app and person on one site."""

    id: int
    app: str
    account: str
    url: str
    jql: str
    events: list[str]
    field_ids: list[str] | None
    property_keys: list[str] | None
    expires_at: datetime


@dataclass
class AdminHook:
    """A webhook that an administrator made on the site's own page."""

    id: int
    name: str
    url: str
    events: list[str]
    secret: str = ""
    jql: str = ""
    exclude_body: bool = False


@dataclass
class Delivery:
    """One message on its way; the identifier stays the same however often it is sent."""

    identifier: str
    site: str
    url: str
    event: str
    body: bytes
    due_at: datetime
    # Whose secret signs it: of an app (dynamic) or of an admin webhook.
    app: str = ""
    secret: str = ""
    flow: str = "Primary"
    retries: int = 0


# Where the counters of a site begin; the first id given is one higher.
FIRST_IDS = {
    "status": 10000,
    "type": 10100,
    "project": 9999,
    "field": 10049,
    "option": 10200,
    "issue": 10014,
    "change": 10123,
    "comment": 10300,
    "attachment": 10400,
    "link": 10500,
    "hook": 0,
}


class Site:
    """A Jira site with everything on it. Without `is_jira` it is another product's (Confluence)."""

    def __init__(self, cloud_id: str, name: str, url: str, language: str, is_jira: bool) -> None:
        self.cloud_id = cloud_id
        self.name = name
        self.url = url
        self.language = language
        self.is_jira = is_jira
        self._last = dict(FIRST_IDS)
        self.admins: set[str] = set()
        self.members: set[str] = set()
        self.statuses: dict[str, Status] = {}
        self.types: dict[str, IssueType] = {}
        self.fields: dict[str, Field] = {}
        self.projects: dict[str, Project] = {}
        self.priorities: list[Option] = []
        self.resolutions: list[Option] = []
        self.issues: dict[str, Issue] = {}
        # Keys of issues that were moved to another project -> id.
        self.old_keys: dict[str, str] = {}
        self.hooks: dict[int, Hook] = {}
        self.admin_hooks: dict[int, AdminHook] = {}

    def next_id(self, kind: str) -> str:
        self._last[kind] += 1
        return str(self._last[kind])

    def issue(self, ref: str) -> Issue | None:
        """By id, by key in any case, or by a key it had before it was moved."""
        if ref in self.issues:
            return self.issues[ref]
        key = ref.upper()
        found = next((issue for issue in self.issues.values() if issue.key == key), None)
        return found or self.issues.get(self.old_keys.get(key, ""))

    def project(self, ref: str) -> Project | None:
        key = ref.upper()
        return self.projects.get(ref) or next(
            (project for project in self.projects.values() if project.key == key), None
        )

    def fields_of(self, project: str) -> Iterator[Field]:
        """Fields that issues of the project have."""
        for one in self.fields.values():
            if one.project in ("", project) and (not one.only_in or project in one.only_in):
                yield one

    def transitions(self, issue: Issue) -> list[Transition]:
        """What the workflow allows from the issue's status."""
        return [
            one
            for one in self.projects[issue.project].workflow
            if one.to != issue.status and (one.sources is None or issue.status in one.sources)
        ]


class State:
    """Everything: apps, people, tokens, sites."""

    def __init__(self) -> None:
        self.apps: dict[str, App] = {}
        self.people: dict[str, Person] = {}
        self.sites: dict[str, Site] = {}
        self.grants: dict[str, Grant] = {}
        self.refreshes: dict[str, Refresh] = {}
        self.accesses: dict[str, Access] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        # Search page token -> what it continues.
        self.pages: dict[str, dict[str, Any]] = {}
        # Media token -> (cloudId, attachment id, end).
        self.media: dict[str, tuple[str, str, datetime]] = {}
