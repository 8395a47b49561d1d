"""No secret is kept in the open: known ones in any spelling, unknown ones by their names."""

from __future__ import annotations

import json
import logging
import time
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.models import CallLog
from connections.redaction import (
    RedactingFilter,
    RedactingFormatter,
    redact,
    redact_headers,
    redact_url,
)
from tests.connections.loopback import answer

SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=6, max_size=60
).filter(lambda text: text.strip("* ") and "***" not in text)
OPAQUE = st.text("abcdefghijkmnopqrstuvwxyz0123456789-._~", min_size=12, max_size=40).map(
    lambda text: f"Zz9{text}"
)
NAMES = st.sampled_from(
    ["access_token", "refresh_token", "id_token", "client_secret", "password", "X-Amz-Signature", "api_key"]
)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_found_as_it_is_and_as_urls_write_it(secret, before, after):
    for spelling in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
        hidden = redact(f"{before}|{spelling}|{after}", [secret])
        assert f"|{spelling}|" not in hidden


@given(SECRETS)
def test_a_known_secret_is_found_in_json(secret):
    for ascii_only in (True, False):
        text = json.dumps({"field": f"<<{secret}>>"}, ensure_ascii=ascii_only)
        assert f"<<{json.dumps(secret, ensure_ascii=ascii_only)[1:-1]}>>" not in redact(text, [secret])


@given(NAMES, OPAQUE)
def test_an_unknown_secret_is_found_by_its_name(name, value):
    for text in (
        f"https://muster.example/x?a=1&{name}={value}&b=2",
        urlencode({"a": 1, name: value}),
        json.dumps({"a": 1, name: value}),
        json.dumps({"outer": [{name: value}]}),
        f"{{'{name}': '{value}'}}",
        json.dumps({name: value})[:-4],
        f"Authorization: Bearer {value}",
        f"authorization: Basic {value}=",
        f"sent Bearer {value} to them",
    ):
        assert value not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"code": "DCO01012", "state": "failed"}',
        '{"errors": [{"message": "project: Missing input"}]}',
        "GET https://muster.example/clients?skip=0&top=100&modified_since=2026-11-21T10:00:00Z",
        "exit status 5; a basic rule; the bearer of news",
    ],
)
def test_what_is_no_secret_stays_readable(text):
    assert redact(text) == text


def test_a_json_web_token_is_found_anywhere():
    assert "eyJ" not in redact("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl back")


def test_a_url_is_kept_without_user_fragment_and_secrets():
    url = "https://user:pass@muster.example:8443/a/b?code=0123456789&skip=5&sig=abc%2Fdef#part"
    assert redact_url(url) == "https://muster.example:8443/a/b?code=***&skip=5&sig=***"
    assert redact_url(url, whole_query=True) == "https://muster.example:8443/a/b?***"


def test_headers_that_authenticate_are_left_out():
    headers = {
        "Authorization": "Bearer x",
        "Cookie": "a=b",
        "X-Hook-Secret": "s",
        "X-Api-Key": "k",
        "Accept": "application/json",
        "X-Odd": "the personal-token itself",
    }
    assert redact_headers(headers, ["personal-token"]) == {
        "Accept": "application/json",
        "X-Odd": "the *** itself",
    }


def test_logs_are_redacted_also_in_stack_traces():
    def line(record: logging.LogRecord) -> str:
        assert RedactingFilter().filter(record)
        return RedactingFormatter().format(record)

    record = logging.makeLogRecord({"msg": "token=%s", "args": ("abcdefgh1234",)})
    assert line(record) == "token=***"
    try:
        raise ValueError("refresh_token=abcdefgh1234")
    except ValueError as error:
        record = logging.makeLogRecord(
            {"msg": "failed", "exc_info": (ValueError, error, error.__traceback__)}
        )
    assert "abcdefgh1234" not in line(record)


@pytest.mark.django_db
class TestTheCallLog:
    @pytest.fixture
    def logged(self, muster, server, settings):
        """Makes one call; what the log keeps of it."""
        settings.ALLOW_PRIVATE_ADDRESSES = True

        def call(behaviour, **options) -> CallLog:
            from connections.errors import ConnectorError
            from connections.tokens import StaticBearer

            connection = muster.connection(base_url=server.url, secrets={"pat": "planted-pat-1"})
            transport = muster.transport(connection, auth=StaticBearer("planted-pat-1"))
            transport.subject = "record:12"
            try:
                transport.call("GET", server.on("/a", behaviour), **options)
            except ConnectorError as error:
                assert "planted" not in f"{error}{error.message.to_json()}{error.faults}"
            return CallLog.objects.get()

        return call

    def test_names_the_record_and_the_vendors_request_id(self, logged):
        row = logged(answer(200, b'{"body": "is not kept"}', X_Request_Id="req-7"))
        assert (row.subject, row.status, row.method) == ("record:12", 200, "GET")
        assert row.request_ids == {"X-Request-Id": "req-7"}
        assert row.error == ""
        assert row.request_headers["Accept"] == "application/json"

    def test_holds_no_secret_of_request_or_answer(self, logged):
        body = (
            b'{"code": "x", "text": "planted-pat-1", "refresh_token": "planted-2", '
            b'"echo": "Bearer planted-3"}'
        )
        row = logged(
            answer(403, body),
            params={"token": "planted-4", "skip": "0"},
            headers={"X-Echo": "planted-pat-1", "X-Session-Token": "planted-5"},
        )
        kept = f"{row.url}{row.request_headers}{row.request_ids}{row.error}"
        assert "planted" not in kept
        assert "skip=0" in row.url
        assert '"code": "x"' in row.error

    def test_cuts_long_errors_at_four_kilobytes_and_still_finds_the_secret_at_the_cut(self, logged):
        row = logged(answer(418, b"x" * 4090 + b" planted-pat-1 " + b"y" * 100_000))
        assert len(row.error) == 4096
        assert "plan" not in row.error

    def test_takes_bytes_that_no_database_stores(self, logged):
        row = logged(answer(418, b"a\x00b\xff\xfe"))
        assert "\x00" not in row.error


@pytest.mark.parametrize(
    "piece",
    ["x", "x.", "x-", "token", "token=", '"token": ', "\n", "Bearer ", "eyJ", "a://", "'", '"', "\\\\", " :"],
)
def test_hostile_text_takes_no_longer_than_any_other(piece):
    """Linear: a hundred kilobytes in well under a second, whatever they repeat."""
    started = time.process_time()
    redact(piece * (100_000 // len(piece)), ["a-known-secret"])
    assert time.process_time() - started < 1
