"""What every Jira site ships: categories, statuses, issue types, priorities, resolutions, fields.

Source: Jira REST v3, published specification, and working with an issue (read 2026-11).
"""

from typing import Any

from mlconnector.sandbox.jira.state import Field, IssueType, Option, Site, Status
from mlconnector.sandbox.jira.words import Words, both

# key -> (id, name, colour). The keys are fixed, the names are localised.
CATEGORIES: dict[str, tuple[int, Words, str]] = {
    "undefined": (1, both("No Category", "Keine Kategorie"), "medium-gray"),
    "new": (2, both("To Do", "Zu erledigen"), "blue-gray"),
    "indeterminate": (4, both("In Progress", "In Arbeit"), "yellow"),
    "done": (3, both("Done", "Fertig"), "green"),
}
# The word for a category in /statuses/search, which has its own shape.
CATEGORY_WORDS = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE", "undefined": "TODO"}
STATUSES: tuple[tuple[Words, str], ...] = (
    (both("To Do", "Zu erledigen"), "new"),
    (both("In Progress", "In Arbeit"), "indeterminate"),
    (both("Done", "Erledigt"), "done"),
    (both("Won't Do", "Wird nicht erledigt"), "done"),
)
TYPES: tuple[tuple[Words, bool], ...] = (
    (both("Task", "Aufgabe"), False),
    (both("Bug", "Fehler"), False),
    (both("Sub-task", "Unteraufgabe"), True),
)
PRIORITIES: tuple[tuple[str, Words], ...] = (
    ("1", both("Highest", "Höchste")),
    ("2", both("High", "Hoch")),
    ("3", both("Medium", "Mittel")),
    ("4", both("Low", "Niedrig")),
    ("5", both("Lowest", "Niedrigste")),
)
DEFAULT_PRIORITY = "3"
RESOLUTIONS: tuple[tuple[str, Words], ...] = (
    ("10000", both("Done", "Erledigt")),
    ("10001", both("Won't Do", "Wird nicht erledigt")),
)

CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"
# System field -> (name, schema type, item type).
SYSTEM: dict[str, tuple[Words, str, str]] = {
    "summary": (both("Summary", "Zusammenfassung"), "string", ""),
    "description": (both("Description", "Beschreibung"), "string", ""),
    "environment": (both("Environment", "Umgebung"), "string", ""),
    "labels": (both("Labels", "Stichwörter"), "array", "string"),
    "priority": (both("Priority", "Priorität"), "priority", ""),
    "assignee": (both("Assignee", "Zugewiesene Person"), "user", ""),
    "reporter": (both("Reporter", "Autor"), "user", ""),
    "duedate": (both("Due date", "Fälligkeitsdatum"), "date", ""),
    "attachment": (both("Attachment", "Anhang"), "array", "attachment"),
    "comment": (both("Comment", "Kommentar"), "comments-page", ""),
    "project": (both("Project", "Projekt"), "project", ""),
    "issuetype": (both("Issue Type", "Vorgangstyp"), "issuetype", ""),
    "status": (both("Status", "Status"), "status", ""),
    "resolution": (both("Resolution", "Lösung"), "resolution", ""),
    "resolutiondate": (both("Resolved", "Erledigt"), "datetime", ""),
    "created": (both("Created", "Erstellt"), "datetime", ""),
    "updated": (both("Updated", "Aktualisiert"), "datetime", ""),
    "creator": (both("Creator", "Ersteller"), "user", ""),
    "statuscategorychangedate": (
        both("Status Category Changed", "Statuskategorie geändert"),
        "datetime",
        "",
    ),
}
# Custom type -> (schema type, item type, searcher).
KINDS: dict[str, tuple[str, str, str]] = {
    "textfield": ("string", "", "textsearcher"),
    "readonlyfield": ("string", "", "textsearcher"),
    "textarea": ("string", "", "textsearcher"),
    "url": ("string", "", "exacttextsearcher"),
    "labels": ("array", "string", "labelsearcher"),
    "float": ("number", "", "exactnumber"),
    "select": ("option", "", "multiselectsearcher"),
    "multiselect": ("array", "option", "multiselectsearcher"),
    "datepicker": ("date", "", "daterange"),
    "datetime": ("datetime", "", "datetimerange"),
    "userpicker": ("user", "", "userpickergroupsearcher"),
}
# The fields of a fresh create screen; the value says whether one is required.
SCREEN: dict[str, bool] = {
    "project": True,
    "issuetype": True,
    "summary": True,
    "description": False,
    "reporter": True,
    "priority": False,
    "labels": False,
    "assignee": False,
    "duedate": False,
    "attachment": False,
}
# Documents in both directions. Source: Jira REST v3, "Atlassian document format" (read 2026-11).
DOCUMENTS = ("description", "environment", "textarea")
# Not among the navigable fields that a read gives without being asked.
ON_REQUEST = ("comment", "attachment")


def schema(field: Field) -> dict[str, Any]:
    """How the type of a field is described on the wire."""
    if field.is_custom:
        kind, items, _ = KINDS[field.kind]
        own: dict[str, Any] = {
            "custom": f"{CUSTOM}:{field.kind}",
            "customId": int(field.id.removeprefix("customfield_")),
        }
    else:
        _, kind, items = SYSTEM[field.id]
        own = {"system": field.id}
    return {"type": kind, **({"items": items} if items else {}), **own}


def furnish(site: Site) -> None:
    """Put everything that a new site has onto it."""
    for key, (name, _, _) in SYSTEM.items():
        site.fields[key] = Field(key, name, key)
    for name, category in STATUSES:
        add_status(site, name, category)
    for name, is_subtask in TYPES:
        add_type(site, name, is_subtask)
    site.priorities = [Option(id, name) for id, name in PRIORITIES]
    site.resolutions = [Option(id, name) for id, name in RESOLUTIONS]


def add_status(site: Site, name: Words, category: str, project: str = "") -> Status:
    status = Status(site.next_id("status"), name, category, project)
    site.statuses[status.id] = status
    return status


def add_type(site: Site, name: Words, is_subtask: bool = False, project: str = "") -> IssueType:
    kind = IssueType(site.next_id("type"), name, is_subtask, project)
    site.types[kind.id] = kind
    return kind
