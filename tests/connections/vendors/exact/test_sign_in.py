"""Tokens of ten minutes that are never renewed too early and never by two, and a sign-in kept alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections as databases
from werkzeug.test import Client as Browser

from connections import oauth, services
from connections.errors import AccessLostError, TransientError
from connections.models import CallLog, Connection, Health, TokenSet
from connections.token_endpoint import TokenEndpoint
from connections.tokens import TokenStore
from connections.vendors.exact import VENDOR
from connections.vendors.exact.api import ExactApi
from connections.vendors.exact.login import profile
from mlconnector.sandbox.exact import ExactSimulator
from tests import factories
from tests.connections.vendors.exact.conftest import REAL_SLEEP, Times

pytestmark = pytest.mark.django_db


def refreshes(exact: ExactSimulator) -> list[int]:
    return [call.status for call in exact.refresh_log()]


def test_a_person_signs_in_and_the_company_is_chosen_from_those_that_are_open(
    exact: ExactSimulator, connection: Connection, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    address = oauth.start(connection, "anna")
    query = parse_qs(urlsplit(address).query)
    assert query["force_login"] == ["1"] and "scope" not in query
    back = urlsplit(Browser(exact).get(address.removeprefix(factories.EXACT)).headers["Location"])
    oauth.finish({name: values[0] for name, values in parse_qs(back.query).items()}, "anna")

    connection.settings = {**connection.settings, "division": ""}
    found = services.test_connection(connection, "anna")
    assert found.who == "Integration Muster" and found.facts["division"] is None
    assert "499156 Muster Bau GmbH" in str(found.missing[0])
    offered = VENDOR.discover["divisions"](connection, "")
    assert [option.ref for option in offered] == ["499156", "499157"]


def test_a_token_is_not_renewed_after_569_seconds_and_once_after_571(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    times.pass_by(timedelta(seconds=569))
    api.me()
    assert refreshes(exact) == []
    times.pass_by(timedelta(seconds=2))
    api.me()
    api.me()
    assert refreshes(exact) == [200]


def test_the_new_refresh_token_is_stored_before_the_new_access_token_is_used(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    times.pass_by(timedelta(seconds=571))
    exact.faults.add("current/Me", drop="before", times=1)
    with pytest.raises(TransientError):
        api.me()
    assert TokenSet.objects.get().generation == 2
    times.pass_by(timedelta(seconds=571))
    ExactApi(api.connection).me()
    assert refreshes(exact) == [200, 200]


def test_a_refused_token_that_is_too_young_is_waited_for_and_nobody_hammers(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    """The vendor counts each 401, and a token may be renewed only after 570 seconds."""
    times.pass_by(timedelta(seconds=100))
    exact.faults.add("current/Me", status=401, times=1)
    with pytest.raises(TransientError) as refused:
        api.me()
    assert refused.value.retry_after == timedelta(seconds=470)
    asked = len(exact.calls)
    with pytest.raises(TransientError):
        ExactApi(api.connection).me()
    assert len(exact.calls) == asked and refreshes(exact) == []

    times.pass_by(timedelta(seconds=471))
    assert api.me().name == "Integration Muster"
    assert refreshes(exact) == [200]
    assert Connection.objects.get().health == Health.OK


def test_the_vendors_too_early_ends_nothing(exact: ExactSimulator, api: ExactApi, times: Times) -> None:
    """Its clock may disagree with ours: the refresh token stays, and it is tried again after a pause."""
    exact.options.earliest_refresh_seconds = 590
    times.pass_by(timedelta(seconds=575))
    with pytest.raises(TransientError):
        api.me()
    asked = len(exact.refresh_log())
    with pytest.raises(TransientError):
        api.me()
    assert len(exact.refresh_log()) == asked
    times.pass_by(timedelta(seconds=31))
    assert api.me().name
    assert Connection.objects.get().health == Health.OK


def test_a_refresh_by_another_program_asks_for_a_person_and_is_not_tried_again(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    times.pass_by(timedelta(seconds=571))
    TokenEndpoint(api.connection, profile(api.connection)).refresh(
        TokenSet.objects.get().tokens["refresh_token"]
    )
    for _ in range(2):
        with pytest.raises(AccessLostError, match="Another program"):
            api.me()
    assert refreshes(exact) == [200, 401]
    assert Connection.objects.get().health == Health.SIGN_IN


def test_a_second_sign_in_of_the_same_user_and_app_ends_the_first(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    exact.add_oauth_tokens()
    times.pass_by(timedelta(seconds=571))
    with pytest.raises(AccessLostError):
        api.me()
    assert Connection.objects.get().health == Health.SIGN_IN


def test_a_lost_answer_is_asked_for_again_and_then_the_vendor_decides(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    times.pass_by(timedelta(seconds=571))
    exact.faults.add("oauth.token", drop="before", times=1)
    with pytest.raises(TransientError):
        api.me()
    times.pass_by(timedelta(seconds=31))
    assert api.me().name

    times.pass_by(timedelta(seconds=571))
    exact.faults.add("oauth.token", drop="after", times=1)
    with pytest.raises(TransientError):
        api.me()
    times.pass_by(timedelta(seconds=31))
    with pytest.raises(AccessLostError):
        api.me()


def test_a_connection_that_nobody_uses_is_still_signed_in_after_30_and_after_100_days(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    for day in range(1, 101):
        times.pass_by(timedelta(days=1))
        services.keep_alive(times.now)
        if day in (30, 31):
            assert Connection.objects.get().health == Health.OK and services.expiring_soon(times.now) == []
    assert api.me().name == "Integration Muster"
    # About every eleventh day, far from the 200 calls a day.
    assert 8 <= len(exact.refresh_log()) <= 12


def test_after_31_days_without_keeping_alive_a_person_is_asked(
    exact: ExactSimulator, api: ExactApi, times: Times
) -> None:
    assert services.expiring_soon(times.now) == []
    times.pass_by(timedelta(days=28))
    assert services.expiring_soon(times.now) == [TokenSet.objects.get()]
    times.pass_by(timedelta(days=3))
    with pytest.raises(AccessLostError, match="sign in again"):
        api.me()
    assert Connection.objects.get().health == Health.SIGN_IN


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_none_renews_after_569_seconds_and_one_after_571(
    make_exact: Callable[..., ExactSimulator],
    times: Times,
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", REAL_SLEEP)
    exact = make_exact()
    connection = factories.exact_connection(exact)
    tokens: list[str] = []

    def work() -> None:
        # On a slow machine its patience may end before the one that renews is done.
        with suppress(TransientError):
            tokens.append(TokenStore(connection).current())
        databases.close_all()

    def all_at_once() -> set[str]:
        tokens.clear()
        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return set(tokens)

    times.pass_by(timedelta(seconds=569))
    before = all_at_once()
    assert len(before) == 1 and refreshes(exact) == []
    times.pass_by(timedelta(seconds=2))
    after = all_at_once()
    assert len(after) == 1 and after != before
    assert refreshes(exact) == [200]


def test_secrets_stay_out_of_the_call_log(api: ExactApi, exact: ExactSimulator, times: Times) -> None:
    times.pass_by(timedelta(seconds=571))
    api.me()
    kept = str(list(CallLog.objects.values()))
    held = TokenSet.objects.get().tokens
    for secret in (exact.client_secret, exact.webhook_secret, held["access_token"], held["refresh_token"]):
        assert secret not in kept
