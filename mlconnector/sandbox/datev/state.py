"""What the simulated DATEV knows: its clients, people and apps, its switches, and what arrived."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

CLIENTS_SCOPE = "datev:accounting:clients"
EXTF_SCOPE = "datev:accounting:extf-files-import"
READ_SCOPE = "accounting:clients:read"
DOCUMENTS_SCOPE = "accounting:documents"
DXSO_SCOPE = "accounting:dxso-jobs"
# Source: DATEV accounting:clients 2.0, services[].name and .scopes (read 2026-11).
SERVICE_SCOPES = {
    "Buchungsdatenservice": (EXTF_SCOPE,),
    "Belegbilderservice": (DOCUMENTS_SCOPE,),
    "Rechnungsdatenservice 1.0": (DXSO_SCOPE,),
    "Rechnungsdatenservice 2.0": ("datev:file:import",),
}
ALL_SERVICES = ("Buchungsdatenservice", "Belegbilderservice", "Rechnungsdatenservice 1.0")
# A short sign-in ends eleven hours after it began, however often it is refreshed.
SHORT_SECONDS = 11 * 3600
LONG_SECONDS = 2 * 365 * 86400


@dataclass(frozen=True)
class FiscalYear:
    start: date
    end: date
    account_length: int = 4
    chart: int = 3


@dataclass(frozen=True)
class DocumentType:
    name: str
    category: str
    side: str = ""  # "debit", "credit" or nothing


def calendar_year(year: int, account_length: int = 4, chart: int = 3) -> FiscalYear:
    return FiscalYear(date(year, 1, 1), date(year, 12, 31), account_length, chart)


DEFAULT_YEARS = (calendar_year(2025), calendar_year(2026))
# Names are the client's own and may hold umlauts; only the category is fixed.
DEFAULT_TYPES = (
    DocumentType("Rechnungseingang", "invoices_received", "debit"),
    DocumentType("Rechnungsausgang", "outgoing_invoices", "credit"),
    DocumentType("Gutschriften für Kunden", "outgoing_invoices", "credit"),
    DocumentType("Verträge", "other_documents"),
    DocumentType("Kasse", "other_documents"),
    DocumentType("Sonstige", "other_documents"),
)
DEFAULT_FOLDERS = {
    "accountsPayableLedgerImport": ["Rechnungseingang"],
    "accountsReceivableLedgerImport": ["Ausgangsrechnungen"],
    "cashLedgerImport": ["Hauptkasse"],
}
# The old Belege online takes nearly everything but ZIP, the new one takes eight kinds.
OLD_EXTENSIONS = (
    "bmp csv doc docx gif jpeg jpg msg odt p7s pdf png rtf tif tiff txt xls xlsx xml".split()  # noqa: SIM905
)
NEXT_EXTENSIONS = "gif jpeg jpg pdf png tif tiff xml".split()  # noqa: SIM905


@dataclass
class Client:
    """One Mandant. `is_duo_next`: already on the new Belege online, which refuses dxso jobs."""

    consultant_number: int
    client_number: int
    name: str
    services: tuple[str, ...] = ALL_SERVICES
    fiscal_years: tuple[FiscalYear, ...] = DEFAULT_YEARS
    document_types: tuple[DocumentType, ...] = DEFAULT_TYPES
    ledger_folders: dict[str, list[str]] = field(default_factory=lambda: dict(DEFAULT_FOLDERS))
    has_belege_online: bool = True
    is_duo_next: bool = False
    is_visible: bool = True

    @property
    def ref(self) -> str:
        return f"{self.consultant_number}-{self.client_number}"

    def has_service(self, scope: str) -> bool:
        return any(scope in SERVICE_SCOPES[service] for service in self.services)

    def fiscal_year(self, on: date) -> FiscalYear | None:
        return next((year for year in self.fiscal_years if year.start <= on <= year.end), None)


def default_clients() -> list[Client]:
    return [
        Client(455148, 1, "Muster Werkzeugbau GmbH"),
        Client(455148, 2, "Beispiel Gärtnerei & Söhne KG"),
    ]


@dataclass(frozen=True)
class App:
    """An integration registered in the developer portal.

    `redirect_uris` must match exactly; "http://localhost" stands for any port and path of localhost.
    """

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ("http://localhost",)
    name: str = "ml-connector"
    vendor: str = "Muster Software"
    may_stay: bool = True  # DATEV approved the long tokens (offline_access)


DEFAULT_APP = App("5d41402abc4b2a76b9719d911017c592", "simulated-app-secret-0001")


@dataclass(frozen=True)
class Person:
    sub: str
    given_name: str
    family_name: str
    email: str
    account_id: str = "A-000001"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


DEFAULT_PERSON = Person("2b1c6f5e-sim-erika", "Erika", "Beispiel", "erika@beispiel.example")


@dataclass
class Options:
    """Switches, settable at any time (`simulator.options.x = ...` or POST /_sim/options)."""

    # --- login: "basic" = only HTTP Basic, "client_id" = only the form field without secret, "both"
    client_authentication: str = "both"
    invalid_client_status: int = 401
    sign_in_at_once: bool = True  # False: a page with a button; the person decides
    refuse_sign_in: str = ""  # an OAuth error such as "access_denied"
    unknown_scopes: str = "refuse"  # or "drop": granted without them
    scope_in_answer: bool = True
    code_seconds: int = 60
    access_seconds: int = 900
    short_seconds: int = SHORT_SECONDS
    long_seconds: int = LONG_SECONDS
    # --- documents
    duplicate_content: bool = False  # DCO01253 for known content under the same name and type
    # --- extf-files
    job_seconds: float = 0.0
    location: str = "relative"  # "absolute", "platform" (/platform/v3/...), "missing"
    retry_after: str = "5"  # any text; "" = header missing, "date" = as an HTTP date
    job_hidden_seconds: float = 0.0  # GET job answers 404 for so long
    list_hidden_seconds: float = 0.0  # the list shows the job only after so long
    without_details: bool = False  # failed jobs without validation_details
    duplicate_filename: bool = False  # an import under a known file name is refused (409)
    # Codes that the coming jobs end with, first one first ("1008837"); "" = judge the file as usual.
    next_jobs: list[str] = field(default_factory=list)
    # --- dxso-jobs
    dxso_seconds: float = 0.0
    # Status that the coming finalised jobs end with (2, 3, 4, 5, 6), whatever is in them; 0 = judge.
    next_dxso: list[int] = field(default_factory=list)
    entries_days: int = 60
    xsd_dir: str = ""  # folder with DATEV's schema files: packages are validated with them too
    # --- every API: strings for booleans and numbers, GUIDs without dashes, gzip, errors in arrays, ...
    quirks: bool = False
    # Requests refused with 429 ("Retry-After: 1") beyond so many in one second; 0 = never.
    calls_per_second: int = 0


@dataclass
class Document:
    """A voucher in Belege online; `guid` is lower case with dashes."""

    guid: str
    client_ref: str
    files: list[dict[str, Any]]
    digests: list[str]
    document_type: str
    note: str
    folders: tuple[str, str, str]
    arrived_at: datetime
    source: str  # "documents" or "dxso"
    contents: list[bytes] = field(default_factory=list, repr=False)


@dataclass
class Upload:
    """An EXTF file and its job."""

    id: str
    client_ref: str
    filename: str
    reference: str
    application_version: str
    app: App
    content: bytes = field(repr=False)
    received_at: datetime
    due_at: datetime
    forced_code: str = ""
    result: str = "pending"
    details: dict[str, Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)  # header facts shown in the job


@dataclass
class DxsoJob:
    id: str  # 32 hex digits, upper case
    client_ref: str
    import_type: str
    month: str
    created_at: datetime
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    uploads: int = 0
    status: int = 0
    forced_status: int = 0
    due_at: datetime | None = None
    ended_at: datetime | None = None
    entries: list[dict[str, str]] = field(default_factory=list)
    bookings: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Store:
    """All that arrived."""

    documents: dict[tuple[str, str], Document] = field(default_factory=dict)  # (client, guid)
    uploads: dict[str, Upload] = field(default_factory=dict)  # job id
    dxso_jobs: dict[str, DxsoJob] = field(default_factory=dict)
    # What the background has not ended yet.
    pending_uploads: list[Upload] = field(default_factory=list)
    running_dxso: list[DxsoJob] = field(default_factory=list)
