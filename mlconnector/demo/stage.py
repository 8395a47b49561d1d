"""The simulated Asana and DATEV on real ports, with the projects and tasks of the demonstration."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from mlconnector.demo import books, pdf, tasks
from mlconnector.demo.tasks import Invoice
from mlconnector.sandbox.asana.served import ServedAsana
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.state import Client, calendar_year
from mlconnector.sandbox.serve import serve

# DATEV takes a moment; our first look comes after five seconds, ten for XML jobs.
JOB_SECONDS = 3.0
# As on a paid plan.
CALLS_PER_MINUTE = 1500
RESULT, HINT, JOB = "DATEV-Status", "DATEV-Hinweis", "DATEV-Auftrag"
BOOKED, REFUSED_BY_DATEV, TO_CHECK, UNKNOWN = "Gebucht", "Von DATEV abgelehnt", "Bitte prüfen", "Unklar"
PROJECTS = {tasks.TOOLS: books.TOOLS, tasks.GARDEN: books.GARDEN, tasks.SALES: books.GARDEN}


class Stage:
    """Both simulators. Close it when done."""

    def __init__(self, today: date, *, asana_port: int = 0, files_port: int = 0, datev_port: int = 0) -> None:
        self.today = today
        self.asana_server = ServedAsana(
            port=asana_port, files_port=files_port, calls_per_minute=CALLS_PER_MINUTE
        )
        self.asana: Any = self.asana_server.simulator
        self._deliver, self._is_delivering = self.asana.deliver, False
        self.asana.deliver = self._delivered
        self.datev = DatevSimulator(
            _clients(today), job_seconds=JOB_SECONDS, dxso_seconds=JOB_SECONDS, duplicate_content=True
        )
        self.datev_server = serve(self.datev, port=datev_port)
        self.gids: dict[str, str] = {}
        self.files: dict[str, list[str]] = {}
        self.projects = {name: self.asana.add_project(name) for name in PROJECTS}
        self.fields = {name: self._fields(name) for name in PROJECTS}
        # What is still to be decided stands at the top of its project.
        for invoice in sorted(tasks.INVOICES, key=lambda invoice: invoice.status != "pending"):
            self._add(invoice)

    @property
    def asana_url(self) -> str:
        return str(self.asana_server.server.url)

    @property
    def datev_url(self) -> str:
        return self.datev_server.url

    def close(self) -> None:
        self.asana_server.close()
        self.datev_server.close()

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

    def approve_later(self) -> list[Invoice]:
        """A person approves what was left for it; the webhook tells us."""
        later = [invoice for invoice in tasks.INVOICES if invoice.is_approved_later]
        for invoice in later:
            self.asana.approve(self.gids[invoice.number])
        return later

    def change_after_booking(self) -> list[Invoice]:
        """A person enters another amount in tasks that are booked already."""
        changed = [invoice for invoice in tasks.INVOICES if invoice.changed_amount]
        for invoice in changed:
            field = self.fields[invoice.project]["Bruttobetrag"]
            self.asana.set_field(self.gids[invoice.number], field, Decimal(invoice.changed_amount))
        return changed

    # --- What came of it ----------------------------------------------------------------------------------
    def _delivered(self) -> Any:
        self._is_delivering = True
        try:
            return self._deliver()
        finally:
            self._is_delivering = False

    @property
    def has_undelivered(self) -> bool:
        """Whether there are webhook events that have not arrived at the product yet."""
        with self.asana.lock:
            is_waiting = any(hook.waiting for hook in self.asana.known.webhooks.values())
        return is_waiting or self._is_delivering

    def written_back(self) -> Counter[str]:
        """How often the fields of a task were written over the API, by gid."""
        calls = self.asana.calls_to("tasks.change")
        return Counter(call.path.rpartition("/")[2] for call in calls if call.status == 200)


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
