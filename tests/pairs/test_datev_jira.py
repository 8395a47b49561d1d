"""A failed file becomes one issue, progress becomes comments, and done sends the corrected file once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bookings.models import Batch, BatchState, Resubmission
from connections import clock
from pairs import intake, work
from pairs.models import Cursor, Link, Record, RecordState
from tests.pairs.jira_world import JiraWorld

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(jira, datev):
    return JiraWorld(jira, datev)


def test_a_refused_file_becomes_one_issue_with_what_is_needed_to_act(world):
    batch = world.refused()
    world.work(5)

    text = world.described()
    assert world.issue.values["summary"].startswith("DATEV 455148-1: ")
    for needed in ("455148-1 Muster Werkzeugbau GmbH", "1008834", batch.filename, batch.reference, "EXTF"):
        assert needed in text
    assert world.jira.comments(world.issue.key) == []
    record = world.record()
    assert (record.state, record.target_url) == (RecordState.SENT, world.link().target_url)
    assert record.target_url.endswith(f"/browse/{world.issue.key}")

    world.work(10)
    assert len(world.issues) == 1 and world.texts() == [], "nothing has changed, so nothing is said"


def test_done_sends_the_corrected_file_once_and_success_closes_the_record(world):
    batch = world.refused()
    world.work(5)
    world.correct(batch, posting_text="Papier")
    world.work(3)
    world.move(world.issue)
    world.work(40)

    assert Batch.objects.get(revision=2).state == BatchState.POSTED
    assert world.jobs == 2
    corrected, under_way, accepted = world.texts()
    assert "Something was corrected" in corrected or "korrigiert" in corrected
    assert Batch.objects.get(revision=2).filename in accepted
    assert world.record().state == RecordState.DONE
    (asked,) = Resubmission.objects.all()
    assert asked.by.startswith("Jira: ")

    names = set(Batch.objects.values_list("filename", "reference"))
    assert len(names) == 2, "a name never repeats between revisions"
    world.work(10)
    assert len(world.texts()) == 3 and world.jobs == 2


def test_done_without_any_correction_says_what_is_missing_and_sends_nothing(world):
    world.refused()
    world.work(5)
    world.move(world.issue)
    world.work(10)

    assert world.jobs == 1
    (answer,) = world.texts()
    assert world.record(flow="done").state == RecordState.DONE
    assert "ml-connector" in answer
    assert world.issue.status == world.jira.status_id("FIN", "Done"), "it is left where the person put it"


def test_by_setting_the_issue_is_moved_back(jira, datev):
    world = JiraWorld(jira, datev, moves_back=True)
    batch = world.refused()
    world.work(5)
    world.move(world.issue)
    world.work(10)
    assert world.issue.status == jira.status_id("FIN", "To Do")

    world.datev.options.next_jobs = ["1008834"]
    world.correct(batch, posting_text="Papier")
    world.move(world.issue)
    world.work(40)
    assert Batch.objects.get(revision=2).state == BatchState.FAILED
    assert world.issue.status == jira.status_id("FIN", "To Do"), "the new failure moves it back as well"
    assert len(world.issues) == 1

    world.correct(batch, posting_text="Papier A4")
    world.move(world.issue)
    world.work(40)
    assert Batch.objects.get(revision=3).state == BatchState.POSTED
    assert world.record().state == RecordState.DONE


def test_the_same_bytes_go_again_only_where_datev_asks_for_it(world):
    batch = world.refused("1008837")
    tries = world.jobs
    world.work(5)
    world.move(world.issue)
    world.work(40)

    batch.refresh_from_db()
    assert batch.state == BatchState.POSTED and not Batch.objects.filter(revision=2).exists()
    uploads = world.datev.state()["extf_jobs"]
    assert len(uploads) == tries + 1
    assert len({upload["filename"] for upload in uploads}) == 1


def test_done_reopened_and_done_again_between_two_polls_are_two_moves_and_one_file(world):
    batch = world.refused()
    world.work(5)
    world.correct(batch, posting_text="Papier")
    for status in ("Done", "To Do", "Done"):
        world.move(world.issue, status)
    world.work(40)

    assert Record.objects.filter(flow="done").count() == 2
    assert Resubmission.objects.filter(refusal="").count() == 1
    assert world.jobs == 2


@pytest.mark.parametrize("kind", ["drop after", "502 but done", "drop before", "500"])
def test_an_unclear_create_is_looked_up_after_the_lag_and_never_repeated_before(world, kind):
    world.jira.set_search_lag(60)
    world.jira.fail("issues.create", kind)
    world.refused()
    world.work(2)
    assert len(world.jira.calls_to("issues.create")) == 1
    assert world.record().state in (RecordState.UNKNOWN, RecordState.WAITING)
    world.work(30)

    assert len(world.issues) == 1
    assert world.record().state == RecordState.SENT


def test_five_polls_by_two_workers_open_one_issue(world):
    world.refused()
    intake.ensure_cursors()
    for _ in range(5):
        Cursor.objects.update(due_at=clock.now())
        work.polls()
    ids = list(Record.objects.values_list("pk", flat=True))
    assert len(ids) == 1
    for _ in range(2):
        work.these(ids)
    world.work(5)
    assert len(world.jira.calls_to("issues.create")) == 1


def test_a_newly_installed_connector_finds_the_issue_by_its_id(world):
    world.refused()
    world.work(5)
    key = world.issue.key
    Record.objects.all().delete()
    Link.objects.all().delete()
    Cursor.objects.update(value={}, due_at=clock.now())
    from connections.models import Effect

    Effect.objects.filter(owner__startswith="record:").delete()
    world.work(5)

    assert [issue.key for issue in world.issues] == [key]
    assert len(world.texts()) <= 1, "the state is told once more at the most"


def test_a_comment_whose_answer_was_lost_is_found_by_its_mark(world):
    batch = world.refused()
    world.work(5)
    world.jira.fail("comments.create", "drop after")
    world.correct(batch, posting_text="Papier")
    world.work(20)
    assert len(world.texts()) == 1


def test_a_deleted_issue_parks_the_record_and_a_person_may_open_a_new_one(world):
    from pairs import actions

    batch = world.refused()
    world.work(5)
    world.jira.delete_issue(world.issue.key)
    world.correct(batch, posting_text="Papier")
    world.work(5)
    record = world.record()
    assert record.state == RecordState.REJECTED

    actions.decide(record, "new_issue", by="anna")
    world.work(10)
    assert len(world.issues) == 1
    assert world.record().state == RecordState.SENT


def test_what_our_checks_stop_opens_an_issue_only_by_setting(jira, datev):
    world = JiraWorld(jira, datev, clients="455148-7")
    world.refused()
    world.work(5)
    assert world.issues == [], "that client was not chosen"


# --- Webhooks ---


@pytest.fixture
def hooked(world, settings):
    settings.PUBLIC_URL = "https://hub.example"
    world.refused()
    world.work(5)
    work.webhooks()
    return world


def test_a_delivery_sends_the_file_without_any_poll(hooked):
    hooked.correct(Batch.objects.get(), posting_text="Papier")
    hooked.move(hooked.issue)
    assert {attempt.status for attempt in hooked.jira.deliver()} == {200}
    hooked.work(30, poll=False)
    assert hooked.jobs == 2


def test_duplicated_and_reordered_deliveries_and_the_poll_send_it_once(hooked):
    hooked.correct(Batch.objects.get(), posting_text="Papier")
    hooked.jira.hooks.duplicate = True
    hooked.jira.hooks.out_of_order = True
    for status in ("Done", "To Do", "Done"):
        hooked.move(hooked.issue, status)
    hooked.jira.deliver()
    hooked.work(40)
    assert hooked.jobs == 2
    assert Resubmission.objects.filter(refusal="").count() == 1


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_a_forged_delivery_has_no_effect(hooked, algorithm):
    hooked.jira.options.jwt_algorithm = algorithm
    hooked.move(hooked.issue)
    assert {attempt.status for attempt in hooked.jira.deliver()} == {401}
    hooked.work(2, poll=False)
    assert not Record.objects.filter(flow="done").exists()


def test_a_delivery_that_jira_knows_nothing_of_has_no_effect(hooked):
    """Whoever holds the app's secret may say anything: what is done hangs on Jira's own history."""
    hooked.correct(Batch.objects.get(), posting_text="Papier")
    Record.objects.create(
        integration=hooked.integration,
        flow="done",
        source_ref=f"{hooked.issue.id}:999999",
        due_at=clock.now(),
    )
    hooked.work(3, poll=False)
    assert hooked.record(flow="done").state == RecordState.DONE
    assert hooked.jobs == 1


# --- Words ---


def test_ids_count_not_words(jira, datev):
    jira.set_language("de")
    world = JiraWorld(jira, datev)
    batch = world.refused()
    world.work(5)
    world.correct(batch, posting_text="Papier")
    world.move(world.issue)
    world.work(40)
    assert Batch.objects.get(revision=2).state == BatchState.POSTED
    assert world.record().state == RecordState.DONE


PLANTED = ("1.234,56", "1234.56", "70001", "4930", "RE-2026-0815", "Muster Papier", "geheimer Text")


def test_no_figure_of_the_books_gets_into_jira(world):
    batch = world.refused(
        amount=Decimal("1234.56"), document_field_1="RE-2026-0815", posting_text="geheimer Text"
    )
    world.work(5)
    world.correct(batch, amount=Decimal("2345.67"))
    world.move(world.issue)
    world.datev.options.next_jobs = ["1008834"]
    world.work(40)

    sent = b" ".join(call.body for call in world.jira.calls)
    for figure in (*PLANTED, "2345.67", "2.345,67"):
        assert figure.encode() not in sent, figure


def test_the_first_look_costs_few_calls_and_quiet_costs_one(world):
    world.refused()
    world.work(5)
    before = len(world.jira.calls)
    world.work(5)
    assert len(world.jira.calls) - before <= 6, "one bulk read for each poll, and nothing else"
