"""The way of one invoice: final, mapped, checked, its file uploaded, its customer a debtor, booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from bookings import debtors as ledger
from bookings import documents, selectors, services
from bookings.entry import Entry, Route
from bookings.entry_reversal import reversed_entry
from bookings.invoices import labels
from bookings.models import DatevClient
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, Message, say
from connections.vendors.dynamics.api import Bundle
from pairs import corrections, exclusive, records
from pairs.base import Change, Outcome, done, dormant, parked, sent, waiting
from pairs.booking_fields import differences
from pairs.closing import closing_of
from pairs.datev import chosen_client
from pairs.definitions.dynamics_datev import customers, einvoices, files, polling, results, source
from pairs.definitions.dynamics_datev.invoice import Wanted, want
from pairs.definitions.dynamics_datev.settings import collected_for
from pairs.engine import Context
from pairs.mapping_rows import rows_for
from pairs.models import RecordState

# DATEV's answer wakes the record at once; this look finds an answer whose wake was lost.
NEXT_LOOK = timedelta(hours=6)
# An invoice that changes each time while its file is being read.
MOST_READINGS = 3


def handle(context: Context) -> Outcome:
    """Bring one invoice as far as it can be brought now. May be run twice, killed anywhere, and replayed."""
    record = context.record
    booked = selectors.outcome(record.subject, record.revision)
    if booked is None:
        return _first_time(context)
    if booked.state == "collecting" and source.has_news(context):
        return _reconsidered(context, booked)
    if booked.state in ("collecting", "sending", "sent"):
        return sent(booked.message, look_at=context.now + NEXT_LOOK)
    if booked.state in ("failed", "stopped") and _is_corrected(context):
        # What was refused is not in the books: the corrected invoice is booked anew, under a new revision.
        with transaction.atomic():
            context.hold()
            # From here on nobody can send the old booking again out of its batch, beside the new one.
            services.release_earlier(record.subject, record.revision + 1)
            context.start_over()
        return _first_time(context)
    return _settled(context, booked)


def _is_corrected(context: Context) -> bool:
    """Whether a person asked for a new try, or the invoice now says something else than what was refused."""
    if context.record.instruction:
        return True
    return source.has_news(context) and bool(_changes(context, source.read(context)))


# --- not booked yet, or to be booked anew -------------------------------------------------------------------


def _first_time(context: Context, *, is_decided: bool = False) -> Outcome:
    """Book what the invoice says now; `is_decided`: it was decided already to replace what is booked."""
    bundle = source.read(context)
    for _ in range(MOST_READINGS):
        try:
            return _looked_at(context, bundle, is_decided=is_decided)
        except files.Outdated as changed:
            bundle = changed.bundle
    raise TransientError(say("The invoice changes while it is being read; it is read again later."))


def _looked_at(context: Context, bundle: Bundle | None, *, is_decided: bool) -> Outcome:
    version = source.version_of(context, bundle)
    standing, decision = corrections.standing(context), corrections.decision(context)
    if standing and decision == "reverse":
        return _reversed(context, bundle, standing)
    if standing and not (is_decided or decision == "correct"):
        return corrections.kept(version) if decision == "keep" else corrections.undecided(version, standing)
    reason = source.why_not_final(context, bundle)
    if bundle is None or reason is not None:
        if standing:
            return corrections.impossible(version, [_not_final(reason)])
        return dormant(reason or source.GONE, version=version)
    if other := exclusive.other_record(context):
        return exclusive.refused(other, version)
    client = chosen_client(context.integration)
    if wrong := corrections.in_other_books(context, client):
        return corrections.impossible(version, wrong)
    chosen = files.choose(context, bundle)
    rows = rows_for(context.integration, context.flow.key, client)
    found = einvoices.look(context, client, bundle, chosen.notes, rows)
    wanted = want(context, bundle, client, services.books(client), rows, found.invoice)
    if not standing and _is_too_old(context, wanted.document_date):
        return dormant(_too_old(context), version=version)
    differing = einvoices.differences(context, found, wanted)
    faults = (*wanted.faults, *chosen.faults, *einvoices.stopping(context, found, differing, rows))
    if faults:
        return (
            corrections.impossible(version, faults)
            if standing
            else _refused(context, wanted, faults, version)
        )
    if chosen.waits_until is not None:
        return waiting(
            say("Everything is ready, but no file is at the invoice yet; it is waited for."),
            until=chosen.waits_until,
            version=version,
        )
    _note_differences(context, [*found.faults, *differing])
    try:
        return _booked(context, bundle, wanted, chosen, found, client)
    except RejectedError as error:
        if standing:
            return corrections.impossible(
                version, error.faults or [DataFault("Attachment", "", error.message)]
            )
        return _rejected(error, version)


def _note_differences(context: Context, differing: Sequence[DataFault]) -> None:
    """In the timeline: the e-invoice says something else, and by the rule that stops nothing."""
    if differing:
        told = "; ".join(str(fault) for fault in differing)
        context.note("einvoice.differs", say("The e-invoice differs from the booking: %(told)s", told=told))


def _rejected(error: RejectedError, version: str) -> Outcome:
    return parked(
        RecordState.REJECTED if error.vendor else RecordState.REFUSED,
        error.message,
        faults=error.faults,
        code=error.code,
        help_url=error.help_url,
        version=version,
    )


def _booked(
    context: Context,
    bundle: Bundle,
    wanted: Wanted,
    chosen: files.Chosen,
    found: einvoices.Found,
    client: DatevClient,
) -> Outcome:
    """The file first, then the debtor, then the booking that uses both."""
    version = source.version_of(context, bundle)
    uploaded = files.upload(context, client, bundle, chosen, found.contents)
    standing = corrections.standing(context)
    if not wanted.entries and not standing:
        return done(say("The invoice comes to nothing, so that nothing is booked."), version=version)
    account = _debtor_number(context, bundle, wanted, client)
    entries = [*_reversals(standing, client), *wanted.on(account, uploaded.guids)]
    _place(context, bundle, client, entries)
    return sent(
        uploaded.warning or say("The booking is on its way to DATEV."),
        look_at=context.now + NEXT_LOOK,
        version=version,
    )


def _refused(context: Context, wanted: Wanted, faults: Sequence[DataFault], version: str) -> Outcome:
    """Nothing was booked. A correction of the customer wakes the invoice as one of the invoice does."""
    if wanted.debtor is not None:
        polling.remember_customer(context, context.record.source_ref, wanted.debtor.source_ref)
    return parked(
        RecordState.REFUSED,
        say("Not booked. To be corrected: %(count)s.", count=len(faults)),
        faults=faults,
        version=version,
    )


def _is_too_old(context: Context, document_date: date | None) -> bool:
    begin_on = date.fromisoformat(str(context.setting("begin_on")))
    return document_date is not None and document_date < begin_on


def _too_old(context: Context) -> Message:
    return say(
        "Dated before %(day)s, the day from which this integration books.", day=context.setting("begin_on")
    )


def _debtor_number(context: Context, bundle: Bundle, wanted: Wanted, client: DatevClient) -> str:
    """The customer's account, given now if there is none yet; its own record follows it from then on."""
    debtor, customer = wanted.debtor, bundle.invoice.customer
    if debtor is None or customer is None:
        raise ValueError("An invoice without faults has a customer.")
    is_new = ledger.of(client, debtor.customer_ref) is None
    url = context.source.url(customer.table, customer.id)

    def entered() -> None:
        """In the transaction that makes the debtor. Its record reads afresh what has changed since."""
        context.hold()
        if is_new:
            change = Change(ref=debtor.source_ref, label=customer.name, url=url)
            records.wake(context.integration, customers.FLOW, [change])

    found = ledger.ensure(
        client,
        debtor.customer_ref,
        debtor.details,
        number=debtor.number,
        source_url=url,
        collect_for=collected_for(context),
        guard=entered,
    )
    return found.number


def _reversals(standing: Sequence[Entry], client: DatevClient) -> list[Entry]:
    books = services.books(client)
    return [reversed_entry(entry, books, route=Route.EXTF) for entry in standing]


def _reversed(context: Context, bundle: Bundle | None, standing: Sequence[Entry]) -> Outcome:
    """A person takes the booking back, and nothing takes its place."""
    version = source.version_of(context, bundle)
    client = chosen_client(context.integration)
    if wrong := corrections.in_other_books(context, client):
        return corrections.impossible(version, wrong)
    try:
        _place(context, bundle, client, _reversals(standing, client))
    except RejectedError as error:
        return corrections.impossible(version, error.faults)
    return sent(say("The reversal is on its way to DATEV."), look_at=context.now + NEXT_LOOK, version=version)


def _place(context: Context, bundle: Bundle | None, client: DatevClient, entries: Sequence[Entry]) -> None:
    record = context.record
    services.place(
        record.subject,
        record.revision,
        client,
        entries,
        route=Route.EXTF,
        batch_origin=f"integration:{context.integration.pk}",
        label=str(context.setting("batch_label")),
        booking_label=bundle.invoice.number if bundle else record.label,
        source_url=record.source_url,
        closing=closing_of(context),
        guard=lambda: exclusive.hold_alone(context),
    )


# --- booked already -----------------------------------------------------------------------------------------


def _reconsidered(context: Context, booked: selectors.BookingOutcome) -> Outcome:
    """The invoice was seen to change while its booking was still being collected, and nothing was sent."""
    bundle = source.read(context)
    version = source.version_of(context, bundle)
    if not source.is_news(version, context.record.handled_version) and bundle is not None:
        return sent(booked.message, look_at=context.now + NEXT_LOOK, version=version)
    if not services.withdraw(context.record.subject):
        return sent(say("The booking is on its way to DATEV."), look_at=context.now + timedelta(minutes=1))
    context.note(
        "booking.withdrawn", say("The invoice changed before the batch was closed; it is looked at again.")
    )
    return _first_time(context, is_decided=True)


def _settled(context: Context, booked: selectors.BookingOutcome) -> Outcome:
    """DATEV has answered: say so in Dynamics if that is wanted, then see whether the invoice still fits."""
    record, decision = context.record, corrections.decision(context)
    if booked.state == "posted" and (
        decision == "correct" or (decision == "reverse" and _standing_now(context))
    ):
        context.start_over()
        return _first_time(context)
    is_asked = source.has_news(context) or bool(record.instruction)
    bundle = source.read(context) if is_asked else None
    version = source.version_of(context, bundle) or record.handled_version
    not_written = results.write(context, booked)
    if booked.state == "unknown":
        return parked(RecordState.UNSETTLED, booked.message, code=booked.code, version=version)
    if booked.state != "posted":
        return parked(
            RecordState.REJECTED,
            booked.message,
            faults=booked.faults,
            code=booked.code,
            help_url=booked.help_url,
            version=version,
        )
    if is_asked and decision != "keep" and (changes := _changes(context, bundle)):
        return parked(
            RecordState.CHANGED,
            say(
                "The invoice was changed after it was booked. Nothing is booked by itself: choose 'reverse "
                "and book again', 'reverse only', or keep the booking as it is."
            ),
            faults=changes,
            version=version,
        )
    return _done(context, not_written or _settled_message(context, booked), bundle, version)


def _settled_message(context: Context, booked: selectors.BookingOutcome) -> Message:
    if _standing_now(context):
        return booked.message
    return say("The booking was reversed, and nothing took its place.")


def _done(context: Context, message: Message, bundle: Bundle | None, version: str) -> Outcome:
    missing = documents.missing(context.record.subject)
    if missing and context.record.instruction and bundle is not None:
        files.repair(context, chosen_client(context.integration), bundle)
        missing = documents.missing(context.record.subject)
    if missing:
        return parked(
            RecordState.DOCUMENT_MISSING,
            say(
                "Booked, but a document is not in DATEV: %(names)s. Replay the record to upload it; "
                "nothing is booked again.",
                names=", ".join(missing),
            ),
            version=version,
        )
    return done(message, version=version)


def _standing_now(context: Context) -> list[Entry]:
    """What the latest revision has booked beside its reversals, which come first in it."""
    record = context.record
    return selectors.entries(record.subject, record.revision)[len(corrections.standing(context)) :]


def _changes(context: Context, bundle: Bundle | None) -> tuple[DataFault, ...]:
    """What the invoice says differently from what is booked."""
    booked = _standing_now(context)
    reason = source.why_not_final(context, bundle)
    if bundle is None or reason is not None:
        return (_not_final(reason),) if booked else ()
    record = context.record
    # In whose books it stands, whatever client the integration has by now.
    client = selectors.client_of(record.subject, record.revision) or chosen_client(context.integration)
    rows = rows_for(context.integration, context.flow.key, client)
    wanted = want(context, bundle, client, services.books(client), rows, einvoices.kept(record.subject))
    if not booked and wanted.entries:
        return (
            DataFault(
                labels.GROSS_TOTAL,
                "",
                say("The invoice is final again, but its booking was reversed."),
                say("Choose 'reverse and book again' to book it."),
            ),
        )
    return (*wanted.faults, *_row_differences(booked, wanted.entries))


def _not_final(reason: Message | None) -> DataFault:
    return DataFault("Status", "", reason or source.GONE, say("It was final when it was booked."))


def _row_differences(booked: Sequence[Entry], wanted: Sequence[Entry]) -> list[DataFault]:
    """Row by row: rows of one revenue account, tax key and cost center belong together."""
    pairs: dict[tuple[str, ...], list[list[Entry]]] = defaultdict(lambda: [[], []])
    for number, entries in enumerate((booked, wanted)):
        for entry in entries:
            pairs[_place_of(entry)][number].append(entry)
    faults: list[DataFault] = []
    for before, after in pairs.values():
        for old, new in zip(before, after, strict=False):
            faults += differences(old, new)
        faults += [
            _row_fault(entry, say("This row is booked, and the invoice has none like it."))
            for entry in before[len(after) :]
        ]
        faults += [
            _row_fault(entry, say("The invoice has this row, and it is not booked."))
            for entry in after[len(before) :]
        ]
    return faults


def _place_of(entry: Entry) -> tuple[str, ...]:
    return (
        entry.contra_account,
        entry.bu_key,
        entry.cost_center_1,
        entry.cost_center_2,
        str(entry.eu_tax_rate),
    )


def _row_fault(entry: Entry, rule: Message) -> DataFault:
    amount = f"{entry.amount} {entry.side.value}".replace(".", ",")
    return DataFault("posting row", f"{entry.account} / {entry.contra_account}: {amount}", rule)
