"""Batches, bookings, jobs and documents in the admin: read by accountants, decided by people."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.utils.html import escape

from bookings import documents
from bookings.admin import batch as batch_admin
from bookings.models import Batch, BatchState, Booking, Document, DocumentState, Job, JobState
from connections.errors import RejectedError
from connections.messages import DataFault, faults_to_json, say
from connections.models import AuditEntry
from tests.bookings.test_dxso_way import place as place_dxso
from tests.bookings.world import AT_ONCE, INVOICE, LATER, PDF, World
from tests.pairs.admin_pages import button, each_reader, look, press, superuser, told, url, viewer
from tests.pairs.world import World as Story

both = pytest.mark.parametrize("language", ["en", "de"])
DECISIONS = ("close_now", "try_again", "resubmit", "settle_arrived", "settle_not_arrived")


@pytest.fixture
def posted(world: World) -> Batch:
    world.place("record:1", closing=AT_ONCE)
    world.run_to_rest()
    return world.batch(state=BatchState.POSTED)


@pytest.fixture
def dxso(world: World) -> Batch:
    """A DXSO batch of two invoices that DATEV has processed in part."""
    world.datev.options.next_dxso = [4]
    place_dxso(world, "record:1")
    place_dxso(world, "record:2")
    world.run_to_rest()
    return world.batch()


def set_state(batch: Batch, state: BatchState, **fields: Any) -> Batch:
    """As if DATEV, or our checks, had ended it so."""
    Batch.objects.filter(pk=batch.pk).update(state=state, **fields)
    batch.refresh_from_db()
    return batch


@each_reader
def test_every_page_can_be_read(posted, person, language):
    browser = person(language)
    things: list[Any] = [Batch, Booking, Job, Document, posted]
    things += [*Booking.objects.all(), *Job.objects.all()]
    for thing in things:
        assert f'lang="{language}"' in look(browser, url(thing))
    assert posted.sha256 in look(browser, url(posted))
    assert posted.sha256 in look(browser, url(posted, "file"))


@each_reader
def test_the_pages_of_a_dxso_transfer_can_be_read(dxso, person, language):
    browser = person(language)
    job = Job.objects.get()
    for thing in (dxso, job, *Booking.objects.all(), *Document.objects.all()):
        assert f'lang="{language}"' in look(browser, url(thing))
    page = look(browser, url(dxso, "file"))
    assert "document.xml" in page and "RE-1" in page and "RE-2" in page
    protocol = look(browser, url(job))
    assert all(escape(line.text) in protocol for line in job.protocol.all()) and job.protocol.exists()


class TestTheFile:
    def test_is_a_table_of_the_columns_that_hold_something(self, posted):
        page = look(superuser(), url(posted, "file"))
        for shown in ("Beraternummer", "455148", "Buchungstext", "Büromaterial", "119,00", "RE-1"):
            assert shown in page
        assert "Skontosperre" not in page

    def test_of_many_rows_shows_the_first_ones_and_says_so(self, world, monkeypatch):
        monkeypatch.setattr(batch_admin, "ROWS_SHOWN", 2)
        for number in range(5):
            world.place(f"record:{number}", closing=LATER)
        batch = world.batch()
        assert "3 more rows" in look(superuser(), url(batch, "file"))
        world.run_to_rest()
        page = look(superuser(), url(batch, "file"))
        assert "3 more rows" in page
        assert "RE-1" in page and "RE-4" not in page

    def test_that_is_not_written_yet_shows_what_will_be_in_it(self, world):
        world.place("record:1", closing=LATER)
        page = look(superuser(), url(world.batch(), "file"))
        assert "not written yet" in page and "119.00 EUR" in page

    def test_that_can_not_be_read_says_why(self, posted):
        Batch.objects.update(content=b"something else")
        assert "an EXTF file as DATEV takes it" in look(superuser(), url(posted, "file"))

    def test_is_downloaded_exactly_as_it_was_sent_and_it_is_recorded_by_whom(self, posted):
        answer = viewer().post(button(posted, "download"))
        assert answer["Content-Disposition"] == f'attachment; filename="{posted.filename}"'
        assert hashlib.sha256(answer.content).hexdigest() == posted.sha256
        entry = AuditEntry.objects.get(action="batch.downloaded")
        assert (entry.actor, entry.subject) == ("vera", posted.owner)

    def test_of_a_dxso_transfer_is_an_archive_of_its_xml_files(self, dxso):
        answer = superuser().post(button(dxso, "download"))
        names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert "document.xml" in names and len(names) == 3

    def test_is_for_people_who_may_see_batches(self, posted):
        person = User.objects.create_user("otto", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename="view_booking"))
        browser = Browser()
        browser.force_login(person)
        assert browser.get(url(posted, "file")).status_code == 403
        assert browser.post(button(posted, "download")).status_code == 403
        assert not AuditEntry.objects.filter(action="batch.downloaded").exists()


class TestDecisions:
    def test_an_open_batch_is_closed_and_sent_now(self, world):
        world.place("record:1", closing=LATER)
        batch = world.batch()
        browser = superuser()
        browser.post(button(batch, "close_now"))
        assert world.batch().state == BatchState.OPEN

        press(browser, button(batch, "close_now"))
        assert world.batch().state == BatchState.CLOSED
        assert AuditEntry.objects.get(action="batch.closed").actor == "anna"
        world.run()
        assert world.arrived == ["RE-1"]

    @both
    @pytest.mark.parametrize(
        ("name", "state"), [("settle_arrived", BatchState.POSTED), ("settle_not_arrived", BatchState.FAILED)]
    )
    def test_an_unknown_batch_is_settled_by_what_a_person_has_seen(self, posted, name, state, language):
        reason = say("It is not known whether DATEV has taken %(file)s.", file=posted.filename)
        batch = set_state(posted, BatchState.UNKNOWN, reason=reason.to_json())
        browser = superuser(language)
        assert escape(str(posted.filename)) in look(browser, url(batch))
        browser.post(button(batch, name))
        assert world_state(batch) == BatchState.UNKNOWN
        press(browser, button(batch, name))
        assert world_state(batch) == state
        assert AuditEntry.objects.get(action="batch.settled").actor == "anna"

    def test_a_stopped_batch_is_tried_again(self, world, posted):
        fault = DataFault("account (Konto)", "9999", say("There is no such account."), say("Add it."))
        batch = set_state(posted, BatchState.STOPPED, faults=faults_to_json([fault]))
        page = look(superuser(), url(batch))
        assert "9999" in page and "There is no such account." in page
        answer = press(superuser(), button(batch, "try_again"))
        assert world_state(batch) == BatchState.CLOSED
        assert "in a moment" in told(answer)

    def test_a_refused_batch_is_sent_again_as_a_new_file(self, world):
        world.datev.options.next_jobs = ["1008834"]
        world.place("record:1")
        world.run_to_rest()
        refused = world.batch(state=BatchState.FAILED)
        page = look(superuser(), url(refused))
        assert refused.help_url and refused.help_url in page

        answer = press(superuser(), button(refused, "resubmit"))
        successor = refused.corrections.get()
        assert answer.redirect_chain[-1][0] == url(successor)
        world.run_to_rest()
        assert world_state(successor) == BatchState.POSTED
        assert button(refused, "resubmit") not in look(superuser(), url(refused))
        assert successor.filename in look(superuser(), url(refused))

    def test_what_is_unclear_of_a_partly_processed_batch_is_settled(self, dxso):
        batch = set_state(dxso, BatchState.PARTLY)
        Booking.objects.update(verdict="posted")
        assert button(batch, "settle_arrived") not in look(superuser(), url(batch))
        Booking.objects.update(verdict="unknown")
        press(superuser(), button(batch, "settle_arrived"))
        assert set(Booking.objects.values_list("verdict", flat=True)) == {"posted"}

    def test_what_is_not_possible_any_more_is_said(self, posted):
        for name in DECISIONS:
            assert "has changed" in told(press(superuser(), button(posted, name)))
        assert world_state(posted) == BatchState.POSTED

    def test_are_not_for_viewers_and_never_come_from_a_look(self, posted):
        batch = set_state(posted, BatchState.UNKNOWN)
        page = look(viewer(), url(batch))
        for name in DECISIONS:
            assert button(batch, name) not in page
            assert viewer().post(button(batch, name), {"confirmed": "yes"}).status_code == 403
            assert superuser().get(button(batch, name)).status_code == 405
        assert world_state(batch) == BatchState.UNKNOWN

    def test_nobody_changes_what_was_sent(self, posted):
        for thing in (posted, *Booking.objects.all(), *Job.objects.all()):
            for verb in ("change", "delete"):
                answer = superuser().post(url(thing, verb), {"post": "yes", "state": "open", "rows": "9"})
                assert answer.status_code == 403
        assert superuser().get(url(Batch, "add")).status_code == 403


def world_state(batch: Batch) -> str:
    return str(Batch.objects.values_list("state", flat=True).get(pk=batch.pk))


class TestDocuments:
    @pytest.fixture
    def foreign(self, world):
        document = documents.plan("record:1", "attachment-1", world.client, "Rechnung 4711.pdf")
        world.api.put_document(world.client.ref, document.guid, filename="fremd.pdf", content=PDF)
        with pytest.raises(RejectedError):
            documents.upload(document, PDF, world.api, world.effects(document.owner))
        document.refresh_from_db()
        return document

    @each_reader
    def test_show_why_they_are_where_they_are(self, foreign, person, language):
        page = look(person(language), url(foreign))
        assert str(foreign.guid) in page and "Rechnung 4711.pdf" in page
        assert "Rechnung 4711.pdf" in look(person(language), url(Document))

    def test_whose_id_belongs_to_another_document_get_a_new_one(self, foreign):
        browser = superuser()
        browser.post(button(foreign, "renew"))
        assert Document.objects.get().guid == foreign.guid
        press(browser, button(foreign, "renew"))
        renewed = Document.objects.get()
        assert renewed.guid != foreign.guid and renewed.state == DocumentState.PLANNED
        assert AuditEntry.objects.get(action="document.renewed").actor == "anna"

    def test_that_were_refused_for_another_reason_keep_their_id(self, world):
        document = documents.plan("record:1", "a", world.client, "leer.pdf")
        with pytest.raises(RejectedError):
            documents.upload(document, b"", world.api, world.effects(document.owner))
        assert button(document, "renew") not in look(superuser(), url(document))
        assert "has changed" in told(press(superuser(), button(document, "renew")))
        assert Document.objects.get().guid == document.guid

    def test_are_not_renewed_by_viewers(self, foreign):
        assert viewer().post(button(foreign, "renew"), {"confirmed": "yes"}).status_code == 403


def test_a_job_shows_datevs_words_and_help_page(posted):
    Job.objects.update(
        state=JobState.FAILED,
        code="1008834",
        text="Der Header ist falsch.",
        help_url="https://help.example/1008834",
        affected_elements=[{"name": "WJ-Beginn", "reason": "<b>fehlt</b>"}],
    )
    page = look(superuser(), url(Job.objects.get()))
    assert "Der Header ist falsch." in page and 'href="https://help.example/1008834"' in page
    assert "WJ-Beginn" in page and "&lt;b&gt;fehlt" in page


def test_a_booking_in_a_foreign_currency_is_readable(world):
    world.place(
        "record:1",
        closing=LATER,
        **{"currency": "USD", "exchange_rate": INVOICE.amount / INVOICE.amount, "bu_key": ""}
        | {"base_amount": INVOICE.amount, "document_date": date(2026, 7, 1)},
    )
    page = look(superuser("de"), url(Booking.objects.get()))
    assert "119,00 USD" in page and "01.07.2026" in page


@each_reader
def test_after_a_whole_run_everything_leads_to_everything(db, asana, datev, person, language):
    story = Story(asana, datev)
    gid = story.approved("Müller & Söhne <Büro>")
    story.work()
    record, booking, document = story.record(gid), Booking.objects.get(), Document.objects.get()
    browser = person(language)
    for page in (
        look(browser, url(Batch.objects.get())),
        look(browser, url(booking)),
        look(browser, url(document)),
    ):
        assert url(record) in page
    assert Batch.objects.get().label == "Asana 03/2026"
    page = look(browser, url(Batch.objects.get()))
    assert url(document) in page and url(Job.objects.get()) in page and url(booking) in page
    assert "&lt;Büro&gt;" in page and "<Büro>" not in page
    for address in (url(Batch), url(Booking), url(Job), url(Document)):
        assert "Muster Werkzeugbau" in look(browser, address)
