"""What Asana's error answers mean, by status and text."""

from __future__ import annotations

import json

import pytest
from requests import Response

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    RejectedError,
    TransientError,
)
from connections.vendors.asana.errors import FAULTS, code_of, read_error


def answered(status: int, content: object) -> Response:
    response = Response()
    response.status_code = status
    response._content = content if isinstance(content, bytes) else json.dumps(content).encode()
    return response


@pytest.mark.parametrize(
    ("status", "text", "error", "code"),
    [
        (400, "project: Missing input", RejectedError, ""),
        (400, "The result is too large. You should use pagination!", ConfigurationError, "too_large"),
        (400, "Custom field with ID 1201 is not on given object", ConfigurationError, "field_not_on_task"),
        (401, "Not Authorized", AccessLostError, ""),
        (402, "Search is only available to premium users.", ConfigurationError, ""),
        (403, "Forbidden", ConfigurationError, ""),
        (403, "Duplicated webhook. You already have one.", RejectedError, "duplicate"),
        (403, "The request lacks the required scope tasks:read", ConfigurationError, "scope"),
        (403, "This custom field is locked", ConfigurationError, "locked"),
        (403, "Invalid target: localhost", ConfigurationError, "target_refused"),
        (404, "task: Unknown object: 5", RejectedError, ""),
        (410, "", RejectedError, ""),
        (412, "Sync token invalid or too old.", TransientError, ""),
        (413, "", RejectedError, ""),
        (424, "", TransientError, ""),
        (429, "You've made too many requests and hit a rate limit.", TransientError, ""),
        (451, "", ConfigurationError, ""),
        (500, "Server Error", TransientError, ""),
        (501, "", TransientError, ""),
        (502, "", TransientError, ""),
        (503, "", TransientError, ""),
        (504, "", TransientError, ""),
    ],
)  # fmt: skip
def test_each_answer_is_named_after_what_happens_next(
    status: int, text: str, error: type[ConnectorError], code: str
) -> None:
    read = read_error(answered(status, {"errors": [{"message": text}]}))
    fault = next(fault for fault in FAULTS if fault.matches(status, read.code, read.text))

    assert (fault.error, read.code) == (error, code)


@pytest.mark.parametrize("status", [409, 418, 200])
def test_a_status_that_is_not_in_the_table_stays_our_bug(status: int) -> None:
    assert not any(fault.matches(status, "", "") for fault in FAULTS)


def test_a_code_belongs_to_its_status() -> None:
    assert code_of(403, "Duplicated webhook.") == "duplicate"
    assert code_of(400, "Duplicated webhook.") == ""


def test_the_page_of_a_gateway_is_an_error_without_text() -> None:
    assert read_error(answered(502, b"<html><h1>502 Bad Gateway</h1></html>")) == ("", "", "", "", ())


@pytest.mark.parametrize(
    "odd", [b"", b"\xff", [], 7, {"errors": None}, {"errors": ["x", {"message": 5, "help": []}]}]
)
def test_an_odd_error_is_an_error_without_text(odd: object) -> None:
    assert read_error(answered(400, odd)).text == ""


def test_the_phrase_for_asanas_support_is_shown_to_nobody() -> None:
    read = read_error(
        answered(500, {"errors": [{"message": "Server Error", "phrase": "6 sad squid snuggle"}]})
    )

    assert "squid" not in repr(read)


def test_several_messages_are_kept_with_the_address_of_the_help() -> None:
    read = read_error(
        answered(
            400,
            {
                "errors": [
                    {
                        "message": "a",
                        "help": "For more information: https://developers.asana.com/docs/errors",
                    },
                    {"message": "b", "help": "see https://example.com/evil"},
                ]
            },
        )
    )

    assert (read.text, read.help_url) == ("a; b", "https://developers.asana.com/docs/errors")


def test_the_sign_in_server_speaks_oauth() -> None:
    read = read_error(
        answered(400, {"error": "invalid_grant", "error_description": "The token was revoked."})
    )

    assert (read.code, read.text) == ("invalid_grant", "The token was revoked.")
