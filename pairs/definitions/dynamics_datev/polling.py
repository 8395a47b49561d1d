"""What changed in Dynamics: by change tracking, by a full reading when its mark has expired, by webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from bookings import debtors
from bookings.models import Debtor
from connections import audit
from connections.messages import say
from connections.vendors.dynamics.api import ChangePage, FullReadNeededError, Ref
from connections.vendors.dynamics.payload import hook_refs, operation_of
from pairs import records
from pairs.base import Change, Page
from pairs.datev import chosen_client
from pairs.definitions.dynamics_datev import source
from pairs.definitions.dynamics_datev.source import HINT
from pairs.engine import FlowContext
from pairs.models import Link, Record, RecordState

# Lines first: what changes in them after that is found by the next round, whatever is read of invoices since.
INVOICE_TABLES = ("invoicedetail", "invoice")
CUSTOMER_TABLES = ("account", "contact")
COMPARE = "compare"
COMPARED_AT_ONCE = 120
# A change becomes visible a moment after the time that it bears.
OVERLAP = timedelta(days=1)


class Round(NamedTuple):
    """One page of one table, and where the reading goes on."""

    table: str
    page: ChangePage
    cursor: dict[str, Any]
    more: str


def poll_invoices(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """A page of invoices that changed, also through their lines, each with its content."""
    if more.startswith(COMPARE):
        return _compare(context, cursor, int(more.partition(":")[2] or 0))
    found = _next(context, cursor, more, INVOICE_TABLES)
    changes = _lost(context, found.page.deleted) if found.table == "invoice" else []
    changes += _read(context, _invoice_ids(context, found))
    if not found.more and found.cursor.pop("is_repeated", False):
        return Page(changes, found.cursor, COMPARE)
    return Page(changes, found.cursor, found.more)


def poll_customers(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """A page of changed customers that are debtors already; refused invoices of changed ones are woken."""
    found = _next(context, cursor, more, CUSTOMER_TABLES)
    is_repeated = found.cursor.get("is_repeated", False)
    if not found.more:
        found.cursor.pop("is_repeated", None)
    known = _debtors(context, found.table, [row.id for row in found.page.rows])
    changes = []
    if known:
        read = context.source.customers(found.table, known, _custom_columns(context, found.table))
        changes = [
            Change(
                ref=str(context.source.ref(found.table, customer.id)),
                version=customer.version,
                label=customer.name,
                url=context.source.url(found.table, customer.id),
                snapshot=customer.row.to_json(),
            )
            for customer in read.values()
        ]
    changes += [
        Change(ref=str(context.source.ref(found.table, row_id)), is_deleted=True)
        for row_id in _debtors(context, found.table, found.page.deleted)
    ]
    if is_repeated or not found.page.is_initial:
        wake_refused(context, found.table, {row.id: row.version for row in found.page.rows})
    return Page(changes, found.cursor, found.more)


# --- one page after the other -------------------------------------------------------------------------------


def _next(context: FlowContext, cursor: Mapping[str, Any], more: str, tables: Sequence[str]) -> Round:
    """The next page of changes; from the beginning when the mark of the last reading has expired."""
    value = _begun(context, cursor)
    table = more if more in tables and value["marks"] else tables[0]
    try:
        page = context.source.changes(table, value["marks"].get(table, ""))
    except FullReadNeededError as error:
        audit.record(
            "flow.read_again",
            f"integration:{context.integration.pk}",
            say(
                "Everything is read again from Dynamics; what is booked already is not booked again. %(why)s",
                why=error.message,
            ),
            flow=context.flow.key,
            table=table,
        )
        table, value = tables[0], value | {"marks": {}, "is_repeated": True}
        page = context.source.changes(table, "")
    value["marks"] = {**value["marks"], table: page.cursor}
    if page.has_more or page.is_initial:
        # What changes during a first reading may be in it or not: one more round follows at once.
        return Round(table, page, value, table)
    following = tables[tables.index(table) + 1 :]
    return Round(table, page, value, following[0] if following else "")


def _begun(context: FlowContext, cursor: Mapping[str, Any]) -> dict[str, Any]:
    """The cursor of this organisation; with an earlier first day everything is read from the beginning."""
    source.check_organisation(context, cursor.get("organization", ""))
    begin_on = str(context.setting("begin_on"))
    value: dict[str, Any] = {"organization": context.source.facts.organization_id, "begin_on": begin_on}
    if begin_on < cursor.get("begin_on", begin_on):
        return value | {"marks": {}}
    return value | {
        "marks": cursor.get("marks", {}),
        **({"is_repeated": True} if cursor.get("is_repeated") else {}),
    }


# --- invoices -----------------------------------------------------------------------------------------------


def _invoice_ids(context: FlowContext, found: Round) -> list[str]:
    """The invoices to read because of this page.

    The first reading leaves out what was last changed before the integration's first day, and all lines: they
    come with their invoices.
    """
    if found.table == "invoicedetail":
        parents = [row.row.lookup("invoiceid") for row in found.page.rows if not found.page.is_initial]
        return [parent.id for parent in parents if parent]
    if not found.page.is_initial:
        return [row.id for row in found.page.rows]
    begin_on = date.fromisoformat(str(context.setting("begin_on")))
    since = datetime.combine(begin_on, time.min, tzinfo=UTC) - OVERLAP
    return [
        row.id
        for row in found.page.rows
        if (moment := row.row.moment("modifiedon")) is None or moment >= since
    ]


def _read(context: FlowContext, invoice_ids: Iterable[str]) -> list[Change]:
    """Each invoice with its content; what could not be read wakes its record, which then says why."""
    wanted = list(dict.fromkeys(invoice_ids))
    if not wanted:
        return []
    readings = context.source.bundles(wanted, source.columns(context))
    changes = [
        Change(
            ref=str(context.source.ref("invoice", invoice_id)),
            version=source.version_of(context, bundle),
            label=bundle.invoice.number or bundle.invoice.name,
            url=context.source.url("invoice", invoice_id),
            snapshot=bundle.to_json(),
        )
        for invoice_id, bundle in readings.found.items()
    ]
    changes += [Change(ref=str(context.source.ref("invoice", one))) for one in readings.failed]
    gone = [one for one in wanted if one not in readings.found and one not in readings.failed]
    return changes + _lost(context, gone)


def _lost(context: FlowContext, invoice_ids: Sequence[str]) -> list[Change]:
    """Deleted invoices that we know of; of others nothing is booked, and nothing is left to look at."""
    refs = [str(context.source.ref("invoice", one)) for one in invoice_ids]
    known = Record.objects.filter(
        integration=context.integration,
        flow=context.flow.key,
        source_ref__in=refs,
        is_deleted_at_source=False,
    )
    return [Change(ref=ref, is_deleted=True) for ref in known.values_list("source_ref", flat=True)]


def _compare(context: FlowContext, cursor: Mapping[str, Any], after: int) -> Page:
    """After a full reading: which of the invoices that we know are not there any more?"""
    known = Record.objects.filter(
        integration=context.integration, flow=context.flow.key, is_deleted_at_source=False, pk__gt=after
    ).exclude(state=RecordState.CLOSED)
    some = list(known.order_by("pk").values_list("pk", "source_ref")[:COMPARED_AT_ONCE])
    if not some:
        return Page((), cursor)
    wanted = [Ref.parse(ref).id for _, ref in some]
    readings = context.source.bundles(wanted, source.columns(context))
    gone = [one for one in wanted if one not in readings.found and one not in readings.failed]
    return Page(_lost(context, gone), cursor, f"{COMPARE}:{some[-1][0]}")


# --- customers ----------------------------------------------------------------------------------------------


def _debtors(context: FlowContext, table: str, ids: Sequence[str]) -> list[str]:
    """Those of `ids` that are debtors of the integration's client."""
    organization = context.source.facts.organization_id
    by_ref = {debtors.customer_ref("dynamics", organization, table, one): one for one in ids}
    known = Debtor.objects.filter(client=chosen_client(context.integration), customer_ref__in=list(by_ref))
    return [by_ref[ref] for ref in known.order_by("pk").values_list("customer_ref", flat=True)]


def _custom_columns(context: FlowContext, table: str) -> Sequence[str]:
    chosen = source.columns(context)
    return chosen.account if table == "account" else chosen.contact


def remember_customer(context: FlowContext, invoice: str, customer: str) -> None:
    """Note whose invoice was refused, so that a correction of the customer wakes it."""
    Link.objects.update_or_create(
        integration=context.integration,
        flow=context.flow.key,
        source_ref=invoice,
        defaults={"target_ref": customer},
    )


def wake_refused(context: FlowContext, table: str, versions: Mapping[str, str]) -> None:
    """Let invoices that our checks refused be read again: the customer has changed."""
    by_ref = {str(context.source.ref(table, one)): version for one, version in versions.items()}
    links = Link.objects.filter(integration=context.integration, target_ref__in=list(by_ref))
    flow_of = {link.source_ref: (link.flow, by_ref[link.target_ref]) for link in links}
    refused = Record.objects.filter(
        integration=context.integration, source_ref__in=list(flow_of), state=RecordState.REFUSED
    )
    with transaction.atomic():
        for record in refused:
            flow, version = flow_of[record.source_ref]
            if record.flow == flow:
                change = Change(ref=record.source_ref, version=f"{HINT}customer {version}"[:100])
                records.wake(context.integration, flow, [change])


# --- webhooks -----------------------------------------------------------------------------------------------


def wake_of(*tables: str) -> Callable[[FlowContext, Mapping[str, str], bytes], Sequence[Change]]:
    """The rows of these tables that a delivery names; they are read again, whatever the delivery says."""

    def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        facts = context.source.known_facts()
        if facts is None:
            raise ValueError("the organisation is not known yet")
        mark = f"{HINT}{operation_of(body)}"
        return [
            Change(ref=str(hook.ref), version=mark, is_deleted=hook.is_deleted)
            for hook in hook_refs(body)
            # A copied environment keeps the webhooks of the original and calls us with the same ids.
            if hook.ref.organization_id == facts.organization_id
            and hook.ref.table in tables
            and hook.user_id != facts.user_id
            and _is_known(context, hook.ref)
        ]

    return wake


def _is_known(context: FlowContext, ref: Ref) -> bool:
    """An invoice always; a customer if it is a debtor."""
    return ref.table == "invoice" or bool(_debtors(context, ref.table, [ref.id]))


def watched_invoices(context: FlowContext) -> Sequence[str]:
    return ("invoice",)


def watched_customers(context: FlowContext) -> Sequence[str]:
    return CUSTOMER_TABLES
