"""Sockets with a deadline and a guarded address: what `requests` alone does not promise.

`requests` bounds each single wait, not their sum, and neither says whether anything was sent before a
failure nor lets the address be checked that is really connected to. All three are decided here.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connections.addresses import AddressRefusedError, is_public

# A kept connection that idled longer is not used again: the vendor may be closing it at this moment, and
# a write into a dying connection has an unknown outcome.
LONGEST_IDLE_SECONDS = 3.0
PIECE_BYTES = 64 * 1024


@dataclass
class Exchange:
    """One request and its answer: until when all of it must be over, and whether anything was sent."""

    seconds: float
    started: float = field(default_factory=time.monotonic)
    has_sent: bool = False

    def left(self, at_most: float) -> float:
        """Seconds for the next wait. Raises TimeoutError when the time is up."""
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return min(left, at_most)


current: ContextVar[Exchange] = ContextVar("exchange")


class _BoundedReader(io.RawIOBase):
    """Reads from a socket, each time with no more time than the exchange has left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        self.raw, self.sock, self.exchange = raw, sock, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.sock.settimeout(self.exchange.left(settings.CALL_READ_SECONDS))
        return self.raw.readinto(buffer)

    def fileno(self) -> int:
        return self.raw.fileno()

    def close(self) -> None:
        if not self.closed:
            self.raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """An answer whose status line, headers and body all keep the exchange's deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, current.get()))


class _Guarded(HTTPConnection):
    """Connects to checked addresses only and notes when the first byte goes out."""

    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        exchange = current.get()
        failure: OSError | None = None
        for family, kind, protocol, _name, address in self._addresses():
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(exchange.left(settings.CALL_CONNECT_SECONDS))
                sock.connect(address)
                _check_peer(sock)
            except OSError as error:
                failure = error
                sock.close()
            except AddressRefusedError:
                sock.close()
                raise
            else:
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "connect time-out") from failure
        raise NewConnectionError(self, "no connection") from failure

    def _addresses(self) -> list[Any]:
        """Where the name leads; every address is checked here and connected to as it is, without a
        second look-up in between (DNS rebinding). One that is not public refuses the whole name."""
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:
            raise NewConnectionError(self, "not a host name") from error
        if not settings.ALLOW_PRIVATE_ADDRESSES and not all(is_public(str(item[4][0])) for item in found):
            raise AddressRefusedError(self.host)
        return found

    def send(self, data: Any) -> None:
        exchange = current.get()
        if self.sock is None:
            self.connect()
        exchange.has_sent = True
        view = memoryview(data)
        for start in range(0, len(view), PIECE_BYTES):
            self.sock.settimeout(exchange.left(settings.CALL_READ_SECONDS))
            super().send(view[start : start + PIECE_BYTES])


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class GuardedAdapter(HTTPAdapter):
    """Real connections, kept open for a moment; no proxy, cookie or .netrc of the environment."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self.last_used = time.monotonic()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def send(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() - self.last_used > LONGEST_IDLE_SECONDS:
            self.poolmanager.clear()
        try:
            return super().send(*args, **kwargs)
        finally:
            self.last_used = time.monotonic()


_own = threading.local()


def adapter() -> GuardedAdapter:
    """This thread's adapter; a forked worker gets its own, because sockets can't be shared."""
    key = (os.getpid(), settings.ALLOW_PRIVATE_ADDRESSES)
    if getattr(_own, "key", None) != key:
        _own.key, _own.adapter = key, GuardedAdapter()
    kept: GuardedAdapter = _own.adapter
    return kept


def _check_peer(sock: socket.socket) -> None:
    """Raises AddressRefusedError when the other end is not where a checked address lies."""
    if not settings.ALLOW_PRIVATE_ADDRESSES and not is_public(sock.getpeername()[0]):
        raise AddressRefusedError(sock.getpeername()[0])
