"""Pages for people: projects, tasks, and the buttons that a person in Asana would press."""

from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup
from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.errors import ApiError
from mlconnector.sandbox.asana.state import Field, Task
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator

SITE = "Asana (simuliert)"
LINKS = (
    ("Projekte / Projects", "/"),
    ("Portfolios", "/portfolios"),
    ("Menschen / People", "/people"),
    ("Webhooks", "/webhooks"),
)
STATUSES = {
    "": "",
    "pending": "offen",
    "approved": "genehmigt",
    "rejected": "abgelehnt",
    "changes_requested": "Änderung erbeten",
}


class Pages:
    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("page.home", "GET", "/", self.home),
            Route("page.webhooks", "GET", "/webhooks", self.webhooks),
            Route("page.project", "GET", "/0/<project>/list", self.project),
            Route("page.task", "GET", "/0/<project>/<gid>", self.task),
            Route("page.decide", "POST", "/0/<project>/<gid>/decide", self.decide),
            Route("page.field", "POST", "/0/<project>/<gid>/field", self.field),
            Route("page.comment", "POST", "/0/<project>/<gid>/comment", self.comment),
        ]

    def _page(self, title: str, *parts: str, status: int = 200) -> Response:
        return html.page(SITE, title, *parts, links=LINKS, status=status)

    def _missing(self) -> Response:
        return self._page("Nicht gefunden / Not found", status=404)

    def home(self, request: "Request") -> Response:
        rows = [
            (
                html.link(project.name, f"/0/{project.gid}/list"),
                len([gid for gid in project.tasks if self.sim.known.get("task", gid)]),
                len(project.settings),
                project.gid,
            )
            for project in self.sim.known.all("project")
        ]
        return self._page("Projekte / Projects", html.table(("Projekt", "Aufgaben", "Felder", "GID"), rows))

    def project(self, request: "Request", project: str) -> Response:
        place = self.sim.known.get("project", project)
        if place is None:
            return self._missing()
        fields = [self.sim.known.by_gid[gid] for gid in place.fields]
        tasks = [task for gid in place.tasks if (task := self.sim.known.get("task", gid))]
        rows = [
            (
                html.link(task.name, f"/0/{project}/{task.gid}"),
                self._status(task),
                self._buttons(project, task),
                *(self._shown(task, field) for field in fields),
                len(self.sim.known.attachments_of.get(task.gid, [])),
                len(self.sim.comments(task.gid)),
            )
            for task in tasks
        ]
        names = ("Aufgabe / Task", "Status", "", *(field.name for field in fields), "Dateien", "Kommentare")
        return self._page(place.name, html.table(names, rows))

    def _status(self, task: Task) -> str:
        if task.resource_subtype != "approval":
            return html.good("erledigt / done") if task.is_completed else "offen / open"
        text = f"{STATUSES[task.approval_status]} / {task.approval_status}"
        mark = {"approved": html.good, "rejected": html.bad}.get(task.approval_status)
        return mark(text) if mark else text

    def _shown(self, task: Task, field: Field) -> str:
        return values.display(field, task.values.get(field.gid), self.sim.known) or ""

    def _buttons(self, project: str, task: Task) -> str:
        action = f"/0/{project}/{task.gid}/decide"
        if task.resource_subtype != "approval":
            wanted = [("open", "Öffnen / Reopen")] if task.is_completed else [("done", "Erledigt / Done")]
        else:
            wanted = [("approved", "Genehmigen / Approve"), ("rejected", "Ablehnen / Reject")]
            wanted.append(("pending", "Zurücksetzen / Reset"))
            wanted = [entry for entry in wanted if entry[0] != task.approval_status]
        return Markup("").join(
            html.form(action, text, html.hidden("status", status)) for status, text in wanted
        )

    def task(self, request: "Request", project: str, gid: str, refused: str = "") -> Response:
        task: Task | None = self.sim.known.get("task", gid)
        if task is None:
            return self._missing()
        known = self.sim.known
        fields = [known.by_gid[one] for one in known.fields_of(task)]
        rows = [
            (field.name, self._shown(task, field), self._editor(project, task, field)) for field in fields
        ]
        stories = [known.by_gid[one] for one in known.stories_of[gid]]
        told = [
            (values.iso(story.created_at), known.by_gid[story.created_by].name, story.type, story.text)
            for story in stories
        ]
        files = [known.by_gid[one] for one in known.attachments_of.get(gid, [])]
        linked = [
            (
                html.link(one.name, self.sim.files.signed_url(one) if one.host == "asana" else one.url),
                one.host,
            )
            for one in files
        ]
        comment = html.form(f"/0/{project}/{gid}/comment", "Kommentieren / Comment", html.field("text", ""))
        return self._page(
            task.name,
            html.bad(refused) if refused else "",
            Markup("<p>{} {}</p>").format(self._status(task), self._buttons(project, task)),
            html.note(task.notes) if task.notes else "",
            html.heading("Felder / Fields"),
            html.table(("Feld", "Wert", ""), rows),
            html.heading("Dateien / Files"),
            html.table(("Name", "Ort"), linked),
            html.heading("Verlauf / History"),
            html.table(("Zeit", "Wer", "Art", "Text"), told),
            comment,
        )

    def _editor(self, project: str, task: Task, field: Field) -> str:
        """A form for one value; people and references are left to the API."""
        action = f"/0/{project}/{task.gid}/field"
        value = task.values.get(field.gid)
        if field.subtype == "enum":
            options = [("", ""), *((one.gid, one.name) for one in field.options if one.is_enabled)]
            entry = html.choice("value", "", options, str(value or ""))
        elif field.subtype in ("text", "number", "date"):
            # An amount is written with a point here: the machine's notation, not the shown one.
            text = f"{value:f}" if isinstance(value, Decimal) else str(value or "")
            entry = html.field("value", "", text)
        else:
            return ""
        return html.form(action, "Speichern / Save", html.hidden("field", field.gid), entry)

    # --- buttons -------------------------------------------------------------
    def decide(self, request: "Request", project: str, gid: str) -> Response:
        status = request.form.get("status", "")
        if self.sim.known.get("task", gid) is None:
            return self._missing()
        if status in ("done", "open"):
            self.sim.complete(gid, status == "done")
        elif STATUSES.get(status):
            self.sim.decide(gid, status)
        return redirect(f"/0/{project}/{gid}", 303, Response)

    def field(self, request: "Request", project: str, gid: str) -> Response:
        try:
            if self.sim.known.get("task", gid) is None:
                return self._missing()
            self.sim.set_field(gid, request.form["field"], request.form.get("value") or None)
        except (ApiError, KeyError) as error:
            return self.task(request, project, gid, f"Nicht gespeichert / Not saved: {error}")
        return redirect(f"/0/{project}/{gid}", 303, Response)

    def comment(self, request: "Request", project: str, gid: str) -> Response:
        if self.sim.known.get("task", gid) is None:
            return self._missing()
        if request.form.get("text"):
            self.sim.add_comment(gid, request.form["text"])
        return redirect(f"/0/{project}/{gid}", 303, Response)

    def webhooks(self, request: "Request") -> Response:
        rows = [
            (
                hook.gid,
                self.sim.known.by_gid[hook.resource].name,
                hook.target,
                values.iso(hook.last_success_at),
                values.iso(hook.last_failure_at),
                hook.retry_count,
                len(hook.waiting),
            )
            for hook in self.sim.known.webhooks.values()
        ]
        names = ("GID", "Projekt", "Ziel / Target", "Letzter Erfolg", "Letzter Fehler", "Versuche", "Wartend")
        return self._page("Webhooks", html.table(names, rows))
