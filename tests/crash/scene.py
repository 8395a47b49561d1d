"""What a crash run plays. A scene is a story between simulated vendors with an end that can be counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from django.db.models import F

from connections import clock
from connections.models import Connection, Health, TokenSet
from connections.tokens import TokenStore
from mlconnector.sandbox.kit import Simulator
from pairs import hooks, work
from pairs.models import Cursor

# Longer than every lease and every wait between two tries.
STEP = timedelta(seconds=400)
MOST_STEPS = 40


@dataclass(frozen=True)
class Stand:
    """One simulated vendor of a scene.

    `address` is where the tests mount it (its files and sign-in pages may have others, as the simulator was
    told); in a run every one of them is `http://127.0.0.1:<port>`.
    """

    simulator: Simulator
    addresses: tuple[str, ...]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Scene(ABC):
    """The simulators and the objects with what must become of them. Made anew for each run.

    A scene is forked many times: what it keeps in memory is what `prepare` left there.
    """

    # The vendors it needs, in the order of the ports it is given.
    vendors: tuple[str, ...]
    # `make test` plays each so manieth kill point, at least six of them; `make crash` plays all.
    every: int

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.stands = {vendor: self.stand(vendor, port) for vendor, port in ports.items()}

    @abstractmethod
    def stand(self, vendor: str, port: int) -> Stand:
        """The simulator of `vendor`, made for being served at this port."""

    @abstractmethod
    def prepare(self) -> None:
        """Fill the (migrated, empty) database and the simulators, which are mounted at their addresses."""

    @abstractmethod
    def is_at_rest(self) -> bool:
        """Whether everything has come to its end."""

    @abstractmethod
    def faults(self) -> list[str]:
        """What is not exactly as it must be, on both sides; [] = nothing lost and nothing doubled."""

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        """The token answer of a new sign-in, by vendor; what is not named signs in by itself."""
        return {}

    def simulator(self, vendor: str) -> Any:
        return self.stands[vendor].simulator

    def ready(self) -> None:
        """After `prepare`: connections lead to the ports, and access tokens have ended."""
        for connection in Connection.objects.all():
            stand = self.stands[connection.vendor]
            for address in stand.addresses:
                connection.settings = {
                    key: value.replace(address, stand.url) if isinstance(value, str) else value
                    for key, value in connection.settings.items()
                }
            connection.save()
        TokenSet.objects.filter(access_expires_at__gt=clock.now()).update(
            access_expires_at=clock.now() - timedelta(seconds=1),
            # Where a vendor refuses a refresh that comes too early.
            issued_at=F("issued_at") - timedelta(hours=1),
        )

    def work(self) -> None:
        """What a worker does, until nothing is under way; waiting times pass on the clocks."""
        hooks.can_be_reached = lambda: False  # No web server here: polling alone must do.
        # After a kill, time passes until its leases have ended.
        clock.advance(STEP)
        Cursor.objects.update(due_at=clock.now())
        for _ in range(MOST_STEPS):
            while work.everything():
                pass
            if self.is_at_rest():
                return
            if Connection.objects.filter(health=Health.SIGN_IN).exists():
                return
            self.pass_time()

    def pass_time(self) -> None:
        clock.advance(STEP)
        for stand in self.stands.values():
            requests.post(
                f"{stand.url}/_sim/clock", json={"advance_seconds": STEP.total_seconds()}, timeout=10
            )

    def sign_in(self) -> bool:
        """A person signs in again where that is asked for; whether it was."""
        ways = self.sign_in_again()
        lost = list(Connection.objects.filter(health=Health.SIGN_IN, vendor__in=ways))
        for connection in lost:
            TokenStore(connection).store_answer(ways[connection.vendor](connection), clock.now())
            Connection.objects.filter(pk=connection.pk).update(health=Health.OK)
        return bool(lost)
