"""What a first reading of many bills costs: writes to Asana, and lists read at Acumatica; by our call log."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from connections import clock, http
from connections.models import CallLog, Connection, Health
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import STEP, asana_connection, dont_wait, signed_in
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.mount import WSGIAdapter
from pairs import work
from pairs.models import Cursor, FieldMapping, Integration, Record, RecordState

ACUMATICA, ASANA = "https://acumatica.example", "https://asana.example"
# One supplier for so many bills.
BILLS_PER_SUPPLIER = 10
FIELDS = {
    "amount": ("Betrag", "number"),
    "due_date": ("Fällig am", "date"),
    "supplier": ("Lieferant", "text"),
    "supplier_reference": ("Rechnung", "text"),
    "number": ("Beleg", "text"),
}
# Of a full page.
ROWS = 100
MOST_STEPS = 30
AN_HOUR = timedelta(hours=1)


def measure(sizes: Sizes) -> None:
    """Every write to Asana counts, also the webhooks that are registered."""
    dont_wait()
    acumatica, asana = AcumaticaSimulator(), AsanaSimulator()
    http.mounted.update({ACUMATICA: WSGIAdapter(acumatica), ASANA: WSGIAdapter(asana)})
    _add(acumatica, sizes.bills)
    integration = _integration(acumatica, asana)
    _settle(integration, acumatica, asana)
    to_asana = CallLog.objects.order_by().filter(connection=integration.target)
    # Only the first reading has no lower bound.
    lists = CallLog.objects.filter(connection=integration.source, url__contains="/Bill?").exclude(
        url__contains="$filter="
    )
    tell("asana_writes_per_bill", to_asana.exclude(method="GET").count() / sizes.bills)
    tell("acumatica_lists_per_100_bills", lists.count() / ceil(sizes.bills / ROWS))


def _add(acumatica: Any, count: int) -> None:
    """Bills with two lines each, entered one an hour until now."""
    acumatica.clock.advance(-AN_HOUR * count)
    for number in range(count):
        supplier = f"L{number // BILLS_PER_SUPPLIER:04}"
        if number % BILLS_PER_SUPPLIER == 0:
            acumatica.add_vendor(supplier, f"Muster {supplier} GmbH")
        acumatica.clock.advance(AN_HOUR)
        acumatica.add_bill(
            vendor=supplier,
            amount="1190.00",
            vendor_ref=f"RE-{number:06}",
            due=date(2026, 12, 1 + number % 28),
            lines=[
                {"TransactionDescription": "Material", "Qty": 10, "UnitCost": 50, "Amount": Decimal(500)},
                {"TransactionDescription": "Anfahrt", "Qty": 1, "UnitCost": 690, "Amount": Decimal(690)},
            ],
        )


def _integration(acumatica: Any, asana: Any) -> Integration:
    project = asana.add_project("Freigaben")
    integration = Integration.objects.create(
        name="Freigaben",
        pair="acumatica_asana",
        source=_acumatica_connection(acumatica),
        target=asana_connection(asana, ASANA),
        is_on=True,
        settings={"project": project},
    )
    for key, (name, kind) in FIELDS.items():
        more = {"precision": 2} if kind == "number" else {}
        FieldMapping.objects.create(
            integration=integration,
            flow="bills",
            way=FieldMapping.Way.BACK,
            target_field=key,
            source_field=asana.add_custom_field(project, name, kind, **more),
        )
    return integration


def _acumatica_connection(acumatica: Any) -> Connection:
    connection = Connection.objects.create(
        name="Acumatica",
        vendor="acumatica",
        settings={
            "instance_url": acumatica.addresses(ACUMATICA)["instance_url"],
            "tenant": acumatica.tenant,
            "endpoint_version": "24.200.001",
            "sign_in": "oauth",
            "client_id": acumatica.client_id,
        },
        secrets={"client_secret": acumatica.client_secret},
        health=Health.OK,
    )
    signed_in(connection, acumatica.sign_in())
    return connection


def _settle(integration: Integration, acumatica: Any, asana: Any) -> None:
    """Raises RuntimeError when a bill comes to rest anywhere else than as a task."""
    Cursor.objects.update(due_at=clock.now())
    bills = Record.objects.filter(integration=integration, flow="bills")
    left = bills.exclude(state=RecordState.DONE)
    for _ in range(MOST_STEPS):
        while work.everything():
            pass
        if bills.exists() and not left.exists():
            return
        for moved in (clock, acumatica.clock, asana.clock):
            moved.advance(STEP)
    for other in left[:1]:
        raise RuntimeError(f"A bill came to rest as {other.state}: {other.reason} {other.faults}")
    raise RuntimeError("No bill came in.")
