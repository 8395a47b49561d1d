"""Simulated Acumatica and Asana, and one integration between them, ready for a bill to be approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connections import clock
from pairs import intake, work
from pairs.models import Cursor, Delivery, FieldMapping, Integration, Link, Record
from tests.factories import acumatica_connection, asana_connection
from tests.pairs.world import STEP

# Key of a value -> name and type of the Asana field, with its decimals.
FIELDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "amount": ("Betrag", "number", {"precision": 2}),
    "due_date": ("Fällig", "date", {}),
    "supplier": ("Lieferant", "text", {}),
    "number": ("Belegnummer", "text", {}),
    "status": ("Belegstatus", "text", {}),
}
RESULT = "result"


class AcumaticaWorld:
    """`bill(...)` adds a bill, `work()` lets the product run to rest on a moving clock."""

    def __init__(self, acumatica: Any, asana: Any, **settings: Any) -> None:
        self.acumatica, self.asana = acumatica, asana
        self.project = asana.add_project("Freigaben")
        self.fields = {
            key: asana.add_custom_field(self.project, name, kind, **more)
            for key, (name, kind, more) in FIELDS.items()
        }
        self.fields[RESULT] = asana.add_custom_field(self.project, "Ergebnis", "text")
        self.integration = Integration.objects.create(
            name="Freigaben",
            pair="acumatica_asana",
            source=acumatica_connection(acumatica, sign_in=settings.pop("sign_in", "oauth")),
            target=asana_connection(asana),
            is_on=True,
            settings={"project": self.project, "lines_as": "none", "roster": "off"} | settings,
        )
        for key in FIELDS:
            self.map("bills", key)
            if key != "due_date":
                self.map("purchase_orders", key)
        self.map("approvals", RESULT)

    def map(self, flow: str, key: str, **more: Any) -> None:
        FieldMapping.objects.update_or_create(
            integration=self.integration,
            flow=flow,
            way=FieldMapping.Way.BACK,
            target_field=key,
            defaults={"source_field": self.fields[key], **more},
        )

    def set(self, **settings: Any) -> None:
        self.integration.settings |= settings
        self.integration.save()

    # --- documents and people -----------------------------------------------------------------------------

    def bill(self, **values: Any) -> str:
        """The id of a new bill, balanced unless `status` says otherwise."""
        ref: str = self.acumatica.add_bill(**values)
        return ref

    def order(self, **values: Any) -> str:
        ref: str = self.acumatica.add_purchase_order(**values)
        return ref

    def status(self, ref: str, flow: str = "bills") -> str:
        shown = self.acumatica.bill(ref) if flow == "bills" else self.acumatica.purchase_order(ref)
        return str(shown["Status"])

    def decide(self, ref: str, verdict: str = "approved") -> None:
        self.asana.decide(self.gid(ref), verdict)

    # --- time ---------------------------------------------------------------------------------------------

    def work(self, *, poll: bool = True, minutes: float = 5, step: timedelta = STEP) -> None:
        """Let the product run to rest; waiting times pass on the clocks of product and vendors."""
        if poll:
            self.poll_soon()
        passed = timedelta(0)
        while passed < timedelta(minutes=minutes):
            for _ in range(100):
                if not work.everything():
                    break
            self.pass_time(step)
            passed += step

    def settle(self) -> None:
        """One round: what is to be read is read, and everything due is done, whatever it wakes."""
        self.poll_soon()
        self.work(poll=False, minutes=2)

    def poll_soon(self) -> None:
        Cursor.objects.update(due_at=clock.now())

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.acumatica.clock.advance(by)
        self.asana.clock.advance(by)

    def deliver(self) -> None:
        """Webhooks of both sides arrive and are worked off."""
        self.acumatica.deliver()
        self.asana.deliver()
        for delivery in Delivery.objects.filter(worked_at=None):
            intake.work_delivery(delivery.pk)

    # --- what came of it ----------------------------------------------------------------------------------

    def record(self, ref: str, flow: str = "") -> Record:
        chosen = {"flow": flow} if flow else {}
        return Record.objects.get(integration=self.integration, source_ref=ref, **chosen)

    def link(self, ref: str) -> Link:
        return Link.objects.get(integration=self.integration, source_ref=ref)

    def gid(self, ref: str) -> str:
        return self.link(ref).target_ref

    def decision(self, ref: str) -> Record:
        """The record that watches the document's task."""
        return self.record(self.gid(ref), "approvals")

    def task(self, ref: str) -> Any:
        return self.asana.task(self.gid(ref))

    def tasks(self) -> list[Any]:
        """The living tasks at Asana that are no subtasks."""
        return [task for task in self.asana.known.all("task") if not task.parent]

    def value(self, ref: str, key: str) -> Any:
        return self.asana.value(self.gid(ref), self.fields[key])

    def comments(self, ref: str) -> list[str]:
        return [story.text for story in self.asana.comments(self.gid(ref))]

    def releases(self, ref: str = "", effect: str = "release") -> list[Any]:
        found: list[Any] = self.acumatica.releases(ref, effect=effect)
        return found

    def calls(self, *methods: str) -> list[str]:
        """What was asked of both since `quiet` was called, beside the reading of lists."""
        lists = ("tasks.list", "projects.get", "Bill.list", "PurchaseOrder.list")
        wanted = methods or ("GET", "POST", "PUT", "PATCH", "DELETE")
        return [
            f"{call.method} {call.route}"
            for side in (self.acumatica, self.asana)
            for call in side.calls
            if call.method in wanted and call.route not in lists and not call.route.startswith("webhooks.")
        ]

    def quiet(self) -> None:
        self.acumatica.calls.clear()
        self.asana.calls.clear()
