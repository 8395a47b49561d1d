"""The OData dialect: selecting, filtering, paging, dates, shapes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlconnector.sandbox.exact import ExactSimulator
from tests.sandbox.exact.caller import message

ORDERS = "purchaseorder/PurchaseOrders"
CENTERS = "hrm/Costcenters"


@pytest.fixture
def centers(exact: ExactSimulator) -> list[str]:
    return [
        exact.add_cost_center("K1", "Bau"),
        exact.add_cost_center("K2", "O'Brien"),
        exact.add_cost_center("K10", "Garten", EndDate="2025-12-31"),
    ]


def codes(caller, filter: str) -> list[str]:
    return [one["Code"] for one in caller.read(CENTERS, "Code", filter)]


def test_a_selection_is_demanded(caller):
    answer = caller.get(ORDERS)

    assert (answer.status_code, message(answer)) == (
        400,
        "Please add a $select or a $top=1 statement to the query string.",
    )
    assert caller.get(ORDERS, top="1").status_code == 200
    assert "Nonsense" in message(caller.get(ORDERS, "OrderNumber,Nonsense"))


def test_a_filter_is_demanded_where_the_feed_also_exists(exact, caller):
    key = exact.add_supplier()

    answer = caller.get("crm/Accounts", "ID,Name")

    assert answer.status_code == 400
    assert message(answer).startswith("This endpoint has mandatory filtering applied.")
    assert caller.get("crm/Accounts", "ID", "Currency eq 'EUR'").status_code == 400
    (found,) = caller.read("crm/Accounts", "ID,Code,Name", f"ID eq guid'{key}'")
    assert found["Code"] == "1".rjust(18)
    assert caller.read("crm/Accounts", "ID", f"Code eq '{'1':>18}'")[0]["ID"] == key
    assert caller.read("crm/Accounts", "ID", "Code eq '1'") == []


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("Code eq 'K1'", ["K1"]),
        ("Description eq 'O''Brien'", ["K2"]),
        ("Code eq 'K1' or Code eq 'K10'", ["K1", "K10"]),
        ("(Code eq 'K1' or Code eq 'K2') and Description ne 'Bau'", ["K2"]),
        ("not (Code eq 'K1')", ["K2", "K10"]),
        ("startswith(Code, 'K1')", ["K1", "K10"]),
        ("substringof('art', Description) eq true", ["K10"]),
        ("trim(Code) eq 'K2'", ["K2"]),
        ("EndDate lt datetime'2026-01-01T00:00:00'", ["K10"]),
        ("EndDate eq null", ["K1", "K2"]),
        ("Created ge datetime'2026-01-15T10:20:30' and Division eq 499156", ["K1", "K2", "K10"]),
        ("Created gt datetime'2026-01-15T10:20:30'", []),
    ],
)
def test_filters(caller, centers, filter, found):
    assert codes(caller, filter) == found


@pytest.mark.parametrize(
    "filter",
    [
        "ID eq 'not-a-guid'",
        "Code eq K1",
        "Code eq 'K1",
        "Code eq guid'c00ee12c-2b39-4e84-b332-54a3c722e5dd'",
        "Created gt '2026-01-15'",
        "Created gt datetime'2026-01-15T10:20:30Z'",
        "Code = 'K1'",
        "Code eq 'K1' and",
        "contains(Code,'K')",
        "Code",
        "Nonsense eq 1",
    ],
)
def test_what_is_no_filter_is_refused(caller, centers, filter):
    assert caller.get(CENTERS, "Code", filter).status_code == 400


def test_guids_are_found_in_any_spelling(caller, centers):
    assert codes(caller, f"ID eq guid'{centers[1].upper()}'") == ["K2"]
    assert caller.get(f"{CENTERS}(guid'{centers[1].upper()}')").json()["d"]["Code"] == "K2"


def test_a_record_by_its_key_and_a_missing_one(caller, centers):
    one = caller.get(f"{CENTERS}(guid'{centers[0]}')", "Code").json()["d"]

    assert one["Code"] == "K1"
    assert one["__metadata"]["uri"] == f"https://exact.example/api/v1/499156/{CENTERS}(guid'{centers[0]}')"
    missing = caller.get(f"{CENTERS}(guid'00000000-0000-4000-8000-000000000000')")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == ""
    assert caller.get(f"{CENTERS}('K1')").status_code == 400


def test_pages_have_sixty_rows_and_an_absolute_next(exact, caller):
    for number in range(125):
        exact.add_cost_center(f"K{number:03}", "Bau")

    answer = caller.get(CENTERS, "Code", "Description eq 'Bau'").json()["d"]

    assert len(answer["results"]) == 60
    assert answer["__next"].startswith("https://exact.example/api/v1/499156/hrm/Costcenters?")
    assert "$skiptoken=guid'" in answer["__next"]
    all_codes = [one["Code"] for one in caller.read_all(CENTERS, "Code", "Description eq 'Bau'")]
    assert all_codes == [f"K{number:03}" for number in range(125)]


def test_a_page_goes_on_where_it_was_even_if_its_last_row_is_deleted(exact, caller):
    keys = [exact.add_cost_center(f"K{number:03}", "Bau") for number in range(70)]
    following = caller.get(CENTERS, "Code").json()["d"]["__next"]

    exact.delete(keys[59])

    rest = caller.call("GET", following).json()["d"]["results"]
    assert [one["Code"] for one in rest] == [f"K{number:03}" for number in range(60, 70)]


def test_top_skip_order_and_count(exact, caller):
    for number in range(130):
        exact.add_cost_center(f"K{number:03}", "Bau")

    assert len(caller.read(CENTERS, "Code", top="3")) == 3
    assert "__next" not in caller.get(CENTERS, "Code", top="3").json()["d"]
    first = caller.get(CENTERS, "Code", top="70").json()["d"]
    assert len(caller.call("GET", first["__next"]).json()["d"]["results"]) == 10
    ordered = caller.get(CENTERS, "Code", orderby="Code desc", skip="1").json()["d"]
    assert ordered["results"][0]["Code"] == "K128"
    assert caller.call("GET", ordered["__next"]).json()["d"]["results"][0]["Code"] == "K068"
    counted = caller.get(CENTERS, "Code", "Code gt 'K099'", inlinecount="allpages").json()["d"]
    assert counted["__count"] == "30"
    assert caller.get(CENTERS, "Code", top="x").status_code == 400
    assert caller.get(CENTERS, "Code", apply="x").status_code == 400


def test_count_is_a_plain_number(caller, centers):
    plain = caller.call("GET", f"{CENTERS}/$count", headers={"Accept": ""})

    assert plain.text == "3"
    filtered = f"{CENTERS}/$count?$filter=Code eq 'K1'"
    assert caller.call("GET", filtered, headers={"Accept": ""}).text == "1"
    assert caller.get(f"{CENTERS}/$count").status_code == 415


def test_dates_are_the_local_wall_clock_written_as_utc(exact, caller):
    key = exact.add_purchase_order(OrderDate="2026-01-14")
    (order,) = caller.read(ORDERS, "OrderDate,Created", f"PurchaseOrderID eq guid'{key}'")

    assert order["OrderDate"] == "/Date(1768348800000)/"  # 2026-01-14 00:00
    assert order["Created"] == "/Date(1768472430000)/"  # 2026-01-15 10:20:30, the clock in Amsterdam
    exact.options.dates_with_offset = True
    assert caller.read(ORDERS, "OrderDate")[0]["OrderDate"] == "/Date(1768348800000+0100)/"


def test_lines_are_links_unless_expanded(exact, caller):
    key = exact.add_purchase_order(lines=[{"QuantityInPurchaseUnits": 1}, {"QuantityInPurchaseUnits": 2}])
    (order,) = caller.read(ORDERS, "OrderNumber,PurchaseOrderLines")
    uri = f"https://exact.example/api/v1/499156/{ORDERS}(guid'{key}')/PurchaseOrderLines"

    assert order["PurchaseOrderLines"] == {"__deferred": {"uri": uri}}
    select = "OrderNumber,PurchaseOrderLines/LineNumber"
    (order,) = caller.read(ORDERS, select, expand="PurchaseOrderLines")
    lines = order["PurchaseOrderLines"]["results"]
    assert [one["LineNumber"] for one in lines] == [1, 2]
    assert set(lines[0]) == {"__metadata", "LineNumber"}
    assert caller.get(ORDERS, "OrderNumber", expand="Nonsense").status_code == 400
    exact.options.expanded_rows = 1
    (order,) = caller.read(ORDERS, select, expand="PurchaseOrderLines")
    assert len(order["PurchaseOrderLines"]["results"]) == 1


def test_without_json_asked_for_the_answer_is_atom(exact, caller):
    exact.add_cost_center("K1", "Bau & Garten")

    feed = caller.call("GET", f"{CENTERS}?$select=Code,Description,Created", headers={"Accept": ""})

    assert feed.headers["Content-Type"].startswith("application/atom+xml")
    assert "<d:Description>Bau &amp; Garten</d:Description>" in feed.text
    assert '<d:Created m:type="Edm.DateTime">2026-01-15T10:20:30</d:Created>' in feed.text
    refused = caller.call("GET", f"{CENTERS}?$select=Nonsense", headers={"Accept": "*/*"})
    assert refused.headers["Content-Type"].startswith("application/xml")


def test_paths_are_not_case_sensitive(exact, caller):
    exact.add_supplier("Muster")

    assert caller.read("CRM/accounts", "Name", "Name eq 'Muster'")[0]["Name"] == "Muster"
    assert exact.calls_to("crm/Accounts.list")[0].status == 200


def test_some_endpoints_answer_without_results(exact, caller, centers):
    exact.options.bare_lists = [CENTERS]

    assert isinstance(caller.get(CENTERS, "Code").json()["d"], list)


# --- feeds -------------------------------------------------------------
def test_header_and_lines_share_a_feed(exact, caller):
    exact.add_cost_center("K1", "Bau")
    key = exact.add_purchase_order(
        lines=[{"QuantityInPurchaseUnits": 2, "UnitPrice": "10.50", "CostCenter": "K1"}], YourRef="A-7"
    )
    select = "ID,PurchaseOrderID,LineNumber,OrderNumber,YourRef,AmountFC,CostCenter,CostCenterCode,Timestamp"

    header, line = caller.read("sync/PurchaseOrder/PurchaseOrders", select, "Timestamp gt 1L")

    assert (header["LineNumber"], header["ID"], header["YourRef"]) == (0, key, "A-7")
    assert (line["LineNumber"], line["PurchaseOrderID"], line["OrderNumber"]) == (1, key, 26000001)
    assert (line["AmountFC"], line["CostCenterCode"]) == (21.0, "K1")
    assert line["CostCenter"] == exact.rows(CENTERS, Code="K1")[0]["ID"]


def test_a_change_renews_the_row_versions_of_the_whole_document(exact, caller):
    first, second = exact.add_purchase_order(), exact.add_purchase_order()
    select = "PurchaseOrderID,LineNumber,Timestamp"
    seen = max(
        one["Timestamp"]
        for one in caller.read("sync/PurchaseOrder/PurchaseOrders", select, "Timestamp gt 1L")
    )

    exact.change(exact.lines(first)[0], UnitPrice="7.00")

    again = caller.read("sync/PurchaseOrder/PurchaseOrders", select, f"Timestamp gt {seen}L")
    assert {one["PurchaseOrderID"] for one in again} == {first}
    assert {one["LineNumber"] for one in again} == {0, 1}
    everything = caller.read("sync/PurchaseOrder/PurchaseOrders", select, "Timestamp gt 1L")
    versions = [one["Timestamp"] for one in everything]
    assert versions != sorted(versions), "the order is not promised"
    assert {one["PurchaseOrderID"] for one in everything} == {first, second}


def test_feeds_have_a_thousand_rows_and_their_own_filter(exact, caller):
    for number in range(1001):
        exact.add_gl_account(f"{number:05}", "Konto")

    page = caller.get("sync/Financial/GLAccounts", "Code,Timestamp", "Timestamp gt 1").json()["d"]

    assert len(page["results"]) == 1000
    assert len(caller.call("GET", page["__next"]).json()["d"]["results"]) == 1
    assert len(caller.read("bulk/Financial/GLAccounts", "Code")) == 1000
    refused = caller.get("sync/Financial/GLAccounts", "Code", "Code eq '00001'")
    assert message(refused) == "Filtering on these fields is not supported: Code."
    assert caller.get("sync/Financial/GLAccounts", "*", "Timestamp gt 1").status_code == 400
    assert caller.get("sync/Financial/GLAccounts", "Code", inlinecount="allpages").status_code == 400


def test_the_order_feed_belongs_to_some_packages(exact, caller):
    exact.options.has_order_feed = False

    assert caller.get("sync/PurchaseOrder/PurchaseOrders", "ID").status_code == 403
    assert caller.get(ORDERS, "OrderNumber").status_code == 200


def test_deletions_are_logged_for_two_months(exact, caller):
    order = exact.add_purchase_order(lines=[{"QuantityInPurchaseUnits": 1}, {"QuantityInPurchaseUnits": 1}])
    lines = exact.lines(order)
    account = exact.add_gl_account("4930", "Bürobedarf")
    exact.delete(lines[0])
    exact.delete(order)
    exact.delete(account)
    select = "EntityKey,EntityType,Timestamp"

    logged = caller.read("sync/Deleted", select, "Timestamp gt 1L")

    assert [(one["EntityKey"], one["EntityType"]) for one in logged] == [
        (lines[0], 22),
        (lines[1], 22),
        (order, 22),
        (account, 7),
    ]
    seen = logged[2]["Timestamp"]
    assert len(caller.read("sync/Deleted", select, f"Timestamp gt {seen}L and EntityType eq 7")) == 1
    exact.clock.advance(timedelta(days=62))
    caller.sign_in()
    assert caller.read("sync/Deleted", select, "Timestamp gt 1L") == []


def test_a_moved_division_has_new_row_versions(exact, caller):
    exact.add_gl_account("4930", "Bürobedarf")
    (before,) = caller.read("sync/Financial/GLAccounts", "Timestamp", "Timestamp gt 1L")
    elsewhere = exact.add_gl_account("1", "Anderswo", 499157)
    untouched = exact.row(elsewhere)["Timestamp"]
    (moved,) = caller.read("system/Divisions", "DivisionMoveDate", top="1")
    exact.clock.advance(timedelta(seconds=1))

    exact.move_division()

    (after,) = caller.read("sync/Financial/GLAccounts", "Timestamp", "Timestamp gt 1L")
    assert after["Timestamp"] < before["Timestamp"]
    assert exact.row(elsewhere)["Timestamp"] == untouched
    assert caller.read("system/Divisions", "DivisionMoveDate", top="1") != [moved]


def test_row_versions_for_a_start_date(exact, caller):
    exact.add_gl_account("1", "Alt")
    (old,) = caller.read("sync/Financial/GLAccounts", "Timestamp", "Timestamp gt 1L")
    exact.clock.advance(timedelta(minutes=5))
    exact.add_gl_account("2", "Neu")

    path = "read/sync/Sync/SyncTimestamp?modified=datetime'2026-01-15T10:22:00'&endPoint='GLAccounts'"
    (start,) = caller.call("GET", path).json()["d"]["results"]

    assert start["TimeStampAsBigInt"] == old["Timestamp"]
    after = caller.read("sync/Financial/GLAccounts", "Code", f"Timestamp gt {start['TimeStampAsBigInt']}L")
    assert [one["Code"] for one in after] == ["2"]


def test_row_versions_may_come_as_text(exact, caller):
    exact.add_gl_account("1", "Alt")
    exact.options.int64_as_text = True

    (row,) = caller.read("sync/Financial/GLAccounts", "Timestamp", "Timestamp gt 1L")

    assert isinstance(row["Timestamp"], str)
    exact.calls.clear()  # the reference knows numbers only
