"""Issues: created, read one by one or in bulk with their changes, searched, moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connections.errors import ConfigurationError, OutcomeUnknownError, TransientError
from connections.messages import say
from connections.vendors.jira import adf
from connections.vendors.jira.addresses import path
from connections.vendors.jira.client import Client, an_object, needed, objects, ref
from connections.vendors.jira.external import ExternalField
from connections.vendors.jira.values import (
    STATUS,
    Change,
    Issue,
    IssueRef,
    Status,
    in_order,
    mapping,
    text,
)

# What a poll needs to see whether an issue has moved.
WATCHED_FIELDS = ("summary", "status", "updated", "project")
# Source: Jira Cloud REST v3, "Bulk fetch issues", "Bulk fetch changelogs" (OpenAPI file of 2025-12).
BULK_SIZE = 100
BULK_CHANGES_SIZE = 1000
# More hits come in pages, and with many fields fewer at a time. Source: "Search for issues using JQL".
SEARCH_SIZE = 100
MAX_RECONCILED = 50


@dataclass(frozen=True)
class NewIssue:
    """An issue to create. All but the texts are ids; `fields` are further ones, as Jira wants them.

    `properties` are our own notes on the issue (up to 32,768 characters of JSON each), unseen by people.
    """

    project: str
    issue_type: str
    summary: str
    description: adf.Node
    external_id: str = ""
    priority: str = ""
    labels: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self, external: ExternalField | None) -> dict[str, Any]:
        """The body of the request; the summary becomes one line that Jira takes."""
        fields: dict[str, Any] = {
            **self.fields,
            "project": {"id": self.project},
            "issuetype": {"id": self.issue_type},
            "summary": adf.one_line(self.summary),
            "description": self.description,
        }
        if self.priority:
            fields["priority"] = {"id": self.priority}
        if self.labels:
            fields["labels"] = list(self.labels)
        if external is not None and self.external_id:
            fields[external.id] = external.value(self.external_id)
        body: dict[str, Any] = {"fields": fields}
        if self.properties:
            body["properties"] = [{"key": key, "value": value} for key, value in self.properties.items()]
        return body


@dataclass(frozen=True)
class Found:
    """What a bulk read brought, by id. `unclear`: Jira could not say, so ask again later.

    An issue in neither was deleted, or is no longer shown to the user of the connection.
    """

    issues: Mapping[str, Issue]
    unclear: frozenset[str] = frozenset()

    def missing(self, asked: Iterable[str]) -> list[str]:
        return [one for one in asked if one not in self.issues and one not in self.unclear]


@dataclass(frozen=True)
class Transition:
    """A way that an issue may go now. Its id is good for this moment only: choose by `to`."""

    id: str
    name: str
    to: Status
    has_screen: bool


def create(client: Client, issue: NewIssue, external: ExternalField | None) -> IssueRef:
    made = client.create("/issue", issue.to_json(external))
    return IssueRef(needed(made.get("id"), OutcomeUnknownError), text(made.get("key")))


def read(client: Client, issue: str, fields: Collection[str]) -> Issue:
    raw = an_object(client.get(path("issue", issue), fields=",".join(fields)))
    return _complete(Issue.from_json(raw), fields)


def bulk(client: Client, ids: Sequence[str], fields: Collection[str], *, with_changes: bool) -> Found:
    issues: dict[str, Issue] = {}
    unclear: set[str] = set()
    for start in range(0, len(ids), BULK_SIZE):
        body: dict[str, Any] = {
            "issueIdsOrKeys": list(ids[start : start + BULK_SIZE]),
            "fields": list(fields),
        }
        if with_changes:
            body["expand"] = ["changelog"]
        answer = client.ask("/issue/bulkfetch", body)
        for raw in objects(answer.get("issues")):
            issue = _complete(Issue.from_json(raw), fields)
            issues[issue.id] = issue
        unclear |= {ref(raw.get("id")) for raw in objects(answer.get("issueErrors") or [])}
    return Found(issues, frozenset(unclear - {""}))


def search(
    client: Client, jql: str, fields: Collection[str], *, reconcile: Sequence[str] = ()
) -> Iterator[Issue]:
    """The hits of a search. New and changed issues are missing for a while, but for those of `reconcile`.

    Of these Jira takes 50. Raises ValueError for more.
    """
    if len(reconcile) > MAX_RECONCILED:
        raise ValueError(f"{len(reconcile)} issues can't be looked at in one search")
    body: dict[str, Any] = {"jql": jql, "maxResults": SEARCH_SIZE, "fields": list(fields)}
    if reconcile:
        body["reconcileIssues"] = [int(one) for one in reconcile]
    seen: set[str] = set()
    for raw in client.by_token("/search/jql", "issues", body):
        issue = Issue.from_json(raw)
        if issue.id not in seen:
            seen.add(issue.id)
            yield issue


def with_external_id(
    client: Client, external: ExternalField, external_id: str, *, reconcile: Sequence[str] = ()
) -> list[Issue]:
    """Issues that carry exactly this id, the oldest first. Jira's search finds similar ones too."""
    fields = (*WATCHED_FIELDS, external.id)
    hits = search(client, external.clause(external_id), fields, reconcile=reconcile)
    same = [issue for issue in hits if external.is_on(issue, external_id)]
    return sorted(same, key=lambda issue: (len(issue.id), issue.id))


def changes(client: Client, issue: str, *, start: int = 0) -> list[Change]:
    found = client.listed(path("issue", issue, "changelog"), start=start)
    return sorted(map(Change.from_json, found), key=in_order)


def bulk_changes(client: Client, ids: Sequence[str], fields: Sequence[str]) -> dict[str, list[Change]]:
    """All changes of these fields, by issue id, oldest first; issues without any are missing."""
    found: dict[str, dict[str, Change]] = {}
    for start in range(0, len(ids), BULK_CHANGES_SIZE):
        body = {"issueIdsOrKeys": list(ids[start : start + BULK_CHANGES_SIZE]), "fieldIds": list(fields)}
        for raw in client.by_token("/changelog/bulkfetch", "issueChangeLogs", body):
            of_issue = found.setdefault(needed(raw.get("issueId")), {})
            for one in map(Change.from_json, objects(raw.get("changeHistories"))):
                of_issue[one.id] = one
    return {issue: sorted(one.values(), key=in_order) for issue, one in found.items()}


# --- moving -----------------------------------------------------------------------------------------------


def transitions(client: Client, issue: str) -> list[Transition]:
    """The ways that are open now; empty without the right "Transition issues"."""
    answer = an_object(client.get(path("issue", issue, "transitions")))
    return [
        Transition(
            needed(raw.get("id")),
            text(raw.get("name")),
            Status.from_json(raw.get("to")),
            raw.get("hasScreen") is True,
        )
        for raw in objects(answer.get("transitions"))
        if raw.get("isAvailable") is not False
    ]


def move(client: Client, issue: str, status: str, fields: Mapping[str, Any]) -> None:
    """Take the first way that leads to `status`, one without a screen if there is a choice."""
    ways = sorted(
        (way for way in transitions(client, issue) if way.to.id == status), key=lambda way: way.has_screen
    )
    if not ways:
        raise ConfigurationError(
            say(
                "The workflow in Jira has no way from the issue's present status to the status %(status)s, "
                "or the user of this connection may not move issues. Add the transition in Jira, or choose "
                "another status in the integration.",
                status=status,
            ),
            vendor="jira",
            code="no_transition",
        )
    body: dict[str, Any] = {"transition": {"id": ways[0].id}}
    if fields:
        body["fields"] = dict(fields)
    client.change("POST", path("issue", issue, "transitions"), body, ok=(204,))


def _complete(issue: Issue, asked: Collection[str]) -> Issue:
    """Every issue has a status; one without is an answer that nothing may be concluded from."""
    if STATUS in asked and not mapping(issue.fields.get(STATUS)):
        raise TransientError(
            say("Jira did not send the status of the issue %(issue)s. It is read again.", issue=issue.key),
            vendor="jira",
        )
    return issue
