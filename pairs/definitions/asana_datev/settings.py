"""What a finance admin chooses for an integration from Asana into DATEV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from bookings.models import DatevClient
from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.closing import CLOSING_SETTINGS, check_closing
from pairs.einvoices import COMPARE_SETTING

if TYPE_CHECKING:
    from pairs.models import Integration

SETTINGS = (
    SettingField(
        "project",
        "Asana project",
        "discovered",
        required=True,
        discover="projects",
        help_text="The project whose approved tasks are booked.",
    ),
    SettingField(
        "datev_client",
        "DATEV client",
        "datev_client",
        required=True,
        help_text="The client (Mandant) in whose books the tasks are booked.",
    ),
    SettingField(
        "begin_on",
        "Booked from",
        required=True,
        help_text="Tasks approved before this day (YYYY-MM-DD) are left alone: they were booked by hand.",
    ),
    SettingField(
        "approval_rule",
        "A task is approved when",
        "choice",
        default="approval",
        choices=(
            ("approval", "its approval says 'approved'"),
            ("completed", "it is completed"),
            ("option", "a field has a certain option"),
        ),
        help_text="A rejected approval also counts as completed in Asana: use 'approval' for approval tasks.",
    ),
    SettingField(
        "approval_field",
        "Approval field",
        "discovered",
        discover="fields",
        help_text="Only for 'a field has a certain option': the field.",
    ),
    SettingField(
        "approval_option",
        "Approval option",
        "discovered",
        discover="options",
        help_text="Only for 'a field has a certain option': the option that means approved.",
    ),
    SettingField(
        "route",
        "Route into DATEV",
        "choice",
        default="extf",
        choices=(
            ("extf", "booking batch (EXTF) and document"),
            ("dxso", "DATEV XML job (DXSO) with the document inside"),
        ),
        help_text="EXTF books. DXSO proposes bookings in Unternehmen online, not on the new Belege online.",
    ),
    SettingField(
        "direction",
        "Kind of invoices",
        "choice",
        default="incoming",
        choices=(("incoming", "incoming invoices"), ("outgoing", "outgoing invoices")),
    ),
    SettingField(
        "attachments",
        "Attachments",
        "choice",
        default="required",
        choices=(
            ("required", "at least one is required"),
            ("optional", "uploaded if there are any"),
            ("none", "not uploaded"),
        ),
    ),
    SettingField(
        "document_type",
        "Document type",
        help_text="Name of the client's document type. Empty: chosen by the kind of invoices.",
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
    *CLOSING_SETTINGS,
    SettingField(
        "batch_label",
        "Label of the batches",
        default="Asana",
        help_text="The beginning of the label that the tax adviser sees; the month is added.",
    ),
    SettingField(
        "result_comment",
        "Comment on the task",
        "bool",
        default=False,
        help_text="The result is also written as a comment, once for each result.",
    ),
)


def datev_client(integration: Integration) -> DatevClient | None:
    """The chosen DATEV client (`<consultant>-<client>`), None if it does not exist (any more)."""
    consultant, _, client = str(integration.setting("datev_client")).partition("-")
    if not (consultant.isdigit() and client.isdigit()):
        return None
    return (
        DatevClient.objects.select_related("connection")
        .filter(consultant_number=int(consultant), client_number=int(client))
        .first()
    )


def is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    faults = check_closing(integration)
    if not is_day(str(integration.setting("begin_on"))):
        faults.append(
            DataFault(
                "Booked from",
                str(integration.setting("begin_on")),
                say("This is not a day."),
                say("Write it as YYYY-MM-DD, for example 2026-01-31."),
            )
        )
    if integration.setting("compare_einvoice") != "no" and integration.setting("attachments") == "none":
        faults.append(
            DataFault(
                COMPARE_SETTING.label,
                "",
                say("An e-invoice can be compared only where attachments are looked at."),
                say("Choose another rule for the attachments, or do not compare."),
            )
        )
    client = datev_client(integration)
    if integration.setting("datev_client") and client is None:
        faults.append(
            DataFault(
                "DATEV client",
                str(integration.setting("datev_client")),
                say("This DATEV client is not set up."),
                say("Add it under 'DATEV clients' first."),
            )
        )
    if client is not None and client.connection_id != integration.target_id:
        faults.append(
            DataFault(
                "DATEV client",
                str(client),
                say("The DATEV client belongs to another DATEV connection than this integration."),
                say(
                    "Choose the connection '%(connection)s', or another client.", connection=client.connection
                ),
            )
        )
    if integration.setting("approval_rule") == "option":
        for key, label in (("approval_field", "Approval field"), ("approval_option", "Approval option")):
            if not integration.setting(key):
                faults.append(
                    DataFault(
                        label, "", say("The approval rule needs it."), say("Choose the field and its option.")
                    )
                )
    return faults
