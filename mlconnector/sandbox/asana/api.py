"""One API request: who asks, what was sent, what may be seen; and the answers' envelopes."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from mlconnector.sandbox.asana import checks, values
from mlconnector.sandbox.asana.errors import TOO_LARGE, ApiError, missing, not_an_id, unknown
from mlconnector.sandbox.asana.records import Records
from mlconnector.sandbox.asana.shapes import Record, Selection, selection
from mlconnector.sandbox.asana.state import Project, State, Task, Token, User, Workspace
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator

PREFIX = "/api/1.0"
# A list asked for without `limit` fails beyond this number. Source: users' reports (read 2026-11).
UNPAGED_LIMIT = 1000
PAGE_LIMIT = 100


@dataclass
class Offset:
    """What an issued offset stands for: the list it belongs to and the last record that was shown."""

    question: str
    last_gid: str
    index: int
    expires_at: datetime


class ApiCall:
    """A signed-in request with its checks. `sim` gives state, clock and options."""

    def __init__(self, sim: "AsanaSimulator", request: "Request", token: Token) -> None:
        self.sim = sim
        self.request = request
        self.token = token
        self.state: State = sim.known
        self.now = sim.clock.now()
        self.query: Mapping[str, str] = request.args
        self._envelope: dict[str, Any] | None = None

    # --- what was sent -------------------------------------------------------------
    def envelope(self) -> dict[str, Any]:
        """The whole JSON body; {} when none was sent."""
        if self._envelope is None:
            content = self.request.get_data(cache=True)
            is_form = self.request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
            if is_form or not content:
                self._envelope = {}
            else:
                self._envelope = _parsed(content)
        return self._envelope

    def data(self, known: Mapping[str, checks.Check], required: tuple[str, ...] = ()) -> dict[str, Any]:
        """The checked `data` of the body. Raises ApiError 400."""
        envelope = self.envelope()
        if "data" not in envelope:
            raise ApiError(400, "Could not find `data` in request body")
        extra = set(envelope) - {"data", "options"}
        if extra:
            raise ApiError(400, f"{min(extra)}: Unrecognized field in request body")
        return checks.body(envelope["data"], known, required)

    def given(self, name: str) -> str:
        """A required query parameter."""
        value = self.query.get(name, "")
        if not value:
            raise missing(name)
        return value

    @property
    def wanted(self) -> Selection | None:
        """The fields asked for, by `opt_fields` or `options.fields`."""
        asked = self.query.get("opt_fields", "")
        options = self.envelope().get("options") if self.request.method != "GET" else None
        if not asked and isinstance(options, dict):
            asked = ",".join(str(name) for name in options.get("fields") or [])
        return selection(asked)

    @property
    def records(self) -> Records:
        return Records(self.sim, self.token)

    # --- what may be seen -------------------------------------------------------------
    @property
    def user(self) -> User:
        return self.state.get("user", self.token.user)

    def task(self, gid: str, name: str = "task") -> Task:
        """A visible task by gid or `external:<id>`. Raises ApiError 404."""
        if gid.startswith("external:"):
            return self._external(gid.removeprefix("external:"))
        task = self.found("task", gid, name)
        if not self.state.may_see_task(self.token, task):
            self._blocked(task.workspace)
            raise unknown(name, gid)
        return task

    def _external(self, key: str) -> Task:
        for task in self.state.all("task"):
            held = task.external.get(self.token.app)
            if self.token.app and held and held.get("gid") == key:
                return self.task(task.gid)
        raise unknown("task", f"external:{key}")

    def project(self, gid: str, name: str = "project") -> Project:
        project = self.found("project", gid, name)
        if not self.state.may_see_project(self.token, project):
            self._blocked(project.workspace)
            raise unknown(name, gid)
        return project

    def workspace(self, gid: str, name: str = "workspace") -> Workspace:
        workspace = self.found("workspace", gid, name)
        self._blocked(gid)
        if not self.state.may_use(self.token, gid):
            raise unknown(name, gid)
        return workspace

    def _blocked(self, workspace_gid: str) -> None:
        """A workspace that blocks this app or personal access tokens refuses the token itself."""
        workspace = self.state.get("workspace", workspace_gid)
        if workspace and (self.token.app or "pat") in workspace.blocked:
            raise ApiError(401, "Not Authorized")

    def found_user(self, gid: str, name: str = "user") -> User:
        """A user by gid, e-mail address or `me`."""
        user = self.user if gid == "me" else self.state.get("user", gid) or self.state.user_by_email(gid)
        if user is None:
            raise unknown(name, gid)
        return user

    def section(self, gid: str, name: str = "section") -> Any:
        section = self.found("section", gid, name)
        self.project(section.project)
        return section

    def field(self, gid: str, name: str = "custom_field") -> Any:
        field = self.found("custom_field", gid, name)
        self._blocked(field.workspace)
        if not self.state.may_use(self.token, field.workspace) or self.token.user in field.hidden_from:
            raise unknown(name, gid)
        return field

    def found(self, kind: str, gid: str, name: str) -> Any:
        """The living record of that kind. Raises ApiError 400 or 404."""
        if not gid.isascii() or not gid.isdigit():
            raise not_an_id(name, gid)
        record = self.state.get(kind, gid)
        if record is None:
            raise unknown(name, gid)
        return record

    # --- answers -------------------------------------------------------------
    def one(self, record: Record, *, status: int = 200, location: str = "", **beside: Any) -> Response:
        """A full record, or what was asked for of it."""
        body = {"data": record.shaped(self.wanted, full=True), **beside}
        return json_answer(body, status, {"Location": location} if location else None)

    def created(self, record: Record, path: str, **beside: Any) -> Response:
        return self.one(record, status=201, location=path, **beside)

    def nothing(self) -> Response:
        return json_answer({"data": {}})

    def page(self, found: Sequence[Any], record: Callable[[Any], Record], *, full: bool = False) -> Response:
        """One page of `found`: compact records unless fields are asked for (or the list is a full one)."""
        limit = self._limit()
        start = self._start(found)
        if limit is None:
            if len(found) > UNPAGED_LIMIT:
                raise ApiError(400, TOO_LARGE)
            limit = len(found)
        shown = found[start : start + limit]
        wanted = self.wanted
        data = [record(item).shaped(wanted, full=full) for item in shown]
        more = start + limit < len(found) and bool(shown)
        following = self._next_page(shown[-1].gid, start + limit) if more else None
        return json_answer({"data": data, "next_page": following})

    def _limit(self) -> int | None:
        given = self.query.get("limit")
        if given is None:
            return None
        if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= PAGE_LIMIT:
            raise ApiError(400, f"limit: Must be between 1 and {PAGE_LIMIT}: {given}")
        return int(given)

    def _question(self) -> str:
        """The list that is paged through: path and filters, without what may differ from page to page."""
        filters = {name: value for name, value in self.query.items() if name not in ("offset", "limit")}
        return f"{self.token.value} {self.request.path} {sorted(filters.items())}"

    def _start(self, found: Sequence[Any]) -> int:
        given = self.query.get("offset")
        if given is None:
            return 0
        offset = self.sim.offsets.get(given)
        if offset is None or offset.question != self._question():
            raise ApiError(400, "offset: Your pagination token is invalid.")
        if offset.expires_at <= self.now:
            raise ApiError(400, "offset: Your pagination token has expired.")
        gids = [item.gid for item in found]
        return gids.index(offset.last_gid) + 1 if offset.last_gid in gids else min(offset.index, len(gids))

    def _next_page(self, last_gid: str, index: int) -> dict[str, str]:
        key = secrets.token_urlsafe(24)
        expires_at = self.now + timedelta(seconds=self.sim.options.offset_seconds)
        self.sim.offsets[key] = Offset(self._question(), last_gid, index, expires_at)
        query = urlencode({**self.query, "offset": key})
        path = f"{self.request.path.removeprefix(PREFIX)}?{query}"
        return {"offset": key, "path": path, "uri": f"{self.sim.base_url}{PREFIX}{path}"}

    def since(self, name: str) -> datetime | None:
        """A moment from the query, or None when it was not given. Raises ApiError 400."""
        given = self.query.get(name)
        if given is None:
            return None
        read = values.moment(given)
        if read is None:
            raise ApiError(400, f"{name}: Not a valid date-time: {given}")
        return read


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError):
        raise ApiError(400, "Could not parse request data, invalid JSON") from None
    if not isinstance(parsed, dict):
        raise ApiError(400, "Could not parse request data, expected an object")
    return parsed


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
