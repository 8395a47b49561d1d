"""Rows, lookups, filters, expansions, pages of the simulated Web API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.sandbox.dynamics.conftest import ANNOTATED, error

FORMATTED = "@OData.Community.Display.V1.FormattedValue"
LOGICAL = "@Microsoft.Dynamics.CRM.lookuplogicalname"


def test_an_invoice_comes_with_customer_currency_and_lines(api, sim, invoice, account):
    (row,) = api.rows(
        "invoices?$select=invoicenumber,totalamount,totaltax,duedate,datedelivered,_customerid_value"
        "&$filter=statecode eq 0 and statuscode eq 4"
        "&$expand=invoice_details($select=extendedamount,tax;$orderby=lineitemnumber desc),"
        "customerid_account($select=name),customerid_contact($select=fullname),"
        "transactioncurrencyid($select=isocurrencycode,currencyprecision)"
    )

    assert (row["invoicenumber"], row["totalamount"], row["totaltax"]) == ("RE-1001", 226, 26)
    assert [line["extendedamount"] for line in row["invoice_details"]] == [107, 119]
    assert row["customerid_account"]["name"] == "Beispiel AG"
    assert row["customerid_contact"] is None
    assert row["transactioncurrencyid"]["isocurrencycode"] == "EUR"
    assert row["_customerid_value"] == account


def test_days_are_days_and_delivery_is_midnight_in_berlin(api, invoice):
    row = api.read(f"invoices({invoice})?$select=duedate,datedelivered,createdon")

    assert row["duedate"] == "2026-12-02"
    assert row["datedelivered"] == "2026-05-31T22:00:00Z"
    assert row["createdon"] == "2026-11-02T08:00:00Z"


def test_money_is_a_bare_number_with_all_its_digits(api, sim, invoice):
    path = f"invoices({invoice})?$select=totalamount,discountamount"
    assert '"totalamount":226.0000000000,"discountamount":null' in api.get(path).text

    sim.options.short_numbers = True
    assert '"totalamount":226,' in api.get(path).text


def test_annotations_come_only_when_they_are_preferred(api, invoice):
    path = f"invoices({invoice})?$select=_customerid_value,statuscode,totalamount"

    plain = api.read(path)
    unquoted = api.read(path, "odata.include-annotations=*")
    one = api.read(path, 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"')
    full = api.read(path, ANNOTATED)

    assert not any(name.count("@") for name in plain if not name.startswith("@"))
    assert unquoted == plain
    assert one[f"statuscode{FORMATTED}"] == "Fakturiert"
    assert f"_customerid_value{LOGICAL}" not in one
    assert full[f"_customerid_value{LOGICAL}"] == "account"
    assert full[f"totalamount{FORMATTED}"] == "226,00 €"


def test_labels_follow_the_language_of_the_user(api, sim, invoice):
    sim.set_language(1033)

    row = api.read(f"invoices({invoice})?$select=statuscode,totalamount", ANNOTATED)

    assert (row[f"statuscode{FORMATTED}"], row[f"totalamount{FORMATTED}"]) == ("Billed", "€226.00")


def test_a_contact_can_be_the_customer(api, sim):
    person = sim.add_contact("Muster", "Erika")
    invoice = sim.add_invoice(person, [{"price": "10"}])

    row = api.read(
        f"invoices({invoice})?$select=_customerid_value,_accountid_value,_contactid_value", ANNOTATED
    )

    assert row[f"_customerid_value{LOGICAL}"] == "contact"
    assert (row["_accountid_value"], row["_contactid_value"]) == (None, person)
    assert row[f"_customerid_value{FORMATTED}"] == "Erika Muster"


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("statuscode eq 4", ["A", "B"]),
        ("statuscode ne 4", ["C"]),
        ("totalamount gt 100 and totalamount le 300", ["B"]),
        ("totalamount lt 100 or totalamount ge 300", ["A", "C"]),
        ("not (invoicenumber eq 'a')", ["B", "C"]),
        ("duedate eq 2026-12-02", ["A"]),
        ("duedate eq null", ["B", "C"]),
        ("createdon ge 2026-11-02T08:00:00Z", ["A", "B", "C"]),
        ("createdon gt 2026-11-02T09:00:00%2B01:00", []),
        ("contains(name,'O''Neill')", ["B"]),
        ("startswith(invoicenumber,'a') or endswith(invoicenumber,'C')", ["A", "C"]),
        ("customerid_account/accountnumber eq '10001'", ["A", "B"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='statuscode',PropertyValues=['1','2'])", ["C"]),
    ],
)
def test_filters(api, sim, account, test, found):
    other = sim.add_account("Andere GmbH")
    sim.add_invoice(account, [{"price": "50"}], number="A", due_on=date(2026, 12, 2))
    sim.add_invoice(account, [{"price": "200"}], number="B", name="O'Neill & Söhne")
    sim.add_invoice(other, [{"price": "400"}], number="C", status=1)

    rows = api.rows(f"invoices?$select=invoicenumber&$filter={test}&$orderby=invoicenumber")

    assert [row["invoicenumber"] for row in rows] == found


def test_lookups_are_filtered_without_quotes(api, invoice, account):
    query = "invoices?$select=invoicenumber&$filter=_customerid_value eq "

    assert len(api.rows(f"{query}{account}")) == 1
    assert error(api.get(f"{query}'{account}'")) == (400, "0x80060888")


def test_the_in_operator_is_not_documented(api, sim, invoice):
    path = "invoices?$select=invoicenumber&$filter=statuscode in (4,5)"
    assert api.get(path).status_code == 400

    sim.options.accept_in_operator = True
    assert len(api.rows(path)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "$select=new_unknown",
        "$select=customerid",
        "$filter=new_unknown eq 1",
        "$filter=statuscode eq",
        "$filter=statuscode eq 'four'",
        "$orderby=name sideways",
        "$expand=nothing",
        "$skip=10",
        "$search=x",
        "$top=many",
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(api, invoice, query):
    assert api.get(f"invoices?{query}").status_code == 400


def test_order_and_top(api, sim, account):
    for number, price in (("A", "3"), ("B", "1"), ("C", "2")):
        sim.add_invoice(account, [{"price": price}], number=number)
    path = "invoices?$select=invoicenumber&$orderby=totalamount desc&$top=2"

    assert [row["invoicenumber"] for row in api.rows(path)] == ["A", "C"]
    # $top is ignored beside a page size.
    assert len(api.rows(path, "odata.maxpagesize=5")) == 3


def test_pages_are_followed_byte_for_byte(api, sim, account):
    for number in range(5):
        sim.add_invoice(account, number=f"RE-{number}", name="Süd & Nord")
    prefer = "odata.maxpagesize=2"

    first = api.get(
        "invoices?$select=invoicenumber&$filter=name eq 'Süd %26 Nord'&$orderby=invoicenumber", prefer
    )
    link = first.json()["@odata.nextLink"]
    second = api.read(link, prefer)
    third = api.read(second["@odata.nextLink"], prefer)
    changed = api.get(link.replace("pagenumber=%222%22", "pagenumber=%223%22"), prefer)

    assert first.headers["Preference-Applied"] == prefer
    assert "%253ccookie" in link
    numbers = [row["invoicenumber"] for page in (first.json(), second, third) for row in page["value"]]
    assert numbers == [f"RE-{number}" for number in range(5)]
    assert "@odata.nextLink" not in third
    assert error(changed) == (400, "0x8004112a")


def test_an_expanded_collection_has_pages_of_its_own(api, sim, account):
    invoice = sim.add_invoice(account, [{"text": str(number), "price": "1"} for number in range(5)])
    expand = "$expand=invoice_details($select=lineitemnumber;$orderby=lineitemnumber)"

    row = api.read(f"invoices({invoice})?$select=name&{expand}", "odata.maxpagesize=3")
    rest = api.read(row["invoice_details@odata.nextLink"], "odata.maxpagesize=3")

    assert [line["lineitemnumber"] for line in (*row["invoice_details"], *rest["value"])] == [1, 2, 3, 4, 5]


def test_count_beside_the_rows_and_alone(api, invoice):
    body = api.read("invoices?$select=name&$count=true")

    assert body["@odata.count"] == 1
    assert api.get("invoices/$count?$filter=statuscode eq 1").text == "0"


def test_an_unchanged_row_is_not_sent_again(api, sim, invoice):
    etag = api.read(f"invoices({invoice})?$select=name")["@odata.etag"]
    again = {"If-None-Match": etag}

    assert api.get(f"invoices({invoice})?$select=name", headers=again).status_code == 304
    assert api.get(f"invoices({invoice})?$select=name", ANNOTATED, headers=again).status_code == 200
    sim.change(invoice, description="neu")
    assert api.get(f"invoices({invoice})?$select=name", headers=again).status_code == 200


def test_what_is_not_there(api, invoice):
    missing = "00000000-0000-0000-0000-000000000001"

    assert error(api.get(f"invoices({missing})")) == (404, "0x80040217")
    assert error(api.get("invoicez")) == (404, "0x8006088a")
    assert error(api.get("accounts(accountnumber='1')")) == (404, "0x80060891")


def test_an_alternate_key_works_once_it_is_defined(api, sim, account):
    sim.add_alternate_key("account", "accountnumber")

    assert api.read("accounts(accountnumber='10001')?$select=name")["accountid"] == account


def test_copied_environment_has_the_same_ids_and_another_organisation(api, sim, invoice):
    copied = sim.copy_organization("https://muster-test.crm4.dynamics.example")
    other = type(api)(copied)

    there = other.read(f"invoices({invoice})?$select=invoicenumber,totalamount")
    ours, theirs = api.read("WhoAmI"), other.read("WhoAmI")

    assert there["totalamount"] == Decimal(226)
    assert ours["UserId"] == theirs["UserId"]
    assert ours["OrganizationId"] != theirs["OrganizationId"]
    scope = "https://muster-test.crm4.dynamics.example/.default"
    other.token = api.token_request(scope=scope).json()["access_token"]
    assert other.get("WhoAmI").status_code == 200
    assert api.call("GET", "WhoAmI", headers={"Authorization": f"Bearer {other.token}"}).status_code == 401
    other.token = api.token
    assert other.get("WhoAmI").status_code == 401
    sim.cancel(invoice)
    assert copied.values(invoice)["statecode"] == 0
