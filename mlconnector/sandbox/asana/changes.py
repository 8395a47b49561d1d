"""What happens to a task, whoever does it (API, a person on the pages, a test): values, stories, events."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import values
from mlconnector.sandbox.asana.records import Records
from mlconnector.sandbox.asana.state import Attachment, Field, Project, Story, Task, Token, Value

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator

DECIDED = ("approved", "rejected", "changes_requested")
# The events are sent as a reference: kind, gid, subtype.
Reference = tuple[str, str, str]


def reference(record: Any) -> Reference:
    subtype = getattr(record, "resource_subtype", "") or getattr(record, "subtype", "")
    return (record.kind, record.gid, subtype)


class Changes:
    """Changes by one person, through one door (`source` is web or api)."""

    def __init__(self, sim: "AsanaSimulator", by: str, source: str = "api") -> None:
        self.sim = sim
        self.state = sim.known
        self.by = by
        self.source = source

    # --- creating and removing -------------------------------------------------------------
    def add(self, task: Task, memberships: Iterable[tuple[Project, str]]) -> Task:
        """Put a new task into the world and into its projects (project, section gid or "")."""
        self.state.add(task)
        self.state.stories_of.setdefault(task.gid, [])
        if task.parent:
            parent = self.state.by_gid[task.parent]
            self.state.subtasks_of.setdefault(task.parent, []).append(task.gid)
            self._event(task, "added", parent=reference(parent))
        for project, section in memberships:
            self._place(task, project, section)
        if not task.parent and not task.memberships:
            self._event(task, "added")
        return task

    def delete(self, task: Task) -> None:
        """To the trash: it vanishes from lists, only the event tells."""
        self._event(task, "deleted")
        task.is_deleted = True
        for project in self.state.all("project"):
            if task.gid in project.tasks:
                project.tasks.remove(task.gid)

    def undelete(self, task: Task) -> None:
        task.is_deleted = False
        task.modified_at = self.sim.clock.now()
        for project in self.state.projects_of(task):
            project.tasks.append(task.gid)
        self._event(task, "undeleted")

    def join(self, task: Task, project: Project, section: str = "") -> None:
        """Into a project, or into another section of it. Does not move `modified_at`."""
        was = task.memberships.get(project.gid)
        if was is None:
            self._place(task, project, section)
            self._story(task, "added_to_project", f"hat diese Aufgabe zu {project.name} hinzugefügt")
            return
        if section and section != was:
            task.memberships[project.gid] = section
            name = self.state.by_gid[section].name
            self._story(task, "section_changed", f"hat diese Aufgabe nach {name} verschoben")
            self._event(task, "removed", parent=("section", was, ""))
            self._event(task, "added", parent=("section", section, ""))

    def leave(self, task: Task, project: Project) -> None:
        """Out of a project; values of its fields stay behind, disabled."""
        self._event(task, "removed", parent=reference(project))
        task.memberships.pop(project.gid, None)
        if task.gid in project.tasks:
            project.tasks.remove(task.gid)
        self._story(task, "removed_from_project", f"hat diese Aufgabe aus {project.name} entfernt")

    def _place(self, task: Task, project: Project, section: str) -> None:
        task.memberships[project.gid] = section or project.sections[0]
        project.tasks.append(task.gid)
        self._event(task, "added", parent=reference(project))
        self._event(task, "added", parent=("section", task.memberships[project.gid], ""))

    # --- changing -------------------------------------------------------------
    def rename(self, task: Task, name: str) -> None:
        if name != task.name:
            details = {"old_name": task.name, "new_name": name}
            task.name = name
            self._changed(task, "name")
            self._story(task, "name_changed", f"hat den Namen geändert in „{name}“", details)

    def set_plain(self, task: Task, attribute: str, value: Any, *, field: str, subtype: str) -> None:
        """Notes, dates and the like: set, tell, write the story."""
        if getattr(task, attribute) != value:
            setattr(task, attribute, value)
            self._changed(task, field)
            self._story(task, subtype, f"hat {field} geändert")

    def assign(self, task: Task, user: str) -> None:
        if user == task.assignee:
            return
        task.assignee = user
        self._changed(task, "assignee", value=("user", user, "") if user else None)
        self._story(task, "assigned" if user else "unassigned", "hat die Zuständigkeit geändert")

    def complete(self, task: Task, is_completed: bool) -> None:
        """Completing an approval approves it; opening it again makes it pending."""
        if task.resource_subtype == "approval":
            now = "approved" if is_completed else "pending"
            if is_completed != task.is_completed:
                self.decide(task, now)
            return
        if is_completed != task.is_completed:
            self._set_completed(task, is_completed)
            self._changed(task, "completed")
            what = ("marked_complete", "hat diese Aufgabe abgeschlossen")
            again = ("marked_incomplete", "hat diese Aufgabe wieder geöffnet")
            self._story(task, *(what if is_completed else again))

    def decide(self, task: Task, approval_status: str) -> None:
        """Approve, reject, ask for changes, or set back to pending; `completed` follows."""
        was = task.approval_status
        if approval_status == was:
            return
        task.approval_status = approval_status
        self._set_completed(task, approval_status in DECIDED)
        for field in self.sim.options.approval_change_fields:
            self._changed(task, field)
        details = {"old_approval_status": was, "new_approval_status": approval_status}
        text = f"hat den Genehmigungsstatus auf {approval_status} gesetzt"
        self._story(task, "approval_status_changed", text, details)

    def retype(self, task: Task, resource_subtype: str) -> None:
        if resource_subtype == task.resource_subtype:
            return
        task.resource_subtype = resource_subtype
        is_approval = resource_subtype == "approval"
        task.approval_status = ("approved" if task.is_completed else "pending") if is_approval else ""
        self._changed(task, "resource_subtype")

    def set_value(self, task: Task, field: Field, value: Value) -> None:
        """A checked value of a custom field."""
        was = task.values.get(field.gid)
        if was == value or (was in (None, []) and value in (None, [])):
            return
        details = self._value_details(task, field, value)
        task.values[field.gid] = value
        self._changed(task, "custom_fields", value=("custom_field", field.gid, field.subtype))
        shown = values.display(field, value, self.state) or "leer"
        subtype = f"{field.subtype}_custom_field_changed"
        self._story(task, subtype, f"hat {field.name} geändert in „{shown}“", details)

    def _value_details(self, task: Task, field: Field, value: Value) -> dict[str, Any]:
        """old_... and new_... of the story about a changed value."""
        name = {"people": "people_value", "multi_enum": "multi_enum_values"}.get(
            field.subtype, f"{field.subtype}_value"
        )
        plain = Records(self.sim, Token("", "pat", self.by))
        details: dict[str, Any] = {"custom_field": plain.named(field.gid)}
        for prefix, one in (("old", task.values.get(field.gid)), ("new", value)):
            if isinstance(one, Decimal):
                details[f"{prefix}_{name}"] = values.plain(one)
            elif field.subtype == "text":
                details[f"{prefix}_{name}"] = one or ""
            elif field.subtype == "enum" and isinstance(one, str) and (option := field.option(one)):
                details[f"{prefix}_{name}"] = plain.option(option)
            elif field.subtype == "multi_enum" and isinstance(one, list):
                options = [field.option(gid) for gid in one]
                details[f"{prefix}_{name}"] = [plain.option(option) for option in options if option]
        return details

    # --- comments and files -------------------------------------------------------------
    def comment(self, task: Task, text: str, *, html_text: str = "", is_pinned: bool = False) -> Story:
        return self._story(task, "comment_added", text, html_text=html_text, is_pinned=is_pinned)

    def attach(self, attachment: Attachment) -> Attachment:
        self.state.add(attachment)
        self.state.attachments_of.setdefault(attachment.parent, []).append(attachment.gid)
        task = self.state.get("task", attachment.parent)
        if task:
            self._changed(task, "attachments", change="added", value=("attachment", attachment.gid, ""))
            self._story(task, "attachment_added", f"hat {attachment.name} angehängt")
        return attachment

    def detach(self, attachment: Attachment) -> None:
        task = self.state.get("task", attachment.parent)
        self.state.by_gid.pop(attachment.gid)
        self.state.attachments_of[attachment.parent].remove(attachment.gid)
        if task:
            self._changed(task, "attachments", change="removed", value=("attachment", attachment.gid, ""))

    # --- the traces -------------------------------------------------------------
    def _set_completed(self, task: Task, is_completed: bool) -> None:
        if is_completed == task.is_completed:
            return
        task.is_completed = is_completed
        task.completed_at = self.sim.clock.now() if is_completed else None
        task.completed_by = self.by if is_completed else ""

    def _changed(
        self, task: Task, field: str, *, change: str = "changed", value: Reference | None = None
    ) -> None:
        task.modified_at = self.sim.clock.now()
        self.sim.log.add(
            self.state.places(task),
            user=self.by,
            action="changed",
            resource=reference(task),
            field=field,
            change=change,
            value=value,
        )

    def _event(self, task: Task, action: str, *, parent: Reference | None = None) -> None:
        self.sim.log.add(
            self.state.places(task),
            user=self.by,
            action=action,
            resource=reference(task),
            parent=parent,
        )

    def _story(
        self,
        task: Task,
        subtype: str,
        text: str,
        details: dict[str, Any] | None = None,
        **more: Any,
    ) -> Story:
        """A story under the task. Comments and changes move `modified_at`; being moved about does not."""
        now = self.sim.clock.now()
        story = Story(
            self.state.next_gid(),
            task.gid,
            now,
            self.by,
            subtype,
            text,
            source=self.source,
            details=details or {},
            **more,
        )
        self.state.add(story)
        self.state.stories_of[task.gid].append(story.gid)
        if subtype not in ("added_to_project", "removed_from_project", "section_changed"):
            task.modified_at = now
        self.sim.log.add(
            self.state.places(task),
            user=self.by,
            action="added",
            resource=reference(story),
            parent=reference(task),
        )
        return story
