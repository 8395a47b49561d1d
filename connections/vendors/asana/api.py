"""The Asana client of one connection: what pairs may ask and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from connections.answers import Downloaded
from connections.errors import RejectedError
from connections.models import Connection
from connections.vendors.asana import attachments, outgoing, places, stories, tasks
from connections.vendors.asana.attachments import MAX_BYTES, Attachment
from connections.vendors.asana.client import Client
from connections.vendors.asana.fields import CustomField
from connections.vendors.asana.outgoing import Draft, Kept, kept
from connections.vendors.asana.places import Project, Section, User, Workspace
from connections.vendors.asana.stories import Story
from connections.vendors.asana.tasks import Task, TaskPage


class AsanaApi:
    """Reads and writes at Asana. `task` and `project` arguments are gids.

    An object that is gone or no longer shared raises RejectedError with status 404 (a project:
    ConfigurationError, because then nothing of the integration works).
    """

    def __init__(self, connection: Connection) -> None:
        self.client = Client(connection)
        self.transport = self.client.transport

    @property
    def subject(self) -> str:
        """The record that the next calls are for ("record:12"), written to the call log."""
        return self.transport.subject

    @subject.setter
    def subject(self, subject: str) -> None:
        self.transport.subject = subject

    # --- where the work is --------------------------------------------------------------------------------

    def me(self) -> User:
        return places.me(self.client)

    def workspaces(self) -> list[Workspace]:
        return places.workspaces(self.client)

    def projects(self, workspace: str) -> list[Project]:
        return places.projects(self.client, workspace)

    def project(self, project: str) -> Project:
        return places.project(self.client, project)

    def custom_fields(self, project: str) -> list[CustomField]:
        return places.custom_fields(self.client, project)

    def sections(self, project: str) -> list[Section]:
        return places.sections(self.client, project)

    def users(self, workspace: str) -> list[User]:
        return places.users(self.client, workspace)

    # --- tasks --------------------------------------------------------------------------------------------

    def tasks(self, project: str, *, modified_since: datetime | None, offset: str = "") -> TaskPage:
        """One page of a project's tasks changed since then; separators are in it (`Task.is_separator`).

        Whether a task changed exactly at `modified_since` is listed is not documented: overlap the polls.
        """
        try:
            return tasks.page(self.client, project, modified_since, offset)
        except RejectedError as error:
            raise places.project_gone(project, error) from error

    def task(self, task: str) -> Task:
        return tasks.read(self.client, task)

    def set_fields(self, task: str, values: Mapping[str, Any]) -> Task:
        """Write custom fields (by gid) and return the task as it is now. The same values twice do no harm.

        Values: text, Decimal, date, the gid of an option, a list of gids (replaces all), None to clear.
        """
        return tasks.set_fields(self.client, task, values)

    def create_task(self, draft: Draft) -> Task:
        """A new task; see `outgoing.create` for what a lost answer means."""
        return outgoing.create(self.client, draft)

    def change_task(
        self,
        task: str,
        *,
        name: str | None = None,
        notes: str | None = None,
        due_on: date | None | Kept = kept,
        assignee: str | None = None,
        completed: bool | None = None,
        approval_status: str = "",
        subtype: str = "",
        fields: Mapping[str, Any] | None = None,
    ) -> Task:
        return outgoing.change(
            self.client,
            task,
            name=name,
            notes=notes,
            due_on=due_on,
            assignee=assignee,
            completed=completed,
            approval_status=approval_status,
            subtype=subtype,
            values=fields,
        )

    def find_task(self, project: str, *, since: datetime, is_it: Callable[[Task], bool]) -> Task | None:
        return outgoing.find(self.client, project, since=since, is_it=is_it)

    def subtasks(self, task: str) -> list[Task]:
        return outgoing.subtasks(self.client, task)

    def add_to_project(self, task: str, project: str, section: str = "") -> None:
        outgoing.add_to_project(self.client, task, project, section)

    def remove_from_project(self, task: str, project: str) -> None:
        outgoing.remove_from_project(self.client, task, project)

    def delete_task(self, task: str) -> None:
        outgoing.delete(self.client, task)

    # --- comments and files -------------------------------------------------------------------------------

    def comments(self, task: str) -> list[Story]:
        return stories.comments(self.client, task)

    def comment(self, task: str, text: str) -> Story:
        return stories.comment(self.client, task, text)

    def attachments(self, task: str) -> list[Attachment]:
        """The files of a task. Download soon after: their addresses end, and reading them again is a call."""
        return attachments.listed(self.client, task)

    def download(self, attachment: Attachment, max_bytes: int = MAX_BYTES) -> Downloaded:
        return attachments.download(self.client, attachment, max_bytes)

    def upload(self, task: str, filename: str, content: bytes, media_type: str) -> Attachment:
        return attachments.upload(self.client, task, filename, content, media_type)
