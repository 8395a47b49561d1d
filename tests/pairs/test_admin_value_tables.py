"""Value tables in the admin: made from options, filled in, imported."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from pairs.models import ValueTable
from tests.pairs.admin_pages import button, form_of, press, saved, superuser, told, url
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def test_a_value_table_is_made_from_the_options_of_a_field(world):
    browser = superuser()
    asked = browser.post(button(world.integration, "make_table")).content.decode()
    assert "Kostenstelle (choice): Büro, Baustelle Süd" in asked

    answer = press(
        browser,
        button(world.integration, "make_table"),
        field=world.fields["cost_center"],
        name="Neue Kostenstellen",
    )

    table = ValueTable.objects.get(name="Neue Kostenstellen")
    assert answer.redirect_chain[-1][0] == url(table)
    assert {(row.source_label, row.target_value) for row in table.rows.all()} == {
        ("Büro", "?"),
        ("Baustelle Süd", "?"),
    }
    assert world.asana.option(world.fields["cost_center"], "Büro") in {
        row.source_value for row in table.rows.all()
    }
    again = press(
        browser,
        button(world.integration, "make_table"),
        field=world.fields["cost_center"],
        name="Neue Kostenstellen",
    )
    assert "There is a value table" in told(again)


def test_a_table_that_is_not_filled_in_keeps_an_integration_from_being_switched_on(world):
    table = ValueTable.objects.get(name="Kostenstellen")
    table.rows.update(target_value="?")
    world.integration.is_on = False
    world.integration.save()

    assert "not filled in" in told(press(superuser(), button(world.integration, "switch_on")))


def test_rows_of_a_value_table_are_changed_and_may_be_empty_on_purpose(world):
    table = ValueTable.objects.get(name="Kostenstellen")
    browser = superuser()
    sent = form_of(browser.get(url(table)))
    values = {name: value for name, value in sent.items() if name.endswith("target_value")}
    first = sorted(values)[0]

    saved(browser, url(table), **{first: ""})

    assert sorted(table.rows.values_list("target_value", flat=True))[0] == ""


def test_a_value_table_is_imported_from_a_file_or_not_at_all(world):
    table = ValueTable.objects.get(name="Kostenstellen")
    browser = superuser()
    good = SimpleUploadedFile("werte.csv", "Quelle;Ziel\nBüro;110\nLager;300\n".encode())
    bad = SimpleUploadedFile("werte.csv", "Quelle;Ziel\nBüro;999\nLager;\n".encode())

    answer = press(browser, button(table, "import_file"), file=good)
    assert "1 new rows, 1 changed" in told(answer)
    rows = dict(table.rows.values_list("source_value", "target_value"))
    assert rows == {"Büro": "110", "Baustelle Süd": "200", "Lager": "300"}

    answer = press(browser, button(table, "import_file"), file=bad)
    assert "Nothing was imported" in told(answer) and "Row 3" in told(answer)
    assert dict(table.rows.values_list("source_value", "target_value")) == rows
