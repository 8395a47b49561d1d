"""A bare server on loopback that can misbehave on the wire: drop, cut, trickle, or never answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Behaviour = Callable[[socket.socket, Received], bool]


@dataclass
class Loopback:
    """`behaviours[path]` answers a request and says whether the connection is kept."""

    port: int
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, behaviour: Behaviour) -> str:
        """The address of `path`, which from now on behaves like that."""
        self.behaviours[path] = behaviour
        return self.url + path


def answer(status: int = 200, body: bytes = b"{}", *, keep: bool = True, **headers: str) -> Behaviour:
    """A proper answer; `Retry_After="5"` stands for a header with a dash."""

    def behave(client: socket.socket, request: Received) -> bool:
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in sent.items())]
        client.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return keep

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other; the last one stays."""
    left = list(behaviours)

    def behave(client: socket.socket, request: Received) -> bool:
        return (left.pop(0) if len(left) > 1 else left[0])(client, request)

    return behave


def drop(client: socket.socket, request: Received) -> bool:
    """The request has arrived, and the connection ends without an answer."""
    return False


def cut(client: socket.socket, request: Received) -> bool:
    """An answer that ends in the middle of its body."""
    client.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"half": ')
    return False


def refuse_and_cut(client: socket.socket, request: Received) -> bool:
    client.sendall(b'HTTP/1.1 409 Conflict\r\nContent-Length: 100\r\n\r\n{"half": ')
    return False


def endless(piece: bytes, is_over: threading.Event) -> Behaviour:
    """An answer of which a little comes all the time, and which never ends."""

    def behave(client: socket.socket, request: Received) -> bool:
        with suppress(OSError):
            client.sendall(piece)
            while not is_over.wait(0.02):
                client.sendall(b"x")
        return False

    return behave


def silent(is_over: threading.Event) -> Behaviour:
    """The request is taken, and then nothing comes any more."""

    def behave(client: socket.socket, request: Received) -> bool:
        is_over.wait(20)
        return False

    return behave


@contextmanager
def loopback() -> Iterator[Loopback]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Loopback(listener.getsockname()[1])
    thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, server: Loopback) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server.connections += 1
            threading.Thread(target=_serve, args=(client, server), daemon=True).start()


def _serve(client: socket.socket, server: Loopback) -> None:
    with client, suppress(OSError), client.makefile("rb") as stream:
        while request := _read(stream):
            server.received.append(request)
            if not server.behaviours[urlsplit(request.path).path](client, request):
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)
                return


def _read(stream) -> Received | None:
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3 or not first[2].startswith("HTTP/"):
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().title()] = value.strip()
    return Received(first[0], first[1], headers, stream.read(int(headers.get("Content-Length", 0))))
