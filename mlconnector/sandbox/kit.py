"""What every simulated vendor is made of: a WSGI app with a clock, a call log and fault switches.

A subclass declares its `routes()`; a handler takes the werkzeug request and the path's parameters and returns
a Response. Tests in other processes use the endpoints of control.py under /_sim/.
"""

import gzip
import json
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.control import Route, control_routes, json_answer
from mlconnector.sandbox.faults import (
    AnswerTooLate,
    DroppedConnection,
    Fault,
    FaultSwitches,
    HookSwitches,
    matches,
)
from mlconnector.sandbox.html import page

__all__ = [
    "AnswerNow",
    "AnswerTooLate",
    "Call",
    "DroppedConnection",
    "Fault",
    "FaultSwitches",
    "HookSwitches",
    "Route",
    "SimClock",
    "Simulator",
    "json_answer",
    "page",
]

# WSGI environ key: seconds that an in-process caller would wait. Its presence also means: never sleep.
READ_TIMEOUT = "mlconnector.read_timeout"


class AnswerNow(Exception):  # noqa: N818 - not an error, a short cut
    """Raised by a check deep inside a handler: this is the answer, nothing else happens."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class SimClock:
    """The simulator's time: real time (or `source`) plus what was advanced; frozen when `at` is given."""

    def __init__(self, at: datetime | None = None, source: Callable[[], datetime] | None = None) -> None:
        self._frozen = at
        self._source = source or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        with self._lock:
            return (self._frozen or self._source()) + self._offset

    def advance(self, by: timedelta) -> None:
        with self._lock:
            self._offset += by

    def set(self, at: datetime) -> None:
        """Let it be `at` (aware) now; a running clock goes on from there."""
        self.advance(at - self.now())

    def reset(self) -> None:
        with self._lock:
            self._offset = timedelta()


@dataclass(frozen=True)
class Call:
    """One request as it arrived and how it was answered (`status` 0 = connection dropped)."""

    number: int
    at: datetime
    method: str
    path: str
    query: dict[str, str]
    query_string: str
    headers: Headers
    body: bytes
    route: str
    status: int = 0
    drop: str = ""
    answer_headers: Headers = field(default_factory=Headers)
    answer: bytes = b""
    # Requests in the simulator when this one entered, itself included.
    in_flight: int = 1

    def json(self) -> Any:
        """The request's body read as JSON."""
        return json.loads(self.body)

    def answer_json(self) -> Any:
        """The answer's body read as JSON, unpacked when it was gzipped."""
        packed = self.answer_headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(self.answer) if packed else self.answer)

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "replace") if len(self.body) < 100_000 else "",
            "body_base64": b64encode(self.body).decode() if len(self.body) < 100_000 else "",
            "body_bytes": len(self.body),
            "route": self.route,
            "status": self.status,
            "drop": self.drop,
            "in_flight": self.in_flight,
        }


class Simulator:
    """A simulated vendor: subclass, give `name` and `routes()`, keep the state in `clear()`."""

    name = "simulator"
    # Older calls are forgotten beyond this number; `counts` keeps counting.
    keep_calls = 20_000

    def __init__(self, clock: SimClock | None = None, options: object | None = None) -> None:
        self.clock = clock or SimClock()
        self.options = options
        self._first_options = deepcopy(options)
        self.lock = threading.RLock()
        self.faults = FaultSwitches()
        self.hooks = HookSwitches()
        self.calls: list[Call] = []
        self.counts: Counter[str] = Counter()
        self.concurrency: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()
        self._book = threading.Lock()
        self._number = 0
        self._routes = {route.name: route for route in [*control_routes(self), *self.routes()]}
        self._map = _address_map(
            tuple((route.name, route.method, route.path) for route in self._routes.values())
        )
        self.clear()

    # --- for subclasses -----------------------------------------------------------------------------------
    def routes(self) -> Iterable[Route]:
        return ()

    def clear(self) -> None:
        """Make the simulator's own state as it was in the beginning."""

    def state(self) -> Mapping[str, Any]:
        """Everything worth asserting, as JSON values."""
        return {}

    def work(self) -> None:
        """Do what is due on the simulator's clock (jobs); called before every request, under the lock."""

    def not_found(self, request: Request) -> Response:
        return json_answer({"error": "not found"}, 404)

    def not_allowed(self, request: Request) -> Response:
        return json_answer({"error": "method not allowed"}, 405)

    def delay(self, request: Request) -> float:
        """Seconds between processing and answer, as in a fault: for vendors that slow their callers down."""
        return 0.0

    def finished(self, request: Request, route: str, response: Response) -> Response:
        """Last touch on every vendor answer (correlation headers, gzip); not for control endpoints."""
        return response

    # --- for tests ----------------------------------------------------------------------------------------
    def reset(self) -> None:
        """State, log, faults, switches, options and clock as after the start."""
        with self.lock, self._book:
            self.faults.clear()
            self.hooks = HookSwitches()
            self.calls.clear()
            self.counts.clear()
            self.concurrency.clear()
            self.clock.reset()
            self.options = deepcopy(self._first_options)
            self.clear()

    def calls_to(self, route: str) -> list[Call]:
        """Calls by route name or by "METHOD /path" as in a fault's route, oldest first."""
        with self._book:
            return [call for call in self.calls if matches(route, call.method, call.path, call.route)]

    def whole_state(self) -> dict[str, Any]:
        """What GET /_sim/state shows: `state()` and the kit's own counters and switches."""
        return {
            "name": self.name,
            "now": self.clock.now().isoformat(),
            "calls": self._number,
            "counts": dict(self.counts),
            "concurrency": dict(self.concurrency),
            "faults": self.faults.as_json(),
            "options": vars(self.options) if self.options is not None else {},
            **self.state(),
        }

    # --- the WSGI app -------------------------------------------------------------------------------------
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data(cache=True)
        adapter = self._map.bind_to_environ(environ)
        try:
            name, arguments = adapter.match()
            route: Route | None = self._routes[name]
        except MethodNotAllowed:
            name, arguments, route = "405", {}, None
        except (NotFound, HTTPException):
            name, arguments, route = "404", {}, None
        if name.startswith("_sim."):
            with self.lock:
                return self._routes[name].handler(request, **arguments)(environ, start_response)
        with request, self._counted(name) as in_flight:  # closes the files of a multipart body
            call = self._entered(request, body, name, in_flight)
            fault = self.faults.take(request.method, request.path, name, body)
            return self._answer(request, route, arguments, call, fault)(environ, start_response)

    def _answer(
        self,
        request: Request,
        route: Route | None,
        arguments: Mapping[str, Any],
        call: Call,
        fault: Fault | None,
    ) -> Response:
        if fault and fault.drop == "before":
            self._log(replace(call, drop="before"))
            raise DroppedConnection(processed=False)
        if fault and fault.status is not None and not fault.processed and not fault.drop:
            response = Response(b"", status=fault.status)
        else:
            response = self._handled(request, route, arguments, call.route)
        if fault:
            response = _overridden(response, fault)
        number = response.status_code
        if fault and fault.drop == "after":
            self._log(
                replace(call, drop="after", answer_headers=response.headers, answer=response.get_data())
            )
            raise DroppedConnection(processed=True)
        self._log(replace(call, status=number, answer_headers=response.headers, answer=response.get_data()))
        seconds = self.delay(request) + (fault.delay if fault else 0.0)
        if seconds:
            _wait(request, seconds)
        return response

    def _handled(
        self, request: Request, route: Route | None, arguments: Mapping[str, Any], name: str
    ) -> Response:
        try:
            if route is None:
                response = self.not_found(request) if name == "404" else self.not_allowed(request)
            elif route.locked:
                with self.lock:
                    self.work()
                    response = route.handler(request, **arguments)
            else:
                response = route.handler(request, **arguments)
        except AnswerNow as now:
            response = now.response
        return self.finished(request, name, response)

    @contextmanager
    def _counted(self, name: str) -> Any:
        """Count the request as being in flight; keeps the high-water marks in `concurrency`."""
        with self._book:
            for key in ("all", name):
                self._in_flight[key] += 1
                self.concurrency[key] = max(self.concurrency[key], self._in_flight[key])
            now = self._in_flight["all"]
        try:
            yield now
        finally:
            with self._book:
                for key in ("all", name):
                    self._in_flight[key] -= 1

    def _entered(self, request: Request, body: bytes, name: str, in_flight: int) -> Call:
        with self._book:
            self._number += 1
            number = self._number
        return Call(
            number=number,
            at=self.clock.now(),
            method=request.method,
            path=request.path,
            query=request.args.to_dict(),
            query_string=request.query_string.decode("latin-1"),
            headers=Headers(request.headers.items()),
            body=body,
            route=name,
            in_flight=in_flight,
        )

    def _log(self, call: Call) -> None:
        with self._book:
            self.counts[call.route] += 1
            self.calls.append(call)
            if len(self.calls) > self.keep_calls:
                del self.calls[: self.keep_calls // 2]

    def set_options(self, **values: Any) -> None:
        """Set switches of `options` by name. Raises ValueError for a name that does not exist."""
        for name, value in values.items():
            if not hasattr(self.options, name):
                raise ValueError(f"There is no option {name!r}.")
            setattr(self.options, name, value)


@cache
def _address_map(routes: tuple[tuple[str, str, str], ...]) -> Map:
    """Name, method and path of each route as a map, made once for all simulators of a kind."""
    rules = [
        Rule(path, endpoint=name, methods=[method], merge_slashes=False) for name, method, path in routes
    ]
    return Map(rules, strict_slashes=True)


def _overridden(response: Response, fault: Fault) -> Response:
    """The answer as the switch wants it: status, body and headers where given."""
    if fault.status is not None:
        response.status_code = fault.status
    if fault.body is not None:
        response.headers.pop("Content-Encoding", None)
        if isinstance(fault.body, dict | list):
            response.set_data(json.dumps(fault.body, ensure_ascii=False))
            response.content_type = "application/json"
        else:
            response.set_data(fault.body)
    for name, value in fault.headers.items():
        response.headers.pop(name, None)
        if value is not None:
            response.headers[name] = value
    return response


def _wait(request: Request, seconds: float) -> None:
    """Let the caller wait; an in-process caller gets its read time-out at once instead."""
    if READ_TIMEOUT not in request.environ:
        time.sleep(seconds)
    elif seconds > (request.environ[READ_TIMEOUT] or float("inf")):
        raise AnswerTooLate(f"The answer would have come after {seconds} seconds.")
