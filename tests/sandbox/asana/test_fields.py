"""Custom fields: what may be written and how it is read, definitions, options, settings."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from tests.sandbox.asana.conftest import Client, field_of, message


@pytest.fixture
def kinds(sim: AsanaSimulator, project: str) -> dict[str, str]:
    """A field of every type."""
    made = {kind: sim.add_custom_field(project, f"Feld {kind}", kind) for kind in ("text", "date", "people")}
    made["number"] = sim.add_custom_field(project, "Feld number", "number", precision=2)
    options = ["3400 Wareneingang", "4930 Bürobedarf"]
    made["enum"] = sim.add_custom_field(project, "Feld enum", "enum", options=options)
    made["multi_enum"] = sim.add_custom_field(project, "Feld multi", "multi_enum", options=["A", "B", "C"])
    made["reference"] = sim.add_custom_field(
        project, "Feld reference", "reference", input_restrictions=["task"]
    )
    return made


def write(api: Client, task: str, field: str, value: Any) -> Any:
    """The field as the answer shows it; the status when it was refused."""
    answer = api.put(f"/tasks/{task}", {"custom_fields": {field: value}})
    return field_of(answer.json()["data"], field) if answer.ok else answer.status_code


def test_every_type_has_its_own_value_key(
    api: Client, sim: AsanaSimulator, task: str, kinds: dict[str, str]
) -> None:
    option = sim.option(kinds["enum"], "4930 Bürobedarf")
    several = [sim.option(kinds["multi_enum"], name) for name in "AC"]
    written: dict[str, Any] = {
        "text": "RE-4711",
        "number": 0,
        "enum": option,
        "multi_enum": several,
        "date": {"date": "2026-07-01"},
        "people": ["me", "joerg@muster.example"],
        "reference": [task],
    }
    shown = {kind: write(api, task, kinds[kind], value) for kind, value in written.items()}

    assert shown["text"]["text_value"] == "RE-4711"
    assert shown["number"]["number_value"] == 0
    assert shown["enum"]["enum_value"]["name"] == "4930 Bürobedarf"
    assert [one["gid"] for one in shown["multi_enum"]["multi_enum_values"]] == several
    assert shown["date"]["date_value"] == {"date": "2026-07-01", "date_time": None}
    assert [one["gid"] for one in shown["people"]["people_value"]] == [sim.connector, sim.approver]
    assert shown["reference"]["reference_value"][0]["gid"] == task
    assert {kind: field["resource_subtype"] for kind, field in shown.items()} == {
        kind: kind for kind in shown
    }


def test_empty_values(api: Client, task: str, kinds: dict[str, str]) -> None:
    data = api.read(f"/tasks/{task}")
    empty = {
        "text": ("text_value", None),
        "number": ("number_value", None),
        "enum": ("enum_value", None),
        "multi_enum": ("multi_enum_values", []),
        "date": ("date_value", None),
        "people": ("people_value", []),
        "reference": ("reference_value", []),
    }
    for kind, (key, value) in empty.items():
        assert field_of(data, kinds[kind])[key] == value
        assert field_of(data, kinds[kind])["display_value"] is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", "x" * 1025),
        ("number", "12,50"),
        ("number", True),
        ("number", {}),
        ("enum", "4930 Bürobedarf"),
        ("enum", 5),
        ("multi_enum", "1"),
        ("multi_enum", ["1"]),
        ("date", "2026-07-01"),
        ("date", {"date": "2026-02-30"}),
        ("date", {"date_time": "2026-07-01"}),
        ("date", {"day": "2026-07-01"}),
        ("date", {}),
        ("people", "me"),
        ("people", ["nobody@muster.example"]),
        ("reference", ["1"]),
    ],
)
def test_wrong_values_are_refused(
    api: Client, task: str, kinds: dict[str, str], kind: str, value: Any
) -> None:
    assert write(api, task, kinds[kind], value) == 400


def test_a_text_may_have_1024_characters(api: Client, task: str, kinds: dict[str, str]) -> None:
    assert write(api, task, kinds["text"], "ü" * 1024)["text_value"] == "ü" * 1024


@pytest.mark.parametrize(
    ("sent", "kept"), [(1.2345, 1.23), (1.235, 1.24), ("1190.50", 1190.5), (100, 100), (-0.005, -0.01)]
)
def test_numbers_are_rounded_to_the_precision(
    api: Client, task: str, kinds: dict[str, str], sent: Any, kept: float
) -> None:
    assert write(api, task, kinds["number"], sent)["number_value"] == kept


def test_a_percentage_keeps_two_more_digits(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    rate = sim.add_custom_field(project, "Steuersatz", "number", format="percentage")

    shown = write(api, task, rate, 0.19)

    assert (shown["number_value"], shown["display_value"]) == (0.19, "19\u00a0%")


def test_display_values_are_for_people(
    api: Client, sim: AsanaSimulator, project: str, task: str, amount: str
) -> None:
    day = sim.add_custom_field(project, "Belegdatum", "date")
    number = sim.add_custom_field(project, "Kundennummer", "number", format="identifier")

    assert write(api, task, amount, 1190.5)["display_value"] == "1\u202f190,50\u00a0€"
    assert write(api, task, day, {"date": "2026-07-01"})["display_value"] == "01.07.2026"
    assert write(api, task, number, 4711)["display_value"] == "4711"


def test_a_moment_keeps_its_time(api: Client, task: str, kinds: dict[str, str]) -> None:
    shown = write(api, task, kinds["date"], {"date_time": "2026-07-01T10:00:00+02:00"})

    assert shown["date_value"] == {"date": "2026-07-01", "date_time": "2026-07-01T08:00:00.000Z"}


def test_lists_replace_and_null_clears(
    api: Client, sim: AsanaSimulator, task: str, kinds: dict[str, str]
) -> None:
    first, second = (sim.option(kinds["multi_enum"], name) for name in "AB")
    write(api, task, kinds["multi_enum"], [first])

    shown = write(api, task, kinds["multi_enum"], [second])

    assert [one["gid"] for one in shown["multi_enum_values"]] == [second]
    assert write(api, task, kinds["multi_enum"], None)["multi_enum_values"] == []
    write(api, task, kinds["number"], 5)
    assert write(api, task, kinds["number"], None)["number_value"] is None


def test_people_as_objects_leave_the_field_blank(
    api: Client, sim: AsanaSimulator, task: str, kinds: dict[str, str]
) -> None:
    assert write(api, task, kinds["people"], [{"gid": sim.approver}])["people_value"] == []


def test_a_disabled_option_is_read_but_not_written(
    api: Client, sim: AsanaSimulator, task: str, kinds: dict[str, str]
) -> None:
    option = sim.option(kinds["enum"], "3400 Wareneingang")
    sim.set_field(task, kinds["enum"], "3400 Wareneingang")

    assert api.put(f"/enum_options/{option}", {"enabled": False}).json()["data"]["enabled"] is False

    value = field_of(api.read(f"/tasks/{task}"), kinds["enum"])["enum_value"]
    assert (value["gid"], value["enabled"]) == (option, False)
    write(api, task, kinds["enum"], None)
    assert write(api, task, kinds["enum"], option) == 400


def test_invalid_options_may_be_ignored_by_switch(
    api: Client, sim: AsanaSimulator, task: str, kinds: dict[str, str]
) -> None:
    sim.options.ignore_invalid_options = True
    sim.set_field(task, kinds["enum"], "3400 Wareneingang")

    assert write(api, task, kinds["enum"], "1")["enum_value"]["name"] == "3400 Wareneingang"


def test_a_field_of_another_project_is_refused(api: Client, sim: AsanaSimulator, task: str) -> None:
    foreign = sim.add_custom_field(sim.add_project("Anderes"), "Fremd", "text")

    answer = api.put(f"/tasks/{task}", {"custom_fields": {foreign: "x"}})

    assert answer.status_code == 400
    assert message(answer) == f"Custom field with ID {foreign} is not on given object"


def test_locked_and_computed_fields_are_not_written(
    api: Client, sim: AsanaSimulator, project: str, task: str
) -> None:
    locked = sim.add_custom_field(project, "Gesperrt", "text", is_locked=True)
    formula = sim.add_custom_field(project, "Summe", "number", representation="formula")

    assert write(api, task, locked, "x") == 403
    assert write(api, task, formula, 5) == 400
    shown = field_of(api.read(f"/tasks/{task}"), formula)
    assert (shown["is_formula_field"], shown["is_value_read_only"]) == (True, True)


def test_a_hidden_field_is_missing(api: Client, sim: AsanaSimulator, project: str, task: str) -> None:
    hidden = sim.add_custom_field(project, "Gehalt", "number", hidden_from={sim.connector})

    assert hidden not in [field["gid"] for field in api.read(f"/tasks/{task}")["custom_fields"]]
    assert write(api, task, hidden, 5) == 400


def test_a_field_taken_from_the_project_leaves_disabled_values(
    api: Client, project: str, task: str, amount: str
) -> None:
    assert api.post(f"/projects/{project}/removeCustomFieldSetting", {"custom_field": amount}).json() == {
        "data": {}
    }

    assert field_of(api.read(f"/tasks/{task}"), amount)["enabled"] is False
    assert write(api, task, amount, 5) == 400


# --- definitions -------------------------------------------------------------


def test_a_field_is_made_and_put_on_a_project(api: Client, sim: AsanaSimulator, project: str) -> None:
    answer = api.post(
        "/custom_fields",
        {
            "workspace": sim.workspace,
            "resource_subtype": "enum",
            "name": "Kostenstelle",
            "enum_options": [{"name": "100 Verwaltung", "color": "blue"}],
        },
    )
    field = answer.json()["data"]
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/custom_fields/{field['gid']}")
    assert "enabled" not in field

    added = api.post(
        f"/projects/{project}/addCustomFieldSetting",
        {"custom_field": field["gid"], "is_important": True},
    )

    assert added.status_code == 200
    asked = (
        "custom_field.gid,custom_field.name,custom_field.resource_subtype,custom_field.enum_options.name,"
        "custom_field.precision,is_important"
    )
    (setting,) = api.read(f"/projects/{project}/custom_field_settings", opt_fields=asked, limit=100)
    assert setting["is_important"] is True
    assert setting["custom_field"]["name"] == "Kostenstelle"
    assert setting["custom_field"]["enum_options"][0]["name"] == "100 Verwaltung"
    assert "precision" not in setting["custom_field"]
    assert field["gid"] in [one["gid"] for one in api.read(f"/workspaces/{sim.workspace}/custom_fields")]


def test_a_project_may_have_fields_of_its_own(api: Client, sim: AsanaSimulator, project: str) -> None:
    given = {"workspace": sim.workspace, "resource_subtype": "text", "name": "Nur hier"}
    answer = api.post(f"/projects/{project}/addCustomFieldSetting", {"custom_field": given})

    assert answer.status_code == 200
    assert api.read(f"/workspaces/{sim.workspace}/custom_fields") == []
    assert len(api.read(f"/projects/{project}/custom_field_settings")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "betrag"},
        {"name": "Assignee"},
        {"precision": 7},
        {"resource_subtype": "money"},
        {"currency_code": "EUR"},
        {"workspace": None},
        {"enum_options": [{"name": "A"}]},
        {"colour": "red"},
    ],
)
def test_malformed_definitions_are_refused(
    api: Client, sim: AsanaSimulator, amount: str, wrong: dict[str, Any]
) -> None:
    good = {"workspace": sim.workspace, "resource_subtype": "number", "name": "Netto"}
    assert api.post("/custom_fields", good | wrong).status_code == 400
    assert api.post("/custom_fields", good).status_code == 201


def test_the_free_plan_has_no_custom_fields(api: Client, sim: AsanaSimulator) -> None:
    sim.options.is_free_plan = True
    given = {"workspace": sim.workspace, "resource_subtype": "text", "name": "Netto"}

    assert api.post("/custom_fields", given).status_code == 402


def test_500_options_are_the_end(api: Client, sim: AsanaSimulator, project: str) -> None:
    names = [f"{number:04}" for number in range(498)]
    field = sim.add_custom_field(project, "Konto", "enum", options=names)
    sim.add_option(field, "alt", is_enabled=False)

    answer = api.post(f"/custom_fields/{field}/enum_options", {"name": "4930 Bürobedarf"})
    assert (answer.status_code, answer.json()["data"]["name"]) == (201, "4930 Bürobedarf")
    assert api.post(f"/custom_fields/{field}/enum_options", {"name": "zu viel"}).status_code == 400


def test_the_last_enabled_option_stays(api: Client, sim: AsanaSimulator, project: str) -> None:
    field = sim.add_custom_field(project, "Status", "enum", options=["Gebucht", "Fehler"])
    booked, failed = (sim.option(field, name) for name in ("Gebucht", "Fehler"))

    assert api.put(f"/enum_options/{booked}", {"enabled": False}).status_code == 200
    assert api.put(f"/enum_options/{failed}", {"enabled": False}).status_code == 400


def test_options_are_placed(api: Client, sim: AsanaSimulator, project: str) -> None:
    field = sim.add_custom_field(project, "Status", "enum", options=["A", "C"])
    api.post(f"/custom_fields/{field}/enum_options", {"name": "B", "insert_after": sim.option(field, "A")})

    assert [one["name"] for one in api.read(f"/custom_fields/{field}")["enum_options"]] == ["A", "B", "C"]


def test_a_field_is_renamed_and_deleted(api: Client, task: str, amount: str) -> None:
    assert api.put(f"/custom_fields/{amount}", {"name": "Brutto"}).json()["data"]["name"] == "Brutto"
    assert api.delete(f"/custom_fields/{amount}").json() == {"data": {}}

    assert api.read(f"/tasks/{task}")["custom_fields"] == []
    assert api.get(f"/custom_fields/{amount}").status_code == 404


def test_helpers_take_python_values(sim: AsanaSimulator, project: str, kinds: dict[str, str]) -> None:
    task = sim.add_task(
        project,
        fields={
            kinds["number"]: "119.00",
            kinds["enum"]: "4930 Bürobedarf",
            kinds["multi_enum"]: ["A", "B"],
            kinds["date"]: date(2026, 7, 1),
            kinds["text"]: "RE-1",
        },
    )
    read = {kind: sim.value(task, gid) for kind, gid in kinds.items() if kind in ("number", "enum", "date")}

    assert read == {"number": Decimal("119.00"), "enum": "4930 Bürobedarf", "date": date(2026, 7, 1)}
    assert sim.value(task, kinds["multi_enum"]) == ["A", "B"]
    sim.set_field(task, kinds["date"], datetime(2026, 7, 1, 8, tzinfo=UTC))
    assert sim.value(task, kinds["date"]) == datetime(2026, 7, 1, 8, tzinfo=UTC)
