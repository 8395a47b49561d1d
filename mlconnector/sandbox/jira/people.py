"""Being a person at the simulated Jira, and looking at what came out of it. Mixed into JiraSimulator.

Changes go the way of a request: with changelog, `updated`, search lag and webhooks. Without `by` the
accountant does it; sites, projects and issues are named as in helpers.py.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import adf
from mlconnector.sandbox.jira.changes import Changes
from mlconnector.sandbox.jira.deliveries import Attempt
from mlconnector.sandbox.jira.errors import FAULTS
from mlconnector.sandbox.jira.state import Attachment, Change, Comment, Issue, Transition
from mlconnector.sandbox.kit import Fault

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator


class People:
    """What a person does by hand, what a test asks, and the switches."""

    # --- being a person -----------------------------------------------------------------------------------
    def _by(self: "JiraSimulator", by: str, site: str, flow: str = "Primary") -> Changes:
        return Changes(self, self.place(site), by or self.accountant, flow)

    def add_issue(
        self: "JiraSimulator",
        project: str,
        summary: str = "Vorgang",
        *,
        by: str = "",
        site: str = "",
        **values: Any,
    ) -> str:
        """An issue that a person writes; `values` by field id, as stored. Returns its key."""
        with self.lock:
            found = self.project(project, site=site)
            stored = {"summary": summary, "reporter": by or self.accountant, "priority": "3", **values}
            return self._by(by, site).create(found, next(iter(found.screens)), stored).key

    def move(
        self: "JiraSimulator",
        key: str,
        status: str,
        *,
        by: str = "",
        site: str = "",
        flow: str = "Primary",
    ) -> Change | None:
        """Move to a status (id or name), past the workflow if need be; the entry of the changelog."""
        with self.lock:
            issue = self.issue(key, site=site)
            to = self.status_id(issue.project, status, site=site)
            if to == issue.status:
                return None
            return self._by(by, site, flow).transition(issue, Transition("0", "", to))

    def edit(self: "JiraSimulator", key: str, *, by: str = "", site: str = "", **values: Any) -> None:
        """Set values by field id, as stored; None clears."""
        with self.lock:
            self._by(by, site).edit(self.issue(key, site=site), values)

    def comment(self: "JiraSimulator", key: str, text: str, *, by: str = "", site: str = "") -> str:
        with self.lock:
            return self._by(by, site).comment(self.issue(key, site=site), adf.paragraph(text)).id

    def attach(
        self: "JiraSimulator",
        key: str,
        name: str,
        content: bytes = b"...",
        media_type: str = "text/plain",
        *,
        by: str = "",
        site: str = "",
    ) -> str:
        with self.lock:
            return self._by(by, site).attach(self.issue(key, site=site), name, content, media_type).id

    def move_to_project(self: "JiraSimulator", key: str, project: str, *, site: str = "") -> str:
        """Returns the new key."""
        with self.lock:
            issue = self.issue(key, site=site)
            self._by("", site).move_project(issue, self.project(project, site=site))
            return issue.key

    def delete_issue(self: "JiraSimulator", key: str, *, by: str = "", site: str = "") -> None:
        with self.lock:
            self._by(by, site).delete(self.issue(key, site=site))

    # --- looking ------------------------------------------------------------------------------------------
    def issues(self: "JiraSimulator", project: str = "", *, site: str = "") -> list[Issue]:
        """All issues of the site, or of a project, oldest first."""
        wanted = self.project(project, site=site).id if project else ""
        return [one for one in self.place(site).issues.values() if wanted in ("", one.project)]

    def issue(self: "JiraSimulator", key: str, *, site: str = "") -> Issue:
        found = self.place(site).issue(key)
        if found is None:
            raise ValueError(f"There is no issue {key!r}.")
        return found

    def comments(self: "JiraSimulator", key: str, *, site: str = "") -> list[Comment]:
        return self.issue(key, site=site).comments

    def attachments(self: "JiraSimulator", key: str, *, site: str = "") -> list[Attachment]:
        return self.issue(key, site=site).attachments

    def history(self: "JiraSimulator", key: str, *, site: str = "") -> list[Change]:
        return self.issue(key, site=site).history

    def answer_at(self: "JiraSimulator", url: str) -> None:
        """Let one address stand for all hosts, the sites' own addresses below it too."""
        self.auth_url = self.api_url = self.web_url = self.media_url = url
        for site in self.known.sites.values():
            site.url = f"{url}/sites/{site.name}"

    # --- delivering and breaking --------------------------------------------------------------------------
    def deliver(self: "JiraSimulator") -> list[Attempt]:
        """Post the webhook deliveries that are due now."""
        return self.deliveries.send_due()

    def pass_time(self: "JiraSimulator", by: timedelta) -> list[Attempt]:
        """Move the clock, sending each delivery at its moment."""
        return self.deliveries.pass_time(by)

    def fail(self: "JiraSimulator", route: str, kind: str, times: int | None = 1, **more: Any) -> Fault:
        """Let the coming requests fail in the vendor's own form (kinds: errors.FAULTS, "429 burst")."""
        return self.faults.add(route, times=times, **{**FAULTS[kind], **more})
