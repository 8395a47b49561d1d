"""Wrapped values, days and moments, errors inside of entities, cookies, addresses. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.errors import RejectedError, TransientError
from connections.models import Connection
from connections.vendors.acumatica import addresses
from connections.vendors.acumatica.cookies import cookies_in
from connections.vendors.acumatica.values import (
    Row,
    checked,
    errors_in,
    listing,
    moment_literal,
    query_string,
    quoted,
    wrapped,
)

BERLIN = ZoneInfo("Europe/Berlin")


def row(**fields) -> Row:
    return Row({name: {"value": value} for name, value in fields.items()}, BERLIN)


def test_an_empty_field_has_no_value_and_one_that_did_not_come_reads_the_same():
    given = Row({"A": {}, "B": {"value": ""}, "C": {"value": None}}, BERLIN)
    for name in "ABCD":
        assert given.text(name) == "" and given.decimal(name) is None and given.day(name) is None
        assert given.moment(name) is None and given.flag(name) is None
    assert given.rows("Details") is None and Row({"Details": []}, BERLIN).rows("Details") == ()


def test_keys_lose_their_padding_and_keep_their_zeros():
    assert row(A="JUICER20C   ").text("A") == "JUICER20C"
    assert row(A="005933").text("A") == "005933"


@pytest.mark.parametrize("value", ["1,50", "1190.00", True, [], {}])
def test_an_amount_that_is_no_number_stops_everything(value):
    with pytest.raises(RejectedError, match="Amount"):
        row(Amount=value).decimal("Amount")


def test_an_amount_keeps_its_digits_over_storage():
    stored = row(Amount=Decimal("1190.0500")).to_json()
    assert str(Row.from_json(stored).decimal("Amount")) == "1190.0500"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        # Midnight in Berlin is the evening before in UTC; the offset changes within one document.
        ("2026-02-11T00:00:00+01:00", date(2026, 2, 11)),
        ("2026-04-10T00:00:00+02:00", date(2026, 4, 10)),
        ("2026-03-29T00:00:00+01:00", date(2026, 3, 29)),
        ("2026-10-25T00:00:00+02:00", date(2026, 10, 25)),
        ("2026-02-11T00:00:00-05:00", date(2026, 2, 11)),
        ("2026-02-11", date(2026, 2, 11)),
    ],
)
def test_a_day_is_what_is_written(written, day):
    assert row(Date=written).day("Date") == day


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-02-11T14:15:14.04+01:00", datetime(2026, 2, 11, 13, 15, 14, 40_000, UTC)),
        ("2026-02-11T14:15:14+01:00", datetime(2026, 2, 11, 13, 15, 14, tzinfo=UTC)),
        ("2026-02-11T14:15:14.1Z", datetime(2026, 2, 11, 13 + 1, 15, 14, 100_000, UTC)),
        # The hour that comes twice: the offset tells which.
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        # Without an offset the instance's zone counts.
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-01-01T12:00:00", datetime(2026, 1, 1, 11, tzinfo=UTC)),
    ],
)
def test_a_moment_is_one_in_utc(written, moment):
    assert row(At=written).moment("At") == moment


@pytest.mark.parametrize("written", ["gestern", "2026-13-01T00:00:00", 5, True])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(RejectedError):
        row(At=written).moment("At")
    with pytest.raises(RejectedError):
        row(At=written).day("At")


def test_a_plus_travels_encoded_and_a_blank_is_no_plus():
    literal = moment_literal(datetime(2026, 2, 11, 13, 15, 14, 40_000, UTC))
    assert literal == "datetimeoffset'2026-02-11T13:15:14.040+00:00'"
    assert query_string({"$filter": f"LastModifiedDateTime ge {literal}"}) == (
        "$filter=LastModifiedDateTime%20ge%20datetimeoffset'2026-02-11T13:15:14.040%2B00:00'"
    )
    assert quoted("O'Brien & Söhne") == "'O''Brien & Söhne'"
    assert "&" not in query_string({"$filter": quoted("A & B+C#")}).removeprefix("$filter=")


@given(st.datetimes(timezones=st.just(BERLIN)))
def test_whatever_is_sent_as_a_moment_comes_back_as_the_same(moment):
    written = wrapped({"At": moment})["At"]["value"]
    assert Row({"At": {"value": written}}, BERLIN).moment("At") == moment.astimezone(UTC)


def test_values_are_wrapped():
    given = {"Hold": False, "Date": date(2026, 2, 11), "Amount": Decimal("1.50"), "Note": None}
    assert wrapped(given) == {
        "Hold": {"value": False},
        "Date": {"value": "2026-02-11"},
        "Amount": {"value": Decimal("1.50")},
        "Note": {"value": None},
    }


def test_errors_inside_an_entity_are_all_found():
    body = {
        "error": "Updating 'AP Invoice' record raised at least one error.",
        "Vendor": {"value": "NOSUCH", "error": "'Vendor' cannot be found."},
        "Details": [{"Qty": {"value": 1}}, {"Project": {"value": "T", "error": "Project not found."}}],
        "MainContact": {"Email": {"value": "x", "error": "Not an e-mail."}},
        "files": [{"error": "is no field"}],
    }
    assert list(errors_in(body)) == [
        ("", "Updating 'AP Invoice' record raised at least one error."),
        ("Vendor", "'Vendor' cannot be found."),
        ("Details[1].Project", "Project not found."),
        ("MainContact.Email", "Not an e-mail."),
    ]
    with pytest.raises(RejectedError) as raised:
        checked(Row(body, BERLIN))
    assert [fault.field for fault in raised.value.faults] == [
        "",
        "Vendor",
        "Details[1].Project",
        "MainContact.Email",
    ]


def test_custom_fields_by_their_full_names():
    fields = {
        "UsrNote": {"type": "CustomStringField", "value": "Halle 3 "},
        "UsrRate": {"type": "CustomDecimalField", "value": Decimal("0.19")},
        "UsrOn": {"type": "CustomDateTimeField", "value": "2026-03-29T00:00:00+01:00"},
        "UsrEmpty": {"type": "CustomStringField"},
    }
    assert Row({"custom": {"Document": fields}}, BERLIN).custom() == {
        "Document.UsrNote": "Halle 3",
        "Document.UsrRate": Decimal("0.19"),
        "Document.UsrOn": date(2026, 3, 29),
        "Document.UsrEmpty": None,
    }


@pytest.mark.parametrize("body", [None, {}, "x", [1], [{}], [{"id": 5}], [{"id": "not-a-guid"}]])
def test_what_is_no_list_is_not_an_empty_list(body):
    with pytest.raises(TransientError):
        listing(body)


def test_cookies_of_joined_headers():
    header = (
        "ASP.NET_SessionId=abc; path=/; HttpOnly, .ASPXAUTH=0F1=; expires=Wed, 21 Oct 2026 07:28:00 GMT; "
        "path=/, UserBranch=; expires=Thu, 01 Jan 1970 00:00:00 GMT"
    )
    assert cookies_in(header) == {"ASP.NET_SessionId": "abc", ".ASPXAUTH": "0F1="}
    assert cookies_in("") == {}


def connected(url: str, **settings: str) -> Connection:
    given = {"instance_url": url, "tenant": "MUSTER AG", "endpoint_version": "24.200.001"}
    return Connection(name="Acumatica", vendor="acumatica", settings=given | settings)


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example/AcumaticaERP",
        "https://erp.example/AcumaticaERP/",
        "https://erp.example/AcumaticaERP/Main?ScreenId=AP301000",
        "https://erp.example/AcumaticaERP/entity/Default/24.200.001",
    ],
)
def test_the_instance_keeps_its_path_whatever_was_copied_from_the_browser(url):
    connection = connected(url)
    assert addresses.instance(connection) == "https://erp.example/AcumaticaERP"
    assert addresses.entity_base(connection) == "https://erp.example/AcumaticaERP/entity/Default/24.200.001"


def test_links_of_answers_hold_the_instance_already():
    connection = connected("https://erp.example/erp")
    link = "/erp/entity/Default/24.200.001/files/1"
    assert addresses.joined(connection, link) == f"https://erp.example{link}"
    assert addresses.joined(connection, f"https://erp.example{link}") == f"https://erp.example{link}"
    assert addresses.joined(connection, "https://evil.example/x") == "https://evil.example/x"


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        (("Bill", "005933"), "/Bill/005933"),
        (("Project Drop-Ship", "1"), "/Project%20Drop-Ship/1"),
        (("Debit Adj.", "1"), None),
        (("Bill", "A/1"), None),
        (("Bill", "A+1"), None),
        (("Bill", ""), None),
    ],
)
def test_a_key_that_does_not_travel_in_a_path_is_seen_beforehand(keys, path):
    assert addresses.key_path(*keys) == path


def test_the_link_to_the_screen():
    connection = connected("https://erp.example/erp")
    assert addresses.screen_url(connection, "Bill", "Debit Adj.", "0001") == (
        "https://erp.example/erp/Main?CompanyID=MUSTER%20AG&ScreenId=AP301000&DocType=ADR&RefNbr=0001"
    )
    assert addresses.screen_url(connection, "PurchaseOrder", "Own type", "1").endswith("ScreenId=PO301000")
