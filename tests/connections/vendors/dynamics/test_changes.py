"""Change tracking: first everything, then only changes; and what to do when the mark leads nowhere."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connections import clock
from connections.errors import ConfigurationError
from connections.vendors.dynamics import changes as tracking
from connections.vendors.dynamics.api import DynamicsApi, FullReadNeededError
from mlconnector.sandbox.dynamics import DynamicsSimulator


def drained(api: DynamicsApi, table: str, cursor: str = "") -> tuple[list[str], list[str], str, bool]:
    """Ids that changed, ids deleted, the last cursor, whether it was an initial reading."""
    seen: list[str] = []
    deleted: list[str] = []
    while True:
        page = api.changes(table, cursor)
        seen += [row.id for row in page.rows]
        deleted += page.deleted
        cursor = page.cursor
        if not page.has_more:
            return seen, deleted, cursor, page.is_initial


def test_everything_first_then_only_what_changed_then_nothing(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "ROWS_ON_A_PAGE", 3)
    made = [dynamics.add_invoice(account, status=1) for _ in range(8)]
    seen, deleted, cursor, is_initial = drained(api, "invoice")
    assert sorted(seen) == sorted(made) and deleted == [] and is_initial

    dynamics.bill(made[2])
    dynamics.delete(made[5])
    new = dynamics.add_invoice(account)
    seen, deleted, cursor, is_initial = drained(api, "invoice", cursor)
    assert sorted(seen) == sorted([made[2], new]) and deleted == [made[5]] and not is_initial

    assert drained(api, "invoice", cursor)[:2] == ([], [])


def test_a_changed_row_tells_its_state_and_who_changed_it(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    (row,) = api.changes("invoice").rows
    assert row.id == invoice and row.version == api.bundles([invoice]).found[invoice].invoice.version
    assert (row.row.text("invoicenumber"), row.row.whole("statuscode")) == ("RE-1001", 4)
    who = row.row.lookup("modifiedby")
    assert who is not None and who.id != api.facts.user_id


def test_a_changed_line_names_its_invoice(api: DynamicsApi, invoice: str) -> None:
    lines = api.changes("invoicedetail").rows
    assert [line.row.lookup("invoiceid").id for line in lines] == [invoice, invoice]  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [400, 404, 410, 500])
def test_an_expired_mark_is_said_as_that_and_everything_is_read_again(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, status: int
) -> None:
    dynamics.options.expired_token_status = status
    cursor = api.changes("invoice").cursor
    dynamics.expire_delta_tokens()

    with pytest.raises(FullReadNeededError) as raised:
        api.changes("invoice", cursor)

    assert "read again" in str(raised.value)
    assert [row.id for row in api.changes("invoice").rows] == [invoice]


@pytest.mark.parametrize(
    "change",
    [
        {"organization": "11111111-1111-1111-1111-111111111111"},
        {"environment": "https://kopie.crm4.dynamics.example"},
        {"columns": "other"},
        {"table": "account"},
        {"link": ""},
    ],
)
def test_a_mark_of_another_place_or_question_is_not_used(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, change: dict[str, Any]
) -> None:
    cursor = json.dumps(json.loads(api.changes("invoice").cursor) | change)
    before = len(dynamics.calls)
    for broken in (cursor, "no json"):
        with pytest.raises(FullReadNeededError):
            api.changes("invoice", broken)
    assert len(dynamics.calls) == before


def test_a_mark_that_leads_to_another_host_is_not_followed(api: DynamicsApi, invoice: str) -> None:
    cursor = json.loads(api.changes("invoice").cursor)
    cursor["link"] = cursor["link"].replace("muster.api", "evil.muster.api")
    with pytest.raises(ConfigurationError, match=r"evil\.muster"):
        api.changes("invoice", json.dumps(cursor))


def test_tracking_that_is_off_is_a_matter_of_configuration(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.disable_tracking("invoice")
    with pytest.raises(ConfigurationError, match="Track changes"):
        api.changes("invoice")


def test_a_vendor_that_ignores_the_wish_is_noticed(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    """An answer without any link would end the reading of changes for ever."""
    dynamics.faults.add("GET /invoices", body={"value": []})
    with pytest.raises(ConfigurationError, match="'invoice'"):
        api.changes("invoice")


def test_what_changed_since_a_moment_oldest_first(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    dynamics.add_invoice(account)
    dynamics.clock.advance(timedelta(hours=1))
    since = dynamics.clock.now()
    dynamics.options.largest_page = 2
    made = [dynamics.add_invoice(account) for _ in range(5)]

    rows, link = api.modified("invoice", since)
    found = [row.id for row in rows]
    while link:
        rows, link = api.modified("invoice", since, link)
        found += [row.id for row in rows]

    assert sorted(found) == sorted(made)


def test_the_facts_of_the_organisation_are_asked_for_once_a_day(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    def asked() -> int:
        before = len(dynamics.calls)
        api.connection.refresh_from_db()
        DynamicsApi(api.connection).changes("invoice")
        return len(dynamics.calls) - before

    assert asked() == 3
    assert asked() == 1
    clock.advance(timedelta(minutes=30))
    assert asked() == 1
    clock.advance(timedelta(hours=24))
    assert asked() >= 3
