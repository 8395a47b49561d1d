"""The part of a simulator that other processes (demo, crash runs, browser tests) steer it by. All JSON:

GET    /_sim/state    everything, for assertions
GET    /_sim/calls    the call log (?route=..., ?since=NUMBER)
GET    /_sim/faults   the armed switches; POST arms one (or a list; fields: faults.Fault), DELETE all off
POST   /_sim/options  {"switch": value}, the fields of the simulator's `options`
POST   /_sim/hooks    {"duplicate": 1}, the fields of faults.HookSwitches
POST   /_sim/clock    {"advance_seconds": 60} or {"now": "2026-11-02T08:00:00+00:00"}
POST   /_sim/reset    back to the beginning
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from mlconnector.sandbox.kit import Simulator

Handler = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """`path` in werkzeug's notation. Without `locked` the handler runs beside others and locks by itself."""

    name: str
    method: str
    path: str
    handler: Handler
    locked: bool = True


def json_answer(
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    """`value` as a JSON answer; umlauts stay readable."""
    response = Response(
        json.dumps(value, ensure_ascii=False, default=str), status=status, content_type=content_type
    )
    response.headers.update(headers or {})
    return response


def control_routes(simulator: "Simulator") -> list[Route]:
    """The endpoints under /_sim/ of `simulator`; they are neither logged nor hit by faults."""
    control = _Control(simulator)
    return [
        Route("_sim.state", "GET", "/_sim/state", control.state),
        Route("_sim.calls", "GET", "/_sim/calls", control.calls),
        Route("_sim.faults", "GET", "/_sim/faults", control.faults),
        Route("_sim.faults.add", "POST", "/_sim/faults", control.add_faults),
        Route("_sim.faults.clear", "DELETE", "/_sim/faults", control.clear_faults),
        Route("_sim.options", "POST", "/_sim/options", control.set_options),
        Route("_sim.hooks", "POST", "/_sim/hooks", control.set_hooks),
        Route("_sim.clock", "POST", "/_sim/clock", control.move_clock),
        Route("_sim.reset", "POST", "/_sim/reset", control.reset),
    ]


class _Control:
    def __init__(self, simulator: "Simulator") -> None:
        self.simulator = simulator

    def state(self, request: Request) -> Response:
        self.simulator.work()
        return json_answer(self.simulator.whole_state())

    def calls(self, request: Request) -> Response:
        since = int(request.args.get("since", "0"))
        found = self.simulator.calls_to(request.args.get("route", "*"))
        return json_answer([call.as_json() for call in found if call.number > since])

    def faults(self, request: Request) -> Response:
        return json_answer(self.simulator.faults.as_json())

    def add_faults(self, request: Request) -> Response:
        given = request.get_json(force=True)
        try:
            for fields in given if isinstance(given, list) else [given]:
                self.simulator.faults.add(**fields)
        except (TypeError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(self.simulator.faults.as_json(), 201)

    def clear_faults(self, request: Request) -> Response:
        self.simulator.faults.clear()
        return json_answer([])

    def set_options(self, request: Request) -> Response:
        try:
            self.simulator.set_options(**request.get_json(force=True))
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(vars(self.simulator.options))

    def set_hooks(self, request: Request) -> Response:
        try:
            self.simulator.hooks.set(request.get_json(force=True))
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(vars(self.simulator.hooks))

    def move_clock(self, request: Request) -> Response:
        given = request.get_json(force=True)
        if "now" in given:
            self.simulator.clock.set(datetime.fromisoformat(given["now"]))
        self.simulator.clock.advance(timedelta(seconds=given.get("advance_seconds", 0)))
        self.simulator.work()
        return json_answer({"now": self.simulator.clock.now().isoformat()})

    def reset(self, request: Request) -> Response:
        self.simulator.reset()
        return json_answer({"name": self.simulator.name})
