"""Refusals in the vendor's forms: platform errors in English, business errors in the user's language."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from mlconnector.sandbox.kit import Response, json_answer

SELECT_MISSING = "Please add a $select or a $top=1 statement to the query string."
FILTER_MISSING = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter"
    " parameter with one of the following fields in the url: {fields}."
)
FILTER_REFUSED = "Filtering on these fields is not supported: {fields}."
TROUBLE = "A problem has occurred. The cause of this issue will be investigated as soon as possible."
NOT_FOUND = "Resource not found for the segment '{segment}'."

# What the vendor says when a record is not acceptable. Languages of the users: nl, de, en.
MESSAGES: dict[str, dict[str, str]] = {
    "mandatory": {
        "nl": "Verplicht: {field}",
        "de": "Pflichtfeld: {field}",
        "en": "Mandatory: {field}",
    },
    "exists": {
        "nl": "Gegeven bestaat reeds. {field}",
        "de": "Daten bereits vorhanden. {field}",
        "en": "Data already exists. {field}",
    },
    "unknown": {
        "nl": "Ongeldige referentie: {field}",
        "de": "Ungültiger Verweis: {field}",
        "en": "Invalid reference: {field}",
    },
    "invalid": {"nl": "Ongeldig: {field}", "de": "Ungültig: {field}", "en": "Invalid: {field}"},
    "fixed": {
        "nl": "{field} kan niet worden gewijzigd.",
        "de": "{field} kann nicht geändert werden.",
        "en": "{field} can not be changed.",
    },
    "processed": {
        "nl": "Mag niet worden gewijzigd: reeds verwerkt.",
        "de": "Änderung nicht erlaubt: bereits verarbeitet.",
        "en": "Not allowed to change: already processed.",
    },
    "used": {
        "nl": "Kan niet worden verwijderd: in gebruik.",
        "de": "Kann nicht gelöscht werden: wird verwendet.",
        "en": "Can not be deleted: in use.",
    },
    "last_line": {
        "nl": "De laatste regel kan niet worden verwijderd.",
        "de": "Die letzte Zeile kann nicht gelöscht werden.",
        "en": "The last line can not be deleted.",
    },
    "with_header": {
        "nl": "Regels kunnen alleen samen met de order worden ingevoerd.",
        "de": "Zeilen können nur zusammen mit der Bestellung erfasst werden.",
        "en": "Lines can only be entered together with the order.",
    },
    "blocked": {
        "nl": "Geblokkeerd: {field}",
        "de": "Gesperrt: {field}",
        "en": "Blocked: {field}",
    },
    "milestone_for_term": {
        "nl": "Een factuurtermijn kan alleen worden gekoppeld aan een mijlpaal van een project met"
        " factureringsmijlpalen.",
        "de": "Eine Rechnungsrate kann nur mit einem Meilenstein eines Projekts mit Abrechnungsmeilensteinen"
        " verknüpft werden.",
        "en": "An invoice term can only be linked to a milestone of a project that uses billing milestones.",
    },
    "term_for_completed": {
        "nl": "Gereed kan alleen worden ingesteld als een factuurtermijn is gekoppeld.",
        "de": "Abgeschlossen kann nur gesetzt werden, wenn eine Rechnungsrate verknüpft ist.",
        "en": "Completed can only be set when an invoice term is linked.",
    },
    "released": {
        "nl": "De factuurtermijn is reeds vrijgegeven.",
        "de": "Die Rechnungsrate ist bereits freigegeben.",
        "en": "The invoice term has already been released.",
    },
    "final": {
        "nl": "De boeking is definitief en kan niet worden gewijzigd.",
        "de": "Die Buchung ist endgültig und kann nicht geändert werden.",
        "en": "The entry is final and can not be changed.",
    },
    "callback": {
        "nl": "Ongeldig: Post to callback URL endpoint returns {field}",
        "de": "Ungültig: Post to callback URL endpoint returns {field}",
        "en": "Invalid: Post to callback URL endpoint returns {field}",
    },
}


class ApiError(Exception):
    """The answer is this error. `text` is what the vendor writes into error.message.value."""

    def __init__(self, status: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text or str(status))
        self.status = status
        self.text = text
        self.headers = dict(headers or {})

    def response(self, *, as_json: bool = True, as_html: bool = False) -> Response:
        if as_html:
            moved = "<html><head><title>Object moved</title></head><body><h2>Object moved</h2></body></html>"
            return Response(moved, self.status, self.headers, content_type="text/html; charset=utf-8")
        if not self.text:
            return Response(b"", self.status, self.headers)
        if as_json:
            message = {"lang": "", "value": self.text}
            return json_answer({"error": {"code": "", "message": message}}, self.status, self.headers)
        text = Markup(
            '<?xml version="1.0" encoding="utf-8"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/'
            'dataservices/metadata"><code /><message xml:lang="">{}</message></error>'
        ).format(self.text)
        return Response(text, self.status, self.headers, content_type="application/xml;charset=utf-8")


class Refused(Exception):  # noqa: N818 - the vendor's no to a record, told in the user's language
    """A record is not acceptable: `reason` is a key of MESSAGES."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(self.told(reason, field, "en"))
        self.reason = reason
        self.field = field

    @staticmethod
    def told(reason: str, field: str, language: str) -> str:
        texts = MESSAGES[reason]
        return texts.get(language, texts["en"]).format(field=field).strip()

    def error(self, language: str) -> ApiError:
        return ApiError(500, self.told(self.reason, self.field, language))


# Faults for `fail()`, in the vendor's form. A dropped connection knows no form.
FAULTS: dict[str, dict[str, Any]] = {
    "408": {"status": 408},
    "429": {"status": 429},
    "500": {"status": 500, "body": {"error": {"code": "", "message": {"lang": "", "value": TROUBLE}}}},
    "503": {"status": 503, "body": "Service Temporarily Unavailable"},
    "504": {"status": 504, "body": ""},
    "drop before": {"drop": "before"},
    "drop after": {"drop": "after"},
}
