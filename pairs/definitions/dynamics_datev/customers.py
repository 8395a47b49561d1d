"""A customer in Dynamics as a debtor: details, number, and all that speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings

from bookings import debtors
from bookings.debtor_details import DebtorDetails
from bookings.models import DatevClient
from bookings.validation import labels
from bookings.validation.taxes import EU_COUNTRIES, HOME, compact_vat_id, is_vat_id
from connections.errors import ConfigurationError
from connections.messages import DataFault, say
from connections.vendors.dynamics.api import Customer
from pairs.definitions.dynamics_datev.countries import iso_code
from pairs.definitions.dynamics_datev.fields import CUSTOMER_FIELDS
from pairs.definitions.dynamics_datev.values import values
from pairs.engine import FlowContext
from pairs.mapping import MappingRow, apply
from pairs.mapping_rows import rows_for

FLOW = "debtors"
FIELDS = {field.key: field for field in CUSTOMER_FIELDS}


@dataclass(frozen=True)
class Debtor:
    """`number` is the one that the source names, "" = the next of the range. With faults: not to be used."""

    customer_ref: str
    # Its row in Dynamics, as records name it.
    source_ref: str
    details: DebtorDetails
    number: str
    is_business: bool
    # As it is written at the source, also one of a country outside the EU.
    vat_id: str = ""
    faults: tuple[DataFault, ...] = field(default=())


def debtor_of(context: FlowContext, customer: Customer, client: DatevClient) -> Debtor:
    """The customer as the mapping of the flow "debtors" reads it. Makes no call."""
    rows = rows_for(context.integration, FLOW, client)
    source = values((row.source_field for row in rows if row.source_field), {customer.table: customer.row})
    mapped = apply(rows, source, CUSTOMER_FIELDS, zone=ZoneInfo(settings.TIME_ZONE))
    if mapped.gone:
        raise ConfigurationError(
            say("The mapping of the integration does not fit the customer any more."), faults=mapped.gone
        )
    faults = [*mapped.faults]
    chosen = dict(mapped.values)
    number = chosen["contact_debtor_number" if customer.is_person else "debtor_number"] or ""
    source_of_numbers = context.setting("debtor_numbers")
    if source_of_numbers == "range":
        number = ""
    elif not number and source_of_numbers == "field" and not mapped.unusable:
        faults.append(_no_number(customer, rows))
    country = iso_code(chosen["country"] or customer.address.country)
    if not country and "country" not in mapped.unusable:
        faults.append(_no_country(customer, chosen["country"]))
    business = chosen["is_business"]
    details = DebtorDetails(
        name=customer.last_name if customer.is_person else customer.name,
        is_person=customer.is_person,
        first_name=customer.first_name,
        salutation=customer.salutation,
        short_name=chosen["short_name"] or "",
        street=customer.address.lines[0] if customer.address.lines else "",
        address_extra=", ".join(customer.address.lines[1:]),
        post_box=customer.address.post_office_box,
        postal_code=customer.address.postal_code,
        city=customer.address.city,
        country=country,
        vat_id=_vat_id(chosen["vat_id"] or "", country),
        phone=customer.phone,
        email=customer.email,
        website=customer.website,
        fax=customer.fax,
        iban=(chosen["iban"] or "").replace(" ", ""),
        bic=(chosen["bic"] or "").replace(" ", ""),
        customer_number=chosen["customer_number"] or "",
        due_days=None if chosen["due_days"] is None else int(chosen["due_days"]),
        sepa_mandate=chosen["sepa_mandate"] or "",
    )
    organization = context.source.facts.organization_id
    ref = debtors.customer_ref("dynamics", organization, customer.table, customer.id)
    faults += debtors.faults_of(client, ref, details, number)
    return Debtor(
        customer_ref=ref,
        source_ref=str(context.source.ref(customer.table, customer.id)),
        details=details,
        number=number,
        is_business=not customer.is_person if business is None else bool(business),
        vat_id=chosen["vat_id"] or "",
        faults=tuple(faults),
    )


def _vat_id(written: str, country: str) -> str:
    """What DATEV has a column for: the tax numbers of other countries are none."""
    compact = compact_vat_id(written)
    return compact if is_vat_id(compact) or country in ("", HOME, *EU_COUNTRIES) else ""


def _no_number(customer: Customer, rows: Sequence[MappingRow]) -> DataFault:
    key = "contact_debtor_number" if customer.is_person else "debtor_number"
    label = next((row.source_label or row.source_field for row in rows if row.target_field == key), "")
    return DataFault(
        FIELDS[key].label,
        customer.name,
        say("The customer has no debtor number: '%(source)s' is empty.", source=label or "-"),
        say("Enter the number at the customer in Dynamics; its invoices then go on by themselves."),
    )


def _no_country(customer: Customer, mapped: str | None) -> DataFault:
    written = mapped or customer.address.country
    return DataFault(
        labels.DEBTOR_COUNTRY,
        written,
        say("The country of the customer is missing, or its name is not understood."),
        say("Enter it at the customer in Dynamics, or map the name to its code by a value table."),
    )
