"""accounting:extf-files v3: import a file, watch its job.

Source: DATEV accounting:extf-files 3.0.1 (read 2026-11).
"""

import re
import uuid
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.datev import answers, bookings, clients, extf_file
from mlconnector.sandbox.datev.state import EXTF_SCOPE, Client, Upload
from mlconnector.sandbox.kit import Route, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

# "50 MB" without saying which: the smaller reading.
MAX_BYTES = 50_000_000
FILENAME = re.compile(r"EXTF_.{0,51}\.csv")
TEXT = re.compile(r"[-0-9A-Za-z_äöüÄÖÜß_. +?;]{0,254}")
FORBIDDEN_SIGN = re.compile(r"[^0-9A-Za-zÄÖÜäöüß_\-. ()+&]")
JOB_ID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
MAX_LABEL = 250
# What a job says when a switch decides how it ends.
FORCED = {
    "1008833": extf_file.Refusal("1008833", "Invalid file", "No payload"),
    "1008834": extf_file.Refusal(
        "1008834",
        "Invalid EXTF-header",
        "Fields with error",
        (("Length of Ledger Account", "is invalid (14)"),),
    ),
    "1008836": extf_file.Refusal("1008836", "Virus found", "The transferred EXTF-file contains a virus"),
    "1008837": extf_file.Refusal(
        "1008837", "Try again", "An internal error occurred. Job failed. Try again."
    ),
    "1008838": extf_file.Refusal(
        "1008838",
        "Missing permission",
        "Permission to transfer data for this client-id is missing or has expired. "
        "Please contact your tax consultant.",
    ),
}


class ExtfApi:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        base = "/clients/<client_ref>/extf-files"
        table = (
            ("extf.import", "POST", f"{base}/import", self.import_file),
            ("extf.jobs", "GET", f"{base}/jobs", self.jobs),
            ("extf.job", "GET", f"{base}/jobs/<job_id>", self.job),
        )
        return [
            route
            for name, method, path, handler in table
            for route in clients.environments(name, method, "/extf", "v3", path, handler)
        ]

    def import_file(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, EXTF_SCOPE, client_ref)
        if request.mimetype != "application/octet-stream":
            raise answers.problem(415)
        filename, reference = self._checked_headers(request)
        content = request.get_data()
        if not content:
            raise answers.problem(400, "1008831", "Message body for request is missing")
        if len(content) > MAX_BYTES:
            raise answers.problem(413, "1008833", "File size exceeds 50 MB")
        if self.simulator.options.duplicate_filename and self._knows(client, filename):
            raise answers.problem(409, detail="A file with this name was transferred before")
        upload = self._accepted(request, client, filename, reference, content)
        return self._answer(request, upload)

    def _checked_headers(self, request: Request) -> tuple[str, str]:
        filename = _header(request, "Filename")
        reference = _header(request, "Reference-Id")
        if not filename:
            raise answers.problem(400, "1008832", "Fields with error", [("Filename", "Filename is empty")])
        for name, value, pattern in (
            ("Filename", filename, FILENAME),
            ("Reference-Id", reference, TEXT),
            ("Client-Application-Version", _header(request, "Client-Application-Version"), TEXT),
        ):
            if not pattern.fullmatch(value):
                reason = f"{name} must conform to following pattern'{pattern.pattern}'"
                raise answers.problem(400, "1008832", "Fields with error", [(name, reason)])
        return FORBIDDEN_SIGN.sub("_", filename), reference

    def _knows(self, client: Client, filename: str) -> bool:
        uploads = self.simulator.store.uploads.values()
        return any(known.client_ref == client.ref and known.filename == filename for known in uploads)

    def _accepted(
        self, request: Request, client: Client, filename: str, reference: str, content: bytes
    ) -> Upload:
        options, now = self.simulator.options, self.simulator.clock.now()
        forced = options.next_jobs.pop(0) if options.next_jobs else ""
        upload = Upload(
            id=str(uuid.uuid4()),
            client_ref=client.ref,
            filename=filename,
            reference=reference,
            application_version=_header(request, "Client-Application-Version"),
            app=self.simulator.access.app(request),
            content=content,
            received_at=now,
            due_at=now + timedelta(seconds=options.job_seconds),
            forced_code=forced or ("" if client.has_service(EXTF_SCOPE) else "1008838"),
        )
        self.simulator.store.uploads[upload.id] = upload
        self.simulator.store.pending_uploads.append(upload)
        return upload

    def _answer(self, request: Request, upload: Upload) -> Response:
        options = self.simulator.options
        response = Response(b"", status=202)
        response.headers.pop("Content-Type", None)
        path = f"/clients/{upload.client_ref}/extf-files/jobs/{upload.id}"
        platform = request.path.partition("/clients/")[0].removeprefix("/extf")
        forms = {
            "relative": path,
            "platform": f"{platform}{path}",
            "absolute": f"{request.host_url.rstrip('/')}/extf{platform}{path}",
        }
        if options.location in forms:
            # The real server sends a relative address; werkzeug would complete it.
            response.autocorrect_location_header = False
            response.headers["Location"] = forms[options.location]
        if options.retry_after == "date":
            moment = self.simulator.clock.now() + timedelta(seconds=5)
            response.headers["Retry-After"] = format_datetime(moment, usegmt=True)
        elif options.retry_after:
            response.headers["Retry-After"] = options.retry_after
        return response

    # --- jobs ---------------------------------------------------------------------------------------------
    def jobs(self, request: Request, client_ref: str) -> Response:
        """Newest first; DATEV promises no order."""
        client = self.simulator.access.client(request, EXTF_SCOPE, client_ref)
        hidden = timedelta(seconds=self.simulator.options.list_hidden_seconds)
        now = self.simulator.clock.now()
        shown = [
            self._shown(upload)
            for upload in reversed(self.simulator.store.uploads.values())
            if upload.client_ref == client.ref and upload.received_at + hidden <= now
        ]
        return clients.paged(request, shown)

    def job(self, request: Request, client_ref: str, job_id: str) -> Response:
        client = self.simulator.access.client(request, EXTF_SCOPE, client_ref)
        if not JOB_ID.fullmatch(job_id):
            reason = "Path segment job-id is invalid"
            detail = "Request-URI contains one or more invalid path segments"
            raise answers.problem(400, "1008835", detail, [("job-id", reason)])
        upload = self.simulator.store.uploads.get(str(uuid.UUID(job_id)))
        hidden = timedelta(seconds=self.simulator.options.job_hidden_seconds)
        if upload is None or upload.client_ref != client.ref:
            raise answers.empty(404)
        if upload.received_at + hidden > self.simulator.clock.now():
            raise answers.empty(404)
        return json_answer(self._shown(upload), content_type=answers.UTF8_JSON)

    def _shown(self, upload: Upload) -> dict[str, Any]:
        """The job as JSON; what is not known is absent."""
        shown = {
            "id": upload.id,
            "filename": upload.filename,
            "reference_id": upload.reference,
            "client_application_display_name": upload.app.name,
            "client_application_vendor": upload.app.vendor,
            "client_application_version": upload.application_version,
            "timestamp": upload.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "result": upload.result,
            **upload.facts,
        }
        if upload.details and not self.simulator.options.without_details:
            shown["validation_details"] = upload.details
        return {name: value for name, value in shown.items() if value not in ("", None)}

    # --- the background -----------------------------------------------------------------------------------
    def work(self) -> None:
        """End the jobs that are due on the simulator's clock."""
        store, now = self.simulator.store, self.simulator.clock.now()
        due = [upload for upload in store.pending_uploads if upload.due_at <= now]
        store.pending_uploads = [upload for upload in store.pending_uploads if upload.due_at > now]
        for upload in due:
            self._judge(upload)

    def _judge(self, upload: Upload) -> None:
        file = extf_file.read(upload.content, upload.client_ref)
        refusal = FORCED[upload.forced_code] if upload.forced_code else file.refusal
        upload.result = "failed" if refusal else "succeeded"
        upload.details = refusal.as_json() if refusal else None
        if file.refusal is None:
            upload.facts = _facts(file)
        # Now, not when somebody looks: a document must be there before the booking that links it.
        self.simulator.findings_of(upload)


def _facts(file: extf_file.ExtfFile) -> dict[str, Any]:
    label = file.value(17)
    days = {"fiscal_year_begin": 13, "date_from": 15, "date_to": 16}
    facts: dict[str, Any] = {
        "data_category_id": int(file.value(3)),
        "label": label if len(label) <= MAX_LABEL else label[:MAX_LABEL] + "...",
        "number_of_accounting_records": len(file.lines),
    }
    for name, number in days.items():
        on = extf_file.day(file.value(number))
        facts[name] = on.isoformat() if on else None
    return facts


def arrived(upload: Upload) -> list[dict[str, Any]]:
    """The bookings that an accepted file brought, with their origin."""
    if upload.result != "succeeded":
        return []
    file = extf_file.read(upload.content, upload.client_ref)
    if not file.is_transactions:
        return []
    origin = {
        "route": "extf",
        "client": upload.client_ref,
        "job": upload.id,
        "filename": upload.filename,
        "reference": upload.reference,
    }
    return [{**origin, **booking} for booking in bookings.bookings(file)]


def _header(request: Request, name: str) -> str:
    """A header's text; bytes beyond ASCII are read as UTF-8 where that works, else as Latin-1."""
    raw = request.headers.get(name, "").encode("latin-1", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
