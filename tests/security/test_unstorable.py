"""NUL and halves of surrogate pairs from outside: kept as a replacement, and nothing breaks anywhere."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from connections.models import Connection
from mlconnector.config import reading
from mlconnector.sandbox.dynamics import DynamicsSimulator
from pairs import hooks, work
from pairs.models import Delivery, Record, RecordState, Webhook
from tests.mounting import mounted
from tests.pairs.dynamics_world import DynamicsWorld
from tests.pairs.jira_world import JiraWorld
from tests.pairs.world import World

BAD = "Müller\x00 & Söhne"
KEPT = "Müller\ufffd & Söhne"


@pytest.fixture
def dynamics() -> Iterator[Any]:
    simulator = DynamicsSimulator()
    with mounted(simulator, *simulator.mounts):
        yield simulator


def test_a_task_with_nul_in_its_texts_is_booked(asana: Any, datev: Any, db: None) -> None:
    world = World(asana, datev)
    gid = world.approved(BAD)

    world.work(minutes=5)

    record = world.record(gid)
    assert (record.state, record.label) == (RecordState.DONE, KEPT), record.reason
    (booking,) = datev.bookings()
    assert booking["text"].startswith("Müller") and "\x00" not in booking["text"]


def test_a_number_with_nul_is_refused_in_words_and_no_guess(asana: Any, datev: Any, db: None) -> None:
    world = World(asana, datev)
    gid = world.approved("Büro", document_number="RE-\x001")

    world.work(minutes=5)

    record = world.record(gid)
    assert record.state == RecordState.REFUSED, record.reason
    assert "\ufffd" in json.dumps(record.faults, ensure_ascii=False)
    assert datev.bookings() == []


def test_an_invoice_with_nul_in_customer_and_lines_is_booked(dynamics: Any, datev: Any, db: None) -> None:
    world = DynamicsWorld(dynamics, datev)
    customer = dynamics.add_account(BAD, "10778", address1_country="Deutschland")
    ref = world.billed({"text": BAD, "price": "100.00", "rate": 19}, customer=customer)

    world.work(minutes=10)

    assert world.record(ref).state == RecordState.DONE, (world.record(ref).reason, world.record(ref).faults)
    assert len(datev.bookings()) == 1


def test_an_issue_with_nul_in_its_texts_sends_the_corrected_file(jira: Any, datev: Any, db: None) -> None:
    world = JiraWorld(jira, datev)
    batch = world.refused()
    world.work(3)
    world.issue.values["summary"] = BAD
    world.correct(batch, posting_text="neu")
    world.move(world.issue)

    world.work(10)

    assert world.record().state == RecordState.DONE, world.record().reason
    assert world.record(flow="done").state == RecordState.DONE


# --- what strangers and people send ---


def test_a_signed_delivery_with_nul_wakes_what_it_names_and_breaks_nothing(
    asana: Any, datev: Any, db: None, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    world = World(asana, datev)
    work.webhooks()
    hook = Webhook.objects.get()
    gid = world.task()
    events = [
        {"resource": {"gid": ref, "resource_type": "task", "\x00": "\ud800"}, "action": "changed\x00"}
        for ref in (gid, "12\x00", "\ud800")
    ]
    body = json.dumps({"events": events}).encode()
    signature = hmac.new(hook.secrets["secret"].encode(), body, hashlib.sha256).hexdigest()

    answer = Client().post(
        urlsplit(hooks.address(hook)).path,
        body,
        content_type="application/json",
        headers={"X-Hook-Signature": signature, "User-Agent": "Asana\x00"},
    )
    while work.deliveries():
        pass

    assert answer.status_code == 200
    delivery = Delivery.objects.get(webhook=hook)
    assert bytes(delivery.body) == body and delivery.worked_at
    assert list(Record.objects.values_list("source_ref", flat=True)) == [gid]


def test_a_configuration_with_such_a_character_is_refused_with_its_line() -> None:
    text = 'version: 1\nconnections:\n  - name: "Asana \\0 Muster"\n    vendor: "\\uD800"\n'
    document, faults = reading.read(text)
    assert not document and "line 3" in faults[0] and "no database keeps" in faults[0]


QUERIES = ("q=%00", "name=%00", "o=%00", "vendor=%00", "p=%00", "id__in=%00", "q=%ED%A0%80", "name=%ED%A0%80")
PAGES = (
    "admin:connections_connection_changelist",
    "admin:pairs_record_changelist",
    "admin:connections_connection_add",
    "admin:login",
    "oauth:callback",
)


@pytest.mark.parametrize("query", QUERIES)
def test_no_address_with_nul_breaks_a_page(admin_client: Client, query: str) -> None:
    admin_client.raise_request_exception = False
    for page in PAGES:
        assert admin_client.get(f"{reverse(page)}?{query}").status_code < 500, page
    assert admin_client.get(f"/hooks/a%00/?{query}").status_code in (400, 404)


def test_a_name_with_nul_is_refused_by_the_form_in_words(admin_client: Client) -> None:
    form = {"name": "Asana \x00 Muster", "secret_pat": "a\x00b"}
    answer = admin_client.post(f"{reverse('admin:connections_connection_add')}?vendor=asana", form)
    errors = answer.context["adminform"].form.errors
    assert errors["name"] == errors["secret_pat"] == ["Null characters are not allowed."]
    assert not Connection.objects.exists()
