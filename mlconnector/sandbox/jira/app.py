"""The simulated Jira Cloud: sign-in, sites, REST API, webhooks, pages, put together."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request

from mlconnector.sandbox.jira import (
    attachments,
    control,
    fields,
    issues,
    places,
    search,
    talk,
    transitions,
    webhooks,
)
from mlconnector.sandbox.jira.api import PREFIX, ApiCall
from mlconnector.sandbox.jira.deliveries import Deliveries, Post, post_by_http
from mlconnector.sandbox.jira.errors import JiraError, no_endpoint, no_such_site, unauthorized
from mlconnector.sandbox.jira.helpers import Helpers
from mlconnector.sandbox.jira.index import Index
from mlconnector.sandbox.jira.limits import Limits
from mlconnector.sandbox.jira.oauth import OAuth
from mlconnector.sandbox.jira.options import JiraOptions
from mlconnector.sandbox.jira.pages import Pages
from mlconnector.sandbox.jira.people import People
from mlconnector.sandbox.jira.state import State
from mlconnector.sandbox.kit import Response, Route, SimClock, Simulator

AUTH_URL = "https://auth.jira.example"
API_URL = "https://api.jira.example"
WEB_URL = "https://jira.example"
MEDIA_URL = "https://media.jira.example"
ApiHandler = Callable[..., Response]

READ = ("read:jira-work",)
WRITE = ("write:jira-work",)
USER = ("read:jira-user",)
HOOKS = ("read:jira-work", "manage:jira-webhook")
CONFIGURE = ("manage:jira-configuration",)

# name, method, path below /rest/api/3, handler, scopes (all of them are needed)
API: tuple[tuple[str, str, str, ApiHandler, tuple[str, ...]], ...] = (
    ("myself", "GET", "/myself", places.myself, USER),
    ("user", "GET", "/user", places.user, USER),
    ("server_info", "GET", "/serverInfo", places.server_info, ()),
    ("permissions", "GET", "/mypermissions", places.my_permissions, READ),
    ("projects.search", "GET", "/project/search", places.projects, READ),
    ("projects.get", "GET", "/project/<project>", places.project, READ),
    ("projects.statuses", "GET", "/project/<project>/statuses", places.project_statuses, READ),
    ("statuses.list", "GET", "/status", places.statuses, READ),
    ("statuses.get", "GET", "/status/<status>", places.status, READ),
    ("statuses.search", "GET", "/statuses/search", places.statuses_search, CONFIGURE),
    ("statuses.categories", "GET", "/statuscategory", places.categories, READ),
    ("priorities.list", "GET", "/priority", places.priorities, READ),
    ("priorities.search", "GET", "/priority/search", places.priority_search, READ),
    ("resolutions.list", "GET", "/resolution", places.resolutions, READ),
    ("types.list", "GET", "/issuetype", places.issue_types, READ),
    ("createmeta.types", "GET", "/issue/createmeta/<project>/issuetypes", places.create_types, READ),
    (
        "createmeta.fields",
        "GET",
        "/issue/createmeta/<project>/issuetypes/<type_id>",
        places.create_fields,
        READ,
    ),
    ("fields.list", "GET", "/field", fields.listed, READ),
    ("fields.create", "POST", "/field", fields.create, CONFIGURE),
    ("fields.search", "GET", "/field/search", fields.search, READ),
    ("fields.contexts", "GET", "/field/<field>/context", fields.contexts, CONFIGURE),
    ("issues.create", "POST", "/issue", issues.create, WRITE),
    ("issues.bulk", "POST", "/issue/bulkfetch", issues.bulk, READ),
    ("issues.get", "GET", "/issue/<issue>", issues.one, READ),
    ("issues.edit", "PUT", "/issue/<issue>", issues.edit, WRITE),
    ("issues.delete", "DELETE", "/issue/<issue>", issues.delete, WRITE),
    ("changelog.list", "GET", "/issue/<issue>/changelog", issues.changelog, READ),
    ("changelog.bulk", "POST", "/changelog/bulkfetch", issues.bulk_changelog, READ),
    ("properties.keys", "GET", "/issue/<issue>/properties", issues.property_keys, READ),
    ("properties.get", "GET", "/issue/<issue>/properties/<key>", issues.property_value, READ),
    ("properties.set", "PUT", "/issue/<issue>/properties/<key>", issues.set_property, WRITE),
    ("properties.delete", "DELETE", "/issue/<issue>/properties/<key>", issues.delete_property, WRITE),
    ("comments.list", "GET", "/issue/<issue>/comment", talk.comments, READ),
    ("comments.create", "POST", "/issue/<issue>/comment", talk.create, WRITE),
    ("comments.get", "GET", "/issue/<issue>/comment/<comment>", talk.one, READ),
    ("comments.change", "PUT", "/issue/<issue>/comment/<comment>", talk.change, WRITE),
    ("comments.delete", "DELETE", "/issue/<issue>/comment/<comment>", talk.delete, WRITE),
    ("comments.property", "GET", "/comment/<comment>/properties/<key>", talk.property_value, READ),
    ("links.list", "GET", "/issue/<issue>/remotelink", talk.links, READ),
    ("links.create", "POST", "/issue/<issue>/remotelink", talk.link, WRITE),
    ("attachments.upload", "POST", "/issue/<issue>/attachments", attachments.upload, WRITE),
    ("attachments.settings", "GET", "/attachment/meta", attachments.settings, READ),
    ("attachments.get", "GET", "/attachment/<id>", attachments.one, READ),
    ("attachments.delete", "DELETE", "/attachment/<id>", attachments.delete, WRITE),
    ("attachments.content", "GET", "/attachment/content/<id>", attachments.content, READ),
    ("transitions.list", "GET", "/issue/<issue>/transitions", transitions.listed, READ),
    ("transitions.take", "POST", "/issue/<issue>/transitions", transitions.take, WRITE),
    ("search.removed_get", "GET", "/search", search.removed, READ),
    ("search.removed_post", "POST", "/search", search.removed, READ),
    ("search.get", "GET", "/search/jql", search.by_get, READ),
    ("search.post", "POST", "/search/jql", search.by_post, READ),
    ("search.count", "POST", "/search/approximate-count", search.count, READ),
    ("webhooks.register", "POST", "/webhook", webhooks.register, HOOKS),
    ("webhooks.list", "GET", "/webhook", webhooks.listed, HOOKS),
    ("webhooks.delete", "DELETE", "/webhook", webhooks.delete, HOOKS),
    ("webhooks.refresh", "PUT", "/webhook/refresh", webhooks.refresh, HOOKS),
    ("webhooks.failed", "GET", "/webhook/failed", webhooks.failed, HOOKS),
)
# POSTs that read; they cost points for what they read and are no writes to an issue.
READING = ("issues.bulk", "changelog.bulk", "search.post", "search.count")


class JiraSimulator(Helpers, People, Simulator):
    """A simulated Jira Cloud with one site, two people and a private OAuth app.

    One WSGI app answers for all hosts, told apart by path; mount it at `auth_url` (sign-in), `api_url` (API),
    `web_url` (pages; a site's own address is below it) and `media_url` (where attachments are fetched).
    `post` sends webhook deliveries: (url, headers, body) -> (status, headers, body).

    Set the scene  add_site, add_person, add_project, add_status, set_workflow, add_custom_field,
                   put_on_screen, require_field, take_from_screen, deny, set_language, set_search_lag, vanish,
                   add_admin_webhook
    Sign in        sign_in, add_app, set_app_owner, rotate_secret, revoke, expire, consent_sites
    Be a person    add_issue, move(key, status, by=...), edit, comment, attach, move_to_project, delete_issue
    Look           issues, issue, comments(key), attachments(key), history(key), status_id, type_id,
                   calls, calls_to(route), limits.points(app), deliveries.attempts, deliveries.lost
    Deliver        deliver (what is due), pass_time (moves the clock); `hooks` holds, doubles, loses, reorders
    Break          fail(route, kind), faults.add(route, ...), options (JiraOptions)

    Route names are those in API above ("issues.create") and "oauth.token", "oauth.resources".
    """

    name = "jira"

    def __init__(
        self,
        *,
        auth_url: str = AUTH_URL,
        api_url: str = API_URL,
        web_url: str = WEB_URL,
        media_url: str = MEDIA_URL,
        post: Post = post_by_http,
        clock: SimClock | None = None,
        **options: Any,
    ) -> None:
        self.auth_url = auth_url
        self.api_url = api_url
        self.web_url = web_url
        self.media_url = media_url
        self.post = post
        self.clock = clock or SimClock()
        self.options = JiraOptions(**options)
        self.known = State()
        self.index = Index(self)
        self.deliveries = Deliveries(self)
        self.limits = Limits(self)
        self.oauth = OAuth(self)
        super().__init__(clock=self.clock, options=self.options)

    # --- the kit's hooks ----------------------------------------------------------------------------------
    def routes(self) -> list[Route]:
        api = [
            Route(name, method, PREFIX + path, self._handled_by(name, handler, scopes))
            for name, method, path, handler, scopes in API
        ]
        return [
            *api,
            *self.oauth.routes(),
            *attachments.Media(self).routes(),
            *control.Control(self).routes(),
            *Pages(self).routes(),
        ]

    def clear(self) -> None:
        self.known = State()
        self.index.clear()
        self.deliveries.clear()
        self.limits.clear()
        self.found()

    def not_found(self, request: Request) -> Response:
        parts = request.path.split("/")
        if parts[1:3] == ["ex", "jira"] and (len(parts) < 4 or parts[3] not in self.known.sites):
            return no_such_site(request.path, self.clock.now().isoformat()).response()
        inner = "/" + "/".join(parts[4:]) if parts[1:3] == ["ex", "jira"] else request.path
        return no_endpoint(request.method, inner).response()

    def not_allowed(self, request: Request) -> Response:
        return no_endpoint(request.method, request.path, 405).response()

    def finished(self, request: Request, route: str, response: Response) -> Response:
        if request.path.startswith("/ex/"):
            response.headers["Atl-Traceid"] = f"{self._number:032x}"
        return response

    def state(self) -> Mapping[str, Any]:
        return control.shown(self)

    # --- requests -----------------------------------------------------------------------------------------
    def _handled_by(self, name: str, handler: ApiHandler, scopes: tuple[str, ...]) -> ApiHandler:
        """The handler behind the gateway: token, site, scopes, limits, points."""

        def handled(request: Request, cloud_id: str, **arguments: str) -> Response:
            is_write = request.method != "GET" and name not in READING
            try:
                call = self._call(request, cloud_id, scopes)
                self.limits.check(call.grant.app, cloud_id, name)
                if is_write and (issue := call.site.issue(arguments.get("issue", ""))):
                    self.limits.check_issue(cloud_id, issue.id)
            except JiraError as error:
                return error.response()
            try:
                self._check_type(request, name)
                response = handler(call, **arguments)
            except JiraError as error:
                response = error.response()
            self.limits.spend(call.grant.app, cloud_id, 1 if is_write else 1 + call.read)
            self.limits.announce(response, call.grant.app)
            return response

        return handled

    def _call(self, request: Request, cloud_id: str, scopes: tuple[str, ...]) -> ApiCall:
        """Raises JiraError 401, or 404 for a site that the grant does not reach."""
        grant = self.oauth.signed_in(request)
        site = self.known.sites.get(cloud_id)
        if site is None or not site.is_jira or not self._reaches(grant, cloud_id):
            raise no_such_site(request.path, self.clock.now().isoformat())
        if not set(scopes) <= grant.scopes:
            raise unauthorized("Unauthorized; scope does not match")
        return ApiCall(self, request, grant, site)

    def _reaches(self, grant: Any, cloud_id: str) -> bool:
        """A later token of the same person and app reaches the sites of earlier consents too."""
        return any(
            cloud_id in one.sites
            for one in self.known.grants.values()
            if (one.app, one.account) == (grant.app, grant.account) and not one.is_revoked
        )

    def _check_type(self, request: Request, name: str) -> None:
        """JSON must be announced on every PUT, POST and DELETE, without a body too. Raises JiraError 415."""
        if (
            request.method != "GET"
            and name != "attachments.upload"
            and request.mimetype != "application/json"
        ):
            raise no_endpoint(request.method, request.path, 415)
