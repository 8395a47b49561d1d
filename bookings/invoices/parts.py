"""Parts of an invoice: amounts of one tax case and cost center, whose net and tax add up to the invoice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from bookings.invoices.cases import TaxCaseInfo
from bookings.invoices.rates import CENT, ZERO, tax_of


@dataclass(frozen=True)
class Part:
    """Signed amounts, a claim is positive; `tax` is that of the lines, None where a line has none."""

    case: TaxCaseInfo
    rate: Decimal
    net: Decimal
    tax: Decimal | None = None
    cost_center_1: str = ""
    cost_center_2: str = ""
    # Country in which an OSS supply is taxed.
    country: str = ""

    @property
    def key(self) -> tuple[str, Decimal, str, str, str]:
        return self.case.key, self.rate, self.cost_center_1, self.cost_center_2, self.country


def joined(parts: Sequence[Part]) -> list[Part]:
    """Parts of the same tax case, rate and cost center as one, in the order of the first of each."""
    found: dict[tuple[str, Decimal, str, str, str], Part] = {}
    for part in parts:
        before = found.get(part.key)
        if before is None:
            found[part.key] = part
            continue
        tax = None if before.tax is None or part.tax is None else before.tax + part.tax
        found[part.key] = replace(before, net=before.net + part.net, tax=tax)
    return list(found.values())


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`total` in cents by `weights`, which have one sign and are not all zero; the sum is exactly `total`.

    The cents that are left go to the shares that lost most by rounding down, the earlier one first.
    """
    whole = sum(weights, ZERO)
    exact = [total * weight / whole for weight in weights]
    shares = [share.quantize(CENT, ROUND_DOWN) for share in exact]
    return _with_rest(total, exact, shares)


def rounded_to(total: Decimal, exact: Sequence[Decimal]) -> list[Decimal]:
    """`exact` amounts as cents that add up to `total`, which is their rounded sum."""
    return _with_rest(total, exact, [amount.quantize(CENT, ROUND_HALF_UP) for amount in exact])


def _with_rest(total: Decimal, exact: Sequence[Decimal], shares: list[Decimal]) -> list[Decimal]:
    left = total - sum(shares, ZERO)
    step = CENT if left > 0 else -CENT
    by_loss = sorted(range(len(shares)), key=lambda index: ((shares[index] - exact[index]) * step, index))
    for index in by_loss[: int(abs(left) / CENT)]:
        shares[index] += step
    return shares


def tax_by_rate(parts: Sequence[Part]) -> dict[Decimal, Decimal]:
    """The tax of the whole invoice, computed once for each rate, as EN 16931 demands (BR-CO-17)."""
    nets: dict[Decimal, Decimal] = defaultdict(Decimal)
    for part in parts:
        nets[part.rate] += part.net
    return {rate: tax_of(net, rate) for rate, net in nets.items()}


def taxed(parts: Sequence[Part]) -> list[Part]:
    """Each part with its share of the tax that is computed once for each rate."""
    totals = tax_by_rate(parts)
    taxes: dict[int, Decimal] = {}
    for rate, total in totals.items():
        members = [index for index, part in enumerate(parts) if part.rate == rate]
        shares = rounded_to(total, [parts[index].net * rate for index in members])
        taxes.update(zip(members, shares, strict=True))
    return [replace(part, tax=taxes[index]) for index, part in enumerate(parts)]
