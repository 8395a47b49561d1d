"""Set-up for tests and the demo in plain Python. Changes go the way of a person's change: with stories,
`modified_at` and events. What is made is returned as its gid."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.changes import Changes
from mlconnector.sandbox.asana.deliveries import Attempt
from mlconnector.sandbox.asana.errors import FAULTS
from mlconnector.sandbox.asana.state import (
    App,
    Attachment,
    Field,
    Option,
    Project,
    Section,
    Setting,
    Task,
    Token,
    User,
    Workspace,
)
from mlconnector.sandbox.kit import Fault

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator

PAT = "2/1200/1209:simulated0personal0access0token"
CLIENT_ID = "1200900900900900"
CLIENT_SECRET = "simulated-client-secret"
REDIRECT_URIS = (
    "https://hub.example/oauth/callback",
    "http://localhost/oauth/callback",
    "urn:ietf:wg:oauth:2.0:oob",
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Helpers:
    """Mixed into AsanaSimulator."""

    # Gids made by found(): the workspace, the token's user, the person who approves.
    workspace: str
    connector: str
    approver: str
    # The personal access token and the OAuth app's id.
    pat: str
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET

    def found(self: "AsanaSimulator") -> None:
        """The beginning of the world."""
        self.workspace = self.connector = self.approver = ""
        self.workspace = self.add_workspace("Muster Bau GmbH")
        self.connector = self.add_user("ml-connector", "hub@muster.example")
        self.approver = self.add_user("Jörg Müßig-Beispiel", "joerg@muster.example", is_admin=True)
        self.add_user("Änne Beispiel", "aenne@muster.example")
        self.pat = self.add_token(PAT)
        self.add_app(CLIENT_ID, CLIENT_SECRET, REDIRECT_URIS)

    # --- who and where -------------------------------------------------------------
    def add_workspace(self: "AsanaSimulator", name: str) -> str:
        """Everybody known so far is a member."""
        with self.lock:
            workspace = self.known.add(Workspace(self.known.next_gid(), name))
            for user in self.known.all("user"):
                user.workspaces.append(workspace.gid)
            return workspace.gid

    def add_user(
        self: "AsanaSimulator", name: str, email: str, *, workspace: str = "", is_admin: bool = False
    ) -> str:
        with self.lock:
            user = User(self.known.next_gid(), name, email, [workspace or self.workspace], is_admin)
            return self.known.add(user).gid

    def add_token(self: "AsanaSimulator", value: str = "", *, user: str = "") -> str:
        """A personal access token; returns its value."""
        with self.lock:
            user = user or self.connector
            value = value or f"2/{user}/{self.known.next_gid()}:simulated"
            self.known.tokens[value] = Token(value, "pat", user)
            return value

    def add_app(
        self: "AsanaSimulator",
        client_id: str,
        client_secret: str,
        redirect_uris: Iterable[str],
        *,
        scopes: Iterable[str] = (),
    ) -> str:
        """An OAuth app (with scopes: a granular one) or other values for one that exists."""
        with self.lock:
            app = App(client_id, client_secret, tuple(redirect_uris), frozenset(scopes))
            self.known.apps[client_id] = app
            return client_id

    def add_oauth_tokens(
        self: "AsanaSimulator", *, user: str = "", client_id: str = CLIENT_ID, scopes: Iterable[str] = ()
    ) -> tuple[str, str]:
        """(access token, refresh token) as after a sign-in, without the clicks."""
        with self.lock:
            app = self.known.apps[client_id]
            made = [
                self.oauth._issue(kind, user or self.connector, app, frozenset(scopes))
                for kind in ("access", "refresh")
            ]
            return made[0].value, made[1].value

    def revoke(self: "AsanaSimulator", value: str) -> None:
        """End a token; with a refresh token also the access tokens of that app and user."""
        with self.lock:
            token = self.known.tokens[value]
            token.is_revoked = True
            for other in self.known.tokens.values():
                if token.kind == "refresh" and (other.app, other.user) == (token.app, token.user):
                    other.is_revoked = True

    def expire(self: "AsanaSimulator", value: str) -> None:
        """Let an access token be too old."""
        self.known.tokens[value].expires_at = self.clock.now()

    def block(self: "AsanaSimulator", app: str = "pat", *, workspace: str = "") -> None:
        """The workspace's admins block personal access tokens or one OAuth app."""
        self.known.get("workspace", workspace or self.workspace).blocked.add(app)

    # --- projects and fields -------------------------------------------------------------
    def add_project(
        self: "AsanaSimulator",
        name: str = "Eingangsrechnungen",
        *,
        workspace: str = "",
        fields: Iterable[str] = (),
        privacy_setting: str = "public_to_workspace",
    ) -> str:
        with self.lock:
            now = self.clock.now()
            project = Project(
                self.known.next_gid(),
                name,
                workspace or self.workspace,
                self.approver,
                now,
                now,
                privacy_setting=privacy_setting,
            )
            self.known.add(project)
            self.add_section(project.gid, "Freigabe")
            for field in fields:
                self.add_field_to_project(project.gid, field)
            return project.gid

    def add_section(self: "AsanaSimulator", project: str, name: str) -> str:
        with self.lock:
            section = Section(self.known.next_gid(), name, project, self.clock.now())
            self.known.get("project", project).sections.append(section.gid)
            return self.known.add(section).gid

    def add_custom_field(
        self: "AsanaSimulator",
        project: str = "",
        name: str = "Feld",
        kind: str = "text",
        *,
        options: Iterable[str] = (),
        **more: Any,
    ) -> str:
        """A field (text, number, enum, multi_enum, date, people, reference), also on `project` if given.

        `options` are names; `more` are attributes of state.Field (precision, format, is_locked, ...).
        """
        with self.lock:
            place = self.known.get("project", project).workspace if project else self.workspace
            field = Field(self.known.next_gid(), name, kind, place, self.approver, **more)
            self.known.add(field)
            for option in options:
                self.add_option(field.gid, option)
            if project:
                self.add_field_to_project(project, field.gid)
            return field.gid

    def add_option(self: "AsanaSimulator", field: str, name: str, *, is_enabled: bool = True) -> str:
        with self.lock:
            option = Option(self.known.next_gid(), name, field, is_enabled=is_enabled)
            self.known.get("custom_field", field).options.append(option)
            return self.known.add(option).gid

    def option(self: "AsanaSimulator", field: str, name: str) -> str:
        """The gid of a field's option. Raises KeyError."""
        for option in self.known.get("custom_field", field).options:
            if option.name == name:
                return option.gid
        raise KeyError(name)

    def add_field_to_project(self: "AsanaSimulator", project: str, field: str) -> str:
        with self.lock:
            setting = Setting(self.known.next_gid(), project, field)
            self.known.get("project", project).settings.append(setting)
            return setting.gid

    def remove_field_from_project(self: "AsanaSimulator", project: str, field: str) -> None:
        """Values stay on the tasks, disabled."""
        with self.lock:
            place = self.known.get("project", project)
            place.settings = [setting for setting in place.settings if setting.custom_field != field]

    # --- tasks -------------------------------------------------------------
    def add_task(
        self: "AsanaSimulator",
        project: str,
        name: str = "Rechnung",
        *,
        fields: Mapping[str, Any] | None = None,
        resource_subtype: str = "approval",
        approval_status: str = "pending",
        section: str = "",
        parent: str = "",
        by: str = "",
        **more: Any,
    ) -> str:
        """A task in `project` ("" for a subtask of `parent` alone), pending approval unless told otherwise.

        `fields`: field gid -> value (options by name or gid, numbers as Decimal, int or text, days as dates).
        `more` are attributes of state.Task (notes, due_on, assignee, is_separator, ...).
        """
        with self.lock:
            now = self.clock.now()
            by = by or self.approver
            place = self.known.get("project", project) if project else None
            workspace = place.workspace if place else self.known.get("task", parent).workspace
            task = Task(self.known.next_gid(), name, workspace, by, now, now, parent=parent, **more)
            task.resource_subtype = resource_subtype
            if resource_subtype == "approval":
                task.approval_status = approval_status
                task.is_completed = approval_status != "pending"
            if task.is_completed:
                task.completed_at, task.completed_by = now, by
            for gid, value in (fields or {}).items():
                task.values[gid] = self._stored(gid, value)
            return Changes(self, by, "web").add(task, [(place, section)] if place else []).gid

    def _stored(self: "AsanaSimulator", gid: str, value: Any) -> Any:
        """A value from Python as it is stored. Raises ApiError for one that the API would refuse."""
        field: Field = self.known.get("custom_field", gid)
        if field.subtype == "enum" and value and not field.option(value):
            value = self.option(gid, value)
        elif field.subtype == "multi_enum" and value:
            value = [one if field.option(one) else self.option(gid, one) for one in value]
        elif isinstance(value, datetime):
            value = {"date_time": value.isoformat()}
        elif isinstance(value, date):
            value = {"date": value.isoformat()}
        elif field.subtype == "date" and isinstance(value, str):
            value = {"date": value}
        elif isinstance(value, float):
            value = Decimal(str(value))
        return values.checked(field, value, state=self.known, options=self.options, me=self.connector)

    def _changes(self: "AsanaSimulator", by: str) -> Changes:
        return Changes(self, by or self.approver, "web")

    def task(self: "AsanaSimulator", gid: str) -> Task:
        """The task itself, deleted or not."""
        return self.known.by_gid[gid]

    def approve(self: "AsanaSimulator", gid: str, *, by: str = "") -> str:
        return self.decide(gid, "approved", by=by)

    def reject(self: "AsanaSimulator", gid: str, *, by: str = "") -> str:
        return self.decide(gid, "rejected", by=by)

    def decide(self: "AsanaSimulator", gid: str, approval_status: str, *, by: str = "") -> str:
        """Set the approval status (pending, approved, rejected, changes_requested)."""
        with self.lock:
            self._changes(by).decide(self.task(gid), approval_status)
            return gid

    def complete(self: "AsanaSimulator", gid: str, is_completed: bool = True, *, by: str = "") -> str:
        with self.lock:
            self._changes(by).complete(self.task(gid), is_completed)
            return gid

    def set_field(self: "AsanaSimulator", gid: str, field: str, value: Any, *, by: str = "") -> str:
        """A person writes a value (see add_task for its form; None clears)."""
        with self.lock:
            definition = self.known.get("custom_field", field)
            self._changes(by).set_value(self.task(gid), definition, self._stored(field, value))
            return gid

    def rename_task(self: "AsanaSimulator", gid: str, name: str, *, by: str = "") -> str:
        with self.lock:
            self._changes(by).rename(self.task(gid), name)
            return gid

    def add_comment(self: "AsanaSimulator", gid: str, text: str, *, by: str = "") -> str:
        with self.lock:
            return self._changes(by).comment(self.task(gid), text).gid

    def delete_task(self: "AsanaSimulator", gid: str, *, by: str = "") -> str:
        with self.lock:
            self._changes(by).delete(self.task(gid))
            return gid

    def add_to_project(self: "AsanaSimulator", gid: str, project: str, *, section: str = "") -> str:
        with self.lock:
            self._changes("").join(self.task(gid), self.known.get("project", project), section)
            return gid

    def remove_from_project(self: "AsanaSimulator", gid: str, project: str) -> str:
        with self.lock:
            self._changes("").leave(self.task(gid), self.known.get("project", project))
            return gid

    def add_attachment(
        self: "AsanaSimulator",
        task: str,
        name: str = "Rechnung.pdf",
        content: bytes = PDF,
        *,
        media_type: str = "application/pdf",
        host: str = "asana",
        url: str = "",
        by: str = "",
    ) -> str:
        """A file (or with another `host` a link) on a task."""
        with self.lock:
            attachment = Attachment(
                self.known.next_gid(), name, task, self.clock.now(), host, content, media_type, url
            )
            return self._changes(by).attach(attachment).gid

    # --- what came of it -------------------------------------------------------------
    def value(self: "AsanaSimulator", gid: str, field: str) -> Any:
        """A task's value as a person reads it: option names, Decimal, date, text, None."""
        task, definition = self.task(gid), self.known.get("custom_field", field)
        value = task.values.get(field)
        if definition.subtype in ("enum", "multi_enum", "people", "reference") and value:
            names = [self.known.by_gid[one].name for one in ([value] if isinstance(value, str) else value)]
            return names[0] if definition.subtype == "enum" else names
        return value

    def comments(self: "AsanaSimulator", gid: str) -> list[str]:
        """The texts of people's comments on a task, oldest first."""
        stories = [self.known.by_gid[one] for one in self.known.stories_of[gid]]
        return [story.text for story in stories if story.type == "comment"]

    # --- deliveries and faults -------------------------------------------------------------
    def deliver(self: "AsanaSimulator") -> list[Attempt]:
        """Post every webhook delivery that is due now; returns the attempts."""
        return self.deliveries.send_due()

    def pass_time(self: "AsanaSimulator", by: timedelta) -> list[Attempt]:
        """Move the clock, posting heartbeats and retries at their moments, deleting after 24 hours."""
        return self.deliveries.pass_time(by)

    def heartbeat(self: "AsanaSimulator") -> list[Attempt]:
        """A heartbeat to every webhook, now."""
        with self.lock:
            for hook in self.known.webhooks.values():
                hook.is_heartbeat_due = True
        return self.deliver()

    def fail(self: "AsanaSimulator", route: str, kind: str, **options: Any) -> Fault:
        """Arm a fault in the vendor's form: 429, 500, 502, 503, 504, "drop before", "drop after"."""
        return self.faults.add(route, **{**FAULTS[kind], **options})
