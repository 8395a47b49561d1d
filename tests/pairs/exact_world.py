"""Simulated Exact Online and Asana, and one integration between them, ready for a first order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connections import clock
from connections.models import Connection
from pairs.engine import OUR_FAULT
from pairs.models import Cursor, FieldMapping, Integration, Record
from tests.factories import asana_connection, exact_connection
from tests.pairs.passing import STEP, poll_soon, work_for


class ExactWorld:
    """`order(...)` enters a purchase order, `work()` lets the product run to rest on a moving clock."""

    def __init__(
        self, exact: Any, asana: Any, *, connection: Mapping[str, Any] | None = None, **settings: Any
    ) -> None:
        self.exact, self.asana = exact, asana
        self.slept: list[float] = []
        self.project: str = asana.add_project("Einkauf")
        self.fields: dict[str, str] = {}
        self.source: Connection = exact_connection(exact, **(connection or {}))
        self.target: Connection = asana_connection(asana)
        self.integration = Integration.objects.create(
            name="Bestellungen",
            pair="exact_asana",
            source=self.source,
            target=self.target,
            is_on=True,
            settings={"project": self.project, "begin_on": "2025-01-01"} | settings,
        )

    def map(self, flow: str, key: str, name: str, kind: str = "text", **more: Any) -> str:
        """Map a value into the custom field of that name, made in the project if there is none."""
        if name not in self.fields:
            self.fields[name] = self.asana.add_custom_field(self.project, name, kind, **more)
        FieldMapping.objects.create(
            integration=self.integration,
            flow=flow,
            way=FieldMapping.Way.BACK,
            target_field=key,
            kind="direct",
            source_field=self.fields[name],
        )
        return self.fields[name]

    def map_dimensions(self, *flows: str) -> None:
        """Choice fields for accounts and cost centers, without an option yet, and documents that use them."""
        for flow in ("dimensions", *(flows or ("purchase_orders", "sales_invoices"))):
            self.map(flow, "gl_account", "Sachkonto", "enum")
            self.map(flow, "cost_center", "Kostenstelle", "enum")

    def order(self, *lines: Mapping[str, Any], **values: Any) -> str:
        """The id of a new purchase order."""
        given: dict[str, Any] = {"lines": lines} if lines else {}
        made: str = self.exact.add_purchase_order(**given, **values)
        return made

    def invoice(self, *lines: Mapping[str, Any], **values: Any) -> str:
        given: dict[str, Any] = {"lines": lines} if lines else {}
        made: str = self.exact.add_sales_invoice(**given, **values)
        return made

    def ref(self, guid: str, feed: str = "purchase_orders") -> str:
        return f"exact:{self.exact.division}:{feed}:{guid}"

    @staticmethod
    def id_of(ref: str) -> str:
        return ref.rpartition(":")[2]

    def work(self, *, poll: bool = True, minutes: float = 2, step: timedelta = STEP) -> None:
        """Let the product run to rest; waiting times pass on the clocks of product and vendors."""
        if poll:
            poll_soon()
        work_for(timedelta(minutes=minutes), self.pass_time, step=step)
        assert not Cursor.objects.filter(error=OUR_FAULT.to_json()).exists(), "a reading failed by our fault"

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.exact.clock.advance(by)
        self.asana.clock.advance(by)

    def sleep(self, seconds: float) -> None:
        """In place of `time.sleep` where calls wait for their turn."""
        self.slept.append(seconds)
        self.pass_time(timedelta(seconds=seconds))

    def record(self, ref: str) -> Record:
        return Record.objects.get(integration=self.integration, source_ref=ref)

    def tasks(self, project: str = "") -> list[Any]:
        """The living tasks that are no subtasks, in the order in which they were made."""
        found = (task for task in self.asana.known.all("task") if not task.parent)
        return [task for task in found if not project or project in task.memberships]

    def subtasks(self, parent: str) -> list[Any]:
        return [task for task in self.asana.known.all("task") if task.parent == parent]

    def value(self, gid: str, name: str) -> Any:
        return self.asana.value(gid, self.fields[name])
