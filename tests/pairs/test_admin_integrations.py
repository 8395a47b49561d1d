"""Integrations in the admin: made in two steps, mapped by name, checked, switched."""

import re

import pytest

from connections import clock
from connections.models import AuditEntry
from pairs.models import (
    Cursor,
    FieldMapping,
    Integration,
    Record,
    RecordState,
    ValueTable,
    Webhook,
    WebhookState,
)
from tests.pairs.admin_pages import (
    button,
    each_reader,
    form_of,
    look,
    press,
    saved,
    superuser,
    told,
    url,
    viewer,
)
from tests.pairs.world import World

BUTTONS = (
    "switch_on",
    "switch_off",
    "check_now",
    "poll_now",
    "pause",
    "resume",
    "register_again",
    "make_table",
    "create_fields",
)


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


@pytest.fixture
def page(world):
    return url(world.integration)


@each_reader
def test_every_page_can_be_looked_at(world, page, person, language):
    browser = person(language)
    table = ValueTable.objects.get(name="Kostenstellen")
    history = (url(world.integration, "history"), url(table, "history"))
    for address in (page, url(Integration), url(ValueTable), url(table), *history):
        html = look(browser, address)
        assert world.asana.pat not in html
        assert f'lang="{language}"' in html


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_pages_to_add_something(world, language):
    for model in (Integration, ValueTable):
        look(superuser(language), url(model, "add"))
        assert viewer(language).get(url(model, "add")).status_code == 403


def test_fields_are_shown_by_name_type_and_options_and_stored_by_id(world, page):
    html = look(superuser(), page)

    assert "Eingangsrechnungen" in html
    assert "Steuerschlüssel (choice): 19 % Vorsteuer, 7 % Vorsteuer, ohne" in html
    assert f'value="{world.fields["bu_key"]}" selected' in html
    assert "455148-1" in html and "Muster Werkzeugbau GmbH" in html


def test_an_integration_is_made_in_two_steps(world):
    browser = superuser()
    answer = browser.post(
        url(Integration, "add"),
        {
            "name": "Ausgangsrechnungen",
            "pair": "asana_datev",
            "source": world.source.pk,
            "target": world.target.pk,
            "language": "de",
        },
        follow=True,
    )
    made = Integration.objects.get(name="Ausgangsrechnungen")
    assert answer.redirect_chain[-1][0] == url(made)
    assert "Choose the settings next" in told(answer)
    assert not made.is_on

    saved(
        browser,
        url(made),
        setting_project=world.project,
        setting_datev_client=world.client.ref,
        setting_begin_on="2026-01-01",
        setting_result_comment="on",
        setting_close_count="5",
    )
    made.refresh_from_db()
    assert made.settings["project"] == world.project
    assert (made.settings["result_comment"], made.settings["close_count"]) == (True, 5)

    html = look(browser, url(made))
    assert "Bruttobetrag (number)" in html, "now that the project is known, its fields are offered"
    assert "This field is required, and no mapping fills it." in html
    proposed = [form.initial for form in _rows(browser.get(url(made)))]
    assert {"target_field": "amount", "kind": "amount"} in proposed
    assert {"target_field": "side", "kind": "constant"} in proposed

    saved(browser, url(made))
    assert not made.mappings.exists(), "a proposal that nobody fills in is not stored"


def _rows(answer):
    return [form for formset in answer.context["inline_admin_formsets"] for form in formset.formset.forms]


def test_a_connection_to_another_system_is_refused(world):
    answer = superuser().post(
        url(Integration, "add"),
        {
            "name": "Falsch",
            "pair": "asana_datev",
            "source": world.target.pk,
            "target": world.target.pk,
            "language": "de",
        },
    )

    assert answer.context["adminform"].form.errors.keys() == {"source"}
    assert not Integration.objects.filter(name="Falsch").exists()


def row_of(answer, integration, target):
    """The prefix of the form row that maps `target`."""
    for formset in answer.context["inline_admin_formsets"]:
        for form in formset.formset.forms:
            if form["target_field"].value() == target:
                return form.prefix
    raise AssertionError(target)


def test_a_row_is_mapped_by_choosing_a_field_and_its_name_is_kept(world, page):
    browser = superuser()
    answer = browser.get(page)
    prefix = row_of(answer, world.integration, "posting_text")

    saved(browser, page, **{f"{prefix}-source_field": world.fields["document_number"]})

    row = FieldMapping.objects.get(integration=world.integration, target_field="posting_text")
    assert (row.source_field, row.source_label) == (world.fields["document_number"], "Belegnummer")
    assert row.history.first().history_user.username == "anna"
    assert "Belegnummer -&gt; posting text (Buchungstext)" in look(browser, page)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "constant", "constant": ""}, "constant"),
        ({"kind": "table", "table": ""}, "table"),
        ({"source_field": ""}, "source_field"),
        ({"target_field": "amount"}, "target_field"),
        ({"source_field": "4711"}, "source_field"),
    ],
)
def test_a_row_that_can_not_work_is_refused_beside_its_field(world, page, changes, field):
    browser = superuser()
    answer = browser.get(page)
    prefix = row_of(answer, world.integration, "posting_text")
    before = list(FieldMapping.objects.order_by("pk").values())

    sent = form_of(answer) | {f"{prefix}-{name}": value for name, value in changes.items()}
    refused = browser.post(page, sent)

    errors = [
        form.errors
        for formset in refused.context["inline_admin_formsets"]
        for form in formset.formset.forms
        if form.errors
    ]
    assert [list(found) for found in errors] == [[field]]
    assert list(FieldMapping.objects.order_by("pk").values()) == before


def test_a_constant_must_be_one_of_the_choices(world, page):
    browser = superuser()
    answer = browser.get(page)
    prefix = row_of(answer, world.integration, "side")

    refused = browser.post(page, form_of(answer) | {f"{prefix}-constant": "X"})

    assert "This must be one of: S, H." in refused.content.decode()


def test_without_the_vendor_its_message_and_text_fields_remain(world, page):
    from connections.models import Throttle

    world.source.secrets = {"pat": "2/9/wrong"}
    world.source.save()
    Throttle.objects.all().delete()

    html = superuser().get(page).content.decode()

    assert "The fields can&#x27;t be listed now" in html
    assert re.search(r'<input[^>]+name="mappings-0-source_field"', html)
    assert re.search(r'<input[^>]+name="setting_project"[^>]*value="' + world.project, html) or re.search(
        r'value="' + world.project + r'"[^>]*name="setting_project"', html
    )


def test_switching_on_is_refused_with_all_faults_while_there_are_any(world, page):
    FieldMapping.objects.filter(target_field__in=("amount", "account")).delete()
    world.integration.settings.pop("begin_on")
    world.integration.is_on = False
    world.integration.save()

    answer = press(superuser(), button(world.integration, "switch_on"))

    text = told(answer)
    for part in ("3 things have to be corrected", "Booked from", "account", "amount"):
        assert part in text
    world.integration.refresh_from_db()
    assert not world.integration.is_on


def test_switching_on_reads_the_source_at_once(world):
    world.integration.is_on = False
    world.integration.save()

    answer = press(superuser(), button(world.integration, "switch_on"))

    assert "Switched on." in told(answer)
    world.integration.refresh_from_db()
    assert world.integration.is_on
    assert Cursor.objects.get(integration=world.integration).due_at <= clock.now()
    assert AuditEntry.objects.get(action="integration.switched_on").actor == "anna"


def test_switching_off_asks_first(world):
    browser = superuser()
    assert (
        "Nothing is read any more" in browser.post(button(world.integration, "switch_off")).content.decode()
    )
    world.integration.refresh_from_db()
    assert world.integration.is_on

    press(browser, button(world.integration, "switch_off"))
    world.integration.refresh_from_db()
    assert not world.integration.is_on


def test_pause_and_resume(world):
    press(superuser(), button(world.integration, "pause"))
    world.integration.refresh_from_db()
    assert world.integration.is_paused

    press(superuser(), button(world.integration, "resume"))
    world.integration.refresh_from_db()
    assert not world.integration.is_paused
    assert AuditEntry.objects.filter(actor="anna", action__startswith="integration.").count() == 2


def test_reading_at_once_and_registering_the_webhook_again(world):
    world.work(minutes=1)
    Cursor.objects.update(due_at=None)
    hook = Webhook.objects.create(
        integration=world.integration,
        connection=world.source,
        flow="tasks",
        resource_ref=world.project,
        state=WebhookState.ACTIVE,
    )

    press(superuser(), button(world.integration, "poll_now"))
    press(superuser(), button(world.integration, "register_again"))

    assert Cursor.objects.get().due_at <= clock.now()
    hook.refresh_from_db()
    assert hook.state == WebhookState.LOST and hook.due_at <= clock.now()


def test_without_a_webhook_there_is_nothing_to_register(world):
    answer = press(superuser(), button(world.integration, "register_again"))

    assert "There is no webhook." in told(answer)


def test_the_check_finds_fields_that_are_gone_at_the_source(world):
    assert "Nothing is missing" in told(press(viewer(), button(world.integration, "check_now")))

    world.asana.remove_field_from_project(world.project, world.fields["creditor"])
    text = told(press(viewer(), button(world.integration, "check_now")))

    assert "The source system does not offer this field" in text


def test_saving_wakes_the_records_that_waited_for_the_configuration(world, page):
    gid = world.approved()
    world.work()
    Record.objects.update(state=RecordState.CONFIG, due_at=None)

    answer = saved(superuser(), page)

    assert world.record(gid).state == RecordState.WAITING
    assert "1 record that waited" in told(answer)


def test_a_fault_of_an_integration_that_is_on_is_told_on_saving(world, page):
    answer = saved(superuser(), page, setting_begin_on="soon")

    assert "This is not a day." in told(answer)


@pytest.mark.parametrize("language", ["en", "de"])
def test_who_may_only_look_can_change_nothing(world, page, language):
    browser = viewer(language)
    table = ValueTable.objects.get(name="Kostenstellen")
    html = look(browser, page)
    assert "/do/switch_off/" not in html and 'name="setting_project"' not in html

    for name in set(BUTTONS) - {"check_now"}:
        assert browser.post(button(world.integration, name), {"confirmed": "yes"}).status_code == 403
    assert browser.post(button(table, "import_file"), {"confirmed": "yes"}).status_code == 403
    for thing in (world.integration, table):
        assert browser.post(url(thing), {"name": "Other"}).status_code == 403
        assert browser.post(url(thing, "delete"), {"post": "yes"}).status_code == 403
    world.integration.refresh_from_db()
    assert world.integration.is_on and not world.integration.is_paused


def test_an_integration_that_is_on_can_not_be_deleted(world):
    assert superuser().post(url(world.integration, "delete"), {"post": "yes"}).status_code == 403


def test_a_get_to_a_button_is_refused(world):
    for name in BUTTONS:
        assert superuser().get(button(world.integration, name)).status_code == 405


@each_reader
def test_an_earlier_version_can_be_read_and_not_be_brought_back(world, person, language):
    world.integration.language = "en"
    world.integration.save()
    table = ValueTable.objects.get(name="Kostenstellen")
    for thing in (world.integration, table):
        first = thing.history.order_by("history_id").first()
        address = url(thing, "simple_history", str(first.pk))
        look(person(language), address)
        assert person(language).post(address, {"name": "Other"}).status_code == 405
    assert not Integration.objects.filter(name="Other").exists()
    assert not ValueTable.objects.filter(name="Other").exists()


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_not_used_can_be_deleted_after_a_question(world, language):
    world.integration.is_on = False
    world.integration.save()
    unused = ValueTable.objects.create(name="Unbenutzt")
    used = ValueTable.objects.get(name="Kostenstellen")
    browser = superuser(language)

    for thing in (world.integration, unused, used):
        look(browser, url(thing, "delete"))
    browser.post(url(unused, "delete"), {"post": "yes"})
    browser.post(url(used, "delete"), {"post": "yes"})

    assert not ValueTable.objects.filter(pk=unused.pk).exists()
    assert ValueTable.objects.filter(pk=used.pk).exists(), "a mapping still needs it"
