"""Who is signed in, and which clients that person reaches, against the simulated DATEV."""

from __future__ import annotations

import pytest

from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    TransientError,
)
from connections.vendors.datev.api import DatevApi
from mlconnector.sandbox.datev.state import Client
from tests.connections.vendors.datev.conftest import connected


def test_the_full_name_of_the_person_is_known(api):
    assert api.who_am_i().name == "Erika Beispiel"


def test_a_client_is_read_with_its_services_by_scope(api):
    client = api.client("455148-2")

    assert client.ref == "455148-2"
    assert (client.consultant_number, client.client_number) == (455148, 2)
    assert client.label == "Beispiel Gärtnerei & Söhne KG (455148 / 2)"
    assert client.has_service("datev:accounting:extf-files-import")
    assert not client.has_service("datev:file:import")


def test_every_call_carries_the_token_and_the_id_of_the_app(api, datev):
    api.client("455148-1")

    headers = datev.calls_to("clients.one")[0].headers
    assert headers["Authorization"].startswith("Bearer ")
    assert headers["X-DATEV-Client-Id"] == datev.apps[0].client_id
    assert "X-DATEV-Client-Secret" not in headers


def test_all_pages_of_a_listing_are_read_and_no_more(api, datev):
    datev.clients[:] = [Client(455148, number, f"Muster {number}") for number in range(1, 251)]

    found = list(api.clients())

    assert [client.client_number for client in found] == list(range(1, 251))
    assert [call.query["skip"] for call in datev.calls_to("clients.list")] == ["0", "100", "200"]


def test_a_filter_holds_on_every_page(api, datev):
    datev.clients[:] = [Client(455148 + number % 2, number, "Muster") for number in range(1, 251)]

    found = list(api.clients(consultant_number=455149))

    assert len(found) == 125
    assert {client.consultant_number for client in found} == {455149}
    assert {call.query["filter"] for call in datev.calls_to("clients.list")} == {
        "consultant_number eq 455149"
    }


def test_both_numbers_find_one_client(api):
    assert [c.ref for c in api.clients(consultant_number=455148, client_number=2)] == ["455148-2"]


def test_odd_forms_are_read_like_the_documented_ones(api, datev):
    plain = (api.client("455148-1"), list(api.clients()))
    datev.options.quirks = True

    assert (api.client("455148-1"), list(api.clients())) == plain


def test_a_listing_whose_link_is_lost_is_read_on_as_long_as_more_is_promised(api, datev):
    datev.clients[:] = [Client(455148, number, f"Muster {number}") for number in range(1, 251)]
    datev.faults.add("clients.list", headers={"Link": ""}, times=None)

    assert len(list(api.clients())) == 250
    assert len(datev.calls_to("clients.list")) == 3


def test_a_total_that_counts_more_than_there_is_ends_the_reading_all_the_same(api, datev):
    datev.faults.add("clients.list", headers={"Total-Items": "999"}, times=None)

    assert len(list(api.clients())) == 2


def test_a_link_to_a_foreign_host_is_not_followed(api, datev):
    link = '<https://elsewhere.example/clients?skip=100>;rel="next"'
    datev.faults.add("clients.list", headers={"Link": link})

    with pytest.raises(ConfigurationError, match="elsewhere.example"):
        list(api.clients())


def test_a_listing_that_leads_back_to_itself_ends_with_an_error(api, datev):
    link = '<?skip=0&top=100>;rel="next"'
    datev.faults.add("clients.list", headers={"Link": link}, times=None)

    with pytest.raises(TransientError, match="does not end"):
        list(api.clients())


def test_a_client_that_the_person_may_not_see_is_a_matter_of_configuration(api, datev):
    datev.client("455148-2").is_visible = False

    with pytest.raises(ConfigurationError, match="tax adviser") as raised:
        api.client("455148-2")

    assert raised.value.status == 404


def test_a_missing_scope_is_named_with_datevs_help_page(db, datev):
    api = DatevApi(connected(datev, scopes="openid accounting:documents"))

    with pytest.raises(ConfigurationError, match="scope") as raised:
        api.client("455148-1")

    assert raised.value.code == "1008829"
    assert raised.value.help_url == "http://www.datev.de/hilfe/1008829"
    assert raised.value.request_id


# --- the long sign-in is for one client -----------------------------------------------------------------


def test_a_long_sign_in_reaches_its_client(long_connection):
    assert DatevApi(long_connection).client("455148-1").client_number == 1


def test_a_long_sign_in_never_lists_clients(long_connection, datev):
    with pytest.raises(ConfigurationError, match="455148-1"):
        DatevApi(long_connection).clients()

    assert datev.calls == []


def test_another_client_is_refused_before_a_call(long_connection, datev):
    with pytest.raises(ConfigurationError, match="455148-2"):
        DatevApi(long_connection).client("455148-2")

    assert datev.calls == []


def test_a_token_bound_elsewhere_is_not_refreshed(long_connection, datev):
    """The settings name another client than the one that was chosen when signing in."""
    long_connection.settings["bound_client"] = "455148-2"

    with pytest.raises(ConfigurationError, match="bound to another client"):
        DatevApi(long_connection).client("455148-2")

    assert datev.calls_to("login.token") == []
    assert len(datev.calls_to("clients.one")) == 1


def test_a_wrong_app_id_is_not_refreshed(connection, datev):
    connection.settings["client_id"] = "another-app"

    with pytest.raises(ConfigurationError, match="client ID"):
        DatevApi(connection).client("455148-1")

    assert datev.calls_to("login.token") == []


# --- tokens ---------------------------------------------------------------------------------------------


def test_an_expired_token_is_renewed_once_and_the_call_repeated(api, datev):
    datev.faults.add("clients.one", status=401)

    assert api.client("455148-1").client_number == 1
    assert len(datev.calls_to("login.token")) == 1
    assert len(datev.calls_to("clients.one")) == 2


def test_a_second_refusal_asks_for_a_person(api, datev):
    datev.faults.add("clients.one", status=401, times=None)

    with pytest.raises(AccessLostError, match="Sign in again"):
        api.client("455148-1")

    assert len(datev.calls_to("clients.one")) == 2


def test_a_dead_refresh_token_asks_for_a_person_with_one_call(api, datev):
    datev.faults.add("clients.one", status=401, times=None)
    datev.tokens.sessions[0].end_reason = "revoked"

    for _ in range(2):
        with pytest.raises(AccessLostError):
            api.client("455148-1")

    assert len(datev.calls_to("login.token")) == 1


# --- answers that are no answers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 502, "body": "<html>Bad gateway</html>"}, TransientError),
        ({"status": 503, "body": ""}, TransientError),
        ({"status": 504, "body": ""}, TransientError),
        ({"status": 429, "headers": {"Retry-After": "7"}}, TransientError),
        ({"status": 429, "headers": {"Retry-After": "0"}}, TransientError),
        ({"status": 200, "body": "<html>Wartung</html>"}, TransientError),
        ({"status": 200, "body": "[]"}, TransientError),
        ({"status": 403, "body": ""}, ConfigurationError),
        ({"status": 418, "body": ""}, ConnectorError),
        ({"drop": "before"}, TransientError),
        ({"drop": "after"}, TransientError),
    ],
)
def test_a_read_without_a_proper_answer_is_named_after_what_happens_next(api, datev, fault, expected):
    datev.faults.add("clients.one", **fault)

    with pytest.raises(expected) as raised:
        api.client("455148-1")

    assert type(raised.value) is expected or expected is ConnectorError


def test_datevs_own_error_is_asked_about_again_an_hour_later(api, datev):
    datev.faults.add("clients.list", status=500)

    with pytest.raises(TransientError) as raised:
        list(api.clients())

    assert raised.value.retry_after.total_seconds() == 3600
