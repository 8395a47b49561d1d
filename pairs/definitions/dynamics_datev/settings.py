"""What a finance admin chooses for an integration from Dynamics 365 Sales into DATEV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bookings.invoices import labels
from bookings.invoices.cases import CaseKind
from bookings.invoices.invoice import DueDate, Rules, Spread
from bookings.invoices.situation import Seller
from bookings.models import DatevClient
from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.closing import CLOSING_SETTINGS, check_closing
from pairs.datev import begin_faults, client_faults, datev_client
from pairs.einvoices import COMPARE_SETTING

if TYPE_CHECKING:
    from pairs.models import Integration

SPREAD = (
    ("refuse", "not booked: a person decides"),
    ("proportional", "spread over the lines by net amount"),
    ("own_account", "on an account of its own, by its tax case"),
)

SETTINGS = (
    SettingField(
        "datev_client",
        "DATEV client",
        "datev_client",
        required=True,
        help_text="The client (Mandant) in whose books the invoices are booked.",
    ),
    SettingField(
        "begin_on",
        "Booked from",
        required=True,
        help_text="Invoices dated before this day (YYYY-MM-DD) are left alone: they were booked by hand.",
    ),
    SettingField(
        "final_status",
        "An invoice is final when its status is",
        "discovered",
        required=True,
        discover="invoice_statuses",
        help_text="Usually 'Billed'. A draft ('New') must not be booked.",
    ),
    SettingField(
        "final_status_2",
        "or",
        "discovered",
        discover="invoice_statuses",
        help_text="Further statuses of your organisation that mean final, if there are any.",
    ),
    SettingField("final_status_3", "or (third)", "discovered", discover="invoice_statuses"),
    SettingField(
        "paid_is_final",
        "A paid invoice is final too",
        "bool",
        default=True,
        help_text="For invoices that are paid before they were noticed as final. Payments are never booked.",
    ),
    SettingField(
        "file_rule",
        "The file of an invoice",
        "choice",
        default="required",
        choices=(
            ("required", "is required: without it nothing is booked"),
            ("wait", "is waited for, then required"),
            ("optional", "is uploaded if there is one"),
        ),
    ),
    SettingField(
        "file_wait_days",
        "Days to wait for a file",
        "integer",
        default=3,
        help_text="Only for 'is waited for': counted from the last change of the invoice.",
    ),
    SettingField(
        "note_files",
        "Files at notes",
        default="*.pdf, *.xml",
        help_text="Names of the files at an invoice that are its document, * for any text. An e-invoice goes "
        "to DATEV as it is.",
    ),
    SettingField(
        "note_choice",
        "If there are several such files",
        "choice",
        default="newest",
        choices=(
            ("newest", "the newest one"),
            ("all", "all of them"),
            ("refuse", "not booked: a person decides"),
        ),
    ),
    SettingField(
        "pdf_template",
        "Template for a PDF",
        "discovered",
        discover="templates",
        help_text="Without a file at the invoice a PDF is made from this template, once. Empty: never.",
    ),
    SettingField(
        "document_type",
        "Document type",
        help_text="Name of the client's document type. Empty: the client's type for outgoing invoices.",
    ),
    SettingField(
        "on_duplicate_document",
        "A document that DATEV already has",
        "choice",
        default="park",
        choices=(
            ("park", "a person decides before anything is booked"),
            ("book", "book without a link to it, and say so"),
        ),
        help_text="DATEV knows the same file under another id, so the booking can't be linked to it.",
    ),
    COMPARE_SETTING,
    SettingField(
        "supply",
        "What is supplied",
        "choice",
        default="unknown",
        choices=(
            ("unknown", "as the lines say (mapping)"),
            ("goods", "goods"),
            ("service", "services"),
            ("electronic", "electronic services"),
        ),
        help_text="Holds for lines whose mapping says nothing. It decides for customers in other countries.",
    ),
    SettingField("discount", "Discount on a whole invoice", "choice", default="refuse", choices=SPREAD),
    SettingField(
        "freight",
        "Freight of a whole invoice",
        "choice",
        default="refuse",
        choices=SPREAD,
        help_text="Dynamics adds no tax to it: where the invoice's tax leaves it out, only an account of its "
        "own without tax is possible.",
    ),
    SettingField(
        "rounding",
        "Rounding of a whole invoice",
        "choice",
        default="refuse",
        choices=(
            ("refuse", "not booked: a person decides"),
            ("proportional", "to the largest amount"),
            ("own_account", "on an account of its own, by its tax case"),
        ),
        help_text="Up to 5 cents between the total and net amount plus tax.",
    ),
    SettingField(
        "due_date",
        "The due date is written",
        "choice",
        default="column",
        choices=(
            ("column", "into its own column"),
            ("document_field_2", "into document field 2 (Belegfeld 2)"),
            ("both", "into both"),
        ),
    ),
    SettingField(
        "with_delivery_date",
        "Write the day of the supply",
        "bool",
        default=True,
        help_text="Into 'Leistungsdatum' and 'Datum Zuord. Steuerperiode'.",
    ),
    SettingField(
        "debtor_numbers",
        "Debtor numbers come from",
        "choice",
        default="range",
        choices=(
            ("range", "the range of the DATEV client"),
            ("field", "the mapped field"),
            ("field_or_range", "the mapped field, else the range"),
        ),
        help_text="A customer keeps its number for ever, and no two customers share one.",
    ),
    SettingField(
        "debtor_minutes",
        "Changed customers are sent after (minutes)",
        "integer",
        default=60,
        help_text="Changes are collected for so long; a booking that needs a new debtor does not wait.",
    ),
    *(replace(field, default=500) if field.key == "close_count" else field for field in CLOSING_SETTINGS),
    SettingField(
        "batch_label",
        "Label of the batches",
        default="Dynamics",
        help_text="The beginning of the label that the tax adviser sees; the month is added.",
    ),
)


class HasSettings(Protocol):
    def setting(self, key: str) -> Any: ...


def rules_of(settings: HasSettings) -> Rules:
    return Rules(
        discount=Spread(settings.setting("discount")),
        freight=Spread(settings.setting("freight")),
        rounding=Spread(settings.setting("rounding")),
        due_date=DueDate(settings.setting("due_date")),
        with_delivery_date=bool(settings.setting("with_delivery_date")),
    )


def seller_of(client: DatevClient) -> Seller:
    return Seller(is_small_business=client.is_small_business, uses_oss=client.uses_oss)


def collected_for(settings: HasSettings) -> timedelta:
    return timedelta(minutes=int(settings.setting("debtor_minutes")))


def final_statuses(settings: HasSettings) -> frozenset[str]:
    keys = ("final_status", "final_status_2", "final_status_3")
    return frozenset(str(settings.setting(key)) for key in keys) - {""}


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    faults = [*begin_faults(integration), *client_faults(integration), *check_closing(integration)]
    faults += _statuses(integration)
    faults += _not_negative(integration, ("file_wait_days", "debtor_minutes"))
    client = datev_client(integration)
    if client is not None:
        faults += [*_cases(integration, client), *_numbers(integration, client)]
    return faults


def _statuses(integration: Integration) -> Iterator[DataFault]:
    for status in sorted(final_statuses(integration)):
        if not status.isdigit():
            yield DataFault(
                "An invoice is final when its status is",
                status,
                say("A status is a number of your organisation's list."),
                say("Choose it from the list."),
            )


def _not_negative(integration: Integration, keys: Sequence[str]) -> Iterator[DataFault]:
    names = {field.key: field.label for field in SETTINGS}
    for key in keys:
        if int(integration.setting(key)) < 0:
            yield DataFault(
                names[key],
                str(integration.setting(key)),
                say("This must not be negative."),
                say("Enter 0 or more."),
            )


def _cases(integration: Integration, client: DatevClient) -> Iterator[DataFault]:
    """A rule can only book what the client's table of tax cases has an account for."""
    confirmed = set(client.tax_cases.filter(is_confirmed=True).values_list("kind", flat=True))
    if not confirmed:
        yield DataFault(
            labels.TAX_CASE,
            str(client),
            say("No tax case of the DATEV client is confirmed, so that no invoice could be booked."),
            say("Load the starter table at the client, and confirm the cases with the tax adviser."),
        )
    for key, kind, label in (
        ("discount", CaseKind.DISCOUNT, labels.INVOICE_DISCOUNT),
        ("freight", CaseKind.FREIGHT, labels.FREIGHT),
        ("rounding", CaseKind.ROUNDING, labels.ROUNDING),
    ):
        if integration.setting(key) == "own_account" and kind not in confirmed:
            yield DataFault(
                label,
                "",
                say("An account of its own needs a confirmed tax case of this kind."),
                say("Add and confirm it at the tax cases of the DATEV client, or choose another rule."),
            )


def _numbers(integration: Integration, client: DatevClient) -> Iterator[DataFault]:
    source = integration.setting("debtor_numbers")
    if source != "field" and (client.debtor_from is None or client.debtor_until is None):
        yield DataFault(
            "Debtor numbers come from",
            str(client),
            say("The DATEV client has no range of debtor numbers."),
            say("Enter a range at the DATEV client, or let the mapped field give the numbers."),
        )
    mapped = integration.mappings.filter(
        flow="debtors", target_field__in=("debtor_number", "contact_debtor_number")
    )
    if source != "range" and not mapped.exists():
        yield DataFault(
            "Debtor numbers come from",
            "",
            say("No mapping gives the debtor number."),
            say("Add a mapping for it in the flow of the customers, or let the range give the numbers."),
        )
