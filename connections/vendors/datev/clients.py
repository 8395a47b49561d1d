"""accounting:clients v2 and the person who signed in: for whom may be written, and with which services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.datev.addresses import address
from connections.vendors.datev.calls import DatevCalls
from connections.vendors.datev.login import full_name
from connections.vendors.datev.wire import listing, mapping, number, text, texts, unreadable


@dataclass(frozen=True)
class UserInfo:
    """The person who signed in. DATEV demands that the full name is shown."""

    name: str
    sub: str


@dataclass(frozen=True)
class ClientInfo:
    """A client whose books the person may write to; `services` are (name, scopes) that were ordered."""

    ref: str
    consultant_number: int
    client_number: int
    name: str
    services: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def has_service(self, scope: str) -> bool:
        """Whether a data service with this scope was ordered; names are for people and change."""
        return any(scope in scopes for _name, scopes in self.services)

    @property
    def label(self) -> str:
        return f"{self.name} ({self.consultant_number} / {self.client_number})"


class ClientCalls(DatevCalls):
    """Who is signed in, and the clients that this person may see."""

    def who_am_i(self) -> UserInfo:
        claims = mapping(self.transport.call("GET", address(self.connection, "userinfo_url")).json())
        return UserInfo(name=full_name(claims), sub=text(claims.get("sub")))

    def clients(
        self, *, consultant_number: int | None = None, client_number: int | None = None
    ) -> Iterator[ClientInfo]:
        """All clients that the person may see; a long sign-in can't ask (ConfigurationError, no call)."""
        if self.bound_client:
            raise ConfigurationError(
                say(
                    "The long DATEV sign-in of '%(connection)s' is for client %(client)s alone and can't "
                    "list clients.",
                    connection=self.connection.name,
                    client=self.bound_client,
                )
            )
        return self._clients(client_filter(consultant_number, client_number))

    def client(self, client_ref: str) -> ClientInfo:
        """One client. Raises ConfigurationError if the person may not see it (404)."""
        answer = self.transport.call("GET", self._url("clients_url", client_ref))
        return read_client(mapping(answer.json()))

    def _clients(self, asked: str) -> Iterator[ClientInfo]:
        url = address(self.connection, "clients_url") + "/clients"
        for item in self._pages(url, {"filter": asked} if asked else {}):
            yield read_client(item)


def client_filter(consultant_number: int | None, client_number: int | None) -> str:
    """DATEV's filter: equality on these two alone, joined by "and"."""
    # Source: DATEV accounting-clients 2.0, parameter `filter` (read 2026-11).
    wanted = {"consultant_number": consultant_number, "client_number": client_number}
    return " and ".join(f"{key} eq {value}" for key, value in wanted.items() if value is not None)


def read_client(item: Mapping[str, Any]) -> ClientInfo:
    ref = text(item.get("id"))
    consultant, dash, client = ref.partition("-")
    consultant_number = number(item.get("consultant_number")) or number(consultant)
    client_number = number(item.get("client_number")) or number(client)
    if consultant_number is None or client_number is None:
        raise unreadable()
    services = listing(item.get("services") or [])
    return ClientInfo(
        ref=ref or f"{consultant_number}-{client_number}",
        consultant_number=consultant_number,
        client_number=client_number,
        name=text(item.get("name")),
        services=tuple((text(one.get("name")), tuple(texts(one.get("scopes")))) for one in services),
    )
