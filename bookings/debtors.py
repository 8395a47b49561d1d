"""Debtors: one number per customer for ever, and details that are sent when they have changed."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction

from bookings.debtor_details import DebtorDetails
from bookings.models import DatevClient, Debtor, Partner
from bookings.snapshot import books
from bookings.validation import labels
from bookings.validation.debtors import check_details, check_number
from connections import audit, clock
from connections.effects import Guard, digest
from connections.errors import RejectedError, TransientError
from connections.messages import DataFault, say

__all__ = ["DebtorDetails", "customer_ref", "ensure", "faults_of", "of"]

# Changes of details are collected for this long; a booking that needs a new debtor does not wait for it.
COLLECTED_FOR = timedelta(hours=1)
TRIES = 20


def customer_ref(vendor: str, organisation: str, kind: str, key: str) -> str:
    """For example 'dynamics:4ef5b371-...:account:6d81597f-...'.

    The organisation is part of it: a copied CRM has the same keys for what may become other customers.
    Raises ValueError if a part is missing, because two customers would share one reference.
    """
    parts = (vendor, organisation, kind, key)
    if not all(parts):
        raise ValueError(f"A customer is named by vendor, organisation, kind and key, not by {parts}.")
    return ":".join(part.lower() for part in parts)


def of(client: DatevClient, customer: str) -> Debtor | None:
    """The debtor that this customer has already."""
    return Debtor.objects.filter(client=client, customer_ref=customer).first()


def faults_of(
    client: DatevClient, customer: str, details: DebtorDetails, number: str = ""
) -> list[DataFault]:
    """Everything for which `ensure` would refuse this customer; nothing is stored."""
    known = of(client, customer)
    return _faults(client, customer, known, details, number, known.number if known else number)


def ensure(
    client: DatevClient,
    customer: str,
    details: DebtorDetails,
    *,
    number: str = "",
    source_url: str = "",
    collect_for: timedelta = COLLECTED_FOR,
    guard: Guard | None = None,
) -> Debtor:
    """The debtor of `customer` (a `customer_ref`) with these details; made if there is none yet.

    `number` is the one that the source names, "" = the next free one of the client's range. Changed details
    are sent within `collect_for`, or before the first booking that uses the account. `guard` runs in the
    transaction and raises if the caller no longer holds its record.
    Raises RejectedError with all faults, and nothing is stored, if the number is no debtor's, belongs to
    another customer, is another than this customer's, or if DATEV would refuse the details.
    """
    for _ in range(TRIES):
        known = of(client, customer)
        wanted = known.number if known else number
        faults = _faults(client, customer, known, details, number, wanted)
        if faults:
            raise RejectedError(
                say(
                    "The customer can't be a debtor yet: %(name)s. Correct what is listed here.",
                    name=details.shown_name or customer,
                ),
                faults=faults,
            )
        try:
            with transaction.atomic():
                if guard is not None:
                    guard()
                if known is not None:
                    return _changed(known, details, source_url, collect_for)
                made = _made(client, customer, details, number, source_url, collect_for)
        except IntegrityError:
            # Another worker has just taken the number, or made this very debtor: look again.
            continue
        if made is not None:
            return made
    raise TransientError(say("Other workers took the debtor numbers each time; tried again in a moment."))


def _faults(
    client: DatevClient,
    customer: str,
    known: Debtor | None,
    details: DebtorDetails,
    given: str,
    wanted: str,
) -> list[DataFault]:
    faults = []
    if known is not None and given and given != known.number:
        faults.append(
            DataFault(
                labels.DEBTOR_NUMBER,
                given,
                say("This customer is debtor %(number)s, and a number never changes.", number=known.number),
                say("Enter %(number)s at the source, or clear the field there.", number=known.number),
            )
        )
    if known is None and given:
        faults += _taken(client, customer, details, given)
    if known is None and not given:
        faults += _no_range(client)
    # Without a number of its own yet, the details are checked with one that is right for this client.
    number = wanted or str(10**client.account_length)
    return [*faults, *check_details(number, details, books(client))]


def _taken(client: DatevClient, customer: str, details: DebtorDetails, number: str) -> list[DataFault]:
    other = Debtor.objects.filter(client=client, number=number).exclude(customer_ref=customer).first()
    if other is None:
        return []
    return [
        DataFault(
            labels.DEBTOR_NUMBER,
            number,
            say(
                "%(other)s (%(other_ref)s) has this number already, and %(name)s (%(ref)s) names it too.",
                other=other.name,
                other_ref=other.customer_ref,
                name=details.shown_name,
                ref=customer,
            ),
            say("Give one of the two customers another number at the source."),
        )
    ]


def _no_range(client: DatevClient) -> list[DataFault]:
    if client.debtor_from is not None and client.debtor_until is not None:
        return []
    return [
        DataFault(
            labels.DEBTOR_RANGE,
            "",
            say("The customer has no debtor number, and the DATEV client has no range to take one from."),
            say("Map the debtor number, or enter a range at the DATEV client."),
        )
    ]


def _changed(debtor: Debtor, details: DebtorDetails, source_url: str, collect_for: timedelta) -> Debtor:
    """Runs in a transaction. What DATEV has already is not sent again."""
    fingerprint = digest(details.to_json())
    if debtor.digest == fingerprint:
        return debtor
    locked = Debtor.objects.select_for_update().get(pk=debtor.pk)
    is_at_datev = locked.sent_digest == fingerprint
    locked.details, locked.digest = details.to_json(), fingerprint
    locked.name = details.shown_name[:100]
    locked.source_url = source_url or locked.source_url
    locked.due_at = None if is_at_datev else clock.now() + collect_for
    locked.save()
    _keep_partner(locked, details)
    audit.record(
        "debtor.changed",
        f"debtor:{locked.pk}",
        say("Details changed at the source; sent with the next file of debtors."),
        number=locked.number,
    )
    return locked


def _made(
    client: DatevClient,
    customer: str,
    details: DebtorDetails,
    given: str,
    source_url: str,
    collect_for: timedelta,
) -> Debtor | None:
    """Runs in a transaction; None = another worker was faster with the number."""
    number = given or _next_number(client)
    if number is None:
        return None
    debtor = Debtor.objects.create(
        client=client,
        customer_ref=customer,
        number=number,
        is_assigned=not given,
        name=details.shown_name[:100],
        source_url=source_url,
        details=details.to_json(),
        digest=digest(details.to_json()),
        due_at=clock.now() + collect_for,
    )
    _keep_partner(debtor, details)
    audit.record(
        "debtor.made",
        f"debtor:{debtor.pk}",
        say("Debtor %(number)s is %(name)s.", number=number, name=debtor.name),
        number=number,
        customer=customer,
        is_assigned=not given,
    )
    return debtor


def _next_number(client: DatevClient) -> str | None:
    """The next free number, reserved; None if another worker reserved it first.

    The mark at the client only rises, by a conditional update: whatever happens to a debtor afterwards, its
    number is not given to another. Raises RejectedError when the range is used up.
    """
    now = DatevClient.objects.get(pk=client.pk)
    first, last = now.debtor_from, now.debtor_until
    if first is None or last is None:
        raise RejectedError(say("The DATEV client has no range of debtor numbers any more."))
    start = now.last_debtor + 1 if first <= now.last_debtor <= last else first
    taken = _taken_numbers(now, start, last)
    number = next((number for number in range(start, last + 1) if number not in taken), None)
    if number is None:
        raise RejectedError(
            say("The range of debtor numbers is used up."),
            faults=[
                DataFault(
                    labels.DEBTOR_RANGE,
                    f"{first} - {last}",
                    say("All numbers of the range are given."),
                    say("Enter a longer or another range at the DATEV client."),
                )
            ],
        )
    if wrong := check_number(str(number), books(now)):
        raise RejectedError(say("The range of debtor numbers does not fit the client."), faults=wrong)
    reserved = DatevClient.objects.filter(pk=now.pk, last_debtor=now.last_debtor).update(last_debtor=number)
    return str(number) if reserved else None


def _taken_numbers(client: DatevClient, first: int, last: int) -> set[int]:
    """Numbers within the range that a debtor has, or that the client's table knows from elsewhere."""
    length = len(str(first))
    found: set[str] = set()
    for numbers in (client.debtors, client.partners):
        found |= set(
            numbers.filter(number__gte=str(first), number__lte=str(last)).values_list("number", flat=True)
        )
    # As text "10001" stands before "9"; debtors of one client have one length.
    return {int(number) for number in found if len(number) == length}


def _keep_partner(debtor: Debtor, details: DebtorDetails) -> None:
    """The row of the client's table by which bookings are checked."""
    shown = {
        "name": details.shown_name[:50],
        "city": details.city[:30],
        "vat_id": details.vat_id[:15],
    }
    partner = Partner.objects.filter(client=debtor.client, number=debtor.number).first()
    if partner is None:
        Partner.objects.create(client=debtor.client, number=debtor.number, **shown)
        return
    if any(getattr(partner, name) != value for name, value in shown.items()):
        for name, value in shown.items():
            setattr(partner, name, value)
        partner._change_reason = "debtor changed at the source"
        partner.save()
