"""DATEV clients and their tables in the admin: set up, read from DATEV, imported, exported, confirmed."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from bookings import exports, imports
from bookings.admin.shown import percent
from bookings.models import Account, CostCenter, DatevClient, FiscalYearRow, Partner, TaxKey
from connections.errors import RejectedError
from connections.models import AuditEntry, TokenSet
from tests.pairs.admin_pages import button, each_reader, form_of, look, press, superuser, told, url, viewer

both = pytest.mark.parametrize("language", ["en", "de"])
TABLES = {"accounts": Account, "partners": Partner, "cost_centers": CostCenter, "tax_keys": TaxKey}
every_table = pytest.mark.parametrize("table", list(TABLES))
GOOD = "Konto;Bezeichnung;Automatikkonto\r\n4930;Büromaterial;nein\r\n4980;Betriebsbedarf;nein\r\n"
BAD = "Konto;Bezeichnung;Automatikkonto\r\n4930;Büro;nein\r\n49x0;Falsch;nein\r\n4980;Auch;vielleicht\r\n"


@pytest.fixture
def client(world) -> DatevClient:
    return world.client


def page_of(client: DatevClient, page: str, table: str = "") -> str:
    arguments = [client.pk, table] if table else [client.pk]
    return reverse(f"admin:bookings_datevclient_{page}", args=arguments)


def upload(browser: Any, client: DatevClient, content: str | bytes, table: str = "accounts") -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return browser.post(page_of(client, "import", table), {"file": SimpleUploadedFile("Konten.csv", raw)})


@each_reader
def test_every_page_can_be_read(client, person, language):
    browser = person(language)
    shown: list[Any] = [DatevClient, client, *TABLES.values()]
    shown += [model.objects.first() for model in TABLES.values()]
    for thing in shown:
        assert f'lang="{language}"' in look(browser, url(thing))
        if not isinstance(thing, type):
            look(browser, url(thing, "history"))
            look(browser, url(thing, "simple_history", thing.history.latest().pk))
    for model in TABLES.values():
        assert "form=xlsx" in look(browser, f"{url(model)}?client__id__exact={client.pk}")


@both
def test_every_form_can_be_opened(client, language):
    browser = superuser(language)
    for model in (DatevClient, *TABLES.values()):
        look(browser, url(model, "add"))
    for table in TABLES:
        look(browser, page_of(client, "import", table))
    for chart in ("", "?chart=04", "?chart=99"):
        look(browser, page_of(client, "starter") + chart)


class TestClient:
    def test_is_added_with_its_fiscal_years(self, datev_connection):
        browser = superuser()
        sent = form_of(browser.get(url(DatevClient, "add"))) | {
            "name": "Beispiel GmbH",
            "connection": datev_connection.pk,
            "consultant_number": "455148",
            "client_number": "2",
            "fiscal_years-TOTAL_FORMS": "1",
            "fiscal_years-0-start": "2026-01-01",
            "fiscal_years-0-end": "2026-12-31",
        }
        browser.post(url(DatevClient, "add"), sent)
        stored = DatevClient.objects.get()
        assert stored.ref == "455148-2" and stored.fiscal_years.count() == 1
        assert stored.history.get().history_user.username == "anna"
        assert FiscalYearRow.history.get().history_user.username == "anna"

    def test_only_datev_connections_are_offered(self, datev_connection, asana_connection):
        page = look(superuser(), url(DatevClient, "add"))
        assert datev_connection.name in page and asana_connection.name not in page

    def test_a_change_leaves_alone_what_was_read_meanwhile(self, client):
        browser = superuser()
        sent = form_of(browser.get(url(client)))
        DatevClient.objects.update(has_documents=True, services=[{"name": "Belegbilderservice"}])
        browser.post(url(client), sent | {"name": "Anders GmbH"})
        client.refresh_from_db()
        assert (client.name, client.has_documents) == ("Anders GmbH", True)
        assert client.services == [{"name": "Belegbilderservice"}]

    def test_a_number_that_datev_can_not_have_is_refused(self, client):
        browser = superuser()
        answer = browser.post(url(client), form_of(browser.get(url(client))) | {"consultant_number": "7"})
        assert "1001" in answer.content.decode()

    @both
    def test_is_read_from_datev(self, client, language):
        answer = press(superuser(language), button(client, "read_from_datev"))
        client.refresh_from_db()
        assert client.read_at is not None and client.has_documents is True
        assert client.services[0]["name"] in answer.content.decode()
        assert client.document_types[0]["name"] in answer.content.decode()

    def test_differences_are_told(self, client):
        DatevClient.objects.update(account_length=6)
        answer = press(superuser(), button(client, "read_from_datev"))
        assert "DATEV keeps accounts with 4 digits" in told(answer)

    def test_a_failure_is_told_in_words(self, client, datev):
        TokenSet.objects.all().delete()
        assert "sign in" in told(press(superuser(), button(client, "read_from_datev"))).lower()

    def test_is_nothing_a_viewer_may_change(self, client):
        browser = viewer()
        page = look(browser, url(client))
        assert button(client, "read_from_datev") not in page
        assert page_of(client, "starter") not in page and page_of(client, "import", "accounts") not in page
        for address in (button(client, "read_from_datev"), url(client), page_of(client, "starter")):
            assert browser.post(address, {"confirmed": "yes", "name": "x", "chart": "03"}).status_code == 403
        for model in TABLES.values():
            assert browser.post(url(model.objects.first()), {"number": "1"}).status_code == 403
            assert browser.get(url(model, "add")).status_code == 403
        client.refresh_from_db()
        assert client.read_at is None and client.accounts.count() == 2


class TestStarterTables:
    @both
    def test_are_shown_before_they_are_added(self, client, language):
        page = look(superuser(language), page_of(client, "starter") + "?chart=03")
        assert "1576" in page and "4930" not in page
        assert client.accounts.count() == 2

    def test_are_added_once_and_wait_for_the_confirmation_of_their_keys(self, client):
        browser = superuser()
        browser.post(page_of(client, "starter"), {"chart": "03"})
        count = client.accounts.count()
        assert count > 20 and client.tax_keys.filter(is_confirmed=True).count() == 1
        assert client.accounts.latest("pk").history.get().history_user.username == "anna"
        assert AuditEntry.objects.get(action="table.started").actor == "anna"

        browser.post(page_of(client, "starter"), {"chart": "03"})
        assert client.accounts.count() == count
        assert "<form" not in look(browser, page_of(client, "starter")).split("mlc-panel")[1]

    def test_of_an_unknown_chart_are_refused(self, client):
        answer = superuser().post(page_of(client, "starter"), {"chart": "99"}, follow=True)
        assert "SKR03 and SKR04 only" in told(answer)
        assert client.accounts.count() == 2


class TestImport:
    @both
    def test_lists_all_bad_rows_and_stores_nothing(self, client, language):
        page = upload(superuser(language), client, BAD).content.decode()
        assert "49x0" in page and "vielleicht" in page and "Automatikkonto" in page
        assert 'name="stored"' not in page
        assert client.accounts.count() == 2

    def test_shows_what_it_would_do_and_does_it_when_asked(self, client):
        browser = superuser()
        preview = upload(browser, client, GOOD)
        assert preview.context["report"].new == 1 and preview.context["report"].updated == 1
        assert client.accounts.count() == 2

        answer = browser.post(
            page_of(client, "import", "accounts"), {"stored": preview.context["stored"]}, follow=True
        )
        assert answer.redirect_chain[-1][0] == f"{url(Account)}?client__id__exact={client.pk}"
        assert "1 new, 1 changed" in told(answer)
        account = client.accounts.get(number="4980")
        assert account.history.get().history_user.username == "anna"
        assert "Konten.csv" in account.history.get().history_change_reason
        assert AuditEntry.objects.get(action="table.imported").actor == "anna"

    def test_happens_once_for_a_preview_and_only_for_the_person_who_saw_it(self, client):
        browser = superuser()
        stored = upload(browser, client, GOOD).context["stored"]
        other = viewer()
        person = other.session["_auth_user_id"]
        _allow(person, "add_account", "change_account")
        address = page_of(client, "import", "accounts")
        assert "Choose the file again" in told(other.post(address, {"stored": stored}, follow=True))
        assert client.accounts.count() == 2
        browser.post(address, {"stored": stored})
        assert "Choose the file again" in told(browser.post(address, {"stored": stored}, follow=True))
        assert client.accounts.count() == 3

    def test_of_what_is_no_table_says_so(self, client):
        for content in (b"\x00\x01\x02", "Spalte;Andere\r\n1;2\r\n"):
            page = upload(superuser(), client, content).content.decode()
            assert "Nothing is imported" in page or "neither CSV" in page
            assert 'name="stored"' not in page

    def test_wants_a_file(self, client):
        assert superuser().post(page_of(client, "import", "accounts"), {}).status_code == 200

    def test_of_tax_keys_leaves_them_to_be_confirmed(self, client):
        browser = superuser()
        content = "BU;Bedeutung;Steuersatz\r\n9;Vorsteuer 19 %;16\r\n"
        stored = upload(browser, client, content, "tax_keys").context["stored"]
        browser.post(page_of(client, "import", "tax_keys"), {"stored": stored})
        key = client.tax_keys.get()
        assert (key.rate, key.is_confirmed) == (Decimal("0.16"), False)

    def test_is_not_for_viewers(self, client):
        for table in TABLES:
            assert viewer().get(page_of(client, "import", table)).status_code == 403
            assert upload(viewer(), client, GOOD, table).status_code == 403

    def test_of_an_unknown_table_is_not_there(self, client):
        for page in ("import", "export"):
            assert superuser().get(page_of(client, page, "nothing")).status_code == 404


def _allow(person: str, *permissions: str) -> None:
    from django.contrib.auth.models import Permission, User

    user = User.objects.get(pk=person)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))


class TestExport:
    @every_table
    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_can_be_imported_again_without_a_change(self, client, table, form):
        answer = viewer().get(page_of(client, "export", table), {"form": form})
        assert f'filename="{table}_455148-1.{form}"' in answer["Content-Disposition"]
        report = imports.preview(client, table, f"x.{form}", answer.content)
        count = getattr(client, table).count()
        assert (report.rows, report.unchanged, list(report.faults)) == (count, count, [])

    def test_never_holds_a_formula(self, client):
        Partner.objects.update(name='=HYPERLINK("http://boese.example")')
        assert b";=HYPERLINK" not in exports.export(client, "partners", "csv").replace(b'"', b"")
        book = openpyxl.load_workbook(io.BytesIO(exports.export(client, "partners", "xlsx")))
        assert "f" not in {cell.data_type for row in book.active for cell in row}

    def test_in_another_form_is_not_there(self, client):
        assert superuser().get(page_of(client, "export", "accounts"), {"form": "exe"}).status_code == 404


class TestTaxKeys:
    @pytest.fixture
    def key(self, client):
        return TaxKey.objects.create(client=client, bu_key="8", meaning="Vorsteuer 7 %", rate=Decimal("0.07"))

    def test_one_is_confirmed_after_a_question_and_it_is_recorded_by_whom(self, key):
        browser = superuser()
        assert "tax adviser" in browser.post(button(key, "confirm")).content.decode()
        key.refresh_from_db()
        assert not key.is_confirmed

        press(browser, button(key, "confirm"))
        key.refresh_from_db()
        assert key.is_confirmed
        assert key.history.latest().history_user.username == "anna"
        entry = AuditEntry.objects.get(action="tax_key.confirmed")
        assert (entry.actor, entry.details["bu_key"]) == ("anna", "8")

    @both
    def test_many_are_confirmed_at_once(self, client, key, language):
        browser = superuser(language)
        chosen = {"_selected_action": [row.pk for row in TaxKey.objects.all()], "action": "confirm_many"}
        asked = browser.post(url(TaxKey), chosen)
        assert key.meaning in asked.content.decode()
        assert TaxKey.objects.filter(is_confirmed=False).count() == 1
        browser.post(url(TaxKey), chosen | {"confirmed": "yes"})
        assert not TaxKey.objects.filter(is_confirmed=False).exists()
        assert AuditEntry.objects.filter(action="tax_key.confirmed").count() == 1

        browser.post(url(TaxKey), chosen | {"confirmed": "yes", "action": "withdraw_many"})
        assert not TaxKey.objects.filter(is_confirmed=True).exists()
        assert AuditEntry.objects.filter(action="tax_key.withdrawn").count() == 2

    def test_a_changed_one_has_to_be_confirmed_again(self, client):
        key = client.tax_keys.get()
        browser = superuser()
        sent = form_of(browser.get(url(key)))
        browser.post(url(key), sent)
        assert client.tax_keys.get().is_confirmed
        answer = browser.post(url(key), sent | {"rate": "0.16"}, follow=True)
        assert not client.tax_keys.get().is_confirmed
        assert "confirmed again" in told(answer)

    def test_the_form_confirms_nothing(self, client, key):
        browser = superuser()
        browser.post(url(key), form_of(browser.get(url(key))) | {"is_confirmed": "on"})
        key.refresh_from_db()
        assert not key.is_confirmed

    def test_viewers_confirm_nothing(self, key):
        assert viewer().post(button(key, "confirm"), {"confirmed": "yes"}).status_code == 403
        chosen = {"_selected_action": [key.pk], "action": "confirm_many", "confirmed": "yes"}
        viewer().post(url(TaxKey), chosen)
        key.refresh_from_db()
        assert not key.is_confirmed

    @pytest.mark.parametrize(
        ("rate", "shown"), [("0.1900", "19 %"), ("0.0550", "5.5 %"), ("0", "0 %"), (None, "")]
    )
    def test_a_rate_is_shown_as_people_write_it(self, rate, shown):
        with override("en"):
            assert percent(Decimal(rate) if rate else None) == shown


def test_no_page_and_no_export_shows_a_secret(client):
    planted = "planted-secret-4711-do-not-show"
    client.connection.secrets = client.connection.secrets | {"client_secret": planted}
    client.connection.save()
    tokens = TokenSet.objects.get().tokens
    secrets = {planted, tokens["access_token"], tokens["refresh_token"]}
    browser = superuser()
    press(browser, button(client, "read_from_datev"))
    addresses = [url(DatevClient), url(client), url(client, "history"), page_of(client, "starter")]
    for table in TABLES:
        addresses += [page_of(client, "import", table), page_of(client, "export", table)]
    for address in addresses:
        content = browser.get(address).content.decode()
        assert not [secret for secret in secrets if secret in content], address


def test_nothing_is_stored_from_a_file_that_went_bad_between_preview_and_import(client, monkeypatch):
    browser = superuser()
    stored = upload(browser, client, GOOD).context["stored"]

    def refuse(*arguments: Any, **named: Any) -> None:
        raise RejectedError("Nothing was imported.")

    monkeypatch.setattr(imports, "apply", refuse)
    answer = browser.post(page_of(client, "import", "accounts"), {"stored": stored}, follow=True)
    assert "Nothing was imported." in told(answer)
    assert client.accounts.count() == 2
