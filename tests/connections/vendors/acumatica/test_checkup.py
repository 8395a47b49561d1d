""" "Test connection" and the lists: one clear message each for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from connections import services
from connections.errors import ConfigurationError
from connections.models import Connection, Health
from connections.vendors.acumatica import VENDOR, discovery
from connections.vendors.acumatica.checkup import check, rate
from connections.vendors.acumatica.discovery import offered_actions
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from tests import factories


def said(messages: Any) -> str:
    return "\n".join(str(message) for message in messages)


def settings(connection: Connection, **values: str) -> Connection:
    connection.settings = {**connection.settings, **values}
    connection.save()
    return connection


def test_it_shows_release_endpoints_entities_and_actions(
    connection: Connection, acumatica: AcumaticaSimulator
) -> None:
    found = services.test_connection(connection, "anna")
    may = said(found.may)
    assert "Acumatica 2025 R2 (build 25.201.0213)" in may and "Default 24.200.001" in may
    for entity in ("Bills", "Purchase orders", "Employees", "Vendors"):
        assert f"{entity} can be read." in may
    assert "Actions of Bill: " in may and "Approve" in may
    assert found.who.endswith("@ MUSTER") and found.facts["tenant"] == "MUSTER"
    assert found.missing == [] and Connection.objects.get().health == Health.OK


def test_older_builds_list_their_endpoints_alone(
    connection: Connection, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.bare_endpoint_list = True
    found = check(connection)
    assert "Endpoints on this instance" in said(found.may) and found.missing == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint_version": "26.100.001"},
        {"endpoint_version": "25.200.001"},
        {"endpoint_version": "24.200.1"},
        {"endpoint_name": "default"},
        {"endpoint_name": "Default", "endpoint_version": ""},
    ],
)
def test_a_wrong_endpoint_is_one_message_that_lists_the_right_ones(
    connection: Connection, acumatica: AcumaticaSimulator, wrong: dict[str, str]
) -> None:
    found = services.test_connection(settings(connection, **wrong), "anna")
    assert len(found.missing) == 1 and "24.200.001" in said(found.missing)
    assert len(acumatica.calls) == 1, "no storm of 404"
    assert Connection.objects.get().health == Health.ATTENTION


def test_versions_are_compared_by_number_not_as_text(
    connection: Connection, acumatica: AcumaticaSimulator
) -> None:
    acumatica.options.endpoints = ["Default/24.200.001", "Default/9.100.001"]
    listed = [option.ref for option in VENDOR.discover["endpoints"](connection, "")]
    assert listed == ["Default/9.100.001", "Default/24.200.001"]


def test_an_upgrade_does_not_go_unnoticed(connection: Connection, acumatica: AcumaticaSimulator) -> None:
    settings(connection, release="2025 r1")
    assert "2025 R2 now" in said(check(connection).missing)
    acumatica.options.build = "25.101.0153"
    assert check(connection).missing == []


def test_a_missing_right_names_the_screen(connection: Connection, acumatica: AcumaticaSimulator) -> None:
    acumatica.add_user(acumatica.user, may_not=("PurchaseOrder",))
    found = check(connection)
    assert len(found.missing) == 1 and "PO301000" in said(found.missing)


def test_another_tenant_shows_by_its_branches(db: None, acumatica: AcumaticaSimulator) -> None:
    acumatica.add_employee("Erika Beispiel", "erika@muster.example", branch="MAIN")
    connection = factories.acumatica_connection(acumatica, branch="SUED")
    assert "another tenant" in said(check(connection).missing)
    assert check(settings(connection, branch="main")).missing == []


def test_a_session_is_opened_once_for_a_whole_test(db: None, acumatica: AcumaticaSimulator) -> None:
    connection = factories.acumatica_connection(acumatica, sign_in="session")
    services.test_connection(connection, "anna")
    assert (acumatica.sessions_opened, acumatica.sessions_closed) == (1, 1)


def test_a_time_zone_that_does_not_exist_is_said_without_a_call(
    connection: Connection, acumatica: AcumaticaSimulator
) -> None:
    with pytest.raises(ConfigurationError, match="Europe/Berlin"):
        check(settings(connection, time_zone="Mitteleuropa"))
    assert acumatica.calls == []


@pytest.mark.parametrize("allowed", [1, 2, 30, 100])
def test_no_minute_holds_more_calls_than_are_allowed(connection: Connection, allowed: int) -> None:
    connection.settings["calls_per_minute"] = allowed
    found = rate(connection)
    assert found.per_minute + found.burst <= max(allowed, 2)


def test_the_lists_hold_what_documents_show_beyond_the_documented(
    connection: Connection, acumatica: AcumaticaSimulator
) -> None:
    acumatica.add_bill(branch="NORD", custom={"Document.UsrKst": "4711"})
    acumatica.add_employee("Erika Beispiel", "erika@muster.example")
    offers = {name: discover(connection, "") for name, discover in VENDOR.discover.items()}
    refs = {name: [option.ref for option in found] for name, found in offers.items()}
    assert refs["branches"] == ["MAIN", "NORD"]
    assert refs["vendor_classes"] == ["STANDARD"]
    assert refs["bill_types"][:2] == ["Bill", "Credit Adj."]
    assert "Pending Approval" in refs["bill_statuses"] and "Awaiting Link" in refs["order_statuses"]
    assert refs["bill_actions"][0] == "ReleaseBill" and "Approve" in refs["order_actions"]
    assert "Document.UsrKst" in refs["bill_fields"]


def test_actions_are_read_from_whatever_form_they_come_in() -> None:
    assert offered_actions({}) == ()
    assert offered_actions({"_workflowActions": ["Approve", "Hold"]}) == ("Approve", "Hold")
    assert offered_actions({"_workflowActions": [{"name": "Approve"}, {"other": 1}, 5]}) == ("Approve",)
    assert offered_actions({"_workflowActions": {"Approve": {}}}) == ("Approve",)


@pytest.mark.parametrize(
    ("build", "release"), [("25.201.0213", "2025 R2"), ("24.107.0004", "2024 R1"), ("", ""), ("x", "")]
)
def test_the_build_tells_the_release(build: str, release: str) -> None:
    assert discovery.Instance(build, ()).release == release
