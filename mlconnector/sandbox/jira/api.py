"""One request to a site's REST API: who asks, in which language, what was sent; and how lists are paged."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira.errors import JSON, JiraError, Refused
from mlconnector.sandbox.jira.shapes import Shapes
from mlconnector.sandbox.jira.state import Grant, Issue, Person, Project, Site
from mlconnector.sandbox.jira.words import LANGUAGES, MESSAGES
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.jira.app import JiraSimulator

PREFIX = "/ex/jira/<cloud_id>/rest/api/3"
PERMISSIONS: dict[str, str] = {
    "ADMINISTER": "Administer Jira",
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "ADD_COMMENTS": "Add Comments",
    "TRANSITION_ISSUES": "Transition Issues",
    "EDIT_ISSUES": "Edit Issues",
    "DELETE_ISSUES": "Delete Issues",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "LINK_ISSUES": "Link Issues",
}


class ApiCall:
    """A signed-in request. `read` counts the objects that were read, for the points."""

    def __init__(self, sim: "JiraSimulator", request: "Request", grant: Grant, site: Site) -> None:
        self.sim = sim
        self.request = request
        self.grant = grant
        self.site = site
        self.person: Person = sim.known.people[grant.account]
        self.language = _language(request, self.person, site)
        self.read = 0

    @property
    def now(self) -> datetime:
        return self.sim.clock.now()

    @property
    def shapes(self) -> Shapes:
        base = f"{self.sim.api_url}/ex/jira/{self.site.cloud_id}/rest/api/3"
        return Shapes(self.sim.known, self.site, self.language, self.person.time_zone, base)

    # --- saying no ----------------------------------------------------------------------------------------
    def says(self, key: str, /, **given: object) -> str:
        return MESSAGES[key][self.language].format(**given)

    def error(self, status: int, key: str, /, **given: object) -> JiraError:
        return JiraError(status, self.says(key, **given))

    def field_error(self, field: str, key: str, /, **given: object) -> JiraError:
        return JiraError(400, errors={field: self.says(key, **given)})

    def refused(self, refusal: Refused) -> JiraError:
        return self.error(400, refusal.key, **refusal.given)

    def payload_error(self) -> JiraError:
        return self.error(400, "payload")

    # --- what was sent ------------------------------------------------------------------------------------
    def body(self, known: Iterable[str] | None = None, required: Iterable[str] = ()) -> dict[str, Any]:
        """The JSON object that was sent; with `known` nothing else may be in it. Raises JiraError 400."""
        try:
            given = json.loads(self.request.get_data())
        except ValueError:
            # Without `errors`, as the vendor answers it.
            raise JiraError(400, body={"errorMessages": [self.says("no_json")]}) from None
        if not isinstance(given, dict):
            raise self.payload_error()
        if known is not None and set(given) - set(known):
            raise self.payload_error()
        if any(name not in given for name in required):
            raise self.payload_error()
        return given

    def number(self, name: str, default: int) -> int:
        text = self.request.args.get(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise self.payload_error() from None

    def listed(self, name: str) -> list[str]:
        """A query parameter that may be repeated or hold commas."""
        return [part for text in self.request.args.getlist(name) for part in text.split(",") if part.strip()]

    # --- what it is about ---------------------------------------------------------------------------------
    def may(self, permission: str, project: Project | None = None) -> bool:
        """In the project; without one, in any project.

        Source: Jira Cloud REST v3, "Get my permissions" (OpenAPI file of 2025-12).
        """
        account = self.person.account_id
        if permission == "ADMINISTER":
            return account in self.site.admins
        asked = [project] if project else self.site.projects.values()
        return any(account not in one.denied.get(permission, set()) for one in asked)

    def must(self, permission: str, project: Project) -> None:
        """Raises JiraError 403."""
        if not self.may(permission, project):
            raise self.error(403, "permission")

    def issue(self, ref: str) -> Issue:
        """Raises JiraError 404, also for an issue that may not be seen."""
        issue = self.site.issue(ref)
        if issue is None or not self.may("BROWSE_PROJECTS", self.site.projects[issue.project]):
            raise self.error(404, "no_issue")
        self.read += 1
        return issue

    def project(self, ref: str) -> Project:
        project = self.site.project(ref)
        if project is None or not self.may("BROWSE_PROJECTS", project):
            raise self.error(404, "no_project", key=ref)
        return project

    # --- answering ----------------------------------------------------------------------------------------
    def page(
        self,
        rows: Sequence[Any],
        shape: Callable[[Any], Any],
        *,
        key: str = "values",
        size: int = 50,
        cap: int = 100,
        is_refused: bool = False,
    ) -> Response:
        """One page: {key: [...], startAt, maxResults, total}, with `isLast` beside `values`.

        More than `cap` rows are never given; asking for more is refused where the vendor does so.
        """
        start, wanted = self.number("startAt", 0), self.number("maxResults", size)
        if is_refused and wanted > cap:
            raise self.error(400, "max_results", limit=cap)
        if start < 0 or wanted < 0:
            raise self.payload_error()
        wanted = min(wanted, cap)
        shown = rows[start : start + wanted]
        self.read += len(shown)
        body = {
            key: [shape(row) for row in shown],
            "startAt": start,
            "maxResults": wanted,
            "total": len(rows),
        }
        if key == "values":
            body["isLast"] = start + len(shown) >= len(rows)
        return self.answer(body)

    def answer(self, value: Any, status: int = 200) -> Response:
        return json_answer(value, status, content_type=JSON)

    def nothing(self, status: int = 204) -> Response:
        response = Response(b"", status)
        response.headers.pop("Content-Type", None)
        return response


def _language(request: "Request", person: Person, site: Site) -> str:
    """The language of the person's profile, unless the request forces another one."""
    wanted = request.headers.get("Accept-Language", "")[:2].lower()
    if request.headers.get("X-Force-Accept-Language", "").lower() == "true" and wanted in LANGUAGES:
        return wanted
    return person.language or site.language
