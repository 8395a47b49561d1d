"""What is known of a DATEV client, read once and kept until something changes."""

from __future__ import annotations

from collections import OrderedDict

from bookings.entry import AccountInfo, Books, FiscalYear, PartnerInfo, TaxKeyInfo
from bookings.invoices.cases import TaxCaseInfo
from bookings.models import DatevClient

# By client: (version, books). A few clients are worked on at a time; the oldest is dropped.
_kept: OrderedDict[int, tuple[str, Books]] = OrderedDict()
KEPT_CLIENTS = 20


def books(client: DatevClient) -> Books:
    """The books of `client` as they are now; one small query as long as nothing has changed."""
    # Read before the tables: a change in between only means that they are read again next time.
    version = DatevClient.objects.values_list("books_version", flat=True).get(pk=client.pk)
    kept = _kept.get(client.pk)
    if kept is not None and kept[0] == version:
        return kept[1]
    fresh = _read(DatevClient.objects.get(pk=client.pk))
    _kept[client.pk] = (version, fresh)
    _kept.move_to_end(client.pk)
    while len(_kept) > KEPT_CLIENTS:
        _kept.popitem(last=False)
    return fresh


def _debtors(client: DatevClient) -> dict[str, PartnerInfo]:
    """Debtors of the sources, also where the imported table does not have them."""
    return {
        row.number: PartnerInfo(
            row.number, row.name, row.details.get("city", ""), row.details.get("vat_id", "")
        )
        for row in client.debtors.only("number", "name", "details")
    }


def _read(client: DatevClient) -> Books:
    return Books(
        consultant_number=client.consultant_number,
        client_number=client.client_number,
        chart=client.chart,
        account_length=client.account_length,
        fiscal_years=tuple(
            FiscalYear(year.start, year.end, year.closed_until) for year in client.fiscal_years.all()
        ),
        accounts={
            row.number: AccountInfo(row.number, row.name, row.is_automatic, row.is_collective, row.is_blocked)
            for row in client.accounts.all()
        },
        partners=_debtors(client)
        | {
            row.number: PartnerInfo(row.number, row.name, row.city, row.vat_id, row.is_blocked)
            for row in client.partners.all()
        },
        cost_centers={row.number: row.name for row in client.cost_centers.filter(is_blocked=False)},
        tax_keys={
            row.bu_key: TaxKeyInfo(
                bu_key=row.bu_key,
                meaning=row.meaning,
                rate=row.rate,
                direction=row.direction,
                is_confirmed=row.is_confirmed,
                needs_vat_id=row.needs_vat_id,
                needs_country=row.needs_country,
                reversal_key=row.reversal_key,
            )
            for row in client.tax_keys.all()
        },
        tax_cases=tuple(
            TaxCaseInfo(
                key=row.key,
                kind=row.kind,
                rate=row.rate,
                account=row.account,
                bu_key=row.bu_key,
                name=row.name,
                country=row.country,
                revenue_group=row.revenue_group,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                is_confirmed=row.is_confirmed,
            )
            for row in client.tax_cases.all()
        ),
    )
