"""The audit trail: only ever longer, whoever asks, and every change of it is found."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.db import connection as database
from django.db import connections as databases
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connections import audit
from connections.messages import say
from connections.models import AuditEntry
from connections.models.audit import AppendOnlyError
from tests.audit_support import run, triggers

pytestmark = [pytest.mark.django_db, pytest.mark.every_variant]


def sql(statement: str) -> None:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(statement)


def three() -> list[AuditEntry]:
    return [
        audit.record("tested", f"record:{n}", say("Step %(n)s", n=n), actor="Jörg", n=n) for n in range(3)
    ]


def broken() -> list[int]:
    return [pk for pk, _ in audit.broken_links()]


class TestNothingChangesIt:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE connections_auditentry SET actor = 'nobody'",
            "DELETE FROM connections_auditentry",
            "UPDATE connections_auditentry SET hash = hash WHERE id > 0",
        ],
    )
    def test_by_sql(self, statement):
        three()
        with pytest.raises((DatabaseError, IntegrityError), match="append-only"):
            sql(statement)
        assert AuditEntry.objects.count() == 3

    @pytest.mark.skipif("database.vendor != 'postgresql'", reason="SQLite has no TRUNCATE")
    def test_by_truncate(self):
        three()
        with pytest.raises(DatabaseError, match="append-only"):
            sql("TRUNCATE connections_auditentry")

    def test_by_the_model(self):
        entry = three()[0]
        stored = AuditEntry.objects.get(pk=entry.pk)
        for attempt in (
            entry.save,
            entry.delete,
            stored.save,
            stored.delete,
            AuditEntry.objects.all().delete,
            AuditEntry.objects.filter(pk=entry.pk).delete,
            lambda: AuditEntry.objects.update(actor="nobody"),
            lambda: AuditEntry.objects.bulk_update([stored], ["actor"]),
            lambda: AuditEntry.objects.bulk_create([AuditEntry()]),
        ):
            with pytest.raises(AppendOnlyError):
                attempt()


class TestEveryChangeIsFound:
    @pytest.fixture(autouse=True)
    def without_triggers(self, db):
        """As somebody with the right to change the tables themselves."""
        entries = three()
        run(database, triggers.OFF)
        self.ids = [entry.pk for entry in entries]
        yield
        run(database, triggers.ON)

    def test_none_is_found_in_a_whole_trail(self):
        assert broken() == []

    @pytest.mark.parametrize(
        "change",
        [
            "actor = 'x'",
            "action = 'x'",
            "subject = 'x'",
            "details = '{}'",
            "at = '2026-01-01 00:00:00+00:00'",
        ],
    )
    def test_of_content(self, change):
        sql(f"UPDATE connections_auditentry SET {change} WHERE id = {self.ids[1]}")
        assert broken() == [self.ids[1]]

    def test_by_removing(self):
        sql(f"DELETE FROM connections_auditentry WHERE id = {self.ids[1]}")
        assert broken() == [self.ids[2]]

    def test_with_a_new_hash(self):
        entry = AuditEntry.objects.get(pk=self.ids[1])
        entry.actor = "nobody"
        sql(
            f"UPDATE connections_auditentry SET actor = 'nobody', hash = '{audit.hash_of(entry)}' "
            f"WHERE id = {entry.pk}"
        )
        assert broken() == [self.ids[2]]

    def test_and_the_command_fails(self, capsys):
        call_command("verify_audit")
        assert "3 audit entries" in capsys.readouterr().out
        sql(f"DELETE FROM connections_auditentry WHERE id = {self.ids[0]}")
        with pytest.raises(CommandError) as caught:
            call_command("verify_audit")
        assert caught.value.returncode == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ANYTHING)
def test_whatever_is_recorded_comes_back_with_the_same_hash(facts):
    entry = audit.record("tested", "record:1", actor="Jörg \x00 Ä", facts=facts)
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert stored.hash == audit.hash_of(stored) == entry.hash


def test_a_nul_in_a_name_is_kept_as_a_replacement():
    entry = audit.record("tested", "record:1", facts={"\x00": {"a\x00b": "\ud800"}})
    assert AuditEntry.objects.get(pk=entry.pk).details == {"facts": {"\ufffd": {"a\ufffdb": "\ufffd"}}}


def test_facts_are_kept_readable():
    entry = audit.record(
        "tested", "record:1", net=Decimal("119.10"), on=date(2026, 11, 21), tries=(1, None, True)
    )
    assert entry.details == {"net": "119.10", "on": "2026-11-21", "tries": [1, None, True]}


def test_moments_keep_their_microseconds():
    entry = audit.record("tested", "record:1")
    assert AuditEntry.objects.get().at - entry.at == timedelta(0)


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_make_one_chain():
    def write():
        try:
            for _ in range(5):
                audit.record("tested", "record:1")
        finally:
            databases.close_all()

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert AuditEntry.objects.count() == 40
    assert broken() == []


def test_a_step_that_is_rolled_back_leaves_no_gap():
    three()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.record("tested", "record:9")
        raise ZeroDivisionError
    audit.record("tested", "record:10")
    assert broken() == []
