"""Tax keys are used only after a person has confirmed them, and it is recorded who."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from connections import audit
from connections.messages import say


def confirm(keys: Iterable[Any], by: Any, *, is_confirmed: bool = True) -> int:
    """Confirm these tax keys, or take the confirmation back; how many were changed. `by` is the user."""
    changed = 0
    for key in keys:
        if key.is_confirmed == is_confirmed:
            continue
        message = (
            say("Tax key %(key)s was confirmed.", key=key)
            if is_confirmed
            else say("The confirmation of tax key %(key)s was taken back.", key=key)
        )
        with transaction.atomic():
            key.is_confirmed = is_confirmed
            key._history_user = by
            key._change_reason = "confirmed" if is_confirmed else "confirmation taken back"
            key.save(update_fields=["is_confirmed"])
            audit.record(
                "tax_key.confirmed" if is_confirmed else "tax_key.withdrawn",
                f"datev_client:{key.client_id}",
                message,
                actor=str(by or ""),
                bu_key=key.bu_key,
            )
        changed += 1
    return changed
