"""accounting:dxso-jobs v2: open a job, add files one by one, finalise, watch status and protocol.

Source: DATEV accounting:dxso-jobs 2.1.7 (read 2026-11).
"""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.datev import answers, clients, documents, dxso_package
from mlconnector.sandbox.datev.state import DXSO_SCOPE, READ_SCOPE, Client, DxsoJob, FiscalYear
from mlconnector.sandbox.kit import Route, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

IMPORT_TYPES = ("accountsPayableLedgerImport", "accountsReceivableLedgerImport", "cashLedgerImport")
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
OPEN, RUNNING = 0, 1
Handler = Callable[[Request, Client, str], Response]


class DxsoApi:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        base = "/clients/<client_ref>/dxso-jobs"
        table = (
            ("dxso.basics", "GET", "/clients/<client_ref>", self.basics),
            ("dxso.create", "POST", base, self.create),
            ("dxso.files", "POST", f"{base}/<job_id>/files", self.add_file),
            ("dxso.status", "GET", f"{base}/<job_id>", self.status),
            ("dxso.finalise", "PUT", f"{base}/<job_id>", self.finalise),
            ("dxso.delete", "DELETE", f"{base}/<job_id>", self.delete),
            ("dxso.entries", "GET", f"{base}/<job_id>/protocol-entries", self.entries),
        )
        return [
            route
            for name, method, path, handler in table
            for route in clients.environments(name, method, "/dxso", "v2", path, handler)
        ]

    def basics(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, READ_SCOPE, client_ref)
        return json_answer(clients.basics(client), content_type=answers.UTF8_JSON)

    def create(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, DXSO_SCOPE, client_ref)
        import_type, month = _creation_info(request)
        self._check_target(client)
        shown: dict[str, Any] = {}
        if import_type:
            year = self._fiscal_year(client, import_type, month)
            folders = client.ledger_folders.get(import_type, [])
            if not folders:
                raise answers.dco("DCO01002")
            name = "cash_ledger_names" if import_type.startswith("cash") else "ledger_folder_names"
            shown = {"account_length": year.account_length, name: folders}
        now = self.simulator.clock.now()
        job = DxsoJob(uuid.uuid4().hex.upper(), client.ref, import_type, month, now)
        self.simulator.store.dxso_jobs[job.id] = job
        return json_answer({"id": job.id, **shown}, 201, content_type=answers.UTF8_JSON)

    def add_file(self, request: Request, client_ref: str, job_id: str) -> Response:
        client = self.simulator.access.client(request, DXSO_SCOPE, client_ref)
        self._check_target(client)
        job = self._find(client, job_id)
        if job is None:
            raise answers.dco("DCO01003")
        if job.status != OPEN:
            raise answers.dco("DCO01007")
        files = request.files.getlist("files")
        if request.mimetype != "multipart/form-data" or len(files) != 1:
            raise answers.dco("DCO01004")
        content = files[0].read()
        name = documents.checked(client, files[0], content)
        job.files[name] = content
        job.uploads += 1
        return json_answer({}, 201)

    def finalise(self, request: Request, client_ref: str, job_id: str) -> Response:
        client, job = self._known(request, client_ref, job_id)
        if job.status != OPEN:
            raise answers.dco("DCO01007")
        if request.mimetype != "application/merge-patch+json" or not _is_ready(request):
            raise answers.dco("DCO01008")
        options = self.simulator.options
        job.forced_status = options.next_dxso.pop(0) if options.next_dxso else 0
        job.status = RUNNING
        job.due_at = self.simulator.clock.now() + timedelta(seconds=options.dxso_seconds)
        self.simulator.store.running_dxso.append(job)
        return Response(b"", status=204)

    def delete(self, request: Request, client_ref: str, job_id: str) -> Response:
        _, job = self._known(request, client_ref, job_id)
        if job.status != OPEN:
            raise answers.dco("DCO01007")
        del self.simulator.store.dxso_jobs[job.id]
        return Response(b"", status=204)

    def status(self, request: Request, client_ref: str, job_id: str) -> Response:
        _, job = self._known(request, client_ref, job_id)
        return json_answer({"id": job.id, "status": job.status}, content_type=answers.UTF8_JSON)

    def entries(self, request: Request, client_ref: str, job_id: str) -> Response:
        _, job = self._known(request, client_ref, job_id)
        return json_answer(job.entries, content_type=answers.UTF8_JSON)

    # --- checks -------------------------------------------------------------------------------------------
    def _check_target(self, client: Client) -> None:
        if client.is_duo_next:
            raise answers.dco("DCO01301")
        if not client.has_belege_online:
            raise answers.dco("DCO01002")

    def _known(self, request: Request, client_ref: str, job_id: str) -> tuple[Client, DxsoJob]:
        """The job of the path; 404 once it was deleted or its protocol is too old."""
        client = self.simulator.access.client(request, DXSO_SCOPE, client_ref)
        job = self._find(client, job_id)
        if job is None or self._is_forgotten(job):
            raise answers.only_request_id(404)
        return client, job

    def _find(self, client: Client, job_id: str) -> DxsoJob | None:
        job = self.simulator.store.dxso_jobs.get(job_id.replace("-", "").upper())
        return job if job and job.client_ref == client.ref else None

    def _is_forgotten(self, job: DxsoJob) -> bool:
        keep = timedelta(days=self.simulator.options.entries_days)
        return job.ended_at is not None and job.ended_at + keep <= self.simulator.clock.now()

    def _fiscal_year(self, client: Client, import_type: str, month: str) -> FiscalYear:
        """The fiscal year of the month; the next one is made when only it is missing (not for cash)."""
        first = date.fromisoformat(f"{month}-01")
        year = client.fiscal_year(first)
        if year:
            return year
        latest = max(client.fiscal_years, key=lambda known: known.start, default=None)
        if latest is None or import_type == "cashLedgerImport":
            raise answers.dco("DCO01002")
        start = latest.end + timedelta(days=1)
        end = start.replace(year=start.year + 1) - timedelta(days=1)
        if not start <= first <= end:
            raise answers.dco("DCO01002")
        made = replace(latest, start=start, end=end)
        client.fiscal_years = (*client.fiscal_years, made)
        return made

    # --- the background -----------------------------------------------------------------------------------
    def work(self) -> None:
        """End the finalised jobs that are due."""
        store, now = self.simulator.store, self.simulator.clock.now()
        for job in list(store.running_dxso):
            if job.due_at is None or job.due_at > now:
                continue
            store.running_dxso.remove(job)
            package = dxso_package.Package(job, self.simulator.clients_by_ref[job.client_ref], now)
            package.xsd_dir = self.simulator.options.xsd_dir
            if job.forced_status:
                package.end_as(job.forced_status)
            else:
                package.process(store.documents)
            job.ended_at = now


def _creation_info(request: Request) -> tuple[str, str]:
    """import_type and accounting_month: both or none."""
    body = request.get_data()
    try:
        info = json.loads(body) if body else {}
    except ValueError:
        raise answers.dco("DCO01008") from None
    if not isinstance(info, dict):
        raise answers.dco("DCO01008")
    import_type, month = info.get("import_type") or "", info.get("accounting_month") or ""
    if bool(import_type) != bool(month):
        raise answers.dco("DCO01017")
    if import_type and (import_type not in IMPORT_TYPES or not MONTH.fullmatch(month)):
        raise answers.dco("DCO01008")
    return import_type, month


def _is_ready(request: Request) -> bool:
    """{"ready": "true"}; the boolean is not documented but sent by some and taken here."""
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("ready") in ("true", True)
