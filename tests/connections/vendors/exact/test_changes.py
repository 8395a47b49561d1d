"""What changed: feeds by row version, deletions, and the time of the change where there is no feed."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from connections.errors import ConfigurationError, TransientError
from connections.models import Connection
from connections.vendors.exact import changes
from connections.vendors.exact.api import (
    Account,
    ChangedRow,
    Deletion,
    ExactApi,
    FullReadNeededError,
    GLAccount,
    WbsItem,
    WbsKind,
)
from mlconnector.sandbox.exact import ExactSimulator
from tests.connections.vendors.exact.conftest import Times

pytestmark = pytest.mark.django_db
LINE = {"QuantityInPurchaseUnits": 1, "UnitPrice": 2}


def everything(api: ExactApi, feed: str, cursor: str = "") -> tuple[list[ChangedRow], str]:
    """All pages of one listing and the cursor after it."""
    rows: list[ChangedRow] = []
    more = ""
    while True:
        page = api.changes(feed, cursor, more)
        rows += page.rows
        if not page.more:
            return rows, page.cursor
        assert page.cursor == cursor, "only the whole listing says how far it reaches"
        more = page.more


def ids(rows: list[ChangedRow]) -> set[str]:
    return {row.id for row in rows}


def test_a_document_comes_once_with_header_and_lines_and_again_when_a_line_changes(
    api: ExactApi, exact: ExactSimulator
) -> None:
    orders = [exact.add_purchase_order(lines=[LINE, LINE]) for _ in range(3)]
    rows, cursor = everything(api, "purchase_orders")
    assert ids(rows) == set(orders) and len(rows) == 3
    assert all(row.row is not None and row.row.whole("LineNumber") == 0 for row in rows)
    assert everything(api, "purchase_orders", cursor)[0] == []

    exact.change(exact.lines(orders[1])[1], UnitPrice=Decimal("3.50"))
    again, later = everything(api, "purchase_orders", cursor)
    assert ids(again) == {orders[1]}
    assert again[0].version > next(row.version for row in rows if row.id == orders[1])
    assert everything(api, "purchase_orders", later)[0] == []


def test_a_listing_of_many_pages_may_be_broken_off_and_go_on(
    api: ExactApi, exact: ExactSimulator, times: Times
) -> None:
    for number in range(1100):
        exact.add_gl_account(f"{10_000 + number}", f"Konto {number}")
    first = api.changes("gl_accounts")
    assert first.more and first.cursor == "" and len(first.rows) == 1000
    exact.faults.add("sync/Financial/GLAccounts.list", status=503, times=1)
    with pytest.raises(TransientError):
        api.changes("gl_accounts", first.cursor, first.more)
    times.pass_by(timedelta(minutes=1))
    last = ExactApi(api.connection).changes("gl_accounts", first.cursor, first.more)
    assert not last.more and len(ids([*first.rows, *last.rows])) == 1100
    assert GLAccount.from_row(last.rows[0].row).label.startswith("1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feed", "sync"),
    [
        ("accounts", True),
        ("gl_accounts", True),
        ("projects", True),
        ("wbs", True),
        ("costs", True),
        ("sales_invoices", True),
        ("invoice_terms", False),
        ("hour_budgets", False),
        ("cost_centers", False),
        ("cost_units", False),
        ("items", False),
    ],
)
def test_each_feed_begins_with_everything_and_then_brings_the_new(
    api: ExactApi, exact: ExactSimulator, times: Times, feed: str, sync: bool
) -> None:
    project = exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000)])
    exact.add_hour_budget(project, 8)
    exact.add_cost_center("CC10", "Werkstatt")
    exact.add_cost_unit("KT1", "Auftrag 1")
    exact.add_cost(project, "250.00")
    exact.add_sales_invoice()
    exact.some("supplier")
    times.pass_by(timedelta(hours=1))
    rows, cursor = everything(api, feed)
    assert rows and len(ids(rows)) == len(rows) and all(row.version for row in rows)
    assert (
        any(f"/sync/{changes.FEEDS[feed].sync.partition('/')[2]}" in call.path for call in exact.calls)
        is sync
    )

    times.pass_by(timedelta(hours=1))
    later, cursor = everything(api, feed, cursor)
    assert later == []
    chosen = rows[0].id
    name = {"sales_invoices": "Description", "accounts": "Name", "costs": "Notes", "hour_budgets": "Budget"}
    exact.change(chosen, **{name.get(feed, "Description"): 9 if feed == "hour_budgets" else "Neu"})
    assert ids(everything(api, feed, cursor)[0]) == {chosen}


def test_rows_of_master_data_say_all_without_a_second_call(api: ExactApi, exact: ExactSimulator) -> None:
    exact.add_supplier("Elektro Muster GmbH")
    project = exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000)])
    partners = [Account.from_row(changed.row) for changed in everything(api, "accounts")[0] if changed.row]
    assert "Elektro Muster GmbH" in {partner.name for partner in partners if partner.is_supplier}
    items = [WbsItem.from_row(one.row, one.path) for one in everything(api, "wbs")[0] if one.row]
    (rohbau,) = [item for item in items if item.kind == WbsKind.DELIVERABLE]
    assert (rohbau.project_id, rohbau.is_milestone, rohbau.term is not None) == (project, True, True)


def test_time_entries_are_no_costs(api: ExactApi, exact: ExactSimulator) -> None:
    project = exact.add_project("P100", "Umbau")
    cost = exact.add_cost(project, "250.00")
    exact.add("project/TimeTransactions", Project=project, Item=exact.some("hours"), Quantity=8)
    assert ids(everything(api, "costs")[0]) == {cost}


def test_a_package_without_the_order_feed_is_asked_once_and_read_by_the_time_of_the_change(
    api: ExactApi, exact: ExactSimulator, times: Times
) -> None:
    exact.options.has_order_feed = False
    order = exact.add_purchase_order()
    times.pass_by(timedelta(hours=1))
    rows, cursor = everything(api, "purchase_orders")
    assert ids(rows) == {order}
    assert everything(ExactApi(api.connection), "purchase_orders", cursor)[0] == []
    assert len([call for call in exact.calls if call.status == 403]) == 1

    _, cursor = everything(api, "purchase_orders", cursor)
    times.pass_by(timedelta(hours=1))
    exact.change(exact.lines(order)[0], UnitPrice=Decimal(7))
    assert ids(everything(api, "purchase_orders", cursor)[0]) == {order}

    exact.options.has_order_feed = True
    changes.remember_without(api.connection, "purchase_orders", is_missing=False)
    assert ids(everything(api, "purchase_orders", cursor)[0]) == {order}, "everything, from the feed"


def test_a_missing_right_is_no_missing_feed(api: ExactApi, exact: ExactSimulator) -> None:
    exact.set_scopes({"Sales invoices": "manage"})
    with pytest.raises(ConfigurationError, match="scope"):
        api.changes("purchase_orders")
    assert changes.without(Connection.objects.get()) == []


def test_a_change_just_before_the_last_reading_is_not_overlooked(
    api: ExactApi, exact: ExactSimulator, times: Times
) -> None:
    """Its moment may be set before the row can be seen: the readings overlap."""
    center = exact.add_cost_center("CC10", "Werkstatt")
    _, cursor = everything(api, "cost_centers")
    times.pass_by(timedelta(minutes=5))
    assert ids(everything(api, "cost_centers", cursor)[0]) == {center}


def test_deletions_of_all_kinds_come_in_one_feed(api: ExactApi, exact: ExactSimulator) -> None:
    order, invoice = exact.add_purchase_order(), exact.add_sales_invoice()
    project = exact.add_project("P100", "Umbau")
    cost = exact.add_cost(project, 1)
    cursor = api.deletions().cursor
    for gone in (order, invoice, cost):
        exact.delete(gone)
    page = api.deletions(cursor)
    # Keys of lines may be among them; nothing is known by those.
    assert {(one.feed, one.id) for one in page.deletions} >= {
        ("purchase_orders", order),
        ("sales_invoices", invoice),
        ("costs", cost),
    }
    assert all(isinstance(one, Deletion) and one.deleted_at for one in page.deletions)
    assert not page.has_gap and not page.more
    assert api.deletions(page.cursor).deletions == ()


def test_a_gap_in_the_log_of_deletions_is_said(api: ExactApi, times: Times, exact: ExactSimulator) -> None:
    cursor = api.deletions().cursor
    times.pass_by(timedelta(days=20))
    api.me()
    times.pass_by(timedelta(days=25))
    assert not api.deletions(cursor).has_gap
    times.pass_by(timedelta(days=20))
    assert api.deletions(cursor).has_gap


def test_a_company_that_moved_is_read_from_the_beginning(
    api: ExactApi, exact: ExactSimulator, times: Times
) -> None:
    order = exact.add_purchase_order()
    _, cursor = everything(api, "purchase_orders")
    times.pass_by(timedelta(minutes=5))
    asked = len(exact.calls_to("system/Divisions.list"))
    assert everything(api, "purchase_orders", cursor)[0] == []
    assert len(exact.calls_to("system/Divisions.list")) == asked, "it is not asked at every poll"

    exact.move_division()
    times.pass_by(timedelta(hours=7))
    with pytest.raises(FullReadNeededError, match="moved"):
        api.changes("purchase_orders", cursor)
    assert ids(everything(api, "purchase_orders")[0]) == {order}


def test_a_cursor_of_another_company_or_feed_is_refused(api: ExactApi, exact: ExactSimulator) -> None:
    _, cursor = everything(api, "purchase_orders")
    with pytest.raises(FullReadNeededError):
        api.changes("sales_invoices", cursor)
    with pytest.raises(FullReadNeededError):
        api.changes("purchase_orders", json.dumps({**json.loads(cursor), "division": 499157}))
    with pytest.raises(FullReadNeededError):
        api.changes("purchase_orders", "{")
