"""An e-invoice at the task: compared with the booking by rule, and a source for the mapping."""

from __future__ import annotations

from typing import Any

import pytest

from bookings.models import Document, Partner
from connections.models import AuditEntry
from pairs import actions, discovery
from pairs.models import FieldMapping, RecordState
from tests.bookings.formats.einvoices import cii, pdf_with, plain_pdf, ubl
from tests.pairs.test_asana_datev import faults
from tests.pairs.world import World

DAY = {"issued": "2026-03-14"}


@pytest.fixture
def world(db: None, asana: Any, datev: Any) -> World:
    return World(asana, datev, compare_einvoice="park")


def task(world: World, content: bytes, name: str = "Rechnung.pdf", **fields: Any) -> str:
    gid = world.task(attach=False, **{"document_number": "RE-1"} | fields)
    world.asana.add_attachment(gid, name, content)
    world.asana.approve(gid)
    return gid


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pdf_with(cii(**DAY)), "Rechnung.pdf"),
        (ubl(**DAY), "xrechnung.xml"),
        (plain_pdf(), "Rechnung.pdf"),
    ],
)
def test_an_invoice_that_agrees_or_is_no_e_invoice_is_booked(world: World, content: bytes, name: str) -> None:
    gid = task(world, content, name)

    world.work()

    assert [row["document_field_1"] for row in world.datev.bookings()] == ["RE-1"]
    assert world.record(gid).state == RecordState.DONE
    # Looked into and uploaded with one download.
    assert len(world.asana.files.calls_to("files.download")) == 1
    assert not AuditEntry.objects.filter(action="einvoice.differs").exists()


def test_every_difference_stops_the_booking(world: World) -> None:
    Partner.objects.filter(number="70001").update(vat_id="ATU12345675")
    world.client.save()
    other = cii(
        number="RE-2", issued="2026-03-15", gross="120.00", payable="120.00", net="100.00", tax="20.00",
        taxes=[("S", "20", "100.00", "20.00")],
    )  # fmt: skip
    gid = task(world, other, "xrechnung.xml")

    world.work()

    told = faults(world.record(gid))
    assert world.record(gid).state == RecordState.REFUSED
    assert world.datev.bookings() == []
    names = [text.split(":")[0] for text in told]
    assert names == [
        "invoice number",
        "VAT id of the seller",
        "invoice date",
        "gross total",
        "tax rate",
        "tax rate",
    ]
    assert world.result(gid)[0] == "Prüfen"


def test_a_credit_note_is_told_from_an_invoice(world: World) -> None:
    note = cii(type_code="381", **DAY)
    wrong, right = task(world, note, "a.xml"), task(world, note, "b.xml", kind="Gutschrift")

    world.work()

    assert [text.split(":")[0] for text in faults(world.record(wrong))] == ["type of the invoice"]
    assert world.record(right).state == RecordState.DONE


def test_differences_that_are_only_shown_stand_in_the_timeline(world: World) -> None:
    world.integration.settings["compare_einvoice"] = "show"
    world.integration.save()
    gid = task(world, cii(number="RE-9", **DAY), "xrechnung.xml")

    world.work()

    assert world.record(gid).state == RecordState.DONE
    [entry] = AuditEntry.objects.filter(action="einvoice.differs")
    assert "RE-9" in entry.details["message"]["values"]["told"]


def test_a_broken_or_second_e_invoice_stops_the_booking(world: World) -> None:
    broken = task(world, cii(gross="120.00", **DAY), "xrechnung.xml")
    two = task(world, cii(**DAY), "a.xml", document_number="RE-1")
    world.asana.add_attachment(two, "b.xml", cii(number="RE-7", **DAY))

    world.work()

    assert {text.split(":")[0] for text in faults(world.record(broken))} == {"gross total", "amount due"}
    assert [text.split(":")[0] for text in faults(world.record(two))] == ["e-invoice"]
    assert world.datev.bookings() == []


def test_fields_are_filled_from_the_e_invoice(world: World) -> None:
    """And a look back after the booking finds no difference, without reading the file again."""
    for target, term in (("amount", "BT-112"), ("document_field_1", "BT-1"), ("document_date", "BT-2")):
        FieldMapping.objects.filter(target_field=target).update(
            kind="direct", source_field=f"einvoice:{term}"
        )
    FieldMapping.objects.create(
        integration=world.integration, flow="tasks", target_field="due_date", source_field="einvoice:BT-9"
    )
    gid = task(
        world, pdf_with(cii(due="2026-04-13", **DAY)), amount=None, document_number=None, document_date=None
    )
    world.work()

    [booking] = world.datev.bookings()
    assert (booking["amount"], booking["document_field_1"], booking["date"]) == (
        "119.00",
        "RE-1",
        "2026-03-14",
    )
    actions.replay([world.record(gid)], by="anna")
    world.work()
    assert world.record(gid).state == RecordState.DONE
    assert Document.objects.get().einvoice["invoice"]["terms"]["BT-9"] == "2026-04-13"


def test_without_an_e_invoice_the_mapped_fields_are_missing(world: World) -> None:
    FieldMapping.objects.filter(target_field="amount").update(kind="direct", source_field="einvoice:BT-112")
    gid = task(world, plain_pdf())

    world.work()

    assert len(faults(world.record(gid))) == 1
    assert world.datev.bookings() == []


def test_the_fields_of_an_e_invoice_are_offered_for_the_mapping(world: World) -> None:
    flow = world.integration.declared.flow("tasks")
    offered = discovery.Offers(world.integration).fields(flow, FieldMapping.Way.INTO)
    assert offered is not None
    labels = {option.ref: option.label for option in offered}
    assert labels["einvoice:BT-112"] == "e-invoice BT-112: gross total"
    assert "einvoice:is_credit_note" in labels and "builtin:name" in labels
    FieldMapping.objects.filter(target_field="amount").update(source_field="einvoice:BT-112")
    assert discovery.gone_fields(world.integration) == []


def test_what_is_not_compared_is_not_read(world: World) -> None:
    world.integration.settings["compare_einvoice"] = "no"
    world.integration.save()
    gid = task(world, cii(number="RE-9", **DAY), "xrechnung.xml")

    world.work()

    assert world.record(gid).state == RecordState.DONE
    assert Document.objects.get().einvoice is None
