"""Set-up in plain Python: portfolios, templates, status updates, people who come and go."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mlconnector.sandbox.asana import statuses, templates
from mlconnector.sandbox.asana.changes import Changes
from mlconnector.sandbox.asana.planning import DateVariable, Portfolio, Template

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator


class PlanningHelpers:
    """Mixed into AsanaSimulator."""

    def add_portfolio(
        self: "AsanaSimulator", name: str = "Projekte", *, items: Iterable[str] = (), owner: str = ""
    ) -> str:
        """A portfolio of the token's user, unless it is somebody else's."""
        with self.lock:
            owner = owner or self.connector
            portfolio = Portfolio(self.known.next_gid(), name, self.workspace, owner, self.clock.now())
            portfolio.items.extend(items)
            return self.known.add(portfolio).gid

    def add_to_portfolio(self: "AsanaSimulator", portfolio: str, item: str) -> str:
        with self.lock:
            self.known.get("portfolio", portfolio).items.append(item)
            return item

    def remove_from_portfolio(self: "AsanaSimulator", portfolio: str, item: str) -> str:
        with self.lock:
            self.known.get("portfolio", portfolio).items.remove(item)
            return item

    def add_template(
        self: "AsanaSimulator",
        name: str = "Bauvorhaben",
        *,
        sections: Iterable[str] = (),
        tasks: Iterable[str] = (),
        fields: Iterable[str] = (),
        dates: Mapping[str, str] | None = None,
    ) -> str:
        """`dates`: date variable gid ("1" start, "2" due) -> name."""
        with self.lock:
            variables = tuple(DateVariable(gid, name) for gid, name in (dates or {}).items())
            template = Template(
                self.known.next_gid(),
                name,
                self.workspace,
                self.approver,
                tuple(sections),
                tuple(tasks),
                tuple(fields),
                variables,
            )
            return self.known.add(template).gid

    def finish_jobs(self: "AsanaSimulator") -> None:
        """Let every job end now."""
        with self.lock:
            for job in self.known.all("job"):
                job.ends_at = self.clock.now()
            templates.settle(self)

    # --- status -------------------------------------------------------------
    def set_status(
        self: "AsanaSimulator", parent: str, status_type: str, text: str = "Neuer Stand", *, by: str = ""
    ) -> str:
        """A person tells how a project or portfolio stands (on_track, at_risk, off_track, complete, ...)."""
        with self.lock:
            kind = self.known.by_gid[parent].kind
            update = statuses.put(self, (kind, parent), status_type, text, title="", by=by or self.approver)
            return update.gid

    def statuses(self: "AsanaSimulator", parent: str) -> list[str]:
        """The status types of a project or portfolio, oldest first."""
        found = [update for update in self.known.all("status_update") if update.parent == parent]
        return [update.status_type for update in found]

    # --- people and places -------------------------------------------------------------
    def invite(self: "AsanaSimulator", name: str, email: str) -> str:
        """Somebody who was invited and has not come yet."""
        with self.lock:
            gid = self.add_user(name, email)
            self.known.get("user", gid).is_invited = True
            return gid

    def remove_user(self: "AsanaSimulator", gid: str) -> str:
        """A person takes somebody out of the workspace."""
        with self.lock:
            user = self.known.get("user", gid)
            user.workspaces.remove(self.workspace)
            user.left.add(self.workspace)
            return gid

    def move_task(self: "AsanaSimulator", gid: str, section: str, *, by: str = "") -> str:
        """A person moves a task into another section of its project."""
        with self.lock:
            project = self.known.get("project", self.known.get("section", section).project)
            Changes(self, by or self.approver, "web").join(self.task(gid), project, section)
            return gid
