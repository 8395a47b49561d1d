""" "Test connection" and the lists of the admin, in good and in poor circumstances."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation

from connections import clock
from connections.base import Checkup, Option
from connections.errors import ConfigurationError
from connections.models import Connection
from connections.registry import vendor
from connections.vendors.dynamics.checkup import check
from mlconnector.sandbox.dynamics import DynamicsSimulator


def texts(found: Checkup) -> tuple[str, str]:
    return "\n".join(map(str, found.may)), "\n".join(map(str, found.missing))


def listed(connection: Connection, name: str) -> dict[str, Option]:
    return {option.ref: option for option in vendor("dynamics").discover[name](connection, "")}


def test_a_good_connection_shows_organisation_rights_tracking_currency_and_tax(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    before = len(dynamics.calls)
    found = check(connection)
    may, missing = texts(found)

    assert missing == "" and found.who
    assert found.facts["organization"] == dynamics.known.organization_id
    assert f"Muster GmbH ({dynamics.known.organization_id})" in may
    for words in ("'invoice' can be read", "'contact' are tracked", "currency: EUR", "Tax:", "7 days"):
        assert words in may
    assert "prvWriteInvoice is there" in may
    assert len(dynamics.calls) - before == 2


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            lambda sim: sim.disable_tracking("invoice"),
            ["Change tracking is not switched on", "Track changes"],
        ),
        (lambda sim: sim.set_privilege("prvReadInvoice"), ["invoice: ", "invoicedetail: ", "lacks a right"]),
        (
            lambda sim: sim.set_privilege("prvReadAccount", "Local"),
            ["account: ", "'Organization'", "prvReadAccount"],
        ),
        (lambda sim: sim.set_privilege("prvReadNote"), ["annotation: "]),
        (lambda sim: sim.set_privilege("prvReadSalesOrder", "Basic"), ["prvReadSalesOrder does not reach"]),
    ],
)
def test_each_thing_that_is_missing_is_said_with_what_to_do(
    connection: Connection,
    dynamics: DynamicsSimulator,
    trouble: Callable[[DynamicsSimulator], None],
    words: list[str],
) -> None:
    trouble(dynamics)
    _, missing = texts(check(connection))
    assert all(word in missing for word in words), missing


def test_several_things_are_missing_at_once(connection: Connection, dynamics: DynamicsSimulator) -> None:
    dynamics.disable_tracking("invoice")
    dynamics.disable_tracking("account")
    dynamics.set_privilege("prvReadContact")
    _, missing = texts(check(connection))
    assert missing.count("Track changes") == 2 and "contact: " in missing


def test_rights_that_are_not_needed_are_told_and_nothing_is_red(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    dynamics.set_privilege("prvWriteInvoice")
    dynamics.set_privilege("prvReadServiceEndpoint")
    may, missing = texts(check(connection))
    assert missing == ""
    assert "Without the right prvWriteInvoice" in may and "scheduled reading alone" in may


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda sim: sim.remove_app_user(), "New app user"),
        (lambda sim: sim.disable_app_user(), "disabled"),
        (lambda sim: setattr(sim.options, "is_app_blocked", True), "allows only listed apps"),
    ],
)
def test_an_app_that_may_not_enter_learns_why(
    connection: Connection,
    dynamics: DynamicsSimulator,
    trouble: Callable[[DynamicsSimulator], None],
    words: str,
) -> None:
    trouble(dynamics)
    with pytest.raises(ConfigurationError, match=words):
        check(connection)


def test_prices_by_a_plug_in_and_another_base_currency_are_told(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    dynamics.set_organization(oobpricecalculationenabled=False)
    may, _ = texts(check(connection))
    assert "plug-in of your own" in may


def test_the_end_of_the_secret_is_announced(connection: Connection) -> None:
    for text, words in (
        ((clock.now() + timedelta(days=20)).date().isoformat(), "ends on"),
        ("nächstes Jahr", "not a date"),
    ):
        connection.settings |= {"secret_ends_on": text}
        assert words in texts(check(connection))[1]
    connection.settings |= {"secret_ends_on": (clock.now() + timedelta(days=90)).date().isoformat()}
    assert texts(check(connection))[1] == ""


def test_a_time_zone_that_does_not_exist(connection: Connection, dynamics: DynamicsSimulator) -> None:
    before = len(dynamics.calls)
    for zone in ("Europe/Bonn", "../etc/passwd", "Europe"):
        connection.settings |= {"time_zone": zone}
        with pytest.raises(ConfigurationError, match="does not exist"):
            check(connection)
    assert len(dynamics.calls) == before


# --- lists ---


def test_states_and_statuses_by_number_in_the_language_of_the_reader(
    connection: Connection, dynamics: DynamicsSimulator
) -> None:
    dynamics.add_status("invoice", 100000010, "An DATEV", state=0)
    for language, billed, paid in (
        ("de", "Fakturiert (Aktiv)", "Bezahlt"),
        ("en", "Billed (Active)", "Paid"),
    ):
        with translation.override(language):
            statuses, states = listed(connection, "invoice_statuses"), listed(connection, "invoice_states")
        assert statuses["4"].label == billed and states["2"].label == paid
        assert "An DATEV" in statuses["100000010"].label


def test_columns_by_type_with_their_options(connection: Connection, dynamics: DynamicsSimulator) -> None:
    dynamics.add_column("account", "new_vatid")
    dynamics.add_choice_column("account", "new_taxcase", {1: "Inland", 2: "EU"})
    dynamics.add_column("invoice", "new_bookedon", "datetime")

    accounts, invoices = listed(connection, "account_columns"), listed(connection, "invoice_columns")
    assert accounts["new_vatid"].kind == "text"
    assert [(option.ref, option.label) for option in accounts["new_taxcase"].options] == [
        ("1", "Inland"),
        ("2", "EU"),
    ]
    assert invoices["totalamount"].kind == "number" and invoices["new_bookedon"].kind == "date"
    assert invoices["_customerid_value"].kind == "text" and "invoiceid" not in invoices
    writable = listed(connection, "writable_invoice_columns")
    assert "new_bookedon" in writable and not {"totalamount", "invoicenumber", "_customerid_value"} & set(
        writable
    )
    fields = listed(connection, "fields")
    assert {
        "account:new_vatid",
        "invoice:duedate",
        "line:tax",
        "contact:lastname",
        "order:ordernumber",
    } <= set(fields)
    assert "invoice:new_bookedon" in listed(connection, "writable_fields")


def test_currencies_and_templates(connection: Connection, dynamics: DynamicsSimulator) -> None:
    dynamics.add_currency("USD", "1.08")
    template = dynamics.add_template("Rechnung DE")
    dynamics.add_template("Angebot", table="salesorder")
    assert set(listed(connection, "currencies")) == {"EUR", "USD"}
    assert {ref: option.label for ref, option in listed(connection, "templates").items()} == {
        template: "Rechnung DE"
    }
