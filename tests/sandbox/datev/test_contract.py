"""The simulator's answers, and requests made by hand, against DATEV's own OpenAPI files."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
import requests

from mlconnector.sandbox.datev import DatevSimulator
from tests.sandbox.datev.caller import BASE, CLIENT, PDF, Caller, extf, with_header
from tests.sandbox.datev.packages import archive, document, ledger
from tests.sandbox.datev.spec import contract
from tests.sandbox.datev.test_dxso import SECOND, Jobs


def violations(datev: DatevSimulator, api: str) -> list[str]:
    calls = [call for call in datev.calls if call.path.startswith(f"/{api}/")]
    assert calls, "nothing was called"
    return contract(api).violations(calls)


@pytest.fixture(params=["production", "sandbox"])
def caller(datev, request) -> Caller:
    caller = Caller(datev, request.param)
    caller.sign_in()
    return caller


def test_clients_keep_to_the_contract(datev, caller):
    caller.get("clients_url", "/clients", top=1)
    caller.get("clients_url", "/clients", skip=1, filter="client_number eq 2")
    caller.get("clients_url", "/clients", skip="x")
    for ref in (CLIENT, "1-1"):
        caller.get("clients_url", f"/clients/{ref}")
    caller.sign_in(("openid",))
    caller.get("clients_url", "/clients")
    caller.use("dead")
    caller.get("clients_url", "/clients")

    assert violations(datev, "clients") == []


def test_documents_keep_to_the_contract(datev, caller):
    for path in ("", f"/{CLIENT}", f"/{CLIENT}/document-types", f"/{CLIENT}/duo-version", "/9-9"):
        caller.get("documents_url", f"/clients{path}")
    metadata = {"document_type": "Verträge", "note": "Notiz"}
    assert caller.put_document(metadata=metadata).status_code == 201
    assert caller.put_document(metadata=metadata).status_code == 409
    caller.put_document(name="a.zip")
    url = f"{caller.urls['documents_url']}/clients/{CLIENT}/documents"
    caller.http.post(url, headers=caller.headers, files={"file": ("a.pdf", PDF, "application/pdf")})
    files = [("files", ("a.pdf", PDF, "application/pdf")), ("files", ("b.pdf", PDF, "application/pdf"))]
    assert caller.http.put(f"{url}/stapled", headers=caller.headers, files=files).status_code == 201
    caller.sign_in(("openid",))
    caller.get("documents_url", f"/clients/{CLIENT}")

    assert violations(datev, "documents") == []


def test_extf_files_keep_to_the_contract(datev, caller):
    datev.options.next_jobs = ["", "1008837"]
    for content in (extf(), extf(), extf(header=with_header(f14="9"))):
        caller.imported(content)
    caller.jobs(top=1, skip=1)
    caller.jobs(top="x")
    caller.job("17")
    caller.import_file(b"")
    caller.import_file(Content_Type="text/csv")
    caller.import_file(b"x" * 50_000_001)
    datev.options.job_seconds = 60
    assert caller.imported()["result"] == "pending"

    assert violations(datev, "extf") == []


def test_dxso_jobs_keep_to_the_contract(datev, caller):
    jobs = Jobs(caller)
    package = {"document.xml": archive(), "RE-1.xml": ledger(), "RE-1.pdf": PDF}
    assert jobs.sent(package)[0] == 2
    assert jobs.sent({"document.xml": archive(document(guid=SECOND))})[0] == 3
    jobs.create({"import_type": "x"})
    job = jobs.create({}).json()["id"]
    jobs.delete(job)
    jobs.status(job)
    caller.get("dxso_url", "/clients")
    caller.get("dxso_url", f"/clients/{CLIENT}")

    assert violations(datev, "dxso") == []


class Recorded:
    """A call as a simulator would record it, with a chosen answer."""

    def __init__(self, path: str, answer: object, *, query: str = "", headers: Iterable[str] = ()) -> None:
        self.method, self.path, self.query_string, self.body = "GET", path, query, b""
        self.status, self.drop = 200, ""
        self.headers = {"Authorization": "Bearer x", "X-DATEV-Client-Id": "x"}
        for name in headers:
            del self.headers[name]
        self.answer_headers = {"Content-Type": "application/json;charset=utf-8"}
        self.answer = answer

    def answer_json(self) -> object:
        return json.loads(json.dumps(self.answer))


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (Recorded("/clients/platform/v2/clients", [{"id": 7}]), "7 is not of type 'string'"),
        (Recorded("/clients/platform/v2/clients", [{"ident": "7"}]), "answer[0].ident is not declared"),
        (
            Recorded("/clients/platform/v2/clients", [], query="page=2"),
            "query parameter 'page' does not exist",
        ),
        (Recorded("/clients/platform/v2/clients", [], headers=["X-DATEV-Client-Id"]), "security"),
        (Recorded("/clients/platform/v2/elsewhere", []), "not in the specification"),
    ],
)
def test_the_checker_sees_what_is_wrong(call, fault):
    (found,) = contract("clients").violations([call])

    assert fault in found


def test_a_dropped_answer_is_not_judged(datev, caller):
    datev.faults.add("* /clients", drop="after")

    with pytest.raises(requests.ConnectionError):
        caller.get("clients_url", "/clients")

    assert violations(datev, "clients") == []
    assert BASE not in str(datev.calls[-1].path)
