"""What DATEV's refusals mean, in every shape in which it sends them."""

from __future__ import annotations

import json

import pytest

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    RejectedError,
    TransientError,
)
from connections.vendors.datev.errors import FAULTS, InterfaceError, parse_error

PROBLEM = {
    "type": "http://www.datev.de/hilfe/1008828",
    "title": "Invalid query parameters",
    "detail": "Paging parameters are invalid",
    "affected_elements": [{"name": "skip", "reason": "Must be a positive integer"}],
    "request_id": "f11381c7-ba0e-4a3a-b2eb-fe4a6cc092c9",
    "status": 400,
}
DCO = {
    "error": "#DCO01010",
    "error_description": "restapi.InvalidDocumentTypeFault",
    "error_uri": "https://apps.datev.de/knowledge/help/search?q=DCO01010",
    "request_id": "0a13eff2-44a9-4de6-90f0-1198241e7c22",
}
BOUND = "this offline access token is not authorized to access requested clients"


def parsed(value):
    return parse_error(json.dumps(value).encode())


def error_class(status: int, code: str = "", text: str = "") -> type[ConnectorError]:
    return next(fault.error for fault in FAULTS if fault.matches(status, code, text))


@pytest.mark.parametrize("status", [400, "400"])
def test_problem_details_are_read(status):
    error = parsed(PROBLEM | {"status": status})

    assert error.code == "1008828"
    assert error.help_url == "http://www.datev.de/hilfe/1008828"
    assert error.text == "Invalid query parameters: Paging parameters are invalid"
    assert error.elements == (("skip", "Must be a positive integer"),)
    assert error.request_id == "f11381c7-ba0e-4a3a-b2eb-fe4a6cc092c9"


@pytest.mark.parametrize("wrapped", [False, True])
def test_dco_errors_are_read_in_an_array_too(wrapped):
    error = parsed([DCO] if wrapped else DCO)

    assert error.code == "DCO01010"
    assert error.help_url == "https://apps.datev.de/knowledge/help/search?q=DCO01010"
    assert error.request_id == "0a13eff2-44a9-4de6-90f0-1198241e7c22"


def test_an_error_of_nothing_but_a_request_id_is_read():
    assert parsed({"request_id": "abc"}).request_id == "abc"
    assert parsed([{"request_id": "abc"}]).code == ""


@pytest.mark.parametrize(
    "body",
    [
        {"httpCode": "401", "httpMessage": "Unauthorized", "moreInformation": BOUND},
        {"status": "401", "title": "Unauthorized", "detail": BOUND},
        {
            "httpCode": "401",
            "moreInformation": BOUND,
            "status": 401,
            "title": "Unauthorized",
            "detail": BOUND,
        },
    ],
)
def test_the_gateway_says_it_in_old_fields_in_new_ones_or_in_both(body):
    assert parsed(body).text.count(BOUND) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><h1>Wartung</h1></html>", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"error": {"a": 1}}'],
)
def test_nothing_readable_is_no_error_of_ours(body):
    error = parse_error(body)

    assert (error.code, error.text, error.help_url) == ("", "", "")


def test_the_code_is_found_wherever_datev_puts_it():
    address = "https://apps.datev.de/knowledge/help/search?q=DCO01012"

    assert parsed({"error": "#DCO01012 restapi.KeyConflictFault"}).code == "DCO01012"
    assert parsed({"error_uri": address}).code == "DCO01012"
    assert parsed({"error": "invalid_token"}).code == "invalid_token"


def test_only_a_web_address_becomes_a_link():
    assert parsed({"type": "about:blank", "error_uri": "javascript:alert(1)"}).help_url == ""


@pytest.mark.parametrize(
    ("status", "code", "text", "expected"),
    [
        (401, "", "", AccessLostError),
        (401, "", BOUND, ConfigurationError),
        (401, "", "Invalid client id or secret", ConfigurationError),
        (401, "", "Token issued to another client", ConfigurationError),
        (401, "DCO01005", "", ConfigurationError),
        (403, "1008829", "", ConfigurationError),
        (403, "DCO01005", "", ConfigurationError),
        (403, "DCO01013", "", ConfigurationError),
        (403, "", "", ConfigurationError),
        (404, "", "", ConfigurationError),
        (405, "", "", InterfaceError),
        (406, "", "", InterfaceError),
        (415, "", "", InterfaceError),
        (413, "1008833", "", RejectedError),
        (409, "DCO01012", "", RejectedError),
        (400, "DCO01253", "", RejectedError),
        (400, "DCO01020", "", TransientError),
        (503, "DCO01020", "", TransientError),
        (400, "DCO01010", "", ConfigurationError),
        (400, "DCO01019", "", ConfigurationError),
        (400, "DCO01016", "", RejectedError),
        (400, "DCO01216", "", RejectedError),
        (400, "DCO01243", "", RejectedError),
        (400, "DCO01251", "", RejectedError),
        (400, "DCO01301", "", ConfigurationError),
        (400, "DCO01007", "", RejectedError),
        (400, "DCO01234", "", InterfaceError),
        (400, "DCO09999", "", RejectedError),
        (400, "1008832", "", InterfaceError),
        (429, "", "", TransientError),
        (500, "", "", RejectedError),
        (502, "", "", TransientError),
        (503, "1008837", "", TransientError),
        (504, "", "", TransientError),
    ],
)
def test_each_refusal_is_named_after_what_happens_next(status, code, text, expected):
    assert error_class(status, code, text) is expected


def test_every_fault_has_a_sentence_that_can_be_filled():
    for fault in FAULTS:
        sentence = fault.message % {"vendor": "datev", "status": 400, "code": "DCO01004", "text": "text"}
        assert sentence.endswith(".")
