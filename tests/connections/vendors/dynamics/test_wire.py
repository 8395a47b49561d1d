"""What comes over the wire: error answers, multipart answers, single values, file names, columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    RejectedError,
    TransientError,
)
from connections.vendors.dynamics import batch
from connections.vendors.dynamics.changes import TRACKED_COLUMNS
from connections.vendors.dynamics.client import key_path, target
from connections.vendors.dynamics.customers import ACCOUNT_COLUMNS, CONTACT_COLUMNS
from connections.vendors.dynamics.errors import FAULTS, FullReadNeededError, read_error
from connections.vendors.dynamics.invoices import (
    CURRENCY_COLUMNS,
    INVOICE_COLUMNS,
    LINE_COLUMNS,
    ORDER_COLUMNS,
)
from connections.vendors.dynamics.notes import NOTE_COLUMNS, safe_filename
from connections.vendors.dynamics.values import DateRules, Row, as_written
from connections.verdicts import UnlistedStatusError, verdict
from tests.contract import spec_file

BERLIN = DateRules(
    ZoneInfo("Europe/Berlin"),
    literal=frozenset({"literal"}),
    columns=frozenset({"moment", "literal", "day"}),
    days=frozenset({"day"}),
)


# --- errors ---


def answered(status: int, code: str, message: str) -> Response:
    response = Response()
    response.status_code = status
    response._content = json.dumps({"error": {"code": code, "message": message}}).encode()
    response.headers["REQ_ID"] = "11aa"
    return response


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, "0x80048408", "100005 is not a valid status code", RejectedError),
        (400, "0x0", "Could not find a property named 'new_x' on type 'invoice'.", ConfigurationError),
        (400, "0x80040265", "Rechnung ist gesperrt", RejectedError),
        (400, "0x80072491", "Entity invoice isn't enabled for change tracking.", ConfigurationError),
        (400, "0x80044352", "Version stamp associated with the client has expired.", FullReadNeededError),
        (410, "0x80044352", "Version stamp associated with the client has expired.", FullReadNeededError),
        (500, "0x80044352", "Version stamp associated with the client has expired.", FullReadNeededError),
        (401, "", "", AccessLostError),
        (403, "0x80072560", "The user is not a member of the organization.", ConfigurationError),
        (403, "0x80040220", "missing prvReadInvoice privilege", ConfigurationError),
        (403, "0x80040225", "The specified user is disabled.", ConfigurationError),
        (403, "0x80095FFC", "Access to Dataverse API is restricted", ConfigurationError),
        (403, "0x8004F504", "column", ConfigurationError),
        (403, "0x8004a113", "administration mode", TransientError),
        (403, "", "", ConfigurationError),
        (404, "0x80040217", "invoice With Id = 1 Does Not Exist", RejectedError),
        (404, "0x8006088a", "Resource not found for the segment 'invoices'", ConfigurationError),
        (412, "0x80060882", "The version of the existing record doesn't match", TransientError),
        (413, "", "", RejectedError),
        (429, "0x80072322", "Number of requests exceeded", TransientError),
        (500, "0x80040216", "An unexpected error occurred.", TransientError),
        (502, "", "", TransientError),
        (503, "", "", TransientError),
        (504, "", "", TransientError),
        (405, "", "", UnlistedStatusError),
        (418, "", "", UnlistedStatusError),
    ],
)
def test_each_error_answer_says_what_happens_next(
    status: int, code: str, message: str, expected: type[ConnectorError]
) -> None:
    found = read_error(answered(status, code, message))
    error = verdict(FAULTS, found, vendor="dynamics", status=status, wait=None, is_write=False)
    assert type(error) is expected and len(str(error)) > 20
    assert error.request_id == "11aa"


def test_a_gateway_page_is_no_reason() -> None:
    response = answered(502, "", "")
    for content in (b"<html>Bad Gateway</html>", b"null", b'{"Message": "Maintenance"}', b'{"error": "x"}'):
        response._content = content
        assert read_error(response).code == ""


# --- batches ---

ANSWER = (
    b"--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: W/"1"\r\n\r\n{"totalamount": 1.10}\r\n'
    b"--batchresponse_1\r\nContent-Type: application/http\r\n\r\n"
    b"HTTP/1.1 429 \r\nRetry-After: 12\r\n\r\n\r\n"
    b"--batchresponse_1--\r\n"
)


def test_parts_of_a_batch_are_answered_one_by_one() -> None:
    first, second = batch.decode(ANSWER, 'multipart/mixed; boundary="batchresponse_1"')
    assert (first.status, first.json()) == (200, {"totalamount": Decimal("1.10")})
    assert (second.status, second.headers["retry-after"], second.content.strip()) == (429, "12", b"")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ANSWER[:-30], "multipart/mixed; boundary=batchresponse_1"),
        (ANSWER, "multipart/mixed; boundary=other"),
        (ANSWER, "text/html"),
        (b"", "multipart/mixed; boundary=batchresponse_1"),
        (ANSWER.replace(b"HTTP/1.1 200 OK", b"200"), "multipart/mixed; boundary=batchresponse_1"),
    ],
)
def test_an_answer_that_is_cut_off_or_of_another_shape_is_no_answer(content: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match="boundary|cut off|status line"):
        batch.decode(content, kind)


def test_a_batch_is_written_as_the_documentation_shows_it() -> None:
    part = batch.Part(target("/api/data/v9.2/invoices", {"$filter": "name eq 'a b&c'"}), {"Accept": "x"})
    assert batch.encode([part], "b") == (
        b"--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        b"GET /api/data/v9.2/invoices?$filter=name%20eq%20'a%20b%26c' HTTP/1.1\r\nAccept: x\r\n\r\n"
        b"\r\n--b--\r\n"
    )


def test_only_a_guid_becomes_part_of_an_address() -> None:
    assert key_path("invoices", "6D81597F-0000-4000-8000-000000000002").endswith(
        "(6d81597f-0000-4000-8000-000000000002)"
    )
    with pytest.raises(ValueError, match="not a GUID"):
        key_path("invoices", "1)/x(")


# --- values ---


def row(**values: Any) -> Row:
    return Row(values, BERLIN)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("moment", "2026-05-31T22:00:00Z", date(2026, 6, 1)),
        ("moment", "2026-12-31T23:00:00Z", date(2027, 1, 1)),
        ("moment", "2026-06-01", date(2026, 6, 1)),
        ("literal", "2026-06-01T00:00:00Z", date(2026, 6, 1)),
        ("literal", "2026-06-01T23:30:00Z", date(2026, 6, 1)),
        ("day", "2026-12-21", date(2026, 12, 21)),
        ("day", None, None),
    ],
)
def test_a_day_is_read_by_the_behaviour_of_its_column(column: str, value: Any, expected: date | None) -> None:
    assert row(**{column: value}).day(column) == expected
    assert row(**{column: value}).value(column) == expected


def test_a_day_is_written_as_it_is_read() -> None:
    day = date(2026, 11, 21)
    assert as_written("moment", day, BERLIN) == "2026-11-21T00:00:00+01:00"
    assert as_written("literal", day, BERLIN) == "2026-11-21T00:00:00Z"
    assert as_written("day", day, BERLIN) == "2026-11-21"
    assert as_written("moment", datetime(2026, 11, 21, 8, 30, tzinfo=UTC), BERLIN) == "2026-11-21T08:30:00Z"
    assert as_written("text", "2026", BERLIN) == "2026"


def test_an_amount_is_a_number_or_nothing_and_never_guessed() -> None:
    assert row(tax=Decimal("119.0000000000")).decimal("tax") == Decimal(119)
    assert row(tax=119).decimal("tax") == Decimal(119) and row(tax=None).decimal("tax") is None
    assert row().decimal("tax") is None
    for strange in ("119,00", "119", True, {}, [1]):
        with pytest.raises(RejectedError, match="tax"):
            row(tax=strange).decimal("tax")
    with pytest.raises(RejectedError):
        row(statecode=Decimal("1.5")).whole("statecode")
    for strange in ("gestern", 5, "2026-13-01", "2026-02-30"):
        with pytest.raises(RejectedError):
            row(day=strange).day("day")


def test_a_text_that_looks_like_a_date_stays_a_text() -> None:
    assert row(name="2026-11-21").value("name") == "2026-11-21"


def test_a_row_without_its_key_is_no_row() -> None:
    for value in (None, "", "1", 5):
        with pytest.raises(TransientError):
            row(invoiceid=value).guid("invoiceid")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RE-1.pdf", "RE-1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Rechnungen\\RE 1.pdf", "RE 1.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("", ""),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_file_name_is_made_harmless(name: str, expected: str) -> None:
    assert safe_filename(name) == expected


@given(st.text(max_size=300))
def test_no_file_name_leads_elsewhere(name: str) -> None:
    safe = safe_filename(name)
    assert len(safe) <= 120 and not set(safe) & set("/\\\x00\n\r") and safe not in (".", "..")


# --- columns ---

# Every table has these; the definitions leave them out.
EVERYWHERE = {"createdon", "modifiedon"}


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("invoice", INVOICE_COLUMNS),
        ("invoicedetail", LINE_COLUMNS),
        ("salesorder", ORDER_COLUMNS),
        ("account", ACCOUNT_COLUMNS),
        ("contact", CONTACT_COLUMNS),
        ("transactioncurrency", CURRENCY_COLUMNS),
        ("annotation", NOTE_COLUMNS.split(",")),
        *TRACKED_COLUMNS.items(),
    ],
)
def test_every_column_that_is_asked_for_exists(table: str, columns: tuple[str, ...]) -> None:
    """An unknown column makes the whole query fail, so none is asked for on a hunch."""
    definition = json.loads(spec_file("dynamics", "columns.json").read_text())[table]["columns"]
    lookups = {name.lower() for name in definition["(lookups)"]}
    unknown = [
        column
        for column in columns
        if column not in definition
        and column not in EVERYWHERE
        and not column.startswith("address1_")
        and not _is_lookup(column, lookups)
    ]
    assert unknown == []


def _is_lookup(column: str, lookups: set[str]) -> bool:
    """ "_salesorderid_value" is "salesOrder" there; look-ups of owner, customer and user are left out."""
    name = column.removeprefix("_").removesuffix("_value")
    known = lookups | {"customer", "account", "contact", "owner", "modifiedby", "user_modifiedby"}
    return column.startswith("_") and name.removesuffix("id") in known
