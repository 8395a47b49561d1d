"""Tax cases are used only after a person has confirmed them, and it is recorded who."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from bookings.invoices.checking import check_case
from bookings.models import TaxCase
from bookings.snapshot import books
from connections import audit
from connections.errors import RejectedError
from connections.messages import DataFault, say


def confirm(cases: Iterable[TaxCase], by: Any, *, is_confirmed: bool = True) -> int:
    """Confirm these tax cases, or take the confirmation back; how many were changed. `by` is the user.

    Raises RejectedError with all faults, and changes nothing, if one of them can't bear its tax.
    """
    wanted = [case for case in cases if case.is_confirmed != is_confirmed]
    if is_confirmed:
        _check(wanted)
    with transaction.atomic():
        for case in wanted:
            _note(case, by, is_confirmed)
    return len(wanted)


def _check(cases: Iterable[TaxCase]) -> None:
    faults: list[DataFault] = []
    for case in cases:
        known = books(case.client)
        faults += check_case(next(info for info in known.tax_cases if info.key == case.key), known)
    if faults:
        raise RejectedError(say("Not confirmed. Correct what is listed here."), faults=faults)


def _note(case: TaxCase, by: Any, is_confirmed: bool) -> None:
    message = (
        say("Tax case %(case)s was confirmed.", case=case)
        if is_confirmed
        else say("The confirmation of tax case %(case)s was taken back.", case=case)
    )
    case.is_confirmed = is_confirmed
    case._history_user = by  # type: ignore[attr-defined]
    case._change_reason = "confirmed" if is_confirmed else "confirmation taken back"  # type: ignore[attr-defined]
    case.save(update_fields=["is_confirmed"])
    audit.record(
        "tax_case.confirmed" if is_confirmed else "tax_case.withdrawn",
        f"datev_client:{case.client_id}",
        message,
        actor=str(by or ""),
        tax_case=case.key,
        account=case.account,
        bu_key=case.bu_key,
    )
