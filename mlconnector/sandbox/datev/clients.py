"""accounting:clients v2, and the client resources that documents and dxso-jobs repeat in their own form."""

import re
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.datev import answers
from mlconnector.sandbox.datev.state import (
    CLIENTS_SCOPE,
    DOCUMENTS_SCOPE,
    DXSO_SCOPE,
    NEXT_EXTENSIONS,
    OLD_EXTENSIONS,
    READ_SCOPE,
    SERVICE_SCOPES,
    Client,
    FiscalYear,
)
from mlconnector.sandbox.kit import Route, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

CONDITION = re.compile(r"(consultant_number|client_number) eq ([1-9]\d{0,9})")
PAGE = 100


def environments(name: str, method: str, prefix: str, version: str, path: str, handler: Any) -> list[Route]:
    """The same resource under both environment segments: /platform/v2/... and /platform-sandbox/v2/..."""
    return [
        Route(name, method, f"{prefix}/platform/{version}{path}", handler),
        Route(f"{name}.sandbox", method, f"{prefix}/platform-sandbox/{version}{path}", handler),
    ]


class ClientsApi:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        routes = [
            *environments("clients.list", "GET", "/clients", "v2", "/clients", self.list),
            *environments("clients.one", "GET", "/clients", "v2", "/clients/<client_ref>", self.one),
        ]
        for api, lister in (("documents", self.documents_list), ("dxso", self.dxso_list)):
            routes += environments(f"{api}.clients", "GET", f"/{api}", "v2", "/clients", lister)
        return routes

    # --- accounting:clients -------------------------------------------------------------------------------
    def list(self, request: Request) -> Response:
        session = self.simulator.access.session(request, CLIENTS_SCOPE)
        wanted = _filter(request.args.get("filter", ""))
        found = [
            client
            for client in self.simulator.visible(session).values()
            if all(getattr(client, name) == number for name, number in wanted)
        ]
        return paged(request, [_with_services(client) for client in found])

    def one(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, CLIENTS_SCOPE, client_ref)
        return json_answer(_with_services(client), content_type=answers.UTF8_JSON)

    # --- the same clients as documents and dxso-jobs show them --------------------------------------------
    def documents_list(self, request: Request) -> Response:
        return self._plain_list(request, DOCUMENTS_SCOPE)

    def dxso_list(self, request: Request) -> Response:
        return self._plain_list(request, DXSO_SCOPE)

    def _plain_list(self, request: Request, scope: str) -> Response:
        session = self.simulator.access.session(request, READ_SCOPE)
        found = [client for client in self.simulator.visible(session).values() if client.has_service(scope)]
        if not found:
            raise answers.only_request_id(404)
        return json_answer([plain(client) for client in found], content_type=answers.UTF8_JSON)


def plain(client: Client) -> dict[str, Any]:
    return {
        "id": client.ref,
        "consultant_number": client.consultant_number,
        "client_number": client.client_number,
        "name": client.name,
    }


def _with_services(client: Client) -> dict[str, Any]:
    services = [{"name": name, "scopes": [*SERVICE_SCOPES[name]]} for name in client.services]
    return {**plain(client), "services": services}


def basics(client: Client) -> dict[str, Any]:
    """The last three fiscal years and whether Belege online exists."""
    years = sorted(client.fiscal_years, key=lambda year: year.start)[-3:]
    return {
        **plain(client),
        "is_document_management_available": client.has_belege_online,
        "basic_accounting_information": [_year(year, client) for year in years]
        if client.has_belege_online
        else [],
    }


def _year(year: FiscalYear, client: Client) -> dict[str, Any]:
    folders = client.ledger_folders
    return {
        "fiscal_year_start": year.start.isoformat(),
        "fiscal_year_end": year.end.isoformat(),
        "account_length": year.account_length,
        "datev_chart_of_accounts": year.chart,
        "ledgers": {
            "is_accounts_payable_ledger_available": bool(folders.get("accountsPayableLedgerImport")),
            "is_accounts_receivable_ledger_available": bool(folders.get("accountsReceivableLedgerImport")),
            "is_cash_ledger_available": bool(folders.get("cashLedgerImport")),
        },
    }


def document_types(client: Client) -> list[dict[str, str]]:
    shown = []
    for kind in client.document_types:
        one = {"name": kind.name, "category": kind.category}
        if kind.side:
            one["debit_credit_identifier"] = kind.side
        shown.append(one)
    return shown


def allowed_extensions(client: Client) -> list[str]:
    return NEXT_EXTENSIONS if client.is_duo_next else OLD_EXTENSIONS


def duo_version(client: Client) -> dict[str, Any]:
    allowed = allowed_extensions(client)
    return {
        "allowed_file_extensions": allowed,
        "allowed_staple_file_extensions": [extension for extension in allowed if extension != "xml"],
        "staple_logic": "physically" if client.is_duo_next else "logically",
    }


def paged(request: Request, items: list[Any]) -> Response:
    """One page of `items` with Total-Items and a Link header that is relative: a query string only."""
    skip, top = _number(request, "skip", 0), _number(request, "top", PAGE)
    if top < 1:
        raise _bad_query("top")
    top = min(top, PAGE)
    links = []
    if skip > 0:
        links.append(f'<?skip={max(0, skip - top)}&top={top}>;rel="prev"')
    if skip + top < len(items):
        links.append(f'<?skip={skip + top}&top={top}>;rel="next"')
    response = json_answer(items[skip : skip + top], content_type=answers.UTF8_JSON)
    response.headers["Total-Items"] = str(len(items))
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def _number(request: Request, name: str, default: int) -> int:
    text = request.args.get(name, "")
    if text and not text.isdigit():
        raise _bad_query(name)
    return int(text) if text else default


def _filter(text: str) -> list[tuple[str, int]]:
    wanted = []
    for part in text.split(" and ") if text else ():
        found = CONDITION.fullmatch(part.strip())
        if not found:
            raise _bad_query("filter")
        wanted.append((found[1], int(found[2])))
    return wanted


def _bad_query(name: str) -> Exception:
    detail = "Filter is invalid" if name == "filter" else "Paging parameters are invalid"
    return answers.problem(400, "1008828", detail, [(name, "Must be a positive integer")])
