"""The Jira client of one connection: what pairs may ask and write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connections.errors import ConfigurationError, ConnectorError, RejectedError
from connections.messages import DataFault
from connections.vendors.jira import adf, issues, places, sites, talk
from connections.vendors.jira.client import Client
from connections.vendors.jira.external import ExternalField
from connections.vendors.jira.issues import WATCHED_FIELDS, Found, NewIssue, Transition
from connections.vendors.jira.places import Choice, CreateField, Field, IssueType, Project, User
from connections.vendors.jira.talk import Attachment, Comment, UploadLimit
from connections.vendors.jira.values import STATUS, Change, Issue, IssueRef, Status

if TYPE_CHECKING:
    from connections.models import Connection


class JiraApi:
    """Reads and writes at one Jira site. Issues are named by id (or key), everything else by id.

    An issue that is gone or not shown raises RejectedError with status 404, a project ConfigurationError,
    because then nothing of the integration works. A write whose answer is lost raises OutcomeUnknownError.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = Client(connection)
        self.transport = self.client.transport
        self._external: dict[str, ExternalField] = {}

    @property
    def subject(self) -> str:
        """The record that the next calls are for ("record:12"), written to the call log."""
        return self.transport.subject

    @subject.setter
    def subject(self, subject: str) -> None:
        self.transport.subject = subject

    @property
    def search_lag(self) -> timedelta:
        """How long a new issue may be missing from searches."""
        return timedelta(seconds=max(int(self.connection.setting("search_lag_seconds")), 0))

    # --- where the work is --------------------------------------------------------------------------------

    def me(self) -> User:
        return places.myself(self.client)

    def sites(self) -> list[sites.Site]:
        return sites.sites(self.client)

    def projects(self) -> list[Project]:
        return places.projects(self.client)

    def project(self, project: str) -> Project:
        return places.project(self.client, project)

    def issue_types(self, project: str) -> list[IssueType]:
        return places.issue_types(self.client, project)

    def create_fields(self, project: str, issue_type: str) -> list[CreateField]:
        """The create screen; what of it an issue must bring is `CreateField.must_be_filled`."""
        return places.create_fields(self.client, project, issue_type)

    def fields(self) -> list[Field]:
        return places.fields(self.client)

    def statuses(self, project: str) -> dict[str, list[Status]]:
        return places.statuses(self.client, project)

    def priorities(self) -> list[Choice]:
        return places.priorities(self.client)

    def missing_permissions(self, project: str) -> list[str]:
        """The rights in the project that the work needs and our user lacks, by Jira's names."""
        held = places.permissions(self.client, places.NEEDED_PERMISSIONS, project)
        return [name for name, is_held in held.items() if not is_held]

    def upload_limit(self) -> UploadLimit:
        return talk.upload_limit(self.client)

    def issue_url(self, key: str) -> str:
        """The page of an issue for people. Asks Jira once; the site's address is then remembered."""
        wanted = str(self.connection.setting("site"))
        known = sites.remembered(self.connection).get("sites") or {}
        return sites.browse_url(known.get(wanted) or sites.chosen(self.client).url, key)

    # --- issues -------------------------------------------------------------------------------------------

    def create(self, issue: NewIssue, *, external_field: str = "") -> IssueRef:
        """A new issue; `external_field` is the custom field that takes `issue.external_id`.

        Jira has no key against a second one. After OutcomeUnknownError ask `find` until `search_lag` is over
        before creating again.
        """
        external = self._external_field(external_field) if external_field else None
        try:
            return issues.create(self.client, issue, external)
        except (ConfigurationError, RejectedError) as error:
            error.faults = self._named(error.faults, issue)
            raise

    def find(self, external_field: str, external_id: str, *, reconcile: Sequence[str] = ()) -> list[Issue]:
        """The issues that carry exactly this id, the oldest first; more than one is for a person to hear of.

        A new issue is missing for up to `search_lag`; issues whose ids stand in `reconcile` are not.
        """
        return issues.with_external_id(
            self.client, self._external_field(external_field), external_id, reconcile=reconcile
        )

    def issue(self, issue: str, fields: Collection[str] = WATCHED_FIELDS) -> Issue:
        """The issue as it is at this moment."""
        return issues.read(self.client, issue, fields)

    def issues(
        self, ids: Sequence[str], fields: Collection[str] = WATCHED_FIELDS, *, with_changes: bool = False
    ) -> Found:
        """Many issues as they are at this moment. `with_changes`: each with up to 40 of its last changes."""
        return issues.bulk(self.client, ids, fields, with_changes=with_changes)

    def search(
        self, jql: str, fields: Collection[str] = WATCHED_FIELDS, *, reconcile: Sequence[str] = ()
    ) -> Iterator[Issue]:
        """The hits of a search, which lags behind: see `search_lag`."""
        return issues.search(self.client, jql, fields, reconcile=reconcile)

    def changes(self, issue: str, *, start: int = 0) -> list[Change]:
        """The changelog, oldest first, without its first `start` entries."""
        return issues.changes(self.client, issue, start=start)

    def changes_of(self, ids: Sequence[str], fields: Sequence[str] = (STATUS,)) -> dict[str, list[Change]]:
        """All changes of these fields (at most 10) by issue id, oldest first."""
        return issues.bulk_changes(self.client, ids, fields)

    def transitions(self, issue: str) -> list[Transition]:
        return issues.transitions(self.client, issue)

    def move(self, issue: str, status: str, fields: Mapping[str, Any] | None = None) -> None:
        """Move the issue to the status. Raises ConfigurationError("no_transition") if no way is open.

        `fields` are those of the screen on the way. Look at the status first: a way may lead to itself.
        """
        issues.move(self.client, issue, status, fields or {})

    # --- comments and files -------------------------------------------------------------------------------

    def comments(self, issue: str) -> list[Comment]:
        """All comments, the newest first."""
        return talk.comments(self.client, issue)

    def comment(self, issue: str, body: adf.Node, *, mark: str = "", is_internal: bool = False) -> str:
        """The id of a new comment. `mark` names the event that it tells: `comment_with` finds it by that.

        `is_internal`: on a service project only the team sees it.
        """
        return talk.comment(self.client, issue, body, mark, is_internal=is_internal)

    def comment_with(self, issue: str, mark: str) -> str | None:
        """The id of the oldest comment with this mark."""
        found = [comment.id for comment in talk.comments(self.client, issue) if comment.mark == mark]
        return found[-1] if found else None

    def attachments(self, issue: str) -> list[Attachment]:
        return talk.attachments(self.client, issue)

    def attach(self, issue: str, filename: str, content: bytes, media_type: str) -> Attachment:
        """After OutcomeUnknownError look for name and size among `attachments` before a second try."""
        return talk.attach(self.client, issue, filename, content, media_type)

    def _named(self, faults: Sequence[DataFault], issue: NewIssue) -> tuple[DataFault, ...]:
        """The faults with the fields' names beside their ids, as far as Jira tells them now."""
        if not faults:
            return ()
        try:
            known = self.create_fields(issue.project, issue.issue_type)
        except ConnectorError:
            return tuple(faults)
        names = {field.id: f"{field.name} ({field.id})" for field in known}
        return tuple(replace(fault, field=names.get(fault.field, fault.field)) for fault in faults)

    def _external_field(self, field: str) -> ExternalField:
        if field not in self._external:
            self._external[field] = places.external_field(self.client, field)
        return self._external[field]
