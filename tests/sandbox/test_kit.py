"""The kit under every simulated vendor: call log, faults, clock, control endpoints, in-process mount."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.faults import HookSwitches, matches
from mlconnector.sandbox.kit import AnswerNow, Route, SimClock, Simulator, json_answer
from mlconnector.sandbox.mount import WSGIAdapter

BASE = "https://shelf.example"


class Shelf(Simulator):
    """A vendor with one resource: books put on a shelf."""

    name = "shelf"

    def clear(self) -> None:
        self.books: list[str] = []

    def state(self) -> dict[str, Any]:
        return {"books": self.books}

    def routes(self) -> list[Route]:
        return [
            Route("books.add", "POST", "/v1/shelves/<int:shelf>/books", self.add),
            Route("books.list", "GET", "/v1/shelves/<int:shelf>/books", self.list),
        ]

    def add(self, request: Request, shelf: int) -> Response:
        if not request.get_data():
            raise AnswerNow(json_answer({"error": "empty"}, 400))
        self.books.append(request.get_data(as_text=True))
        return json_answer({"count": len(self.books)}, 201)

    def list(self, request: Request, shelf: int) -> Response:
        return json_answer(self.books)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def http(shelf: Shelf) -> requests.Session:
    session = requests.Session()
    session.mount(BASE, WSGIAdapter(shelf))
    return session


def add(http: requests.Session, title: str = "Soll und Haben", **options: Any) -> requests.Response:
    return http.post(f"{BASE}/v1/shelves/1/books", data=title.encode(), **options)


def test_a_call_is_logged_with_everything_that_a_test_asks_for(shelf, http):
    add(http, "Müller", params={"lang": "de"}, headers={"X-Trace": "7"})

    (call,) = shelf.calls
    assert (call.method, call.path, call.route, call.status) == (
        "POST",
        "/v1/shelves/1/books",
        "books.add",
        201,
    )
    assert call.query == {"lang": "de"}
    assert call.headers["x-trace"] == "7"
    assert call.body == "Müller".encode()
    assert call.answer_json() == {"count": 1}


def test_an_early_answer_ends_the_handler(shelf, http):
    assert http.post(f"{BASE}/v1/shelves/1/books").status_code == 400
    assert shelf.books == []


def test_unknown_paths_and_methods_are_answered_and_logged(shelf, http):
    assert http.get(f"{BASE}/nowhere").status_code == 404
    assert http.delete(f"{BASE}/v1/shelves/1/books").status_code == 405
    assert [call.route for call in shelf.calls] == ["404", "405"]


@pytest.mark.parametrize(
    ("pattern", "is_hit"),
    [
        ("books.add", True),
        ("books.list", False),
        ("POST /shelves/*/books", True),
        ("POST /v1/shelves/1/books", True),
        ("* /books", True),
        ("POST /v1/**", True),
        ("POST /**/books", True),
        ("GET /shelves/*/books", False),
        ("POST /shelves/*", False),
        ("*", True),
    ],
)
def test_a_fault_names_its_route_by_name_or_by_the_end_of_the_path(pattern, is_hit):
    assert matches(pattern, "POST", "/v1/shelves/1/books", "books.add") is is_hit


def test_a_fault_hits_so_many_times_after_so_many_were_let_through(shelf, http):
    fault = shelf.faults.add("books.add", status=503, times=2, skip=1)

    assert [add(http).status_code for _ in range(5)] == [201, 503, 503, 201, 201]
    assert fault.hits == 2
    assert len(shelf.books) == 3


def test_a_fault_without_a_limit_hits_until_it_is_removed(shelf, http):
    fault = shelf.faults.add("books.add", status=429, headers={"Retry-After": "7"}, times=None)

    answers = [add(http) for _ in range(3)]
    shelf.faults.remove(fault)

    assert [answer.status_code for answer in answers] == [429, 429, 429]
    assert answers[0].headers["Retry-After"] == "7"
    assert add(http).status_code == 201


def test_a_fault_may_strike_after_the_work_was_done(shelf, http):
    shelf.faults.add("books.add", status=500, body="<html>oops</html>", processed=True)

    answer = add(http)

    assert (answer.status_code, answer.text) == (500, "<html>oops</html>")
    assert shelf.books == ["Soll und Haben"]


def test_a_fault_may_change_the_answer_alone(shelf, http):
    shelf.faults.add("books.add", body={"count": "1"}, headers={"X-Odd": "yes"})

    answer = add(http)

    assert answer.json() == {"count": "1"}
    assert answer.headers["X-Odd"] == "yes"
    assert answer.status_code == 201


def test_a_fault_may_wait_for_a_body(shelf, http):
    shelf.faults.add("books.add", status=400, contains="Haben")

    assert add(http, "Journal").status_code == 201
    assert add(http, "Haben").status_code == 400


def test_a_drop_before_leaves_nothing_behind(shelf, http):
    shelf.faults.add("books.add", drop="before")

    with pytest.raises(requests.ConnectionError):
        add(http)

    assert shelf.books == []
    assert (shelf.calls[0].status, shelf.calls[0].drop) == (0, "before")


def test_a_drop_after_has_taken_effect(shelf, http):
    shelf.faults.add("books.add", drop="after")

    with pytest.raises(requests.ConnectionError):
        add(http)

    assert shelf.books == ["Soll und Haben"]
    assert (shelf.calls[0].status, shelf.calls[0].drop) == (0, "after")


def test_a_delay_beyond_the_read_timeout_times_out_at_once_in_process(shelf, http):
    shelf.faults.add("books.add", delay=3600, times=2)

    with pytest.raises(requests.ReadTimeout):
        add(http, timeout=(1, 30))
    assert shelf.books == ["Soll und Haben"]
    assert add(http, timeout=(1, 7200)).status_code == 201


def test_a_misspelt_drop_is_refused(shelf):
    with pytest.raises(ValueError, match="before"):
        shelf.faults.add("books.add", drop="later")


def test_the_clock_stands_still_or_runs_on_as_told():
    morning = datetime(2026, 11, 2, 8, tzinfo=UTC)
    frozen = SimClock(morning)
    followed = SimClock(source=lambda: morning + timedelta(hours=1))

    frozen.advance(timedelta(minutes=5))
    followed.advance(timedelta(minutes=5))

    assert frozen.now() == morning + timedelta(minutes=5)
    assert followed.now() == morning + timedelta(minutes=65)
    followed.set(morning)
    assert followed.now() == morning


def test_other_processes_steer_it_over_http(shelf, http):
    armed = http.post(f"{BASE}/_sim/faults", json=[{"route": "books.add", "status": 503}])
    refused = http.post(f"{BASE}/_sim/faults", json={"route": "books.add", "colour": "red"})
    add(http)
    add(http)

    assert (armed.status_code, refused.status_code) == (201, 400)
    assert http.get(f"{BASE}/_sim/state").json()["books"] == ["Soll und Haben"]
    calls = http.get(f"{BASE}/_sim/calls", params={"route": "books.add", "since": 1}).json()
    assert [(call["number"], call["status"], call["body"]) for call in calls] == [(2, 201, "Soll und Haben")]
    http.post(f"{BASE}/_sim/clock", json={"now": "2026-11-02T08:00:00+00:00", "advance_seconds": 90})
    assert shelf.clock.now().isoformat().startswith("2026-11-02T08:01:3")
    http.post(f"{BASE}/_sim/reset")
    assert http.get(f"{BASE}/_sim/state").json()["books"] == []
    assert http.get(f"{BASE}/_sim/faults").json() == []


def test_control_calls_are_neither_logged_nor_hit(shelf, http):
    shelf.faults.add("*", status=500, times=None)

    assert http.get(f"{BASE}/_sim/state").status_code == 200
    assert shelf.calls == []


def test_a_very_long_log_forgets_its_oldest_calls_but_keeps_counting(shelf, http):
    shelf.keep_calls = 10

    for _ in range(25):
        add(http)

    assert len(shelf.calls) <= 10
    assert shelf.counts["books.add"] == 25
    assert shelf.calls[-1].number == 25


def test_binary_bodies_survive_the_mount(shelf, http):
    http.post(f"{BASE}/v1/shelves/1/books", data=iter([b"a", b"b"]))
    http.post(f"{BASE}/v1/shelves/1/books", files={"file": ("ä.pdf", b"\x00\xff", "application/pdf")})

    assert shelf.calls[0].body == b"ab"
    assert b"\x00\xff" in shelf.calls[1].body


def test_webhook_switches_lose_repeat_and_reorder():
    switches = HookSwitches(lose=1, duplicate=1, out_of_order=True)

    assert switches.arranged([1, 2, 3]) == [3, 2, 2]
    assert switches.arranged([4, 5]) == [5, 4]
    assert HookSwitches(hold=True).arranged([1]) == []


def test_an_unknown_webhook_switch_is_refused(http):
    answer = http.post(f"{BASE}/_sim/hooks", data=json.dumps({"explode": 1}))

    assert answer.status_code == 400
