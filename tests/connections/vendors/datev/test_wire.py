"""The odd forms in which DATEV sends values, addresses of jobs and of pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from connections.errors import ConfigurationError, TransientError
from connections.vendors.datev import wire

JOB = "8a772151-6c21-40fe-96ae-4d42cbeeda5a"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (True, True),
        ("true", True),
        ("TRUE", True),
        (False, False),
        ("false", False),
        (None, None),
        ("ja", None),
    ],
)
def test_booleans_come_as_text_too(sent, read):
    assert wire.flag(sent) is read


@pytest.mark.parametrize(
    ("sent", "read"),
    [(4, 4), ("4", 4), (Decimal("4.0"), 4), (" 125742 ", 125742), (True, None), (None, None), ("4,5", None)],
)
def test_numbers_come_as_text_too(sent, read):
    assert wire.number(sent) == read


@pytest.mark.parametrize("sent", ["2026-01-01", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000+0000"])
def test_dates_come_with_a_time_part_too(sent):
    assert wire.day(sent) == date(2026, 1, 1)


@pytest.mark.parametrize("sent", [None, "", "morgen", "01.02.2026", 20260101])
def test_what_is_no_date_is_none(sent):
    assert wire.day(sent) is None


@pytest.mark.parametrize(
    "sent", ["2026-07-14T12:12:57Z", "2026-07-14T14:12:57+02:00", "2026-07-14T14:12:57.000+0200"]
)
def test_moments_are_utc_whatever_offset_was_sent(sent):
    assert wire.moment(sent) == datetime(2026, 7, 14, 12, 12, 57, tzinfo=UTC)


@pytest.mark.parametrize("sent", ["AC4D376F-D081-4CB3-98DE-190FA93B500E", "ac4d376fd0814cb398de190fa93b500e"])
def test_guids_come_in_upper_case_and_without_dashes(sent):
    assert wire.guid(sent) == UUID("ac4d376f-d081-4cb3-98de-190fa93b500e")


def test_a_number_is_no_guid():
    assert wire.guid(None) is None


@pytest.mark.parametrize(
    "location",
    [
        f"/clients/455148-2/extf-files/jobs/{JOB}",
        f"/platform/v3/clients/455148-2/extf-files/jobs/{JOB}",
        f"/platform-sandbox/v3/clients/455148-2/extf-files/jobs/{JOB}/",
        f"https://accounting-extf-files.api.datev.de/platform/v3/clients/455148-2/extf-files/jobs/{JOB}",
        f"https://somewhere.example/clients/455148-2/extf-files/jobs/{JOB}?a=b#c",
        f"clients/455148-2/extf-files/jobs/{JOB}",
    ],
)
def test_the_job_is_the_last_segment_of_every_form_of_location(location):
    assert wire.job_ref(location) == JOB


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/",
        "https://somewhere.example/maintenance",
        "/clients/1-1/extf-files/jobs/",
        "/jobs/a%2F..%2Fb",
        "/jobs/a b",
    ],
)
def test_a_location_without_a_job_is_no_job(location):
    assert wire.job_ref(location) == ""


PAGE = "https://datev.example/platform/v2/clients?skip=100&top=100"


def test_a_relative_link_is_resolved_against_the_page_just_read():
    link = '<?skip=0&top=100>;rel="prev", <?skip=200&top=100>;rel="next"'

    assert wire.next_page(link, PAGE) == "https://datev.example/platform/v2/clients?skip=200&top=100"


def test_a_filter_that_the_link_forgets_is_carried_over():
    url = "https://datev.example/platform/v2/clients?skip=0&top=100&filter=consultant_number+eq+1"

    assert wire.next_page('<?skip=100&top=100>; rel="next"', url) == (
        "https://datev.example/platform/v2/clients?skip=100&top=100&filter=consultant_number+eq+1"
    )


@pytest.mark.parametrize("link", ["", '<?skip=0&top=100>;rel="prev"', "nonsense"])
def test_without_a_next_link_the_listing_is_over(link):
    assert wire.next_page(link, PAGE) == ""


def test_an_absolute_link_stays_absolute_so_that_the_transport_can_check_its_host():
    found = wire.next_page('<https://elsewhere.example/clients?skip=200>; rel="next"', PAGE)

    assert found.startswith("https://elsewhere.example/clients?")


@pytest.mark.parametrize("ref", ["455148-1", "1001-99999", "9999999999-1"])
def test_a_client_is_consultant_and_client_number(ref):
    assert wire.client_path(ref) == f"/clients/{ref}"


@pytest.mark.parametrize("ref", ["", "455148", "455148-", "0455148-1", "455148-1/../2", "455148-1 ", "a-b"])
def test_anything_else_is_no_client_and_never_part_of_an_address(ref):
    with pytest.raises(ConfigurationError, match="455148-1"):
        wire.client_path(ref)


def test_one_object_in_an_array_is_the_object():
    assert wire.mapping([{"id": "1"}]) == {"id": "1"}


@pytest.mark.parametrize("said", [None, {}, {"error": "x"}, "text", [1, 2], [[{}]]])
def test_no_list_is_not_an_empty_list(said):
    """An empty job list would mean "send the file again"."""
    with pytest.raises(TransientError):
        wire.listing(said)


@pytest.mark.parametrize("said", [None, [], [{}, {}], "text", 4])
def test_anything_but_one_object_is_unreadable(said):
    with pytest.raises(TransientError):
        wire.mapping(said)
