""" "Test connection" and the lists of the admin."""

from __future__ import annotations

import pytest

from connections import services
from connections.errors import ConfigurationError
from connections.models import Connection, Health
from connections.vendors.exact import VENDOR, addresses, lists
from connections.vendors.exact.api import ExactApi
from mlconnector.sandbox.exact import ExactSimulator
from tests import factories

pytestmark = pytest.mark.django_db


def said(connection: Connection) -> tuple[str, str]:
    found = services.test_connection(connection, "anna")
    return " ".join(map(str, found.may)), " ".join(map(str, found.missing))


def test_a_healthy_connection_says_who_where_and_how_many_calls_are_left(
    connection: Connection, exact: ExactSimulator
) -> None:
    may, missing = said(connection)
    assert missing == "" and connection.health == Health.OK
    assert "499156 Muster Bau GmbH (EUR)" in may and "Changes of purchase orders come as a feed." in may
    assert "of 60 this minute" in may and "of 5000 until 2026-01-16 00:00 UTC" in may


def test_each_missing_right_is_named_with_what_to_do(connection: Connection, exact: ExactSimulator) -> None:
    exact.set_scopes({"Organization administration": "manage", "Purchase orders": "read"})
    may, missing = said(connection)
    for scope in ("Sales invoices", "Crm accounts", "Financial generalledgers", "Logistics items"):
        assert f"{scope}: " in missing
    assert "Purchase orders: " not in missing and "App Center" in missing
    # Only some integrations write back.
    assert "no completions flow back" in may and "Projects projects: " not in missing


def test_a_division_that_is_closed_to_us_is_named(connection: Connection, exact: ExactSimulator) -> None:
    exact.grant_only(499157)
    assert "499156 is not open" in said(connection)[1]
    exact.refuse_user("BlockedUser")
    with pytest.raises(ConfigurationError, match="blocked or inactive"):
        services.test_connection(connection, "anna")


def test_the_chosen_division_stays_whatever_the_user_opens(
    connection: Connection, exact: ExactSimulator
) -> None:
    exact.switch_division(499157)
    ours = exact.add_purchase_order()
    theirs = exact.add_purchase_order(division=499157)
    assert set(ExactApi(connection).purchase_orders([ours, theirs])) == {ours}
    assert said(connection)[1] == ""
    offered = lists.list_divisions(connection, "")
    assert [option.ref for option in offered] == ["499157", "499156"]
    assert "open for the user now" in offered[0].label


def test_without_a_division_nothing_is_called(connection: Connection, exact: ExactSimulator) -> None:
    for wrong in ("", "0", "Muster", "-1"):
        connection.settings["division"] = wrong
        asked = len(exact.calls)
        with pytest.raises(ConfigurationError, match="company"):
            ExactApi(connection).cost_centers()
        assert len(exact.calls) == asked


def test_a_site_with_another_clock_is_noticed(connection: Connection) -> None:
    connection.settings["time_zone"] = "Europe/London"
    assert "1.0 hours from UTC" in said(connection)[1]
    connection.settings["time_zone"] = "Europe/Amsterdm"
    with pytest.raises(ConfigurationError, match="Amsterdm"):
        services.test_connection(connection, "anna")


def test_a_package_without_the_order_feed_is_noted_and_found_again(
    connection: Connection, exact: ExactSimulator
) -> None:
    exact.options.has_order_feed = False
    assert "by the time of their change" in said(connection)[0]
    exact.options.has_order_feed = True
    assert "come as a feed" in said(connection)[0]
    assert Connection.objects.get().learned["exact_without"] == []


def test_a_connection_without_the_webhook_secret_works_by_polling(connection: Connection) -> None:
    connection.secrets = {**connection.secrets, "webhook_secret": ""}
    may, missing = said(connection)
    assert "No webhook secret" in may and missing == ""


def test_lists_offer_what_a_pair_needs(connection: Connection, exact: ExactSimulator) -> None:
    account = exact.add_gl_account("4400", "Wareneingang")
    exact.add_cost_center("CC10", "Werkstatt")
    ended = exact.add_cost_center("CC99", "Alt")
    exact.block(ended)
    item = exact.add_item("KABEL", "Kabel", GLCosts=account)
    hours = exact.some("hours")
    project = exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000)])
    offered = {name: ask(connection, project) for name, ask in VENDOR.discover.items()}
    assert [one.label for one in offered["projects"]] == ["P100 - Umbau"]
    assert [one.label for one in offered["deliverables"]] == ["Rohbau"]
    assert [one.ref for one in offered["cost_centers"]] == ["CC10"]
    assert ("4400", "4400 - Wareneingang") in [(one.ref, one.label) for one in offered["gl_accounts"]]
    assert item in [one.ref for one in offered["cost_items"]]
    assert [one.ref for one in offered["hour_items"]] == [hours]
    assert offered["item_groups"] is not None


def test_too_many_items_for_a_list_are_said(
    connection: Connection, exact: ExactSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_ITEMS", 2)
    for number in range(4):
        exact.add_item(f"A{number}", "Artikel")
    with pytest.raises(ConfigurationError, match="too many for a list"):
        lists.list_cost_items(connection, "")
    found = ExactApi(connection).item_by_code("A3")
    assert found is not None and found.label == "A3 - Artikel"


def test_each_country_has_its_own_site() -> None:
    for key, region in addresses.REGIONS.items():
        connection = Connection(vendor="exact", settings={"region": key})
        assert addresses.base_urls(connection) == (region.host,)
        assert VENDOR.oauth(connection).token_url == f"{region.host}/api/oauth2/token"  # type: ignore[union-attr]
        assert addresses.zone_of(connection).key == region.zone
    assert addresses.site(Connection(vendor="exact", settings={"base_url": f"{factories.EXACT}/"})) == (
        factories.EXACT
    )
