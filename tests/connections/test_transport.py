"""Calls over real sockets: what was sent, what is repeated, what is only known to be unknown."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta
from decimal import Decimal

import pytest

from connections import limits, wire
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.http import UnlistedStatusError
from connections.models import CallLog, Health
from connections.tokens import StaticBearer
from tests.connections.loopback import (
    answer,
    cut,
    drop,
    endless,
    in_turn,
    refuse_and_cut,
    silent,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("private_addresses")]

KINDS = [(False, TransientError), (True, OutcomeUnknownError)]


@pytest.fixture
def connection(muster, server):
    return muster.connection(base_url=server.url)


@pytest.fixture
def transport(muster, connection):
    return muster.transport(connection)


class TestAnAnswer:
    def test_has_status_headers_and_numbers_without_floats(self, transport, server):
        url = server.on("/a", answer(201, b'{"amount": 119.10, "count": 3}', X_Kind="first"))

        got = transport.call("POST", url, is_write=True, json={"name": "Müller", "net": Decimal("100.10")})

        assert (got.status, got.headers["x-kind"]) == (201, "first")
        assert got.json() == {"amount": Decimal("119.10"), "count": 3}
        assert server.received[0].body == '{"name": "Müller", "net": 100.10}'.encode()
        assert server.received[0].headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize(("is_write", "error"), KINDS)
    @pytest.mark.parametrize("body", [b"<html>Gateway</html>", b"", b'{"a": NaN}', b"\xff\xfe"])
    def test_that_is_not_json_is_asked_for_again_or_after_a_write_looked_up(
        self, transport, server, is_write, error, body
    ):
        got = transport.call("POST", server.on("/a", answer(200, body)), is_write=is_write)
        with pytest.raises(error, match="not JSON"):
            got.json()

    def test_is_not_followed_to_another_place(self, transport, server):
        elsewhere = server.on("/b", answer())
        url = server.on("/a", answer(302, Location=elsewhere))
        with pytest.raises(UnlistedStatusError):
            transport.call("GET", url)
        assert [request.path for request in server.received] == ["/a"]

    def test_sets_no_cookie_for_the_next_call(self, transport, server):
        url = server.on("/a", answer(Set_Cookie="session=of-somebody-else"))
        transport.call("GET", url)
        transport.call("GET", url)
        assert "Cookie" not in server.received[1].headers

    @pytest.mark.parametrize(("is_write", "error"), [(False, RejectedError), (True, OutcomeUnknownError)])
    def test_that_is_too_large_is_not_read(self, transport, server, is_write, error, monkeypatch):
        url = server.on("/a", answer(200, b"", Content_Length=str(40 * 1024 * 1024), keep=False))
        with pytest.raises(error, match="too large"):
            transport.call("POST", url, is_write=is_write)


class TestALostAnswer:
    @pytest.mark.parametrize(("is_write", "error"), KINDS)
    @pytest.mark.parametrize("behaviour", [drop, cut])
    def test_of_a_write_is_unknown_and_of_a_read_passes(self, transport, server, is_write, error, behaviour):
        with pytest.raises(error):
            transport.call("POST", server.on("/a", behaviour), is_write=is_write)
        assert len(server.received) == 1

    @pytest.mark.parametrize("is_write", [False, True])
    def test_with_a_status_that_refuses_is_a_refusal(self, transport, server, is_write):
        with pytest.raises(UnlistedStatusError) as caught:
            transport.call("POST", server.on("/a", refuse_and_cut), is_write=is_write)
        assert caught.value.status == 409

    @pytest.mark.parametrize(("is_write", "error"), KINDS)
    def test_by_a_read_time_out(self, transport, server, is_write, error, settings):
        settings.CALL_READ_SECONDS = 0.1
        with pytest.raises(error):
            transport.call("POST", server.on("/a", silent(server.is_over)), is_write=is_write)

    @pytest.mark.parametrize(("is_write", "error"), KINDS)
    @pytest.mark.parametrize(
        "beginning",
        [
            pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="headers"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", id="body"),
        ],
    )
    def test_that_trickles_for_ever_ends(self, muster, connection, server, is_write, error, beginning):
        """Each single wait is short, so only a bound on their sum ends it."""
        transport = muster.transport(connection, total_seconds=0.3)
        started = time.monotonic()
        with pytest.raises(error):
            transport.call("POST", server.on("/a", endless(beginning, server.is_over)), is_write=is_write)
        assert time.monotonic() - started < 3

    def test_ends_before_the_lease_of_its_record_even_if_the_sign_in_is_renewed(self, transport, settings):
        from connections.tokens import LEASE, TOTAL_SECONDS

        renewals, waits = 4 * TOTAL_SECONDS, 6 * limits.LONGEST_SLEEP.total_seconds()
        assert 2 * transport._seconds + renewals + waits < settings.RECORD_LEASE_SECONDS
        assert timedelta(seconds=2 * TOTAL_SECONDS) < LEASE


class TestNothingWasSent:
    @pytest.mark.parametrize("is_write", [False, True])
    def test_when_the_connection_is_refused(self, muster, is_write):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        connection = muster.connection(base_url=f"http://127.0.0.1:{port}")
        with pytest.raises(TransientError, match="nothing was sent"):
            muster.transport(connection).call("POST", f"http://127.0.0.1:{port}/a", is_write=is_write)

    @pytest.mark.parametrize("is_write", [False, True])
    def test_when_the_name_is_not_found(self, muster, is_write, monkeypatch):
        def unknown(*args, **kwargs):
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        connection = muster.connection()
        with pytest.raises(TransientError, match="nothing was sent"):
            muster.transport(connection).call("POST", "https://api.muster.example/a", is_write=is_write)
        assert CallLog.objects.get().status is None

    def test_when_tls_fails(self, muster, server, monkeypatch):
        """The server speaks no TLS, so the handshake fails before the request."""
        url = f"https://127.0.0.1:{server.port}"
        server.on("/", drop)
        connection = muster.connection(base_url=url)
        with pytest.raises(TransientError, match="nothing was sent"):
            muster.transport(connection).call("POST", f"{url}/a", is_write=True)
        assert server.received == []

    @pytest.mark.parametrize("token", ["line\nbreak", "snow\N{SNOWMAN}man"])
    def test_when_a_secret_can_not_be_a_header(self, transport, server, token):
        url = server.on("/a", answer())
        with pytest.raises(ConfigurationError, match="characters") as caught:
            transport.call("POST", url, is_write=True, auth=StaticBearer(token))
        assert token not in str(caught.value)
        assert server.received == []

    def test_when_the_connection_is_switched_off(self, transport, connection, server):
        connection.is_on = False
        with pytest.raises(ConfigurationError, match="switched off"):
            transport.call("GET", server.on("/a", answer()))
        assert server.received == []

    @pytest.mark.django_db(transaction=True)
    def test_inside_a_transaction(self, transport, server):
        from django.db import transaction

        url = server.on("/a", answer())
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            transport.call("GET", url)
        assert server.received == []


class TestAKeptConnection:
    def test_is_used_for_the_next_call(self, transport, server):
        url = server.on("/a", answer())
        transport.call("GET", url)
        transport.call("GET", url)
        assert server.connections == 1

    def test_that_idled_too_long_is_not_used_for_a_write(self, transport, server, monkeypatch):
        url = server.on("/a", answer())
        transport.call("GET", url)
        wire.adapter().last_used -= wire.LONGEST_IDLE_SECONDS + 1
        transport.call("POST", url, is_write=True)
        assert server.connections == 2

    def test_that_dies_under_a_write_leaves_the_outcome_unknown(self, transport, server):
        url = server.on("/a", in_turn(answer(), drop))
        transport.call("GET", url)
        with pytest.raises(OutcomeUnknownError):
            transport.call("POST", url, is_write=True)
        assert len(server.received) == 2


class TestAStatus:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
    def test_of_the_fault_of_a_server_is_unknown_for_a_write_and_passes_for_a_read(
        self, transport, server, status
    ):
        url = server.on("/a", answer(status, b"<html>Bad gateway</html>"))
        with pytest.raises(TransientError):
            transport.call("GET", url)
        with pytest.raises(OutcomeUnknownError):
            transport.call("POST", url, is_write=True)

    def test_of_the_fault_of_a_server_is_a_refusal_if_the_table_names_status_and_code(
        self, transport, server
    ):
        url = server.on("/a", answer(502, b'{"code": "really_refused"}'))
        with pytest.raises(RejectedError, match="in its own way"):
            transport.call("POST", url, is_write=True)

    def test_that_no_table_lists_is_our_bug(self, transport, server):
        with pytest.raises(UnlistedStatusError, match="Please report this"):
            transport.call("POST", server.on("/a", answer(418)), is_write=True)

    def test_of_success_that_nobody_expects_is_unknown_for_a_write(self, transport, server):
        url = server.on("/a", answer(207))
        with pytest.raises(OutcomeUnknownError):
            transport.call("POST", url, is_write=True)
        with pytest.raises(UnlistedStatusError):
            transport.call("GET", url)

    def test_carries_what_the_vendor_said(self, transport, server):
        body = {"code": "known", "help": "https://muster.example/help", "elements": {"net": "too much"}}
        with pytest.raises(RejectedError) as caught:
            transport.call("POST", server.on("/a", answer(409, json.dumps(body).encode())), is_write=True)
        error = caught.value
        assert (error.status, error.code, error.vendor) == (409, "known", "muster")
        assert error.help_url == "https://muster.example/help"
        assert [str(fault) for fault in error.faults] == ["net: too much"]

    def test_message_shows_the_vendors_text_where_it_has_a_place_for_it(self, transport, server):
        body = b'{"code": "x", "text": "No right on project. token=abcdefgh1234"}'
        with pytest.raises(ConfigurationError) as caught:
            transport.call("GET", server.on("/a", answer(403, body)))
        assert str(caught.value) == "Muster does not allow this: No right on project. token=***"

    def test_message_may_hold_a_per_cent_sign(self, transport, server):
        with pytest.raises(RejectedError) as caught:
            transport.call("GET", server.on("/a", answer(422, b'{"code": ""}')))
        assert str(caught.value) == "Muster gives 100 % of the blame to this record."


class Renewing:
    """A credential of which the second is accepted."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.rejected: list[str] = []

    def apply(self, headers):
        headers["Authorization"] = f"Bearer {self.tokens[0]}"
        return self.tokens[0]

    def renewed(self, rejected):
        self.rejected.append(rejected)
        self.tokens.pop(0)
        return True


class TestARefusedToken:
    def test_is_renewed_and_the_call_repeated_once(self, transport, server):
        auth = Renewing("old-token", "new-token")
        url = server.on("/a", in_turn(answer(401), answer(200)))

        assert transport.call("POST", url, is_write=True, auth=auth).status == 200

        assert auth.rejected == ["old-token"]
        assert [request.headers["Authorization"] for request in server.received] == [
            "Bearer old-token",
            "Bearer new-token",
        ]

    def test_twice_means_that_a_person_must_sign_in(self, transport, connection, server):
        url = server.on("/a", answer(401))
        with pytest.raises(AccessLostError):
            transport.call("GET", url, auth=Renewing("first-token", "second-token", "third-token"))
        assert len(server.received) == 2
        connection.refresh_from_db()
        assert connection.health == Health.SIGN_IN

    def test_of_a_person_has_no_other(self, transport, server):
        with pytest.raises(AccessLostError):
            transport.call("GET", server.on("/a", answer(401)), auth=StaticBearer("personal-token"))
        assert len(server.received) == 1

    def test_is_not_renewed_when_the_vendor_says_that_something_else_is_wrong(self, transport, server):
        auth = Renewing("a-fine-token")
        with pytest.raises(ConfigurationError, match="does not know this application"):
            transport.call("GET", server.on("/a", answer(401, b'{"code": "wrong_app"}')), auth=auth)
        assert auth.rejected == []


class TestSlowDown:
    def test_pauses_the_connection_for_everybody(self, transport, connection, server):
        url = server.on("/a", answer(429, Retry_After="90"))
        with pytest.raises(TransientError) as caught:
            transport.call("POST", url, is_write=True)
        assert caught.value.retry_after == timedelta(seconds=90)
        with pytest.raises(TransientError):
            transport.call("GET", url)
        assert len(server.received) == 1
        assert limits.paused_until(connection) is not None

    def test_without_a_time_pauses_for_half_a_minute(self, transport, server):
        with pytest.raises(TransientError) as caught:
            transport.call("GET", server.on("/a", answer(429)))
        assert caught.value.retry_after == timedelta(seconds=30)

    def test_by_503_with_a_time_pauses_too(self, transport, connection, server):
        url = server.on("/a", answer(503, Retry_After="40"))
        with pytest.raises(OutcomeUnknownError):
            transport.call("POST", url, is_write=True)
        assert limits.paused_until(connection) is not None

    def test_by_503_without_a_time_does_not_pause(self, transport, connection, server):
        with pytest.raises(TransientError):
            transport.call("GET", server.on("/a", answer(503)))
        assert limits.paused_until(connection) is None


class TestADownload:
    def test_comes_without_any_credential(self, muster, connection, server):
        transport = muster.transport(
            connection, auth=StaticBearer("secret-token"), headers={"X-App": "application"}
        )
        url = server.on("/f", answer(200, b"%PDF-1.7", Content_Type="Application/PDF; name=x"))

        got = transport.download(url + "?X-Amz-Signature=0123456789abcdef", max_bytes=100)

        assert (got.content, got.media_type, got.size) == (b"%PDF-1.7", "application/pdf", 8)
        assert {"Authorization", "X-App", "Cookie"} & set(server.received[0].headers) == set()
        assert CallLog.objects.get().url == f"{server.url}/f?***"

    @pytest.mark.parametrize("announced", [True, False])
    def test_that_is_too_large_is_refused(self, transport, server, announced):
        body = b"x" * 5_000_001
        headers = {} if announced else {"Transfer_Encoding": "chunked"}
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        url = server.on("/f", answer(200, body if announced else chunked, **headers))
        with pytest.raises(RejectedError, match="larger than 5 MB"):
            transport.download(url, max_bytes=5_000_000)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(403, TransientError), (500, TransientError), (404, RejectedError), (302, RejectedError)],
    )
    def test_that_fails_says_what_happens_next(self, transport, server, status, error):
        with pytest.raises(error):
            transport.download(server.on("/f", answer(status)), max_bytes=10)

    def test_from_our_own_network_is_refused(self, transport, server, settings):
        settings.ALLOW_PRIVATE_ADDRESSES = False
        url = server.on("/f", answer())
        for address in (url, url.replace("http://", "https://")):
            with pytest.raises(ConfigurationError):
                transport.download(address, max_bytes=10)
        assert server.received == []
        assert CallLog.objects.count() == 2


def test_a_large_upload_is_sent_whole(transport, server):
    body = bytes(range(256)) * 4096
    transport.call("PUT", server.on("/a", answer()), is_write=True, files={"file": ("a.pdf", body)})
    assert body in server.received[0].body
