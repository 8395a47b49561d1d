"""What may be written back into the invoice: the state of its booking, never anything of the ledger.

Off unless columns are mapped for it. Whatever becomes of it, the booking is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation

from bookings.selectors import BookingOutcome
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from pairs.definitions.dynamics_datev import source
from pairs.engine import Context
from pairs.models import FieldMapping, UpdateMode

RESULT_WORDS = {
    "posted": say("Booked in DATEV"),
    "failed": say("Refused by DATEV"),
    "unknown": say("Unknown: check in DATEV"),
}
MAX_TEXT = 1000


def write(context: Context, booked: BookingOutcome) -> Message | None:
    """Write the result once; a sentence if Dynamics did not take it, None if there is nothing to say."""
    rows = list(
        context.integration.mappings.select_related("table")
        .filter(flow=context.flow.key, way=FieldMapping.Way.BACK)
        .exclude(update_mode=UpdateMode.NEVER)
    )
    if not rows:
        return None
    kind = booked.state if booked.state in ("posted", "unknown") else "failed"
    ref = source.ref_of(context)
    try:
        with translation.override(context.integration.language):
            wanted = {_column(row): value for row in rows if (value := _value(row, kind, booked)) is not None}
        context.effect(
            f"write_back:{kind}:{context.record.revision}:{booked.job_ref or booked.batch_id}",
            lambda: _written(context, ref.id, wanted),
            is_repeatable=True,
            content={name: str(value) for name, value in wanted.items()},
        )
    except (ConfigurationError, RejectedError) as error:
        message = say(
            "%(state)s The result could not be written into the invoice: %(why)s",
            state=booked.message,
            why=error.message,
        )
        context.note("write_back.failed", message)
        return message
    return None


def _written(context: Context, invoice_id: str, wanted: Mapping[str, Any]) -> dict[str, str]:
    context.source.write_back(invoice_id, wanted)
    return {}


def _column(row: FieldMapping) -> str:
    return row.source_field.partition(":")[2]


def _value(row: FieldMapping, kind: str, booked: BookingOutcome) -> Any:
    plain: dict[str, Any] = {
        "result": str(RESULT_WORDS[kind]),
        "job_ref": booked.job_ref,
        "text": str(booked.message)[:MAX_TEXT],
        "booked_on": booked.sent_on,
    }
    if row.table is None:
        return plain[row.target_field] or None
    options = {entry.source_value: entry.target_value for entry in row.table.rows.all()}
    key = kind if row.target_field == "result" else str(plain[row.target_field])
    if key not in options:
        raise ConfigurationError(
            say(
                "The value table '%(table)s' has no row for the result '%(result)s'.",
                table=row.table.name,
                result=key,
            )
        )
    # An option is written by its number.
    return int(options[key]) if options[key].isdigit() else options[key]
