"""Calls by the minute and the day, errors by the hour: kept by all workers, and nobody sleeps for long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connections import housekeeping
from connections.breaker import Breaker, closed_now
from connections.errors import ConnectorError, RejectedError, TransientError
from connections.models import AuditEntry, Connection, EndpointCall
from connections.vendors.exact import VENDOR
from connections.vendors.exact.api import ExactApi
from connections.vendors.exact.watch import ERRORS, Quota, quotas, rate
from mlconnector.sandbox.exact import ExactSimulator
from tests import factories
from tests.connections.vendors.exact.conftest import Times

pytestmark = pytest.mark.django_db
ENDPOINT = "hrm/Costcenters"


def patiently(times: Times, work: Callable[[], object]) -> None:
    """As records do it: what must wait is given back and comes again when it is due."""
    while True:
        try:
            work()
            return
        except TransientError as error:
            assert error.retry_after is not None and error.status != 429, error
            times.pass_by(error.retry_after)


def fail_once(exact: ExactSimulator, api: ExactApi) -> ConnectorError:
    """A call that the vendor refuses with 404."""
    fault = exact.faults.add(f"{ENDPOINT}.list", status=404, times=1)
    try:
        with pytest.raises(ConnectorError) as refused:
            api.cost_centers()
    finally:
        fault.times = 0
    return refused.value


# --- calls ---


def test_500_documents_at_60_calls_a_minute_provoke_no_429(
    exact: ExactSimulator, connection: Connection, times: Times
) -> None:
    orders = [exact.add_purchase_order() for _ in range(500)]
    api, began = ExactApi(connection), times.now
    exact.options.access_token_seconds = 10**6
    other = ExactApi(factories.exact_connection(exact, "Zweite", exact.clerk, division="499157"))
    found: set[str] = set()
    for start in range(0, 500, 10):
        patiently(times, lambda some=orders[start : start + 10]: found.update(api.purchase_orders(some)))  # type: ignore[misc]
        if start % 100 == 0:
            assert other.purchase_orders(orders[:1]) == {}, "another connection goes on meanwhile"
    assert found == set(orders)
    assert {call.status for call in exact.calls} == {200}
    assert max(times.slept) <= 2
    calls, minutes = len(exact.calls), (times.now - began) / timedelta(minutes=1)
    assert 40 <= calls / minutes <= 60, "at least two thirds of what is allowed"


def test_the_rate_leaves_room_for_the_burst(connection: Connection) -> None:
    for allowed in (3, 60, 100, 3000):
        connection.settings["calls_per_minute"] = allowed
        found = rate(connection)
        assert found.per_minute + found.burst == allowed
    for senseless in ("", "0", "-5", "x"):
        connection.settings["calls_per_minute"] = senseless
        assert rate(connection).per_minute > 0


def test_what_others_have_used_up_is_believed(
    exact: ExactSimulator, connection: Connection, api: ExactApi, times: Times
) -> None:
    """Another program under the same app: the headers say more than our own count."""
    exact.use_up(minute=59)
    api.cost_centers()
    asked = len(exact.calls)
    with pytest.raises(TransientError) as rests:
        api.cost_centers()
    assert len(exact.calls) == asked
    assert rests.value.retry_after is not None and rests.value.retry_after <= timedelta(seconds=61)
    times.pass_by(rests.value.retry_after)
    assert api.cost_centers() == []


def test_a_429_of_the_minute_rests_until_the_minute_is_over(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    exact.use_up(minute=60)
    with pytest.raises(TransientError) as refused:
        api.cost_centers()
    assert refused.value.status == 429 and refused.value.code == "minute"
    assert refused.value.retry_after == timedelta(seconds=31), "09:20:30 to the full minute"
    times.pass_by(refused.value.retry_after)
    assert api.cost_centers() == []


def test_a_day_that_is_used_up_rests_until_it_begins_anew_and_is_shown(
    exact: ExactSimulator, connection: Connection, api: ExactApi, times: Times
) -> None:
    exact.use_up(day=5000)
    with pytest.raises(TransientError, match="for the day") as refused:
        api.cost_centers()
    assert refused.value.retry_after is not None and refused.value.retry_after > timedelta(hours=12)
    asked = len(exact.calls)
    with pytest.raises(TransientError):
        ExactApi(connection).me()
    assert len(exact.calls) == asked and not times.slept[1:]
    assert "2026-01-16 00:00" in str(VENDOR.notes(connection)[0])
    times.pass_by(refused.value.retry_after)
    assert api.cost_centers() == [] and list(VENDOR.notes(connection)) == []


def test_some_calls_of_the_day_may_be_left_to_others(
    exact: ExactSimulator, connection: Connection, times: Times
) -> None:
    connection.settings["calls_left_a_day"] = 1000
    exact.use_up(day=3999)
    api = ExactApi(connection)
    api.cost_centers()
    with pytest.raises(TransientError):
        api.cost_centers()
    assert len(exact.calls_to(f"{ENDPOINT}.list")) == 1


def test_a_missing_header_is_not_a_zero() -> None:
    found = quotas({"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "x"})
    assert found.minute == Quota(None, None, None)
    assert found.day == Quota(5000, None, None)
    assert quotas({"X-RateLimit-Reset": "9" * 30}).day.resets_at is None


# --- errors ---


def test_the_breaker_opens_before_the_tenth_error_says_so_and_closes_by_itself(
    exact: ExactSimulator, connection: Connection, api: ExactApi, times: Times
) -> None:
    for _ in range(6):
        assert fail_once(exact, api).status == 404
        times.pass_by(timedelta(minutes=1))
    asked = len(exact.calls)
    for _ in range(20):
        with pytest.raises(TransientError, match=r"hrm/Costcenters.*2026-01-15 10:20 UTC") as closed:
            ExactApi(connection).cost_centers()
    assert len(exact.calls) == asked, "nothing is sent any more"
    assert closed.value.retry_after == timedelta(minutes=54)
    assert "hrm/Costcenters" in str(VENDOR.notes(connection)[0])
    assert AuditEntry.objects.filter(action="connection.endpoint_closed").count() == 1

    assert ExactApi(connection).cost_units() == [], "other endpoints go on"
    times.pass_by(closed.value.retry_after + timedelta(seconds=1))
    assert api.cost_centers() == [] and list(VENDOR.notes(connection)) == []


def test_hours_of_errors_never_bring_ten_in_an_hour(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    """The vendor itself would block the app, and longer each time."""
    exact.faults.add(f"{ENDPOINT}.list", status=400, times=None)
    errors = []
    for _ in range(6 * 12):
        try:
            api.cost_centers()
        except RejectedError:
            errors.append(times.now)
        except TransientError:
            pass
        times.pass_by(timedelta(minutes=5))
    assert len(errors) > 30
    assert all(
        sum(begin <= at < begin + timedelta(hours=1) for at in errors) <= ERRORS.most for begin in errors
    )


def test_many_workers_together_stay_below_the_vendors_number(connection: Connection, times: Times) -> None:
    """Each call that is under way may become an error: nine may be, or have been."""
    breaker = Breaker(connection, ERRORS)
    for _ in range(3):
        breaker.leave(breaker.enter(ENDPOINT), 404)
    under_way = [breaker.enter(ENDPOINT) for _ in range(6)]
    with pytest.raises(TransientError) as full:
        breaker.enter(ENDPOINT)
    assert full.value.retry_after == timedelta(seconds=5)
    for call in under_way:
        breaker.leave(call, 404)
    assert EndpointCall.objects.count() == 9
    with pytest.raises(TransientError) as closed:
        breaker.enter(ENDPOINT)
    assert closed.value.code == "endpoint_closed"


def test_good_answers_and_dead_workers_leave_nothing_behind(connection: Connection, times: Times) -> None:
    breaker = Breaker(connection, ERRORS)
    for status in (200, 204, 429, 500, None):
        breaker.leave(breaker.enter(ENDPOINT), status)
    assert EndpointCall.objects.count() == 0
    for _ in range(9):
        breaker.enter(ENDPOINT)  # whose worker dies
    with pytest.raises(TransientError):
        breaker.enter(ENDPOINT)
    times.pass_by(timedelta(minutes=4))
    breaker.enter(ENDPOINT)
    assert list(closed_now(connection, ERRORS)) == []


def test_a_refusal_of_the_token_counts_for_the_endpoint_that_was_called(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    times.pass_by(timedelta(seconds=575))
    api.me()
    times.pass_by(timedelta(seconds=575))
    exact.faults.add(f"{ENDPOINT}.list", status=401, times=1)
    with pytest.raises(TransientError):
        api.cost_centers()
    assert list(EndpointCall.objects.values_list("endpoint", "status")) == [(ENDPOINT, 401)]


def test_connections_have_budgets_of_their_own_and_old_errors_are_tidied_up(
    exact: ExactSimulator, connection: Connection, times: Times
) -> None:
    other = factories.exact_connection(exact, "Zweite")
    breaker = Breaker(connection, ERRORS)
    for _ in range(6):
        breaker.leave(breaker.enter(ENDPOINT), 403)
    assert Breaker(other, ERRORS).enter(ENDPOINT)
    assert housekeeping.clean_up(times.now + timedelta(days=2))["endpoint_calls"] == 7
