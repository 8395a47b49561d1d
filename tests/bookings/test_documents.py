"""Voucher images: each arrives once under its stored GUID, and what DATEV would refuse is never sent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bookings import documents, housekeeping
from bookings.entry import Direction, Route
from bookings.models import Document, DocumentState
from connections import clock
from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError
from tests.bookings.world import PDF, World


@pytest.fixture
def document(world: World) -> Document:
    return documents.plan("record:1", "attachment-1", world.client, "Rechnung 4711.pdf")


def upload(world: World, document: Document, content: bytes = PDF) -> Document:
    return documents.upload(document, content, world.api, world.effects(document.owner))


def test_the_guid_is_stored_first_and_never_changes(world: World, document: Document) -> None:
    again = documents.plan("record:1", "attachment-1", world.client, "anders.pdf")

    upload(world, again)

    assert (again.pk, again.guid) == (document.pk, document.guid)
    assert [guid for _, guid in world.datev.store.documents] == [str(document.guid)]
    assert upload(world, again).state == DocumentState.UPLOADED
    assert len(world.datev.calls_to("documents.put")) == 1


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500, "processed": True}, {"drop": "before"}])
def test_a_lost_answer_is_repeated_under_the_same_guid(world: World, document: Document, fault: Any) -> None:
    world.datev.faults.add("documents.put", **fault)
    with pytest.raises(OutcomeUnknownError):
        upload(world, document)

    document.refresh_from_db()
    uploaded = upload(world, document)

    assert uploaded.state == DocumentState.UPLOADED
    assert len(world.datev.store.documents) == 1


def test_our_guid_used_by_somebody_else_is_a_question_for_a_person(world: World, document: Document) -> None:
    world.api.put_document(world.client.ref, document.guid, filename="fremd.pdf", content=PDF)

    with pytest.raises(RejectedError) as raised:
        upload(world, document)

    assert raised.value.code == "DCO01012"
    document.refresh_from_db()
    assert document.state == DocumentState.REFUSED
    renewed = documents.renew(document, by="erika")
    assert upload(world, renewed).state == DocumentState.UPLOADED
    assert len(world.datev.store.documents) == 2


def test_content_that_datev_has_under_another_id_is_a_duplicate(world: World, document: Document) -> None:
    world.datev.options.duplicate_content = True
    upload(world, document)
    twin = documents.plan("record:2", "attachment-1", world.client, "Rechnung 4711.pdf")

    assert upload(world, twin).state == DocumentState.DUPLICATE
    assert twin.reason is not None
    assert documents.is_brought(twin, Route.EXTF)


@pytest.mark.parametrize(
    ("name", "content", "limit"),
    [
        ("gross.pdf", PDF + b"x" * (20 * 1024 * 1024), "20 MB"),
        ("viele.zip", b"PK\x03\x04", "ZIP"),
        ("programm.exe", b"MZ", "pdf"),
        ("bild.png", PDF, ".png"),
        ("kaputt.pdf", b"no pdf at all", "application/pdf"),
        ("leer.pdf", b"", "empty"),
    ],
)
def test_what_datev_would_refuse_is_not_sent_and_the_limit_is_named(
    world: World, name: str, content: bytes, limit: str
) -> None:
    documents.read_client(world.client, world.api, clock.now())
    document = documents.plan("record:1", "attachment-1", world.client, name)

    with pytest.raises(RejectedError) as raised:
        upload(world, document, content)

    assert any(limit in str(fault) for fault in raised.value.faults)
    assert world.datev.calls_to("documents.put") == []
    assert Document.objects.get().state == DocumentState.REFUSED


def test_names_are_sent_as_datev_would_store_them(world: World) -> None:
    document = documents.plan("record:1", "1", world.client, "Rechnung: Mu\u0308ller/April*.pdf")

    upload(world, document)

    [stored] = world.datev.store.documents.values()
    assert stored.files[0]["name"] == document.filename == "Rechnung_ Müller_April_.pdf"


@pytest.mark.parametrize(
    ("direction", "name"),
    [(Direction.INCOMING, "Rechnungseingang"), (Direction.OUTGOING, "Rechnungsausgang")],
)
def test_the_document_type_follows_the_category(world: World, direction: Direction, name: str) -> None:
    documents.read_client(world.client, world.api, clock.now())
    document = documents.plan("record:1", "1", world.client, "a.pdf", direction=direction)

    upload(world, document)

    [stored] = world.datev.store.documents.values()
    assert stored.document_type == name


def test_a_document_type_that_the_client_lacks_is_a_configuration_problem(world: World) -> None:
    documents.read_client(world.client, world.api, clock.now())
    document = documents.plan("record:1", "1", world.client, "a.pdf", document_type="Gibt es nicht")

    with pytest.raises(ConfigurationError, match="document type"):
        upload(world, document)

    assert world.datev.calls_to("documents.put") == []


def test_changed_content_is_never_sent_under_the_old_guid(world: World, document: Document) -> None:
    world.datev.faults.add("documents.put", drop="after")
    with pytest.raises(OutcomeUnknownError):
        upload(world, document)
    document.refresh_from_db()

    with pytest.raises(RejectedError):
        upload(world, document, PDF + b"another")

    assert len(world.datev.calls_to("documents.put")) == 1


def test_the_client_is_read_once_a_day(world: World) -> None:
    world.client.fiscal_years.all().delete()

    documents.read_client(world.client, world.api, clock.now())
    calls = len(world.datev.calls)
    documents.read_client(world.client, world.api, clock.now())

    assert len(world.datev.calls) == calls
    assert {known["name"] for known in world.client.document_types} >= {"Rechnungseingang"}
    assert "pdf" in world.client.file_extensions
    starts = list(world.client.fiscal_years.values_list("start", flat=True))
    assert starts == [date(2025, 1, 1), date(2026, 1, 1)]
    world.pass_time(hours=25)
    documents.read_client(world.client, world.api, clock.now())
    assert len(world.datev.calls) > calls


def test_a_differing_account_length_is_reported_and_not_changed(world: World) -> None:
    world.client.account_length = 6
    world.client.save()

    [remark] = documents.read_client(world.client, world.api, clock.now())

    assert "6" in str(remark)
    world.client.refresh_from_db()
    assert world.client.account_length == 6


def test_contents_are_emptied_some_time_after_they_arrived(world: World, document: Document) -> None:
    documents.keep(document, PDF)
    assert housekeeping.forget(clock.now() + timedelta(days=400)) == 0
    Document.objects.update(state=DocumentState.UPLOADED, uploaded_at=clock.now())

    assert housekeeping.forget(clock.now()) == 0
    assert housekeeping.forget(clock.now() + timedelta(days=2)) == 1
    assert housekeeping.forget(clock.now() + timedelta(days=2)) == 0
