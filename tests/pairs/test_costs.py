"""What a record costs: no look for nothing, no row of the past read again, no connection opened anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django_q.models import OrmQ

from bookings import jobs, selectors
from bookings.models import Account
from connections import clock, queue
from pairs import intake, records, work
from pairs import selectors as pair_selectors
from pairs.mapping_rows import rows_for
from pairs.models import Cursor, RecordState
from tests.pairs.world import World

LATER = timedelta(hours=1)


@pytest.mark.django_db
def test_what_we_wrote_ourselves_wakes_nothing_at_the_next_poll(asana, datev):
    world = World(asana, datev)
    gid = world.approved()
    world.work()
    calls = (len(asana.calls), len(datev.calls))
    world.pass_time(LATER)

    assert intake.poll(Cursor.objects.get().pk) == 0

    assert world.record(gid).state == RecordState.DONE
    assert (len(asana.calls) - calls[0], len(datev.calls) - calls[1]) == (1, 0)


@pytest.mark.django_db
def test_a_change_by_a_person_after_our_writing_is_still_found(asana, datev):
    world = World(asana, datev)
    gid = world.approved()
    world.work()
    world.pass_time(LATER)
    asana.set_field(gid, world.fields["document_number"], "RE-OTHER")

    assert intake.poll(Cursor.objects.get().pk) == 1
    world.work(poll=False)
    assert world.record(gid).state == RecordState.CHANGED


@pytest.mark.django_db
@pytest.mark.parametrize(("close_count", "woken"), [(1, True), (5, False)])
def test_a_worker_is_woken_for_bookings_only_when_a_batch_is_ready(asana, datev, close_count, woken):
    world = World(asana, datev, close_count=close_count)
    gid = world.approved()
    intake.ensure_cursors()
    intake.poll(Cursor.objects.get().pk)
    OrmQ.objects.all().delete()

    work.due_records()

    assert world.record(gid).state == RecordState.SENT
    assert OrmQ.objects.exists() is woken


@pytest.mark.django_db(transaction=True)
def test_waking_a_worker_keeps_the_connection_to_the_database():
    connection.ensure_connection()
    before = connection.connection
    queue.wake("pairs.tasks.tick")
    assert connection.connection is before
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("record_due", lambda now: records.due(now).values("pk")),
        ("record_due", lambda now: pair_selectors.under_way().order_by("due_at")),
        ("record_lease", lambda now: records.stale(now)),
        ("batch_due", lambda now: jobs.due(now).values("pk")),
        ("booking_unannounced", lambda now: selectors.not_announced()),
        ("delivery_open", lambda now: intake.open_deliveries(now).values("pk")),
    ],
)
def test_what_is_due_is_found_without_reading_what_is_done(index, query):
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL decides by statistics, which an empty table has not; `make bench` measures.")
    assert f"INDEX {index}" in query(clock.now()).explain()


@pytest.mark.django_db
def test_tables_of_accounts_are_read_once_until_they_change(asana, datev, django_assert_num_queries):
    world = World(asana, datev)

    def names() -> dict[str, str]:
        world.client.refresh_from_db()
        rows = rows_for(world.integration, "tasks", world.client)
        return next(row.table for row in rows if row.target_field == "contra_account")

    assert names()["Bürobedarf"] == "4930"
    with django_assert_num_queries(3):  # The client, the mapping, its value tables.
        assert "Reisekosten" not in names()
    Account.objects.create(client=world.client, number="4660", name="Reisekosten")
    assert names()["Reisekosten"] == "4660"
