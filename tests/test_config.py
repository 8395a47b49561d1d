"""A whole installation as a file: written, compared, applied; all or nothing, and never a secret."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError

from bookings.models import Account, DatevClient, TaxKey
from connections.models import AuditEntry, Connection
from mlconnector.config import applying, exporting, reading
from pairs.models import FieldMapping, Integration, ValueTable, ValueTableRow

pytestmark = pytest.mark.django_db

SECRETS = {"MUSTER_PAT": "planted-personal-token", "MUSTER_APP": "planted-app-secret"}
# Things and rows of the file.
EVERYTHING = 20
FILE = """
version: 1
connections:
- name: Asana Muster
  vendor: asana
  settings: {sign_in: pat, base_url: "https://asana.example/api/1.0", oauth_url: "https://asana.example/-"}
  secrets: {pat: "env:MUSTER_PAT"}
- name: DATEV Muster
  vendor: datev
  settings: {client_id: abc, token_mode: short}
  secrets: {client_secret: "env:MUSTER_APP"}
datev_clients:
- consultant_number: 455148
  client_number: 1
  name: Muster Werkzeugbau GmbH
  connection: DATEV Muster
  chart: "03"
  account_length: 4
  fiscal_years:
  - {start: 2026-01-01, end: 2026-12-31, closed_until: 2026-03-31}
  accounts:
  - {number: 4930, name: Bürobedarf}
  - {number: 3400, name: Wareneingang 19 % Vorsteuer, is_automatic: true}
  partners:
  - {number: 70001, name: Müller & Söhne, city: Musterstadt}
  cost_centers:
  - {number: 0100, name: Büro}
  tax_keys:
  - {bu_key: 9, meaning: Vorsteuer 19 %, rate: 0.19, direction: purchase, is_confirmed: true}
value_tables:
- name: Steuerfälle
  rows:
  - {source_value: 1201, source_label: 19 % Vorsteuer, target_value: 9}
integrations:
- name: Eingangsrechnungen
  pair: asana_datev
  source: Asana Muster
  target: DATEV Muster
  is_on: true
  settings: {project: "1200", datev_client: 455148-1, begin_on: 2026-01-01}
  mappings:
  - {flow: tasks, way: into, target_field: amount, kind: amount, source_field: 1}
  - {flow: tasks, way: into, target_field: side, kind: constant, constant: H}
  - {flow: tasks, way: into, target_field: account, source_field: 2}
  - {flow: tasks, way: into, target_field: contra_account, kind: account, source_field: 3}
  - {flow: tasks, way: into, target_field: document_date, kind: date, source_field: 4}
  - {flow: tasks, way: into, target_field: document_field_1, source_field: 5}
  - {flow: tasks, way: into, target_field: bu_key, kind: table, source_field: 6, table: Steuerfälle}
  - {flow: tasks, way: back, target_field: result, source_field: 7, update_mode: if_empty}
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def document(text: str = FILE) -> dict[str, Any]:
    read, faults = reading.read(text)
    assert faults == []
    return read


def apply(wanted: dict[str, Any]) -> list[str]:
    """The changes of a document that has no fault."""
    report = applying.run(wanted, is_check=False, by="erika")
    assert report.faults == []
    return report.changes


def faults(wanted: dict[str, Any] | str) -> list[str]:
    """The faults of a document; nothing of it is stored."""
    before = exporting.document()
    if isinstance(wanted, str):
        wanted, wrong = reading.read(wanted)
        assert not wrong
    report = applying.run(wanted, is_check=False)
    assert exporting.document() == before
    assert not AuditEntry.objects.filter(action="config.applied").exists()
    return report.faults


def emptied() -> None:
    for model in (Integration, ValueTable, DatevClient, Connection):
        model.objects.all().delete()


# --- There and back ---


def test_an_installation_moves_to_an_empty_database_and_is_the_same(monkeypatch):
    apply(document())
    exported = exporting.dump(exporting.document())
    emptied()
    monkeypatch.setenv("ASANA_MUSTER_PAT", "other-token")
    monkeypatch.setenv("DATEV_MUSTER_CLIENT_SECRET", "other-secret")

    apply(document(exported))

    assert exporting.dump(exporting.document()) == exported
    assert Connection.objects.get(name="Asana Muster").secrets == {"pat": "other-token"}


def test_the_export_names_every_value_of_the_file():
    apply(document())
    found = exporting.document()
    client = found["datev_clients"][0]
    assert (client["connection"], client["chart"], client["account_length"]) == ("DATEV Muster", "03", 4)
    assert client["accounts"][0] == {
        "number": "3400",
        "name": "Wareneingang 19 % Vorsteuer",
        "is_automatic": True,
    }
    assert client["tax_keys"][0]["rate"] == "0.19"
    assert {row["target_field"]: row for row in found["integrations"][0]["mappings"]}["bu_key"] == {
        "flow": "tasks",
        "way": "into",
        "target_field": "bu_key",
        "kind": "table",
        "source_field": "6",
        "table": "Steuerfälle",
    }


def test_applying_twice_changes_nothing_the_second_time():
    assert len(apply(document())) == EVERYTHING
    entries = AuditEntry.objects.count()
    histories = Integration.history.count() + Account.history.count()

    assert apply(document()) == []

    assert AuditEntry.objects.count() == entries
    assert Integration.history.count() + Account.history.count() == histories


def test_check_tells_what_would_change_and_stores_nothing():
    report = applying.run(document(), is_check=True)
    assert (len(report.changes), report.faults) == (EVERYTHING, [])
    assert not Connection.objects.exists()
    assert not AuditEntry.objects.exists()


def test_only_what_differs_is_changed_and_told_with_both_values():
    apply(document())
    wanted = document()
    wanted["datev_clients"][0]["name"] = "Muster Bau GmbH"
    assert apply(wanted) == [
        "datev_clients '455148-1': name: 'Muster Werkzeugbau GmbH' -> 'Muster Bau GmbH'",
    ]


def test_things_that_the_file_does_not_name_stay_and_rows_that_it_does_not_list_go():
    apply(document())
    wanted = document()
    del wanted["value_tables"], wanted["integrations"]
    client = wanted["datev_clients"][0]
    client["accounts"] = client["accounts"][:1]
    del client["partners"]

    assert apply(wanted) == [
        "datev_clients '455148-1' accounts: '3400 Wareneingang 19 % Vorsteuer' removed",
    ]

    assert Integration.objects.count() == ValueTableRow.objects.count() == 1
    assert DatevClient.objects.get().partners.count() == 1


def test_a_row_that_says_less_than_before_goes_back_to_the_defaults():
    apply(document())
    wanted = document()
    wanted["datev_clients"][0]["accounts"][1] = {"number": "3400", "name": "Wareneingang 19 % Vorsteuer"}
    apply(wanted)
    assert not Account.objects.get(number="3400").is_automatic


# --- Secrets ---


def test_secrets_come_from_the_environment_and_are_never_written_anywhere():
    changes = apply(document())
    connection = Connection.objects.get(name="Asana Muster")
    assert connection.secrets == {"pat": "planted-personal-token"}
    exported = exporting.dump(exporting.document())
    told = [exported, str(changes), *(str(entry.details) for entry in AuditEntry.objects.all())]
    histories = [str(vars(row)) for row in Connection.history.all()]
    assert not [text for text in (*told, *histories) for secret in SECRETS.values() if secret in text]
    assert "pat: env:ASANA_MUSTER_PAT" in exported


def test_a_changed_secret_is_told_by_its_name_alone(monkeypatch):
    apply(document())
    monkeypatch.setenv("MUSTER_PAT", "rotated-token")
    assert apply(document()) == ["connections 'Asana Muster': secret pat"]
    assert Connection.objects.get(name="Asana Muster").secrets == {"pat": "rotated-token"}


def test_two_connections_of_nearly_the_same_name_do_not_share_a_variable():
    Connection.objects.create(name="Asana Muster", vendor="asana", secrets={"pat": "one"})
    Connection.objects.create(name="Asana-Muster", vendor="asana", secrets={"pat": "two"})
    shown = [found["secrets"]["pat"] for found in exporting.document()["connections"]]
    assert len(set(shown)) == 2


@pytest.mark.parametrize("written", ["planted-personal-token", "env:", None, 7])
def test_a_secret_itself_in_the_file_is_refused_and_not_repeated(written):
    wanted = document()
    wanted["connections"][0]["secrets"]["pat"] = written
    found = faults(wanted)
    assert found[0].startswith("connections 'Asana Muster' secrets pat: write env:NAME")
    assert "planted" not in " ".join(found)


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("MUSTER_PAT")
    assert (
        "connections 'Asana Muster' secrets pat: the environment variable MUSTER_PAT is not set."
        in faults(FILE)
    )


# --- Faults ---


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("vendor: asana", "vendor: trello", "connections 'Asana Muster': vendor"),
        ("vendor: datev", "seller: datev", "connections 'DATEV Muster': there is no field 'seller'"),
        ("sign_in: pat", "sign_in: finger", "connections 'Asana Muster': way of signing in"),
        ("{client_id: abc, token_mode: short}", "[abc]", "connections 'DATEV Muster' settings: entries"),
        ('{pat: "env:MUSTER_PAT"}', "[pat]", "connections 'Asana Muster' secrets: entries"),
        ("name: DATEV Muster\n  v", "name: Asana Muster\n  v", "connections 'Asana Muster': listed twice."),
        ("- name: Asana Muster", "- title: Asana", "connections[1]: name is missing."),
        ("- name: Asana Muster", "- name: [a, b]", "connections[1]: name must be one text or number."),
        ("consultant_number: 455148", "consultant_number: many", "datev_clients 'many-1': "),
        ("consultant_number: 455148", "consultant_number: 7", "datev_clients '7-1': consultant_number: "),
        ("connection: DATEV Muster", "connection: Nobody", "'455148-1' connection: there is no 'Nobody'"),
        ("account_length: 4", "account_length: four", "datev_clients '455148-1' account_length: "),
        ("chart: \"03\"", "chart: [3]", "datev_clients '455148-1' chart: one value is expected."),
        ("start: 2026-01-01", "start: 2026-13-01", "datev_clients '455148-1' fiscal_years '2026-13-01': "),
        ("end: 2026-12-31", "end: soon", "datev_clients '455148-1' fiscal_years '2026-01-01' end: "),
        ("{number: 4930,", "{number: 49x,", "datev_clients '455148-1' accounts '49x': number: "),
        ("{number: 3400,", "{number: 4930,", "datev_clients '455148-1' accounts '4930': listed twice."),
        ("{number: 70001,", "{", "datev_clients '455148-1' partners[1]: number is missing."),
        ("city: Musterstadt", "town: Musterstadt", "partners '70001': there is no field 'town'"),
        ("is_automatic: true", "is_automatic: perhaps", "accounts '3400' is_automatic: "),
        ("rate: 0.19", "rate: full", "tax_keys '9' rate: "),
        ("direction: purchase", "direction: round", "tax_keys '9': direction: "),
        ("\n  - {number: 0100, name: Büro}", " none", "cost_centers: a list of entries is expected"),
        ("- {number: 0100, name: Büro}", "- Büro", "cost_centers[1]: fields such as 'number: ...' are"),
        ("source_label: 19 % Vorsteuer", "source_label: true", "source_label: a text is expected"),
        ("pair: asana_datev", "pair: asana_excel", "integrations 'Eingangsrechnungen': Pair"),
        ("source: Asana Muster", "source: DATEV Muster", "integrations 'Eingangsrechnungen': From"),
        ("datev_client: 455148-1", "datev_client: 455148-9", "'Eingangsrechnungen': DATEV client"),
        ("project: ", "board: ", "integrations 'Eingangsrechnungen': board"),
        ("target_field: amount,", "target_field: sum,", "integrations 'Eingangsrechnungen': Mapping (sum)"),
        ("table: Steuerfälle", "table: Nobody", "'tasks into bu_key' table: there is no 'Nobody'"),
        ("kind: constant", "kind: guess", "mappings 'tasks into side': kind: "),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_place_and_nothing_is_stored(before, after, told):
    assert FILE.count(before) >= 1
    found = faults(FILE.replace(before, after, 1))
    assert [fault for fault in found if told in fault], found


def test_all_faults_are_told_at_once_even_behind_a_faulty_thing():
    text = (
        FILE.replace("account_length: 4", "account_length: 9")
        .replace("{number: 4930,", "{number: 49x,")
        .replace("begin_on: 2026-01-01", "begin_at: 2026-01-01")
    )
    found = " ".join(faults(text))
    for told in ("account_length", "accounts '49x'", "begin_at"):
        assert told in found


def test_a_value_that_is_left_empty_is_empty():
    apply(document(FILE.replace("name: Bürobedarf", "name:")))
    assert Account.objects.get(number="4930").name == ""


def test_an_integration_that_is_off_may_be_unfinished_but_not_wrong():
    off = FILE.replace("is_on: true", "is_on: false")
    amount = "  - {flow: tasks, way: into, target_field: amount, kind: amount, source_field: 1}\n"
    apply(document(off.replace(amount, "")))
    assert not FieldMapping.objects.filter(target_field="amount").exists()
    wrong = applying.run(document(off.replace("project:", "board:")), is_check=True).faults
    assert wrong and "board" in wrong[0]
    unknown = applying.run(document(off.replace("asana_datev", "asana_excel")), is_check=True).faults
    assert unknown and "asana_excel" in unknown[0]


# --- The form of the file ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1\nconnections: [", "line 2, column"),
        (
            "version: 1\nconnections:\n- name: a\n  name: b\n",
            "line 4, column 3: this can't be read: 'name' stands",
        ),
        ("version: 1\nconnections:\n- !!python/object/apply:os.getcwd []\n", "line 3, column 3"),
        ("- a", "file: a configuration is a list of sections"),
        ("", "file: a configuration is a list of sections"),
        ("connections: []", "version: this program reads version 1"),
        ("version: 2", "version: this program reads version 1"),
        ("version: 1\nconnexions: []", "connexions: there is no such section; known are connections,"),
        ("version: 1\nconnections: {name: a}", "connections: a list of entries is expected"),
        ("version: 1\nconnections: [a]", "connections: a list of entries is expected"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_place(text, told):
    _, found = reading.read(text)
    assert [fault for fault in found if fault.startswith(told)], found


def test_what_is_written_without_quotes_stays_what_it_looks_like():
    read, found = reading.read(
        "version: 1\nconnections:\n- {a: 0100, b: no, c: 1.10, d: 12:30, e: 0x1F, f: 1_000}"
    )
    assert found == []
    assert read["connections"][0] == {
        "a": "0100", "b": "no", "c": "1.10", "d": "12:30", "e": "0x1F", "f": "1_000",
    }  # fmt: skip
    apply(document())
    assert DatevClient.objects.get().cost_centers.get().number == "0100"


def test_an_empty_section_changes_nothing():
    assert apply(document("version: 1\nconnections:\nintegrations: []\n")) == []


# --- History and audit ---


def test_every_changed_row_has_its_history_with_the_reason():
    apply(document())
    wanted = document()
    wanted["integrations"][0]["settings"]["begin_on"] = "2026-02-01"
    wanted["datev_clients"][0]["accounts"] = wanted["datev_clients"][0]["accounts"][:1]
    apply(wanted)

    written = list(Integration.history.values_list("history_type", "history_change_reason"))
    assert written == [("~", applying.REASON), ("+", applying.REASON)]
    removed = Account.history.filter(number="3400").first()
    assert (removed.history_type, removed.history_change_reason) == ("-", applying.REASON)
    assert TaxKey.history.get().history_change_reason == applying.REASON


def test_the_audit_trail_says_who_applied_what():
    changes = apply(document())
    entry = AuditEntry.objects.get(action="config.applied")
    assert (entry.actor, entry.details["changes"]) == ("erika", changes)


# --- The command ---


def command(what: str, file: Path) -> str:
    out = StringIO()
    call_command("config", what, str(file), stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_exports_checks_and_applies(tmp_path):
    file = tmp_path / "installation.yaml"
    file.write_text(FILE, encoding="utf-8")
    assert f"{EVERYTHING} things would change." in command("check", file)
    assert not Connection.objects.exists()
    assert f"{EVERYTHING} things changed." in command("apply", file)
    assert "0 things changed." in command("apply", file)
    exported = tmp_path / "exported.yaml"
    assert "Secrets are named env:" in command("export", exported)
    assert yaml.safe_load(exported.read_text(encoding="utf-8"))["version"] == 1


def test_the_command_lists_the_faults_and_ends_with_one(tmp_path):
    file = tmp_path / "installation.yaml"
    file.write_text(FILE.replace("vendor: asana", "vendor: trello"), encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="nothing was stored"):
        call_command("config", "apply", str(file), stdout=out, stderr=out)
    assert "trello" in out.getvalue()
    with pytest.raises(CommandError, match="can't be read"):
        call_command("config", "apply", str(tmp_path / "missing.yaml"))


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.parent.joinpath("examples").glob("*.yaml")))
def test_the_examples_can_be_applied(file, monkeypatch):
    wanted = document(file.read_text(encoding="utf-8"))
    for connection in wanted["connections"]:
        for reference in connection.get("secrets", {}).values():
            monkeypatch.setenv(reference.removeprefix("env:"), "a-value")
    apply(wanted)
    assert apply(wanted) == []
    assert Integration.objects.filter(is_on=True).exists()
