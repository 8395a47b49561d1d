"""Acumatica to Asana: bills and purchase orders approved, rejected, changed and deleted; the staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo import pdf
from mlconnector.demo.acts.acumatica_asana import configuration, report
from mlconnector.demo.acts.acumatica_asana.papers import BILL, PAPERS, SUPPLIERS, Fate, Paper
from mlconnector.demo.acts.acumatica_asana.staff import PEOPLE, STRANGER
from mlconnector.demo.acts.base import Act
from pairs import hooks
from pairs.models import Webhook

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage


class AcumaticaToAsana(Act):
    pair = "acumatica_asana"
    title = "Acumatica to Asana"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.acumatica: Any = stage.stand("acumatica").simulator
        self.asana: Any = stage.stand("asana").simulator
        self.projects = {
            branch: self.asana.add_project(name) for branch, name in configuration.PROJECTS.items()
        }
        self.fields = {name: self._field(name, kind) for name, kind in configuration.FIELDS.items()}
        for code, (name, group) in list(SUPPLIERS.items())[2:]:
            self.acumatica.add_vendor(code, name, vendor_class=group)
        self.ids = {paper.number: self._enter(paper) for paper in PAPERS if not paper.is_entered_later}
        self.employees = {
            person.name: self.acumatica.add_employee(person.name, person.email, status=person.status)
            for person in PEOPLE
        }
        self._add_users()

    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return configuration.rows(self)

    # --- What people have entered -------------------------------------------------------------------------

    def _field(self, name: str, kind: str) -> str:
        """A custom field of both projects."""
        more = {"precision": 2} if kind == "number" else {}
        gid: str = self.asana.add_custom_field(self.projects[""], name, kind, **more)
        for branch, project in self.projects.items():
            if branch:
                self.asana.add_field_to_project(project, gid)
        return gid

    def _enter(self, paper: Paper) -> str:
        add = self.acumatica.add_bill if paper.entity == BILL else self.acumatica.add_purchase_order
        entered: str = add(
            number=paper.number,
            type=paper.kind,
            vendor=paper.supplier,
            amount=paper.amount,
            tax=paper.tax,
            currency=paper.currency,
            branch=paper.branch,
            status=paper.status,
            date=paper.on(self.today),
            due=paper.due_on(self.today),
            vendor_ref=paper.reference,
            lines=_lines(paper),
        )
        for position in range(1, paper.files + 1):
            name = f"{paper.number}-{position}.pdf"
            self.acumatica.add_file(paper.entity, entered, name, _file(paper, position))
        return entered

    def _add_users(self) -> None:
        self.asana.known.get("user", self.asana.connector).is_admin = True
        for person in PEOPLE:
            if person.is_user:
                self.asana.add_user(person.name, person.email)
        self.asana.add_user("Werkstudentin", STRANGER)

    # --- What people do -----------------------------------------------------------------------------------

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("Bills and orders are approved and rejected in Asana", self.decide),
            ("In Acumatica a bill is entered, others are changed, released and deleted", self.change),
            ("The new bill is approved", self.decide_later),
        )

    def decide(self) -> None:
        self._set_up_pushes()
        for paper in PAPERS:
            if paper.is_entered_later:
                continue
            if paper.fate == Fate.APPROVED:
                self.asana.approve(self.task(paper))
            elif paper.fate == Fate.REJECTED:
                self.asana.reject(self.task(paper))

    def change(self) -> None:
        for paper in PAPERS:
            if paper.fate == Fate.CHANGED:
                self.asana.approve(self.task(paper))
            if paper.new_net:
                change = (
                    self.acumatica.change_bill
                    if paper.entity == BILL
                    else self.acumatica.change_purchase_order
                )
                change(self.ids[paper.number], amount=paper.last_amount)
            if paper.fate == Fate.ELSEWHERE:
                self.acumatica.press(paper.entity, self.ids[paper.number], "ReleaseBill")
            if paper.fate == Fate.DELETED:
                delete = (
                    self.acumatica.delete_bill
                    if paper.entity == BILL
                    else self.acumatica.delete_purchase_order
                )
                delete(self.ids[paper.number])
            if paper.is_entered_later:
                self.ids[paper.number] = self._enter(paper)
        for person in PEOPLE:
            if person.leaves:
                self.acumatica.deactivate_employee(self.employees[person.name])

    def decide_later(self) -> None:
        for paper in PAPERS:
            if paper.is_entered_later:
                self.asana.approve(self.task(paper))

    def _set_up_pushes(self) -> None:
        """A person enters in Acumatica what the page of each webhook says."""
        stand: Any = self.stage.stand("acumatica")
        for hook in Webhook.objects.filter(connection__name=stand.name):
            stand.set_up_push(hook.resource_ref, hooks.address(hook))

    # --- What came of it ----------------------------------------------------------------------------------

    def tasks(self, paper: Paper) -> list[Any]:
        """The tasks that show this document's number, with those of a person who made a second one."""
        return [
            task
            for task in self.asana.known.all("task")
            if task.values.get(self.fields["Beleg"]) == paper.number and not task.is_deleted
        ]

    def task(self, paper: Paper) -> str:
        return str(self.tasks(paper)[0].gid)

    def report(self) -> Iterator[str]:
        return report.table(self)

    def deviations(self) -> Iterator[str]:
        return report.deviations(self)


def _lines(paper: Paper) -> list[dict[str, Any]]:
    if paper.entity == BILL:
        return [
            {
                "TransactionDescription": f"Position {n}",
                "Qty": 1,
                "UnitCost": Decimal(net),
                "Amount": Decimal(net),
            }
            for n, net in enumerate(paper.net, 1)
        ]
    return [
        {
            "LineDescription": f"Position {n}",
            "OrderQty": 1,
            "UnitCost": Decimal(net),
            "ExtendedCost": Decimal(net),
        }
        for n, net in enumerate(paper.net, 1)
    ]


def _file(paper: Paper, position: int) -> bytes:
    return pdf.page(
        (
            f"{paper.number}, Seite {position}",
            SUPPLIERS[paper.supplier][0],
            f"Betrag: {paper.amount} {paper.currency}",
            "",
            "Beispiel, keine echte Rechnung. Alle Namen sind erfunden.",
        )
    )
