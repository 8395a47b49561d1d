"""Files from elsewhere: checked, sent as they are, once, followed and corrected like our own."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from bookings import corrections, handed_in, housekeeping, selectors
from bookings.corrections import Refusal, resubmit
from bookings.models import (
    Account,
    Batch,
    BatchState,
    CostCenter,
    HandedIn,
    HandedInState,
    Job,
    Partner,
    TaxKey,
    Way,
)
from connections import clock
from connections.errors import RejectedError
from tests.bookings import given
from tests.bookings.test_dxso_way import spoil
from tests.bookings.test_killed import rolled_back
from tests.bookings.world import Killed, World, boundaries, killed_at


def take(content: bytes, name: str = "buchungen.csv", **more: Any) -> HandedIn:
    row, _is_new = handed_in.hand_in(content, name, way=Way.ADMIN, by="erika", **more)
    return row


def rules(row: HandedIn) -> str:
    return " ".join(f"{fault['line']} {fault['field']} {fault['rule']['pattern']}" for fault in row.faults)


class TestAnExtfFile:
    def test_arrives_byte_for_byte_under_a_name_of_ours_and_is_followed(self, world):
        content = given.extf({}, {11: "RE-2", 1: "238,00"})

        row = take(content)
        world.run_to_rest()

        assert (row.state, row.faults) == (HandedInState.TAKEN, [])
        [upload] = world.datev.store.uploads.values()
        assert upload.content == content
        batch = world.batch()
        assert (batch.state, batch.rows, batch.filename) == (BatchState.POSTED, 2, upload.filename)
        assert batch.filename.startswith("EXTF_mlc-")
        assert world.arrived == ["RE-1", "RE-2"]

    def test_is_taken_once_however_often_and_whichever_way_it_comes(self, world):
        content = given.extf()

        first = take(content)
        again, is_new = handed_in.hand_in(content, "kopie.csv", way=Way.FOLDER, by="", client=world.client)
        world.run_to_rest()

        assert (again.pk, is_new) == (first.pk, False)
        assert world.arrived == ["RE-1"]

    def test_with_faults_lists_all_of_them_with_their_lines_and_sends_nothing(self, world):
        row = take(
            given.extf(
                {1: "0,00"}, {8: "4711", 9: "77"}, {7: "123456"}, {10: "3106"}, {37: "999"}, {11: "RE 1"}
            )
        )
        world.run_to_rest()

        assert row.state == HandedInState.REFUSED
        assert [fault["line"] for fault in row.faults] == [3, 4, 4, 5, 6, 7, 8]
        assert world.datev.calls_to("extf.import") == []
        assert not Batch.objects.exists()

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (b"", "empty"),
            (b"hello", "CR LF"),
            (given.extf(encoding="utf-8"), "byte order mark"),
            (given.extf(client=2), "not set up"),
            (
                given.extf(header=given.HEADER.format(client=1).replace(";4;20260701", ";5;20260701")),
                "has %(kept)s",
            ),
            (given.extf(header=given.HEADER.format(client=1).replace("20260101", "20250101")), "fiscal year"),
            (
                given.extf(header=given.HEADER.format(client=1).replace("20260731", "20270131")),
                "calendar years",
            ),
            (given.extf(header=given.HEADER.format(client=1).replace('"EXTF"', '"DTVF"')), "as demanded"),
            (given.extf({14: "x\x00y"}), "isn't as demanded"),
            (b"\xff\xfe\x00", "read"),
        ],
    )
    def test_that_can_not_be_sent_is_refused_with_a_reason(self, world, content, word):
        row = take(content)

        assert row.state == HandedInState.REFUSED
        said = f"{row.reason['pattern']} {row.reason['values']} {rules(row)}"
        assert word in said
        assert not Batch.objects.exists()

    def test_of_a_client_without_tables_is_judged_by_what_is_known(self, world):
        for table in (Account, Partner, CostCenter, TaxKey):
            table.objects.all().delete()

        assert take(given.extf({8: "4711", 9: "40"})).state == HandedInState.TAKEN
        assert take(given.extf({8: "471100"})).state == HandedInState.REFUSED

    def test_that_was_refused_is_checked_again_when_a_table_was_mended(self, world):
        row = take(given.extf({8: "4711"}))
        assert row.state == HandedInState.REFUSED
        Account.objects.create(client=world.client, number="4711")

        row, is_new = handed_in.check_again(row, "erika")
        world.run_to_rest()

        assert is_new and row.state == HandedInState.TAKEN
        assert HandedIn.objects.count() == 1
        assert world.arrived == ["RE-1"]

    def test_for_another_client_than_it_was_handed_in_for_is_refused(self, world):
        from tests.bookings.world import datev_client

        other = datev_client(world.connection, client_number=2, name="Zweite GmbH")
        assert take(given.extf(), client=other).state == HandedInState.REFUSED
        assert take(given.extf()).state == HandedInState.TAKEN

    def test_may_be_unicode_with_a_mark_and_of_several_months_of_one_year(self, world):
        header = given.HEADER.format(client=1).replace("20260731", "20260831")
        content = given.extf({}, {10: "1508", 11: "RE-2"}, encoding="utf-8-sig", header=header)

        assert take(content).state == HandedInState.TAKEN
        world.run_to_rest()
        assert world.arrived == ["RE-1", "RE-2"]


def test_what_was_refused_long_ago_is_emptied_and_asked_for_again(world):
    row = take(given.extf({8: "4711"}))
    assert housekeeping.forget(clock.now() + timedelta(days=89)) == 0
    assert housekeeping.forget(clock.now() + timedelta(days=91)) == 1

    with pytest.raises(RejectedError):
        handed_in.check_again(row, "erika")
    Account.objects.create(client=world.client, number="4711")
    assert take(given.extf({8: "4711"})).state == HandedInState.TAKEN


class TestACorrectedExtfFile:
    @pytest.fixture
    def refused(self, world: World) -> Batch:
        world.datev.options.next_jobs = ["1008834"]
        take(given.extf({120: "DE"}, {11: "RE-2", 1: "238,00"}))
        world.run_to_rest()
        return world.batch(state=BatchState.FAILED)

    def test_changes_one_value_and_no_other_byte(self, world, refused):
        before = bytes(Batch.objects.get(pk=refused.pk).content)

        changes = corrections.correct_row(refused, 2, {"1": "357,00"}, "erika")
        assert changes == [
            {"row": "2", "field": "Umsatz (ohne Soll/Haben-Kz)", "before": "238,00", "after": "357,00"}
        ]
        assert resubmit(refused, "1", "jira").is_sent
        world.run_to_rest()

        new = world.batch(revision=2)
        assert bytes(new.content) == before.replace(b"238,00", b"357,00")
        assert new.filename != refused.filename
        assert [row["amount"] for row in world.datev.bookings()] == ["119.00", "357.00"]
        assert bytes(Batch.objects.get(pk=refused.pk).content) == before

    def test_needs_a_correction(self, world, refused):
        assert resubmit(refused, "1", "jira").refusal is Refusal.NO_CORRECTION

    def test_row_with_faults_is_not_noted(self, refused):
        with pytest.raises(RejectedError):
            corrections.correct_row(refused, 1, {"7": "99999999"}, "erika")
        with pytest.raises(RejectedError):
            corrections.correct_row(refused, 1, {"1": "1.190,00"}, "erika")
        with pytest.raises(RejectedError):
            corrections.correct_row(refused, 3, {"1": "1,00"}, "erika")
        assert not refused.noted_corrections.exists()

    def test_may_be_uploaded_whole_and_is_then_sent_as_it_is(self, world, refused):
        content = given.extf({11: "RE-1A"})

        changes = corrections.accept_file(refused, "neu.csv", content, "erika")
        corrections.correct_row(refused, 1, {"14": "Papier"}, "erika")
        resubmit(refused, "1", "jira")
        world.run_to_rest()

        assert {change["row"] for change in changes} == {"1", "2"}
        assert bytes(world.batch(revision=2).content) == content.replace(b"B\xfcro", b"Papier")
        assert world.arrived == ["RE-1A"]

    def test_that_says_the_same_or_has_faults_is_not_accepted(self, refused):
        same = bytes(Batch.objects.get(pk=refused.pk).content)
        for content in (same, given.extf({8: "4711"}), given.extf(client=2), b"x"):
            with pytest.raises(RejectedError):
                corrections.accept_file(refused, "neu.csv", content, "erika")
        assert not refused.noted_corrections.exists()


class TestADxsoPackage:
    def test_arrives_file_by_file_as_it_is(self, world):
        content = given.package(given.ledger("RE-1"), given.ledger("RE-2", "238.00"))

        row = take(content, "paket.zip")
        world.run_to_rest()

        assert row.faults == []
        assert world.batch().state == BatchState.POSTED
        assert sorted(world.arrived) == ["RE-1", "RE-2"]
        [job] = world.datev.store.dxso_jobs.values()
        with zipfile.ZipFile(BytesIO(content)) as packed:
            assert job.files == {name: packed.read(name) for name in packed.namelist()}

    def test_a_ledger_file_alone_gets_a_document_xml(self, world):
        row = take(given.ledger(), "RE-1.xml", client=world.client)
        world.run_to_rest()

        assert row.state == HandedInState.TAKEN
        assert world.arrived == ["RE-1"]
        [job] = world.datev.store.dxso_jobs.values()
        assert given.ledger() in job.files.values()

    def test_a_ledger_file_that_nobody_names_a_client_for_is_refused(self, world):
        assert take(given.ledger(), "RE-1.xml").state == HandedInState.REFUSED

    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (given.package(given.ledger(account="4711")), "table of accounts"),
            (given.package(given.ledger(amount="0.00")), "can't be read"),
            (given.package(given.ledger().replace(b'Amount="119.00"', b'Amount="120.00"')), "total differs"),
            (given.package(given.ledger(), client=2), "not set up"),
            (given.package(given.ledger(), **{"mehr.pdf": b"x"}), "does not name it"),
            (given.package(given.ledger(), **{"R01.xml": b"<x/>"}), "LedgerImport"),
            (given.package(given.ledger(), **{"a/b.pdf": b"x"}), "flat"),
            (given.package(given.ledger())[:-30], "damaged"),
            (b"<a><!DOCTYPE x></a>", "can't be read"),
            (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type"),
        ],
    )
    def test_that_can_not_be_sent_is_refused_with_a_reason(self, world, content, word):
        row = take(content, "paket.zip")

        assert row.state == HandedInState.REFUSED
        assert word in f"{row.reason['pattern']} {rules(row)} {row.faults}"

    def test_with_a_folder_that_datev_does_not_have_stops_before_anything_is_uploaded(self, world):
        take(given.package(given.ledger(), folder="Fremder Ordner"), "paket.zip")
        world.run_to_rest()

        assert world.batch().state == BatchState.STOPPED
        assert world.datev.calls_to("dxso.files") == []

    def test_of_a_partly_taken_one_only_the_refused_document_goes_again_under_new_names(
        self, world, monkeypatch
    ):
        take(given.package(given.ledger("RE-1"), given.ledger("RE-2")), "paket.zip")
        with monkeypatch.context() as patch:
            spoil(patch, "R02.xml")
            world.run_to_rest()
        partly = world.batch(state=BatchState.PARTLY)
        assert selectors.failure(f"batch:{partly.pk}").rows == (2,)

        assert resubmit(partly, "0", "jira").refusal is Refusal.NO_CORRECTION
        [change, *_rest] = corrections.correct_row(partly, 1, {"amount": "238.00"}, "erika")
        assert (change["field"], change["before"], change["after"]) == ("amount", "119.00", "238.00")
        assert resubmit(partly, "1", "jira").is_sent
        world.run_to_rest()

        assert world.batch(revision=2).state == BatchState.POSTED
        amounts = {row["document_field_1"]: row["amount"] for row in world.datev.bookings()}
        assert {number: Decimal(amount) for number, amount in amounts.items()} == {
            "RE-1": Decimal("119.00"),
            "RE-2": Decimal("238.00"),
        }
        first, second = world.datev.store.dxso_jobs.values()
        assert set(second.files) == {"document.xml", "R2 R02.xml", "R2 R02.pdf"}
        assert b"8DB85C02-4CC3-FF3E-06D7-7F87EEECCF02" in first.files["document.xml"]
        assert b"8DB85C02-4CC3-FF3E-06D7-7F87EEECCF02" not in second.files["document.xml"]
        # What our bookings do not know stays in the file.
        assert b"<paymentConditionsId>10<" in second.files["R2 R02.xml"]
        assert b'consolidatedAmount="238.00"' in second.files["R2 R02.xml"]


class TestATicket:
    def test_for_a_refused_file_names_lines_and_rules_but_no_values(self, world):
        row = take(given.extf({8: "4711"}, {37: "998877"}), "Muster Papier.csv")

        page = selectors.failures_since("", [world.client.pk], include_refused=True)

        [failure] = page.failures
        assert (failure.ref, failure.kind, failure.state) == (f"file:{row.pk}", "file", "stopped")
        assert failure.rows == (3, 4)
        told = " ".join(str(rule) for rule in failure.faults) + failure.filename + str(failure.text)
        assert not [word for word in ("4711", "998877", "Muster Papier") if word in told]
        assert selectors.failures_since("", [world.client.pk]).failures == ()

    def test_done_checks_the_file_again_and_sends_it_once(self, world):
        row = take(given.extf({8: "4711"}))
        ref = f"file:{row.pk}"
        assert resubmit(ref, "1", "jira").refusal is Refusal.FAULTY
        Account.objects.create(client=world.client, number="4711")
        assert resubmit(ref, "1", "jira").refusal is Refusal.FAULTY

        first = resubmit(ref, "2", "jira")
        again = resubmit(ref, "2", "jira")
        assert resubmit(ref, "3", "jira").refusal is Refusal.UNDER_WAY
        world.run_to_rest()

        assert first.is_sent and again.is_sent and first.batch == again.batch
        assert world.arrived == ["RE-1"]
        assert selectors.failure(ref).state == "accepted"


@pytest.mark.kills
def test_killed_anywhere_a_file_is_taken_and_sent_once(world: World, monkeypatch: Any) -> None:
    content = given.extf()

    def way() -> None:
        take(content)
        world.run()
        world.pass_time(seconds=10)
        world.run()

    points: list[str] = []
    with rolled_back(), killed_at(0, points, monkeypatch):
        way()
    for step in boundaries(points, every=4):
        world.datev.store.uploads.clear()
        with rolled_back():
            with pytest.raises(Killed), killed_at(step, [], monkeypatch):
                way()
            world.pass_time(minutes=10)
            way()
            world.run_to_rest()
            where = f"step {step}, {points[step - 1]}"
            assert world.arrived == ["RE-1"], where
            assert (HandedIn.objects.count(), Batch.objects.count()) == (1, 1), where
            assert Job.objects.filter(state="succeeded").count() == 1, where
