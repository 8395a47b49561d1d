"""A simulator behind a real socket on loopback: keep-alive, hang-ups, many callers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from mlconnector.sandbox.kit import Route
from mlconnector.sandbox.serve import Server, serve
from tests.sandbox.test_kit import Shelf


class BusyShelf(Shelf):
    """Its unlocked route answers only when so many callers have met in it."""

    def __init__(self) -> None:
        self.meeting = threading.Barrier(4)
        super().__init__()

    def routes(self) -> list[Route]:
        return [*super().routes(), Route("meet", "GET", "/v1/meet", self.meet, locked=False)]

    def meet(self, request):
        self.meeting.wait(timeout=10)
        return self.list(request, 1)


@pytest.fixture
def shelf() -> BusyShelf:
    return BusyShelf()


@pytest.fixture
def server(shelf: BusyShelf) -> Iterator[Server]:
    with serve(shelf) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def add(http: requests.Session, server: Server, title: str = "Journal") -> requests.Response:
    return http.post(f"{server.url}/v1/shelves/1/books", data=title.encode(), timeout=10)


def test_a_connection_is_kept_for_the_next_request(server, http, shelf):
    assert [add(http, server).json()["count"] for _ in range(3)] == [1, 2, 3]
    assert "close" not in add(http, server).headers.get("Connection", "")


@pytest.mark.parametrize(("drop", "books"), [("before", []), ("after", ["Journal"])])
def test_a_dropped_connection_ends_even_when_it_was_kept_alive(server, http, shelf, drop, books):
    http.get(f"{server.url}/v1/shelves/1/books", timeout=10)
    shelf.faults.add("books.add", drop=drop)

    with pytest.raises(requests.ConnectionError):
        add(http, server)

    assert shelf.books == books
    assert add(http, server).status_code == 201


def test_a_delay_is_real_and_the_request_took_effect(server, http, shelf):
    shelf.faults.add("books.add", delay=0.3)

    with pytest.raises(requests.ReadTimeout):
        http.post(f"{server.url}/v1/shelves/1/books", data=b"Journal", timeout=(1, 0.05))

    assert shelf.books == ["Journal"]


def test_callers_at_once_are_counted_with_their_high_water_mark(server, shelf):
    def meet(_: int) -> int:
        return requests.get(f"{server.url}/v1/meet", timeout=10).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(meet, range(4))) == [200] * 4

    assert shelf.concurrency["meet"] == 4
    assert sorted(call.in_flight for call in shelf.calls_to("meet")) == [1, 2, 3, 4]


def test_many_writers_lose_nothing(server, shelf):
    def write(number: int) -> int:
        return requests.post(f"{server.url}/v1/shelves/1/books", data=b"x", timeout=10).json()["count"]

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(40))) == list(range(1, 41))
    assert shelf.counts["books.add"] == 40


def test_chunked_bodies_are_read(server, http, shelf):
    http.post(f"{server.url}/v1/shelves/1/books", data=iter([b"ab", b"cd"]), timeout=10)

    assert shelf.books == ["abcd"]


def test_an_answer_without_length_travels_in_chunks(server, http, shelf):
    def unmeasured(request, route, response):
        response.automatically_set_content_length = False
        response.headers.pop("Content-Length", None)
        return response

    shelf.finished = unmeasured
    answer = add(http, server)

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.json() == {"count": 1}
