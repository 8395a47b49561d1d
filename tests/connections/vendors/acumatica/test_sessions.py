"""Cookie sessions: one at a time, all of them closed, also after a kill; and the licence's limit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connections import clock, limits, queue, services
from connections.errors import AccessLostError, ConfigurationError, TransientError
from connections.models import AuditEntry, CallLog, Connection, Health, VendorSession
from connections.sessions import SessionStore, slice_of_work
from connections.sign_in import asked_by_person
from connections.vendors.acumatica import VENDOR
from connections.vendors.acumatica.api import BILL, ActionEnd, AcumaticaApi
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from pairs import tasks

LEASE_IS_OVER = timedelta(minutes=6)


def accounts(acumatica: AcumaticaSimulator) -> tuple[int, int, int]:
    """(opened, closed, most at once)"""
    return acumatica.sessions_opened, acumatica.sessions_closed, acumatica.sessions_most_at_once


def test_a_slice_of_work_is_one_session(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    bill = acumatica.add_bill()
    with slice_of_work():
        by_session.changes(BILL)
        by_session.document(BILL, bill)
        assert acumatica.sessions_open == 1
        by_session.run_action(BILL, bill, "ReleaseBill")
    assert accounts(acumatica) == (1, 1, 1)
    login = acumatica.calls_to("login")[0]
    assert login.json() == {"name": acumatica.user, "password": acumatica.password, "tenant": "MUSTER"}


def test_a_single_call_is_signed_out_of_too(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    by_session.changes(BILL)
    by_session.employees()
    assert accounts(acumatica) == (2, 2, 1)


def test_an_error_inside_is_signed_out_of(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.fail("GET /Bill", "500")
    with pytest.raises(TransientError):
        by_session.changes(BILL)
    assert accounts(acumatica) == (1, 1, 1)


def test_the_branch_is_signed_in_to(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    by_session.connection.settings["branch"] = "NORD"
    by_session.connection.save()
    by_session.changes(BILL)
    assert acumatica.calls_to("login")[0].json()["branch"] == "NORD"


def test_signing_out_says_its_length(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    by_session.changes(BILL)
    assert acumatica.calls_to("logout")[0].headers["Content-Length"] == "0"


def test_the_cookies_are_stored_encrypted_and_gone_afterwards(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    with slice_of_work():
        by_session.changes(BILL)
        row = VendorSession.objects.extra(select={"stored": "keys"}).get()
        assert row.keys and not any(value in row.stored for value in row.keys.values())
    assert VendorSession.objects.get().keys == {}


def test_a_session_that_the_site_has_ended_is_replaced_once(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    with slice_of_work():
        by_session.changes(BILL)
        acumatica.end_sessions()
        by_session.changes(BILL)
    assert (acumatica.sessions_opened, acumatica.sessions_open) == (2, 0)
    assert acumatica.sessions_most_at_once == 1


def test_only_one_worker_at_a_time(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    """The other one is told to come back; nothing is opened for it."""
    other = SessionStore(by_session.connection, by_session.client.sessions.ways, signs_in=True)
    with slice_of_work():
        by_session.changes(BILL)
        with pytest.raises(TransientError, match="only one may do so at a time"):
            _elsewhere(other.ready)
    assert accounts(acumatica) == (1, 1, 1)


def test_a_turn_that_is_somebody_elses_is_waited_for_once_in_a_slice(by_session: AcumaticaApi) -> None:
    """A worker with many records for a busy connection must not sleep before each of them."""
    other = SessionStore(by_session.connection, by_session.client.sessions.ways, signs_in=True)

    def two_records() -> list[timedelta]:
        waits = []
        for _ in range(2):
            started = clock.now()
            with pytest.raises(TransientError):
                other.ready()
            waits.append(clock.now() - started)
        return waits

    with slice_of_work():
        by_session.changes(BILL)
        first, second = _elsewhere(two_records)
    assert second < timedelta(seconds=1) < first < timedelta(seconds=3)


def _elsewhere(work: Callable[[], Any]) -> Any:
    """What another worker does, outside of this one's slice."""
    from connections import sessions

    token = sessions._slice.set(None)
    try:
        with slice_of_work():
            return work()
    finally:
        sessions._slice.reset(token)


def test_a_worker_that_was_slower_than_its_lease_does_not_disturb_the_next_one(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    other = AcumaticaApi(by_session.connection)
    with slice_of_work():
        by_session.changes(BILL)
        clock.advance(LEASE_IS_OVER)
        _elsewhere(lambda: other.changes(BILL))
        with pytest.raises(TransientError):
            by_session.changes(BILL)
    assert accounts(acumatica) == (2, 2, 1)


# --- killed workers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_wherever_a_worker_is_killed_its_session_is_ended(
    by_session: AcumaticaApi,
    acumatica: AcumaticaSimulator,
    killed_at: Callable[[Callable[[], Any], int, bool], bool],
    is_after: bool,
) -> None:
    """Only a sign-in whose answer nobody has got may leave one open, and it is counted: whether it arrived or
    not looks the same from here. Nobody signs in before Acumatica has ended it: one is open at most."""
    bill = acumatica.add_bill()

    def work() -> None:
        api = AcumaticaApi(by_session.connection)
        with slice_of_work():
            api.changes(BILL)
            if api.state(BILL, bill).status == "Balanced":
                api.run_action(BILL, bill, "ReleaseBill")
            api.document(BILL, bill)

    number = 1
    while killed_at(work, number, is_after):
        if acumatica.bill(bill)["Status"] != "Balanced":
            acumatica.change_bill(bill, status="Balanced")
        before = acumatica.sessions_opened
        clock.advance(LEASE_IS_OVER)
        services.end_sessions(clock.now())
        if number == 1:
            assert acumatica.sessions_open == (1 if is_after else 0)
            with pytest.raises(TransientError):
                by_session.changes(BILL)
            assert acumatica.sessions_opened == before
            clock.advance(timedelta(minutes=20))
        by_session.changes(BILL)
        never_signed_out = acumatica.sessions_opened - acumatica.sessions_closed
        assert (never_signed_out, acumatica.sessions_open) == (1 if is_after else 0, 0), number
        assert VendorSession.objects.get().lost == 1, number
        assert acumatica.sessions_opened > before
        number += 1
    assert number == 8, "login, three reads, the action, its state, one read, logout"
    assert acumatica.sessions_most_at_once == 1


def test_the_next_worker_ends_what_a_killed_one_left_before_it_signs_in(
    by_session: AcumaticaApi,
    acumatica: AcumaticaSimulator,
    killed_at: Callable[[Callable[[], Any], int, bool], bool],
) -> None:
    assert killed_at(lambda: by_session.changes(BILL), 2, True)
    assert acumatica.sessions_open == 1
    with pytest.raises(TransientError):
        by_session.changes(BILL)
    clock.advance(LEASE_IS_OVER)
    by_session.changes(BILL)
    assert [call.route for call in acumatica.calls] == ["login", "list", "logout", "login", "list", "logout"]
    assert accounts(acumatica) == (2, 2, 1)


def test_the_clock_ends_it_when_nobody_comes(
    monkeypatch: pytest.MonkeyPatch,
    by_session: AcumaticaApi,
    acumatica: AcumaticaSimulator,
    killed_at: Callable[[Callable[[], Any], int, bool], bool],
) -> None:
    killed_at(lambda: by_session.changes(BILL), 2, False)
    assert services.end_sessions(clock.now()) == 0, "it is still that worker's turn"
    clock.advance(LEASE_IS_OVER)
    queued = []
    monkeypatch.setattr(queue, "wake", lambda name, *arguments: queued.append(name))
    tasks.tick()
    assert "pairs.tasks.end_sessions" in queued and acumatica.sessions_open == 1, "the tick calls nobody"
    assert tasks.end_sessions() == "1 sessions ended"
    assert services.sessions_left_open(clock.now()) == []
    assert accounts(acumatica) == (1, 1, 1)


def test_a_sign_out_that_fails_is_made_up_for(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.fail("POST /entity/auth/logout", "503", times=2)
    by_session.changes(BILL)
    assert acumatica.sessions_open == 1
    with pytest.raises(TransientError, match="could not be signed out of"):
        by_session.changes(BILL)
    clock.advance(timedelta(minutes=1))
    by_session.changes(BILL)
    assert accounts(acumatica) == (2, 2, 1)


def test_a_lost_answer_to_a_sign_in_is_counted_and_said(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    """It may occupy a place of the licence, so nobody tries again before Acumatica has freed that."""
    acumatica.fail("POST /entity/auth/login", "drop after")
    for _ in range(3):
        with pytest.raises(TransientError):
            by_session.changes(BILL)
        clock.advance(timedelta(minutes=6))
    assert VendorSession.objects.get().lost == len(acumatica.calls_to("login")) == 1
    assert AuditEntry.objects.filter(action="connection.session_lost").count() == 1
    clock.advance(timedelta(minutes=4))
    by_session.changes(BILL)
    assert accounts(acumatica) == (2, 1, 1)


def test_a_site_that_sends_a_page_has_opened_no_session(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.is_sick = True
    headers = {"Location": "/erp/Frames/Error.aspx", "Set-Cookie": "ASP.NET_SessionId=x; path=/"}
    acumatica.faults.add("POST /entity/auth/login", status=302, headers=headers)
    with pytest.raises(TransientError, match="a page instead of data"):
        by_session.changes(BILL)
    assert VendorSession.objects.get().lost == 0


def test_neither_password_nor_cookie_stands_in_the_call_log(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    with slice_of_work():
        by_session.changes(BILL)
        cookies = list(VendorSession.objects.get().keys.values())
        acumatica.fail(
            "GET /Bill", "500", body={"exceptionType": "X", "exceptionMessage": "; ".join(cookies)}
        )
        with pytest.raises(TransientError):
            by_session.changes(BILL)
    kept = json.dumps(list(CallLog.objects.values()), default=str)
    assert cookies and not any(secret in kept for secret in (*cookies, acumatica.password))


# --- the licence ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "plain", "html"])
def test_a_full_licence_is_recognised_in_each_form_and_everybody_pauses(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator, form: str
) -> None:
    acumatica.options.login_limit_form = form
    acumatica.options.max_api_users = 0
    for _ in range(3):
        with pytest.raises(TransientError) as raised:
            by_session.changes(BILL)
        assert raised.value.retry_after > timedelta(minutes=4)
        assert len(acumatica.calls_to("login")) == 1, "no retry storm"
    assert "SM604000" in str(_first_message(by_session))
    assert limits.paused_until(by_session.connection) is not None
    assert VendorSession.objects.get().lost == 0

    acumatica.options.max_api_users = 2
    clock.advance(timedelta(minutes=5, seconds=1))
    by_session.changes(BILL)
    assert accounts(acumatica) == (1, 1, 1)


def _first_message(api: AcumaticaApi) -> Any:
    """What "Test connection" says once the pause is over."""
    clock.advance(timedelta(minutes=5, seconds=1))
    with pytest.raises(TransientError) as raised:
        services.test_connection(api.connection, "anna")
    return raised.value


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_token_without_a_place_is_the_same_trouble(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, form: str
) -> None:
    acumatica.options.login_limit_form = form
    acumatica.options.max_api_users = 0
    with pytest.raises(TransientError, match="SM604000") as raised:
        api.changes(BILL)
    assert raised.value.retry_after == timedelta(minutes=5)


def test_a_pause_does_not_keep_the_session_open(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    """Signing out is not counted by the licence and waits for nobody."""
    acumatica.options.decline = 1
    with pytest.raises(TransientError):
        by_session.changes(BILL)
    assert limits.paused_until(by_session.connection) is not None
    assert accounts(acumatica) == (1, 1, 1)


# --- refused sign-ins -------------------------------------------------------------------------------------


def test_a_wrong_password_is_not_repeated_until_a_person_wants_to_know(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    connection = by_session.connection
    connection.secrets = {**connection.secrets, "password": "wrong"}
    connection.save()
    for _ in range(3):
        with pytest.raises(AccessLostError, match="lock the user"):
            by_session.changes(BILL)
    assert len(acumatica.calls_to("login")) == 1
    assert Connection.objects.get().health == Health.SIGN_IN
    with asked_by_person(), pytest.raises(AccessLostError):
        by_session.changes(BILL)
    assert len(acumatica.calls_to("login")) == 2


def test_an_unknown_tenant_is_named(by_session: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.add_tenant("ZWEITER")
    by_session.connection.settings["tenant"] = "FALSCH"
    by_session.connection.save()
    with pytest.raises(ConfigurationError, match="SM203520"):
        by_session.changes(BILL)
    with pytest.raises(AccessLostError, match="SM203520"):
        by_session.changes(BILL)
    assert len(acumatica.calls_to("login")) == 1


@pytest.mark.parametrize(
    ("field", "words"), [("tenant", "silently choose"), ("user_name", "User name and password")]
)
def test_what_is_not_filled_in_is_asked_for_without_a_call(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator, field: str, words: str
) -> None:
    by_session.connection.settings[field] = ""
    by_session.connection.save()
    with pytest.raises(ConfigurationError, match=words):
        by_session.changes(BILL)
    assert acumatica.calls == []


def test_a_release_without_this_sign_in_says_what_to_choose(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.has_cookie_sign_in = False
    with pytest.raises((ConfigurationError, AccessLostError), match="OAuth|Acumatica refused"):
        by_session.changes(BILL)


# --- operations -------------------------------------------------------------------------------------------


def test_a_session_stays_open_while_its_operation_runs_and_is_ended_after(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.action_seconds = 60.0
    acumatica.options.sign_out_ends_operations = True
    bill = acumatica.add_bill()
    result = by_session.run_action(BILL, bill, "ReleaseBill")
    assert (result.end, result.is_running) == (ActionEnd.UNKNOWN, True)
    assert acumatica.sessions_open == 1

    with pytest.raises(TransientError, match="still working"):
        AcumaticaApi(by_session.connection).state(BILL, bill)
    assert services.end_sessions(clock.now()) == 0

    clock.advance(timedelta(seconds=60))
    assert services.end_sessions(clock.now()) == 1
    assert by_session.state(BILL, bill).status == "Open"
    assert accounts(acumatica) == (2, 2, 1)
    assert len(acumatica.releases(bill)) == 1


def test_an_operation_that_never_ends_is_given_up_after_ten_minutes(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.action_seconds = 10_000.0
    bill = acumatica.add_bill()
    by_session.run_action(BILL, bill, "ReleaseBill")
    clock.advance(timedelta(minutes=11))
    assert by_session.state(BILL, bill).status == "Balanced"
    assert accounts(acumatica) == (2, 2, 1)


def test_with_oauth_nobody_else_calls_while_an_operation_runs(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.action_seconds = 60.0
    bill = acumatica.add_bill()
    assert api.run_action(BILL, bill, "ReleaseBill").is_running
    other = AcumaticaApi(api.connection)
    with pytest.raises(TransientError, match="still working"):
        other.state(BILL, bill)
    clock.advance(timedelta(seconds=60))
    assert other.state(BILL, bill).status == "Open"
    assert acumatica.sessions_opened == 1


def test_the_vendor_declares_how_sessions_are_ended() -> None:
    assert VENDOR.end_session is not None
