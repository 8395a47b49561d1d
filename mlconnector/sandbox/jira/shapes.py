"""Records as the vendor sends them. Source: Jira REST v3, published specification (read 2026-11)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.jira import adf, catalog
from mlconnector.sandbox.jira.state import (
    Attachment,
    Change,
    Comment,
    Field,
    Issue,
    IssueType,
    Option,
    Person,
    Project,
    RemoteLink,
    Site,
    State,
    Status,
    Transition,
)
from mlconnector.sandbox.jira.words import said


def moment(at: datetime | None, time_zone: str) -> str | None:
    """`2026-10-08T07:08:44.123+0200`: the user's zone, the offset without a colon."""
    if at is None:
        return None
    local = at.astimezone(ZoneInfo(time_zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


class Shapes:
    """`base` is the address of the REST API in links; with `version` 2 documents are plain text."""

    def __init__(
        self, known: State, site: Site, language: str, time_zone: str, base: str, version: int = 3
    ) -> None:
        self.known = known
        self.site = site
        self.language = language
        self.time_zone = time_zone
        self.base = base
        self.version = version

    def said(self, words: Any) -> str:
        return said(words, self.language)

    def moment(self, at: datetime | None) -> str | None:
        return moment(at, self.time_zone)

    # --- people and places --------------------------------------------------------------------------------
    def person(self, account: str) -> dict[str, Any] | None:
        """Without an address: people hide it from apps."""
        person: Person | None = self.known.people.get(account)
        if person is None:
            return None
        return {
            "self": f"{self.base}/user?accountId={account}",
            "accountId": account,
            "displayName": person.name,
            "active": person.is_active,
            "timeZone": person.time_zone,
            "accountType": "atlassian",
        }

    def category(self, key: str) -> dict[str, Any]:
        number, name, color = catalog.CATEGORIES[key]
        return {
            "self": f"{self.base}/statuscategory/{number}",
            "id": number,
            "key": key,
            "colorName": color,
            "name": self.said(name),
        }

    def status(self, id: str) -> dict[str, Any]:
        status: Status = self.site.statuses[id]
        return {
            "self": f"{self.base}/status/{id}",
            "description": "",
            "iconUrl": f"{self.site.url}/images/icons/statuses/generic.png",
            "name": self.said(status.name),
            "id": id,
            "statusCategory": self.category(status.category),
            **self.scope(status.project),
        }

    def scope(self, project: str) -> dict[str, Any]:
        """What belongs to one team-managed project says so."""
        return {"scope": {"type": "PROJECT", "project": {"id": project}}} if project else {}

    def issue_type(self, kind: IssueType) -> dict[str, Any]:
        return {
            "self": f"{self.base}/issuetype/{kind.id}",
            "id": kind.id,
            "description": "",
            "iconUrl": f"{self.site.url}/images/icons/issuetypes/{kind.id}.svg",
            "name": self.said(kind.name),
            "subtask": kind.is_subtask,
            "hierarchyLevel": -1 if kind.is_subtask else 0,
            **self.scope(kind.project),
        }

    def project(self, project: Project) -> dict[str, Any]:
        return {
            "self": f"{self.base}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": project.is_team_managed,
            "style": "next-gen" if project.is_team_managed else "classic",
            "isPrivate": False,
        }

    def project_in_issue(self, id: str) -> dict[str, Any]:
        shown = self.project(self.site.projects[id])
        return {key: shown[key] for key in ("self", "id", "key", "name", "projectTypeKey", "simplified")}

    def priority(self, option: Option) -> dict[str, Any]:
        return {
            "self": f"{self.base}/priority/{option.id}",
            "iconUrl": f"{self.site.url}/images/icons/priorities/{option.id}.svg",
            "name": self.said(option.name),
            "id": option.id,
        }

    def resolution(self, id: str) -> dict[str, Any] | None:
        option = next((one for one in self.site.resolutions if one.id == id), None)
        if option is None:
            return None
        return {"self": f"{self.base}/resolution/{id}", "id": id, "name": self.said(option.name)}

    def option(self, option: Option) -> dict[str, Any]:
        return {
            "self": f"{self.base}/customFieldOption/{option.id}",
            "value": self.said(option.name),
            "id": option.id,
        }

    def transition(self, one: Transition, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "id": one.id,
            "name": self.said(one.name),
            "to": self.status(one.to),
            "hasScreen": bool(one.screen),
            "isGlobal": one.sources is None,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": False,
            **({"fields": fields} if fields is not None else {}),
        }

    # --- issues -------------------------------------------------------------------------------------------
    def ref(self, issue: Issue) -> dict[str, str]:
        return {"id": issue.id, "key": issue.key, "self": f"{self.base}/issue/{issue.id}"}

    def issue(self, issue: Issue, fields: Iterable[str]) -> dict[str, Any]:
        shown = {id: self.value(issue, self.site.fields[id]) for id in fields}
        return {"expand": "names,changelog,transitions", **self.ref(issue), "fields": shown}

    def selection(self, issue: Issue, asked: Iterable[str], default: str = "*navigable") -> list[str]:
        """Ids of the fields that `asked` means: ids, *all, *navigable, and -id to leave one out."""
        asked = list(asked) or [default]
        known = [field.id for field in self.site.fields_of(issue.project)]
        chosen: set[str] = set()
        if all(one.startswith("-") for one in asked):
            asked = [default, *asked]
        for one in asked:
            if one == "*all":
                chosen.update(known)
            elif one == "*navigable":
                chosen.update(id for id in known if id not in catalog.ON_REQUEST)
            elif one.startswith("-"):
                chosen.discard(one[1:])
            else:
                chosen.add(one)
        return [id for id in known if id in chosen]

    def value(self, issue: Issue, field: Field) -> Any:
        """The value of one field; null when there is none."""
        whole: dict[str, Any] = {
            "project": lambda: self.project_in_issue(issue.project),
            "issuetype": lambda: self.issue_type(self.site.types[issue.type]),
            "status": lambda: self.status(issue.status),
            "resolution": lambda: self.resolution(issue.resolution),
            "resolutiondate": lambda: self.moment(issue.resolved_at),
            "created": lambda: self.moment(issue.created_at),
            "updated": lambda: self.moment(issue.updated_at),
            "statuscategorychangedate": lambda: self.moment(issue.category_changed_at),
            "creator": lambda: self.person(issue.creator),
            "attachment": lambda: [self.attachment(one) for one in issue.attachments],
            "comment": lambda: self._comments(issue),
            "labels": lambda: issue.values.get(field.id) or ([] if not field.is_custom else None),
        }
        if field.kind in whole and (not field.is_custom or field.kind == "labels"):
            return whole[field.kind]()
        stored = issue.values.get(field.id)
        return None if stored is None else self._stored(field, stored)

    def _stored(self, field: Field, stored: Any) -> Any:
        if field.kind in catalog.DOCUMENTS:
            return stored if self.version == 3 else adf.plain(stored)
        if field.kind == "priority":
            return self.priority(next(one for one in self.site.priorities if one.id == stored))
        if field.kind in ("assignee", "reporter", "userpicker"):
            return self.person(stored)
        if field.kind in ("select", "multiselect"):
            options = {one.id: self.option(one) for one in field.options}
            return options[stored] if field.kind == "select" else [options[id] for id in stored]
        return stored

    def _comments(self, issue: Issue) -> dict[str, Any]:
        comments = [self.comment(issue, one) for one in issue.comments]
        return {
            "comments": comments,
            "self": f"{self.base}/issue/{issue.id}/comment",
            "maxResults": len(comments),
            "total": len(comments),
            "startAt": 0,
        }

    def comment(self, issue: Issue, comment: Comment, *, properties: bool = False) -> dict[str, Any]:
        shown = {
            "self": f"{self.base}/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.person(comment.by),
            "body": comment.body if self.version == 3 else adf.plain(comment.body),
            "updateAuthor": self.person(comment.by),
            "created": self.moment(comment.at),
            "updated": self.moment(comment.updated_at),
            "jsdPublic": True,
        }
        if properties:
            shown["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shown

    def attachment(self, one: Attachment) -> dict[str, Any]:
        return {
            "self": f"{self.base}/attachment/{one.id}",
            "id": one.id,
            "filename": one.name,
            "author": self.person(one.by),
            "created": self.moment(one.at),
            "size": len(one.content),
            "mimeType": one.media_type,
            "content": f"{self.base}/attachment/content/{one.id}",
        }

    def change(self, change: Change) -> dict[str, Any]:
        return {
            "id": change.id,
            "author": self.person(change.by),
            "created": self.moment(change.at),
            "items": self.items(change),
        }

    def items(self, change: Change) -> list[dict[str, Any]]:
        return [
            {
                "field": item.field,
                "fieldtype": item.kind,
                "fieldId": item.field_id,
                "from": item.before,
                "fromString": item.before_text,
                "to": item.after,
                "toString": item.after_text,
            }
            for item in change.items
        ]

    def remote_link(self, issue: Issue, link: RemoteLink) -> dict[str, Any]:
        shown = {
            "id": link.id,
            "self": f"{self.base}/issue/{issue.id}/remotelink/{link.id}",
            "globalId": link.global_id or None,
            "application": link.application,
            "relationship": link.relationship,
            "object": link.object,
        }
        return {key: value for key, value in shown.items() if value is not None}

    # --- fields -------------------------------------------------------------------------------------------
    def field(self, field: Field) -> dict[str, Any]:
        name = self.said(field.name)
        clauses = [field.clause, name] if field.is_custom else [field.clause]
        return {
            "id": field.id,
            "key": field.id,
            "name": name,
            "custom": field.is_custom,
            "orderable": field.is_custom or field.id in catalog.SCREEN,
            "navigable": field.id not in catalog.ON_REQUEST,
            "searchable": field.is_searchable,
            "clauseNames": clauses if field.is_searchable else [],
            "schema": catalog.schema(field),
            **self.scope(field.project),
        }

    def field_on_screen(self, field: Field, is_required: bool, project: Project) -> dict[str, Any]:
        """A field of a create or transition screen, with what may be chosen."""
        has_default = field.id in ("priority", "reporter")
        shown: dict[str, Any] = {
            "required": is_required,
            "schema": catalog.schema(field),
            "name": self.said(field.name),
            "key": field.id,
            "fieldId": field.id,
            "hasDefaultValue": has_default,
            "operations": ["set"],
        }
        allowed = self._allowed(field, project)
        if allowed is not None:
            shown["allowedValues"] = allowed
        return shown

    def _allowed(self, field: Field, project: Project) -> list[Any] | None:
        if field.options:
            return [self.option(one) for one in field.options]
        choices: dict[str, Any] = {
            "priority": lambda: [self.priority(one) for one in self.site.priorities],
            "resolution": lambda: [self.resolution(one.id) for one in self.site.resolutions],
            "project": lambda: [self.project_in_issue(project.id)],
            "issuetype": lambda: [self.issue_type(self.site.types[id]) for id in project.screens],
        }
        return choices[field.id]() if field.id in choices else None
