"""Pages of the simulated DATEV for people, its control endpoints, and its command."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.serve import serve
from tests.sandbox.datev.caller import BASE, CLIENT, GUID, PDF, Caller, extf, row
from tests.sandbox.datev.packages import archive, ledger
from tests.sandbox.datev.test_dxso import Jobs


@pytest.fixture
def busy(caller: Caller) -> Caller:
    """A caller that has sent one document, one EXTF file and one XML job."""
    caller.put_document(metadata={"document_type": "Verträge", "note": "<b>fett</b>"})
    caller.imported(extf(row(c14="Bürobedarf <script>", c20=f'BEDI "{GUID}"')))
    Jobs(caller).sent({"document.xml": archive(), "RE-1.xml": ledger(), "RE-1.pdf": PDF})
    return caller


@pytest.mark.parametrize("path", ["/", "/documents", "/files", "/xml-jobs", "/sessions"])
def test_every_page_opens_empty_and_full(busy, path):
    assert DatevSimulator.name in busy.http.get(f"{BASE}{path}").text.lower()
    busy.simulator.reset()
    assert busy.http.get(f"{BASE}{path}").status_code == 200


def test_a_file_is_shown_with_header_and_rows(busy, datev):
    (job_id,) = datev.store.uploads

    page = busy.http.get(f"{BASE}/files/{job_id}").text

    for text in (
        "Buchungstext",
        "Bürobedarf &lt;script&gt;",
        "119,00",
        "Beraternummer",
        "455148",
        "Beleglink",
    ):
        assert text in page
    assert "<script>" not in page
    assert busy.http.get(f"{BASE}/files/{job_id}/raw").content == datev.store.uploads[job_id].content


def test_an_unreadable_file_is_shown_all_the_same(caller, datev):
    caller.imported(b'"broken\r\nline two\r\n"unclosed;1\r\n')
    (job_id,) = datev.store.uploads

    page = caller.http.get(f"{BASE}/files/{job_id}")

    assert page.status_code == 200
    assert "Missing columns" in page.text


def test_documents_are_shown_and_can_be_opened(busy):
    page = busy.http.get(f"{BASE}/documents").text

    assert "&lt;b&gt;fett&lt;/b&gt;" in page
    assert busy.http.get(f"{BASE}/documents/file/{CLIENT}/{GUID}/0").content == PDF


def test_an_xml_job_is_shown_with_its_protocol(busy, datev):
    (job_id,) = datev.store.dxso_jobs

    page = busy.http.get(f"{BASE}/xml-jobs/{job_id}").text

    assert "wurde in die Belegverwaltung übernommen!" in page
    assert "RE-1" in page


@pytest.mark.parametrize(
    "path", ["/files/none", "/files/none/raw", "/xml-jobs/none", "/documents/file/a/b/0"]
)
def test_unknown_things_are_not_there(caller, path):
    assert caller.http.get(f"{BASE}{path}").status_code == 404


def test_a_person_arms_how_the_next_jobs_end(caller, datev):
    caller.http.post(f"{BASE}/switches/next-job", data={"code": "1008837"})
    caller.http.post(f"{BASE}/switches/next-job", data={"code": "nonsense"})
    caller.http.post(f"{BASE}/switches/next-dxso", data={"status": "4"})
    caller.http.post(f"{BASE}/switches/next-dxso", data={"status": "99"})

    assert (datev.options.next_jobs, datev.options.next_dxso) == (["1008837"], [4])
    assert "1008837" in caller.http.get(f"{BASE}/").text
    assert caller.imported()["validation_details"]["title"] == "Try again"


def test_options_can_be_set_from_outside_and_are_put_back_by_a_reset(caller, datev):
    done = caller.http.post(f"{BASE}/_sim/options", json={"next_jobs": ["1008836"], "job_seconds": 5})
    refused = caller.http.post(f"{BASE}/_sim/options", json={"colour": "red"})

    assert (done.json()["next_jobs"], refused.status_code) == (["1008836"], 400)
    caller.http.post(f"{BASE}/_sim/reset")
    assert (datev.options.next_jobs, datev.options.job_seconds) == ([], 0.0)


def test_options_of_the_start_survive_a_reset():
    simulator = DatevSimulator(job_seconds=7, next_jobs=["1008837"])
    simulator.options.job_seconds = 1
    simulator.options.next_jobs.clear()

    simulator.reset()

    assert (simulator.options.job_seconds, simulator.options.next_jobs) == (7, ["1008837"])


def test_it_serves_on_loopback_with_its_own_addresses(datev):
    with serve(datev) as server, requests.Session() as session:
        urls = DatevSimulator.addresses(server.url)
        token = datev.sign_in(["datev:accounting:clients"])["access_token"]
        headers = {"Authorization": f"Bearer {token}", "X-DATEV-Client-Id": datev.apps[0].client_id}

        answer = session.get(f"{urls['clients_url']}/clients", headers=headers, timeout=10)

    assert [client["id"] for client in answer.json()] == ["455148-1", "455148-2"]


def test_quirks_travel_in_chunks_over_a_real_socket():
    simulator = DatevSimulator(quirks=True)
    with serve(simulator) as server, requests.Session() as session:
        urls = DatevSimulator.addresses(server.url)
        token = simulator.sign_in(["datev:accounting:clients"])["access_token"]
        headers = {"Authorization": f"Bearer {token}", "X-DATEV-Client-Id": simulator.apps[0].client_id}

        answer = session.get(f"{urls['clients_url']}/clients", headers=headers, timeout=10)

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()[0]["client_number"] == "1"


def test_the_command_tells_where_it_listens():
    command = [sys.executable, "-m", "mlconnector.sandbox.datev", "--port", "0", "--delay", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        address = lines[0].split()[-1]
        state = requests.get(f"{address}_sim/state", timeout=10).json()
        process.terminate()

    assert "authorize_url" in lines[2]
    assert state["options"]["job_seconds"] == 2.0
