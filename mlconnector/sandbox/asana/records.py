"""Every kind of record as the API shows it. Source: Asana API specification 1.0 (read 2026-11)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.planning_records import PlanningRecords, latest
from mlconnector.sandbox.asana.shapes import Record
from mlconnector.sandbox.asana.state import (
    Attachment,
    Field,
    Option,
    Project,
    Section,
    Setting,
    Story,
    Task,
    Token,
    User,
    Webhook,
    Workspace,
)

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator

iso = values.iso
TASK_OPT_IN = (
    "html_notes",
    "dependencies",
    "dependents",
    "num_subtasks",
    "created_by",
    "is_rendered_as_separator",
    "assigned_by",
)
# Cloud storage whose files have no download link. Source: Asana attachments reference (read 2026-11).
WITHOUT_LINK = ("box", "vimeo", "external")


class Records(PlanningRecords):
    """Builds records as one token sees them."""

    def __init__(self, sim: "AsanaSimulator", token: Token) -> None:
        self.sim = sim
        self.state = sim.known
        self.token = token

    def _later(self, build: Callable[[Any], Record], kind: str, gid: str) -> Callable[[], Record | None]:
        """The record of that gid when it is shown; null when there is none."""

        def shown() -> Record | None:
            record = self.state.get(kind, gid) if gid else None
            return build(record) if record else None

        return shown

    def workspace(self, workspace: Workspace) -> Record:
        fields = {"name": workspace.name, "email_domains": ["muster.example"], "is_organization": True}
        return Record(workspace.gid, "workspace", fields)

    def user(self, user: User) -> Record:
        shown = [gid for gid in user.workspaces if self.state.may_use(self.token, gid)]
        fields = {
            "name": user.name,
            "email": user.email,
            "photo": None,
            "workspaces": lambda: [self.workspace(self.state.by_gid[gid]) for gid in shown],
        }
        return Record(user.gid, "user", fields)

    def section(self, section: Section) -> Record:
        fields = {
            "name": section.name,
            "created_at": iso(section.created_at),
            "project": self._later(self.project, "project", section.project),
        }
        return Record(section.gid, "section", fields)

    def project(self, project: Project) -> Record:
        members = [member for member, _ in project.members.values()]
        fields = {
            "name": project.name,
            "archived": project.is_archived,
            "color": None,
            "completed": project.completed_at is not None,
            "completed_at": iso(project.completed_at),
            "completed_by": self._later(self.user, "user", project.completed_by),
            "created_at": iso(project.created_at),
            "modified_at": iso(project.modified_at),
            "current_status_update": self._later(
                self.status_update, "status_update", latest(self.state, project.gid)
            ),
            "custom_field_settings": lambda: [self.setting(setting) for setting in project.settings],
            "default_view": project.default_view,
            "due_date": project.due_on,
            "due_on": project.due_on,
            "start_on": project.start_on,
            "html_notes": f"<body>{project.notes}</body>",
            "members": lambda: [self.user(self.state.by_gid[gid]) for gid in members],
            "followers": lambda: [],
            "notes": project.notes,
            "public": project.privacy_setting != "private",
            "privacy_setting": project.privacy_setting,
            "owner": self._later(self.user, "user", project.owner),
            "team": None,
            "permalink_url": f"{self.sim.base_url}/0/{project.gid}/list",
            "workspace": self._later(self.workspace, "workspace", project.workspace),
        }
        return Record(project.gid, "project", fields, opt_in=("html_notes",))

    def membership(self, project: Project, gid: str) -> Record:
        member, level = project.members[gid]
        fields = {
            "resource_subtype": "project_membership",
            "parent": lambda: self.project(project),
            "member": self._later(self.user, "user", member),
            "access_level": level,
        }
        return Record(gid, "membership", fields, compact=fields)

    def workspace_membership(self, user: User, workspace: Workspace) -> Record:
        fields = {
            "user": lambda: self.user(user),
            "workspace": lambda: self.workspace(workspace),
            "is_active": workspace.gid in user.workspaces,
            "is_admin": user.is_admin,
            "is_guest": user.is_guest,
            "is_view_only": False,
        }
        return Record(f"{user.gid}9", "workspace_membership", fields, compact=("user", "workspace"))

    # --- custom fields -------------------------------------------------------------
    def option(self, option: Option) -> Record:
        fields = {"name": option.name, "enabled": option.is_enabled, "color": option.color}
        return Record(option.gid, "enum_option", fields, compact=fields, whole=True)

    def _definition(self, field: Field) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "name": field.name,
            "type": field.subtype,
            "resource_subtype": field.subtype,
            "representation_type": field.representation or field.subtype,
            "id_prefix": field.id_prefix,
            "is_formula_field": field.representation == "formula",
            "is_value_read_only": field.is_read_only,
            "description": field.description,
            "is_global_to_workspace": field.is_global,
            "has_notifications_enabled": False,
            "created_by": self._later(self.user, "user", field.created_by),
            "privacy_setting": "private" if field.hidden_from else "public_with_guests",
            "default_access_level": "user" if field.is_locked else "editor",
        }
        if field.subtype in ("enum", "multi_enum"):
            fields["enum_options"] = lambda: [self.option(option) for option in field.options]
        if field.subtype == "number":
            fields |= {
                "precision": field.precision,
                "format": field.format,
                "currency_code": field.currency_code if field.format == "currency" else None,
                "custom_label": field.custom_label if field.format == "custom" else None,
                "custom_label_position": field.custom_label_position if field.format == "custom" else None,
            }
        if field.subtype == "reference":
            fields["input_restrictions"] = list(field.input_restrictions)
        return fields

    def field(self, field: Field) -> Record:
        """A definition: without a value and without `enabled`."""
        fields = self._definition(field)
        compact = ("name", "type", "resource_subtype", "representation_type", "enum_options")
        return Record(field.gid, "custom_field", fields, compact=compact, opt_in=("description",), whole=True)

    def setting(self, setting: Setting) -> Record:
        project = self._later(self.project, "project", setting.project)
        fields = {
            "project": project,
            "parent": project,
            "is_important": setting.is_important,
            "custom_field": self._later(self.field, "custom_field", setting.custom_field),
        }
        return Record(setting.gid, "custom_field_setting", fields, compact=(), whole=True)

    def field_value(self, task: Task, field: Field, *, is_enabled: bool) -> Record:
        """A field with its value on a task."""
        value = task.values.get(field.gid)
        fields = self._definition(field) | {
            "enabled": is_enabled,
            "display_value": values.display(field, value, self.state),
            **self._value(field, value),
        }
        return Record(
            field.gid,
            "custom_field",
            fields,
            compact=fields,
            opt_in=("description", "has_notifications_enabled", "html_text_value"),
            whole=True,
            # `custom_fields.number_value` gives gid and number_value only.
            always_typed=False,
        )

    def _value(self, field: Field, value: Any) -> dict[str, Any]:
        listed: list[str] = value if isinstance(value, list) else []
        if field.subtype == "text":
            return {"text_value": value, "html_text_value": f"<body>{value}</body>" if value else None}
        if field.subtype == "number":
            return {"number_value": values.plain(value) if isinstance(value, Decimal) else None}
        if field.subtype == "enum":
            option = field.option(value) if value else None
            return {"enum_value": self.option(option) if option else None}
        if field.subtype == "multi_enum":
            found = [field.option(gid) for gid in listed]
            return {"multi_enum_values": [self.option(option) for option in found if option]}
        if field.subtype == "date":
            return {"date_value": _date_value(value)}
        if field.subtype == "people":
            return {"people_value": [self.user(self.state.by_gid[gid]) for gid in listed]}
        return {"reference_value": [self.named(gid) for gid in listed]}

    def named(self, gid: str) -> Record:
        """Any record as gid, type and name."""
        record = self.state.by_gid[gid]
        return Record(gid, record.kind, {"name": record.name})

    # --- tasks -------------------------------------------------------------
    def task(self, task: Task) -> Record:
        fields = {
            **self._task_basics(task),
            **self._task_times(task),
            **self._task_links(task),
        }
        if task.resource_subtype == "approval":
            fields["approval_status"] = task.approval_status
        held = task.external.get(self.token.app) if self.token.app else None
        if held is not None:
            fields["external"] = dict(held)
        return Record(task.gid, "task", fields, compact=("name", "resource_subtype"), opt_in=TASK_OPT_IN)

    def _task_basics(self, task: Task) -> dict[str, Any]:
        children = self.state.subtasks_of.get(task.gid, [])
        return {
            "name": task.name,
            "resource_subtype": task.resource_subtype,
            "completed": task.is_completed,
            "notes": task.notes,
            "html_notes": task.html_notes or f"<body>{_escaped(task.notes)}</body>",
            "permalink_url": f"{self.sim.base_url}/0/{next(iter(task.memberships), '0')}/{task.gid}",
            "assignee_status": "upcoming",
            "is_rendered_as_separator": task.is_separator,
            "num_subtasks": len([gid for gid in children if self.state.get("task", gid)]),
            "liked": task.is_liked,
            "likes": [],
            "num_likes": int(task.is_liked),
            "hearted": task.is_liked,
            "hearts": [],
            "num_hearts": int(task.is_liked),
            "dependencies": [],
            "dependents": [],
            "tags": [],
            "actual_time_minutes": None,
        }

    def _task_times(self, task: Task) -> dict[str, Any]:
        return {
            "created_at": iso(task.created_at),
            "modified_at": iso(task.modified_at),
            "completed_at": iso(task.completed_at),
            "due_on": task.due_on,
            "due_at": task.due_at,
            "start_on": task.start_on,
            "start_at": task.start_at,
        }

    def _task_links(self, task: Task) -> dict[str, Any]:
        projects = [
            one for one in self.state.projects_of(task) if self.state.may_see_project(self.token, one)
        ]
        return {
            "assignee": self._later(self.user, "user", task.assignee),
            "assigned_by": None,
            "completed_by": self._later(self.user, "user", task.completed_by),
            "created_by": Record(task.created_by, "user", {}),
            "custom_fields": lambda: self.task_fields(task),
            "followers": lambda: [self.user(self.state.by_gid[gid]) for gid in task.followers],
            "memberships": lambda: [self._task_membership(task, project) for project in projects],
            "parent": self._later(self.task, "task", task.parent),
            "projects": lambda: [self.project(project) for project in projects],
            "workspace": self._later(self.workspace, "workspace", task.workspace),
        }

    def _task_membership(self, task: Task, project: Project) -> Record:
        section = self._later(self.section, "section", task.memberships[project.gid])
        return Record("", "", {"project": self.project(project), "section": section}, plain=True, whole=True)

    def task_fields(self, task: Task) -> list[Record]:
        """The fields of the task's projects, and leftover values of others (`enabled: false`)."""
        own = self.state.fields_of(task)
        gids = [
            *own,
            *(gid for gid, value in task.values.items() if gid not in own and value not in (None, [])),
        ]
        found = [(gid, self.state.get("custom_field", gid)) for gid in gids]
        return [
            self.field_value(task, field, is_enabled=gid in own)
            for gid, field in found
            if field and self.token.user not in field.hidden_from
        ]

    def story(self, story: Story) -> Record:
        fields = {
            "created_at": iso(story.created_at),
            "created_by": self._later(self.user, "user", story.created_by),
            "resource_subtype": story.resource_subtype,
            "text": story.text,
            "html_text": story.html_text or f"<body>{_escaped(story.text)}</body>",
            "type": story.type,
            "is_editable": story.type == "comment" and story.created_by == self.token.user,
            "is_edited": story.is_edited,
            "is_pinned": story.is_pinned,
            "liked": False,
            "likes": [],
            "num_likes": 0,
            "source": story.source,
            "target": self._later(self.task, "task", story.task),
            **story.details,
        }
        compact = ("created_at", "created_by", "resource_subtype", "text")
        return Record(story.gid, "story", fields, compact=compact, opt_in=("html_text",))

    def attachment(self, attachment: Attachment) -> Record:
        is_here = attachment.host == "asana"
        here = f"{self.sim.base_url}/app/asana/-/get_asset?asset_id={attachment.gid}"
        parent = self.state.by_gid[attachment.parent]
        fields: dict[str, Any] = {
            "name": attachment.name,
            "resource_subtype": attachment.host,
            "created_at": iso(attachment.created_at),
            "download_url": lambda: self._download_url(attachment),
            "permanent_url": here if is_here else attachment.url,
            "view_url": here if is_here else attachment.url,
            "host": attachment.host,
            "parent": lambda: self.task(parent) if parent.kind == "task" else self.project(parent),
            "connected_to_app": False,
        }
        if is_here:
            fields["size"] = len(attachment.content)
        return Record(attachment.gid, "attachment", fields, compact=("name", "resource_subtype"))

    def _download_url(self, attachment: Attachment) -> str | None:
        if attachment.host in WITHOUT_LINK:
            return None
        return self.sim.files.signed_url(attachment) if attachment.host == "asana" else attachment.url

    def webhook(self, hook: Webhook) -> Record:
        fields = {
            "active": hook.is_active,
            "resource": lambda: self.named(hook.resource),
            "target": hook.target,
            "filters": hook.filters,
            "created_at": iso(hook.created_at),
            "last_success_at": iso(hook.last_success_at),
            "last_failure_at": iso(hook.last_failure_at),
            "last_failure_content": hook.last_failure_content,
            "delivery_retry_count": hook.retry_count,
            "next_attempt_after": iso(hook.next_attempt_at),
            "failure_deletion_timestamp": iso(self.sim.deliveries.deletion_at(hook)),
        }
        return Record(hook.gid, "webhook", fields, compact=("active", "resource", "target"))


def _date_value(value: Any) -> dict[str, str | None] | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return {"date": f"{value:%Y-%m-%d}", "date_time": iso(value)}
    return {"date": value.isoformat(), "date_time": None}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
