"""What a finance admin chooses for an integration from DATEV into Jira."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bookings.models import DatevClient
from connections.base import SettingField
from connections.messages import DataFault, say

if TYPE_CHECKING:
    from pairs.models import Integration

PLACE = ("project", "issue_type")

SETTINGS = (
    SettingField(
        "project",
        "Jira project",
        "discovered",
        required=True,
        discover="projects",
        role="target",
        help_text="The project in which the issues are opened.",
    ),
    SettingField(
        "issue_type",
        "Issue type",
        "discovered",
        required=True,
        discover="issue_types",
        role="target",
        below=("project",),
        help_text="Choose the project and save; then its issue types are offered.",
    ),
    SettingField(
        "external_field",
        "Field for our id",
        "discovered",
        required=True,
        discover="external_fields",
        role="target",
        below=PLACE,
        help_text="A custom field (short text or labels) on the create screen. By it an issue is found "
        "again, so that no failure gets a second one.",
    ),
    SettingField(
        "done_status",
        "Status that sends the corrected file",
        "discovered",
        required=True,
        discover="statuses",
        role="target",
        below=PLACE,
        help_text="Moving an issue into this status hands the corrected file to DATEV.",
    ),
    SettingField(
        "further_done_statuses",
        "Further statuses that do the same",
        "multiline",
        help_text="Ids of statuses, one per line.",
    ),
    SettingField(
        "moves_back",
        "Move the issue back",
        "bool",
        default=False,
        help_text="When nothing could be sent, or DATEV refuses the corrected file again.",
    ),
    SettingField(
        "back_status",
        "Status to move back to",
        "discovered",
        discover="statuses",
        role="target",
        below=PLACE,
        help_text="Only if the issue is moved back.",
    ),
    SettingField(
        "priority",
        "Priority",
        "discovered",
        discover="priorities",
        role="target",
        help_text="Leave it empty for the usual one of the project.",
    ),
    SettingField(
        "labels",
        "Labels",
        default="datev",
        help_text="Labels of new issues, separated by blanks.",
    ),
    SettingField(
        "further_fields",
        "Further required fields",
        "multiline",
        help_text="Fields that the create screen demands, one per line as 'id = value'. For a choice the "
        "value is the id of its option with a colon in front: customfield_10061 = :10021",
    ),
    SettingField(
        "clients",
        "DATEV clients",
        "multiline",
        help_text="Consultant and client number such as 455148-1, one per line. Empty: all clients of the "
        "DATEV connection.",
    ),
    SettingField(
        "with_refused",
        "Also what our own checks refuse",
        "bool",
        default=False,
        help_text="DATEV reports only faults of a file's header. What our checks stop beforehand can open "
        "an issue as well.",
    ),
    SettingField(
        "is_internal",
        "Comments for the team alone",
        "bool",
        default=False,
        help_text="On a service project: customers do not see the comments.",
    ),
)


def done_statuses(integration: Integration) -> frozenset[str]:
    """The ids of the statuses that send the corrected file."""
    further = str(integration.setting("further_done_statuses") or "").split()
    return frozenset(filter(None, (str(integration.setting("done_status") or ""), *further)))


def chosen_refs(integration: Integration) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(integration.setting("clients") or "").replace(",", " ").split()))


def clients(integration: Integration) -> list[DatevClient]:
    """The DATEV clients whose failures are told: those that are named, or all of the connection."""
    known = list(DatevClient.objects.filter(connection=integration.source).order_by("pk"))
    wanted = chosen_refs(integration)
    return [client for client in known if not wanted or client.ref in wanted]


def further_fields(integration: Integration) -> dict[str, Any]:
    """Values by field id, as Jira wants them. Raises ValueError with the line that can't be read."""
    return dict(_field_of(line) for line in _lines(integration))


def _lines(integration: Integration) -> Iterator[str]:
    for line in str(integration.setting("further_fields") or "").splitlines():
        if line.strip():
            yield line.strip()


def _field_of(line: str) -> tuple[str, Any]:
    field, equals, value = (part.strip() for part in line.partition("="))
    if not equals or not field or not value:
        raise ValueError(line)
    return field, {"id": value[1:].strip()} if value.startswith(":") else value


def check(integration: Integration) -> Sequence[DataFault]:
    """All that is missing or contradictory before the integration can be switched on."""
    faults = []
    known = {client.ref for client in DatevClient.objects.filter(connection=integration.source)}
    for ref in chosen_refs(integration):
        if ref not in known:
            faults.append(
                DataFault(
                    "DATEV clients",
                    ref,
                    say("This DATEV client is not set up for the DATEV connection of the integration."),
                    say("Write consultant and client number such as 455148-1, or add the client first."),
                )
            )
    if not known:
        faults.append(
            DataFault(
                "DATEV clients",
                "",
                say("The DATEV connection has no client yet, so nothing can fail."),
                say("Add one under 'DATEV clients' first."),
            )
        )
    faults += _faults_of_moving_back(integration)
    try:
        further_fields(integration)
    except ValueError as error:
        faults.append(
            DataFault(
                "Further required fields",
                str(error),
                say("This line can't be read."),
                say("Write 'id = value', for example customfield_10061 = :10021"),
            )
        )
    return faults


def _faults_of_moving_back(integration: Integration) -> list[DataFault]:
    back = str(integration.setting("back_status") or "")
    if integration.setting("moves_back") and not back:
        return [
            DataFault(
                "Status to move back to", "", say("It is needed to move issues back."), say("Choose one.")
            )
        ]
    if back and back in done_statuses(integration):
        return [
            DataFault(
                "Status to move back to",
                back,
                say("This status sends the corrected file."),
                say("Choose a status that stands for work to be done."),
            )
        ]
    return []


def values(integration: Integration) -> Mapping[str, Any]:
    """The settings that an issue is opened with."""
    return {
        "project": str(integration.setting("project")),
        "issue_type": str(integration.setting("issue_type")),
        "priority": str(integration.setting("priority") or ""),
        "labels": tuple(str(integration.setting("labels") or "").split()),
    }
