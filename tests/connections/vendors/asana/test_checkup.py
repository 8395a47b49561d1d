""" "Test connection", and the lists that the admin chooses from."""

from __future__ import annotations

from typing import Any

import pytest

from connections.errors import AccessLostError
from connections.models import Connection
from connections.vendors.asana import VENDOR
from connections.vendors.asana.checkup import NEEDED_SCOPES, missing_scopes


@pytest.fixture
def connection(connection: Connection, asana: Any) -> Connection:
    connection.secrets = {"pat": asana.pat}
    connection.save()
    return connection


def sentences(messages: Any) -> str:
    return " ".join(str(message) for message in messages)


def test_a_healthy_connection_says_who_it_is_and_misses_nothing(connection: Connection, asana: Any) -> None:
    asana.add_project()

    found = VENDOR.check(connection)

    assert found.who == "ml-connector (hub@muster.example)"
    assert found.missing == []
    assert "Muster Bau GmbH" in sentences(found.may)
    assert found.facts["workspaces"] == [{"gid": asana.workspace, "name": "Muster Bau GmbH"}]


def test_a_workspace_that_blocks_tokens_is_named_as_the_cause(connection: Connection, asana: Any) -> None:
    asana.block()

    assert "personal access token" in sentences(VENDOR.check(connection).missing)


def test_the_chosen_workspace_must_be_open(connection: Connection, asana: Any) -> None:
    connection.settings["workspace"] = asana.workspace
    asana.add_workspace("Zweite GmbH")
    asana.block()

    found = VENDOR.check(connection)

    assert asana.workspace in sentences(found.missing)
    assert "Zweite GmbH" in sentences(found.may)


def test_a_free_plan_is_said_to_lack_custom_fields(connection: Connection, asana: Any) -> None:
    asana.faults.add(
        "workspaces.custom_fields",
        status=402,
        body={"errors": [{"message": "Not available for free users."}]},
    )

    assert "paid Asana plan" in sentences(VENDOR.check(connection).missing)


@pytest.mark.parametrize(
    ("sign_in", "scopes", "is_missing"),
    [
        ("oauth", "tasks:read tasks:write", True),
        ("oauth", " ".join(NEEDED_SCOPES), False),
        ("oauth", "default", False),
        ("oauth", "", False),
        ("pat", "tasks:read", False),
    ],
)
def test_an_app_with_single_scopes_is_told_which_it_lacks(
    connection: Connection, sign_in: str, scopes: str, is_missing: bool
) -> None:
    connection.settings |= {"sign_in": sign_in, "scopes": scopes}

    assert ("webhooks:write" in sentences(missing_scopes(connection))) is is_missing


def test_a_refused_token_is_an_error_and_not_a_result(connection: Connection, asana: Any) -> None:
    asana.revoke(asana.pat)

    with pytest.raises(AccessLostError):
        VENDOR.check(connection)


def test_workspaces_and_their_projects_are_offered_by_name(connection: Connection, asana: Any) -> None:
    project = asana.add_project("Eingangsrechnungen")
    second = asana.add_workspace("Zweite GmbH")
    other = asana.add_project("Ausgang", workspace=second)
    projects = VENDOR.discover["projects"]

    assert {item.ref: item.label for item in VENDOR.discover["workspaces"](connection, "")} == {
        asana.workspace: "Muster Bau GmbH",
        second: "Zweite GmbH",
    }
    assert [(item.ref, item.label) for item in projects(connection, second)] == [(other, "Ausgang")]
    assert {item.ref: item.label for item in projects(connection, "")} == {
        project: "Eingangsrechnungen (Muster Bau GmbH)",
        other: "Ausgang (Zweite GmbH)",
    }
    connection.settings["workspace"] = asana.workspace
    assert [item.ref for item in projects(connection, "")] == [project]


def test_fields_are_offered_with_type_and_options(connection: Connection, asana: Any) -> None:
    project = asana.add_project()
    amount = asana.add_custom_field(project, "Betrag", "number")
    account = asana.add_custom_field(project, "Konto", "enum", options=["4930"])
    asana.add_option(account, "alt", is_enabled=False)
    total = asana.add_custom_field(project, "Summe", "number", representation="formula")

    offered = VENDOR.discover["fields"](connection, project)

    by_ref = {item.ref: item for item in offered}
    assert [(by_ref[gid].label, by_ref[gid].kind) for gid in (amount, account, total)] == [
        ("Betrag", "number"),
        ("Konto", "enum"),
        ("Summe", "formula"),
    ]
    assert [(item.ref, item.label, item.kind) for item in by_ref[account].options] == [
        (asana.option(account, "4930"), "4930", "option"),
        (asana.option(account, "alt"), "alt", "disabled_option"),
    ]
    assert "builtin:name" in by_ref


def test_a_result_can_not_be_mapped_to_a_formula(connection: Connection, asana: Any) -> None:
    project = asana.add_project()
    text = asana.add_custom_field(project, "Hinweis")
    asana.add_custom_field(project, "Summe", "number", representation="formula")

    assert [item.ref for item in VENDOR.discover["writable_fields"](connection, project)] == [text]


def test_webhooks_of_this_token_are_listed(connection: Connection, asana: Any) -> None:
    asana.post = lambda url, headers, body: (200, headers, b"")
    assert VENDOR.webhooks is not None
    gid, _ = VENDOR.webhooks.register(connection, asana.add_project(), "https://hub.example/hooks/1/")

    offered = VENDOR.discover["webhooks"](connection, asana.workspace)

    assert [(item.ref, item.label) for item in offered] == [(gid, "https://hub.example/hooks/1/")]


@pytest.mark.parametrize("name", ["fields", "writable_fields", "webhooks"])
def test_without_something_chosen_above_nothing_is_offered(
    connection: Connection, asana: Any, name: str
) -> None:
    assert VENDOR.discover[name](connection, "") == []
    assert asana.calls == []


def test_every_setting_and_secret_is_explained() -> None:
    assert all(field.label and field.help_text for field in (*VENDOR.settings, *VENDOR.secrets))
