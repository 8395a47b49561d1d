"""DATEV in small: the login and four APIs behind one WSGI app.

In-process the tests mount it on `https://datev.example`; `python -m mlconnector.sandbox.datev --port N`
serves it on loopback. One prefix stands for each of DATEV's hosts, both environments share one memory:

    /login/openid/authorize   /login/openidsandbox/authorize   sign-in, redirects at once for the test person
    /api/{token,revoke,userinfo,certs}   /sandbox-api/...      tokens
    /clients/platform/v2      /clients/platform-sandbox/v2     accounting:clients
    /documents/platform/v2    ...                              accounting:documents
    /extf/platform/v3         ...                              accounting:extf-files
    /dxso/platform/v2         ...                              accounting:dxso-jobs
    /                                                          pages for people
    /_sim/...                                                  control (mlconnector/sandbox/control.py)

Route names for faults and call counts: login.authorize login.token login.revoke login.userinfo login.certs
login.discovery clients.list clients.one documents.{clients,basics,types,duo_version,post,put,stapled}
extf.{import,jobs,job} dxso.{clients,basics,create,files,status,finalise,delete,entries}; with ".sandbox"
behind them in the sandbox environment. The switches are the fields of state.Options.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.datev import answers, bookings, extf, extf_file
from mlconnector.sandbox.datev.access import Access
from mlconnector.sandbox.datev.clients import ClientsApi
from mlconnector.sandbox.datev.documents import DocumentsApi
from mlconnector.sandbox.datev.dxso import DxsoApi
from mlconnector.sandbox.datev.extf import ExtfApi
from mlconnector.sandbox.datev.login import Login
from mlconnector.sandbox.datev.pages import Pages
from mlconnector.sandbox.datev.state import (
    DEFAULT_APP,
    DEFAULT_PERSON,
    App,
    Client,
    Options,
    Person,
    Store,
    Upload,
    default_clients,
)
from mlconnector.sandbox.datev.tokens import Session, Tokens
from mlconnector.sandbox.kit import Route, SimClock, Simulator

API_PREFIXES = ("/clients/", "/documents/", "/extf/", "/dxso/")
# Row findings are looked for in files up to this size only; larger ones are measured, not read.
MAX_FINDING_ROWS = 5_000


class DatevSimulator(Simulator):
    """See the module's docstring. Everything has a default; `options` fields may also be given by keyword.

    `DatevSimulator(job_seconds=5, quirks=True)` is the same as changing `simulator.options` afterwards, but
    survives `reset()`.
    """

    name = "datev"

    def __init__(
        self,
        clients: Sequence[Client] | None = None,
        *,
        apps: Sequence[App] = (DEFAULT_APP,),
        people: Sequence[Person] = (DEFAULT_PERSON,),
        clock: SimClock | None = None,
        **options: Any,
    ) -> None:
        self._first_clients = list(clients) if clients is not None else default_clients()
        self.apps = list(apps)
        self.people = list(people)
        self.access = Access(self)
        self.extf = ExtfApi(self)
        self.dxso = DxsoApi(self)
        self.options: Options
        super().__init__(clock, Options(**options))

    @staticmethod
    def addresses(base: str, environment: str = "production") -> dict[str, str]:
        """All addresses under `base` ("https://datev.example"), by the names of a connection's settings."""
        base = base.rstrip("/")
        is_production = environment == "production"
        realm, api = ("openid", "api") if is_production else ("openidsandbox", "sandbox-api")
        platform = "platform" if is_production else "platform-sandbox"
        return {
            "authorize_url": f"{base}/login/{realm}/authorize",
            "token_url": f"{base}/{api}/token",
            "revoke_url": f"{base}/{api}/revoke",
            "userinfo_url": f"{base}/{api}/userinfo",
            "clients_url": f"{base}/clients/{platform}/v2",
            "documents_url": f"{base}/documents/{platform}/v2",
            "extf_url": f"{base}/extf/{platform}/v3",
            "dxso_url": f"{base}/dxso/{platform}/v2",
        }

    def clear(self) -> None:
        self.clients = deepcopy(self._first_clients)
        self.store = Store()
        self.tokens = Tokens(self)
        self._second = ("", 0)
        self._bookings: dict[str, list[dict[str, Any]]] = {}
        self._findings: dict[str, list[str]] = {}

    def routes(self) -> Iterable[Route]:
        for part in (Login(self), ClientsApi(self), DocumentsApi(self), self.extf, self.dxso, Pages(self)):
            yield from part.routes()

    def work(self) -> None:
        self.extf.work()
        self.dxso.work()

    def finished(self, request: Request, route: str, response: Response) -> Response:
        """Correlation headers on every answer of the gateway, and the odd forms when they are switched on."""
        if not request.path.startswith((*API_PREFIXES, "/api/", "/sandbox-api/")):
            return response
        response.headers["X-Global-Transaction-ID"] = uuid.uuid4().hex
        response.headers["V-Cap-Request-ID"] = str(uuid.uuid4())
        if self.options.quirks and request.path.startswith(API_PREFIXES):
            return answers.with_quirks(request, response)
        return response

    def not_found(self, request: Request) -> Response:
        return answers.empty(404).response

    def not_allowed(self, request: Request) -> Response:
        return answers.problem(405).response

    # --- what others ask ----------------------------------------------------------------------------------
    @property
    def clients_by_ref(self) -> dict[str, Client]:
        return {client.ref: client for client in self.clients}

    def client(self, ref: str) -> Client:
        """The client, to be changed in place by a test."""
        return self.clients_by_ref[ref]

    def visible(self, session: Session) -> dict[str, Client]:
        """The clients that the signed-in person may see, by "<consultant>-<client>"."""
        return {
            ref: client
            for ref, client in self.clients_by_ref.items()
            if client.is_visible and session.bound_client in ("", ref)
        }

    def calls_in_this_second(self) -> int:
        second = self.clock.now().strftime("%Y%m%d%H%M%S")
        known, count = self._second
        self._second = (second, count + 1 if known == second else 1)
        return self._second[1]

    def sign_in(
        self, scopes: Iterable[str], *, bound_client: str = "", app: App | None = None
    ) -> dict[str, Any]:
        """A token answer without the browser, for tests of what comes after."""
        with self.lock:
            session = self.tokens.new_session(app or self.apps[0], self.people[0], scopes, bound_client)
            return {**self.tokens.pair(session), "scope": " ".join(session.scopes)}

    def bookings(self, client_ref: str = "") -> list[dict[str, Any]]:
        """Every booking that arrived by either route, in order of arrival."""
        with self.lock:
            self.work()
            found = [row for upload in self.store.uploads.values() for row in self.bookings_of(upload)]
            found += [row for job in self.store.dxso_jobs.values() for row in job.bookings]
        return [row for row in found if client_ref in ("", row["client"])]

    def bookings_of(self, upload: Upload) -> list[dict[str, Any]]:
        if upload.result == "pending":
            return []
        if upload.id not in self._bookings:
            self._bookings[upload.id] = extf.arrived(upload)
        return self._bookings[upload.id]

    def findings_of(self, upload: Upload) -> list[str]:
        """What the tax office would stumble over on import, found when the job ended."""
        if upload.result != "succeeded":
            return []
        if upload.id not in self._findings:
            file = extf_file.read(upload.content, upload.client_ref)
            begins = extf_file.day(file.value(13))
            years = self.client(upload.client_ref).fiscal_years
            length = next((year.account_length for year in years if year.start == begins), None)
            guids = {guid for ref, guid in self.store.documents if ref == upload.client_ref}
            is_small = len(file.lines) <= MAX_FINDING_ROWS
            self._findings[upload.id] = list(bookings.findings(file, length, guids)) if is_small else []
        return self._findings[upload.id]

    def state(self) -> dict[str, Any]:
        rows = self.bookings()
        return {
            "bookings": rows,
            "documents": [
                {
                    "guid": document.guid,
                    "client": document.client_ref,
                    "files": document.files,
                    "sha256": document.digests,
                    "document_type": document.document_type,
                    "note": document.note,
                    "folders": list(document.folders),
                    "source": document.source,
                }
                for document in self.store.documents.values()
            ],
            "extf_jobs": [self._upload_state(upload) for upload in self.store.uploads.values()],
            "dxso_jobs": [
                {
                    "id": job.id,
                    "client": job.client_ref,
                    "import_type": job.import_type,
                    "month": job.month,
                    "status": job.status,
                    "files": sorted(job.files),
                    "uploads": job.uploads,
                    "entries": job.entries,
                    "bookings": len(job.bookings),
                }
                for job in self.store.dxso_jobs.values()
            ],
            "sessions": self.tokens.state(),
            "repeated": repeated(rows),
        }

    def _upload_state(self, upload: Upload) -> dict[str, Any]:
        return {
            "id": upload.id,
            "client": upload.client_ref,
            "filename": upload.filename,
            "reference": upload.reference,
            "bytes": len(upload.content),
            "result": upload.result,
            "details": upload.details,
            "facts": upload.facts,
            "bookings": len(self.bookings_of(upload)),
            "findings": self.findings_of(upload),
        }


def repeated(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bookings that look alike (accounts, amount, side, date, number, text) and came more than once."""
    keys = ("client", "account", "contra_account", "amount", "side", "date", "document_field_1", "text")
    counted = Counter(tuple(row[key] for key in keys) for row in rows)
    return [
        {**dict(zip(keys, values, strict=True)), "times": times}
        for values, times in counted.items()
        if times > 1
    ]
