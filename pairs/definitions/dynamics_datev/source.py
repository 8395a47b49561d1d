"""The Dynamics side: what an invoice says, whether it is final, and in which organisation it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connections.errors import ConfigurationError
from connections.messages import Message, say
from connections.vendors.dynamics.api import Bundle, Columns, Invoice, Note, Ref
from pairs.definitions.dynamics_datev.settings import final_statuses
from pairs.engine import Context, FlowContext
from pairs.models import FieldMapping

# Source: Dataverse table reference of invoice, statecode and statuscode (read 2026-11).
CLOSED, PAID, CANCELED = 1, 2, 3
CANCELED_EARLIER = 3
# What changes without a change of what is booked.
VOLATILE = frozenset(
    {"modifiedon", "_modifiedby_value", "versionnumber", "lastbackofficesubmit", "_ownerid_value"}
)
# Marks a wake of which nothing but its cause is known: always news.
HINT = "~"


def version_of(context: FlowContext, bundle: Bundle | None) -> str:
    """`moment|hash of the content`: the content tells what has changed, the moment what is later.

    A changed line need not touch its invoice, and what we write back ourselves is no change.
    """
    if bundle is None:
        return ""
    invoice = bundle.invoice
    rows = [invoice.row, *(line.row for line in invoice.lines)]
    ours = written_columns(context) | VOLATILE
    content = [
        [_plain(row.raw, ours) for row in rows],
        [(note.id, note.version) for note in bundle.notes],
    ]
    moments = [row.moment("modifiedon") for row in rows]
    latest = max((moment for moment in moments if moment), default=None)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
    return f"{latest.isoformat() if latest else ''}|{digest[:16]}"


def _plain(raw: Mapping[str, Any], without: frozenset[str]) -> dict[str, Any]:
    """The row's own columns, without labels and without rows of other tables."""
    return {
        name: value
        for name, value in raw.items()
        if "@" not in name and name not in without and not isinstance(value, Mapping | list)
    }


def written_columns(context: FlowContext) -> frozenset[str]:
    """The columns that results are written to."""
    back = context.integration.mappings.filter(way=FieldMapping.Way.BACK)
    return frozenset(ref.partition(":")[2] for ref in back.values_list("source_field", flat=True))


def is_news(version: str, known: str) -> bool:
    """Whether `version` tells more than `known`; an older reading that comes late does not."""
    moment, _, content = version.partition("|")
    known_moment, _, known_content = known.partition("|")
    if not content or not known_content:
        return version != known
    return content != known_content and moment >= known_moment


def has_news(context: Context) -> bool:
    """Whether the object was seen to change since it was last read."""
    record = context.record
    return record.is_deleted_at_source or is_news(record.seen_version, record.handled_version)


def columns(context: FlowContext) -> Columns:
    """The columns that the mappings read beside the usual ones."""
    rows = context.integration.mappings.exclude(source_field="")
    return Columns.chosen(rows.values_list("source_field", flat=True))


def ref_of(context: Context) -> Ref:
    """The row that the record is about.

    Raises ConfigurationError if the connection leads to another organisation by now: a copied environment
    has the same ids for what may have become something else.
    """
    ref = Ref.parse(context.record.source_ref)
    check_organisation(context, ref.organization_id)
    return ref


def check_organisation(context: FlowContext, known: str) -> None:
    facts = context.source.facts
    if known not in ("", facts.organization_id):
        raise ConfigurationError(
            say(
                "The connection leads to another organisation (%(now)s) than the one that was read so far "
                "(%(before)s), for example to a copy. Set the address of the connection back; for the other "
                "organisation make an integration of its own, with the day from which it books.",
                now=facts.organization_id,
                before=known,
            )
        )


def read(context: Context) -> Bundle | None:
    """The invoice as it is now; None when it is gone or not shown to us any more."""
    ref = ref_of(context)
    snapshot = context.fresh_snapshot()
    if snapshot is not None:
        stored: Bundle = context.source.bundle_from_json(snapshot)
        return stored
    found: Bundle | None = context.source.bundle(ref.id, columns(context))
    return found


def read_with_file(context: Context, note: Note) -> Bundle | None:
    """The invoice as it is now, and the file of `note` if that is still there unchanged; one call."""
    found: Bundle | None = context.source.bundle(ref_of(context).id, columns(context), note=note)
    return found


GONE = say("The invoice was deleted in Dynamics or is no longer shown to us; nothing was booked.")


def why_not_final(context: FlowContext, bundle: Bundle | None) -> Message | None:
    """The sentence that says why nothing is booked (yet); None when the invoice is final."""
    if bundle is None:
        return GONE
    invoice = bundle.invoice
    if is_canceled(invoice):
        return say("The invoice is canceled in Dynamics; nothing is booked.")
    if str(invoice.status) in final_statuses(context):
        return None
    if invoice.state == PAID and context.setting("paid_is_final"):
        return None
    return say(
        "The invoice is not final yet; its status is '%(status)s'.",
        status=invoice.status_label or invoice.status,
    )


def is_canceled(invoice: Invoice) -> bool:
    return invoice.state == CANCELED or (invoice.state, invoice.status) == (CLOSED, CANCELED_EARLIER)


def last_changed(invoice: Invoice) -> datetime | None:
    return invoice.modified_at or invoice.created_at
