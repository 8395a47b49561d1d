"""Simulated Acumatica and Asana, and one integration between them, ready for a bill to be approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connections import clock
from connections.messages import Message
from connections.vendors.asana.api import AsanaApi, Task
from pairs import actions, hooks, intake, work
from pairs.models import Cursor, Delivery, FieldMapping, Integration, Link, Record, Webhook
from tests.factories import acumatica_connection, asana_connection

STEP = timedelta(seconds=151)
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

    def delete_project(self, gid: str) -> None:
        self.asana.known.get("project", gid).is_deleted = True

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

    def update_task(self, ref: str) -> None:
        """The change of a document reaches its task, and nothing else is done."""
        flow = self.link(ref).flow
        self.poll(flow=flow)
        work.these([self.record(ref, flow).pk])

    def poll(self, **which: str) -> None:
        """Changes are seen and not handled yet."""
        Cursor.objects.filter(**which).update(due_at=clock.now())
        work.polls()

    def replay(self, record: Record, *, minutes: float = 3) -> None:
        actions.replay([record], by="anna")
        self.work(poll=False, minutes=minutes)

    def listen(self, settings: Any, *, tenant: str = "") -> None:
        """Push notifications are set up as the admin page says."""
        settings.PUBLIC_URL = "https://hub.example"
        self.asana.options.handshake_on_a_thread = False
        work.webhooks()
        for hook in Webhook.objects.exclude(flow="approvals"):
            self.acumatica.add_push(
                hooks.address(hook),
                entity=hook.resource_ref,
                query=f"MLConnector{hook.flow}",
                header="X-ML-Connector-Secret",
                tenant=tenant,
            )

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

    def place(self, ref: str) -> tuple[str, str]:
        """Project and section of the task."""
        [(project, section)] = [(at.project, at.section) for at in self.read(ref).memberships]
        return project, section

    def read(self, ref: str) -> Task:
        """The task as the product reads it."""
        return AsanaApi(self.integration.target).task(self.gid(ref))

    def tasks(self) -> list[Any]:
        """The living tasks at Asana that are no subtasks."""
        return [task for task in self.asana.known.all("task") if not task.parent]

    def value(self, ref: str, key: str) -> Any:
        return self.asana.value(self.gid(ref), self.fields[key])

    def comments(self, ref: str) -> list[str]:
        found: list[str] = self.asana.comments(self.gid(ref))
        return found

    def releases(self, ref: str = "", effect: str = "release") -> list[Any]:
        found: list[Any] = self.acumatica.releases(ref, effect=effect)
        return found

    def calls(self, *methods: str) -> list[str]:
        """What was asked of both since `quiet` was called, beside the lists that every reading asks for."""
        lists = ("tasks.list", "list")
        found = [call for side in (self.acumatica, self.asana) for call in side.calls]
        return [
            f"{call.method} {call.route}"
            for call in found
            if (not methods or call.method in methods)
            and call.route not in lists
            and not call.route.startswith("webhooks.")
        ]

    def records(self, *flows: str) -> list[Record]:
        return list(Record.objects.filter(integration=self.integration, flow__in=flows))

    def asked_for_creditors(self) -> int:
        return sum(call.route == "get" and "/Vendor/" in call.path for call in self.acumatica.calls)

    def cursor_errors(self) -> set[str]:
        """What is shown about flows that can't be read, each once."""
        found = Cursor.objects.exclude(error=None).values_list("error", flat=True)
        return {str(Message.from_json(error)) for error in found}

    def quiet(self) -> None:
        self.acumatica.calls.clear()
        self.asana.calls.clear()
