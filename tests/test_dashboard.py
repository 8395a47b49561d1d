"""The first page: numbers that add up, each leading to its list; and what to do when there is nothing yet."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import Batch, BatchState, Job, JobState
from connections import clock
from connections.messages import say
from connections.models import Connection, Health
from pairs.models import Cursor, Heartbeat, Record, RecordState
from tests.pairs.admin_pages import each_reader, look, superuser, viewer
from tests.pairs.world import World

INDEX = "/admin/"


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


def in_every_state(integration):
    for position, state in enumerate(RecordState.values):
        for number in range(position % 3 + 1):
            Record.objects.create(
                integration=integration, flow="tasks", source_ref=f"{state}-{number}", state=state
            )


def figures(page):
    """(number, words, address) of each figure."""
    found = re.findall(r'<a class="mlc-figure" href="([^"]+)"><strong>(?:= )?(\d+)</strong>([^<]+)</a>', page)
    return [(int(number), words, address.replace("&amp;", "&")) for address, number, words in found]


@each_reader
def test_without_anything_it_says_how_to_begin(db, person, language):
    page = look(person(language), INDEX)

    for step in ("admin:connections_connection_add", "admin:bookings_datevclient_add"):
        assert reverse(step) in page
    assert reverse("admin:pairs_integration_add") in page
    if language == "en":
        assert "No integration yet." in page and "Connect Asana" in page and "Connect DATEV" in page


def test_the_steps_that_are_done_are_marked_and_end_when_something_runs(world):
    world.integration.is_on = False
    world.integration.save()
    assert look(superuser(), INDEX).count("mlc-label mlc-success") >= 4

    world.integration.is_on = True
    world.integration.save()
    assert "Setting up" not in look(superuser(), INDEX)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_figures_add_up_to_all_records_and_each_leads_to_what_it_counts(world, language):
    in_every_state(world.integration)
    browser = superuser(language)

    *parts, (total, _words, _address) = figures(look(browser, INDEX))

    assert total == Record.objects.count() == sum(number for number, _, _ in parts)
    for number, _words, address in parts:
        answer = browser.get(address)
        assert answer.context["cl"].result_count == number


def test_what_waits_for_a_person_is_counted_by_cause_with_the_next_step(world):
    in_every_state(world.integration)
    page = look(superuser(), INDEX)

    for state in (RecordState.REFUSED, RecordState.UNSETTLED, RecordState.RECONNECT):
        count = Record.objects.filter(state=state).count()
        assert re.search(rf'state__exact={state}">{count}</a>', page)
    assert "Look into the target system whether it has arrived" in page


def test_it_costs_the_same_few_queries_however_many_records_there_are(world):
    browser = superuser()
    look(browser, INDEX)
    with CaptureQueriesContext(connection) as few:
        browser.get(INDEX)
    in_every_state(world.integration)
    with CaptureQueriesContext(connection) as many:
        browser.get(INDEX)

    assert len(many) <= len(few) <= 25


def test_a_connection_is_shown_with_its_light_and_the_end_of_its_sign_in(world):
    Connection.objects.filter(pk=world.source.pk).update(
        health=Health.ATTENTION, health_message=say("One scope is missing.").to_json()
    )
    page = look(superuser(), INDEX)

    assert "One scope is missing." in page
    assert "mlc-dot mlc-warning" in page
    assert "a person signs in again before" in page


def test_an_ended_sign_in_is_said(world):
    world.target.token_set.consent_ends_at = clock.now() - timedelta(hours=1)
    world.target.token_set.save()

    assert "the sign-in ended" in look(superuser(), INDEX)


@pytest.mark.parametrize(
    ("age", "words", "tone"),
    [
        (None, "No worker has reported yet.", "danger"),
        (10, "less than a minute ago", "success"),
        (130, "2 minutes ago.", "success"),
        (3600, "have them restarted", "danger"),
    ],
)
def test_it_says_whether_the_workers_live(db, age, words, tone):
    if age is not None:
        Heartbeat.objects.create(name="queue", at=clock.now() - timedelta(seconds=age))
    page = look(superuser(), INDEX)

    assert words in page
    assert f"mlc-dot mlc-{tone}" in page


def test_a_record_that_waits_too_long_for_a_worker_is_told(world):
    Record.objects.create(
        integration=world.integration, flow="tasks", source_ref="1", due_at=clock.now() - timedelta(minutes=5)
    )
    assert "no worker has taken it" not in look(superuser(), INDEX)

    Record.objects.update(due_at=clock.now() - timedelta(hours=2))
    assert "no worker has taken it" in look(superuser(), INDEX)


def test_reading_that_fails_is_told_with_its_integration(world):
    Cursor.objects.create(
        integration=world.integration, flow="tasks", error=say("Asana does not answer.").to_json()
    )

    page = look(superuser(), INDEX)

    assert "Asana does not answer." in page and "No reading of a source fails." not in page


def test_batches_are_counted_by_state(world):
    world.approved()
    world.work()
    assert "1 accepted by DATEV" in look(superuser(), INDEX)

    Batch.objects.update(state=BatchState.UNKNOWN)
    Job.objects.update(state=JobState.UNKNOWN)
    browser = superuser()
    page = look(browser, INDEX)
    for model in ("batch", "job"):
        address = reverse(f"admin:bookings_{model}_changelist") + "?state__exact=unknown"
        assert f'href="{address}">1</a>' in page
        assert browser.get(address).context["cl"].result_count == 1


def test_who_may_see_nothing_sees_no_numbers(world):
    in_every_state(world.integration)
    person = User.objects.create(username="nobody", is_staff=True)
    browser = Client()
    browser.force_login(person)
    page = look(browser, INDEX)

    assert figures(page) == []
    assert "Asana Muster" not in page and "Batches for DATEV" not in page


def test_the_navigation_leads_to_lists_that_exist_and_may_be_seen(world):
    for browser in (superuser(), viewer()):
        page = look(browser, INDEX)
        addresses = set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', page))
        assert {
            reverse("admin:pairs_record_changelist"),
            reverse("admin:pairs_integration_changelist"),
        } < addresses
        for address in addresses:
            look(browser, address)


def test_the_language_is_switched_by_the_person(db):
    browser = superuser("en")
    browser.post("/i18n/setlang/", {"language": "de", "next": "/admin/"})

    assert 'lang="de"' in look(browser, INDEX)


def test_tables_of_the_queue_are_not_edited_by_hand(db):
    assert superuser().get("/admin/django_q/schedule/").status_code == 404


@pytest.mark.parametrize("language", ["en", "de"])
def test_people_are_managed(db, language):
    browser = superuser(language)
    person = User.objects.get(username="anna")
    for address in (
        "auth/user/",
        f"auth/user/{person.pk}/change/",
        f"auth/user/{person.pk}/password/",
        "auth/user/add/",
        "auth/group/",
        "auth/group/add/",
        "password_change/",
    ):
        look(browser, f"/admin/{address}")


@each_reader
@pytest.mark.parametrize("app", ["pairs", "connections", "bookings"])
def test_the_page_of_each_part_lists_what_it_holds(db, person, language, app):
    assert f"/admin/{app}/" in look(person(language), f"/admin/{app}/")


@pytest.mark.parametrize("language", ["en", "de"])
def test_without_a_sign_in_there_is_only_the_form_to_sign_in(world, language):
    browser = Client(headers={"accept-language": language})
    answer = browser.get(INDEX)
    assert answer.status_code == 302

    page = look(browser, answer.url)
    assert 'name="password"' in page and "Asana Muster" not in page
