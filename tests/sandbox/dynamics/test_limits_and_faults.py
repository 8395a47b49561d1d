"""Service protection limits, and faults as the vendor answers them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from tests.sandbox.dynamics.conftest import error


def test_too_many_requests_in_five_minutes(api, sim):
    sim.options.requests_in_window = 2
    api.read("WhoAmI")
    sim.pass_time(timedelta(seconds=100))
    api.read("WhoAmI")

    first, second = api.get("WhoAmI"), api.get("WhoAmI")

    assert error(first) == (429, "0x80072322")
    assert first.headers["Retry-After"] == "200"
    # Going on calling lengthens the wait.
    assert int(second.headers["Retry-After"]) > 200
    sim.pass_time(timedelta(seconds=200))
    assert api.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "0"


def test_too_much_execution_time(api, sim):
    sim.options.seconds_per_request = 700
    api.read("WhoAmI")

    assert error(api.get("WhoAmI")) == (429, "0x80072321")


def test_too_many_at_the_same_moment(api, sim):
    sim.options.concurrent_requests = 0

    answer = api.get("WhoAmI")

    assert error(answer) == (429, "0x80072326")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "kind", ["429", "429 duration", "500", "sql timeout", "plug-in", "502", "503", "504"]
)
def test_faults_on_one_route(api, sim, invoice, kind):
    sim.fail("invoices.list", kind)

    assert api.get("WhoAmI").status_code == 200
    assert api.get("invoices?$select=name").status_code >= 400
    assert api.get("invoices?$select=name").status_code == 200


def test_a_lost_answer(api, sim, invoice):
    sim.fail("invoices.change", "drop after")

    with pytest.raises(requests.ConnectionError):
        api.call("PATCH", f"invoices({invoice})", json={"name": "angekommen"})
    assert sim.values(invoice)["name"] == "angekommen"


def test_every_answer_can_be_named_to_the_vendor(api):
    assert api.get("WhoAmI").headers["x-ms-service-request-id"]


def test_calls_are_counted_by_table(api, sim, invoice):
    api.get("invoices?$select=name")
    api.get(f"invoices({invoice})?$select=name")

    assert (sim.counts["invoices.list"], sim.counts["invoices.one"]) == (1, 1)
