"""Set-up for tests and the demo in plain Python.

Sites are named by cloudId or name (`sim.site` when left out), projects by id or key, issues by key or id,
people by accountId.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

from mlconnector.sandbox.jira import catalog, fields
from mlconnector.sandbox.jira.oauth import OFFLINE
from mlconnector.sandbox.jira.state import (
    AdminHook,
    App,
    Option,
    Person,
    Project,
    Site,
    Transition,
)
from mlconnector.sandbox.jira.words import LANGUAGES, Words, is_called

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator

CLIENT_ID = "simulated0client0id0of0the0jira0app"
CLIENT_SECRET = "ATOA-simulated-client-secret-of-the-jira-app"
REDIRECT_URIS = ("https://hub.example/oauth/callback", "http://localhost/oauth/callback")
SCOPES = (
    "read:jira-work",
    "write:jira-work",
    "read:jira-user",
    "manage:jira-webhook",
    "manage:jira-configuration",
    "read:me",
)
# What an integration asks for.
CLASSIC = ("read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-webhook", OFFLINE)


class Helpers:
    """Mixed into JiraSimulator."""

    # Made by found(): the site's cloudId, the account that consents, the account that works on issues.
    site: str
    consenting: str
    accountant: str
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    # cloudIds of the coming consents; empty: every site of the person.
    consent_sites: list[str]

    def found(self: "JiraSimulator") -> None:
        """The beginning of the world."""
        self.site = ""
        self.consent_sites = []
        self.consenting = self.add_person("ml-connector", "jira@muster.example")
        self.accountant = self.add_person("Jörg Müßig-Beispiel", "joerg@muster.example")
        self.add_app(CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS)
        self.site = self.add_site("muster")

    # --- sign-in ------------------------------------------------------------------------------------------
    def add_app(
        self: "JiraSimulator",
        client_id: str,
        client_secret: str,
        redirect_uris: Iterable[str],
        *,
        scopes: Iterable[str] = SCOPES,
        owner: str = "",
        is_public: bool = False,
    ) -> str:
        """An app of the developer console, or other values for one that exists; its owner consents."""
        with self.lock:
            app = App(
                client_id,
                client_secret,
                tuple(redirect_uris),
                frozenset(scopes),
                owner or self.consenting,
                is_public,
            )
            self.known.apps[client_id] = app
            return client_id

    def set_app_owner(self: "JiraSimulator", account: str, client_id: str = CLIENT_ID) -> None:
        """Somebody else owns the private app: registered webhooks are never delivered."""
        self.known.apps[client_id].owner = account

    def rotate_secret(self: "JiraSimulator", client_secret: str, client_id: str = CLIENT_ID) -> None:
        self.known.apps[client_id].client_secret = client_secret

    def sign_in(
        self: "JiraSimulator",
        *,
        account: str = "",
        scopes: Iterable[str] = CLASSIC,
        sites: Iterable[str] = (),
        client_id: str = CLIENT_ID,
    ) -> tuple[str, str]:
        """(access token, refresh token) as after a consent, without the clicks; "" without offline_access."""
        with self.lock:
            account = account or self.consenting
            reached = list(sites) or self.oauth.sites_of(account)
            grant = self.oauth.consent(self.known.apps[client_id], account, frozenset(scopes), reached)
            access, refresh = self.oauth.issue(grant)
            return access.value, refresh.value if refresh else ""

    def revoke(self: "JiraSimulator", account: str = "") -> None:
        """The person takes the consent back: all tokens end."""
        with self.lock:
            for grant in self.known.grants.values():
                if grant.account == (account or self.consenting):
                    grant.is_revoked, grant.end_reason = True, "revoked by the person"

    def expire(self: "JiraSimulator", access: str = "") -> None:
        """Let one access token (or all) be too old."""
        with self.lock:
            for value, token in self.known.accesses.items():
                if access in ("", value):
                    token.expires_at = self.clock.now()

    # --- who and where ------------------------------------------------------------------------------------
    def add_person(
        self: "JiraSimulator", name: str, email: str, *, language: str = "", time_zone: str = "Europe/Berlin"
    ) -> str:
        """A member of every site; returns the accountId."""
        with self.lock:
            account = f"5b10{len(self.known.people) + 1:020x}"
            self.known.people[account] = Person(account, name, email, language, time_zone)
            for site in self.known.sites.values():
                site.members.add(account)
            return account

    def add_site(self: "JiraSimulator", name: str, *, language: str = "en", is_jira: bool = True) -> str:
        """Everybody is a member, the consenting person administers it; returns the cloudId."""
        with self.lock:
            cloud_id = str(uuid5(NAMESPACE_DNS, f"{name}.jira.example"))
            site = Site(cloud_id, name, f"{self.web_url}/sites/{name}", language, is_jira)
            site.members = set(self.known.people)
            site.admins = {self.consenting}
            catalog.furnish(site)
            self.known.sites[cloud_id] = site
            return cloud_id

    def place(self: "JiraSimulator", site: str = "") -> Site:
        """The site's record, by cloudId or name."""
        wanted = site or self.site
        found = [one for one in self.known.sites.values() if wanted in (one.cloud_id, one.name)]
        if not found:
            raise ValueError(f"There is no site {wanted!r}.")
        return found[0]

    def set_language(self: "JiraSimulator", language: str, *, site: str = "") -> None:
        """Messages and names of the site from now on: "en" or "de"."""
        if language not in LANGUAGES:
            raise ValueError(f"The language is one of {', '.join(LANGUAGES)}.")
        self.place(site).language = language

    def set_search_lag(self: "JiraSimulator", seconds: float) -> None:
        """From now on new and changed issues are found by JQL only after so many seconds."""
        self.options.search_lag_seconds = seconds

    def vanish(self: "JiraSimulator", key: str, seconds: float, *, site: str = "") -> None:
        """An issue that was found is not found by JQL for a while."""
        self.index.vanish(self.place(site), self.issue(key, site=site), seconds)

    # --- projects and fields ------------------------------------------------------------------------------
    def add_project(
        self: "JiraSimulator", key: str, name: str = "", *, site: str = "", team_managed: bool = False
    ) -> str:
        """A project with tasks and bugs whose workflow lets every status follow every other; returns its id.

        A team-managed one has statuses and issue types of its own.
        """
        with self.lock:
            place = self.place(site)
            project = Project(place.next_id("project"), key, name or key, team_managed)
            own = project.id if team_managed else ""
            if own:
                for words, category in catalog.STATUSES[:3]:
                    catalog.add_status(place, words, category, own)
                for words, is_subtask in catalog.TYPES[:1]:
                    catalog.add_type(place, words, is_subtask, own)
            shipped = [one for one in place.statuses.values() if one.project == own]
            project.statuses = [one.id for one in shipped[: len(catalog.STATUSES)]]
            types = [one.id for one in place.types.values() if one.project == own]
            project.screens = {id: dict(catalog.SCREEN) for id in types}
            place.projects[project.id] = project
            self._connect(place, project)
            return project.id

    def _connect(self: "JiraSimulator", site: Site, project: Project) -> None:
        project.workflow = [
            Transition(str(10 * number + 1), site.statuses[id].name, id)
            for number, id in enumerate(project.statuses, start=1)
        ]

    def project(self: "JiraSimulator", project: str, *, site: str = "") -> Project:
        found = self.place(site).project(project)
        if found is None:
            raise ValueError(f"There is no project {project!r}.")
        return found

    def add_status(
        self: "JiraSimulator", project: str, name: Words, category: str = "done", *, site: str = ""
    ) -> str:
        """A further status in the project's workflow; returns its id."""
        with self.lock:
            place, found = self.place(site), self.project(project, site=site)
            status = catalog.add_status(place, name, category, found.id if found.is_team_managed else "")
            found.statuses.append(status.id)
            self._connect(place, found)
            return status.id

    def set_workflow(
        self: "JiraSimulator",
        project: str,
        ways: Iterable[tuple[str, str]],
        *,
        screens: Mapping[str, Mapping[str, bool]] | None = None,
        site: str = "",
    ) -> None:
        """Only these ways (from status, to status); `screens`: to status -> {field: required} on the way."""
        with self.lock:
            place, found = self.place(site), self.project(project, site=site)
            known = {self.status_id(project, to, site=site): dict(one) for to, one in (screens or {}).items()}
            found.workflow = []
            for number, (start, end) in enumerate(ways, start=1):
                to = self.status_id(project, end, site=site)
                sources = frozenset({self.status_id(project, start, site=site)})
                name = place.statuses[to].name
                found.workflow.append(Transition(str(10 * number + 1), name, to, sources, known.get(to, {})))

    def status_id(self: "JiraSimulator", project: str, name: str, *, site: str = "") -> str:
        """The id of a status of the project, by id or name (any language)."""
        place = self.place(site)
        for id in self.project(project, site=site).statuses:
            if name == id or is_called(place.statuses[id].name, name):
                return id
        raise ValueError(f"Project {project} has no status {name!r}.")

    def type_id(self: "JiraSimulator", project: str, name: str = "Task", *, site: str = "") -> str:
        place = self.place(site)
        for id in self.project(project, site=site).screens:
            if name == id or is_called(place.types[id].name, name):
                return id
        raise ValueError(f"Project {project} has no issue type {name!r}.")

    def add_custom_field(
        self: "JiraSimulator",
        name: Words,
        kind: str = "textfield",
        *,
        projects: Iterable[str] = (),
        options: Iterable[str] = (),
        is_searchable: bool = True,
        only_in: Iterable[str] = (),
        site: str = "",
    ) -> str:
        """A custom field (kinds: catalog.KINDS) on the screens of `projects`; returns "customfield_10050".

        Names may repeat. `only_in`: projects that its context holds; others do not have the field.
        """
        with self.lock:
            place = self.place(site)
            field = fields.add(place, name, kind, is_searchable=is_searchable)
            field.options = [Option(place.next_id("option"), one) for one in options]
            field.only_in = frozenset(self.project(one, site=site).id for one in only_in)
            for project in projects:
                self.put_on_screen(project, field.id, site=site)
            return field.id

    def put_on_screen(
        self: "JiraSimulator", project: str, field: str, *, required: bool = False, site: str = ""
    ) -> None:
        """Onto the create and edit screens of all issue types of the project."""
        with self.lock:
            for screen in self.project(project, site=site).screens.values():
                screen[field] = required

    def require_field(self: "JiraSimulator", project: str, field: str, *, site: str = "") -> None:
        self.put_on_screen(project, field, required=True, site=site)

    def take_from_screen(self: "JiraSimulator", project: str, field: str, *, site: str = "") -> None:
        """The field stays on the site, but issues of the project can't set it any more."""
        with self.lock:
            for screen in self.project(project, site=site).screens.values():
                screen.pop(field, None)

    def deny(
        self: "JiraSimulator", project: str, permission: str, *, account: str = "", site: str = ""
    ) -> None:
        """Take a permission such as "BROWSE_PROJECTS" from a person (the consenting one)."""
        denied = self.project(project, site=site).denied
        denied.setdefault(permission, set()).add(account or self.consenting)

    def add_admin_webhook(
        self: "JiraSimulator",
        url: str,
        secret: str = "",
        *,
        events: Iterable[str] = ("jira:issue_updated",),
        jql: str = "",
        exclude_body: bool = False,
        name: str = "ml-connector",
        site: str = "",
    ) -> int:
        """A webhook that an administrator makes on Jira's own page; never expires."""
        with self.lock:
            place = self.place(site)
            id = max(place.admin_hooks, default=0) + 1
            place.admin_hooks[id] = AdminHook(id, name, url, list(events), secret, jql, exclude_body)
            return id
