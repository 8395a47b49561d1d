"""From a line's situation to exactly one confirmed tax case, or to everything that speaks against it.

Nothing is derived that the invoice and the client's table don't say: an unknown combination is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bookings.invoices import labels
from bookings.invoices.cases import GERMAN_TAX, OSS, CaseKind, TaxCaseInfo
from bookings.invoices.rates import german_rates, percent
from bookings.invoices.situation import TREATED, Seller, Situation, Supply, Treatment
from bookings.validation.dates import shown
from bookings.validation.taxes import HOME, compact_vat_id, is_vat_id
from connections.messages import DataFault, Message, say

COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True)
class Resolution:
    """The tax case, or None and all faults."""

    case: TaxCaseInfo | None
    faults: tuple[DataFault, ...] = ()


def resolve(situation: Situation, seller: Seller, cases: Sequence[TaxCaseInfo]) -> Resolution:
    """The one confirmed row of `cases` that this line is."""
    clean = replace(situation, vat_id=_vat_id(situation))
    if missing := list(_missing(clean, seller)):
        return Resolution(None, tuple(missing))
    kind = kind_of(clean, seller)
    if isinstance(kind, DataFault):
        return Resolution(None, (kind,))
    if wrong := list(_rate_faults(clean, kind)):
        return Resolution(None, tuple(wrong))
    return find(kind, clean, cases)


def _vat_id(situation: Situation) -> str:
    """As DATEV takes it; without the tax number of a country outside the EU, which proves nothing here."""
    vat_id = compact_vat_id(situation.vat_id)
    return vat_id if situation.is_eu or situation.is_domestic or is_vat_id(vat_id) else ""


def _missing(situation: Situation, seller: Seller) -> Iterator[DataFault]:
    """What has to be known before anything can be decided, all of it at once."""
    if situation.rate is None:
        yield _fault(
            labels.TAX_RATE,
            "",
            say("The tax rate is not known, and the amounts don't tell it."),
            say("Map the rate of the line, or correct net amount and tax."),
        )
    elif not 0 <= situation.rate < 1:
        yield _fault(
            labels.TAX_RATE,
            str(situation.rate),
            say("A tax rate is a fraction between 0 and 1."),
            say("Write 0.19 for 19 percent."),
        )
    if not COUNTRY.fullmatch(situation.destination):
        yield _fault(
            labels.DESTINATION,
            situation.destination,
            say("The country is missing, or not one of the two-letter codes."),
            say("Enter the country of the customer or the delivery, for example DE, AT or CH."),
        )
    if situation.origin != HOME:
        yield _fault(
            labels.ORIGIN,
            situation.origin,
            say("What is dispatched from another country is not decided here."),
            say("Let the tax adviser book this invoice by hand."),
        )
    if situation.is_domestic or not situation.destination:
        return
    if situation.vat_id and not is_vat_id(situation.vat_id):
        yield _fault(
            labels.VAT_ID,
            situation.vat_id,
            say("This is not a valid VAT id: its prefix, its length or its check digit is wrong."),
            say("Check it with the customer and correct it at the source."),
        )
    if situation.supply is None:
        yield _fault(
            labels.SUPPLY,
            "",
            say("For another country it decides whether goods or a service are supplied."),
            say("Map it, or set it for the product."),
        )
    if situation.is_business is None and not situation.vat_id:
        yield _fault(
            labels.IS_BUSINESS,
            "",
            say("For another country it decides whether the customer is a business."),
            say("Enter the VAT id of the customer, or mark the customer as a consumer."),
        )


def kind_of(situation: Situation, seller: Seller) -> CaseKind | DataFault:
    """The kind of turnover, or the reason why it can't be told. What is missing was reported before."""
    if situation.treatment is not Treatment.STANDARD:
        return _treated(situation)
    if seller.is_small_business:
        return _of_small_business(situation)
    if situation.is_domestic:
        return CaseKind.DOMESTIC if situation.is_taxed else _untaxed_at_home()
    if situation.is_eu:
        return _in_the_eu(situation, seller)
    return _in_a_third_country(situation)


def _treated(situation: Situation) -> CaseKind | DataFault:
    """The source names the treatment; it must fit the rest."""
    treatment = situation.treatment
    if situation.is_taxed:
        return _fault(
            labels.TREATMENT,
            treatment.value,
            say("This treatment bears no tax, but the invoice shows %(rate)s.", rate=_rate(situation)),
            say("Correct the tax of the line or its treatment."),
        )
    if treatment is Treatment.TRIANGULAR:
        if not situation.is_eu or not situation.is_goods:
            return _fault(
                labels.TREATMENT,
                treatment.value,
                say("A triangular supply is one of goods to another EU country."),
                say("Correct the country, the kind of supply or the treatment."),
            )
        return _with_foreign_vat_id(situation, CaseKind.TRIANGULAR)
    if treatment is Treatment.REVERSE_CHARGE and not situation.is_domestic:
        return _abroad_reverse_charge(situation)
    if treatment is Treatment.REVERSE_CHARGE and situation.is_business is False:
        return _fault(
            labels.TREATMENT,
            treatment.value,
            say("A consumer can't owe the tax (§13b): the customer is not a business."),
            say("Correct the customer or the treatment."),
        )
    if treatment is Treatment.ZERO_RATED and not situation.is_domestic:
        return _fault(
            labels.TREATMENT,
            treatment.value,
            say("The rate of 0 percent (§12 para. 3) exists for supplies within Germany only."),
            say("Correct the country or the treatment."),
        )
    return TREATED[treatment]


def _abroad_reverse_charge(situation: Situation) -> CaseKind | DataFault:
    if situation.is_eu and not situation.is_goods:
        return _with_foreign_vat_id(situation, CaseKind.EU_SERVICE)
    return _fault(
        labels.TREATMENT,
        situation.treatment.value,
        say("Reverse charge abroad is known here for services to businesses in the EU only."),
        say("Correct the treatment, or let the tax adviser book this invoice by hand."),
    )


def _of_small_business(situation: Situation) -> CaseKind | DataFault:
    if situation.is_taxed:
        return _fault(
            labels.TAX_RATE,
            _rate(situation),
            say("A small business (§19) shows no tax, but this invoice does; it would owe it (§14c)."),
            say("Correct the invoice, or take the client out of the small-business rule."),
        )
    if not situation.is_domestic:
        return _fault(
            labels.DESTINATION,
            situation.destination,
            say("Supplies of a small business to other countries are not decided here."),
            say("Ask the tax adviser, and let the line name its treatment."),
        )
    return CaseKind.SMALL_BUSINESS


def _untaxed_at_home() -> DataFault:
    return _fault(
        labels.TAX_RATE,
        "0 %",
        say("A supply within Germany without tax needs a reason."),
        say("Map the treatment (reverse charge §13b, exempt §4, 0 percent §12 para. 3), or correct the tax."),
    )


def _in_the_eu(situation: Situation, seller: Seller) -> CaseKind | DataFault:
    if situation.vat_id or situation.is_business:
        return _to_eu_business(situation)
    if not situation.is_taxed:
        return _fault(
            labels.VAT_ID,
            "",
            say("Without tax to another EU country: for a business with a valid VAT id only."),
            say("Enter the VAT id of the customer, or correct the tax."),
        )
    return _to_eu_consumer(situation, seller)


def _to_eu_business(situation: Situation) -> CaseKind | DataFault:
    if situation.is_taxed:
        return _fault(
            labels.TAX_RATE,
            _rate(situation),
            say("Tax is shown although the customer is a business in another EU country."),
            say("Correct the invoice; if the supply was made in Germany, correct its country."),
        )
    return _with_foreign_vat_id(
        situation, CaseKind.INTRA_COMMUNITY if situation.is_goods else CaseKind.EU_SERVICE
    )


def _with_foreign_vat_id(situation: Situation, kind: CaseKind) -> CaseKind | DataFault:
    if situation.vat_id and situation.vat_id[:2] != HOME:
        return kind
    return _fault(
        labels.VAT_ID,
        situation.vat_id,
        say("Without tax it needs a valid VAT id of the customer from another EU country."),
        say("Enter the VAT id of the customer, or correct the tax."),
    )


def _to_eu_consumer(situation: Situation, seller: Seller) -> CaseKind:
    if situation.is_goods:
        return CaseKind.OSS_GOODS if seller.uses_oss else CaseKind.EU_TAXED
    if situation.supply is Supply.ELECTRONIC:
        return CaseKind.OSS_SERVICE if seller.uses_oss else CaseKind.ELECTRONIC_TAXED
    # §3a para. 1 UStG: other services to consumers are supplied where the provider is.
    return CaseKind.DOMESTIC


def _in_a_third_country(situation: Situation) -> CaseKind | DataFault:
    if situation.is_goods:
        if not situation.is_taxed:
            return CaseKind.EXPORT
        return _fault(
            labels.TAX_RATE,
            _rate(situation),
            say("Goods to a country outside the EU are exported without tax, but tax is shown."),
            say("Correct the invoice; if the goods stay in Germany, correct the country."),
        )
    if situation.is_business or situation.vat_id:
        if not situation.is_taxed:
            return CaseKind.THIRD_COUNTRY_SERVICE
        return _fault(
            labels.TAX_RATE,
            _rate(situation),
            say("A service to a business outside the EU is not taxed in Germany, but tax is shown."),
            say("Correct the invoice, or the country if the service was supplied in Germany."),
        )
    if situation.is_taxed and situation.supply is Supply.SERVICE:
        return CaseKind.DOMESTIC
    return _fault(
        labels.IS_BUSINESS,
        "",
        say("This service to a consumer outside the EU is not decided here."),
        say("Ask the tax adviser where it is taxed, and book it by hand."),
    )


def _rate_faults(situation: Situation, kind: CaseKind) -> Iterator[DataFault]:
    """German tax at a rate that was in force on the day of the supply."""
    rate = situation.rate
    if kind not in GERMAN_TAX or rate is None:
        return
    allowed = german_rates(situation.supply_date)
    if rate not in allowed:
        yield _fault(
            labels.TAX_RATE,
            percent(rate),
            say(
                "On %(day)s the rates in Germany were %(rates)s.",
                day=shown(situation.supply_date),
                rates=", ".join(percent(known) for known in sorted(allowed, reverse=True)) or "-",
            ),
            say("Correct the rate, or the day of the supply (delivery date)."),
        )


def find(kind: CaseKind, situation: Situation, cases: Sequence[TaxCaseInfo]) -> Resolution:
    """The row of the client's table for `kind`; the one that names country or rate comes first."""
    fitting = [
        case
        for case in cases
        if case.kind == kind
        and case.revenue_group == situation.revenue_group
        and case.country in ("", situation.country)
        and (case.rate == situation.rate or (case.rate is None and kind in OSS))
        and case.is_valid_on(situation.supply_date)
    ]
    confirmed = [case for case in fitting if case.is_confirmed]
    if not confirmed:
        return Resolution(None, (_unknown(kind, situation, fitting),))
    best = max(_named(case) for case in confirmed)
    chosen = [case for case in confirmed if _named(case) == best]
    if len(chosen) > 1:
        return Resolution(
            None,
            (
                _fault(
                    labels.TAX_CASE,
                    ", ".join(sorted(case.key for case in chosen)),
                    say("Several rows of the table of tax cases fit."),
                    say("Take the confirmation of all but one back, or limit the days on which they hold."),
                ),
            ),
        )
    return Resolution(chosen[0])


def _named(case: TaxCaseInfo) -> tuple[bool, bool]:
    return bool(case.country), case.rate is not None


def _unknown(kind: CaseKind, situation: Situation, fitting: Sequence[TaxCaseInfo]) -> DataFault:
    what = " / ".join(
        part for part in (kind.value, situation.country, _rate(situation), situation.revenue_group) if part
    )
    if fitting:
        return _fault(
            labels.TAX_CASE,
            ", ".join(case.key for case in fitting),
            say("This tax case isn't confirmed yet."),
            say("Confirm it with the tax adviser at the tax cases of the DATEV client."),
        )
    return _fault(
        labels.TAX_CASE,
        what,
        say(
            "The table of tax cases has no row for it on %(day)s.",
            day=shown(situation.supply_date),
        ),
        say("Add and confirm it at the tax cases of the DATEV client, together with the tax adviser."),
    )


def _rate(situation: Situation) -> str:
    return percent(situation.rate) if situation.rate is not None else ""


def _fault(label: str, value: str, rule: Message, remedy: Message) -> DataFault:
    return DataFault(label, value, rule, remedy)
