"""Where calls may go: https and public addresses, so that no URL makes us knock on our own network."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from connections.errors import ConfigurationError
from connections.messages import say

# NAT64: the last 32 bits are the IPv4 address that is really reached.
# Source: RFC 6052, section 2.1.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What must be equal for a token to be sent: scheme, host and port."""

    scheme: str
    host: str
    port: int


class AddressRefusedError(Exception):
    """A name led to an address that is not public. Raised before anything is sent."""


def origin(url: str) -> Origin:
    """The origin of `url`. Raises ConfigurationError for a URL without one, or with a user name in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or "@" in parts.netloc:
        raise ConfigurationError(
            say("An address of this connection can't be used: write it like https://host/path.")
        )
    return Origin(parts.scheme, parts.hostname.lower().rstrip("."), port)


def check_scheme(target: Origin) -> None:
    """Raises ConfigurationError for plain http, unless the installation allows it for sandboxes."""
    if target.scheme != "https" and not settings.ALLOW_PRIVATE_ADDRESSES:
        raise ConfigurationError(
            say(
                "%(host)s is not called over plain http. Write the address with https, or set "
                "ALLOW_PRIVATE_ADDRESSES if this is a sandbox in your own network.",
                host=target.host,
            )
        )


def refused(host: str) -> ConfigurationError:
    return ConfigurationError(
        say(
            "%(host)s is not a public address and is not called. Correct the address, or set "
            "ALLOW_PRIVATE_ADDRESSES if this is a sandbox in your own network.",
            host=host,
        )
    )


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by everyone on the internet and not one of our own network."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        # 6to4 and Teredo tunnel to an IPv4 address of the writer's choice; no vendor lives there.
        if ip.sixtofour is not None or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
