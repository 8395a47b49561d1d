"""Pages for people: what arrived, and switches for the next jobs."""

from itertools import islice
from typing import TYPE_CHECKING

from markupsafe import Markup
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox import html
from mlconnector.sandbox.datev import answers, extf, extf_file
from mlconnector.sandbox.datev.columns import HEADER, SHOWN
from mlconnector.sandbox.datev.state import Document, DxsoJob, Upload
from mlconnector.sandbox.kit import Route

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

SITE = "DATEV (simuliert)"
LINKS = (
    ("Übersicht / Overview", "/"),
    ("Belege / Documents", "/documents"),
    ("Dateien / Files", "/files"),
    ("XML-Aufträge / XML jobs", "/xml-jobs"),
    ("Anmeldungen / Sign-ins", "/sessions"),
)
MAX_ROWS_SHOWN = 500
STATUS = {
    0: "0 offen / open",
    1: "1 läuft / running",
    2: "2 verarbeitet / done",
    3: "3 fehlgeschlagen / failed",
    4: "4 teilweise / in part",
    5: "5 abgebrochen / cancelled",
    6: "6 Abbruch abgelehnt / cancel refused",
}


class Pages:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        return [
            Route("page.overview", "GET", "/", self.overview),
            Route("page.documents", "GET", "/documents", self.documents),
            Route("page.document", "GET", "/documents/file/<client_ref>/<guid>/<int:number>", self.document),
            Route("page.files", "GET", "/files", self.files),
            Route("page.file", "GET", "/files/<job_id>", self.file),
            Route("page.raw", "GET", "/files/<job_id>/raw", self.raw),
            Route("page.xml_jobs", "GET", "/xml-jobs", self.xml_jobs),
            Route("page.xml_job", "GET", "/xml-jobs/<job_id>", self.xml_job),
            Route("page.sessions", "GET", "/sessions", self.sessions),
            Route("page.next_job", "POST", "/switches/next-job", self.next_job),
            Route("page.next_dxso", "POST", "/switches/next-dxso", self.next_dxso),
        ]

    def overview(self, request: Request) -> Response:
        simulator, options = self.simulator, self.simulator.options
        rows = [
            [
                client.name,
                client.ref,
                sum(ref == client.ref for ref, _ in simulator.store.documents),
                sum(upload.client_ref == client.ref for upload in simulator.store.uploads.values()),
                len(simulator.bookings(client.ref)),
                "nein / no" if client.is_duo_next else "ja / yes",
            ]
            for client in simulator.clients
        ]
        waiting = ", ".join(options.next_jobs) or "–"
        waiting_xml = ", ".join(map(str, options.next_dxso)) or "–"
        return _page(
            "Übersicht / Overview",
            html.table(
                ["Mandant / Client", "Nummer", "Belege", "Dateien", "Buchungen", "XML möglich"],
                rows,
            ),
            html.heading("Nächste Aufträge / Next jobs"),
            html.form(
                "/switches/next-job",
                "vormerken / arm",
                html.choice("code", "Nächster EXTF-Auftrag endet mit", _codes()),
            ),
            html.note(f"vorgemerkt / armed: {waiting}"),
            html.form(
                "/switches/next-dxso",
                "vormerken / arm",
                html.choice(
                    "status", "Nächster XML-Auftrag endet mit", [(str(n), STATUS[n]) for n in range(2, 7)]
                ),
            ),
            html.note(f"vorgemerkt / armed: {waiting_xml}"),
        )

    def next_job(self, request: Request) -> Response:
        code = request.form.get("code", "")
        if code in extf.FORCED:
            self.simulator.options.next_jobs.append(code)
        return redirect("/", 303)

    def next_dxso(self, request: Request) -> Response:
        status = request.form.get("status", "")
        if status.isdigit() and int(status) in range(2, 7):
            self.simulator.options.next_dxso.append(int(status))
        return redirect("/", 303)

    # --- documents ----------------------------------------------------------------------------------------
    def documents(self, request: Request) -> Response:
        rows = [_document_row(document) for document in reversed(self.simulator.store.documents.values())]
        headings = ["Zeit (UTC)", "Mandant", "Datei", "Bytes", "Belegtyp", "Notiz", "Ablage", "GUID", "Weg"]
        return _page("Belege / Documents", html.table(headings, rows))

    def document(self, request: Request, client_ref: str, guid: str, number: int) -> Response:
        document = self.simulator.store.documents.get((client_ref, guid))
        if document is None or number >= len(document.contents):
            raise answers.empty(404)
        media_type = document.files[number].get("media_type", "application/octet-stream")
        response = Response(document.contents[number], content_type=media_type)
        response.headers["Content-Security-Policy"] = "sandbox"
        return response

    # --- EXTF ---------------------------------------------------------------------------------------------
    def files(self, request: Request) -> Response:
        rows = [
            [
                _time(upload),
                upload.client_ref,
                html.link(upload.filename, f"/files/{upload.id}"),
                upload.reference,
                upload.facts.get("number_of_accounting_records"),
                _result(upload),
                len(self.simulator.findings_of(upload)),
            ]
            for upload in reversed(self.simulator.store.uploads.values())
        ]
        headings = ["Zeit (UTC)", "Mandant", "Datei", "Referenz", "Sätze", "Ergebnis", "Anmerkungen"]
        return _page("Dateien / Files (EXTF)", html.table(headings, rows))

    def file(self, request: Request, job_id: str) -> Response:
        upload = self._upload(job_id)
        file = extf_file.read(upload.content, upload.client_ref)
        header = [
            [number, name, value]
            for number, (name, (value, _)) in enumerate(zip(HEADER, file.header, strict=False), start=1)
        ]
        details = [html.bad(str(upload.details))] if upload.details else []
        findings = [[finding] for finding in self.simulator.findings_of(upload)]
        return _page(
            upload.filename,
            html.note(f"{upload.client_ref} · {upload.reference} · {upload.id}"),
            _result(upload),
            *details,
            html.heading("Buchungen / Rows"),
            _rows(file),
            html.heading("Anmerkungen beim Import / Findings on import"),
            html.table(["Anmerkung"], findings, empty="Keine. / None."),
            html.heading("Kopf / Header"),
            html.table(["Feld", "Name", "Wert"], header),
            html.link("Datei herunterladen / Download", f"/files/{upload.id}/raw"),
        )

    def raw(self, request: Request, job_id: str) -> Response:
        upload = self._upload(job_id)
        response = Response(upload.content, content_type="text/csv")
        response.headers["Content-Disposition"] = f'attachment; filename="{upload.filename}"'
        return response

    def _upload(self, job_id: str) -> Upload:
        upload = self.simulator.store.uploads.get(job_id)
        if upload is None:
            raise answers.empty(404)
        return upload

    # --- DXSO ---------------------------------------------------------------------------------------------
    def xml_jobs(self, request: Request) -> Response:
        rows = [
            [
                job.created_at.strftime("%Y-%m-%d %H:%M:%S"),
                job.client_ref,
                html.link(job.id, f"/xml-jobs/{job.id}"),
                job.import_type,
                job.month,
                len(job.files),
                len(job.bookings),
                _status(job),
            ]
            for job in reversed(self.simulator.store.dxso_jobs.values())
        ]
        headings = ["Zeit (UTC)", "Mandant", "Auftrag", "Art", "Monat", "Dateien", "Buchungen", "Stand"]
        return _page("XML-Aufträge / XML jobs (DXSO)", html.table(headings, rows))

    def xml_job(self, request: Request, job_id: str) -> Response:
        job = self.simulator.store.dxso_jobs.get(job_id)
        if job is None:
            raise answers.empty(404)
        names = (
            "row",
            "amount",
            "currency",
            "account",
            "contra_account",
            "bu_key",
            "date",
            "document_field_1",
        )
        entries = [
            [entry["time"], entry["type"], entry["filename"], entry["text"], entry.get("context", "")]
            for entry in job.entries
        ]
        return _page(
            f"XML-Auftrag {job.id}",
            html.note(f"{job.client_ref} · {job.import_type} · {job.month}"),
            _status(job),
            html.heading("Buchungsvorschläge / Proposals"),
            html.table(names, [[row[name] for name in names] for row in job.bookings]),
            html.heading("Protokoll / Protocol"),
            html.table(["Zeit", "Art", "Datei", "Text", "Bezug"], entries),
            html.heading("Dateien / Files"),
            html.table(["Name", "Bytes"], [[name, len(content)] for name, content in job.files.items()]),
        )

    def sessions(self, request: Request) -> Response:
        rows = [
            [
                session["started_at"][:19],
                session["ends_at"][:19],
                session["person"],
                session["bound_client"] or "–",
                session["refreshes"],
                html.bad(session["end_reason"]) if session["end_reason"] else html.good("gültig / valid"),
                " ".join(session["scopes"]),
            ]
            for session in reversed(self.simulator.tokens.state())
        ]
        headings = ["Beginn", "Ende", "Person", "Mandant", "Erneuert", "Stand", "Rechte"]
        return _page("Anmeldungen / Sign-ins", html.table(headings, rows))


def _page(title: str, *parts: str) -> Response:
    return html.page(SITE, title, *parts, links=LINKS)


def _codes() -> list[tuple[str, str]]:
    return [(code, f"{code} {refusal.title}") for code, refusal in extf.FORCED.items()]


def _time(upload: Upload) -> str:
    return upload.received_at.strftime("%Y-%m-%d %H:%M:%S")


def _result(upload: Upload) -> str:
    if upload.result == "pending":
        return "wartet / pending"
    return html.good("angenommen / succeeded") if upload.result == "succeeded" else html.bad("failed")


def _status(job: DxsoJob) -> str:
    text = STATUS[job.status]
    if job.status < 2:
        return text
    return html.good(text) if job.status == 2 else html.bad(text)


def _document_row(document: Document) -> list[object]:
    address = f"/documents/file/{document.client_ref}/{document.guid}"
    names = [html.link(shown["name"], f"{address}/{number}") for number, shown in enumerate(document.files)]
    return [
        document.arrived_at.strftime("%Y-%m-%d %H:%M:%S"),
        document.client_ref,
        Markup(", ").join(names),
        sum(shown["size"] for shown in document.files),
        document.document_type or "ohne Belegtyp",
        document.note,
        " / ".join(level for level in document.folders if level),
        document.guid,
        document.source,
    ]


def _rows(file: extf_file.ExtfFile) -> Markup:
    """The rows with the columns that hold something; the first ones of a long file."""
    rows = list(islice(file.values(), MAX_ROWS_SHOWN))
    columns = [column for column in SHOWN if any(row[column - 1 : column] not in ([], [""]) for row in rows)]
    shown: list[list[object]] = [
        [number, *("".join(row[column - 1 : column]) for column in columns)]
        for number, row in enumerate(rows, start=1)
    ]
    if len(file.lines) > len(rows):
        shown.append(["…", f"{len(file.lines)} Sätze / rows"])
    return html.table(["", *(SHOWN[column] for column in columns)], shown, tight=True)
