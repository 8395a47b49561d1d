"""What a ticket is told of refused files: everything that is needed to act, nothing of the books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bookings import selectors, workflow_text
from bookings.corrections import resubmit
from bookings.models import Batch, BatchState, Job, ProtocolEntry
from tests.bookings import given
from tests.bookings.test_corrections import correct, partly, refused  # noqa: F401
from tests.bookings.test_handed_in import take
from tests.bookings.world import World

# Planted where DATEV may quote it: none of it may travel.
LEDGER = ("1.234,56", "1234.56", "70001", "4930", "RE-2026-0815", "Muster Papier", "DE02120300000000202051")


def all_of(world: World, **options: bool) -> list[selectors.Failure]:
    return list(selectors.failures_since("", [world.client.pk], **options).failures)


def travelling(failure: selectors.Failure) -> str:
    """Every word that a ticket would show."""
    words = [str(failure.text), str(failure.detail), failure.client_label, failure.filename, failure.page]
    words += [f"{element.name} {element.reason}" for element in failure.elements]
    words += [f"{line.kind} {line.text} {line.filename} {line.rows}" for line in failure.protocol]
    words += [str(rule) for rule in failure.faults]
    return " ".join(words)


def test_a_refused_file_is_told_once_with_all_that_is_needed(world, refused):  # noqa: F811
    [failure] = all_of(world)

    job = Job.objects.get()
    assert failure.ref == f"batch:{refused.pk}"
    assert (failure.kind, failure.state) == ("job", "refused")
    assert (failure.job_ref, failure.latest_job_ref) == (job.vendor_ref, job.vendor_ref)
    assert (failure.client_ref, failure.client_label) == ("455148-1", "Muster Werkzeugbau GmbH")
    assert failure.code == "1008834"
    assert failure.help_url.endswith("/1008834")
    assert (failure.filename, failure.reference) == (refused.filename, refused.reference)
    assert failure.refused == len(failure.elements) > 0
    assert failure.page.endswith(f"/admin/bookings/batch/{refused.pk}/change/")
    assert selectors.failure_of_job(job.vendor_ref) == failure
    assert selectors.failures_since("", [world.client.pk + 1]).failures == ()


def test_the_version_changes_with_everything_that_is_worth_telling_and_with_nothing_else(world, refused):  # noqa: F811
    versions = [selectors.failure(f"batch:{refused.pk}").version]

    def changed() -> bool:
        versions.append(selectors.failure(f"batch:{refused.pk}").version)
        return versions[-1] not in versions[:-1]

    assert not changed()
    correct(refused, amount=Decimal("238.00"))
    assert changed()
    resubmit(refused, "1", "jira")
    assert changed()
    world.run()
    assert changed()
    world.run_to_rest()
    assert changed()
    told = selectors.failure(f"batch:{refused.pk}")
    assert (told.state, told.is_over, told.revision) == ("accepted", True, 2)
    assert [attempt.state for attempt in told.attempts] == ["refused", "accepted"]
    assert told.job_ref != told.latest_job_ref
    world.run_to_rest()
    assert not changed()


def test_a_late_line_of_the_protocol_changes_the_version(world, partly):  # noqa: F811
    before = selectors.failure(f"batch:{partly.pk}")
    ProtocolEntry.objects.create(
        job=Job.objects.get(), kind="error", text="Fehlernr=807", filename="x.xml", digest="9"
    )

    assert selectors.failure(f"batch:{partly.pk}").version != before.version
    assert before.state == "partly"
    assert before.refused == len(before.rows) == 1


def test_reading_on_from_the_cursor_misses_nothing_and_tells_the_chain_again_when_it_ends(world, refused):  # noqa: F811
    first = selectors.failures_since("", [world.client.pk])
    world.pass_time(hours=1)
    later = selectors.failures_since(first.cursor, [world.client.pk])
    world.pass_time(hours=1)
    assert selectors.failures_since(later.cursor, [world.client.pk]).failures == ()

    correct(refused, amount=Decimal("238.00"))
    resubmit(refused, "1", "jira")
    world.run_to_rest()
    [told] = selectors.failures_since(later.cursor, [world.client.pk]).failures
    assert (told.ref, told.state) == (f"batch:{refused.pk}", "accepted")


def test_a_correction_that_is_noted_hours_later_is_news(world, refused):  # noqa: F811
    first = selectors.failures_since("", [world.client.pk])
    world.pass_time(hours=5)
    later = selectors.failures_since(first.cursor, [world.client.pk])
    world.pass_time(hours=5)

    correct(refused, amount=Decimal("238.00"))

    [told] = selectors.failures_since(later.cursor, [world.client.pk]).failures
    assert (told.ref, told.state) == (f"batch:{refused.pk}", "refused")
    assert told.version != first.failures[0].version
    assert selectors.failures_since(later.cursor, [world.client.pk + 1]).failures == ()


def test_pages_of_one_tell_all(world):
    world.datev.options.next_jobs = ["1008834"] * 3
    for number in range(3):
        world.place(f"record:{number}")
    world.run_to_rest()

    cursor, seen = "", []
    for _ in range(4):
        page = selectors.failures_since(cursor, [world.client.pk], limit=1)
        seen += [failure.ref for failure in page.failures]
        cursor = page.cursor

    assert sorted(set(seen)) == sorted(f"batch:{batch.pk}" for batch in Batch.objects.all())


def test_more_refused_files_than_fit_a_page_are_all_told(world):
    for number in range(5):
        take(given.extf({11: f"RE-{number}", 8: "4711"}))
        world.pass_time(seconds=1)

    cursor, seen = "", set()
    for _ in range(6):
        page = selectors.failures_since(cursor, [world.client.pk], include_refused=True, limit=2)
        seen |= {failure.ref for failure in page.failures}
        cursor = page.cursor

    assert len(seen) == 5


def test_an_attempt_that_goes_on_by_itself_and_what_was_never_refused_are_no_failures(world):
    world.datev.options.next_jobs = ["1008837", ""]
    world.place("record:1")
    world.run()
    world.pass_time(seconds=10)
    world.run()
    assert world.batch().state == BatchState.CLOSED

    assert all_of(world) == []
    world.run_to_rest()
    [told] = all_of(world)
    assert told.is_over
    world.place("record:2")
    world.run_to_rest()
    assert len(all_of(world)) == 1


def test_what_our_own_checks_refused_is_told_only_when_asked_for(world):
    world.place("record:1")
    world.client.cost_centers.all().delete()
    world.run_to_rest()

    assert all_of(world) == []
    [failure] = all_of(world, include_refused=True)
    assert (failure.kind, failure.state, failure.job_ref) == ("batch", "stopped", "")
    assert "100" not in " ".join(str(rule) for rule in failure.faults)


def test_nothing_of_the_books_travels(world, partly):  # noqa: F811
    job = Job.objects.get()
    for number, planted in enumerate(LEDGER):
        texts = (
            f"Rechnung passt nicht zu Rechnungsschema (Fehlernr=807) {planted}",
            f"Betrag {planted} weicht ab",
            f"Belegbild {planted}.pdf wurde generiert",
            f"Fehlernr=900: {planted} {planted}",
        )
        for text in texts:
            ProtocolEntry.objects.create(
                job=job,
                kind="error",
                text=text,
                filename=f"{planted}.pdf",
                context=planted,
                digest=f"{number}{text}"[:64],
            )
    Job.objects.update(
        text=" ".join(LEDGER),
        affected_elements=[{"name": planted, "reason": planted} for planted in LEDGER],
    )

    failure = selectors.failure(f"batch:{partly.pk}")

    shown = travelling(failure)
    assert not [planted for planted in LEDGER if planted in shown]
    assert "Rechnung passt nicht zu Rechnungsschema (Fehlernr=807)" in shown
    assert any(line.raw == f"Betrag {LEDGER[0]} weicht ab" for line in failure.protocol)
    assert all(line.is_withheld for line in failure.protocol if "weicht ab" in line.raw)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("wurde empfangen!", "wurde empfangen"),
        (
            "Rechnung passt nicht zu Rechnungsschema, Fehlernr=807: 4711",
            "Rechnung passt nicht zu Rechnungsschema (Fehlernr=807)",
        ),
        ("#DCO01016 restapi.FileSizeFault Muster.pdf", "DCO01016"),
        ("Müller schuldet 12,00", "see the job"),
        ("", "see the job"),
    ],
)
def test_only_fixed_wordings_and_codes_of_a_protocol_pass(text, shown):
    assert shown in str(workflow_text.protocol(text))
    assert "Muster" not in str(workflow_text.protocol(text)).replace("Muster GmbH", "")


def test_names_of_header_fields_pass_and_their_values_do_not():
    assert workflow_text.element("Consultant", "is invalid (11)")[0] == "Consultant"
    name, reason = workflow_text.element("Client", "47110815 does not fit")
    assert name == "Client" and "4711" not in str(reason)
    assert workflow_text.element("Muster Papier", "is invalid")[0] == ""
