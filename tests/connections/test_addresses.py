"""Where calls may go: https, public addresses, and the token to the connection's own hosts only."""

from __future__ import annotations

import socket

import pytest

from connections import addresses
from connections.addresses import is_public, origin
from connections.errors import ConfigurationError
from connections.exchange import _is_below
from connections.models import CallLog
from connections.tokens import StaticBearer
from tests.connections.loopback import answer


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.10", "10.0.0.8", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "240.0.0.1"),
        *("192.0.2.1", "198.18.0.1", "203.0.113.9"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1"),
        *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "nonsense", ""),
    ],
)
def test_addresses_of_our_own_network_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


def test_an_origin_is_scheme_host_and_port():
    assert origin("https://API.Muster.example./v1?x=1") == ("https", "api.muster.example", 443)
    assert origin("http://localhost:8000") == ("http", "localhost", 8000)


@pytest.mark.parametrize(
    "url",
    [
        *("", "api.muster.example", "/path", "https://", "ftp://muster.example/"),
        *("https://user@muster.example/", "https://muster.example@evil.example/", "https://[::1"),
        *("https://muster.example:port/", "https://muster.example:99999/", "javascript:alert(1)"),
    ],
)
def test_what_has_no_clear_origin_is_refused(url):
    with pytest.raises(ConfigurationError):
        origin(url)


def test_a_mounted_prefix_ends_at_a_boundary():
    assert _is_below("https://muster.example/a", "https://muster.example")
    assert _is_below("https://muster.example/a?x", "https://muster.example/a")
    assert not _is_below("https://muster.example.evil.example/", "https://muster.example")
    assert not _is_below("https://muster.example/ab", "https://muster.example/a")


@pytest.mark.django_db
class TestTheToken:
    @pytest.mark.parametrize(
        "url",
        [
            *("https://evil.example/a", "https://api.muster.example.evil.example/a"),
            *("http://api.muster.example/a", "https://api.muster.example:8443/a"),
            *("https://api.muster.example@evil.example/a", "https://evil.example#@api.muster.example/"),
            *("https://evil.example\\@api.muster.example/a", "//api.muster.example/a", "/a"),
        ],
    )
    def test_goes_to_the_connections_own_hosts_only(self, muster, url):
        asked = []

        class Watched(StaticBearer):
            def apply(self, headers):
                asked.append(headers)
                return super().apply(headers)

        transport = muster.transport(muster.connection(), auth=Watched("personal-token"))
        with pytest.raises(ConfigurationError):
            transport.call("GET", url)
        assert asked == []
        assert not CallLog.objects.exists()


@pytest.mark.django_db
class TestAName:
    @pytest.fixture
    def resolved(self, monkeypatch):
        """What a name leads to; the addresses that were connected to."""
        connected = []

        def resolve(*found):
            infos = [
                (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443))
                for ip in found
            ]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: infos)
            return connected

        def connect(self, address):
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket.socket, "connect", connect)
        return resolve

    @pytest.mark.parametrize("found", [("127.0.0.1",), ("10.0.0.1", "8.8.8.8"), ("8.8.8.8", "::1")])
    def test_that_leads_into_our_network_is_not_connected_to(self, muster, resolved, found):
        connected = resolved(*found)
        with pytest.raises(ConfigurationError, match="not a public address"):
            muster.transport(muster.connection()).call("GET", "https://api.muster.example/a")
        assert connected == []
        assert CallLog.objects.get().error == "The address is not public."

    def test_is_connected_to_by_the_very_address_that_was_checked(self, muster, resolved):
        """A second look-up could give another address than the checked one (DNS rebinding)."""
        from connections.errors import TransientError

        connected = resolved("8.8.8.8", "8.8.4.4")
        with pytest.raises(TransientError):
            muster.transport(muster.connection()).call("GET", "https://api.muster.example/a")
        assert connected == ["8.8.8.8", "8.8.4.4"]

    def test_whose_peer_turns_out_to_be_private_gets_no_request(self, muster, server, monkeypatch):
        monkeypatch.setattr("connections.wire.is_public", lambda ip: False)
        monkeypatch.setattr(
            "connections.wire._Guarded._addresses",
            lambda self: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))],
        )
        with pytest.raises(ConfigurationError, match="not a public address"):
            muster.transport(muster.connection()).call("GET", "https://api.muster.example/a")
        assert server.received == []


@pytest.mark.django_db
def test_plain_http_is_refused_unless_the_installation_allows_it(muster, server, settings):
    connection = muster.connection(base_url=server.url)
    url = server.on("/a", answer())
    with pytest.raises(ConfigurationError, match="over plain http"):
        muster.transport(connection).call("GET", url)
    assert server.received == []
    settings.ALLOW_PRIVATE_ADDRESSES = True
    assert muster.transport(connection).call("GET", url).status == 200


def test_https_alone_passes_without_permission():
    addresses.check_scheme(origin("https://muster.example"))
