""" "Test connection" and the lists that the admin chooses from; in English and in German."""

from __future__ import annotations

from typing import Any

import pytest

from connections import services
from connections.base import Rate
from connections.models import Connection
from connections.vendors.jira import VENDOR
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.values import DONE, TO_DO
from tests import factories
from tests.connections.vendors.jira.conftest import Place


@pytest.fixture(autouse=True)
def in_that_language(jira: Any, language: str) -> None:
    jira.set_language(language)


def sentences(messages: Any) -> str:
    return " ".join(str(message) for message in messages)


def offered(connection: Connection, name: str, parent: str = "") -> dict[str, str]:
    return {option.ref: option.label for option in VENDOR.discover[name](connection, parent)}


# --- the test ---------------------------------------------------------------------------------------------


def test_a_healthy_connection_says_who_it_is_where_and_what_it_may(connection: Connection, jira: Any) -> None:
    found = VENDOR.check(connection)

    assert found.who.startswith("ml-connector")
    assert found.missing == []
    assert jira.place().url in sentences(found.may) and "write:jira-work" in sentences(found.may)
    assert found.facts["sites"][0]["id"] == jira.site


def test_without_a_site_the_open_ones_are_offered(connection: Connection, jira: Any) -> None:
    second = jira.add_site("zweite")
    jira.add_site("wiki", is_jira=False)
    connection = factories.jira_connection(jira, "Neu", site="")

    found = services.test_connection(connection, "anna")

    assert "Choose the Jira site" in sentences(found.missing)
    assert set(offered(connection, "sites")) == {jira.site, second}
    assert connection.checkup, "so that the form offers the list"


def test_a_site_that_is_not_open_any_more_is_named(connection: Connection, jira: Any) -> None:
    connection.settings["site"] = "0a1b2c3d-0000-0000-0000-000000000000"
    assert "0a1b2c3d" in sentences(VENDOR.check(connection).missing)

    jira.add_site("wiki", is_jira=False)
    jira.place().members.clear()
    jira.revoke()
    assert "No Jira site is open" in sentences(VENDOR.check(factories.jira_connection(jira, "Neu")).missing)


def test_missing_scopes_are_listed(connection: Connection, jira: Any) -> None:
    scopes = ("read:jira-work", "read:jira-user", "manage:jira-webhook", "offline_access")
    access, _refresh = jira.sign_in(scopes=scopes)
    held = connection.token_set
    held.tokens = {**held.tokens, "access_token": access, "scope": " ".join(scopes)}
    held.save()

    assert "write:jira-work" in sentences(VENDOR.check(connection).missing)


def test_missing_rights_and_switched_off_attachments_are_named(connection: Connection, jira: Any) -> None:
    jira.deny("FIN", "TRANSITION_ISSUES")
    jira.faults.add("attachments.settings", status=200, body={"enabled": False, "uploadLimit": 0})

    missing = sentences(VENDOR.check(connection).missing)

    assert "transition issues" in missing and "create issues" not in missing
    assert "Attachments are switched off" in missing


def test_another_user_is_noticed_once(connection: Connection, jira: Any) -> None:
    assert not VENDOR.check(connection).missing
    access, refresh = jira.sign_in(account=jira.accountant)
    held = connection.token_set
    held.tokens = {**held.tokens, "access_token": access, "refresh_token": refresh}
    held.save()

    assert "Another Jira user" in sentences(VENDOR.check(connection).missing)
    assert "Another Jira user" not in sentences(VENDOR.check(connection).missing)


def test_each_kind_of_webhook_says_what_it_needs(connection: Connection, jira: Any) -> None:
    assert "owns the app" in sentences(VENDOR.notes(connection))
    connection.settings["webhooks"] = "admin"
    connection.secrets = {"client_secret": jira.client_secret}

    assert "secret of the administrator" in sentences(VENDOR.check(connection).missing)
    assert "owns the app" not in sentences(VENDOR.notes(connection))
    assert not jira.calls_to("webhooks.list")


def test_the_pace_keeps_the_limit_of_a_single_issue() -> None:
    """20 writes in 2 seconds and 100 in 30, whatever the calls are for."""
    rate = VENDOR.rate(Connection(vendor="jira"))

    assert rate.burst + rate.per_minute * 2 / 60 <= 20
    assert rate.burst + rate.per_minute * 30 / 60 <= 100
    assert VENDOR.rate(Connection(vendor="jira", settings={"calls_per_minute": 10**6})) == Rate(3000, 40)
    assert VENDOR.rate(Connection(vendor="jira", settings={"calls_per_minute": -5})) == Rate(1, 1)


# --- lists ------------------------------------------------------------------------------------------------


def test_projects_and_what_can_be_made_in_them(connection: Connection, jira: Any, place: Place) -> None:
    hidden = jira.add_project("GEH", "Geheim")
    jira.deny("GEH", "BROWSE_PROJECTS")

    assert offered(connection, "projects") == {place.project: "FIN - Finanzbuchhaltung"}
    assert hidden not in offered(connection, "projects")
    kinds = offered(connection, "issue_types", place.project)
    assert place.issue_type in kinds and jira.type_id("FIN", "Sub-task") not in kinds
    assert JiraApi(connection).missing_permissions(place.project) == []
    jira.deny("FIN", "ADD_COMMENTS")
    assert JiraApi(connection).missing_permissions(place.project) == ["ADD_COMMENTS"]


def test_fields_are_offered_by_id_with_what_is_required(
    connection: Connection, jira: Any, place: Place
) -> None:
    screen = f"{place.project}/{place.issue_type}"
    required = jira.add_custom_field("Mandant", "select", options=["455148-1"])
    jira.require_field("FIN", required)
    twin = jira.add_custom_field("DATEV external id")
    labels = jira.add_custom_field("Kennungen", "labels", projects=["FIN"])

    assert offered(connection, "required_fields", screen) == {required: f"Mandant ({required})"}
    assert set(offered(connection, "external_fields", screen)) == {place.external, labels}
    assert {place.external, twin} <= set(offered(connection, "fields"))
    made = {option.ref: option for option in VENDOR.discover["create_fields"](connection, screen)}
    assert [option.label for option in made[required].options] == ["455148-1"]
    assert twin not in made


def test_statuses_are_offered_by_id_with_their_category(
    connection: Connection, jira: Any, place: Place
) -> None:
    refused = jira.add_status("FIN", "Abgelehnt", "done")
    own = jira.add_project("TEAM", team_managed=True)

    found = {option.ref: option for option in VENDOR.discover["statuses"](connection, place.project)}

    assert {place.done, refused} <= {ref for ref, option in found.items() if option.kind == DONE}
    assert found[place.open].kind == TO_DO
    by_type = VENDOR.discover["statuses"](connection, f"{place.project}/{place.issue_type}")
    assert {option.ref for option in by_type} == set(found)
    assert not set(offered(connection, "statuses", own)) & set(found)


def test_priorities_are_offered_by_id(connection: Connection) -> None:
    assert {"1", "2", "3"} <= set(offered(connection, "priorities"))


@pytest.mark.parametrize(
    "name", ["issue_types", "statuses", "create_fields", "required_fields", "external_fields"]
)
def test_without_something_chosen_above_nothing_is_offered(
    connection: Connection, jira: Any, name: str
) -> None:
    for parent in ("", "/"):
        assert VENDOR.discover[name](connection, parent) == []
    assert jira.calls == []
