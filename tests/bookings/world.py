"""A DATEV client with its tables at the simulated DATEV, bookings for it, and the worker that sends them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection as database

from bookings import batches, debtor_batches, jobs, services
from bookings.entry import Entry, Route, Side
from bookings.models import (
    Account,
    Batch,
    Booking,
    CostCenter,
    DatevClient,
    Debtor,
    FiscalYearRow,
    Partner,
    TaxKey,
)
from bookings.services import Closing
from connections import clock, http
from connections.effects import Effects
from connections.models import Connection, Health

DAY = date(2026, 7, 14)
AT_ONCE = Closing(count=1, age=timedelta(hours=1))
LATER = Closing(count=1000, age=timedelta(hours=1))
INVOICE = Entry(
    amount=Decimal("119.00"),
    side=Side.CREDIT,
    account="70001",
    contra_account="4930",
    document_date=DAY,
    bu_key="9",
    document_field_1="RE-1",
    posting_text="Büromaterial",
    cost_center_1="100",
)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing that comes after it runs."""


def datev_client(connection: Connection, **fields: Any) -> DatevClient:
    client = DatevClient.objects.create(
        **{
            "name": "Muster Werkzeugbau GmbH",
            "connection": connection,
            "consultant_number": 455148,
            "client_number": 1,
        }
        | fields
    )
    FiscalYearRow.objects.create(client=client, start=date(2026, 1, 1), end=date(2026, 12, 31))
    Account.objects.create(client=client, number="4930", name="Bürobedarf")
    Account.objects.create(client=client, number="8400", name="Erlöse 19 %", is_automatic=True)
    Partner.objects.create(client=client, number="70001", name="Muster Papier", city="Musterstadt")
    CostCenter.objects.create(client=client, number="100", name="Büro")
    TaxKey.objects.create(
        client=client,
        bu_key="9",
        meaning="Vorsteuer 19 %",
        rate=Decimal("0.19"),
        direction="purchase",
        is_confirmed=True,
    )
    return client


class World:
    """`place` bookings, let the worker `run`, `pass_time` for both clocks."""

    def __init__(self, datev: Any, connection: Connection) -> None:
        self.datev = datev
        self.connection = connection
        self.client = datev_client(connection)

    @property
    def api(self) -> Any:
        return jobs.datev_api(self.connection)

    def place(
        self,
        origin: str = "record:1",
        *entries: Entry,
        revision: int = 1,
        route: Route = Route.EXTF,
        closing: Closing = AT_ONCE,
        **changes: Any,
    ) -> list[Booking]:
        """Bookings of `origin`; without entries one invoice with `changes` and a number of its own."""
        number = origin.replace("record:", "RE-")
        given = entries or (replace(INVOICE, **{"document_field_1": number} | changes),)
        return services.place(
            origin,
            revision,
            self.client,
            given,
            route=route,
            batch_origin="integration:1",
            label="Asana",
            closing=closing,
        )

    def pass_time(self, **length: float) -> None:
        clock.advance(timedelta(**length))
        self.datev.clock.advance(timedelta(**length))

    def run(self) -> int:
        """What is due now, closed and worked off; how many steps."""
        batches.close_due(clock.now())
        debtor_batches.send_due(clock.now())
        return jobs.work_due(clock.now())

    def run_to_rest(self, hours: float = 30) -> None:
        """Work and let time pass until nothing is due within `hours`."""
        ends_at = clock.now() + timedelta(hours=hours)
        for _ in range(500):
            while self.run():
                pass
            wake_at = self._wakes_at()
            if wake_at is None or wake_at > ends_at:
                return
            self.pass_time(seconds=max((wake_at - clock.now()).total_seconds(), 0) + 1)
        raise AssertionError("The worker does not come to rest.")

    def _wakes_at(self) -> datetime | None:
        """When something is to be done next; of a connection that waits for its sign-in nothing is."""
        usable = Batch.objects.exclude(client__connection__health=Health.SIGN_IN)
        moments = [
            max(due_at, lease_until or due_at)
            for due_at, lease_until in usable.filter(due_at__isnull=False).values_list(
                "due_at", "lease_until"
            )
            if due_at
        ]
        moments += [at for at in usable.filter(state="open").values_list("close_at", flat=True) if at]
        moments += [at for at in Debtor.objects.values_list("due_at", flat=True) if at]
        return min(moments, default=None)

    @property
    def arrived(self) -> list[str]:
        """The document numbers of the bookings that DATEV holds, in order of arrival."""
        return [row["document_field_1"] for row in self.datev.bookings()]

    def batch(self, **filters: Any) -> Batch:
        return Batch.objects.get(**filters)

    def effects(self, owner: str = "record:1:1") -> Effects:
        return Effects(owner, guard=lambda: None)


def boundaries(points: Sequence[str], *, every: int) -> Iterator[int]:
    """The boundaries (from 1) at which to die: each `every`-th, on PostgreSQL others and a third as many.

    `make crash` sets KILL_EVERYWHERE and goes through all of them, on both databases.
    """
    if os.environ.get("KILL_EVERYWHERE"):
        yield from range(1, len(points) + 1)
    elif database.vendor == "postgresql":
        yield from range(2, len(points) + 1, 3 * every)
    else:
        yield from range(1, len(points) + 1, every)


@contextmanager
def killed_at(step: int, points: list[str], monkeypatch: Any) -> Iterator[None]:
    """Die at the `step`-th boundary (from 1): before and after each vendor call and each change of a row.

    `points` gets the name of each boundary that was reached; step 0 = survive.
    """

    def reached(name: str) -> None:
        points.append(name)
        if len(points) == step:
            raise Killed(name)

    exchange = http.Transport._exchange

    def dying_exchange(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        reached(f"before {request.method} {request.path_url}")
        answer = exchange(self, request, *args, **kwargs)
        reached(f"after {request.method} {request.path_url}")
        return answer

    def dying_change(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_change = sql.split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE")
        shown = " ".join(sql.split()[:3])
        if is_change:
            reached(f"before {shown}")
        result = execute(sql, params, many, context)
        if is_change:
            reached(f"after {shown}")
        return result

    with monkeypatch.context() as patch, database.execute_wrapper(dying_change):
        patch.setattr(http.Transport, "_exchange", dying_exchange)
        yield
