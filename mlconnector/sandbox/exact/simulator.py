"""The simulated Exact Online: sign-in, API, feeds, webhooks, pages, put together."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request

from mlconnector.sandbox.exact import (
    api,
    catalogue,
    control,
    rules_masters,
    rules_projects,
    rules_trade,
)
from mlconnector.sandbox.exact.access import Access, ApiCall, wants_json, with_headers
from mlconnector.sandbox.exact.books import Books
from mlconnector.sandbox.exact.deliveries import Deliveries, Post, post_by_http
from mlconnector.sandbox.exact.entity import Entity
from mlconnector.sandbox.exact.errors import NOT_FOUND, ApiError, Refused
from mlconnector.sandbox.exact.helpers import Helpers
from mlconnector.sandbox.exact.helpers_books import BookHelpers
from mlconnector.sandbox.exact.limits import Limits
from mlconnector.sandbox.exact.oauth import OAuth
from mlconnector.sandbox.exact.options import ExactOptions
from mlconnector.sandbox.exact.pages import Pages
from mlconnector.sandbox.exact.regions import REGIONS
from mlconnector.sandbox.exact.state import State
from mlconnector.sandbox.kit import Response, Route, SimClock, Simulator

BASE_URL = "https://exact.example"
PREFIX = "/api/v1/"
# Their rules are in force as soon as they are imported.
RULE_BOOKS = (rules_trade, rules_masters, rules_projects)
CANONICAL = {entity.path.lower(): entity.path for entity in (*catalogue.ALL, catalogue.ME)}
PLACED = re.compile(r"/api/v1/(?:\d+/)?(?P<path>[A-Za-z/]+)")


class ExactSimulator(Helpers, BookHelpers, Simulator):
    """One country site of a simulated Exact Online (`region`: nl, be, de, uk, fr, es, us) with two divisions,
    a user whose language is the site's, and an app.

    Set-up and assertions: `helpers` (sign-in, divisions, webhooks, faults) and `helpers_books` (orders,
    invoices, master data, projects). Logs: `calls` of the kit, `refresh_log()`, `deliveries.attempts`.
    `post` sends webhooks: (url, headers, body) -> (status, headers, body). Route names for faults and
    `calls_to`: "oauth.token", "current/Me", and for every endpoint "<endpoint>.list", ".count", ".get",
    ".create", ".change", ".delete", for example "purchaseorder/PurchaseOrders.list".
    """

    name = "exact"

    def __init__(
        self,
        *,
        region: str = "nl",
        base_url: str = BASE_URL,
        post: Post = post_by_http,
        clock: SimClock | None = None,
        **options: Any,
    ) -> None:
        self.region = REGIONS[region]
        self.base_url = base_url
        self.post = post
        self.clock = clock or SimClock()
        self.options = ExactOptions(**options)
        self.known = State()
        self.entities: dict[str, Entity] = {entity.path: entity for entity in catalogue.ALL}
        self.books = Books(self)
        self.access = Access(self)
        self.limits = Limits(self)
        self.oauth = OAuth(self)
        self.deliveries = Deliveries(self)
        super().__init__(clock=self.clock, options=self.options)

    # --- the kit's hooks -------------------------------------------------------------
    def routes(self) -> list[Route]:
        me = Route("current/Me", "GET", f"{PREFIX}current/Me", self._checked(catalogue.ME, api.me))
        endpoints = [route for entity in catalogue.ALL for route in self._routes_of(entity)]
        return [
            me,
            *endpoints,
            *self.oauth.routes(),
            *control.Control(self).routes(),
            *Pages(self).routes(),
        ]

    def _routes_of(self, entity: Entity) -> Iterable[Route]:
        path = f"{PREFIX}<int:division>/{entity.path}"
        one = f"{path}(<key>)"
        is_hook = entity.path == catalogue.SUBSCRIPTIONS
        writers = api.OF_SUBSCRIPTIONS if is_hook else api.NORMAL
        yield Route(f"{entity.path}.list", "GET", path, self._checked(entity, api.listing))
        yield Route(f"{entity.path}.count", "GET", f"{path}/$count", self._checked(entity, api.count))
        yield Route(f"{entity.path}.get", "GET", one, self._checked(entity, api.one))
        for method, deed, place in (
            ("POST", "create", path),
            ("PUT", "change", one),
            ("DELETE", "delete", one),
        ):
            if method in entity.methods:
                handler = self._checked(entity, writers[deed])
                locked = not (is_hook and deed == "create")
                yield Route(f"{entity.path}.{deed}", method, place, handler, locked)

    def clear(self) -> None:
        self.known = State()
        self.limits.clear()
        self.deliveries.attempts.clear()
        self.found()

    def work(self) -> None:
        self.books.forget_old_deletions()

    def not_found(self, request: Request) -> Response:
        return ApiError(404, NOT_FOUND.format(segment=request.path.rpartition("/")[2])).response(
            as_json=wants_json(request)
        )

    def not_allowed(self, request: Request) -> Response:
        return ApiError(405, "Method not allowed.").response(as_json=wants_json(request))

    def state(self) -> Mapping[str, Any]:
        return control.shown(self)

    # --- requests -------------------------------------------------------------
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Paths of endpoints are not case-sensitive."""
        match = PLACED.match(environ["PATH_INFO"])
        known = CANONICAL.get(match["path"].lower()) if match else None
        if match and known:
            start, end = match.span("path")
            environ["PATH_INFO"] = environ["PATH_INFO"][:start] + known + environ["PATH_INFO"][end:]
        return super().__call__(environ, start_response)

    def _checked(self, entity: Entity, handler: api.Handler) -> Callable[..., Response]:
        """The handler behind token, block, limits, division and scope; a refusal becomes the answer."""

        def handled(request: Request, division: int | None = None, **arguments: str) -> Response:
            headers: dict[str, str] = {}
            try:
                call = self._call(request, entity, division)
            except ApiError as error:
                return self._refusal(request, error)
            key = (call.app.client_id, call.user.id, call.division, entity.path)
            try:
                with self.lock:
                    self.limits.check_block(key)
                    headers = self.limits.take(call.app.client_id, call.division)
                    self._check(call, in_path=division)
                response = handler(call, **arguments)
            except ApiError as error:
                response = self._refusal(request, error)
            except Refused as no:
                response = no.error(call.user.language).response(as_json=call.wants_json)
            with self.lock:
                self.limits.note(key, response.status_code)
            return with_headers(response, headers)

        return handled

    def _call(self, request: Request, entity: Entity, division: int | None) -> ApiCall:
        """Raises ApiError 401 for a token that nobody knows."""
        token = self.access.token_of(request)
        app, user = self.known.apps[token.app], self.known.users[token.user]
        place = "" if division is None else f"{division}/"
        number = user.current_division if division is None else division
        return ApiCall(self, request, entity, app, user, token, number, place)

    def _check(self, call: ApiCall, in_path: int | None) -> None:
        self.access.check_token(call.token)
        self.access.check_user(call.user)
        # system/Divisions accepts any number; Me has none.
        if in_path is not None and call.entity.path != "system/Divisions":
            self.access.check_division(call.app, call.user, call.division)
        if call.entity.path == "sync/PurchaseOrder/PurchaseOrders" and not self.options.has_order_feed:
            raise ApiError(403, "Forbidden")
        self.access.check_scope(call.app, call.entity, call.request.method)

    def _refusal(self, request: Request, error: ApiError) -> Response:
        as_html = error.status == 401 and self.options.html_for_bad_token
        return error.response(as_json=wants_json(request), as_html=as_html)

    # --- time and numbers -------------------------------------------------------------
    def local_offset(self) -> datetime:
        """This moment in the site's zone, aware."""
        return self.clock.now().astimezone(self.region.zone)

    def local_now(self) -> datetime:
        """The site's wall clock, naive, whole milliseconds."""
        now = self.local_offset().replace(tzinfo=None)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @staticmethod
    def read_json(body: bytes) -> Any:
        """The body as JSON with exact decimals; None when it is none."""
        try:
            return json.loads(body, parse_float=Decimal)
        except ValueError:
            return None
