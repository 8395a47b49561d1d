"""`manage.py demo --once` as anybody types it: a process of its own, real ports, every sum compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bookings.validation import labels
from mlconnector.demo import pdf
from mlconnector.demo.acts import ACTS
from mlconnector.demo.acts.asana_datev import books, report, tasks
from mlconnector.demo.acts.asana_datev.names import BOOKED, PROJECTS, TO_CHECK
from mlconnector.demo.stands import STANDS
from pairs.models import RecordState
from pairs.registry import pairs
from tests.settings import KIND

ROOT = Path(__file__).resolve().parent.parent
ONLY_ON_SQLITE = pytest.mark.skipif(
    KIND != "sqlite",
    reason="The demonstration brings a SQLite database of its own: it is shown once, in the tests on SQLite.",
)
LONGEST_SECONDS = 400


def demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--once", "--folder", str(folder), *options],
        cwd=ROOT,
        env=environment | {"ENVIRONMENT": "development", "ENV_FILE": os.devnull},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Iterator[dict[str, tuple[int, str]]]:
    """(exit code, output) of an act, and of one in which a booking gets lost; both run together.

    The whole demonstration is run by `.ci/run`, as anybody types it.
    """
    running = {
        "sound": demo(tmp_path_factory.mktemp("sound"), "--act", "asana_datev"),
        "planted": demo(tmp_path_factory.mktemp("planted"), "--act", "asana_datev", "--plant", "lost"),
    }
    try:
        outputs = {name: process.communicate(timeout=LONGEST_SECONDS)[0] for name, process in running.items()}
        yield {name: (process.returncode, outputs[name]) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait()


@ONLY_ON_SQLITE
def test_the_demonstration_keeps_every_promise(ended):
    code, output = ended["sound"]
    assert code == 0, output
    assert "Everything is as it must be" in output

    sums = next(line for line in output.splitlines() if line.startswith("Together"))
    entered, booked, changed, parked, not_approved, documents, jobs = map(int, sums.split()[1:])
    assert entered == booked + changed + parked + not_approved == len(tasks.INVOICES)
    assert booked + changed >= 25
    assert parked >= 6
    assert re.search(rf"^  {booked + changed} bookings, none of them repeated$", output, re.MULTILINE)
    assert f"  {documents} document files, {documents} different ones" in output
    accepted = re.search(r"jobs: (\d+) DXSO succeeded, (\d+) EXTF succeeded$", output, re.MULTILINE)
    assert accepted and sum(map(int, accepted.groups())) == jobs
    assert f"  {booked + changed + parked} results written back" in output


@ONLY_ON_SQLITE
def test_a_booking_that_is_lost_ends_the_demonstration_with_an_error(ended):
    code, output = ended["planted"]
    assert code == 1, output
    lost = re.findall(r"NOT AS IT MUST BE: (\S+): 0 bookings in DATEV instead of one", output)
    assert lost and set(lost) <= {invoice.number for invoice in tasks.INVOICES}
    assert "Everything is as it must be" not in output


@ONLY_ON_SQLITE
def test_nothing_is_left_running(ended):
    """The web server of a demonstration ends with it."""
    for _, output in ended.values():
        folder = re.search(r"Make a new database in (\S+)", output)
        assert folder
        left = [
            path
            for path in Path("/proc").glob("[0-9]*/environ")
            if os.access(path, os.R_OK) and f"DEMO_FOLDER={folder[1]}".encode() in _content(path)
        ]
        assert left == []


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # The process has ended in between.
        return b""


# --- The comparison ---

TODAY = date(2026, 11, 21)


def as_it_must_be() -> report.Vendors:
    """What the vendors hold after a demonstration without any deviation."""
    numbers = [invoice.number for invoice in tasks.INVOICES]
    booked = [invoice for invoice in tasks.INVOICES if invoice.is_booked]
    attached = {i.number: [f"{i.number}/{n}" for n in range(i.files)] for i in tasks.INVOICES}
    told = {i.number: BOOKED if i.is_booked else TO_CHECK if i.is_refused else None for i in tasks.INVOICES}
    return report.Vendors(
        bookings=[
            {
                "document_field_1": invoice.number,
                "client": books.reference(PROJECTS[invoice.project]),
                "amount": invoice.amount,
                "date": invoice.on(TODAY).isoformat(),
                "account": books.partner_number(PROJECTS[invoice.project], invoice.partner),
                "contra_account": invoice.account,
                "bu_key": books.TAX_CASES.get(invoice.tax, ""),
                "currency": invoice.currency or "EUR",
            }
            for invoice in booked
        ],
        files=Counter(file for invoice in booked for file in attached[invoice.number]),
        jobs=Counter({"EXTF succeeded": 3}),
        findings=[],
        repeated=[],
        results=told,
        written=Counter(number for number in numbers if told[number]),
        comments=Counter(
            invoice.number
            for invoice in tasks.INVOICES
            if told[invoice.number] and invoice.project == tasks.TOOLS
        ),
        gids={number: number for number in numbers},
        attached=attached,
    )


def deviations(there: report.Vendors) -> list[str]:
    found = [*report._bookings(there, TODAY), *report._documents(there), *report._write_backs(there)]
    assert all(": " in line or "files are in DATEV" in line for line in found)
    return [line.partition(": ")[0] for line in found if "files are in DATEV" not in line]


def test_nothing_is_reported_when_all_is_as_it_must_be():
    assert deviations(as_it_must_be()) == []


def test_a_booking_with_other_values_is_named():
    for name, value in (
        ("amount", "1.00"),
        ("client", "455148-9"),
        ("date", "2026-01-01"),
        ("account", "79999"),
        ("bu_key", "40"),
        ("currency", "GBP"),
    ):
        there = as_it_must_be()
        there.bookings[0][name] = value
        assert deviations(there) == [there.bookings[0]["document_field_1"]], name


def test_a_booking_that_nobody_approved_or_that_came_twice_is_named():
    there = as_it_must_be()
    there.bookings += [dict(there.bookings[0]), {"document_field_1": "WB-1201"}]
    assert deviations(there) == [there.bookings[0]["document_field_1"], "WB-1201"]


def test_a_document_that_is_missing_or_there_twice_or_not_wanted_is_named():
    there = as_it_must_be()
    there.files["WB-1001/0"] = 0
    there.files["WB-1003/1"] = 2
    there.files["WB-1101/0"] = 1
    assert sorted(deviations(there)) == ["WB-1001", "WB-1003", "WB-1101"]


def test_a_result_that_is_missing_or_wrong_or_written_twice_is_named():
    there = as_it_must_be()
    there.results = {**there.results, "WB-1001": None}
    there.written["WB-1002"] = 2
    there.comments["WB-1003"] = 0
    there.written["WB-1202"] = 1
    assert sorted(deviations(there)) == ["WB-1001", "WB-1002", "WB-1003", "WB-1202"]


# --- What is played, and the data ---


def test_every_pair_is_played():
    assert {act.pair for act in ACTS} == set(pairs())
    assert {
        vendor for pair in pairs().values() for vendor in (pair.source_vendor, pair.target_vendor)
    } <= set(STANDS)


def test_no_two_stands_want_the_same_port():
    usual = [port for stand in STANDS.values() for port in stand.ports.values()]
    assert len(set(usual)) == len(usual)


def test_the_invoices_show_what_they_are_to_show():
    booked = [invoice for invoice in tasks.INVOICES if invoice.is_booked]
    refused = [invoice for invoice in tasks.INVOICES if invoice.is_refused]
    assert len(booked) >= 25 and len(refused) >= 6
    assert {invoice.month for invoice in booked} == {tasks.EARLIER, tasks.LATER}
    assert {invoice.project for invoice in booked} == {tasks.TOOLS, tasks.GARDEN, tasks.SALES}
    assert {invoice.currency for invoice in booked} >= {"CHF", "USD"}
    assert {invoice.tax for invoice in booked} >= {tasks.ACQUISITION, tasks.REVERSE_CHARGE}
    for is_shown in (
        any(invoice.is_credit_note for invoice in booked),
        any(invoice.vat_id for invoice in booked),
        any(invoice.cost_center for invoice in booked),
        any(invoice.files > 1 for invoice in booked),
        any("ü" in invoice.text for invoice in booked),
        any(invoice.changed_amount for invoice in booked),
        {invoice.status for invoice in tasks.INVOICES} >= {"approved", "pending", "rejected"},
    ):
        assert is_shown
    assert {fault for invoice in refused for fault in invoice.faults} >= {
        labels.AMOUNT,
        labels.CONTRA_ACCOUNT,
        labels.BU_KEY,
        labels.DOCUMENT_DATE,
        labels.DOCUMENT_FIELD_1,
        tasks.ATTACHMENT,
    }


def test_each_invoice_has_a_number_of_its_own():
    numbers = [invoice.number for invoice in tasks.INVOICES]
    assert len(set(numbers)) == len(numbers)


def test_files_of_several_bookings_fill_up_by_themselves():
    """Nobody waits for the time limit of a file: the bookings of each month make whole files."""
    for project, count in ((tasks.GARDEN, 3), (tasks.SALES, 2)):
        for month in (tasks.EARLIER, tasks.LATER):
            booked = [
                invoice
                for invoice in tasks.INVOICES
                if invoice.project == project and invoice.month == month and invoice.is_booked
            ]
            assert booked and len(booked) % count == 0


@pytest.mark.parametrize("today", [date(2026, month, day) for month in range(1, 13) for day in (1, 28)])
def test_the_demonstration_works_on_every_day_of_the_year(today):
    """Each date lies in a fiscal year; only the invoice that must be refused for it is in a closed period."""
    years = {
        year["start"].year: year["closed_until"] for year in books.clients("DATEV", today)[0]["fiscal_years"]
    }
    for invoice in tasks.INVOICES:
        on = invoice.on(today)
        closed_until = years[on.year]
        assert (closed_until is not None and on <= closed_until) == (invoice.month == tasks.CLOSED), on
        assert invoice.state != RecordState.DONE or on < today


def test_a_page_is_a_valid_pdf():
    content = pdf.page(("Größe (netto) \\ 5 €", "zweite Zeile"))
    start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    assert content[start:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(content[start:].splitlines()[3:8], start=1):
        assert content[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)
    stream = content.partition(b">>stream\n")[2].partition(b"\nendstream")[0]
    assert b"/Length %d>>" % len(stream) in content
    assert "(Größe \\(netto\\) \\\\ 5 €)".encode("cp1252") in stream
