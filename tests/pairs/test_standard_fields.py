"""The naming convention for financial fields, and "Create the missing fields"."""

from __future__ import annotations

import pytest

from connections.models import Effect
from connections.registry import vendor
from pairs import standard_fields
from pairs.models import FieldMapping
from pairs.registry import pairs
from tests.pairs.admin_pages import button, press, superuser, told, viewer
from tests.pairs.world import World

LEFT = ("amount", "side")


@pytest.fixture
def world(db, asana, datev):
    """An integration on a new project, in whose mapping nothing but the amount and the side are left."""
    world = World(asana, datev)
    world.project = asana.add_project("Neue Eingangsrechnungen")
    world.integration.settings = {**world.integration.settings, "project": world.project}
    world.integration.save()
    world.integration.mappings.exclude(target_field__in=LEFT).delete()
    for gid in world.fields.values():
        # The names of a workspace are taken once; these are free again.
        asana.known.get("custom_field", gid).name += " (früher)"
    return world


def names(world) -> dict[str, str]:
    """Type by name of the project's custom fields."""
    offered = vendor("asana").discover["writable_fields"](world.integration.source, world.project)
    return {option.label: option.kind for option in offered}


def test_every_name_of_the_convention_that_a_pair_uses_exists():
    used = {
        field.standard
        for pair in pairs().values()
        for flow in pair.flows
        for field in (*flow.fields, *flow.write_back)
        if field.standard
    }
    assert used and used <= set(standard_fields.NAMES)


def test_german_names_differ_and_none_is_there_twice():
    for language in ("de", "en"):
        found = [standard_fields.name(key, language).casefold() for key in standard_fields.NAMES]
        assert len(found) == len(set(found)), language
    assert standard_fields.name("gl_account", "de") == "Sachkonto"


def test_what_is_missing_is_made_put_into_the_project_and_mapped(world):
    answer = press(superuser(), button(world.integration, "create_fields"))

    assert "Mapped: " in told(answer)
    kinds = names(world)
    assert kinds["Sachkonto"] == "text"
    assert kinds["Belegdatum"] == "date"
    assert kinds["Kurs"] == "number"
    row = FieldMapping.objects.get(target_field="document_date")
    assert (row.kind, row.source_label, row.way) == ("date", "Belegdatum", "into")
    assert FieldMapping.objects.get(target_field="contra_account").kind == "account"
    assert FieldMapping.objects.get(target_field="text").way == "back"
    assert FieldMapping.objects.filter(target_field="amount").count() == 1
    assert standard_fields.missing(world.integration) == []
    assert not Effect.objects.exclude(state="done").exists()


def test_a_second_time_makes_nothing(world):
    standard_fields.create(world.integration, by="anna")
    before = names(world)
    world.integration.mappings.exclude(target_field__in=LEFT).delete()
    made = standard_fields.create(world.integration, by="anna")
    assert names(world) == before
    assert made.faults == [] and len(made.mapped) > 10


def test_a_field_of_that_name_is_taken_and_one_of_another_type_is_told(world):
    known = world.asana.add_custom_field(world.project, "BELEGDATUM", "date")
    world.asana.add_custom_field(world.project, "Sachkonto", "number")
    made = standard_fields.create(world.integration, by="anna")
    assert FieldMapping.objects.get(target_field="document_date").source_field == known
    assert [fault.field for fault in made.faults] == ["Sachkonto"]
    assert "Rename that field" in str(made.faults[0])
    assert not FieldMapping.objects.filter(target_field="contra_account").exists()


def test_a_lost_answer_makes_no_second_field(world):
    world.asana.fail("fields.create", "drop after")
    first = standard_fields.create(world.integration, by="anna")
    assert len(first.faults) == 1
    second = standard_fields.create(world.integration, by="anna")
    assert second.faults == [] and len(second.mapped) == 1
    assert len(world.asana.calls_to("fields.create")) == len(first.mapped) + 1


def test_without_a_project_it_says_what_to_do_and_only_those_who_may_change_may_press_it(world):
    assert viewer().post(button(world.integration, "create_fields")).status_code == 403
    world.integration.settings = {**world.integration.settings, "project": ""}
    made = standard_fields.create(world.integration, by="anna")
    assert not made.mapped and "Choose the project" in str(made.faults[0])
