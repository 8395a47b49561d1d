"""The ways in which an issue changes: with changelog, `updated`, search index and webhook events.

A request and a person's click go the same way.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import values
from mlconnector.sandbox.jira.state import (
    Attachment,
    Change,
    Comment,
    Issue,
    Item,
    Project,
    RemoteLink,
    Site,
    Transition,
)
from mlconnector.sandbox.jira.words import said

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator


class Changes:
    """Changes on one site made by one person. `flow`: "Secondary" for side effects of bulk changes."""

    def __init__(self, sim: "JiraSimulator", site: Site, by: str, flow: str = "Primary") -> None:
        self.sim = sim
        self.site = site
        self.by = by
        self.flow = flow

    @property
    def now(self) -> datetime:
        return self.sim.clock.now()

    def create(
        self, project: Project, type_id: str, stored: dict[str, Any], properties: dict[str, Any] | None = None
    ) -> Issue:
        project.last_number += 1
        issue = Issue(
            self.site.next_id("issue"),
            f"{project.key}-{project.last_number}",
            project.id,
            type_id,
            project.statuses[0],
            self.by,
            self.now,
            self.now,
            self.now,
            values={id: value for id, value in stored.items() if value is not None},
            properties=dict(properties or {}),
        )
        self.site.issues[issue.id] = issue
        self._happened("jira:issue_created", issue, kind="issue_created")
        return issue

    def edit(self, issue: Issue, stored: dict[str, Any]) -> Change | None:
        """Set values; None when nothing is different."""
        items = [item for id, value in stored.items() if (item := self._set(issue, id, value))]
        return self._changed(issue, items, "issue_updated")

    def transition(
        self, issue: Issue, way: Transition, stored: dict[str, Any] | None = None
    ) -> Change | None:
        """Go to the status behind `way` with the values of its screen; the resolution follows."""
        given = dict(stored or {})
        before, after = self.site.statuses[issue.status], self.site.statuses[way.to]
        is_done = after.category == "done"
        resolution = given.pop("resolution", None) or (issue.resolution or self.site.resolutions[0].id)
        items = [self._resolve(issue, resolution if is_done else "")]
        items += [self._set(issue, id, value) for id, value in given.items()]
        issue.status = after.id
        if before.category != after.category:
            issue.category_changed_at = self.now
        items.append(
            Item("status", "status", before.id, self._said(before.name), after.id, self._said(after.name))
        )
        return self._changed(issue, [item for item in items if item], "issue_generic")

    def _resolve(self, issue: Issue, resolution: str) -> Item | None:
        if resolution == issue.resolution:
            return None
        names = {one.id: self._said(one.name) for one in self.site.resolutions}
        before, issue.resolution = issue.resolution, resolution
        issue.resolved_at = self.now if resolution else None
        return Item(
            "resolution",
            "resolution",
            before or None,
            names.get(before),
            resolution or None,
            names.get(resolution),
        )

    def move_project(self, issue: Issue, project: Project) -> Change | None:
        """To another project, under a new key; the old key still finds it."""
        before = self.site.projects[issue.project]
        self.site.old_keys[issue.key] = issue.id
        project.last_number += 1
        old_key, issue.key = issue.key, f"{project.key}-{project.last_number}"
        issue.project, issue.status = project.id, project.statuses[0]
        issue.type = issue.type if issue.type in project.screens else next(iter(project.screens))
        items = [
            Item("project", "project", before.id, before.name, project.id, project.name),
            Item("Key", "key", None, old_key, None, issue.key),
        ]
        return self._changed(issue, items, "issue_moved")

    def delete(self, issue: Issue) -> None:
        # Told first: filters of webhooks still find it.
        self._happened("jira:issue_deleted", issue, kind="issue_deleted")
        del self.site.issues[issue.id]
        self.sim.index.changed(self.site, issue)

    # --- what hangs on an issue ---------------------------------------------------------------------------
    def comment(
        self, issue: Issue, body: dict[str, Any], properties: dict[str, Any] | None = None
    ) -> Comment:
        comment = Comment(
            self.site.next_id("comment"), self.by, self.now, body, self.now, dict(properties or {})
        )
        issue.comments.append(comment)
        self._touched(issue)
        self._happened("comment_created", issue, comment=comment)
        return comment

    def change_comment(self, issue: Issue, comment: Comment, body: dict[str, Any]) -> None:
        comment.body, comment.updated_at = body, self.now
        self._touched(issue)
        self._happened("comment_updated", issue, comment=comment)

    def delete_comment(self, issue: Issue, comment: Comment) -> None:
        issue.comments.remove(comment)
        self._touched(issue)
        self._happened("comment_deleted", issue, comment=comment)

    def attach(self, issue: Issue, name: str, content: bytes, media_type: str) -> Attachment:
        one = Attachment(self.site.next_id("attachment"), self.by, self.now, name, content, media_type)
        issue.attachments.append(one)
        self._changed(
            issue, [Item("Attachment", "attachment", after=one.id, after_text=name)], "issue_updated"
        )
        return one

    def detach(self, issue: Issue, one: Attachment) -> None:
        issue.attachments.remove(one)
        item = Item("Attachment", "attachment", before=one.id, before_text=one.name)
        self._changed(issue, [item], "issue_updated")

    def set_property(self, issue: Issue, key: str, value: Any) -> bool:
        """Whether the property is new."""
        is_new = key not in issue.properties
        issue.properties[key] = value
        self._happened("issue_property_set", issue, property_key=key)
        return is_new

    def delete_property(self, issue: Issue, key: str) -> None:
        del issue.properties[key]
        self._happened("issue_property_deleted", issue, property_key=key)

    def link(self, issue: Issue, given: dict[str, Any]) -> tuple[RemoteLink, bool]:
        """(the remote link, whether it is new); a known globalId is replaced in place."""
        global_id = given.get("globalId") or ""
        known = next((one for one in issue.links if global_id and one.global_id == global_id), None)
        id = known.id if known else int(self.site.next_id("link"))
        link = RemoteLink(id, global_id, given.get("application"), given["object"], given.get("relationship"))
        issue.links = [one for one in issue.links if one is not known] + [link]
        self._touched(issue)
        self.sim.index.changed(self.site, issue)
        return link, known is None

    # --- inside -------------------------------------------------------------------------------------------
    def _said(self, words: Any) -> str:
        return said(words, self.site.language)

    def _set(self, issue: Issue, id: str, value: Any) -> Item | None:
        field = self.site.fields[id]
        before = issue.values.get(id)
        if (before or None) == (value or None) and not isinstance(value, int | float):
            return None
        if value is None:
            issue.values.pop(id, None)
        else:
            issue.values[id] = value
        old = values.as_text(self.site.language, self.site, field, before)
        new = values.as_text(self.site.language, self.site, field, value)
        name = id if not field.is_custom else said(field.name, self.site.language)
        return Item(name, id, *old, *new, kind="custom" if field.is_custom else "jira")

    def _changed(self, issue: Issue, items: Iterable[Item], kind: str) -> Change | None:
        found = list(items)
        if not found:
            return None
        change = Change(self.site.next_id("change"), self.by, self.now, found)
        issue.history.append(change)
        self._touched(issue)
        self._happened("jira:issue_updated", issue, kind=kind, change=change)
        return change

    def _touched(self, issue: Issue) -> None:
        issue.updated_at = self.now

    def _happened(self, event: str, issue: Issue, **more: Any) -> None:
        self.sim.index.changed(self.site, issue)
        self.sim.deliveries.offer(self.site, event, issue, by=self.by, flow=self.flow, **more)
