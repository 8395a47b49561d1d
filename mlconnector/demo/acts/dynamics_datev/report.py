"""What was booked, by tax case and month, against the invoices in Dynamics: to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bookings import starter
from bookings.models import Debtor
from mlconnector.demo.acts.dynamics_datev import configuration
from mlconnector.demo.acts.dynamics_datev.sales import SALES, Sale
from pairs.models import Record, RecordState

if TYPE_CHECKING:
    from mlconnector.demo.acts.dynamics_datev.act import DynamicsToDatev

# Tax case, month, currency.
Place = tuple[str, str, str]
Sums = Mapping[Place, Decimal]


def table(act: DynamicsToDatev) -> Iterator[str]:
    records = Record.objects.filter(integration__pair=act.pair, flow="invoices")
    states = Counter(records.values_list("state", flat=True))
    yield f"{len(SALES)} invoices: " + ", ".join(
        f"{number} {state}" for state, number in sorted(states.items())
    )
    customers = Debtor.objects.filter(client__client_number=configuration.CLIENT).count()
    yield f"{customers} customers are debtors."
    yield f"{'tax case':<24}{'month':<10}{'':<5}{'in Dynamics':>14}{'booked':>14}"
    wanted, booked = in_dynamics(act), in_datev(act)
    for place in sorted({*wanted, *booked}):
        case, month, currency = place
        yield (
            f"{case:<24}{month:<10}{currency:<5}"
            f"{wanted.get(place, Decimal(0)):>14.2f}{booked.get(place, Decimal(0)):>14.2f}"
        )


def in_dynamics(act: DynamicsToDatev) -> Sums:
    """What the simulator itself says of the invoices that must be booked."""
    sums: dict[Place, Decimal] = defaultdict(Decimal)
    for sale in (sale for sale in SALES if sale.is_booked):
        head, month = act.dynamics.values(act.ids[sale.number]), f"{act.on(sale):%Y-%m}"
        currency = sale.extra.get("currency", "EUR")
        cases = {line.case for line in sale.lines}
        if len(cases) == 1:
            # Discount and freight of a whole invoice are in its total alone.
            sums[cases.pop(), month, currency] += head["totalamount"]
            continue
        for line, row in zip(sale.lines, act.dynamics.lines(act.ids[sale.number]), strict=True):
            sums[line.case, month, currency] += row["extendedamount"]
    return {place: amount for place, amount in sums.items() if amount}


def in_datev(act: DynamicsToDatev) -> Sums:
    """What arrived: a claim is debit on the debtor."""
    by_account = {(case.account, case.bu_key): case.key for case in starter.tax_cases(configuration.CHART, 4)}
    sums: dict[Place, Decimal] = defaultdict(Decimal)
    for row in _state(act)["bookings"]:
        case = by_account.get(
            (row["contra_account"], row["bu_key"]), f"{row['contra_account']} {row['bu_key']}"
        )
        amount = Decimal(row["amount"])
        sums[case, row["date"][:7], row["currency"]] += amount if row["side"] == "S" else -amount
    return {place: amount for place, amount in sums.items() if amount}


def _state(act: DynamicsToDatev) -> dict[str, Any]:
    stand: Any = act.stage.stand("datev")
    found: dict[str, Any] = stand.state_of({configuration.reference()})
    return found


def deviations(act: DynamicsToDatev) -> Iterator[str]:
    wanted, booked = in_dynamics(act), in_datev(act)
    for place in sorted({*wanted, *booked}):
        if wanted.get(place) != booked.get(place):
            yield f"{' '.join(place)}: {wanted.get(place, 0)} in Dynamics, {booked.get(place, 0)} in DATEV."
    records = {
        record.label: record for record in Record.objects.filter(integration__pair=act.pair, flow="invoices")
    }
    for sale in SALES:
        yield from _record_deviations(sale, records.get(sale.number))
    yield from _vendor_deviations(_state(act))
    yield from _debtor_deviations(act)


def _record_deviations(sale: Sale, record: Record | None) -> Iterator[str]:
    if record is None:
        yield f"{sale.number} never entered."
        return
    if record.state != sale.state:
        yield f"{sale.number} is {record.state} and should be {sale.state}: {record.reason} {record.faults}"
    told = {fault["field"] for fault in record.faults}
    if sale.faults and not set(sale.faults) <= told:
        yield f"{sale.number} is at fault for {told}, not for {sale.faults}."


def _vendor_deviations(state: Mapping[str, Any]) -> Iterator[str]:
    """Each document once, each booking linked to one that is there."""
    documents = [document["guid"].lower() for document in state["documents"]]
    wanted = sum(1 for sale in SALES if sale.state == RecordState.DONE)
    if len(documents) != wanted or len(set(documents)) != wanted:
        yield f"{len(documents)} documents in DATEV instead of {wanted}."
    for row in state["bookings"]:
        if not row["document_guids"] or not set(row["document_guids"]) <= set(documents):
            yield f"{row['document_field_1']} is booked without its document."
    for again in state["repeated"]:
        yield f"Booked more than once: {again}"
    for job in state["extf_jobs"]:
        if job["findings"] or job["result"] != "succeeded":
            yield f"DATEV objects to {job['filename']}: {job['findings'] or job['details']}"


def _debtor_deviations(act: DynamicsToDatev) -> Iterator[str]:
    """One number for each customer, which DATEV was told before it was booked on."""
    known = list(Debtor.objects.filter(client__client_number=configuration.CLIENT))
    booked = {sale.customer for sale in SALES if sale.state == RecordState.DONE and sale.lines}
    if len(known) != len(booked) or len({debtor.number for debtor in known}) != len(known):
        yield f"{len(known)} debtors for {len(booked)} customers."
    unsent = [str(debtor) for debtor in known if debtor.sent_digest != debtor.digest]
    if unsent:
        yield f"DATEV was not told of {', '.join(unsent)}."
    followed = Record.objects.filter(integration__pair=act.pair, flow="debtors").exclude(
        state=RecordState.DONE
    )
    for record in followed:
        yield f"{record.label} (customer) is {record.state}: {record.reason}"
