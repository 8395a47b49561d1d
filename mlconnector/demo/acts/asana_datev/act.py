"""Asana to DATEV: projects with invoices, approved, changed and refused, for two DATEV clients."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo import pdf
from mlconnector.demo.acts.asana_datev import books, configuration, report, tasks
from mlconnector.demo.acts.asana_datev.names import (
    BOOKED,
    HINT,
    JOB,
    PROJECTS,
    REFUSED_BY_DATEV,
    RESULT,
    TO_CHECK,
    UNKNOWN,
)
from mlconnector.demo.acts.asana_datev.tasks import Invoice
from mlconnector.demo.acts.base import Act
from mlconnector.sandbox.datev.state import Client, calendar_year

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage


class AsanaToDatev(Act):
    pair = "asana_datev"
    title = "Asana to DATEV"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.asana: Any = stage.stand("asana").simulator
        self.datev: Any = stage.stand("datev").simulator
        self.datev.clients += _clients(self.today)
        self.gids: dict[str, str] = {}
        self.files: dict[str, list[str]] = {}
        self.projects = {name: self.asana.add_project(name) for name in PROJECTS}
        self.fields = {name: self._fields(name) for name in PROJECTS}
        # What is still to be decided stands at the top of its project.
        for invoice in sorted(tasks.INVOICES, key=lambda invoice: invoice.status != "pending"):
            self._add(invoice)

    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return configuration.rows(self)

    # --- What people do -----------------------------------------------------------------------------------
    def _fields(self, name: str) -> dict[str, str]:
        """The project's custom fields: gid by name."""
        add = lambda field, kind="text", **more: self.asana.add_custom_field(  # noqa: E731
            self.projects[name], field, kind, **more
        )
        partners = sorted({invoice.partner for invoice in tasks.INVOICES if invoice.project == name})
        centers = [*books.COST_CENTERS[PROJECTS[name]].values(), "Versuchsfeld"]
        return {
            "Bruttobetrag": add("Bruttobetrag", "number", precision=2),
            "Geschäftspartner": add("Geschäftspartner", "enum", options=partners),
            "Rechnungsnummer": add("Rechnungsnummer"),
            "Rechnungsdatum": add("Rechnungsdatum", "date"),
            "Sachkonto": add("Sachkonto"),
            "Steuerfall": add("Steuerfall", "enum", options=tuple(books.TAX_CASES)),
            "Kostenstelle": add("Kostenstelle", "enum", options=centers),
            "Belegart": add("Belegart", "enum", options=("Rechnung", "Gutschrift")),
            "Fällig am": add("Fällig am", "date"),
            "Währung": add("Währung", "enum", options=("EUR", "CHF", "USD")),
            "Kurs": add("Kurs", "number", precision=4),
            "USt-IdNr.": add("USt-IdNr."),
            RESULT: add(RESULT, "enum", options=(BOOKED, REFUSED_BY_DATEV, TO_CHECK, UNKNOWN)),
            HINT: add(HINT),
            JOB: add(JOB),
        }

    def _add(self, invoice: Invoice) -> None:
        fields = self.fields[invoice.project]
        gid = self.asana.add_task(
            self.projects[invoice.project],
            f"{invoice.partner}: {invoice.text}",
            fields={fields[name]: value for name, value in invoice.values(self.today).items() if value},
        )
        self.gids[invoice.number] = gid
        self.files[invoice.number] = []
        for position in range(1, invoice.files + 1):
            content = _file(invoice, position, self.today)
            name = f"{'Rechnung' if position == 1 else 'Anlage'} {invoice.number} {position}"
            self.asana.add_attachment(gid, f"{name}.{invoice.file_ending}", content)
            self.files[invoice.number].append(hashlib.sha256(content).hexdigest())
        if invoice.status != "pending":
            self.asana.decide(gid, invoice.status)

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("Two more tasks are approved; webhooks tell of them", self.approve_later),
            ("An amount is changed after it was booked", self.change_after_booking),
        )

    def approve_later(self) -> None:
        """A person approves what was left for it; the webhook tells us."""
        for invoice in tasks.INVOICES:
            if invoice.is_approved_later:
                self.asana.approve(self.gids[invoice.number])

    def change_after_booking(self) -> None:
        """A person enters another amount in tasks that are booked already."""
        for invoice in tasks.INVOICES:
            if invoice.changed_amount:
                field = self.fields[invoice.project]["Bruttobetrag"]
                self.asana.set_field(self.gids[invoice.number], field, Decimal(invoice.changed_amount))

    def plant(self, error: str) -> None:
        """Spoil what DATEV holds, to show that the comparison notices: `lost` or `twice`."""
        store = self.datev.store
        upload = next(one for one in store.uploads.values() if one.client_ref in report.CLIENTS)
        if error == "lost":
            del store.uploads[upload.id]
        else:
            store.uploads[f"{upload.id}-again"] = upload

    # --- What came of it ----------------------------------------------------------------------------------

    def report(self) -> Iterator[str]:
        return report.table(report.rows(), report.vendors(self))

    def deviations(self) -> Iterator[str]:
        return report.deviations(report.rows(), report.vendors(self), self.today)


def _clients(today: date) -> list[Client]:
    return [
        Client(
            books.CONSULTANT,
            number,
            name,
            fiscal_years=tuple(
                calendar_year(year, chart=int(books.CHARTS[number])) for year in books.years(today)
            ),
        )
        for number, name in books.NAMES.items()
    ]


def _file(invoice: Invoice, position: int, today: date) -> bytes:
    if invoice.file_ending != "pdf":
        return b"MZ not a document"
    kind = "Gutschrift" if invoice.is_credit_note else "Rechnung"
    amount = f"{Decimal(invoice.amount):.2f}".replace(".", ",") if invoice.amount else "unleserlich"
    return pdf.page(
        (
            f"{kind} {invoice.number}" if position == 1 else f"Anlage {position - 1} zu {invoice.number}",
            invoice.partner,
            "",
            f"Datum: {invoice.on(today):%d.%m.%Y}",
            f"Leistung: {invoice.text}",
            f"Betrag: {amount} {invoice.currency or 'EUR'}",
            "",
            "Beispiel, keine echte Rechnung. Alle Namen sind erfunden.",
        )
    )
