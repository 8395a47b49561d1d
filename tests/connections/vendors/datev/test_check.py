""" "Test connection", and the lists that the admin offers, against the simulated DATEV."""

from __future__ import annotations

import pytest

from bookings.models import DatevClient
from connections.declared import setting_faults
from connections.errors import AccessLostError
from connections.models import CallLog, Connection
from connections.vendors.datev import VENDOR
from connections.vendors.datev.check import LISTED_CLIENTS
from mlconnector.sandbox.datev.state import Client
from tests.connections.vendors.datev.conftest import connected

pytestmark = pytest.mark.django_db


def link(connection: Connection, *client_numbers: int) -> None:
    for number in client_numbers:
        DatevClient.objects.create(
            name=f"Muster {number}", connection=connection, consultant_number=455148, client_number=number
        )


def texts(messages):
    return [str(message) for message in messages]


def test_a_healthy_connection_says_who_and_for_whom_and_misses_nothing(connection):
    link(connection, 1, 2)

    found = VENDOR.check(connection)

    assert found.who == "Erika Beispiel"
    assert found.missing == []
    assert (
        texts(found.may)
        == [
            "Beispiel Gärtnerei & Söhne KG (455148 / 2): Buchungsdatenservice, Belegbilderservice, "
            "Rechnungsdatenservice 1.0",
            "Muster Werkzeugbau GmbH (455148 / 1): Buchungsdatenservice, Belegbilderservice, "
            "Rechnungsdatenservice 1.0",
        ][::-1]
    )
    assert [client["ref"] for client in found.facts["clients"]] == ["455148-1", "455148-2"]


def test_linked_clients_are_read_one_by_one_and_never_listed(connection, datev):
    link(connection, 1)

    VENDOR.check(connection)

    assert datev.calls_to("clients.list") == []
    assert len(datev.calls_to("clients.one")) == 1


def test_a_linked_client_that_can_not_be_seen_is_missing_and_the_others_are_still_told(connection, datev):
    link(connection, 1, 2)
    datev.client("455148-1").is_visible = False

    found = VENDOR.check(connection)

    assert len(found.missing) == 1
    assert "455148-1" in str(found.missing[0])
    assert "455148 / 2" in str(found.may[0])


@pytest.mark.parametrize(
    ("services", "words"),
    [
        ((), "no service for bookings"),
        (("Rechnungsdatenservice 2.0", "Belegbilderservice"), "no service for bookings"),
        (("Buchungsdatenservice",), "no service for document images"),
    ],
)
def test_a_service_that_was_not_ordered_is_named(connection, datev, services, words):
    link(connection, 1)
    datev.client("455148-1").services = services

    assert words in str(VENDOR.check(connection).missing[0])


def test_dxso_alone_is_a_way_to_book_and_needs_no_separate_documents(connection, datev):
    link(connection, 1)
    datev.client("455148-1").services = ("Rechnungsdatenservice 1.0",)

    assert VENDOR.check(connection).missing == []


def test_belege_online_that_is_not_set_up_is_named(connection, datev):
    link(connection, 1)
    datev.client("455148-1").has_belege_online = False

    assert "Belege online" in str(VENDOR.check(connection).missing[0])


def test_without_linked_clients_the_visible_ones_are_listed(connection, datev):
    datev.clients[:] = [Client(455148, number, f"Muster {number}") for number in range(1, LISTED_CLIENTS + 4)]

    found = VENDOR.check(connection)

    assert len(found.may) == LISTED_CLIENTS + 1
    assert "3" in str(found.may[-1])
    assert found.missing == []


def test_a_person_who_sees_no_client_is_no_healthy_connection(connection, datev):
    datev.clients.clear()

    assert "sees no client" in str(VENDOR.check(connection).missing[0])


def test_a_long_sign_in_checks_its_client_and_never_lists(long_connection, datev):
    link(long_connection, 1, 2)

    found = VENDOR.check(long_connection)

    assert datev.calls_to("clients.list") == []
    assert "455148 / 1" in str(found.may[0])
    assert len(found.missing) == 1
    assert "455148-2" in str(found.missing[0])


def test_scopes_that_datev_did_not_grant_are_named(datev):
    connection = connected(datev)
    tokens = connection.token_set.tokens
    tokens["scope"] = tokens["scope"].replace(" accounting:dxso-jobs", "")
    connection.token_set.save()

    assert "accounting:dxso-jobs" in str(VENDOR.check(connection).missing[0])


def test_without_the_scope_profile_the_name_is_missing(datev):
    connection = connected(datev, scopes="openid datev:accounting:clients")

    found = VENDOR.check(connection)

    assert found.who == "2b1c6f5e-sim-erika"
    assert any("profile" in text for text in texts(found.missing))


def test_a_sign_in_that_has_ended_is_told_as_such(connection, datev):
    datev.tokens.sessions[0].end_reason = "revoked"

    with pytest.raises(AccessLostError):
        VENDOR.check(connection)


def test_datevs_request_ids_are_in_the_technical_log(connection):
    link(connection, 1)

    VENDOR.check(connection)

    for call in CallLog.objects.all():
        assert set(call.request_ids) == {"X-Global-Transaction-ID", "V-Cap-Request-ID"}


# --- lists for the admin -----------------------------------------------------------------------------------


def test_clients_are_offered_with_name_and_both_numbers(connection):
    options = VENDOR.discover["clients"](connection, "")

    assert [(option.ref, option.label) for option in options] == [
        ("455148-1", "Muster Werkzeugbau GmbH (455148 / 1)"),
        ("455148-2", "Beispiel Gärtnerei & Söhne KG (455148 / 2)"),
    ]


def test_a_long_sign_in_offers_its_one_client(long_connection):
    assert [option.ref for option in VENDOR.discover["clients"](long_connection, "")] == ["455148-1"]


def test_document_types_of_a_client_are_offered_with_their_category(connection):
    options = VENDOR.discover["document_types"](connection, "455148-1")

    assert ("Rechnungseingang", "invoices_received") in [(option.ref, option.kind) for option in options]


def test_document_types_need_a_client_which_a_long_sign_in_has(connection, long_connection):
    assert VENDOR.discover["document_types"](connection, "") == []
    assert VENDOR.discover["document_types"](long_connection, "")


# --- settings ----------------------------------------------------------------------------------------------


def test_the_client_id_is_all_that_must_be_filled_in():
    assert [fault.field for fault in setting_faults(VENDOR.settings, {})] == ["client ID of the app"]


def test_every_setting_of_a_person_has_help():
    for field in (*VENDOR.settings, *VENDOR.secrets):
        assert field.help_text.endswith("."), field.key


def test_the_pace_is_polite():
    rate = VENDOR.rate(Connection())

    assert rate.per_minute <= 600
    assert rate.burst <= rate.per_minute / 10
