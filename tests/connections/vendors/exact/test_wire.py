"""What comes over the wire: literals, addresses, envelopes, dates, amounts, error answers."""

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
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.vendors.exact import odata
from connections.vendors.exact.documents import Progress
from connections.vendors.exact.errors import FAULTS, read_error
from connections.vendors.exact.values import Row
from connections.vendors.exact.watch import endpoint_of
from connections.vendors.exact.writing import carries
from connections.verdicts import UnlistedStatusError, verdict

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ORDER = "c00ee12c-2b39-4e84-b332-54a3c722e5dd"


def row(**values: Any) -> Row:
    return Row(values, AMSTERDAM)


# --- literals and addresses ---


def test_literals_are_those_of_the_dialect() -> None:
    assert odata.guid("{" + ORDER.upper() + "}") == f"guid'{ORDER}'"
    assert odata.text("O'Brien") == "'O''Brien'"
    assert odata.moment(datetime(2026, 1, 15, 10, 20, 30)) == "datetime'2026-01-15T10:20:30'"  # noqa: DTZ001
    assert odata.day(date(2026, 1, 15)) == "datetime'2026-01-15T00:00:00'"
    assert odata.int64(8589934592) == "8589934592L"
    assert odata.any_of("ID", [ORDER, ORDER]) == f"ID eq guid'{ORDER}' or ID eq guid'{ORDER}'"


def test_nothing_but_a_guid_becomes_part_of_an_address() -> None:
    for wrong in ("1)/x(", "", "c00ee12c", f"{ORDER}' or ID ne guid'{ORDER}"):
        with pytest.raises(ValueError, match="not a GUID"):
            odata.key_path("project/Projects", wrong)


def test_a_moment_with_a_zone_is_refused_where_local_time_is_meant() -> None:
    with pytest.raises(ValueError, match="wall-clock"):
        odata.moment(datetime(2026, 1, 15, tzinfo=UTC))


@given(st.text(max_size=40))
def test_no_value_breaks_out_of_its_filter(value: str) -> None:
    address = odata.address("x/Y", {"$filter": f"Code eq {odata.text(value)}", "$top": "1"})
    assert address.count("&") == 1 and "#" not in address and " " not in address
    assert odata.text(value).count("'") % 2 == 0


# --- envelopes ---


def test_lists_come_in_three_shapes() -> None:
    assert odata.listing({"d": {"results": [{"ID": 1}], "__next": "https://x/y"}}) == (
        [{"ID": 1}],
        "https://x/y",
    )
    assert odata.listing({"d": {"results": []}}) == ([], "")
    assert odata.listing({"d": [{"ID": 1}]}) == ([{"ID": 1}], "")
    assert odata.entity({"d": {"ID": 1}}) == {"ID": 1}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "x",
        {"d": None},
        {"d": {}},
        {"d": {"results": None}},
        {"d": {"results": [1]}},
        {"d": [[]]},
    ],
)
def test_what_is_no_list_is_not_an_empty_list(body: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        odata.listing(body)


# --- values ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/Date(1351209600000)/", datetime(2012, 10, 26)),  # noqa: DTZ001
        ("/Date(1351209600000+0100)/", datetime(2012, 10, 26)),  # noqa: DTZ001
        ("/Date(-86400000)/", datetime(1969, 12, 31)),  # noqa: DTZ001
        ("2026-01-15T00:00:00", datetime(2026, 1, 15)),  # noqa: DTZ001
        ("2026-01-15T00:00:00.123Z", datetime(2026, 1, 15, 0, 0, 0, 123000)),  # noqa: DTZ001
    ],
)
def test_a_date_is_the_sites_own_and_never_shifted(value: str, expected: datetime) -> None:
    assert odata.wall_clock(value) == expected
    assert row(day=value).day("day") == expected.date()


def test_a_moment_is_what_the_sites_clock_showed_then() -> None:
    winter, summer = "/Date(1768472430000)/", "/Date(1784110830000)/"
    assert row(at=winter).moment("at") == datetime(2026, 1, 15, 9, 20, 30, tzinfo=UTC)
    assert row(at=summer).moment("at") == datetime(2026, 7, 15, 8, 20, 30, tzinfo=UTC)
    assert row(at=None).moment("at") is None


def test_money_is_a_number_and_nothing_else() -> None:
    known = row(a=Decimal("119.10"), b=119, c=None)
    assert (known.decimal("a"), known.decimal("b"), known.decimal("c"), known.decimal("d")) == (
        Decimal("119.10"),
        Decimal(119),
        None,
        None,
    )
    for wrong in ("119.10", True, {}, []):
        with pytest.raises(RejectedError, match="can't be read"):
            row(a=wrong).decimal("a")


def test_flags_numbers_and_choices_in_both_spellings() -> None:
    assert row(a=True).flag("a") and row(a=1).flag("a")
    assert not row(a=0).flag("a") and not row(a=None).flag("a")
    assert row(a="8589934592").whole("a") == row(a=8589934592).whole("a") == 8589934592
    assert row(a=20).choice("a", Progress) is Progress.PARTIAL and row().choice("a", Progress) is None
    assert row(a="               100").text("a") == "100"
    for wrong in (77, "Teilweise", Decimal("20.5")):
        with pytest.raises(RejectedError):
            row(a=wrong).choice("a", Progress)
    with pytest.raises(TransientError):
        row(ID=None).key("ID")


def test_a_stored_row_is_the_same_again() -> None:
    known = row(ID=ORDER, AmountFC=Decimal("119.10"), OrderDate="/Date(1351209600000)/")
    stored = json.loads(json.dumps(known.to_json()))
    assert Row.from_json(stored, AMSTERDAM) == known
    assert str(Row.from_json(stored, AMSTERDAM).decimal("AmountFC")) == "119.10"


def test_a_marker_is_found_as_a_whole_only() -> None:
    assert carries("Montage [asana:12]", "asana:12") and carries("asana:12", "asana:12")
    assert not carries("asana:120", "asana:12") and not carries("xasana:12", "asana:12")
    assert not carries("exact:asana:12", "asana:12") and not carries("", "asana:12")


def test_errors_are_counted_by_endpoint_without_division_and_key() -> None:
    url = f"https://start.exactonline.nl/api/v1/499156/project/WBSDeliverables(guid'{ORDER}')?$select=ID"
    assert endpoint_of(url) == "project/WBSDeliverables"
    assert endpoint_of("https://start.exactonline.nl/api/v1/current/Me?$select=UserID") == "current/Me"


# --- errors ---


def answered(status: int, body: bytes = b"", **headers: str) -> Response:
    response = Response()
    response.status_code = status
    response._content = body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def said(text: str, code: str = "") -> bytes:
    return json.dumps({"error": {"code": code, "message": {"lang": "", "value": text}}}).encode()


BUSINESS = said("Verplicht: Leverancier")


@pytest.mark.parametrize(
    ("response", "reading", "writing"),
    [
        (answered(302, b"<h2>Object moved to here</h2>"), TransientError, TransientError),
        (answered(302), UnlistedStatusError, OutcomeUnknownError),
        (answered(400, said("Please add a $select")), RejectedError, RejectedError),
        (answered(401), AccessLostError, AccessLostError),
        (answered(403, Reason="NoDivisionAccess"), ConfigurationError, ConfigurationError),
        (answered(403, Reason="LicenseExpired: x"), ConfigurationError, ConfigurationError),
        (
            answered(403, said("Forbidden - Application Scope Violated.")),
            ConfigurationError,
            ConfigurationError,
        ),
        (answered(404), RejectedError, RejectedError),
        (answered(408), TransientError, TransientError),
        (answered(429), TransientError, TransientError),
        # The books refuse in words, a breakdown does not: `writing.checked` then looks what was written.
        (answered(500, BUSINESS), RejectedError, RejectedError),
        (answered(500, said("", code="x")), TransientError, OutcomeUnknownError),
        (answered(500, said("Trouble", code="E17")), TransientError, OutcomeUnknownError),
        (answered(500, b"<html>Server Error</html>"), TransientError, OutcomeUnknownError),
        (answered(500), TransientError, OutcomeUnknownError),
        (answered(503), TransientError, OutcomeUnknownError),
        (answered(418), UnlistedStatusError, UnlistedStatusError),
    ],
)
def test_each_error_answer_says_what_happens_next(
    response: Response, reading: type[ConnectorError], writing: type[ConnectorError]
) -> None:
    found = read_error(response)
    for is_write, expected in ((False, reading), (True, writing)):
        error = verdict(
            FAULTS, found, vendor="exact", status=response.status_code, wait=None, is_write=is_write
        )
        assert type(error) is expected, error
        assert len(str(error)) > 20


def test_an_exhausted_day_is_told_from_an_exhausted_minute() -> None:
    day = read_error(answered(429, X_RateLimit_Remaining="0", X_RateLimit_Reset="1715644800000"))
    minute = read_error(answered(429, X_RateLimit_Minutely_Remaining="0"))
    assert (day.code, minute.code, read_error(answered(429)).code) == ("day", "minute", "minute")
