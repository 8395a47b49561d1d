"""An invoice becomes posting rows: one for each tax case, revenue account and cost center, on the debtor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from bookings.entry import Books, Direction, Entry, Side
from bookings.invoices import labels
from bookings.invoices.cases import OSS, WITH_VAT_ID, TaxCaseInfo
from bookings.invoices.checking import check_case
from bookings.invoices.invoice import DueDate, Invoice, InvoiceLine, Rules
from bookings.invoices.parts import Part, joined
from bookings.invoices.rates import CENT, ZERO, german_rates, rates_behind
from bookings.invoices.resolving import Resolution, resolve
from bookings.invoices.situation import Seller, Situation
from bookings.invoices.totals import check_totals
from bookings.invoices.whole import complete
from bookings.validation import labels as booking_labels
from bookings.validation.amounts import base_amount, comma
from bookings.validation.taxes import compact_vat_id
from connections.messages import DataFault, say

# Column 4 has six decimals.
RATE_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class InvoiceRow:
    """One posting row with the tax case it stands for; `net` and `tax` are positive as `entry.amount`."""

    entry: Entry
    case: TaxCaseInfo
    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True)
class InvoiceRows:
    """The rows, or none and all faults. No rows and no faults: the invoice comes to nothing."""

    rows: tuple[InvoiceRow, ...]
    faults: tuple[DataFault, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(row.entry for row in self.rows)


def rows_of(invoice: Invoice, rules: Rules, seller: Seller, books: Books) -> InvoiceRows:
    """The rows of `invoice`, which add up to its gross total to the cent; or every reason against it.

    The rows are checked against the client's tables afterwards, as all bookings are (`services.faults_of`).
    """
    resolved = [
        (line, resolve(_situation(line, invoice, rules), seller, books.tax_cases)) for line in invoice.lines
    ]
    faults = [
        *check_totals(invoice),
        *_of_lines(resolved),
        *_of_cases([found.case for _, found in resolved], books),
    ]
    if faults:
        return InvoiceRows((), tuple(faults))
    parts = [_part(line, found, invoice, rules) for line, found in resolved]
    whole = complete(joined(parts), invoice, rules, books.tax_cases)
    faults = whole.faults or _of_cases([part.case for part in whole.parts], books)
    if faults:
        return InvoiceRows((), tuple(faults))
    rows = tuple(_row(part, invoice, rules) for part in whole.parts if part.net + (part.tax or ZERO))
    wrong = [*_check_sum(rows, invoice), *_check_base(rows, invoice)]
    return InvoiceRows((), tuple(wrong)) if wrong else InvoiceRows(rows)


def _situation(line: InvoiceLine, invoice: Invoice, rules: Rules) -> Situation:
    return Situation(
        supply_date=invoice.supply_date,
        rate=_rate(line, invoice, rules),
        destination=invoice.destination(line),
        supply=line.supply,
        origin=invoice.ship_from,
        is_business=invoice.customer.is_business,
        vat_id=invoice.customer.vat_id,
        treatment=line.treatment,
        revenue_group=line.revenue_group,
    )


def _rate(line: InvoiceLine, invoice: Invoice, rules: Rules) -> Decimal | None:
    """As given, or the only German rate behind net and tax; None = not to be told."""
    if line.rate is not None or line.tax is None:
        return line.rate
    behind = rates_behind(
        line.net, line.tax, german_rates(invoice.supply_date), tolerance=rules.rate_tolerance
    )
    return behind[0] if len(behind) == 1 else None


def _of_lines(resolved: Sequence[tuple[InvoiceLine, Resolution]]) -> list[DataFault]:
    """The faults of all lines; what several lines share is said once, with the lines."""
    found: dict[str, tuple[DataFault, list[str]]] = {}
    for line, resolution in resolved:
        for fault in resolution.faults:
            found.setdefault(str(fault.to_json()), (fault, []))[1].append(line.number)
    return [
        replace(fault, value=f"{fault.value} ({', '.join(lines)})" if fault.value else ", ".join(lines))
        for fault, lines in found.values()
    ]


def _of_cases(cases: Iterable[TaxCaseInfo | None], books: Books) -> list[DataFault]:
    """A case was confirmed for the client's tables as they were then; they may have changed."""
    used = {case.key: case for case in cases if case is not None}
    return [fault for case in used.values() for fault in check_case(case, books)]


def _part(line: InvoiceLine, found: Resolution, invoice: Invoice, rules: Rules) -> Part:
    case, rate = found.case, _rate(line, invoice, rules)
    if case is None or rate is None:
        raise ValueError("A line without faults has a tax case and a rate.")
    situation = _situation(line, invoice, rules)
    return Part(
        case=case,
        rate=rate,
        net=line.net * invoice.sign,
        tax=None if line.tax is None else line.tax * invoice.sign,
        cost_center_1=line.cost_center_1,
        cost_center_2=line.cost_center_2,
        country=situation.country if case.kind in OSS else "",
    )


def _row(part: Part, invoice: Invoice, rules: Rules) -> InvoiceRow:
    """Seen from the debtor: a claim is debit, what lowers it credit."""
    tax = part.tax or ZERO
    gross = part.net + tax
    entry = Entry(
        amount=abs(gross),
        side=Side.DEBIT if gross > 0 else Side.CREDIT,
        account=invoice.customer.debtor,
        contra_account=part.case.account,
        document_date=invoice.document_date,
        bu_key=part.case.bu_key,
        document_field_1=invoice.number,
        document_field_2=_field_2(invoice, rules),
        posting_text=invoice.posting_text or invoice.customer.name,
        cost_center_1=part.cost_center_1,
        cost_center_2=part.cost_center_2,
        eu_vat_id=_eu_vat_id(part, invoice),
        eu_tax_rate=part.rate if part.case.kind in OSS else None,
        delivery_date=invoice.supply_date if rules.with_delivery_date else None,
        tax_period_date=invoice.supply_date if rules.with_delivery_date else None,
        due_date=invoice.due_date if rules.due_date is not DueDate.FIELD_2 else None,
        direction=Direction.OUTGOING,
        partner_name=invoice.customer.name,
        partner_city=invoice.customer.city,
        documents=invoice.documents,
        notes=invoice.notes,
    )
    return InvoiceRow(_in_currency(entry, invoice), part.case, part.rate, abs(part.net), abs(tax))


def _field_2(invoice: Invoice, rules: Rules) -> str:
    if invoice.due_date is None or rules.due_date is DueDate.COLUMN:
        return ""
    return f"{invoice.due_date:%d%m%y}"


def _eu_vat_id(part: Part, invoice: Invoice) -> str:
    if part.case.kind in WITH_VAT_ID:
        return compact_vat_id(invoice.customer.vat_id)
    return part.country


def _in_currency(entry: Entry, invoice: Invoice) -> Entry:
    """Columns 3 to 6: column 1 in foreign currency, the rate, and the amount in EUR that follows."""
    if invoice.currency == "EUR" or invoice.exchange_rate is None:
        return entry
    rate = invoice.exchange_rate.quantize(RATE_STEP, ROUND_HALF_UP)
    return replace(
        entry,
        currency=invoice.currency,
        exchange_rate=rate,
        base_amount=base_amount(entry.amount, rate),
    )


def _signed(row: InvoiceRow, amount: Decimal) -> Decimal:
    return amount if row.entry.side is Side.DEBIT else -amount


def _check_sum(rows: Sequence[InvoiceRow], invoice: Invoice) -> list[DataFault]:
    booked = sum((_signed(row, row.entry.amount) for row in rows), ZERO)
    wanted = invoice.gross_total * invoice.sign
    if booked == wanted:
        return []
    return [
        DataFault(
            labels.GROSS_TOTAL,
            comma(invoice.gross_total),
            say(
                "The rows come to %(booked)s; the difference is %(difference)s.",
                booked=comma(booked),
                difference=comma(wanted - booked),
            ),
            say("Correct the invoice at the source; nothing is booked."),
        )
    ]


def _check_base(rows: Sequence[InvoiceRow], invoice: Invoice) -> list[DataFault]:
    """The total in EUR as the source computed it, within what the roundings of the rows can do."""
    told, rate = invoice.base_gross_total, invoice.exchange_rate
    if told is None or rate is None or invoice.currency == "EUR":
        return []
    booked = sum((_signed(row, row.entry.base_amount or ZERO) for row in rows), ZERO)
    wanted = told * invoice.sign
    # Half a cent for each row, and what the seventh decimal of the rate is worth.
    allowed = CENT * (len(rows) + 1) + abs(invoice.gross_total) * RATE_STEP / (rate * rate)
    if abs(booked - wanted) <= allowed:
        return []
    return [
        DataFault(
            booking_labels.BASE_AMOUNT,
            comma(told),
            say(
                "At this rate the invoice comes to %(booked)s EUR; the difference is %(difference)s.",
                booked=comma(booked),
                difference=comma(wanted - booked),
            ),
            say("Correct the exchange rate: it is foreign units per 1 EUR."),
        )
    ]
