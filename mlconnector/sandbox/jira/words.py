"""What the simulated Jira says in the language of the calling user.

Real answers are localised, so nobody may compare texts. Source: Jira REST v3, error bodies (read 2026-11).
"""

from collections.abc import Mapping

LANGUAGES = ("en", "de")
# One text for each language, or the same text for all (names that people gave).
Words = Mapping[str, str] | str


def said(words: Words, language: str) -> str:
    return words if isinstance(words, str) else words[language]


def both(en: str, de: str) -> dict[str, str]:
    return {"en": en, "de": de}


def is_called(words: Words, name: str) -> bool:
    """Whether `name` is what it is called in any language, upper or lower case."""
    known = [words] if isinstance(words, str) else list(words.values())
    return name.casefold() in [one.casefold() for one in known]


MESSAGES: dict[str, dict[str, str]] = {
    "no_json": both(
        "There was an error parsing JSON. Check that your request body is valid.",
        "Beim Parsen von JSON ist ein Fehler aufgetreten. Prüfen Sie, ob der Anfragetext gültig ist.",
    ),
    "payload": both(
        "Invalid request payload. Refer to the REST API documentation and try again.",
        "Ungültige Anfrage-Nutzlast. Lesen Sie die Dokumentation der REST-API und versuchen Sie es erneut.",
    ),
    "no_issue": both(
        "Issue does not exist or you do not have permission to see it.",
        "Der Vorgang ist nicht vorhanden oder Sie haben nicht die Berechtigung, ihn anzuzeigen.",
    ),
    "no_project": both(
        "No project could be found with key '{key}'.", "Es wurde kein Projekt mit Schlüssel '{key}' gefunden."
    ),
    "project": both(
        "Specify a valid project ID or key",
        "Geben Sie eine gültige Projekt-ID oder einen gültigen Projektschlüssel an",
    ),
    "may_not_create": both(
        "You cannot create issues in this project.", "Sie können in diesem Projekt keine Vorgänge erstellen."
    ),
    "issuetype": both("Specify an issue type", "Geben Sie einen Vorgangstyp an"),
    "wrong_issuetype": both("Specify a valid issue type", "Geben Sie einen gültigen Vorgangstyp an"),
    "required": both("{name} is required.", "{name} ist erforderlich."),
    "required_field": both("Field '{field}' is required", "Feld '{field}' ist erforderlich"),
    "no_summary": both(
        "You must specify a summary of the issue.",
        "Sie müssen eine Zusammenfassung für den Vorgang angeben.",
    ),
    "summary_long": both(
        "Summary must be less than 255 characters.",
        "Die Zusammenfassung muss weniger als 255 Zeichen enthalten.",
    ),
    "summary_lines": both(
        "The summary is invalid because it contains newline characters.",
        "Die Zusammenfassung ist ungültig, weil sie Zeilenumbrüche enthält.",
    ),
    "screen": both(
        "Field '{field}' cannot be set. It is not on the appropriate screen, or unknown.",
        "Das Feld '{field}' kann nicht gesetzt werden. Es ist nicht auf der entsprechenden Ansicht oder "
        "unbekannt.",
    ),
    "adf": both(
        "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        "Der Wert muss ein Atlassian-Dokument sein (siehe Atlassian Document Format)",
    ),
    "text": both("Operation value must be a string", "Der Wert muss eine Zeichenkette sein"),
    "number": both("Operation value must be a number", "Der Wert muss eine Zahl sein"),
    "too_long": both(
        "The entered text is too long. It exceeds the allowed limit of {limit} characters.",
        "Der eingegebene Text ist zu lang. Er überschreitet die zulässige Grenze von {limit} Zeichen.",
    ),
    "label": both(
        "The label '{value}' contains spaces which is invalid.",
        "Das Stichwort '{value}' enthält Leerzeichen und ist ungültig.",
    ),
    "url": both("Not a valid URL: {value}", "Keine gültige URL: {value}"),
    "option": both(
        "Specify a valid 'id' or 'name' for {name}", "Geben Sie eine gültige 'id' oder 'name' für {name} an"
    ),
    "date": both("Error parsing date string: {value}", "Fehler beim Lesen des Datums: {value}"),
    "user": both("The user does not exist.", "Der Benutzer ist nicht vorhanden."),
    "comment": both("Comment body is not valid!", "Der Text des Kommentars ist nicht gültig!"),
    "no_comment": both(
        "Can not find a comment for the id: {id}.", "Es wurde kein Kommentar mit der ID {id} gefunden."
    ),
    "no_transition": both("Missing 'transition' identifier", "Die Angabe 'transition' fehlt"),
    "wrong_transition": both(
        "Transition id '{id}' is not valid for this issue.",
        "Die Übergangs-ID '{id}' ist für diesen Vorgang nicht gültig.",
    ),
    "no_attachment": both(
        "The attachment with id '{id}' does not exist", "Der Anhang mit der ID '{id}' ist nicht vorhanden"
    ),
    "permission": both(
        "You do not have permission to do this.", "Sie haben dafür nicht die erforderliche Berechtigung."
    ),
    "no_property": both("The property does not exist.", "Die Eigenschaft ist nicht vorhanden."),
    "property_long": both(
        "The property key or value is too long.", "Schlüssel oder Wert der Eigenschaft ist zu lang."
    ),
    "no_permissions": both(
        "The 'permissions' query parameter is required.", "Der Abfrageparameter 'permissions' wird benötigt."
    ),
    "wrong_permission": both("Unrecognized permission: {key}", "Unbekannte Berechtigung: {key}"),
    "fields_admin": both(
        "Only Jira administrators can access fields.",
        "Nur Jira-Administratoren können auf Felder zugreifen.",
    ),
    "contexts_admin": both(
        "Only Jira administrators can access custom field contexts.",
        "Nur Jira-Administratoren können auf Kontexte zugreifen.",
    ),
    "no_field": both("The custom field was not found.", "Das benutzerdefinierte Feld wurde nicht gefunden."),
    "max_results": both(
        "Parameter 'maxResults' must not exceed the limit '{limit}'",
        "Der Parameter 'maxResults' darf das Limit '{limit}' nicht überschreiten",
    ),
    # --- search ---
    "search_removed": both(
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full "
        "migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full "
        "migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    ),
    "search_max": both(
        "The max results parameter has to be between 1 and 5,000.",
        "Der Parameter maxResults muss zwischen 1 und 5.000 liegen.",
    ),
    "search_token": both(
        "The provided next page token is invalid or expired.",
        "Das angegebene Token der nächsten Seite ist ungültig oder abgelaufen.",
    ),
    "unbounded": both(
        "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        "Unbegrenzte JQL-Abfragen sind hier nicht zulässig. Fügen Sie eine Sucheinschränkung hinzu.",
    ),
    "jql_syntax": both(
        "Error in the JQL Query: Expecting {expected} but got '{got}'.",
        "Fehler in der JQL-Abfrage: {expected} erwartet, aber '{got}' gefunden.",
    ),
    "jql_field": both(
        "Field '{field}' does not exist or you do not have permission to view it.",
        "Das Feld '{field}' ist nicht vorhanden oder Sie haben nicht die Berechtigung, es anzuzeigen.",
    ),
    "jql_operator": both(
        "The operator '{operator}' is not supported by the '{field}' field.",
        "Der Operator '{operator}' wird vom Feld '{field}' nicht unterstützt.",
    ),
    "jql_value": both(
        "The value '{value}' does not exist for the field '{field}'.",
        "Der Wert '{value}' ist für das Feld '{field}' nicht vorhanden.",
    ),
    "jql_issue": both(
        "An issue with key '{value}' does not exist for field '{field}'.",
        "Ein Vorgang mit Schlüssel '{value}' ist für das Feld '{field}' nicht vorhanden.",
    ),
    "jql_date": both(
        "Date value '{value}' for field '{field}' is invalid.",
        "Der Datumswert '{value}' für das Feld '{field}' ist ungültig.",
    ),
    "jql_text": both(
        "Unable to parse the text '{value}' for field '{field}'.",
        "Der Text '{value}' für das Feld '{field}' kann nicht gelesen werden.",
    ),
    "jql_function": both(
        "Unable to find JQL function '{value}'.", "Die JQL-Funktion '{value}' wurde nicht gefunden."
    ),
    # --- webhooks ---
    "hook_app": both(
        "Only Connect and OAuth 2.0 apps can use this operation.",
        "Nur Connect- und OAuth-2.0-Apps können diesen Vorgang verwenden.",
    ),
    "hook_url": both(
        "Only a single URL per app is allowed to be registered via REST API. Currently used URL: {url}",
        "Nur eine einzige URL je App darf über die REST-API registriert werden. Derzeit verwendet: {url}",
    ),
}
