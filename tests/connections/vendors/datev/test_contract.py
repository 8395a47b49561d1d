"""Our requests against DATEV's own specifications (the simulator's answers are held by its own tests)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from connections.models import Connection
from connections.vendors.datev import VENDOR
from connections.vendors.datev.api import DatevApi
from tests.connections.vendors.datev.conftest import BASE, CLIENT, connected, extf_file
from tests.contract import Contract, Deviation, spec_file

SPECS = (
    ("clients", "accounting-clients-2.0.json", "/clients/{platform}/v2"),
    ("documents", "accounting_documents-2.1.12.json", "/documents/{platform}/v2"),
    ("extf", "accounting_extf-files-3.0.1.json", "/extf/{platform}/v3"),
    ("dxso", "accounting_dxso-jobs-2.1.7.json", "/dxso/{platform}/v2"),
)
# Where the published file contradicts itself.
DEVIATIONS = (
    Deviation(
        "POST /clients/{client-id}/dxso-jobs", "is not a 'date'", "typed as a date, described as YYYY-MM"
    ),
)


@pytest.fixture(params=["production", "sandbox"])
def worked(request: pytest.FixtureRequest, db: None, datev: Any) -> Any:
    """The simulator after every call that the client can make."""
    addresses = datev.addresses(BASE, request.param)
    connection: Connection = connected(datev, environment=request.param, **addresses)
    api = DatevApi(connection)
    VENDOR.check(connection)
    for discover in VENDOR.discover.values():
        discover(connection, CLIENT)
    list(api.clients(consultant_number=455148, client_number=1))
    api.client(CLIENT)
    api.basics(CLIENT)
    api.duo_version(CLIENT)
    api.put_document(
        CLIENT,
        uuid4(),
        filename="Rechnung Müller.pdf",
        content=b"%PDF-1.4",
        document_type="Rechnungseingang",
        note="Asana 1201",
        category="ml-connector",
        folder="Rechnungen",
        register="2026/07",
    )
    name = "EXTF_ML_1.csv"
    job = api.import_extf(CLIENT, filename=name, reference="mlc-1", content=extf_file()).job_ref
    api.extf_job(CLIENT, job)
    api.find_extf_job(CLIENT, "mlc-1")
    sent = api.create_dxso_job(CLIENT, "accountsPayableLedgerImport", "2026-07").job_ref
    api.upload_dxso_file(CLIENT, sent, "document.xml", b"<archive/>")
    api.finalise_dxso_job(CLIENT, sent)
    api.dxso_status(CLIENT, sent)
    api.dxso_protocol(CLIENT, sent)
    api.delete_dxso_job(CLIENT, api.create_dxso_job(CLIENT, "cashLedgerImport", "2026-07").job_ref)
    return datev


@pytest.mark.parametrize(("api", "file", "prefix"), SPECS)
def test_nothing_that_we_send_breaks_the_specification(worked: Any, api: str, file: str, prefix: str) -> None:
    prefixes = [prefix.format(platform=platform) for platform in ("platform", "platform-sandbox")]
    contract = Contract(spec_file("datev", file), prefixes=prefixes, deviations=DEVIATIONS)
    calls = [call for call in worked.calls if call.path.startswith(f"/{api}/")]

    assert calls
    assert [one for one in contract.violations(calls) if ": answer: " not in one] == []


def test_both_environments_are_called_at_their_own_paths(worked: Any) -> None:
    paths = {
        call.path.split("/")[2] for call in worked.calls if not call.path.startswith(("/api", "/sandbox"))
    }

    assert len(paths) == 1
