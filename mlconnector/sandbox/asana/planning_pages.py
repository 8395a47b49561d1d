"""Pages for people: portfolios, how a project stands, who is in the workspace."""

from typing import TYPE_CHECKING

from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.asana import statuses
from mlconnector.sandbox.asana.pages import LINKS, SITE
from mlconnector.sandbox.asana.state import User
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator

SHOWN = {
    "": "noch keiner / none yet",
    "on_track": "im Plan",
    "at_risk": "gefährdet",
    "off_track": "nicht im Plan",
    "on_hold": "angehalten",
    "complete": "abgeschlossen",
    "dropped": "aufgegeben",
}


class PlanningPages:
    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("page.portfolios", "GET", "/portfolios", self.portfolios),
            Route("page.portfolio", "GET", "/0/portfolio/<gid>/list", self.portfolio),
            Route("page.status", "POST", "/0/<gid>/status", self.set_status),
            Route("page.people", "GET", "/people", self.people),
        ]

    def _page(self, title: str, *parts: str, status: int = 200) -> Response:
        return html.page(SITE, title, *parts, links=LINKS, status=status)

    def portfolios(self, request: "Request") -> Response:
        known = self.sim.known
        rows = [
            (
                html.link(one.name, f"/0/portfolio/{one.gid}/list"),
                known.by_gid[one.owner].name,
                len(one.items),
                one.gid,
            )
            for one in known.all("portfolio")
        ]
        return self._page("Portfolios", html.table(("Portfolio", "Besitz / Owner", "Einträge", "GID"), rows))

    def portfolio(self, request: "Request", gid: str) -> Response:
        portfolio = self.sim.known.get("portfolio", gid)
        if portfolio is None:
            return self._page("Nicht gefunden / Not found", status=404)
        projects = [one for item in portfolio.items if (one := self.sim.known.get("project", item))]
        rows = [
            (
                html.link(project.name, f"/0/{project.gid}/list"),
                self._status(project.gid),
                self._form(project.gid, gid),
                self._done(project.tasks),
            )
            for project in projects
        ]
        return self._page(portfolio.name, html.table(("Projekt", "Status", "", "Erledigt / Done"), rows))

    def _status(self, gid: str) -> str:
        told = self.sim.statuses(gid)
        last = told[-1] if told else ""
        text = f"{SHOWN[last]} / {last}" if last else SHOWN[last]
        mark = {"complete": html.good, "on_track": html.good, "off_track": html.bad}.get(last)
        return mark(text) if mark else text

    def _form(self, project: str, portfolio: str) -> str:
        kinds = [(kind, SHOWN[kind]) for kind in statuses.TYPES]
        return html.form(
            f"/0/{project}/status",
            "Melden / Report",
            html.hidden("portfolio", portfolio),
            html.choice("status", "", kinds),
            html.field("text", "Text"),
        )

    def _done(self, gids: list[str]) -> str:
        tasks = [task for gid in gids if (task := self.sim.known.get("task", gid))]
        return f"{len([task for task in tasks if task.is_completed])} / {len(tasks)}"

    def set_status(self, request: "Request", gid: str) -> Response:
        kind = request.form.get("status", "")
        if self.sim.known.get("project", gid) is None or kind not in statuses.TYPES:
            return self._page("Nicht gefunden / Not found", status=404)
        self.sim.set_status(gid, kind, request.form.get("text") or SHOWN[kind])
        back = request.form.get("portfolio", "")
        return redirect(f"/0/portfolio/{back}/list" if back else f"/0/{gid}/list", 303, Response)

    def people(self, request: "Request") -> Response:
        rows = [(user.name, user.email, self._standing(user)) for user in self.sim.known.all("user")]
        return self._page("Menschen / People", html.table(("Name", "E-Mail", "Stand"), rows))

    def _standing(self, user: User) -> str:
        if self.sim.workspace not in user.workspaces:
            return "entfernt / removed"
        if user.is_invited:
            return "eingeladen / invited"
        return "Administration / admin" if user.is_admin else "Mitglied / member"
