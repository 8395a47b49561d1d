"""The simulated dxso-jobs: the state machine, and packages that are really read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from mlconnector.sandbox.datev import Client, DatevSimulator
from tests.contract import spec_file
from tests.sandbox.datev.caller import CLIENT, OTHER, PDF, Caller
from tests.sandbox.datev.packages import GUID, archive, document, ledger, ledger_row

PAYABLE = {"import_type": "accountsPayableLedgerImport", "accounting_month": "2026-07"}
SECOND = "8db85c02-4cc3-ff3e-06d7-7f87eeeccf3b"


class Jobs:
    """The dxso calls of one client."""

    def __init__(self, caller: Caller, client: str = CLIENT) -> None:
        self.caller = caller
        self.url = f"{caller.urls['dxso_url']}/clients/{client}/dxso-jobs"

    def create(self, info: Any = PAYABLE) -> requests.Response:
        body = info if isinstance(info, str) else json.dumps(info)
        headers = {**self.caller.headers, "Content-Type": "application/json"}
        return self.caller.http.post(self.url, headers=headers, data=body)

    def add(self, job: str, name: str, content: bytes, kind: str = "application/xml") -> requests.Response:
        files = {"files": (name, content, kind)}
        return self.caller.http.post(f"{self.url}/{job}/files", headers=self.caller.headers, files=files)

    def finalise(
        self, job: str, ready: Any = "true", kind: str = "application/merge-patch+json"
    ) -> requests.Response:
        headers = {**self.caller.headers, "Content-Type": kind}
        return self.caller.http.put(f"{self.url}/{job}", headers=headers, data=json.dumps({"ready": ready}))

    def delete(self, job: str) -> requests.Response:
        return self.caller.http.delete(f"{self.url}/{job}", headers=self.caller.headers)

    def status(self, job: str) -> requests.Response:
        return self.caller.http.get(f"{self.url}/{job}", headers=self.caller.headers)

    def entries(self, job: str) -> requests.Response:
        return self.caller.http.get(f"{self.url}/{job}/protocol-entries", headers=self.caller.headers)

    def sent(self, files: dict[str, bytes], info: Any = PAYABLE) -> tuple[int, list[dict[str, str]]]:
        """A whole job: status and protocol at its end."""
        job = self.create(info).json()["id"]
        for name, content in files.items():
            kind = "application/pdf" if name.endswith(".pdf") else "application/xml"
            assert self.add(job, name, content, kind).status_code == 201
        assert self.finalise(job).status_code == 204
        return self.status(job).json()["status"], self.entries(job).json()


@pytest.fixture
def jobs(caller: Caller) -> Jobs:
    return Jobs(caller)


def package(**changes: bytes) -> dict[str, bytes]:
    return {"document.xml": archive(), "RE-1.xml": ledger(), "RE-1.pdf": PDF, **changes}


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"].removeprefix("#")


def test_a_job_tells_account_length_and_folders(jobs):
    answer = jobs.create()

    assert answer.status_code == 201
    body = answer.json()
    assert len(body["id"]) == 32
    assert (body["account_length"], body["ledger_folder_names"]) == (4, ["Rechnungseingang"])
    assert jobs.create({"import_type": "cashLedgerImport", "accounting_month": "2026-07"}).json()[
        "cash_ledger_names"
    ] == ["Hauptkasse"]
    assert set(jobs.create({}).json()) == set(jobs.create("").json()) == {"id"}


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"import_type": "accountsPayableLedgerImport"}, "DCO01017"),
        ({"accounting_month": "2026-07"}, "DCO01017"),
        ({"import_type": "invoices", "accounting_month": "2026-07"}, "DCO01008"),
        ({**PAYABLE, "accounting_month": "2026-7"}, "DCO01008"),
        ({**PAYABLE, "accounting_month": "2024-12"}, "DCO01002"),
        ({**PAYABLE, "accounting_month": "2028-01"}, "DCO01002"),
        ({"import_type": "cashLedgerImport", "accounting_month": "2027-01"}, "DCO01002"),
        ("[", "DCO01008"),
    ],
)
def test_a_job_that_cannot_be_opened_is_refused(jobs, info, code):
    assert error_of(jobs.create(info)) == (400, code)


def test_the_next_fiscal_year_is_made_when_only_it_is_missing(jobs, caller):
    assert jobs.create({**PAYABLE, "accounting_month": "2027-01"}).status_code == 201

    years = caller.get("dxso_url", f"/clients/{CLIENT}").json()["basic_accounting_information"]
    assert [year["fiscal_year_end"] for year in years] == ["2025-12-31", "2026-12-31", "2027-12-31"]


def test_a_client_on_the_new_belege_online_is_refused(jobs, datev):
    job = jobs.create().json()["id"]
    datev.client(CLIENT).is_duo_next = True

    assert error_of(jobs.create()) == (400, "DCO01301")
    assert error_of(jobs.add(job, "document.xml", archive())) == (400, "DCO01301")


def test_a_package_becomes_document_and_proposal(jobs, datev):
    status, entries = jobs.sent(package())

    assert status == 2
    assert [entry["type"] for entry in entries] == ["information"] * 5
    received, taken, handed = entries[0], entries[3], entries[4]
    assert (received["text"], received["filename"]) == ("wurde empfangen!", "document.xml")
    assert taken["context"] == f"Beleg-ID Nr. {GUID.replace('-', '').upper()}"
    assert "Rechnungseingangsbuch" in handed["text"]
    assert datev.state()["documents"][0]["guid"] == GUID
    (booking,) = datev.state()["bookings"]
    assert {
        "route": "dxso",
        "client": CLIENT,
        "filename": "RE-1.xml",
        "amount": "119.00",
        "account": "4930",
        "contra_account": "70001",
        "bu_key": "9",
        "date": "2026-07-14",
        "document_field_1": "RE-1",
        "text": "Bürobedarf",
        "document_guids": [GUID],
    }.items() <= booking.items()


def test_states_follow_each_other(jobs, datev):
    datev.options.dxso_seconds = 60
    job = jobs.create().json()["id"]
    for name, content in package().items():
        jobs.add(job, name, content, "application/pdf" if name.endswith("pdf") else "text/xml")

    opened = jobs.status(job).json()
    jobs.finalise(job)
    running = jobs.status(job).json()["status"]
    datev.clock.advance(timedelta(seconds=60))

    assert opened == {"id": job, "status": 0}
    assert running == 1
    assert jobs.status(job).json()["status"] == 2


def test_nothing_changes_after_finalising(jobs):
    job = jobs.create().json()["id"]
    jobs.finalise(job)

    assert error_of(jobs.add(job, "late.xml", ledger())) == (400, "DCO01007")
    assert error_of(jobs.finalise(job)) == (400, "DCO01007")
    assert error_of(jobs.delete(job)) == (400, "DCO01007")


@pytest.mark.parametrize(
    ("ready", "kind"),
    [
        ("false", "application/merge-patch+json"),
        (None, "application/merge-patch+json"),
        ("true", "application/json"),
    ],
)
def test_finalising_needs_its_own_words(jobs, ready, kind):
    job = jobs.create().json()["id"]

    assert error_of(jobs.finalise(job, ready, kind)) == (400, "DCO01008")
    assert jobs.status(job).json()["status"] == 0
    assert jobs.finalise(job, True).status_code == 204


def test_an_open_job_can_be_deleted_and_is_gone(jobs):
    job = jobs.create().json()["id"]

    assert jobs.delete(job).status_code == 204

    assert jobs.status(job).status_code == jobs.entries(job).status_code == 404
    assert jobs.delete(job).status_code == jobs.finalise(job).status_code == 404
    assert error_of(jobs.add(job, "a.xml", b"<a/>")) == (400, "DCO01003")


def test_a_job_belongs_to_its_client(jobs, caller):
    job = jobs.create().json()["id"]

    assert Jobs(caller, OTHER).status(job).status_code == 404
    assert set(Jobs(caller, OTHER).status(job).json()) == {"request_id"}


def test_the_protocol_is_forgotten_after_two_months(jobs, datev):
    job = jobs.create().json()["id"]
    jobs.finalise(job)
    assert jobs.entries(job).json()

    datev.clock.advance(timedelta(days=60))
    caller = jobs.caller
    caller.sign_in()

    assert jobs.status(job).status_code == jobs.entries(job).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "kind", "code"),
    [
        ("package.zip", b"PK", "application/zip", "DCO01015"),
        ("RE-1.pdf", b"%PDF-" + b"x" * 20_000_000, "application/pdf", "DCO01016"),
        ("RE-1.pdf", PDF, "application/xml", "DCO01219"),
    ],
)
def test_files_are_checked_on_arrival(jobs, name, content, kind, code):
    assert error_of(jobs.add(jobs.create().json()["id"], name, content, kind)) == (400, code)


def test_one_file_per_call_under_the_right_name(jobs):
    job = jobs.create().json()["id"]
    url = f"{jobs.url}/{job}/files"

    for parts in (
        [("file", ("a.xml", b"<a/>", "text/xml"))],
        [("files", ("a.xml", b"<a/>", "text/xml"))] * 2,
    ):
        answer = jobs.caller.http.post(url, headers=jobs.caller.headers, files=parts)
        assert error_of(answer) == (400, "DCO01004")


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"RE-1.xml": ledger(), "RE-1.pdf": PDF}, "document.xml fehlt"),
        (package(**{"document.xml": b"<archive"}), "kann nicht geparst werden"),
        (package(**{"document.xml": b"<archive version='6.0'/>"}), "Namensraum"),
        (package(**{"document.xml": archive().replace(b'"6.0"', b'"5.0"')}), "version"),
        (package(**{"document.xml": archive().replace(b"10:15:00", b"10:15:00Z")}), "keine Ortszeit"),
        (
            package(**{"document.xml": archive(header="<consultantNumber>4711</consultantNumber>")}),
            "consultantNumber",
        ),
        ({"document.xml": archive(), "RE-1.xml": ledger()}, "'RE-1.pdf' wurde nicht"),
        (package(**{"document.xml": archive(document(folder=""))}), "Eigenschaften 1"),
        (package(**{"document.xml": archive(document(month="2026-7"))}), "Eigenschaften 1"),
        (package(**{"document.xml": archive(document(month="2026-08"))}), "passt nicht zur Übertragung"),
        (package(**{"document.xml": archive(document(folder="Unbekannt"))}), "'Unbekannt' gibt es nicht"),
        (package(**{"document.xml": archive(document(kind="accountsReceivableLedger"))}), "passt nicht"),
        (package(**{"document.xml": archive(document(guid="{x}"))}), "guid"),
        (package(**{"RE-1.xml": b"<LedgerImport/>"}), "Namensraum"),
        (package(**{"RE-1.xml": ledger(total="120.00")}), "entsprechen nicht"),
        (package(**{"RE-1.xml": ledger(ledger_row(invoiceId="RE-2"))}), "consolidatedInvoiceId"),
        (package(**{"RE-1.xml": ledger(ledger_row(currencyCode="USD"))}), "consolidatedCurrencyCode"),
        (package(**{"RE-1.xml": ledger(ledger_row(date="2026-08-01"))}), "liegt nicht im Monat"),
        (package(**{"RE-1.xml": ledger(ledger_row(date="2026-07-32"))}), "gibt es nicht"),
        (package(**{"RE-1.xml": ledger(ledger_row(amount="0.00"), total="0.00")}), "0.00"),
        (package(**{"RE-1.xml": ledger(ledger_row(amount="119,00"))}), "amount"),
        (package(**{"RE-1.xml": ledger(ledger_row(invoiceId=""))}), "invoiceId fehlt"),
        (package(**{"RE-1.xml": ledger(ledger_row(bpAccountNo="10001"))}), "kein Kreditor"),
        (package(**{"RE-1.xml": ledger(ledger_row(bpAccountNo="700001"))}), "nicht 5 Stellen"),
        (package(**{"RE-1.xml": ledger(ledger_row(accountNo="49300"))}), "mehr als 4 Stellen"),
        (package(**{"RE-1.xml": ledger(ledger_row(tax="19.00"))}), "Reihenfolge"),
        (package(**{"RE-1.xml": ledger(ledger_row(colour="red"))}), "unbekanntes"),
        (package(**{"RE-1.xml": ledger(ledger_row(), ledger_row("cashLedger"))}), "accountsPayableLedger"),
    ],
)
def test_a_faulty_package_is_not_taken(jobs, datev, files, text):
    status, entries = jobs.sent(files)

    assert status == 3
    assert text in " ".join(entry["text"] for entry in entries if entry["type"] == "error")
    assert datev.bookings() == []
    assert datev.state()["documents"] == []


def test_good_documents_of_a_partly_faulty_package_are_taken(jobs, datev):
    good, bad = document(), document(guid=SECOND, data="RE-2.xml", image="RE-2.pdf")
    files = package(**{"document.xml": archive(good, bad), "RE-2.xml": ledger(total="1.00"), "RE-2.pdf": PDF})

    status, entries = jobs.sent(files)

    assert status == 4
    assert [entry["filename"] for entry in entries if entry["type"] == "error"] == ["RE-2.pdf"]
    assert [kept["guid"] for kept in datev.state()["documents"]] == [GUID]
    assert len(datev.bookings()) == 1


def test_a_known_guid_is_skipped_without_a_word(jobs, datev):
    jobs.sent(package())

    status, entries = jobs.sent(package())

    assert status == 2
    assert {entry["text"] for entry in entries} == {"wurde empfangen!"}
    assert len(datev.bookings()) == 1


def test_rows_are_summed_and_credit_notes_are_negative(jobs, datev):
    rows = [ledger_row(amount="-100.00"), ledger_row(amount="-19.00", buCode="")]

    status, _ = jobs.sent(package(**{"RE-1.xml": ledger(*rows, total="-119.00")}))

    assert status == 2
    assert [booking["amount"] for booking in datev.bookings()] == ["-100.00", "-19.00"]


def test_a_file_that_nobody_names_is_warned_about(jobs):
    status, entries = jobs.sent(package(**{"extra.pdf": PDF}))

    assert status == 2
    assert [entry["filename"] for entry in entries if entry["type"] == "warning"] == ["extra.pdf"]


@pytest.mark.parametrize("forced", [3, 4, 5, 6])
def test_the_next_jobs_end_as_switched(jobs, datev, forced):
    datev.options.next_dxso = [forced]

    assert jobs.sent(package())[0] == forced
    assert jobs.sent(package())[0] == 2


def test_lost_answers_leave_the_state_that_a_status_call_shows(jobs, datev):
    datev.faults.add("dxso.finalise", drop="after")
    datev.faults.add("dxso.create", drop="after")

    with pytest.raises(requests.ConnectionError):
        jobs.create()
    job = jobs.create().json()["id"]
    with pytest.raises(requests.ConnectionError):
        jobs.finalise(job)

    assert jobs.status(job).json()["status"] == 3
    assert [known["status"] for known in datev.state()["dxso_jobs"]] == [0, 3]


def test_packages_are_validated_with_datevs_schema_where_it_is_at_hand(datev):
    folder = spec_file("datev-formats", "xsd-v060")
    caller = Caller(DatevSimulator([Client(455148, 1, "Muster GmbH")], xsd_dir=str(folder)))
    caller.sign_in()
    jobs = Jobs(caller)

    fine, _ = jobs.sent(package())
    too_long = ledger(ledger_row(information="x" * 121))
    wrong, entries = jobs.sent(
        package(**{"document.xml": archive(document(guid=SECOND)), "RE-1.xml": too_long})
    )

    assert fine == 2
    assert wrong == 3
    assert "Fehlernr=900" in entries[-1]["text"]
