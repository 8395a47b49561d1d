"""A simulated Acumatica ERP: one instance with its tenants behind one WSGI app.

In-process the tests mount it on `https://acumatica.example` with the instance path `/erp`;
`python -m mlconnector.sandbox.acumatica --port N` serves it on loopback. Below the instance path:

    /entity                                   endpoints and build
    /entity/auth/{login,logout}               cookie sessions
    /entity/{endpoint}/{version}/{Entity}...  Bill, PurchaseOrder, Employee, Vendor, VendorClass
    /identity/connect/{authorize,token,revocation}, /identity/.well-known/openid-configuration
    /Main, /                                  pages for people
    /_sim/...                                 control (mlconnector/sandbox/control.py, and control.py here)

Route names for faults and call counts: endpoints login logout oauth.{authorize,token,revoke,discovery}
list get put patch delete schema action status file.{get,put,put_by_keys}; or "GET /Bill", "POST
/Bill/ReleaseBill" as everywhere. The switches are the fields of options.AcumaticaOptions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from werkzeug.wrappers import Request

from mlconnector.sandbox.acumatica import actions, control, errors, files, records
from mlconnector.sandbox.acumatica.call import ApiCall
from mlconnector.sandbox.acumatica.contract import Version, version_of
from mlconnector.sandbox.acumatica.helpers import Helpers
from mlconnector.sandbox.acumatica.limits import DELAY, Limits
from mlconnector.sandbox.acumatica.oauth import OAuth
from mlconnector.sandbox.acumatica.options import AcumaticaOptions
from mlconnector.sandbox.acumatica.pages import Pages
from mlconnector.sandbox.acumatica.pushes import Post, Pushes, post_by_http
from mlconnector.sandbox.acumatica.sessions import Sessions
from mlconnector.sandbox.acumatica.state import App, Done, Operation, Record, Tenant
from mlconnector.sandbox.acumatica.values import stored
from mlconnector.sandbox.acumatica.workflow import Workflow
from mlconnector.sandbox.kit import AnswerNow, Response, Route, SimClock, Simulator, json_answer

ENDPOINT = "/entity/<endpoint>/<version>"
# name, method, path below the endpoint, handler
API: tuple[tuple[str, str, str, Callable[..., Response]], ...] = (
    ("list", "GET", "/<entity_name>", records.listed),
    ("put", "PUT", "/<entity_name>", records.put),
    ("patch", "PATCH", "/<entity_name>", records.patch),
    ("schema", "GET", "/<entity_name>/$adHocSchema", records.schema),
    ("get", "GET", "/<entity_name>/<path:keys>", records.one),
    ("delete", "DELETE", "/<entity_name>/<path:keys>", records.delete),
    ("action", "POST", "/<entity_name>/<action>", actions.run),
    ("status", "GET", "/<entity_name>/<action>/status/<operation_id>", actions.status),
    ("file.get", "GET", "/files/<file_id>", files.download),
    ("file.put", "PUT", "/files/<graph>/<view>/<record_id>/<path:filename>", files.upload),
    ("file.put_by_keys", "PUT", "/<entity_name>/<path:keys>/files/<filename>", files.upload_by_keys),
)


class AcumaticaSimulator(Helpers, Simulator):
    """See the module's docstring; what tests call is in helpers.Helpers.

    `instance` is the path of the instance ("" when it is installed in the root of the site), `post` sends
    push notifications: (url, headers, body) -> (status, headers, body). Fields of AcumaticaOptions may be
    given by keyword and survive `reset()`. Several instances are several simulators.
    """

    name = "acumatica"

    def __init__(
        self,
        *,
        instance: str = "/erp",
        post: Post = post_by_http,
        clock: SimClock | None = None,
        **options: Any,
    ) -> None:
        self.instance = instance.rstrip("/")
        self.post = post
        self.clock = clock or SimClock()
        self.options: AcumaticaOptions = AcumaticaOptions(**options)
        self.sessions = Sessions(self)
        self.oauth = OAuth(self)
        self.limits = Limits(self)
        self.pushes = Pushes(self)
        self.workflow = Workflow(self)
        super().__init__(clock=self.clock, options=self.options)

    # --- the kit's hooks ----------------------------------------------------------------------------------
    def clear(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.apps: list[App] = []
        self.operations: dict[str, Operation] = {}
        # The release log: every action that was tried, oldest first.
        self.done: list[Done] = []
        for part in (self.sessions, self.oauth, self.limits, self.pushes):
            part.clear()
        self.found()

    def routes(self) -> list[Route]:
        auth = [
            Route("endpoints", "GET", "/entity", self.endpoints),
            Route("login", "POST", "/entity/auth/login", self.sessions.login),
            Route("logout", "POST", "/entity/auth/logout", self.sessions.logout),
            Route("oauth.authorize", "GET", "/identity/connect/authorize", self.oauth.authorize),
            Route("oauth.token", "POST", "/identity/connect/token", self.oauth.token),
            Route("oauth.revoke", "POST", "/identity/connect/revocation", self.oauth.revoke),
            Route(
                "oauth.discovery",
                "GET",
                "/identity/.well-known/openid-configuration",
                self.oauth.discovery,
            ),
        ]
        api = [
            Route(name, method, ENDPOINT + path, partial(self._signed_in, handler))
            for name, method, path, handler in API
        ]
        below = [*auth, *api, *Pages(self).routes()]
        placed = [
            Route(route.name, route.method, f"{self.instance}{route.path}", route.handler) for route in below
        ]
        return [*placed, *control.Control(self).routes()]

    def work(self) -> None:
        self.sessions.work()
        actions.work(self)

    def not_found(self, request: Request) -> Response:
        return errors.plain(404, "No HTTP resource was found that matches the request URI.").response

    def not_allowed(self, request: Request) -> Response:
        return errors.plain(405, "The requested resource does not support this http method.").response

    def finished(self, request: Request, route: str, response: Response) -> Response:
        session = request.environ.get("acumatica.new_session")
        return self.sessions.with_cookies(response, session) if session else response

    def delay(self, request: Request) -> float:
        return request.environ.get(DELAY, 0.0)

    def state(self) -> Mapping[str, Any]:
        return control.shown(self)

    # --- requests -----------------------------------------------------------------------------------------
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start = f"{self.instance}/entity/"
        if environ["PATH_INFO"].startswith(start) and not environ["PATH_INFO"].startswith(f"{start}auth/"):
            with self.limits.counted():
                return super().__call__(environ, start_response)
        return super().__call__(environ, start_response)

    def _signed_in(
        self,
        handler: Callable[..., Response],
        request: Request,
        endpoint: str,
        version: str,
        **arguments: str,
    ) -> Response:
        """The handler behind session, limits and endpoint."""
        self.check_health()
        session = self.sessions.of(request)
        self.limits.check(request)
        call = ApiCall(self, request, session, (endpoint, version))
        call.check_endpoint()
        return handler(call, **arguments)

    def check_health(self) -> None:
        """A sick instance redirects every call to a page. Raises AnswerNow."""
        if self.options.is_sick:
            response = Response(errors.SICK_PAGE, status=302, content_type="text/html; charset=utf-8")
            response.headers["Location"] = f"{self.instance}/Frames/Error.aspx"
            raise AnswerNow(response)

    def endpoints(self, request: Request) -> Response:
        """The built-in endpoints for everybody, the tenant's own for who is signed in."""
        self.check_health()
        names = list(self.options.endpoints)
        try:
            names += self.tenants[self.sessions.of(request).tenant].endpoints
        except AnswerNow as refusal:
            if refusal.response.status_code != 401:
                raise
        rows = [
            {"name": name, "version": version, "href": f"{self.instance}/entity/{name}/{version}/"}
            for name, _, version in (one.partition("/") for one in names)
        ]
        if self.options.bare_endpoint_list:
            return json_answer(rows)
        build = {"acumaticaBuildVersion": self.options.build, "databaseVersion": self.options.build}
        return json_answer({"version": build, "endpoints": rows})

    def default_versions(self) -> list[Version]:
        found = (one.partition("/") for one in self.options.endpoints)
        return [version_of(version) for name, _, version in found if name == "Default"]

    # --- changes ------------------------------------------------------------------------------------------
    def stamp(self) -> datetime:
        """Now, as the database keeps it."""
        return stored(self.clock.now())

    @contextmanager
    def changing(self, record: Record) -> Iterator[Record]:
        """Every change of a record: moves LastModifiedDateTime, tells push notifications."""
        with self.pushes.transaction():
            self.pushes.before(record)
            yield record
            record.modified_at = self.stamp()
            self.tenants[record.tenant].changes += 1

    def remove(self, record: Record) -> None:
        """For good; no list ever shows that it was there."""
        tenant = self.tenants[record.tenant]
        with self.pushes.transaction():
            self.pushes.before(record)
            del tenant.records[record.id]
            tenant.changes += 1
