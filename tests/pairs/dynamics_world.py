"""Simulated Dynamics and DATEV, and one integration between them, ready to finalise an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bookings import services, tax_cases
from bookings.models import DatevClient, FiscalYearRow, TaxCase
from connections import clock
from connections.models import Connection
from pairs.models import FieldMapping, Integration, Record, ValueTable, ValueTableRow
from tests.factories import datev_connection, dynamics_connection
from tests.pairs.passing import STEP, poll_soon, work_for

DRAFT, BILLED = 1, 4
INVOICE_DATE, SUPPLY = "new_invoicedate", "new_supply"
VAT_ID, TREATMENT, STATUS = "new_vatid", "new_treatment", "new_datevstatus"


class DynamicsWorld:
    """`billed(...)` adds a final invoice, `work()` lets the product run to rest on a moving clock."""

    def __init__(self, dynamics: Any, datev: Any, **settings: Any) -> None:
        self.dynamics, self.datev = dynamics, datev
        customise(dynamics)
        self.source: Connection = dynamics_connection(dynamics, "Dynamics Muster")
        self.target: Connection = datev_connection(datev, "DATEV Muster")
        self.client = sales_client(self.target)
        self.integration = Integration.objects.create(
            name="Ausgangsrechnungen",
            pair="dynamics_datev",
            source=self.source,
            target=self.target,
            is_on=True,
            settings={
                "datev_client": self.client.ref,
                "begin_on": "2025-01-01",
                "final_status": str(BILLED),
                "close_count": 1,
            }
            | settings,
        )
        map_fields(self.integration)
        self.customer: str = dynamics.add_account(
            "Beispiel AG",
            "10777",
            address1_line1="Domplatz 1",
            address1_postalcode="50667",
            address1_city="Köln",
            address1_country="Deutschland",
        )

    def map(
        self, target: str, source: str, *, flow: str = "invoices", way: str = "into", kind: str = "direct"
    ) -> None:
        FieldMapping.objects.update_or_create(
            integration=self.integration,
            flow=flow,
            way=way,
            target_field=target,
            defaults={"source_field": source, "kind": kind},
        )

    def invoice(
        self,
        lines: Iterable[Mapping[str, Any]] = ({"text": "Beratung", "price": "100.00", "rate": 19},),
        *,
        customer: str = "",
        attach: bool = True,
        dated: date = date(2026, 3, 14),
        **more: Any,
    ) -> str:
        """The id of a new invoice with a PDF; a draft unless `status` says otherwise."""
        more = {"status": DRAFT, INVOICE_DATE: dated} | more
        number = more.pop("number", f"AR-{len(list(self.dynamics.known.all('invoice'))) + 1001}")
        invoice: str = self.dynamics.add_invoice(customer or self.customer, lines, number=number, **more)
        if attach:
            self.attach(invoice, f"{number}.pdf")
        return invoice

    def attach(self, invoice: str, filename: str = "Rechnung.pdf") -> str:
        content = b"%PDF-1.7 " + f"{filename} {invoice}".encode()
        note: str = self.dynamics.add_note(invoice, "Rechnung", filename=filename, content=content)
        return note

    def billed(self, *lines: Mapping[str, Any], **more: Any) -> str:
        """A final invoice; the reference of its record."""
        return self.ref(
            self.invoice(lines, status=BILLED, **more) if lines else self.invoice(status=BILLED, **more)
        )

    def ref(self, row_id: str, table: str = "invoice") -> str:
        return f"{self.dynamics.known.organization_id}/{table}/{row_id}"

    @staticmethod
    def id_of(ref: str) -> str:
        return ref.rpartition("/")[2]

    def work(self, *, poll: bool = True, minutes: float = 6, step: timedelta = STEP) -> None:
        """Let the product run to rest; waiting times pass on the clocks of product and vendors."""
        if poll:
            poll_soon()
        work_for(timedelta(minutes=minutes), self.pass_time, step=step)

    def wait(self, *, minutes: float) -> None:
        """A long time passes in few steps, and what has come due meanwhile is worked off."""
        self.work(minutes=minutes, step=timedelta(minutes=10))
        self.work(minutes=7)

    def poll_soon(self) -> None:
        poll_soon()

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.dynamics.clock.advance(by)
        self.datev.clock.advance(by)

    def record(self, ref: str) -> Record:
        return Record.objects.get(integration=self.integration, source_ref=ref)

    def booked(self) -> list[tuple[str, str, str, str, str]]:
        """(document number, account, contra account, amount, side) of all rows in DATEV, sorted."""
        wanted = ("document_field_1", "account", "contra_account", "amount", "side")
        return sorted(tuple(row[name] for name in wanted) for row in self.datev.bookings())


def customise(dynamics: Any) -> None:
    """The columns of the organisation's own that German invoices need."""
    dynamics.add_column("invoice", INVOICE_DATE, "datetime")
    dynamics.add_column("invoice", STATUS)
    dynamics.add_column("invoicedetail", SUPPLY)
    dynamics.add_column("invoicedetail", TREATMENT)
    dynamics.add_column("account", VAT_ID)


def sales_client(connection: Connection) -> DatevClient:
    """The simulator's first client with starter tables of SKR03, all confirmed, and a range of debtors."""
    client = DatevClient.objects.create(
        name="Muster Maschinenbau GmbH",
        connection=connection,
        consultant_number=455148,
        client_number=1,
        chart="03",
        account_length=4,
        debtor_from=20000,
        debtor_until=29999,
        uses_oss=True,
    )
    for year in (2025, 2026):
        FiscalYearRow.objects.create(client=client, start=date(year, 1, 1), end=date(year, 12, 31))
    services.load_starter(client)
    client.tax_keys.update(is_confirmed=True)
    for key, kind, rate, account in (
        ("discount_19", "discount", "0.19", "8720"),
        ("freight_19", "freight", "0.19", "8400"),
    ):
        TaxCase.objects.get_or_create(
            client=client, key=key, defaults={"kind": kind, "rate": Decimal(rate), "account": account}
        )
    client.refresh_from_db()
    tax_cases.confirm(client.tax_cases.exclude(kind="discount"), None)
    return client


def map_fields(integration: Integration) -> None:
    """The mapping as a finance admin makes it."""
    table = ValueTable.objects.create(name=f"Leistungsarten {integration.pk}")
    for source, target in (("Ware", "goods"), ("Leistung", "service")):
        ValueTableRow.objects.create(table=table, source_value=source, target_value=target)
    for flow, target, source, kind in (
        ("invoices", "document_date", f"invoice:{INVOICE_DATE}", "date"),
        ("invoices", "line_supply", f"line:{SUPPLY}", "table"),
        ("invoices", "line_treatment", f"line:{TREATMENT}", "direct"),
        ("debtors", "vat_id", f"account:{VAT_ID}", "direct"),
    ):
        FieldMapping.objects.create(
            integration=integration,
            flow=flow,
            target_field=target,
            kind=kind,
            source_field=source,
            table=table if kind == "table" else None,
        )
