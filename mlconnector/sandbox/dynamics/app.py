"""The simulated Dynamics 365 Sales: sign-in, Web API, webhooks, pages, put together."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from mlconnector.sandbox.dynamics import control, documents
from mlconnector.sandbox.dynamics.actions import Actions
from mlconnector.sandbox.dynamics.api import PREFIX, ApiCall
from mlconnector.sandbox.dynamics.batch import Batch
from mlconnector.sandbox.dynamics.deliveries import Deliveries, Post, post_by_http
from mlconnector.sandbox.dynamics.documents import Documents
from mlconnector.sandbox.dynamics.environment import Environment
from mlconnector.sandbox.dynamics.errors import ApiError, no_resource
from mlconnector.sandbox.dynamics.helpers import Helpers
from mlconnector.sandbox.dynamics.limits import Limits
from mlconnector.sandbox.dynamics.login import Login
from mlconnector.sandbox.dynamics.metadata import Metadata
from mlconnector.sandbox.dynamics.options import DynamicsOptions
from mlconnector.sandbox.dynamics.pages import Pages
from mlconnector.sandbox.dynamics.reading import Reading
from mlconnector.sandbox.dynamics.records import Records
from mlconnector.sandbox.dynamics.schema import all_tables
from mlconnector.sandbox.dynamics.state import State, Token
from mlconnector.sandbox.dynamics.tables import Table
from mlconnector.sandbox.dynamics.writing import Writing
from mlconnector.sandbox.kit import Response, Route, SimClock, Simulator

BASE_URL = "https://muster.crm4.dynamics.example"
LOGIN_URL = "https://login.dynamics.example"
TENANT_ID = "0f4c2b1e-5a6d-4c3b-9e8f-7a6b5c4d3e2f"
TENANT_DOMAIN = "muster.onmicrosoft.example"
ApiHandler = Callable[..., Response]


class DynamicsSimulator(Helpers, Environment, Simulator):
    """One environment of a tenant, with an app that may sign in and an application user that may do all.

    In-process tests mount it on every address of `sim.mounts`. What a test does by hand is in Helpers
    (helpers.py: data) and Environment (environment.py: customising, rights, copies); switches are the fields
    of DynamicsOptions. `post` sends webhook deliveries: (url, headers, body) -> (status, headers, body); they
    leave with `sim.deliver()`.

    Route names for faults and call counts: login.token login.discovery batch WhoAmI ExportPdfDocument ...
    (the names of functions and actions), metadata.{tables,one,part}, and for each entity set
    invoices.{list,count,one,part,create,change,delete}.
    """

    name = "dynamics"

    def __init__(
        self,
        *,
        base_url: str = BASE_URL,
        login_url: str = LOGIN_URL,
        post: Post = post_by_http,
        clock: SimClock | None = None,
        base_currency: str = "EUR",
        **options: Any,
    ) -> None:
        self.base_url = base_url
        self.login_url = login_url
        self.tenant_id, self.tenant_domain = TENANT_ID, TENANT_DOMAIN
        # The address at which the organisation was founded: its ids depend on it, also when it is served.
        self.founded_at = base_url
        self.base_currency = base_currency
        # This environment and its copies: one sign-in serves them all.
        self.environments: list[DynamicsSimulator] = [self]
        self.post = post
        self.clock = clock or SimClock()
        self.options = DynamicsOptions(**options)
        self.known: State
        self.records = Records(self)
        self.reading = Reading(self)
        self.writing = Writing(self)
        self.metadata = Metadata(self)
        self.documents = Documents(self)
        self.actions = Actions(self)
        self.batch = Batch(self)
        self.deliveries = Deliveries(self)
        self.limits = Limits(self)
        super().__init__(clock=self.clock, options=self.options)

    # --- addresses ----------------------------------------------------------------------------------------
    @property
    def api_url(self) -> str:
        """The environment's other name, https://muster.api.crm4...; `base_url` where there is none."""
        head, mark, rest = self.base_url.partition(".crm")
        return f"{head}.api{mark}{rest}" if mark else self.base_url

    @property
    def origins(self) -> tuple[str, str]:
        return (self.base_url, self.api_url)

    @property
    def mounts(self) -> tuple[str, ...]:
        """Every address a client may call."""
        return (self.login_url, *self.origins)

    def origin(self, request: Request) -> str:
        """The origin as it was called."""
        called = request.host_url.rstrip("/")
        return called if called in self.origins else self.base_url

    # --- the kit's hooks ----------------------------------------------------------------------------------
    def routes(self) -> list[Route]:
        return [
            *self._table_routes(),
            *self._other_routes(),
            *Login(self).routes(),
            *control.Control(self).routes(),
            *Pages(self).routes(),
        ]

    def _table_routes(self) -> Iterable[Route]:
        for table in all_tables().values():
            name, root = table.entity_set, f"{PREFIX}/{table.entity_set}"
            for what, method, path, handler in (
                ("list", "GET", root, self.reading.listed),
                ("count", "GET", f"{root}/$count", self.reading.count),
                ("one", "GET", f"{root}(<key>)", self.reading.one),
                ("value", "GET", f"{root}(<key>)/<name>/$value", self._value),
                ("part", "GET", f"{root}(<key>)/<name>", self._part),
                ("create", "POST", root, self.writing.create),
                ("change", "PATCH", f"{root}(<key>)", self.writing.change),
                ("delete", "DELETE", f"{root}(<key>)", self.writing.delete),
            ):
                yield Route(f"{name}.{what}", method, path, self._signed_in(handler, table.name))

    def _other_routes(self) -> Iterable[Route]:
        do, files = self.actions, self.documents
        for name, method, path, handler in (
            ("WhoAmI", "GET", "/WhoAmI", do.who_am_i),
            ("WhoAmI.brackets", "GET", "/WhoAmI()", do.who_am_i),
            ("RetrieveVersion", "GET", "/RetrieveVersion()", do.version),
            (
                "RetrieveCurrentOrganization",
                "GET",
                "/RetrieveCurrentOrganization(<ignored>)",
                do.organization,
            ),
            ("LockInvoicePricing", "POST", "/LockInvoicePricing", do.lock),
            ("UnlockInvoicePricing", "POST", "/UnlockInvoicePricing", do.unlock),
            ("ConvertSalesOrderToInvoice", "POST", "/ConvertSalesOrderToInvoice", do.convert_order),
            ("ExportPdfDocument", "POST", "/ExportPdfDocument", files.export_pdf),
            ("BeginDownload", "POST", "/InitializeAnnotationBlocksDownload", files.begin_download),
            ("DownloadBlock", "POST", "/DownloadBlock", files.block),
            ("metadata.tables", "GET", "/EntityDefinitions", self.metadata.tables),
            ("metadata.one", "GET", "/EntityDefinitions(<key>)", self.metadata.one),
            ("metadata.part", "GET", "/EntityDefinitions(<key>)/<path:rest>", self.metadata.part),
            ("batch", "POST", "/$batch", self.batch.run),
        ):
            yield Route(name, method, PREFIX + path, self._signed_in(handler))

    def clear(self) -> None:
        self.known = State(self.founded_at)
        self.reading.positions.clear()
        self.documents.downloads.clear()
        self.deliveries.clear()
        self.limits.clear()
        self.found()

    def not_found(self, request: Request) -> Response:
        return no_resource(request.path.removeprefix(PREFIX).strip("/").partition("(")[0]).response()

    def not_allowed(self, request: Request) -> Response:
        return ApiError(405, "0x80060888", "The HTTP method is not allowed for this resource.").response()

    def finished(self, request: Request, route: str, response: Response) -> Response:
        """Ids for the vendor's support, and how much of the limits is left."""
        if request.path.startswith(PREFIX):
            requests, seconds = self.limits.remaining()
            response.headers["REQ_ID"] = response.headers["x-ms-service-request-id"] = str(uuid.uuid4())
            response.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = str(requests)
            response.headers["x-ms-ratelimit-time-remaining-xrm-requests"] = f"{seconds:.2f}"
            response.headers["x-ms-dop-hint"] = "4"
            response.headers["Set-Cookie"] = f"ARRAffinity={uuid.uuid4().hex}; Path=/; HttpOnly; Secure"
        return response

    def state(self) -> Mapping[str, Any]:
        return control.shown(self)

    # --- requests -----------------------------------------------------------------------------------------
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(f"{PREFIX}/"):
            return super().__call__(environ, start_response)
        with self.limits.counted(_bearer(environ.get("HTTP_AUTHORIZATION", ""))):
            return super().__call__(environ, start_response)

    def _signed_in(self, handler: ApiHandler, table: str = "") -> Callable[..., Response]:
        """The handler behind token, limits and rights; its ApiError becomes the answer."""

        def handled(request: Request, **arguments: str) -> Response:
            is_verbose = "odata.include-annotations" in request.headers.get("Prefer", "")
            try:
                if self.options.redirect_to_api_host and self.origin(request) != self.api_url:
                    return Response(status=307, headers={"Location": self._other_name(request)})
                token = self.signed_in(request)
                if "dynamics.inner" not in request.environ:
                    self.limits.check(token.value)
                self._check_user(token)
                arguments.pop("ignored", None)
                tables = [self.known.tables[table]] if table else []
                return handler(ApiCall(self, request, token), *tables, **arguments)
            except ApiError as error:
                return error.response(verbose=is_verbose)

        return handled

    def _other_name(self, request: Request) -> str:
        query = request.query_string.decode("latin-1")
        return f"{self.api_url}{request.path}{'?' if query else ''}{query}"

    def signed_in(self, request: Request) -> Token:
        """The token of the request. Raises ApiError 401."""
        token = self.known.tokens.get(_bearer(request.headers.get("Authorization", "")))
        if token is None or token.audience not in self.origins or token.expires_at <= self.clock.now():
            authority = f"{self.login_url}/{self.tenant_id}/oauth2/authorize"
            challenge = f"Bearer authorization_uri={authority}, resource_id={self.base_url}/"
            raise ApiError(401, "", "", headers={"WWW-Authenticate": challenge})
        return token

    def _check_user(self, token: Token) -> None:
        """Raises ApiError 403 for an environment that is closed or a user that may not come in."""
        if self.options.environment:
            code = {"admin": "0x8004a113", "disabled": "0x8004a104"}[self.options.environment]
            raise ApiError(403, code, "The organization is in administration mode or disabled.")
        if self.options.is_app_blocked:
            text = "Access to Dataverse API is restricted for this application Id"
            raise ApiError(403, "0x80095ffc", f"{text} {token.client_id}.")
        user = self.known.get("systemuser", self.known.app_user)
        if user is None or user.values["applicationid"] != token.client_id:
            raise ApiError(403, "0x80072560", "The user is not a member of the organization.")
        if user.values["isdisabled"]:
            raise ApiError(403, "0x80040225", "The specified user is either disabled or not a member.")

    def inner(self, request: Request) -> Response:
        """Answer a request of a batch. Raises ApiError 404."""
        request.environ["dynamics.inner"] = True
        try:
            name, arguments = self._map.bind_to_environ(request.environ).match()
        except HTTPException:
            raise no_resource(request.path.removeprefix(f"{PREFIX}/")) from None
        return self._routes[name].handler(request, **arguments)

    # --- parts of rows ------------------------------------------------------------------------------------
    def _value(self, call: ApiCall, table: Table, key: str, name: str) -> Response:
        column = table.columns.get(name)
        if column is None or column.is_write_only:
            raise no_resource(name)
        return documents.value_of(call, self.reading.row(call, table, key), name)

    def _part(self, call: ApiCall, table: Table, key: str, name: str) -> Response:
        """A function of the row, one column of it, or the rows behind a navigation property."""
        if name.removesuffix("()") == "Microsoft.Dynamics.CRM.RetrieveUserPrivileges":
            return self.actions.privileges(call, key)
        if name in table.by_wire_name:
            return self.reading.column(call, table, key, name)
        return self.reading.related(call, table, key, name)


def _bearer(header: str) -> str:
    """The token of `Authorization: Bearer <token>`; "" for every other form."""
    kind, _, value = header.partition(" ")
    return value if kind == "Bearer" else ""
