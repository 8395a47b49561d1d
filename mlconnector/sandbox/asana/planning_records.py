"""Portfolios, templates, jobs and status updates as the API shows them.

Source: Asana API specification 1.0 (read 2026-11).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana.planning import Job, Portfolio, StatusUpdate, Template
from mlconnector.sandbox.asana.shapes import Record
from mlconnector.sandbox.asana.state import Project, State, User, Workspace
from mlconnector.sandbox.asana.values import iso

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator


class PlanningRecords:
    """Mixed into Records."""

    sim: "AsanaSimulator"
    state: State
    project: Callable[[Project], Record]
    user: Callable[[User], Record]
    workspace: Callable[[Workspace], Record]
    _later: Callable[..., Callable[[], Record | None]]

    def portfolio(self, portfolio: Portfolio) -> Record:
        fields: dict[str, Any] = {
            "name": portfolio.name,
            "archived": False,
            "created_at": iso(portfolio.created_at),
            "created_by": self._later(self.user, "user", portfolio.owner),
            "current_status_update": self._later(
                self.status_update, "status_update", latest(self.state, portfolio.gid)
            ),
            "custom_field_settings": [],
            "custom_fields": [],
            "due_on": None,
            "start_on": None,
            "members": lambda: [self.user(self.state.by_gid[gid]) for gid in portfolio.members],
            "owner": self._later(self.user, "user", portfolio.owner),
            "permalink_url": f"{self.sim.base_url}/0/portfolio/{portfolio.gid}/list",
            "public": portfolio.is_public,
            "privacy_setting": "public_to_domain" if portfolio.is_public else "members_only",
            "workspace": self._later(self.workspace, "workspace", portfolio.workspace),
        }
        return Record(portfolio.gid, "portfolio", fields, opt_in=("archived",))

    def template(self, template: Template) -> Record:
        dates = [{"gid": one.gid, "name": one.name, "description": f"{one.name}?"} for one in template.dates]
        fields = {
            "name": template.name,
            "description": "",
            "html_description": "<body></body>",
            "public": True,
            "owner": self._later(self.user, "user", template.owner),
            "team": None,
            "requested_dates": dates,
            "requested_roles": [],
            "color": None,
        }
        return Record(template.gid, "project_template", fields, opt_in=("html_description",))

    def job(self, job: Job) -> Record:
        """`new_project` is there from the beginning; what is in it only once the job has succeeded."""
        fields = {
            "resource_subtype": "instantiate_project",
            "status": job.status,
            "new_project": self._later(self.project, "project", job.project),
        }
        return Record(job.gid, "job", fields, compact=fields)

    def status_update(self, update: StatusUpdate) -> Record:
        build = self.portfolio if update.parent_kind == "portfolio" else self.project
        fields: dict[str, Any] = {
            "title": update.title,
            "resource_subtype": update.resource_subtype,
            "text": update.text,
            "html_text": f"<body>{update.text}</body>",
            "status_type": update.status_type,
            "author": self._later(self.user, "user", update.created_by),
            "created_by": self._later(self.user, "user", update.created_by),
            "created_at": iso(update.created_at),
            "modified_at": iso(update.created_at),
            "liked": False,
            "likes": [],
            "num_likes": 0,
            "parent": self._later(build, update.parent_kind, update.parent),
        }
        compact = ("title", "resource_subtype")
        return Record(update.gid, "status_update", fields, compact=compact, opt_in=("html_text",))


def latest(state: State, parent: str) -> str:
    """The gid of the newest status update of a project or portfolio, or ""."""
    found = [update for update in state.all("status_update") if update.parent == parent]
    return max(found, key=lambda update: (update.created_at, int(update.gid))).gid if found else ""
