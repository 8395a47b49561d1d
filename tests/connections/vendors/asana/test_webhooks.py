"""Webhooks at the simulated Asana: registered with a handshake, found, watched, removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connections.base import Handshake
from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError
from connections.models import Connection
from connections.vendors.asana.webhooks import WEBHOOKS, task_refs
from tests.connections.vendors.asana.scripted import answering

TARGET = "https://hub.example/hooks/asana/6f1c/"


class Receiver:
    """Our side of the wire: answers handshakes, keeps deliveries."""

    def __init__(self) -> None:
        self.handshakes: list[Handshake] = []
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        self.echo: Callable[[str], str] = lambda secret: secret

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        handshake = WEBHOOKS.handshake(headers, body)
        if handshake is None:
            self.deliveries.append((headers, body))
            return 200, {}, b""
        self.handshakes.append(handshake)
        return 200, {name: self.echo(value) for name, value in handshake.answer_headers.items()}, b""


@pytest.fixture
def receiver(asana: Any) -> Receiver:
    asana.post = receiver = Receiver()
    return receiver


@pytest.fixture
def connection(connection: Connection, asana: Any) -> Connection:
    connection.secrets = {"pat": asana.pat}
    connection.save()
    return connection


@pytest.fixture
def project(asana: Any) -> str:
    return asana.add_project()


def test_the_secret_of_the_answer_is_the_one_of_the_handshake(
    connection: Connection, project: str, receiver: Receiver
) -> None:
    gid, secret = WEBHOOKS.register(connection, project, TARGET)

    assert secret and [handshake.secret for handshake in receiver.handshakes] == [secret]
    assert WEBHOOKS.find(connection, project, TARGET) == gid


def test_an_approval_reaches_us_signed_and_names_its_task(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    _, secret = WEBHOOKS.register(connection, project, TARGET)
    asana.deliver()
    task = asana.add_task(project, "Rechnung Müller")
    asana.deliver()
    receiver.deliveries.clear()

    asana.approve(task)
    asana.deliver()

    ((headers, body),) = receiver.deliveries
    assert WEBHOOKS.is_genuine(headers, body, secret)
    assert not WEBHOOKS.is_genuine(headers, json.dumps(json.loads(body)).encode(), secret)
    assert [(ref.gid, ref.is_deleted) for ref in task_refs(body)] == [(task, False)]


@pytest.mark.parametrize("what", ["field", "attachment", "rename", "complete", "delete", "add"])
def test_whatever_matters_to_a_task_wakes_it(
    connection: Connection, asana: Any, project: str, receiver: Receiver, what: str
) -> None:
    field = asana.add_custom_field(project, "Betrag", "number")
    task = asana.add_task(project)
    WEBHOOKS.register(connection, project, TARGET)
    asana.deliver()
    receiver.deliveries.clear()

    woken = task
    if what == "field":
        asana.set_field(task, field, 5)
    elif what == "attachment":
        asana.add_attachment(task)
    elif what == "rename":
        asana.rename_task(task, "neu")
    elif what == "complete":
        asana.complete(task)
    elif what == "delete":
        asana.delete_task(task)
    else:
        woken = asana.add_task(project)
    asana.deliver()

    refs = [ref for _, body in receiver.deliveries for ref in task_refs(body)]
    assert {(ref.gid, ref.is_deleted) for ref in refs} == {(woken, what == "delete")}


def test_the_first_heartbeat_is_genuine_and_wakes_nobody(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    _, secret = WEBHOOKS.register(connection, project, TARGET)

    asana.deliver()

    ((headers, body),) = receiver.deliveries
    assert WEBHOOKS.is_genuine(headers, body, secret)
    assert task_refs(body) == []


def test_a_second_webhook_for_the_same_target_is_a_duplicate(
    connection: Connection, project: str, receiver: Receiver
) -> None:
    WEBHOOKS.register(connection, project, TARGET)

    with pytest.raises(RejectedError) as caught:
        WEBHOOKS.register(connection, project, TARGET)

    assert caught.value.code == "duplicate"


def test_a_lost_answer_leaves_a_webhook_that_is_found_and_removed(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    asana.fail("POST /webhooks", "drop after")

    with pytest.raises(OutcomeUnknownError):
        WEBHOOKS.register(connection, project, TARGET)
    left_behind = WEBHOOKS.find(connection, project, TARGET)
    assert left_behind is not None
    WEBHOOKS.remove(connection, left_behind)
    gid, secret = WEBHOOKS.register(connection, project, TARGET)

    assert (gid != left_behind, secret) == (True, receiver.handshakes[-1].secret)


def test_only_exactly_our_target_on_exactly_this_project_is_ours(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    WEBHOOKS.register(connection, project, TARGET + "other/")
    WEBHOOKS.register(connection, asana.add_project(), TARGET)

    assert WEBHOOKS.find(connection, project, TARGET) is None


def test_a_failed_handshake_registers_nothing_and_says_what_to_check(
    connection: Connection, project: str, receiver: Receiver
) -> None:
    receiver.echo = lambda secret: "something else"

    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        WEBHOOKS.register(connection, project, TARGET)

    assert WEBHOOKS.find(connection, project, TARGET) is None


def test_a_target_that_asana_can_not_reach_is_a_matter_of_our_address(
    connection: Connection, project: str, receiver: Receiver
) -> None:
    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        WEBHOOKS.register(connection, project, "https://localhost/hooks/")


def test_a_working_webhook_is_active_and_tells_its_last_success(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    gid, _ = WEBHOOKS.register(connection, project, TARGET)
    asana.deliver()

    state = WEBHOOKS.state(connection, gid)

    assert (state.exists, state.is_active, state.vendor_ref) == (True, True, gid)
    assert state.last_success_at is not None
    assert abs(state.last_success_at - asana.clock.now()) < timedelta(seconds=5)


def test_a_webhook_that_asana_deleted_after_a_day_of_failures_does_not_exist(
    connection: Connection, asana: Any, project: str, receiver: Receiver
) -> None:
    gid, _ = WEBHOOKS.register(connection, project, TARGET)
    asana.post = lambda url, headers, body: (500, {}, b"")
    asana.pass_time(timedelta(hours=25))

    assert WEBHOOKS.state(connection, gid).exists is False


def test_a_webhook_is_removed_and_removing_it_again_is_fine(
    connection: Connection, project: str, receiver: Receiver
) -> None:
    gid, _ = WEBHOOKS.register(connection, project, TARGET)

    WEBHOOKS.remove(connection, gid)
    WEBHOOKS.remove(connection, gid)

    assert WEBHOOKS.find(connection, project, TARGET) is None


def test_a_webhook_is_silent_for_a_day_at_most() -> None:
    assert WEBHOOKS.silence_limit == timedelta(hours=24)


def test_an_answer_without_a_secret_gives_none(connection: Connection) -> None:
    with answering((201, {"data": {"gid": "43214"}})):
        assert WEBHOOKS.register(connection, "100", TARGET) == ("43214", "")
