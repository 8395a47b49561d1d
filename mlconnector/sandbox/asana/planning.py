"""What the simulated Asana knows beside tasks: portfolios, project templates, jobs, status updates."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Portfolio:
    """`items` are gids of projects and portfolios, in the order shown."""

    gid: str
    name: str
    workspace: str
    owner: str
    created_at: datetime
    is_public: bool = True
    items: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    is_deleted: bool = False
    kind: str = "portfolio"


@dataclass
class DateVariable:
    """A date that is asked for at instantiation. 1 is the project's start, 2 its due date."""

    gid: str
    name: str


@dataclass
class Template:
    """What an instantiated project begins with."""

    gid: str
    name: str
    workspace: str
    owner: str
    sections: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    # Gids of custom fields.
    fields: tuple[str, ...] = ()
    dates: tuple[DateVariable, ...] = ()
    is_deleted: bool = False
    kind: str = "project_template"


@dataclass
class Job:
    """A project that is being made from a template; at most five of one token run at once."""

    gid: str
    template: str
    project: str
    token: str
    by: str
    started_at: datetime
    ends_at: datetime
    status: str = "not_started"
    kind: str = "job"

    @property
    def is_over(self) -> bool:
        return self.status in ("succeeded", "failed")


@dataclass
class StatusUpdate:
    """`parent` is a project's or a portfolio's gid."""

    gid: str
    parent: str
    parent_kind: str
    status_type: str
    text: str
    title: str
    created_by: str
    created_at: datetime
    is_deleted: bool = False
    kind: str = "status_update"

    @property
    def resource_subtype(self) -> str:
        return f"{self.parent_kind}_status_update"

    @property
    def name(self) -> str:
        return self.title
