"""Dynamics to DATEV: outgoing invoices of all tax cases, billed, changed, canceled and refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.demo import einvoice, pdf
from mlconnector.demo.acts.base import Act
from mlconnector.demo.acts.dynamics_datev import configuration, report, sales
from mlconnector.demo.acts.dynamics_datev.sales import SALES, Sale
from mlconnector.sandbox.datev.state import Client, calendar_year
from pairs import actions
from pairs.models import Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage

DRAFT, BILLED, CANCELED = 1, 4, 100003
RATES = {"CHF": "0.9500", "USD": "1.0800"}
CENT = Decimal("0.01")


class DynamicsToDatev(Act):
    pair = "dynamics_datev"
    title = "Dynamics 365 Sales to DATEV"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.dynamics: Any = stage.stand("dynamics").simulator
        self.datev: Any = stage.stand("datev").simulator
        years = tuple(calendar_year(year, chart=3) for year in configuration.years(self.today))
        self.datev.clients.append(
            Client(configuration.CONSULTANT, configuration.CLIENT, configuration.NAME, fiscal_years=years)
        )
        self._customise()
        self.customers = {name: self._customer(name, one) for name, one in sales.CUSTOMERS.items()}
        self.ids = {sale.number: self._add(sale) for sale in SALES}

    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return configuration.rows(self)

    def on(self, sale: Sale) -> date:
        return configuration.month_before(self.today, sale.month).replace(day=sale.day)

    # --- What people have entered -------------------------------------------------------------------------

    def _customise(self) -> None:
        """The columns of the organisation's own that German invoices need."""
        for table, name, kind in configuration.OWN_COLUMNS:
            self.dynamics.add_column(table, name, kind)
        for code, rate in RATES.items():
            self.dynamics.add_currency(code, rate)

    def _customer(self, name: str, customer: sales.Customer) -> str:
        address = {"address1_country": customer.country, "address1_city": customer.city}
        if customer.is_person:
            first, _, last = name.partition(" ")
            return str(self.dynamics.add_contact(last, first, **address))
        return str(self.dynamics.add_account(name, **address, new_vatid=customer.vat_id or None))

    def _add(self, sale: Sale) -> str:
        status = DRAFT if sale.is_draft else CANCELED if sale.is_canceled else BILLED
        invoice = self.dynamics.add_invoice(
            self.customers[sale.customer],
            [
                {
                    "text": line.case or "Position",
                    "price": line.price,
                    "quantity": line.quantity,
                    "rate": line.rate,
                    "new_rate": line.rate,
                    "new_supply": line.supply,
                    "new_treatment": line.treatment or None,
                }
                for line in sale.lines
            ],
            number=sale.number,
            status=DRAFT,
            new_invoicedate=self.on(sale),
            due_on=self.on(sale) + timedelta(days=14),
            **sale.extra,
        )
        if sale.file:
            self.dynamics.add_note(
                invoice, "Rechnung", filename=f"{sale.number}.pdf", content=self._file(sale)
            )
        if status != DRAFT:
            self.dynamics.set_status(invoice, status)
        return str(invoice)

    def _file(self, sale: Sale) -> bytes:
        plain = pdf.page(
            (
                f"Rechnung {sale.number}",
                sale.customer,
                "",
                f"Datum: {self.on(sale):%d.%m.%Y}",
                "",
                "Beispiel, keine echte Rechnung. Alle Namen sind erfunden.",
            )
        )
        if sale.file == "pdf":
            return plain
        nets: dict[int, Decimal] = defaultdict(Decimal)
        for line in sale.lines:
            nets[line.rate] += line.net + (1 if sale.file == "other" else 0)
        taxes = {rate: (net, (net * rate / 100).quantize(CENT)) for rate, net in nets.items()}
        return einvoice.inside(plain, einvoice.xml(sale.number, self.on(sale), sale.customer, taxes))

    # --- What people do -----------------------------------------------------------------------------------

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        return (
            ("Two invoices are billed in Dynamics, and it is read", self.bill_later),
            ("An invoice is canceled in Dynamics after it was booked", self.cancel_later),
            ("A person lets its booking be reversed", self.reverse),
        )

    def bill_later(self) -> None:
        for sale in SALES:
            if sale.is_billed_later:
                self.dynamics.bill(self.ids[sale.number])
        self.read_now()

    def cancel_later(self) -> None:
        for sale in SALES:
            if sale.is_canceled_later:
                self.dynamics.cancel(self.ids[sale.number])
        self.read_now()

    def reverse(self) -> None:
        for record in Record.objects.filter(integration__pair=self.pair, state=RecordState.CHANGED):
            actions.decide(record, "reverse", by="demo")

    # --- What came of it ----------------------------------------------------------------------------------

    def report(self) -> Iterator[str]:
        return report.table(self)

    def deviations(self) -> Iterator[str]:
        return report.deviations(self)
