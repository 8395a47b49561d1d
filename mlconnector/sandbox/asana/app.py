"""The simulated Asana: API, sign-in, webhooks, files, pages, put together."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from mlconnector.sandbox.asana import (
    attachments,
    batch,
    control,
    events,
    fields,
    people,
    portfolios,
    projects,
    statuses,
    stories,
    tasks,
    templates,
    webhooks,
)
from mlconnector.sandbox.asana.api import PREFIX, ApiCall, Offset
from mlconnector.sandbox.asana.deliveries import Deliveries, Post, post_by_http
from mlconnector.sandbox.asana.errors import ApiError
from mlconnector.sandbox.asana.events import EventLog
from mlconnector.sandbox.asana.files import AsanaFiles
from mlconnector.sandbox.asana.helpers import Helpers
from mlconnector.sandbox.asana.limits import Limits
from mlconnector.sandbox.asana.oauth import OAuth
from mlconnector.sandbox.asana.options import AsanaOptions
from mlconnector.sandbox.asana.pages import Pages
from mlconnector.sandbox.asana.planning_helpers import PlanningHelpers
from mlconnector.sandbox.asana.planning_pages import PlanningPages
from mlconnector.sandbox.asana.state import State, Token
from mlconnector.sandbox.kit import Response, Route, SimClock, Simulator

BASE_URL = "https://asana.example"
FILES_URL = "https://asana-files.example"
ApiHandler = Callable[..., Response]
# No scope of a granular app covers these. Source: Asana API specification of 2026-06 (read 2026-11).
UNCOVERED = ""

# name, method, path below /api/1.0, handler, scope
API: tuple[tuple[str, str, str, ApiHandler, str], ...] = (
    ("workspaces.list", "GET", "/workspaces", people.workspaces, "workspaces:read"),
    ("workspaces.get", "GET", "/workspaces/<gid>", people.workspace, "workspaces:read"),
    ("users.of_workspace", "GET", "/workspaces/<gid>/users", people.users_of_workspace, "users:read"),
    (
        "workspaces.memberships",
        "GET",
        "/workspaces/<gid>/workspace_memberships",
        people.memberships,
        UNCOVERED,
    ),
    (
        "workspaces.projects",
        "GET",
        "/workspaces/<gid>/projects",
        projects.projects_of_workspace,
        "projects:read",
    ),
    (
        "workspaces.projects.create",
        "POST",
        "/workspaces/<gid>/projects",
        projects.create_project_in,
        "projects:write",
    ),
    (
        "workspaces.custom_fields",
        "GET",
        "/workspaces/<gid>/custom_fields",
        fields.of_workspace,
        "custom_fields:read",
    ),
    ("workspaces.add_user", "POST", "/workspaces/<gid>/addUser", people.add, UNCOVERED),
    ("workspaces.remove_user", "POST", "/workspaces/<gid>/removeUser", people.remove, UNCOVERED),
    ("users.list", "GET", "/users", people.users, "users:read"),
    ("users.get", "GET", "/users/<gid>", people.user, "users:read"),
    ("projects.list", "GET", "/projects", projects.projects, "projects:read"),
    ("projects.create", "POST", "/projects", projects.create_project, "projects:write"),
    ("projects.get", "GET", "/projects/<gid>", projects.project, "projects:read"),
    ("projects.change", "PUT", "/projects/<gid>", projects.change_project, "projects:write"),
    ("projects.delete", "DELETE", "/projects/<gid>", projects.delete_project, "projects:delete"),
    ("projects.tasks", "GET", "/projects/<gid>/tasks", tasks.of_project, "tasks:read"),
    ("projects.sections", "GET", "/projects/<gid>/sections", projects.sections, UNCOVERED),
    ("sections.create", "POST", "/projects/<gid>/sections", projects.create_section, UNCOVERED),
    ("projects.fields", "GET", "/projects/<gid>/custom_field_settings", fields.settings, "projects:read"),
    (
        "projects.add_field",
        "POST",
        "/projects/<gid>/addCustomFieldSetting",
        fields.add_setting,
        "projects:write",
    ),
    (
        "projects.remove_field",
        "POST",
        "/projects/<gid>/removeCustomFieldSetting",
        fields.remove_setting,
        "projects:write",
    ),
    ("sections.get", "GET", "/sections/<gid>", projects.section, UNCOVERED),
    ("sections.change", "PUT", "/sections/<gid>", projects.change_section, UNCOVERED),
    ("sections.delete", "DELETE", "/sections/<gid>", projects.delete_section, UNCOVERED),
    ("sections.tasks", "GET", "/sections/<gid>/tasks", tasks.of_section, "tasks:read"),
    ("sections.add_task", "POST", "/sections/<gid>/addTask", tasks.add_to_section, "tasks:write"),
    ("memberships.list", "GET", "/memberships", projects.memberships, UNCOVERED),
    ("memberships.create", "POST", "/memberships", projects.create_membership, UNCOVERED),
    ("tasks.list", "GET", "/tasks", tasks.listed, "tasks:read"),
    ("tasks.create", "POST", "/tasks", tasks.create, "tasks:write"),
    ("tasks.get", "GET", "/tasks/<gid>", tasks.one, "tasks:read"),
    ("tasks.change", "PUT", "/tasks/<gid>", tasks.change, "tasks:write"),
    ("tasks.delete", "DELETE", "/tasks/<gid>", tasks.delete, "tasks:delete"),
    ("tasks.subtasks", "GET", "/tasks/<gid>/subtasks", tasks.subtasks, "tasks:read"),
    ("tasks.create_subtask", "POST", "/tasks/<gid>/subtasks", tasks.create_subtask, "tasks:write"),
    ("tasks.set_parent", "POST", "/tasks/<gid>/setParent", tasks.set_parent, "tasks:write"),
    ("tasks.add_project", "POST", "/tasks/<gid>/addProject", tasks.add_project, "tasks:write"),
    ("tasks.remove_project", "POST", "/tasks/<gid>/removeProject", tasks.remove_project, "tasks:write"),
    ("stories.list", "GET", "/tasks/<gid>/stories", stories.of_task, "stories:read"),
    ("stories.create", "POST", "/tasks/<gid>/stories", stories.create, "stories:write"),
    ("stories.get", "GET", "/stories/<gid>", stories.one, "stories:read"),
    ("stories.change", "PUT", "/stories/<gid>", stories.change, "stories:write"),
    ("stories.delete", "DELETE", "/stories/<gid>", stories.delete, "stories:write"),
    ("attachments.list", "GET", "/attachments", attachments.listed, "attachments:read"),
    ("attachments.upload", "POST", "/attachments", attachments.upload, "attachments:write"),
    ("attachments.get", "GET", "/attachments/<gid>", attachments.one, "attachments:read"),
    ("attachments.delete", "DELETE", "/attachments/<gid>", attachments.delete, "attachments:delete"),
    ("fields.create", "POST", "/custom_fields", fields.create, "custom_fields:write"),
    ("fields.get", "GET", "/custom_fields/<gid>", fields.one, "custom_fields:read"),
    ("fields.change", "PUT", "/custom_fields/<gid>", fields.change, "custom_fields:write"),
    ("fields.delete", "DELETE", "/custom_fields/<gid>", fields.delete, UNCOVERED),
    (
        "fields.create_option",
        "POST",
        "/custom_fields/<gid>/enum_options",
        fields.create_option,
        "custom_fields:write",
    ),
    ("fields.change_option", "PUT", "/enum_options/<gid>", fields.change_option, "custom_fields:write"),
    ("portfolios.list", "GET", "/portfolios", portfolios.listed, "portfolios:read"),
    ("portfolios.create", "POST", "/portfolios", portfolios.create, "portfolios:write"),
    ("portfolios.get", "GET", "/portfolios/<gid>", portfolios.one, "portfolios:read"),
    ("portfolios.change", "PUT", "/portfolios/<gid>", portfolios.change, "portfolios:write"),
    ("portfolios.items", "GET", "/portfolios/<gid>/items", portfolios.items, "portfolios:read"),
    ("portfolios.add_item", "POST", "/portfolios/<gid>/addItem", portfolios.add_item, "portfolios:write"),
    (
        "portfolios.remove_item",
        "POST",
        "/portfolios/<gid>/removeItem",
        portfolios.remove_item,
        "portfolios:write",
    ),
    ("templates.list", "GET", "/project_templates", templates.listed, "project_templates:read"),
    ("templates.get", "GET", "/project_templates/<gid>", templates.one, "project_templates:read"),
    (
        "templates.instantiate",
        "POST",
        "/project_templates/<gid>/instantiateProject",
        templates.instantiate,
        "projects:write",
    ),
    ("jobs.get", "GET", "/jobs/<gid>", templates.job, "jobs:read"),
    ("statuses.list", "GET", "/status_updates", statuses.listed, UNCOVERED),
    ("statuses.create", "POST", "/status_updates", statuses.create, UNCOVERED),
    ("statuses.get", "GET", "/status_updates/<gid>", statuses.one, UNCOVERED),
    ("statuses.delete", "DELETE", "/status_updates/<gid>", statuses.delete, UNCOVERED),
    ("webhooks.list", "GET", "/webhooks", webhooks.listed, "webhooks:read"),
    ("webhooks.create", "POST", "/webhooks", webhooks.create, "webhooks:write"),
    ("webhooks.get", "GET", "/webhooks/<gid>", webhooks.one, "webhooks:read"),
    ("webhooks.change", "PUT", "/webhooks/<gid>", webhooks.change, "webhooks:write"),
    ("webhooks.delete", "DELETE", "/webhooks/<gid>", webhooks.delete, "webhooks:delete"),
    ("events.list", "GET", "/events", events.pull, UNCOVERED),
    ("batch", "POST", "/batch", batch.run, UNCOVERED),
)


class AsanaSimulator(Helpers, PlanningHelpers, Simulator):
    """A simulated Asana with one workspace, three people, a personal access token and an OAuth app.

    `post` sends webhook deliveries: (url, headers, body) -> (status, headers, body). Requests for the host of
    `files_url` are answered by `files`, which may also be served on a port of its own.
    """

    name = "asana"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        files_url: str = FILES_URL,
        post: Post = post_by_http,
        clock: SimClock | None = None,
        **options: Any,
    ) -> None:
        self.base_url = base_url
        self.post = post
        self.clock = clock or SimClock()
        self.options = AsanaOptions(**options)
        self.known = State()
        self.offsets: dict[str, Offset] = {}
        self.log = EventLog(self)
        self.deliveries = Deliveries(self)
        self.limits = Limits(self)
        self.oauth = OAuth(self)
        self.files = AsanaFiles(self, files_url)
        super().__init__(clock=self.clock, options=self.options)

    # --- the kit's hooks -------------------------------------------------------------
    def routes(self) -> list[Route]:
        api = [
            Route(name, method, PREFIX + path, self._signed_in(handler, scope), name != "webhooks.create")
            for name, method, path, handler, scope in API
        ]
        return [
            *api,
            *self.oauth.routes(),
            *control.Control(self).routes(),
            *PlanningPages(self).routes(),
            *Pages(self).routes(),
        ]

    def clear(self) -> None:
        self.known = State()
        self.offsets.clear()
        self.deliveries.attempts.clear()
        self.limits.clear()
        self.files.reset()
        self.found()

    def not_found(self, request: Request) -> Response:
        return ApiError(404, "No matching route for request").response()

    def not_allowed(self, request: Request) -> Response:
        return self.not_found(request)

    def finished(self, request: Request, route: str, response: Response) -> Response:
        if request.path.startswith(PREFIX):
            for change in self.options.changes:
                response.headers.add("Asana-Change", change)
        return response

    def state(self) -> Mapping[str, Any]:
        return control.shown(self)

    # --- requests -------------------------------------------------------------
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_HOST", "") == urlsplit(self.files.base_url).netloc:
            return self.files(environ, start_response)
        if not environ["PATH_INFO"].startswith(f"{PREFIX}/"):
            return super().__call__(environ, start_response)
        bearer = _bearer(environ.get("HTTP_AUTHORIZATION", ""))
        with self.limits.counted(environ["REQUEST_METHOD"], bearer):
            return super().__call__(environ, start_response)

    def _signed_in(self, handler: ApiHandler, scope: str) -> Callable[..., Response]:
        """The handler behind token, limits and scope; its ApiError becomes the answer."""

        def handled(request: Request, **arguments: str) -> Response:
            try:
                token = self.signed_in(request)
                is_inner = "asana.inner" in request.environ
                if not is_inner:
                    self.limits.check(request.method, token.value)
                if token.scopes and scope not in token.scopes:
                    raise ApiError(403, f"Your token is missing a required scope: {scope or 'default'}")
                templates.settle(self)
                return handler(ApiCall(self, request, token), **arguments)
            except ApiError as error:
                return error.response()

        return handled

    def signed_in(self, request: Request) -> Token:
        """The token of the request. Raises ApiError 401."""
        token = self.known.tokens.get(_bearer(request.headers.get("Authorization", "")))
        if token is None or token.kind == "refresh" or token.is_revoked:
            raise ApiError(401, "Not Authorized")
        if token.expires_at and token.expires_at <= self.clock.now():
            raise ApiError(401, "The bearer token has expired.")
        return token

    def inner(self, request: Request) -> Response:
        """Answer a request of a batch. Raises ApiError 404."""
        request.environ["asana.inner"] = True
        try:
            name, arguments = self._map.bind_to_environ(request.environ).match()
        except HTTPException:
            raise ApiError(404, "No matching route for request") from None
        return self._routes[name].handler(request, **arguments)


def _bearer(header: str) -> str:
    """The token of `Authorization: Bearer <token>`; "" for every other form."""
    kind, _, value = header.partition(" ")
    return value if kind == "Bearer" else ""
