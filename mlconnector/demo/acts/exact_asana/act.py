"""Exact Online to Asana: orders and invoices with lines, dimensions, projects; and progress back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo.acts.base import Act
from mlconnector.demo.acts.exact_asana import books, configuration, report
from mlconnector.demo.acts.exact_asana.books import Document
from mlconnector.demo.acts.exact_asana.works import WORKS, Work
from pairs import actions
from pairs.models import Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage

NEW_PRICE = Decimal("6.90")
RENAMED = ("4930", "Bürobedarf und Drucksachen")
ENDED = "700"


class ExactToAsana(Act):
    pair = "exact_asana"
    title = "Exact Online to Asana"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.exact: Any = stage.stand("exact").simulator
        self.asana: Any = stage.stand("asana").simulator
        self._enter_masters()
        self.orders = {order: self._order(order) for order in books.ORDERS}
        self.invoices = {invoice: self._invoice(invoice) for invoice in books.INVOICES}
        self.projects = {code: self._project(code, *rest) for code, *rest in books.PROJECTS}
        self._prepare_asana()
        self.tasks = {work: self._task(work) for work in WORKS if not work.own_project}

    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return configuration.rows(self)

    # --- What people have entered -------------------------------------------------------------------------

    def _enter_masters(self) -> None:
        exact = self.exact
        self.accounts = {code: exact.add_gl_account(code, name) for code, name in books.ACCOUNTS.items()}
        self.centers = {code: exact.add_cost_center(code, name) for code, name in books.CENTERS.items()}
        self.partners = {name: exact.add_supplier(name) for name in books.SUPPLIERS}
        self.partners |= {name: exact.add_customer(name) for name in books.CUSTOMERS}
        # What is ordered is booked on the account of its item.
        self.items = {
            code: exact.add_item(f"A{code}", name, GLCosts=self.accounts[code], IsPurchaseItem=True)
            for code, name in books.ACCOUNTS.items()
        }
        self.hour_item = exact.add_item("STD", "Arbeitsstunde", IsTime=1)
        self.cost_item = exact.add_item("KOSTEN", "Projektkosten")

    def _order(self, order: Document) -> str:
        lines = [
            {
                "Item": self.items[line.account],
                "Description": line.text,
                "QuantityInPurchaseUnits": line.quantity,
                "UnitPrice": line.price,
                "CostCenter": line.center,
            }
            for line in order.lines
        ]
        return str(self.exact.add_purchase_order(self.partners[order.partner], lines))

    def _invoice(self, invoice: Document) -> str:
        lines = [
            {
                "Item": self.items[line.account],
                "Description": line.text,
                "Quantity": line.quantity,
                "UnitPrice": line.price,
                "GLAccount": self.accounts[line.account],
                "CostCenter": line.center,
            }
            for line in invoice.lines
        ]
        return str(self.exact.add_sales_invoice(self.partners[invoice.partner], lines))

    def _project(self, code: str, name: str, milestones: tuple[tuple[str, str], ...]) -> str:
        with_term = [one for one in milestones if one[1]]
        project = str(self.exact.add_project(code, name, milestones=with_term))
        for milestone, amount in milestones:
            if not amount:
                self.exact.add_deliverable(project, milestone)
        self.exact.add_hour_budget(project, books.HOURS_BEFORE, self.hour_item)
        return project

    def _prepare_asana(self) -> None:
        asana = self.asana
        self.orders_project = asana.add_project("Bestellungen Muster Bau")
        self.invoices_project = asana.add_project("Ausgangsrechnungen Muster Bau")
        self.works_project = asana.add_project("Baustellen Muster Bau")
        self.portfolio = asana.add_portfolio("Projekte Muster Bau")
        self.document_fields = {
            key: self._field(self.orders_project, name, kind)
            for key, name, kind in (*configuration.DOCUMENT_FIELDS, ("partner", "Geschäftspartner", "text"))
        }
        for gid in self.document_fields.values():
            asana.add_field_to_project(self.invoices_project, gid)
        self.work_fields = {
            key: self._field(self.works_project, name, kind) for key, name, kind in configuration.WORK_FIELDS
        }

    def _field(self, project: str, name: str, kind: str) -> str:
        more = {"precision": 2} if kind == "number" else {}
        return str(self.asana.add_custom_field(project, name, kind, **more))

    def _task(self, work: Work) -> str:
        fields = {self.work_fields[key]: value for key, value in work.fields.items()}
        subtype = "milestone" if work.is_milestone else "default_task"
        task = self.asana.add_task(self.works_project, work.name, resource_subtype=subtype, fields=fields)
        return str(task)

    # --- What people do -----------------------------------------------------------------------------------

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("Orders, invoices and accounts change in Exact Online", self.change),
            ("In Asana milestones and tasks are completed, with hours and costs", self.complete),
            ("One milestone is opened again, and a second person confirms a release", self.decide),
        )

    def change(self) -> None:
        exact = self.exact
        for order, guid in self.orders.items():
            if order.what == "received":
                exact.receive(guid)
            elif order.what == "received in part":
                exact.receive(guid, 1, line=1)
            elif order.what == "price":
                exact.change(exact.lines(guid)[0], UnitPrice=NEW_PRICE)
            elif order.what == "canceled":
                exact.cancel_order(guid)
            elif order.what == "deleted":
                exact.delete(guid)
        for invoice, guid in self.invoices.items():
            if invoice.what == "processed":
                exact.print_invoice(guid)
        self.orders |= {order: self._order(order) for order in books.LATER}
        exact.rename(self.accounts[RENAMED[0]], RENAMED[1])
        exact.block(self.centers[ENDED])
        self.read_now()

    def complete(self) -> None:
        self.tasks |= {work: self._made_for(work) for work in WORKS if work.own_project}
        for task in self.tasks.values():
            self.asana.complete(task)
        self.read_now()

    def _made_for(self, work: Work) -> str:
        """The milestone that the product has made in the project of its own."""
        found = [
            task.gid
            for task in self.asana.known.all("task")
            if task.name == work.name and self.works_project not in task.memberships
        ]
        return str(found[0])

    def decide(self) -> None:
        for work, task in self.tasks.items():
            if work.is_opened_again:
                self.asana.complete(task, False)
        confirmed = [self.tasks[work] for work in WORKS if work.release == "confirmed"]
        for record in Record.objects.filter(state=RecordState.TO_CONFIRM, source_ref__in=confirmed):
            actions.decide(record, "release_term", by="erika")
        self.read_now()

    # --- What came of it ----------------------------------------------------------------------------------

    def report(self) -> Iterator[str]:
        return report.table(self)

    def deviations(self) -> Iterator[str]:
        return report.deviations(self)
