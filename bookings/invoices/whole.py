"""Discount, freight and rounding of a whole invoice, brought to its parts by rule, and the tax of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from bookings.invoices import labels
from bookings.invoices.cases import CaseKind, TaxCaseInfo
from bookings.invoices.invoice import Invoice, Rules, Spread
from bookings.invoices.parts import Part, joined, spread, taxed
from bookings.invoices.rates import ZERO
from bookings.invoices.resolving import find
from bookings.invoices.situation import Situation
from bookings.validation.amounts import comma
from bookings.validation.taxes import HOME
from connections.messages import DataFault, say

# More is no rounding.
MAX_ROUNDING = Decimal("0.05")


@dataclass
class Whole:
    """The parts of an invoice with everything spread, and what stood against it."""

    parts: list[Part]
    faults: list[DataFault] = field(default_factory=list)


@dataclass(frozen=True)
class _Extra:
    """A net amount of the whole invoice: discount negative, freight positive."""

    label: str
    kind: CaseKind
    net: Decimal
    rule: Spread


def complete(lines: Sequence[Part], invoice: Invoice, rules: Rules, cases: Sequence[TaxCaseInfo]) -> Whole:
    """`lines` with discount, freight, tax and rounding; with faults the parts must not be booked."""
    sign = invoice.sign
    extras = [
        extra
        for extra in (
            _Extra(labels.INVOICE_DISCOUNT, CaseKind.DISCOUNT, -invoice.discount * sign, rules.discount),
            _Extra(labels.FREIGHT, CaseKind.FREIGHT, invoice.freight * sign, rules.freight),
        )
        if extra.net
    ]
    if refused := [_refused(extra) for extra in extras if extra.rule is Spread.REFUSE]:
        return Whole(list(lines), refused)
    whole = _with_tax(joined(lines), extras, invoice, cases)
    if not whole.faults and invoice.rounding:
        _round(whole, invoice.rounding * sign, rules.rounding, cases, invoice.supply_date)
    return whole


def _with_tax(
    lines: list[Part], extras: Sequence[_Extra], invoice: Invoice, cases: Sequence[TaxCaseInfo]
) -> Whole:
    """Each way in which the tax of the invoice can be explained, the usual one first."""
    wanted = invoice.tax_total * invoice.sign
    if not extras:
        return _plain(lines, wanted)
    usual = _spread_all(lines, extras, cases, invoice.supply_date)
    if not usual.faults and _tax(usual.parts) == wanted:
        return usual
    without = wanted in {_tax(taxed(lines)), _tax(lines)}
    is_own = all(extra.rule is Spread.OWN_ACCOUNT for extra in extras)
    if without and is_own and all(part.case.kind == CaseKind.DOMESTIC for part in lines):
        return _untaxed(lines, extras, cases, invoice.supply_date, wanted)
    if usual.faults:
        return usual
    if without:
        return Whole(lines, [_without_tax(extra) for extra in extras])
    return Whole(lines, [_tax_differs(wanted, _tax(usual.parts))])


def _plain(lines: list[Part], wanted: Decimal) -> Whole:
    """The tax of the lines, or the tax computed once for each rate: whichever the invoice shows."""
    if all(part.tax is not None for part in lines) and _tax(lines) == wanted:
        return Whole(lines)
    computed = taxed(lines)
    if _tax(computed) == wanted:
        return Whole(computed)
    has_taxes = all(part.tax is not None for part in lines)
    return Whole(lines, [_tax_differs(wanted, _tax(lines if has_taxes else computed))])


def _tax(parts: Sequence[Part]) -> Decimal:
    return sum((part.tax or ZERO for part in parts), ZERO)


def _spread_all(
    lines: Sequence[Part], extras: Sequence[_Extra], cases: Sequence[TaxCaseInfo], day: date
) -> Whole:
    """Every extra bears the tax of the lines it belongs to."""
    parts, faults = list(lines), []
    for extra in extras:
        weights = [part.net for part in lines]
        if not any(weights) or min(weights) < 0 < max(weights):
            faults.append(_no_measure(extra))
            continue
        shares = spread(extra.net, weights)
        if extra.rule is Spread.PROPORTIONAL:
            for index, share in enumerate(shares):
                parts[index] = replace(parts[index], net=parts[index].net + share)
            continue
        for part, share in zip(lines, shares, strict=True):
            case, wrong = _own_case(extra, part, cases, day)
            faults += wrong
            if case is not None:
                parts.append(replace(part, case=case, net=share, tax=None))
    return Whole(list(lines), _once(faults)) if faults else Whole(taxed(joined(parts)))


def _untaxed(
    lines: Sequence[Part],
    extras: Sequence[_Extra],
    cases: Sequence[TaxCaseInfo],
    day: date,
    wanted: Decimal,
) -> Whole:
    """Extras on accounts of their own without tax, beside lines with the tax that the invoice shows."""
    plain = _plain(list(lines), wanted)
    faults, parts = plain.faults, plain.parts
    for extra in extras:
        case, wrong = _case(extra.kind, ZERO, cases, day)
        faults += wrong
        if case is not None:
            parts.append(Part(case, ZERO, extra.net, ZERO))
    return Whole(list(lines), faults) if faults else Whole(parts)


def _own_case(
    extra: _Extra, part: Part, cases: Sequence[TaxCaseInfo], day: date
) -> tuple[TaxCaseInfo | None, list[DataFault]]:
    if part.case.kind != CaseKind.DOMESTIC:
        return None, [
            DataFault(
                extra.label,
                comma(abs(extra.net)),
                say("An account of its own is possible beside taxed supplies within Germany only."),
                say("Let it be spread over the lines in proportion, or book this invoice by hand."),
            )
        ]
    return _case(extra.kind, part.rate, cases, day)


def _case(
    kind: CaseKind, rate: Decimal, cases: Sequence[TaxCaseInfo], day: date
) -> tuple[TaxCaseInfo | None, list[DataFault]]:
    found = find(kind, Situation(day, rate, HOME), cases)
    return found.case, list(found.faults)


def _round(whole: Whole, rounding: Decimal, rule: Spread, cases: Sequence[TaxCaseInfo], day: date) -> None:
    """The rounding of the amount due: to the largest part, or on an account of its own."""
    if abs(rounding) > MAX_ROUNDING:
        whole.faults.append(
            DataFault(
                labels.ROUNDING,
                comma(rounding),
                say("More than %(limit)s is no rounding.", limit=comma(MAX_ROUNDING)),
                say("Correct the totals of the invoice."),
            )
        )
    elif rule is Spread.REFUSE:
        whole.faults.append(_refused(_Extra(labels.ROUNDING, CaseKind.ROUNDING, rounding, rule)))
    elif rule is Spread.OWN_ACCOUNT:
        case, wrong = _case(CaseKind.ROUNDING, ZERO, cases, day)
        whole.faults += wrong
        if case is not None:
            whole.parts.append(Part(case, ZERO, rounding, ZERO))
    elif whole.parts:
        sizes = [abs(part.net) for part in whole.parts]
        index = sizes.index(max(sizes))
        largest = whole.parts[index]
        whole.parts[index] = replace(largest, net=largest.net + rounding)


def _refused(extra: _Extra) -> DataFault:
    return DataFault(
        extra.label,
        comma(abs(extra.net)),
        say("No rule says how it is booked."),
        say("Choose a rule in the settings of the integration, or put it into lines of the invoice."),
    )


def _without_tax(extra: _Extra) -> DataFault:
    if extra.kind is CaseKind.DISCOUNT:
        rule = say(
            "The tax of the invoice is that before the discount: it is higher than the amount justifies, and "
            "would be owed as shown (§14c)."
        )
    else:
        rule = say("The tax of the invoice leaves the freight out, which is taxed as what it belongs to.")
    return DataFault(
        extra.label,
        comma(abs(extra.net)),
        rule,
        say("Correct the tax at the source, or choose an account of its own without tax for it."),
    )


def _tax_differs(shown_tax: Decimal, computed: Decimal) -> DataFault:
    return DataFault(
        labels.TAX_TOTAL,
        comma(shown_tax),
        say(
            "The lines give a tax of %(computed)s; the difference is %(difference)s.",
            computed=comma(computed),
            difference=comma(shown_tax - computed),
        ),
        say("Correct the tax of the lines or of the invoice at the source; nothing is rounded away here."),
    )


def _no_measure(extra: _Extra) -> DataFault:
    return DataFault(
        extra.label,
        comma(abs(extra.net)),
        say("It can't be spread: the lines have no amount, or both signs."),
        say("Put it into lines of the invoice."),
    )


def _once(faults: Sequence[DataFault]) -> list[DataFault]:
    return list({str((fault.field, fault.value, fault.rule)): fault for fault in faults}.values())
