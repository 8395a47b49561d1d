"""Pages for people: sites, projects, issues with what was written, and the buttons a person would press."""

from typing import TYPE_CHECKING

from markupsafe import Markup
from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.jira import adf_html, attachments
from mlconnector.sandbox.jira.shapes import moment
from mlconnector.sandbox.jira.state import Change, Issue, Project, Site
from mlconnector.sandbox.jira.words import said
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.jira.app import JiraSimulator

SITE = "Jira (simuliert)"
TIME_ZONE = "Europe/Berlin"
# The pages speak German with English beside it, names on the site follow its language.
LINKS = (("Websites / Sites", "/"), ("Webhooks", "/webhooks"))


class Pages:
    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        site = "/sites/<site>"
        return [
            Route("page.home", "GET", "/", self.home),
            Route("page.webhooks", "GET", "/webhooks", self.webhooks),
            Route("page.add_webhook", "POST", "/webhooks", self.add_webhook),
            Route("page.project", "GET", f"{site}/projects/<project>", self.project),
            Route("page.issue", "GET", f"{site}/browse/<key>", self.issue),
            Route("page.move", "POST", f"{site}/browse/<key>/move", self.move),
            Route("page.comment", "POST", f"{site}/browse/<key>/comment", self.comment),
            Route("page.file", "GET", f"{site}/browse/<key>/files/<id>", self.file),
        ]

    def _page(self, title: str, *parts: str, status: int = 200) -> Response:
        return html.page(SITE, title, *parts, links=LINKS, status=status)

    def _missing(self) -> Response:
        return self._page("Nicht gefunden / Not found", status=404)

    def _site(self, name: str) -> Site | None:
        return next((one for one in self.sim.known.sites.values() if one.name == name), None)

    def _found(self, site: str, key: str) -> tuple[Site, Issue] | None:
        place = self._site(site)
        issue = place.issue(key) if place else None
        return (place, issue) if place and issue else None

    # --- lists --------------------------------------------------------------------------------------------
    def home(self, request: "Request") -> Response:
        rows = [
            (
                site.name,
                html.link(f"{project.key} {project.name}", f"/sites/{site.name}/projects/{project.key}"),
                len(_issues(site, project)),
                len([one for one in _issues(site, project) if not _is_done(site, one)]),
                site.language,
                site.cloud_id,
            )
            for site in self.sim.known.sites.values()
            for project in site.projects.values()
        ]
        names = ("Website / Site", "Projekt / Project", "Vorgänge", "offen / open", "Sprache", "cloudId")
        return self._page("Projekte / Projects", html.table(names, rows))

    def project(self, request: "Request", site: str, project: str) -> Response:
        place = self._site(site)
        found = place.project(project) if place else None
        if place is None or found is None:
            return self._missing()
        rows = [
            (
                html.link(issue.key, f"/sites/{site}/browse/{issue.key}"),
                issue.values.get("summary", ""),
                self._status(place, issue),
                moment(issue.updated_at, TIME_ZONE),
                len(issue.comments),
                len(issue.attachments),
                self._buttons(place, issue),
            )
            for issue in reversed(_issues(place, found))
        ]
        names = ("Schlüssel / Key", "Zusammenfassung", "Status", "Geändert", "Kommentare", "Dateien", "")
        return self._page(f"{found.key} {found.name}", html.table(names, rows))

    def _status(self, site: Site, issue: Issue) -> str:
        text = said(site.statuses[issue.status].name, site.language)
        return html.good(text) if _is_done(site, issue) else text

    def _buttons(self, site: Site, issue: Issue) -> str:
        action = f"/sites/{site.name}/browse/{issue.key}/move"
        return Markup("").join(
            html.form(
                action, f"→ {said(site.statuses[way.to].name, site.language)}", html.hidden("status", way.to)
            )
            for way in site.transitions(issue)
        )

    # --- one issue ----------------------------------------------------------------------------------------
    def issue(self, request: "Request", site: str, key: str) -> Response:
        found = self._found(site, key)
        if found is None:
            return self._missing()
        place, issue = found
        path = f"/sites/{site}/browse/{issue.key}"
        files = [
            (html.link(one.name, f"{path}/files/{one.id}"), len(one.content), one.media_type)
            for one in issue.attachments
        ]
        told = [
            (moment(one.at, TIME_ZONE), self._name(one.by), _changed(one)) for one in reversed(issue.history)
        ]
        said_so = Markup("").join(
            Markup("<p><strong>{}</strong> {}</p>{}").format(
                self._name(one.by), moment(one.at, TIME_ZONE), adf_html.shown(one.body)
            )
            for one in issue.comments
        )
        return self._page(
            f"{issue.key}: {issue.values.get('summary', '')}",
            Markup("<p>{} {}</p>").format(self._status(place, issue), self._buttons(place, issue)),
            html.heading("Beschreibung / Description"),
            adf_html.shown(issue.values.get("description")),
            html.heading("Felder / Fields"),
            html.table(("Feld", "Wert", ""), self._fields(place, issue)),
            html.heading("Dateien / Files"),
            html.table(("Name", "Bytes", "Art"), files),
            html.heading("Kommentare / Comments"),
            said_so or html.note("Noch nichts. / Nothing yet."),
            html.form(f"{path}/comment", "Kommentieren / Comment", html.field("text", "")),
            html.heading("Verlauf / History"),
            html.table(("Zeit", "Wer", "Was"), told),
        )

    def _name(self, account: str) -> str:
        return self.sim.known.people[account].name

    def _fields(self, site: Site, issue: Issue) -> list[tuple[str, object, str]]:
        rows = []
        for id, value in issue.values.items():
            field = site.fields[id]
            if id in ("summary", "description"):
                continue
            shown: object = adf_html.shown(value) if isinstance(value, dict) else value
            shown = ", ".join(value) if isinstance(value, list) else shown
            rows.append((said(field.name, site.language), shown, id))
        return rows

    def move(self, request: "Request", site: str, key: str) -> Response:
        found = self._found(site, key)
        if found is None:
            return self._missing()
        place, issue = found
        if request.form.get("status", "") in [way.to for way in place.transitions(issue)]:
            self.sim.move(issue.key, request.form["status"], site=place.cloud_id)
        return redirect(f"/sites/{site}/browse/{issue.key}", 303, Response)

    def comment(self, request: "Request", site: str, key: str) -> Response:
        found = self._found(site, key)
        if found is None:
            return self._missing()
        place, issue = found
        if request.form.get("text"):
            self.sim.comment(issue.key, request.form["text"], site=place.cloud_id)
        return redirect(f"/sites/{site}/browse/{issue.key}", 303, Response)

    def file(self, request: "Request", site: str, key: str, id: str) -> Response:
        found = self._found(site, key)
        for one in found[1].attachments if found else []:
            if one.id == id:
                return attachments.download(one)
        return self._missing()

    # --- webhooks -----------------------------------------------------------------------------------------
    def webhooks(self, request: "Request") -> Response:
        sites = list(self.sim.known.sites.values())
        dynamic = [
            (
                site.name,
                hook.id,
                hook.url,
                hook.jql,
                ", ".join(hook.events),
                moment(hook.expires_at, TIME_ZONE),
            )
            for site in sites
            for hook in site.hooks.values()
        ]
        made = [
            (site.name, hook.id, hook.url, hook.jql, ", ".join(hook.events), "ja" if hook.secret else "nein")
            for site in sites
            for hook in site.admin_hooks.values()
        ]
        sent = [
            (moment(one.at, TIME_ZONE), one.event, one.url, one.status, one.retry, one.identifier)
            for one in reversed(self.sim.deliveries.attempts[-50:])
        ]
        names = ("Website", "Nr.", "Ziel / URL", "JQL", "Ereignisse / Events")
        form = html.form(
            "/webhooks",
            "anlegen / create",
            html.choice("site", "Website", [(one.name, one.name) for one in sites]),
            html.field("url", "URL"),
            html.field("secret", "Secret"),
            html.field("jql", "JQL"),
        )
        return self._page(
            "Webhooks",
            html.heading("Von Apps / Of apps (dynamic)"),
            html.table((*names, "Läuft ab / Expires"), dynamic),
            html.heading("Von Administratoren / Of administrators"),
            html.table((*names, "Signiert / Signed"), made),
            form,
            html.heading("Zustellungen / Deliveries"),
            html.table(("Zeit", "Ereignis", "Ziel", "Antwort", "Wiederholung", "Kennung"), sent),
        )

    def add_webhook(self, request: "Request") -> Response:
        form = request.form
        if form.get("url") and self._site(form.get("site", "")):
            events = ("jira:issue_updated", "jira:issue_deleted")
            self.sim.add_admin_webhook(
                form["url"], form.get("secret", ""), events=events, jql=form.get("jql", ""), site=form["site"]
            )
        return redirect("/webhooks", 303, Response)


def _issues(site: Site, project: Project) -> list[Issue]:
    return [one for one in site.issues.values() if one.project == project.id]


def _is_done(site: Site, issue: Issue) -> bool:
    return site.statuses[issue.status].category == "done"


def _changed(change: Change) -> str:
    return "; ".join(
        f"{item.field}: {item.before_text or '–'} → {item.after_text or '–'}" for item in change.items
    )
