"""What a finance admin chooses for an integration from Asana into DATEV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.closing import CLOSING_SETTINGS, check_closing
from pairs.datev import begin_faults, client_faults
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


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    faults = [*check_closing(integration), *begin_faults(integration), *client_faults(integration)]
    if integration.setting("compare_einvoice") != "no" and integration.setting("attachments") == "none":
        faults.append(
            DataFault(
                COMPARE_SETTING.label,
                "",
                say("An e-invoice can be compared only where attachments are looked at."),
                say("Choose another rule for the attachments, or do not compare."),
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
