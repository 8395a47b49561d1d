"""Fault switches: which of the coming requests go wrong, and how."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

DROPS = ("", "before", "after")


class DroppedConnection(ConnectionError):
    """The simulator hangs up without an answer; `processed` says whether the request took effect."""

    def __init__(self, processed: bool) -> None:
        super().__init__("The simulator closed the connection without an answer.")
        self.processed = processed


class AnswerTooLate(TimeoutError):
    """The answer came after the caller's read time-out (in-process only; the request took effect)."""


@dataclass
class Fault:
    """One switch. `route` is a route name ("extf.import") or "METHOD /path" with * for one segment.

    The path part is compared with the end of the request's path, so "POST /clients/*/extf-files/import"
    matches behind every prefix; ** stands for any number of segments, the method may be * too. Without
    `status` the request is processed and its answer is kept except for what the switch overrides.
    """

    route: str
    status: int | None = None
    body: str | bytes | dict[str, Any] | list[Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds between processing and answer. In-process nobody waits: a delay beyond the caller's read
    # time-out ends as one, a shorter delay does nothing.
    delay: float = 0.0
    # "before": hang up unprocessed; "after": process, then hang up without an answer.
    drop: str = ""
    # How many requests are hit; None = all until it is removed.
    times: int | None = 1
    # How many matching requests pass before the first one is hit.
    skip: int = 0
    # True: the request takes effect although `status` overrides the answer (a 500 after the work was done).
    processed: bool = False
    # Only requests whose body holds this text ("grant_type=refresh_token").
    contains: str = ""
    hits: int = 0

    def __post_init__(self) -> None:
        self.drop = self.drop or ""
        if self.drop not in DROPS:
            raise ValueError(f"drop is {self.drop!r}; write 'before' or 'after'.")

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.hits >= self.times


class FaultSwitches:
    """The switches of one simulator, first match wins. Safe to use from several threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, route: str, **options: Any) -> Fault:
        """Arm a switch (fields: see Fault); the returned object counts its `hits`."""
        fault = Fault(route, **options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults = [kept for kept in self._faults if kept is not fault]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str, route: str, body: bytes) -> Fault | None:
        """The switch that hits this request, already counted, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.is_spent or not matches(fault.route, method, path, route):
                    continue
                if fault.contains and fault.contains.encode() not in body:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {**asdict(fault), "body": _shown(fault.body), "is_spent": fault.is_spent}
                for fault in self._faults
            ]


def matches(pattern: str, method: str, path: str, route: str) -> bool:
    """Whether `pattern` (a route name or "METHOD /path") means this request."""
    if pattern in ("*", route):
        return True
    wanted_method, _, wanted_path = pattern.partition(" ")
    if not wanted_path or wanted_method not in ("*", method):
        return False
    wanted = wanted_path.strip("/").split("/")
    given = path.strip("/").split("/")
    return any(_fits(wanted, given[start:]) for start in range(len(given)))


def _fits(wanted: list[str], given: list[str]) -> bool:
    if not wanted:
        return not given
    if wanted[0] == "**":
        return any(_fits(wanted[1:], given[start:]) for start in range(len(given) + 1))
    return bool(given) and wanted[0] in ("*", given[0]) and _fits(wanted[1:], given[1:])


def _shown(body: object) -> object:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body


@dataclass
class HookSwitches:
    """How webhooks travel: each number is used up by the coming deliveries."""

    duplicate: int = 0  # so many deliveries are sent twice
    lose: int = 0  # so many deliveries never arrive
    out_of_order: bool = False  # waiting deliveries leave newest first
    hold: bool = False  # nothing leaves until this is taken back

    def arranged(self, waiting: Iterable[Any]) -> list[Any]:
        """What leaves now, in this order; uses up `lose` and `duplicate`."""
        leaving: list[Any] = []
        if self.hold:
            return leaving
        for delivery in waiting:
            if self.lose > 0:
                self.lose -= 1
                continue
            leaving.append(delivery)
            if self.duplicate > 0:
                self.duplicate -= 1
                leaving.append(delivery)
        if self.out_of_order:
            leaving.reverse()
        return leaving

    def set(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"There is no webhook switch {name!r}.")
            setattr(self, name, value)
