"""A correction on the DXSO route: the earlier invoice is taken back by a credit note beside the new one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bookings import dxso_plan
from bookings.entry import Route
from bookings.entry_reversal import reversed_entry
from bookings.models import Batch, BatchState
from bookings.snapshot import books
from tests.bookings.world import DAY, INVOICE, World


def test_a_correction_is_a_credit_note_and_an_invoice_of_their_own(world: World) -> None:
    wrong = replace(INVOICE, amount=Decimal("238.00"), document_date=DAY.replace(day=1))
    credit_note = reversed_entry(wrong, books(world.client), route=Route.DXSO)

    world.place("record:1", credit_note, INVOICE, revision=2, route=Route.DXSO)
    world.run_to_rest()

    batch = Batch.objects.get()
    assert batch.state == BatchState.POSTED
    assert [len(invoice.bookings) for invoice in dxso_plan.load(batch)] == [1, 1]
    [job] = world.datev.store.dxso_jobs.values()
    ledgers = [content.decode() for name, content in job.files.items() if name.startswith("B")]
    assert 'consolidatedAmount="-238.00"' in ledgers[0]
    assert 'consolidatedAmount="119.00"' in ledgers[1]
