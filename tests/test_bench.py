"""`make bench`: every promised figure is told as a JSON object on a line of its own. No time is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connections import http, limits
from mlconnector.bench import bills
from mlconnector.bench.figures import FIGURES, MEASUREMENTS, Figure
from mlconnector.bench.sizes import SMALL

ROOT = Path(__file__).resolve().parent.parent
on_its_own_database = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "postgres",
    reason="The bench makes its own databases, whatever the tests run on: seen on SQLite already.",
)
PROMISED = {
    "vendor_calls_per_task_backfill": 4.5,
    "vendor_calls_single_webhook": 8,
    "vendor_calls_per_invoice": 3.4,
    "asana_writes_per_bill": 1.1,
    "acumatica_lists_per_100_bills": 1.2,
    "cpu_ms_per_record_sqlite": None,
    "cpu_ms_per_record_postgresql": None,
    "webhook_intake_per_second": None,
    "webhook_intake_p50_ms": None,
    "webhook_intake_p95_ms": None,
    "extf_99999_seconds": None,
    "extf_99999_peak_mb": None,
    "extf_ratio_to_csv_writer": 4,
    "webhook_to_datev_latency": None,
    "per_record_cost_10k_sqlite": None,
    "per_record_cost_200k_sqlite": None,
    "per_record_cost_ratio_sqlite": 1.3,
    "per_record_cost_10k_postgresql": None,
    "per_record_cost_200k_postgresql": None,
    "per_record_cost_ratio_postgresql": 1.3,
}


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A small run, beside an installation whose database must stay as it is: not there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")} | {
        "ENVIRONMENT": "development",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{folder / 'own.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "mlconnector.settings",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_every_promised_figure_is_measured_with_its_goal():
    assert {name: FIGURES[name].goal for name in PROMISED} == PROMISED


def test_no_figure_is_measured_twice_and_the_whole_ends_in_time():
    names = [figure.name for measurement in MEASUREMENTS for figure in measurement.figures]
    assert len(names) == len(set(names))
    assert all(measurement.most_seconds <= 120 for measurement in MEASUREMENTS)


@pytest.mark.parametrize(("value", "met"), [(4.4, True), (4.5, True), (4.51, False)])
def test_a_line_says_whether_the_goal_is_met(value, met):
    line = json.loads(Figure("calls", "calls", 4.5).line(value))
    assert line == {"name": "calls", "value": value, "unit": "calls", "goal": 4.5, "met": met}


def test_a_line_without_a_goal_does_not_judge():
    line = json.loads(Figure("seconds", "s").line(1.23456))
    assert line == {"name": "seconds", "value": 1.235, "unit": "s", "goal": None}


@on_its_own_database
def test_calls_are_counted_and_kept_low(tmp_path):
    """Also with a fifth of the tasks, and counted at the vendors."""
    figures = told(bench(tmp_path, "--small", "--only", "vendor_calls"))
    assert set(figures) == {name for name in PROMISED if name.startswith("vendor_calls")}
    assert all(figure["met"] for figure in figures.values())
    assert figures["vendor_calls_per_task_backfill"]["value"] >= 4
    assert figures["vendor_calls_per_invoice"]["value"] >= 2
    assert not (tmp_path / "own.sqlite3").exists()


def test_a_bill_is_one_write_and_bills_are_read_in_pages(db, monkeypatch, capsys):
    """In this process, which costs no second database."""
    for address in (bills.ACUMATICA, bills.ASANA):
        monkeypatch.setitem(http.mounted, address, None)
    monkeypatch.setattr(limits, "time", limits.time)
    bills.measure(SMALL)
    writes, lists = map(json.loads, capsys.readouterr().out.splitlines())
    assert (writes["name"], lists["name"]) == ("asana_writes_per_bill", "acumatica_lists_per_100_bills")
    assert 1 <= writes["value"] <= writes["goal"] and lists["value"] == 1


@on_its_own_database
@pytest.mark.parametrize("only", ["cpu_ms_per_record_sqlite", "per_record_cost_200k_sqlite", "extf"])
def test_a_small_run_measures_what_is_asked_for(tmp_path, only):
    figures = told(bench(tmp_path, "--small", "--only", only))
    assert set(figures) == {name for name in FIGURES if name.startswith(only)}
    assert all(figure["value"] > 0 for figure in figures.values())


def test_an_unknown_figure_is_named_with_those_there_are(tmp_path):
    done = bench(tmp_path, "--only", "speed")
    assert done.returncode != 0
    assert "No figure begins with 'speed'" in done.stderr
    assert "webhook_intake_per_second" in done.stderr
