"""What every test stands on: no network, a clock that is put back, and the simulated vendors."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from django.utils import translation

from connections import clock, limits
from connections.models import Connection
from pairs.work_items import known
from tests import factories
from tests.audit_support import audit_trail_can_be_flushed  # noqa: F401
from tests.mounting import mounted, post_to_product

# The same examples on every machine, and no time limit: a slow machine is no fault of the code.
# PostgreSQL sees the first of those that SQLite has seen.
EXAMPLES = 12 if os.environ.get("TEST_DATABASE") == "postgres" else 100
hypothesis.settings.register_profile(
    "ml-connector", deadline=None, derandomize=True, database=None, max_examples=EXAMPLES
)
hypothesis.settings.load_profile("ml-connector")

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NetworkForbiddenError(RuntimeError):
    """A test reached for the network. Not an OSError, so that no client takes it for a vendor's outage."""


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Only this machine may be reached: loopback and Unix sockets."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise NetworkForbiddenError(f"A test wanted to connect to {address[0]}.")
        connect(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and host not in LOOPBACK and host != "0.0.0.0":
            raise NetworkForbiddenError(f"A test wanted to resolve {host}.")
        return resolve(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


# What tells that a test touches the database of the tests.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


# Whole programs run here for long: begun first, so that the workers end together.
LONGEST = ("tests/test_demo.py", "tests/crash/", "tests/test_bench.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What PostgreSQL need not see again is left out there; SQLite sees everything.

    A test that touches no database says the same on each; one that starts programs with a database of their
    own is marked `on_both_databases`. Of the variants of one test, which send the same queries with other
    values, the first and the last of each vendor and pair are run, unless it is marked `every_variant`.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    if os.environ.get("TEST_DATABASE") != "postgres":
        return
    kept = _ends_of_variants([item for item in items if _touches_a_database(item)])
    left_out = [item for item in items if item not in set(kept)]
    # A part that was asked for by name is run as it was asked for.
    if kept and left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


def _touches_a_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "on_both_databases"))
    return marked or not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def _ends_of_variants(items: list[pytest.Item]) -> list[pytest.Item]:
    variants: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        given = getattr(item, "callspec", None)
        of = str(given.params.get("key", "")) if given else ""
        variants.setdefault((item.nodeid.partition("[")[0], of), []).append(item)
    kept: set[pytest.Item] = set()
    for alike in variants.values():
        all_of_them = alike[0].get_closest_marker("every_variant") is not None
        kept.update(alike if all_of_them else (alike[0], alike[-1]))
    return [item for item in items if item in kept]


def pytest_collection_finish() -> None:
    """What was loaded until now stays, so it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def nobody_waits_for_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a turn at a vendor moves the clock instead; a test may still watch the sleeping."""
    really = time.sleep

    def sleep(seconds: float) -> None:
        if time.sleep is not really:
            time.sleep(seconds)
        else:
            clock.advance(timedelta(seconds=seconds))

    monkeypatch.setattr(limits, "time", SimpleNamespace(sleep=sleep))


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """The clock, the language that a page was asked for in, and what is remembered of projects."""
    yield
    clock.reset()
    known.forget()
    translation.deactivate()


@pytest.fixture
def asana() -> Iterator[Any]:
    """The simulated Asana at https://asana.example, its files at https://asana-files.example.

    Its webhook deliveries come to the product's own views.
    """
    from mlconnector.sandbox.asana import AsanaSimulator

    simulator = AsanaSimulator(post=post_to_product())
    with mounted(simulator, factories.ASANA, factories.ASANA_FILES):
        yield simulator


@pytest.fixture
def datev() -> Iterator[Any]:
    """The simulated DATEV at https://datev.example."""
    from mlconnector.sandbox.datev import DatevSimulator

    simulator = DatevSimulator()
    with mounted(simulator, factories.DATEV):
        yield simulator


@pytest.fixture
def acumatica() -> Iterator[Any]:
    """The simulated Acumatica at https://acumatica.example/erp; pushes come to the product's own views."""
    from mlconnector.sandbox.acumatica import AcumaticaSimulator

    simulator = AcumaticaSimulator(post=post_to_product())
    with mounted(simulator, factories.ACUMATICA):
        yield simulator


@pytest.fixture
def jira() -> Iterator[Any]:
    """The simulated Jira: sign-in, API, pages and files at hosts of their own below jira.example.

    Its webhook deliveries come to the product's own views.
    """
    from mlconnector.sandbox.jira import API_URL, AUTH_URL, MEDIA_URL, WEB_URL, JiraSimulator

    simulator = JiraSimulator(post=post_to_product())
    with mounted(simulator, AUTH_URL, API_URL, WEB_URL, MEDIA_URL):
        yield simulator


@pytest.fixture
def exact() -> Iterator[Any]:
    """The simulated Exact Online at https://exact.example, without the limits by the minute and the day.

    Its webhook deliveries come to the product's own views.
    """
    from mlconnector.sandbox.exact import ExactSimulator

    simulator = ExactSimulator(post=post_to_product(), calls_per_minute=None, calls_per_day=None)
    with mounted(simulator, factories.EXACT):
        yield simulator


@pytest.fixture
def asana_connection(db: None, asana: Any) -> Connection:
    """A connection to the simulated Asana with a personal access token."""
    return factories.asana_connection(asana)


@pytest.fixture
def datev_connection(db: None, datev: Any) -> Connection:
    """A connection to the simulated DATEV, signed in."""
    return factories.datev_connection(datev)


@pytest.fixture
def exact_connection(db: None, exact: Any) -> Connection:
    """A connection to the simulated Exact Online, signed in, its division chosen."""
    return factories.exact_connection(exact)
