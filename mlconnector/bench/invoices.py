"""How many calls an invoice with its PDF costs at Dynamics and DATEV, counted in our own call log."""

from __future__ import annotations

from datetime import date
from typing import Any

from bookings import services, tax_cases
from bookings.models import DatevClient, FiscalYearRow
from connections import clock, http
from connections.models import CallLog, Connection, Health
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import STEP, datev_connection, dont_wait
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.dynamics import DynamicsSimulator
from mlconnector.sandbox.mount import WSGIAdapter
from pairs import work
from pairs.models import Cursor, FieldMapping, Integration, Record, RecordState

DATEV = "https://datev.example"
# One customer for so many invoices.
INVOICES_PER_CUSTOMER = 5
MOST_STEPS = 30


def measure(sizes: Sizes) -> None:
    """Everything counts: sign-in, metadata, change tracking, the debtors and their file, jobs."""
    dont_wait()
    dynamics, datev = DynamicsSimulator(), DatevSimulator()
    http.mounted.update(dict.fromkeys(dynamics.mounts, WSGIAdapter(dynamics)) | {DATEV: WSGIAdapter(datev)})
    integration = _integration(dynamics, datev)
    _add(dynamics, sizes.invoices)
    before = CallLog.objects.count()
    _settle(integration, dynamics, datev)
    tell("vendor_calls_per_invoice", (CallLog.objects.count() - before) / sizes.invoices)


def _integration(dynamics: Any, datev: Any) -> Integration:
    source = Connection.objects.create(
        name="Dynamics",
        vendor="dynamics",
        settings={
            "environment_url": dynamics.base_url,
            "login_url": dynamics.login_url,
            "tenant": dynamics.tenant_id,
            "client_id": dynamics.client_id,
        },
        secrets={"client_secret": dynamics.client_secret},
        health=Health.OK,
    )
    target = datev_connection(datev, DATEV)
    integration = Integration.objects.create(
        name="Ausgangsrechnungen",
        pair="dynamics_datev",
        source=source,
        target=target,
        is_on=True,
        settings={
            "datev_client": _client(target).ref,
            "begin_on": "2025-01-01",
            "final_status": "4",
            "close_count": 10_000,
            "close_minutes": 5,
        },
    )
    FieldMapping.objects.create(
        integration=integration,
        flow="invoices",
        target_field="document_date",
        kind="date",
        source_field="invoice:duedate",
    )
    return integration


def _client(connection: Connection) -> DatevClient:
    client = DatevClient.objects.create(
        name="Muster Maschinenbau GmbH",
        connection=connection,
        consultant_number=455148,
        client_number=1,
        chart="03",
        account_length=4,
        debtor_from=20000,
        debtor_until=29999,
    )
    FiscalYearRow.objects.create(client=client, start=date(2026, 1, 1), end=date(2026, 12, 31))
    services.load_starter(client)
    client.tax_keys.update(is_confirmed=True)
    client.refresh_from_db()
    tax_cases.confirm(client.tax_cases.filter(kind="domestic", rate="0.19"), None)
    return client


def _add(dynamics: Any, count: int) -> None:
    """Final invoices with a PDF each."""
    for number in range(count):
        if number % INVOICES_PER_CUSTOMER == 0:
            customer = dynamics.add_account(f"Beispiel {number} AG", address1_country="Deutschland")
        invoice = dynamics.add_invoice(
            customer,
            [
                {"text": "Beratung", "price": "100.00", "rate": 19},
                {"text": "Reise", "price": "50.00", "rate": 19},
            ],
            number=f"AR-{number:06}",
            due_on=date(2026, 3, 1 + number % 28),
        )
        dynamics.add_note(
            invoice,
            "Rechnung",
            filename=f"AR-{number:06}.pdf",
            content=b"%PDF-1.7 " + str(number).encode(),
        )


def _settle(integration: Integration, dynamics: Any, datev: Any) -> None:
    """Raises RuntimeError when it comes to rest anywhere else than booked."""
    Cursor.objects.update(due_at=clock.now())
    left = Record.objects.filter(integration=integration).exclude(state=RecordState.DONE)
    for _ in range(MOST_STEPS):
        while work.everything():
            pass
        if not left.exists():
            break
        for moved in (clock, dynamics.clock, datev.clock):
            moved.advance(STEP)
    for other in left[:1]:
        raise RuntimeError(f"A record came to rest as {other.state}: {other.reason} {other.faults}")
