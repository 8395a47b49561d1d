"""Records in the admin: what people read there, and what they may do."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils.html import escape

from bookings.models import Batch, BatchState
from connections.messages import say
from connections.models import AuditEntry, Effect, EffectState
from pairs.admin.states import STATES
from pairs.models import Record, RecordState
from tests.pairs.admin_pages import button, each_reader, look, press, superuser, told, url, viewer
from tests.pairs.world import World


@pytest.fixture
def world(db, asana, datev):
    return World(asana, datev)


@pytest.fixture
def refused(world):
    gid = world.approved(amount=None, creditor="1600", attach=False)
    world.work()
    return world.record(gid)


@pytest.fixture
def booked(world):
    gid = world.approved(document_number="RE-2026-0815")
    world.work()
    return world.record(gid)


def changed(world, record):
    world.asana.set_field(record.source_ref, world.fields["amount"], Decimal("120.00"))
    world.work()
    record.refresh_from_db()
    assert record.state == RecordState.CHANGED
    return record


@each_reader
def test_the_page_of_a_refused_record_lists_every_fault_and_the_next_step(refused, person, language):
    page = look(person(language), url(refused))

    assert page.count("<tr>") > len(refused.faults) >= 3
    for fault in refused.faults:
        assert fault["value"] in page
    assert f'lang="{language}"' in page
    if language == "en":
        assert "Nothing was sent. Correct the values" in page
        assert "What has to be corrected" in page


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_of_a_booked_record_shows_booking_document_batch_and_every_step(booked, language):
    page = look(superuser(language), url(booked))

    assert "RE-2026-0815" in page and "119,00" in page and "70001" in page
    for effect in Effect.objects.filter(owner=booked.owner):
        assert effect.name in page
    assert "import" in page or "submit" in page, "the batch's own write is shown too"
    assert booked.source_url in page


def test_the_timeline_says_who_did_what(refused):
    press(superuser(), button(refused, "try_again_one"))

    page = look(superuser(), url(refused))

    assert "anna" in page and "Replayed: the record is read again" in page
    assert "The record was entered." in page


@each_reader
def test_the_list_can_be_filtered_and_searched(refused, booked, person, language):
    browser = person(language)
    for query in (
        "",
        "?group=parked",
        "?group=finished",
        "?state__exact=refused",
        "?flow=tasks",
        "?q=Müller",
    ):
        page = look(browser, url(Record) + query)

        assert (url(refused) in page) == (query not in ("?group=finished",)), query
        assert (url(booked) in page) == (query not in ("?group=parked", "?state__exact=refused")), query


def test_each_state_has_its_own_next_step(refused):
    assert set(STATES) == set(RecordState)
    assert len({state.next_step for state in STATES.values()}) == len(STATES)
    Effect.objects.create(owner=refused.owner, name="invoice", state=EffectState.UNKNOWN)
    for state, known in STATES.items():
        Record.objects.filter(pk=refused.pk).update(state=state)
        assert known.next_step.split(".")[0].split("'")[0] in look(superuser(), url(refused))


def test_one_record_is_tried_again_after_a_question(refused):
    browser = superuser()

    asked = browser.post(button(refused, "try_again_one"))
    assert "is found and not done a second time" in asked.content.decode()
    refused.refresh_from_db()
    assert refused.state == RecordState.REFUSED

    answer = press(browser, button(refused, "try_again_one"))
    refused.refresh_from_db()
    assert (refused.state, refused.instruction["by"]) == (RecordState.WAITING, "anna")
    assert "1 record taken on" in told(answer)


def test_a_press_needs_the_form_token(refused):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    superuser()
    browser.force_login(User.objects.get(username="anna"))

    assert browser.post(button(refused, "try_again_one"), {"confirmed": "yes"}).status_code == 403
    assert browser.get(button(refused, "try_again_one")).status_code == 405
    refused.refresh_from_db()
    assert refused.state == RecordState.REFUSED


def test_many_records_are_tried_again_after_a_question(world, refused):
    second = world.record(_refused_too(world))
    chosen = {"action": "try_again", "_selected_action": [refused.pk, second.pk]}
    browser = superuser()

    asked = browser.post(url(Record), chosen)
    assert escape(str(refused)) in asked.content.decode()
    assert Record.objects.filter(state=RecordState.REFUSED).count() == 2

    answer = press(browser, url(Record), **chosen)
    assert "2 records taken on" in told(answer)
    assert Record.objects.filter(state=RecordState.WAITING).count() == 2


def _refused_too(world):
    gid = world.approved(amount=None)
    world.work()
    return gid


@pytest.mark.parametrize("many", [False, True])
def test_a_record_is_closed_with_a_reason_that_is_kept(refused, many):
    browser = superuser()
    if many:
        chosen = {"action": "close", "_selected_action": [refused.pk]}
        without = browser.post(url(Record), {**chosen, "confirmed": "yes", "why": ""})
    else:
        without = browser.post(button(refused, "close_one"), {"confirmed": "yes", "why": " "})
    assert without.status_code == 200
    refused.refresh_from_db()
    assert refused.state == RecordState.REFUSED

    if many:
        press(browser, url(Record), **chosen, why="Paid in cash")
    else:
        press(browser, button(refused, "close_one"), why="Paid in cash")
    refused.refresh_from_db()
    assert refused.state == RecordState.CLOSED
    entry = AuditEntry.objects.get(action="record.closed")
    assert (entry.actor, entry.details["message"]["values"]) == ("anna", {"why": "Paid in cash"})


def test_a_changed_booking_is_corrected_when_a_person_says_so(world, booked):
    changed(world, booked)
    page = look(superuser(), url(booked))
    assert "Reverse and book again" in page and "Keep the booking as it is" in page
    assert "Book without the document" not in page

    press(superuser(), button(booked, "decide-correct"))
    world.work()

    booked.refresh_from_db()
    assert (booked.state, booked.revision) == (RecordState.DONE, 2)
    assert [row["amount"] for row in world.datev.bookings()] == ["119.00", "119.00", "120.00"]


def test_a_decision_that_is_not_offered_any_more_is_refused_with_a_sentence(booked):
    answer = press(superuser(), button(booked, "decide-correct"))

    assert "is not possible any more" in told(answer)
    booked.refresh_from_db()
    assert (booked.state, booked.instruction) == (RecordState.DONE, None)


@pytest.mark.parametrize(
    ("name", "state"), [("arrived", EffectState.DONE), ("not_arrived", EffectState.PLANNED)]
)
def test_an_unclear_write_is_settled_by_whoever_has_looked(refused, name, state):
    effect = Effect.objects.create(owner=refused.owner, name="invoice", state=EffectState.UNKNOWN)
    Record.objects.filter(pk=refused.pk).update(
        state=RecordState.UNSETTLED, reason=say("It is not known whether it arrived.").to_json()
    )

    press(superuser(), button(refused, name))

    effect.refresh_from_db()
    refused.refresh_from_db()
    assert (effect.state, refused.state) == (state, RecordState.WAITING)
    assert AuditEntry.objects.filter(action="write.settled", actor="anna").count() == 1


def test_a_record_whose_batch_is_unclear_leads_to_the_page_of_the_batch(booked):
    batch = Batch.objects.get()
    Batch.objects.update(state=BatchState.UNKNOWN)
    Record.objects.filter(pk=booked.pk).update(state=RecordState.UNSETTLED)

    page = look(superuser(), url(booked))

    assert "say so on the page of the batch" in page and url(batch) in page
    assert "/do/arrived/" not in page


@pytest.mark.parametrize("language", ["en", "de"])
def test_who_may_only_look_sees_no_buttons_and_is_refused(world, booked, refused, language):
    browser = viewer(language)
    changed(world, booked)

    for record in (booked, refused):
        assert "/do/" not in look(browser, url(record))
    for name in ("try_again_one", "close_one", "decide-correct", "arrived", "not_arrived"):
        assert browser.post(button(booked, name), {"confirmed": "yes", "why": "x"}).status_code == 403
    browser.post(url(Record), {"action": "try_again", "_selected_action": [refused.pk], "confirmed": "yes"})
    refused.refresh_from_db()
    assert refused.state == RecordState.REFUSED


def test_nobody_adds_changes_or_deletes_a_record(refused):
    browser = superuser()

    assert browser.get(url(Record, "add")).status_code == 403
    assert browser.post(url(refused), {"label": "Other"}).status_code == 403
    assert browser.post(url(refused, "delete"), {"post": "yes"}).status_code == 403
    assert Record.objects.get(pk=refused.pk).label == refused.label


def test_what_a_vendor_wrote_is_shown_as_text(refused):
    Record.objects.filter(pk=refused.pk).update(
        label="<script>alert(1)</script>",
        reason=say("%(text)s", text="<img src=x onerror=alert(2)>").to_json(),
        source_url="javascript:alert(3)",
    )

    for address in (url(refused), url(Record)):
        page = look(superuser(), address)
        assert "<script>alert(1)" not in page and "<img src=x" not in page
        assert 'href="javascript:' not in page
