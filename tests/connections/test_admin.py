"""Connections in the admin: set up, connected, tested, watched and ended by a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override
from werkzeug.test import Client as Browser

from connections import clock, http
from connections.models import (
    AuditEntry,
    CallLog,
    Connection,
    Effect,
    EffectState,
    Health,
    OAuthFlow,
    TokenSet,
)
from tests import factories
from tests.bookings.world import datev_client
from tests.factories import ASANA, DATEV
from tests.pairs.admin_pages import button, each_reader, form_of, look, press, superuser, told, url, viewer

pytestmark = pytest.mark.django_db
PLANTED = "planted-secret-4711-do-not-show"
BUTTONS = ("connect", "sign_in_again", "run_test", "disconnect", "switch_off", "switch_on")


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def new_connection(db, datev):
    """A DATEV connection on which nobody has signed in yet."""
    app = datev.apps[0]
    return Connection.objects.create(
        name="DATEV Beispiel",
        vendor="datev",
        settings={"client_id": app.client_id, **datev.addresses(DATEV)},
        secrets={"client_secret": app.client_secret},
    )


def come_back(datev, browser, sent_to: str):
    """What the person's browser does at DATEV, and how it comes back."""
    parts = urlsplit(sent_to)
    there = Browser(datev).get(f"{parts.path}?{parts.query}", base_url=DATEV)
    query = dict(parse_qsl(urlsplit(there.headers["Location"]).query))
    return browser.get(reverse("oauth:callback"), query, follow=True)


@each_reader
def test_every_page_can_be_read(datev_connection, asana_connection, person, language):
    press(superuser(), button(datev_connection, "run_test"))
    effect = Effect.objects.create(
        owner="batch:1:1", name="import_extf", state=EffectState.UNKNOWN, result={"job": "1"}
    )
    browser = person(language)
    for thing in (Connection, CallLog, Effect, datev_connection, asana_connection, effect):
        assert f'lang="{language}"' in look(browser, url(thing))
    for call in CallLog.objects.all():
        assert escape(call.url) in look(browser, url(call))
    old = datev_connection.history.earliest()
    for history in (url(datev_connection, "history"), url(datev_connection, "simple_history", old.pk)):
        assert datev_connection.name in look(browser, history)


class TestSettingUp:
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_the_system_is_chosen_first(self, db, language):
        page = look(superuser(language), url(Connection, "add"))
        assert "?vendor=asana" in page and "?vendor=datev" in page

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_then_its_settings_and_the_redirect_address_are_shown(self, db, language):
        page = look(superuser(language), f"{url(Connection, 'add')}?vendor=datev")
        assert 'name="setting_client_id"' in page and 'name="secret_client_secret"' in page
        assert "http://localhost:8000/oauth/callback" in page

    def test_an_unknown_system_leads_back_to_the_choice(self, db):
        assert "?vendor=asana" in look(superuser(), f"{url(Connection, 'add')}?vendor=nobody")

    def test_secrets_are_stored_encrypted_and_never_shown(self, asana):
        answer = superuser().post(
            f"{url(Connection, 'add')}?vendor=asana",
            {
                "name": "Asana Muster",
                "setting_sign_in": "pat",
                "setting_calls_per_minute": "150",
                "setting_base_url": f"{ASANA}/api/1.0",
                "setting_oauth_url": f"{ASANA}/-",
                "secret_pat": PLANTED,
            },
            follow=True,
        )

        stored = Connection.objects.get()
        assert stored.vendor == "asana" and stored.secrets == {"pat": PLANTED}
        assert stored.settings["base_url"] == f"{ASANA}/api/1.0"
        assert answer.redirect_chain[-1][0] == url(stored)
        assert "Test connection" in told(answer)
        assert PLANTED not in answer.content.decode()

    def test_a_key_of_several_lines_is_taken_whole_and_never_shown(self, db):
        browser, address = superuser(), f"{url(Connection, 'add')}?vendor=dynamics"
        assert '<textarea name="secret_certificate"' in look(browser, address)
        pem = f"-----BEGIN PRIVATE KEY-----\r\n{PLANTED}\r\n-----END PRIVATE KEY-----\r\n"
        form = {
            "name": "Dynamics Muster",
            "setting_credential": "certificate",
            "setting_tenant": "muster.example",
            "setting_client_id": "app",
            "setting_time_zone": "Europe/Berlin",
            "setting_login_url": "https://login.example",
            "secret_certificate": pem,
        }

        refused = browser.post(address, form)
        assert "This setting is required" in refused.content.decode()
        assert PLANTED not in refused.content.decode()
        stored = browser.post(address, form | {"setting_environment_url": "https://x.example"}, follow=True)

        assert Connection.objects.get().secrets["certificate"] == pem
        assert PLANTED not in stored.content.decode()

    def test_what_is_required_is_asked_for(self, db):
        answer = superuser().post(
            f"{url(Connection, 'add')}?vendor=datev", {"name": "DATEV", "setting_environment": "production"}
        )
        assert "This setting is required" in answer.content.decode()
        assert not Connection.objects.exists()

    def test_a_viewer_may_not_add(self, db):
        for address in (url(Connection, "add"), f"{url(Connection, 'add')}?vendor=asana"):
            assert viewer().get(address).status_code == 403
            assert viewer().post(address, {"name": "x"}).status_code == 403


class TestChanging:
    def changed(self, connection, **fields):
        browser = superuser()
        sent = form_of(browser.get(url(connection)))
        return browser.post(url(connection), sent | fields, follow=True)

    def test_an_empty_secret_stays_as_it_is(self, datev_connection):
        before = datev_connection.secrets
        self.changed(datev_connection, name="DATEV neu")
        datev_connection.refresh_from_db()
        assert (datev_connection.name, datev_connection.secrets) == ("DATEV neu", before)

    def test_a_secret_can_be_replaced_and_removed(self, datev_connection):
        self.changed(datev_connection, secret_client_secret=PLANTED)
        assert Connection.objects.get().secrets == {"client_secret": PLANTED}
        self.changed(datev_connection, remove_secret_client_secret="on")
        assert Connection.objects.get().secrets == {}

    def test_what_was_changed_is_not_green_until_it_is_tested(self, datev_connection):
        self.changed(datev_connection, name="Only another name")
        assert Connection.objects.get().health == Health.OK
        self.changed(datev_connection, secret_client_secret=PLANTED)
        assert Connection.objects.get().health == Health.UNKNOWN

    def test_the_health_that_a_worker_has_noted_meanwhile_stays(self, datev_connection):
        browser = superuser()
        sent = form_of(browser.get(url(datev_connection)))
        Connection.objects.update(health=Health.SIGN_IN, learned={"x": 1})
        browser.post(url(datev_connection), sent | {"name": "Other"})
        stored = Connection.objects.get()
        assert (stored.name, stored.health, stored.learned) == ("Other", Health.SIGN_IN, {"x": 1})

    def test_an_old_version_is_read_without_secrets_and_never_stored_again(self, datev_connection):
        browser = superuser()
        first = datev_connection.history.earliest()
        self.changed(datev_connection, name="New name", secret_client_secret=PLANTED)
        address = url(datev_connection, "simple_history", first.pk)
        page = browser.get(address)
        assert PLANTED not in page.content.decode()

        sent = {**form_of_history(page), "name": first.name}
        assert browser.post(address, sent).status_code == 405
        stored = Connection.objects.get()
        assert (stored.name, stored.secrets) == ("New name", {"client_secret": PLANTED})


def form_of_history(answer):
    form = answer.context["adminform"].form
    return {field.html_name: field.value() or "" for field in form if field.value() is not True}


class TestSigningIn:
    def test_connect_leads_to_the_vendor_and_back_to_a_green_light(self, datev, new_connection):
        browser = superuser()
        assert "Connect" in look(browser, url(new_connection))

        there = browser.post(button(new_connection, "connect"))
        assert there["Location"].startswith(f"{DATEV}/login/openid/authorize?")
        back = come_back(datev, browser, there["Location"])

        assert back.redirect_chain[-1][0] == url(new_connection)
        assert "Erika Beispiel" in told(back)
        assert Connection.objects.get().health == Health.OK
        page = back.content.decode()
        assert "mlc-dot mlc-success" in page and "Erika Beispiel" in page
        assert "Muster Werkzeugbau" in page

    def test_without_a_client_check_there_is_no_green_light(self, datev, new_connection):
        datev.faults.add(route="GET /clients", status=403, times=9)
        browser = superuser()
        back = come_back(datev, browser, browser.post(button(new_connection, "connect"))["Location"])

        assert TokenSet.objects.filter(connection=new_connection).exists()
        assert Connection.objects.get().health == Health.ATTENTION
        assert "mlc-dot mlc-warning" in back.content.decode()

    def test_a_refusal_at_the_vendor_leads_back_to_the_connection(self, datev, new_connection):
        datev.options.refuse_sign_in = "access_denied"
        browser = superuser()
        back = come_back(datev, browser, browser.post(button(new_connection, "connect"))["Location"])
        assert back.redirect_chain[-1][0] == url(new_connection)
        assert "access was denied" in told(back)

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_the_end_of_the_sign_in_is_shown_and_warned_about(self, datev_connection, language):
        with override("de"):
            TokenSet.objects.update(consent_ends_at=datetime(2030, 5, 4, 13, 30, tzinfo=UTC))
        page = look(superuser(language), url(datev_connection))
        assert "04.05.2030 15:30" in page
        assert "mlc-label mlc-warning" not in page

        now = clock.now()
        TokenSet.objects.update(
            signed_in_at=now - timedelta(hours=10), consent_ends_at=now + timedelta(hours=1)
        )
        assert "mlc-label mlc-warning" in look(superuser(language), url(datev_connection))
        assert "mlc-label mlc-warning" in look(superuser(language), url(Connection))
        TokenSet.objects.update(consent_ends_at=clock.now() - timedelta(minutes=1))
        assert "mlc-label mlc-danger" in look(superuser(language), url(datev_connection))

    def test_the_page_where_datev_lists_connected_applications_is_linked(self, datev_connection):
        assert 'href="https://apps.datev.de/tokrevui"' in look(superuser(), url(datev_connection))

    def test_disconnect_asks_first_then_revokes(self, datev, datev_connection):
        browser = superuser()
        asked = browser.post(button(datev_connection, "disconnect"))
        assert "Cancel" in asked.content.decode()
        assert TokenSet.objects.get().tokens

        press(browser, button(datev_connection, "disconnect"))
        assert not TokenSet.objects.exists()
        assert len(datev.calls_to("login.revoke")) == 2
        assert Connection.objects.get().health == Health.SIGN_IN

    def test_deleting_a_connection_ends_its_sign_in(self, datev, datev_connection):
        superuser().post(url(datev_connection, "delete"), {"post": "yes"})
        assert not Connection.objects.exists()
        assert len(datev.calls_to("login.revoke")) == 2

    def test_a_connection_that_is_used_can_not_be_deleted(self, datev, datev_connection):
        client = datev_client(datev_connection)
        answer = superuser().post(url(datev_connection, "delete"), {"post": "yes"})
        assert client.name in answer.content.decode()
        assert TokenSet.objects.exists() and datev.calls_to("login.revoke") == []


class TestTesting:
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_shows_who_what_and_what_is_missing(self, datev, datev_connection, language):
        datev.clients[0].services = []
        answer = press(superuser(language), button(datev_connection, "run_test"))
        page = answer.content.decode()
        assert "Erika Beispiel" in page
        checkup = Connection.objects.get().checkup
        assert page.count("<li>") >= len(checkup["may"]) + len(checkup["missing"])

    def test_a_refusal_comes_with_the_vendors_help_page(self, datev_connection):
        Connection.objects.update(
            health=Health.ATTENTION,
            health_message={"pattern": "Not allowed.", "values": {}, "help_url": "https://help.example/403"},
        )
        assert 'href="https://help.example/403"' in look(superuser(), url(datev_connection))

    def test_asana_shows_the_user_although_its_token_does_not_say(self, asana_connection):
        page = press(superuser(), button(asana_connection, "run_test")).content.decode()
        assert escape(Connection.objects.get().checkup["who"]) in page


class TestSwitching:
    def test_off_asks_first_and_is_recorded(self, datev_connection):
        browser = superuser()
        browser.post(button(datev_connection, "switch_off"))
        assert Connection.objects.get().is_on
        press(browser, button(datev_connection, "switch_off"))
        assert not Connection.objects.get().is_on
        assert "switched off" in look(browser, url(Connection))
        press(browser, button(datev_connection, "switch_on"))
        assert Connection.objects.get().is_on
        assert AuditEntry.objects.filter(action="connection.switched", actor="anna").count() == 2

    def test_a_button_that_is_not_offered_any_more_says_so(self, datev_connection):
        assert "has changed" in told(press(superuser(), button(datev_connection, "switch_on")))


def test_a_viewer_is_offered_nothing_and_refused_everything(datev_connection):
    page = look(viewer(), url(datev_connection))
    for name in BUTTONS:
        assert button(datev_connection, name) not in page
        assert viewer().post(button(datev_connection, name), {"confirmed": "yes"}).status_code == 403
    assert viewer().post(url(datev_connection), {"name": "x"}).status_code == 403
    assert viewer().post(url(datev_connection, "delete"), {"post": "yes"}).status_code == 403
    assert TokenSet.objects.exists() and not OAuthFlow.objects.exists()


def test_a_look_at_a_button_does_nothing(datev_connection):
    for name in BUTTONS:
        assert superuser().get(button(datev_connection, name)).status_code == 405


def test_no_page_shows_a_secret(datev, datev_connection, asana_connection):
    tokens = TokenSet.objects.get()
    tokens.tokens = tokens.tokens | {"id_token": PLANTED}
    tokens.save()
    for connection in (datev_connection, asana_connection):
        connection.secrets = connection.secrets | {"planted": PLANTED}
        connection.save()
        press(superuser(), button(connection, "run_test"))
    secrets = {PLANTED, asana_connection.secrets["pat"], datev_connection.secrets["client_secret"]}
    secrets |= {tokens.tokens["access_token"], tokens.tokens["refresh_token"]}
    addresses = [url(model) for model in (Connection, CallLog, Effect)]
    addresses += [url(call) for call in CallLog.objects.all()]
    for connection in (datev_connection, asana_connection):
        addresses += [url(connection), url(connection, "history"), url(connection, "delete")]
        addresses += [url(connection, "simple_history", old.pk) for old in connection.history.all()]
    for browser in (superuser(), viewer()):
        for address in addresses:
            page = browser.get(address).content.decode()
            assert not [secret for secret in secrets if secret in page], address


@pytest.mark.parametrize("answer", ["good", "refused", "broken", "none"])
def test_calls_are_found_by_their_answer(datev_connection, answer):
    statuses = {"good": 204, "refused": 404, "broken": 503, "none": None}
    for name, status in statuses.items():
        CallLog.objects.create(
            connection=datev_connection,
            at=clock.now(),
            method="GET",
            url=f"https://datev.example/{name}",
            status=status,
            duration_ms=1,
        )
    page = look(superuser(), f"{url(CallLog)}?answer={answer}&q=datev.example")
    assert [name for name in statuses if f"https://datev.example/{name}" in page] == [answer]


class TestWhatAVendorOffers:
    def test_is_chosen_from_a_list_once_the_connection_works(self, asana, asana_connection):
        page = look(superuser(), url(asana_connection))
        assert f'<option value="{asana.workspace}" selected>' in page

    def test_is_free_text_before(self, asana_connection):
        Connection.objects.update(health=Health.UNKNOWN)
        CallLog.objects.all().delete()
        assert 'type="text" name="setting_workspace"' in look(superuser(), url(asana_connection))
        assert not CallLog.objects.exists()

    def test_is_chosen_from_a_list_where_a_test_has_found_the_choice_missing(self, jira):
        connection = factories.jira_connection(jira, site="")
        browser = superuser()
        press(browser, button(connection, "run_test"))
        assert Connection.objects.get().health == Health.ATTENTION

        page = look(browser, url(connection))
        assert f'<option value="{jira.site}">' in page

    def test_is_not_asked_for_inside_the_transaction_that_saves(self, asana_connection, monkeypatch):
        from django.db import connection as database

        depths = []
        asked = http.Transport.call
        monkeypatch.setattr(
            http.Transport,
            "call",
            lambda *args, **named: (depths.append(len(database.savepoint_ids)), asked(*args, **named))[1],
        )
        browser = superuser()
        outside = len(database.savepoint_ids)
        sent = form_of(browser.get(url(asana_connection)))
        browser.post(url(asana_connection), sent | {"name": "Asana neu"})
        assert Connection.objects.get().name == "Asana neu"
        assert depths and set(depths) == {outside}

    def test_the_vendors_failure_is_told_beside_the_field(self, asana, asana_connection):
        asana.faults.add(route="GET */workspaces", status=500, times=9)
        page = look(superuser(), url(asana_connection))
        assert 'name="setting_workspace"' in page and "Asana reports an error" in page
