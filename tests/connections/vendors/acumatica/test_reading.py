"""Documents, changes, files, people: read as they are, also in Acumatica's odd forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections import clock
from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.models import Connection, TokenSet
from connections.tokens import TokenStore
from connections.vendors.acumatica.api import BILL, PURCHASE_ORDER, AcumaticaApi, Change
from connections.vendors.acumatica.documents import Document
from connections.vendors.acumatica.errors import FAULTS
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from tests import factories


def everything(
    api: AcumaticaApi, entity: str = BILL, since: datetime | None = None, **options: Any
) -> list[Change]:
    """All changes of one pass."""
    found, more = [], ""
    while True:
        page = api.changes(entity, since, more, **options)
        found += page.changes
        more = page.more
        if not more:
            return found


def test_a_bill_as_it_is(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    ref = acumatica.add_bill(
        number="005933",
        amount="1190.00",
        tax="190.00",
        vendor_ref="RE-4711",
        date="2026-02-11",
        due="2026-04-10",
        branch="NORD",
        description="Bürostühle",
        lines=[{"TransactionDescription": "Stuhl", "Qty": 2, "UnitCost": "500.00", "Amount": "1000.00"}],
        custom={"Document.UsrKst": "4711"},
    )
    acumatica.add_file(BILL, ref, "Rechnung.pdf")
    bill = api.document(BILL, ref, ["Document.UsrKst"])

    assert (bill.key, bill.status, bill.branch, bill.currency) == ("Bill 005933", "Balanced", "NORD", "EUR")
    assert (bill.amount, bill.balance, bill.tax_total) == (Decimal(1190), Decimal(1190), Decimal(190))
    assert (bill.document_date, bill.due_on) == (date(2026, 2, 11), date(2026, 4, 10))
    assert (bill.creditor, bill.creditor_reference) == ("WERKZEUG", "RE-4711")
    assert bill.is_on_hold is False and bill.custom == {"Document.UsrKst": "4711"}
    assert [(line.description, line.quantity, line.amount) for line in bill.lines] == [("Stuhl", 2, 1000)]
    assert [file.name for file in bill.files] == ["Rechnung.pdf"]
    assert bill.modified_at.tzinfo is UTC
    assert Document.from_json(bill.to_json()) == bill
    assert api.document_by_key(BILL, "Bill", "005933", ["Document.UsrKst"]) == bill
    assert api.url(BILL, bill.type, bill.number).endswith("ScreenId=AP301000&DocType=INV&RefNbr=005933")


def test_a_purchase_order_has_other_names_for_the_same_things(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    ref = acumatica.add_purchase_order(amount="2380.00", due="2026-05-04", branch="NORD", number="000077")
    order = api.document(PURCHASE_ORDER, ref)
    assert (order.key, order.amount, order.balance) == ("Normal 000077", Decimal(2380), None)
    assert (order.due_on, order.branch, order.creditor) == (date(2026, 5, 4), "NORD", "WERKZEUG")
    assert [line.number for line in order.lines] == [1]
    assert api.document_by_key(PURCHASE_ORDER, "Normal", "000077") == order


def test_a_key_with_a_dot_is_found_without_a_key_in_the_path(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    ref = acumatica.add_bill(type="Debit Adj.", number="000001")
    acumatica.add_bill(type="Bill", number="000001")
    assert api.document_by_key(BILL, "Debit Adj.", "000001").id == ref
    assert api.document_by_key(BILL, "Debit Adj.", "000009") is None
    assert not [call for call in acumatica.calls if "Debit" in call.path]


def test_a_deleted_document_is_none_whatever_acumatica_calls_it(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    ref = acumatica.add_bill(number="000001")
    acumatica.delete_bill(ref)
    assert api.document(BILL, ref) is None and api.state(BILL, ref) is None
    assert api.document_by_key(BILL, "Bill", "000001") is None


def test_a_404_is_a_deleted_document_only_while_the_endpoint_is_there(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    """Otherwise an upgrade of Acumatica would look like the deletion of every document."""
    ref = acumatica.add_bill()
    acumatica.fail("GET /Bill/*", "500", status=404, body=b"")
    assert api.state(BILL, ref) is None
    acumatica.options.endpoints = ["Default/25.200.001"]
    with pytest.raises(ConfigurationError, match="endpoint"):
        api.state(BILL, ref)


def test_keys_lose_their_padding(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.options.pad_keys = 30
    bill = api.document(BILL, acumatica.add_bill())
    assert (bill.creditor, bill.type) == ("WERKZEUG", "Bill")


def test_an_id_of_another_kind_is_our_mistake(api: AcumaticaApi) -> None:
    with pytest.raises(ValueError, match="not a GUID"):
        api.document(BILL, "../Vendor/1")


# --- changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["key", "modified", "shifting"])
def test_five_hundred_bills_come_once_in_pages_of_a_hundred(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, order: str
) -> None:
    acumatica.options.order = order
    refs = {acumatica.add_bill() for _ in range(500)}
    found = everything(api)
    assert len(found) == 500 and {change.id for change in found} == refs
    assert len(acumatica.calls_to("list")) == 6
    assert all("$top=100&$skip=" in call.query_string for call in acumatica.calls_to("list"))


@pytest.mark.parametrize("order", ["key", "modified", "shifting"])
def test_documents_that_change_and_go_between_pages_hide_no_other(
    api: AcumaticaApi, acumatica: AcumaticaSimulator, order: str
) -> None:
    acumatica.options.order = order
    refs = [acumatica.add_bill(number=f"{number:06d}") for number in range(240)]
    seen, more, turn = {}, "", 0
    while True:
        page = api.changes(BILL, None, more)
        seen |= {change.id: change.version for change in page.changes}
        more = page.more
        if not more:
            break
        clock.advance(timedelta(seconds=1))
        for place in range(8):
            acumatica.delete_bill(refs.pop(turn * 10 + place))
        acumatica.change_bill(refs[-1], description=f"Runde {turn}")
        turn += 1
    seen |= {change.id: change.version for change in everything(api, since=page.since)}
    assert set(refs) <= set(seen)
    assert seen[refs[-1]] == api.document(BILL, refs[-1]).version


def test_the_next_pass_overlaps_and_equal_stamps_are_not_lost(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    first = acumatica.add_bill()
    page = api.changes(BILL)
    second = acumatica.add_bill()
    found = everything(api, since=page.since)
    assert {change.id for change in found} == {first, second}
    clock.advance(timedelta(hours=1))
    third = acumatica.add_bill()
    later = api.changes(BILL, page.since + timedelta(minutes=10))
    assert [change.id for change in later.changes] == [third]
    call = acumatica.calls_to("list")[-1]
    assert "%2B00:00" in call.query_string and "+" not in call.query_string


def test_the_hour_that_comes_twice_loses_nothing(
    by_session: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    """From 3 o'clock summer time back to 2 o'clock: local stamps go backwards, moments do not."""
    api = by_session
    clock.advance(datetime(2027, 10, 31, 0, 59, tzinfo=UTC) - clock.now())
    before = acumatica.add_bill(date="2027-10-31", due="2028-03-26")
    since = api.changes(BILL).since
    clock.advance(timedelta(minutes=2))
    after = acumatica.add_bill(date="2027-10-31", due="2028-03-26")
    found = {change.id: change.document for change in everything(api, since=since)}
    assert set(found) == {before, after}
    apart = found[after].modified_at - found[before].modified_at
    assert timedelta(minutes=2) <= apart < timedelta(minutes=3)
    assert {(bill.document_date, bill.due_on) for bill in found.values()} == {
        (date(2027, 10, 31), date(2028, 3, 26))
    }


def test_what_acumatica_can_not_list_at_once_is_listed_by_key(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.not_optimised = ["Bill.Details", "Bill.Project"]
    ref = acumatica.add_bill()
    found = everything(api, with_lines=True)
    assert [(change.id, change.document) for change in found] == [(ref, None)]
    assert api.document(BILL, ref).lines is not None


def test_lines_come_with_the_list_where_they_are_wanted(
    api: AcumaticaApi, acumatica: AcumaticaSimulator
) -> None:
    acumatica.add_bill()
    assert [len(change.document.lines) for change in everything(api, with_lines=True)] == [1]
    assert [change.document.lines for change in everything(api)] == [None]


# --- files, people, creditors -----------------------------------------------------------------------------


def test_files_are_fetched_with_their_limits(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    ref = acumatica.add_bill()
    acumatica.add_file(BILL, ref, "Rechnung.pdf", b"%PDF-1.4 1")
    acumatica.add_file(BILL, ref, "..\\Rechnung.pdf", b"%PDF-1.4 22")
    first, second = api.document(BILL, ref).files
    assert (first.name, second.name) == ("Rechnung.pdf", "Rechnung.pdf") and first.id != second.id
    loaded = api.download(first)
    assert (loaded.content, loaded.media_type) == (b"%PDF-1.4 1", "application/pdf")
    with pytest.raises(RejectedError, match="more than the limit"):
        api.download(second, max_bytes=10)
    acumatica.fail("GET /files/*", "500", status=404, body=b"")
    with pytest.raises(RejectedError, match="no longer in Acumatica"):
        api.download(first)
    acumatica.fail("GET /files/*", "500 html", status=200)
    with pytest.raises(TransientError, match="a page instead"):
        api.download(first)


def test_the_roster_is_read_whole(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    for number in range(120):
        acumatica.add_employee(f"Person {number}", f"Person{number}@muster.example", branch="NORD")
    left = acumatica.add_employee("Änne Beispiel", "aenne@muster.example")
    acumatica.deactivate_employee(left)
    roster = api.employees()
    assert len(roster) == 121 and sum(one.is_active for one in roster) == 120
    one = next(one for one in roster if one.name == "Person 7")
    assert (one.email, one.branch, one.first_name) == ("person7@muster.example", "NORD", "Person")


def test_creditors_by_code(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.add_vendor("A+B Co.", "A & B")
    assert api.creditor("WERKZEUG").name == "Muster Werkzeughandel GmbH"
    assert api.creditor("A+B Co.").name == "A & B"
    assert api.creditor("NIEMAND") is None
    assert {one.code for one in api.creditors()} == {"WERKZEUG", "GERUEST", "A+B Co."}


# --- trouble ----------------------------------------------------------------------------------------------


def test_a_sick_instance_is_waited_for(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.options.is_sick = True
    with pytest.raises(TransientError, match="a page instead of data"):
        api.changes(BILL)


def test_a_token_that_was_refused_is_renewed_once(api: AcumaticaApi, acumatica: AcumaticaSimulator) -> None:
    acumatica.add_bill()
    before = TokenSet.objects.get().tokens["refresh_token"]
    acumatica.expire_tokens()
    assert len(everything(api)) == 1
    assert TokenSet.objects.get().tokens["refresh_token"] != before
    assert len(acumatica.calls_to("oauth.token")) == 1


def test_the_client_id_gets_its_tenant_and_its_secret_goes_in_the_body(
    db: None, acumatica: AcumaticaSimulator
) -> None:
    connection = factories.acumatica_connection(acumatica, client_id=acumatica.client_id.partition("@")[0])
    acumatica.expire_tokens()
    AcumaticaApi(connection).changes(BILL)
    form = acumatica.calls_to("oauth.token")[0].body.decode()
    assert f"{acumatica.client_id.replace('@', '%40')}" in form and "client_secret=" in form


def test_a_release_without_the_password_grant_says_so_once(db: None, acumatica: AcumaticaSimulator) -> None:
    acumatica.options.has_password_grant = False
    connection = factories.acumatica_connection(acumatica, sign_in="password")
    for _ in range(2):
        with pytest.raises(Exception, match="no longer allows OAuth with user name"):
            TokenStore(connection).current()
    assert len(acumatica.calls_to("oauth.token")) == 1


def test_a_wrong_password_of_the_grant_is_not_repeated(db: None, acumatica: AcumaticaSimulator) -> None:
    connection = factories.acumatica_connection(acumatica, sign_in="password")
    connection.secrets = {**connection.secrets, "password": "wrong"}
    connection.save()
    for _ in range(3):
        with pytest.raises(Exception, match="lock the user"):
            AcumaticaApi(connection).changes(BILL)
    assert len(acumatica.calls_to("oauth.token")) == 1
    assert Connection.objects.get().health == "sign_in"


def test_nothing_unlisted_is_repeated() -> None:
    """Every row of the table names a status or a code of ours."""
    assert all(fault.status or fault.code for fault in FAULTS)
    statuses = {fault.status for fault in FAULTS}
    assert not statuses & {405, 411, 415, 418}
