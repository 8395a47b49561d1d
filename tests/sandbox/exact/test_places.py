"""Divisions, rights, scopes, limits and the block after errors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.exact.caller import message

ME = "https://exact.example/api/v1/current/Me?$select=UserID,CurrentDivision"


def test_current_division_follows_the_user(exact, caller):
    other = exact.add_division("Muster Zwei GmbH", users=[exact.user])
    exact.switch_division(other)

    assert caller.call("GET", ME).json()["d"]["results"][0]["CurrentDivision"] == other
    listed = caller.read("system/Divisions", "Code,Description,Current,IsMainDivision")
    assert [one["Code"] for one in listed] == [499156, 499157, other]
    assert [one["Current"] for one in listed] == [False, False, True]
    assert [one["IsMainDivision"] for one in listed] == [True, False, False]


def test_divisions_are_listed_below_any_number(caller):
    caller.division = 1

    assert len(caller.read("system/Divisions", "Code")) == 2
    assert caller.get("hrm/Divisions", "Code").status_code == 403


def test_a_strange_division_is_refused_with_its_reason(exact, caller):
    foreign = exact.add_division("Fremde Muster GmbH")
    for code in (foreign, 4711, 0):
        caller.division = code
        answer = caller.get("hrm/Costcenters", "ID")
        assert (answer.status_code, answer.headers["Reason"]) == (403, "NoDivisionAccess")


def test_the_app_sees_only_granted_divisions(exact, caller):
    exact.grant_only(499157)

    assert [one["Code"] for one in caller.read("system/Divisions", "Code")] == [499157]
    assert caller.get("hrm/Costcenters", "ID").headers["Reason"] == "NoDivisionAccess"


@pytest.mark.parametrize("reason", ["BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired"])
def test_users_are_refused_with_a_reason(exact, caller, reason):
    exact.refuse_user(reason)

    assert caller.call("GET", ME).headers["Reason"] == reason


def test_a_blocked_division_says_so(exact, caller):
    exact.block_division()

    assert caller.get("hrm/Costcenters", "ID").headers["Reason"] == "DivisionBlocked"


def test_scopes_are_kept_by_domain(exact, caller):
    exact.set_scopes({"Financial costcenters": "read"})

    assert caller.get("hrm/Costcenters", "ID").status_code == 200
    refused = caller.post("hrm/Costcenters", {"Code": "K1", "Description": "Bau"})
    assert refused.status_code == 403
    orders = caller.get("purchaseorder/PurchaseOrders", "OrderNumber")
    assert message(orders) == "Forbidden - Application Scope Violated. Cannot read"


def test_rows_of_another_division_are_not_there(exact, caller):
    key = exact.add_cost_center("K1", "Bau", 499157)

    assert caller.read("hrm/Costcenters", "ID") == []
    assert caller.get(f"hrm/Costcenters(guid'{key}')").status_code == 404


# --- limits ------------------------------------------------------------------------------------------------
def test_each_answer_tells_what_is_left_with_resets_in_milliseconds(caller):
    headers = caller.get("hrm/Costcenters", "ID").headers

    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("5000", "4999")
    assert headers["X-RateLimit-Minutely-Remaining"] == "59"
    assert headers["X-RateLimit-Minutely-Reset"] == "1768468860000"  # 2026-01-15 09:21:00
    assert headers["X-RateLimit-Reset"] == "1768521600000"  # 2026-01-16 00:00:00


def test_the_minute_limit_is_per_division_and_ends_with_the_minute(exact, caller):
    exact.use_up(minute=59)
    assert caller.get("hrm/Costcenters", "ID").status_code == 200

    refused = caller.get("hrm/Costcenters", "ID")

    assert (refused.status_code, refused.content) == (429, b"")
    assert "X-RateLimit-Minutely-Reset" in refused.headers
    assert "X-RateLimit-Reset" not in refused.headers
    caller.division = 499157
    assert caller.get("hrm/Costcenters", "ID").status_code == 200
    caller.division = 499156
    exact.clock.advance(timedelta(seconds=30))
    assert caller.get("hrm/Costcenters", "ID").status_code == 200


def test_the_day_limit_carries_its_own_headers_only(exact, caller):
    exact.use_up(day=5000)

    refused = caller.get("hrm/Costcenters", "ID")

    assert refused.status_code == 429
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert "X-RateLimit-Minutely-Limit" not in refused.headers


def test_ten_errors_in_an_hour_block_the_endpoint(exact, caller):
    for _ in range(10):
        assert caller.get("hrm/Costcenters", "Nonsense").status_code == 400

    blocked = caller.get("hrm/Costcenters", "ID")

    assert (blocked.status_code, blocked.headers["Reason"]) == (403, "TooManyErrors")
    assert caller.get("hrm/Costunits", "ID").status_code == 200
    exact.clock.advance(timedelta(minutes=30))
    caller.sign_in()
    assert caller.get("hrm/Costcenters", "ID").status_code == 403, "asking again makes it longer"
    exact.clock.advance(timedelta(minutes=59))
    caller.sign_in()
    assert exact.limits.blocked_until, "it lasts an hour from the last call"
    exact.clock.advance(timedelta(minutes=1))
    assert caller.get("hrm/Costcenters", "ID").status_code == 200


def test_nine_errors_an_hour_do_no_harm(exact, caller):
    for _ in range(9):
        caller.get("hrm/Costcenters", "Nonsense")
    exact.clock.advance(timedelta(hours=1))
    caller.sign_in()
    caller.get("hrm/Costcenters", "Nonsense")

    assert caller.get("hrm/Costcenters", "ID").status_code == 200
    assert exact.limits.errors() == {"hrm/Costcenters": 1}


def test_expired_tokens_count_as_errors(exact, caller):
    exact.clock.advance(timedelta(seconds=601))
    for _ in range(10):
        assert caller.get("hrm/Costcenters", "ID").status_code == 401
    caller.sign_in()

    assert caller.get("hrm/Costcenters", "ID").status_code == 403
