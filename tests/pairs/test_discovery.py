"""What a setting is chosen from depends on what was chosen above it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connections import registry
from connections.base import Option, SettingField
from pairs.discovery import Offers

SETTINGS = (
    SettingField("project", "project", "discovered", discover="told"),
    SettingField("kind", "kind", "discovered", discover="told", below=("project",)),
    SettingField("field", "field", "discovered", discover="told", below=("project", "kind")),
    SettingField("nearest", "nearest", "discovered", discover="told"),
)


@pytest.fixture
def offers(pair, integration, monkeypatch):
    """Each list is one option that tells what stands above it."""
    known = registry.vendors()
    told = replace(known["asana"], discover={"told": lambda connection, parent: [Option(parent, parent)]})
    monkeypatch.setattr(registry, "vendors", lambda: {**known, "asana": told})
    monkeypatch.setattr(type(pair), "declared", replace(pair.declared, settings=SETTINGS))
    integration.settings = {"project": "10000", "kind": "10001"}
    return Offers(integration)


def test_a_list_is_asked_for_with_what_was_chosen_above_it(offers):
    asked = {field.key: offers.setting(field)[0].ref for field in SETTINGS}

    assert asked == {"project": "", "kind": "10000", "field": "10000/10001", "nearest": ""}


def test_what_is_not_chosen_yet_leaves_its_place_empty(offers):
    offers.integration.settings = {"kind": "10001"}

    assert offers.setting(SETTINGS[2])[0].ref == "/10001"
