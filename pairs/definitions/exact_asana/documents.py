"""A purchase order or a sales invoice as a task, with its lines; what both have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext

from connections.messages import Message, say
from pairs import records, work_items
from pairs.base import Change, Outcome, done, dormant, waiting
from pairs.definitions.exact_asana import options, placing, reading, settings
from pairs.definitions.exact_asana.common import guid_of, project_of, refuse_other_company, watching
from pairs.definitions.exact_asana.options import Chosen
from pairs.engine import Context, FlowContext
from pairs.models import Cursor, Link
from pairs.work_items import Closing, Ensured, WorkItem, links

# Until the options that a document needs have been made for the first time.
OPTIONS_COME_IN = timedelta(minutes=1)


@dataclass(frozen=True)
class Kind:
    """How a flow reads its documents and what it makes of them.

    `shown_as` and `section` are keys of settings. `ending` is how the task is closed, None while it is open.
    """

    feed: str
    shown_as: str
    section: str
    read: Callable[[Context, Sequence[str]], Any]
    restore: Callable[[Context, Any], Any]
    dated: Callable[[Any], date | None]
    item: Callable[[Context, Any, Chosen], WorkItem]
    ending: Callable[[Context, Any], Closing | None]
    label: Callable[[Any], str]

    def is_wanted(self, context: FlowContext) -> bool:
        return context.setting(self.shown_as) != settings.OFF


def handler(kind: Kind) -> Callable[[Context], Outcome]:
    """The `handle` of a flow of documents."""

    def handle(context: Context) -> Outcome:
        refuse_other_company(context)
        if not context.record.source_ref.startswith(context.source.ref(kind.feed, "")):
            return _line(context, kind)
        return _document(context, kind)

    return handle


def _document(context: Context, kind: Kind) -> Outcome:
    record = context.record
    version = record.seen_version
    if not kind.is_wanted(context):
        return dormant(say("By the rule of the integration nothing is made of it."), version=version)
    if options.are_awaited(context):
        return waiting(
            say("The options of its fields in Asana are made first."),
            until=context.now + OPTIONS_COME_IN,
            version=version,
        )
    document = reading.document(
        context, lambda ids: kind.read(context, ids), lambda stored: kind.restore(context, stored)
    )
    if document is None:
        return _gone(context, version)
    _name(context, kind.label(document))
    dated = kind.dated(document)
    if dated is not None and dated < settings.begin_on(context.integration):
        return dormant(
            say("Dated before %(day)s, the first day of this integration.", day=context.setting("begin_on")),
            version=version,
        )
    chosen = Chosen(context)
    with translation.override(context.integration.language):
        item = kind.item(context, document, chosen)
    ensured = _ensured(context, kind, item, own=context.setting(kind.shown_as) == settings.AS_PROJECT)
    message = _end(context, ensured, kind.ending(context, document)) or ensured.message
    outcome = done(message, target_url=ensured.url, version=version)
    return replace(outcome, **options.told(chosen)) if chosen.missing else outcome


def _ensured(context: Context, kind: Kind, item: WorkItem, *, own: bool) -> Ensured:
    rules = work_items.rules_of(context, watched_by=watching(context.integration))
    if own:
        place = placing.project_for(context, placing.Wanted(key=item.key, name=item.name, due_on=item.due_on))
        # In a project of its own the lines are what people work on.
        item, rules = replace(item, project=place, section=""), replace(rules, lines="in_project")
    else:
        section = str(context.setting(kind.section) or "")
        item = replace(item, project=project_of(context, context.flow.key), section=section)
    return work_items.ensure(context, item, rules)


def _end(context: Context, ensured: Ensured, closing: Closing | None) -> Message | None:
    """Close the task where the document has come to its end; open it again where that is over."""
    link = work_items.of_document(context)
    if link is None or ensured.what in ("gone", "moved"):
        return None
    watched_by = watching(context.integration)
    times = int(link.content.get("reopened", 0))
    if closing is None:
        return _reopened(context, link, times, watched_by)
    ended = work_items.close(
        context,
        replace(closing, token=f"{closing.token} {times}" if times else closing.token),
        watched_by=watched_by,
    )
    if ended is None or ended.content.get("gone"):
        return None
    return say("The task in Asana is up to date and completed.")


def _reopened(context: Context, link: Link, times: int, watched_by: str) -> Message | None:
    closed = str(link.content.get("closed") or "")
    if not closed:
        return None
    message = say("This document is open again in Exact Online.")
    work_items.reopen(context, link.target_ref, f"{closed} {times}", message, watched_by=watched_by)
    links.store(link, closed="", reopened=times + 1)
    return say("The document is open again in Exact Online, and so is its task.")


def _gone(context: Context, version: str) -> Outcome:
    """Deleted in Exact Online: its task says so and is ended, and stays for whoever works with it."""
    watched_by = watching(context.integration)
    closing = Closing("deleted", say("This document was deleted in Exact Online."))
    link = work_items.close(context, closing, watched_by=watched_by)
    if link is None:
        return dormant(say("It was deleted in Exact Online before a task was made."), version=version)
    return done(
        say("It was deleted in Exact Online; its task says so and is completed."),
        target_url=link.target_url,
        version=version,
    )


def _line(context: Context, kind: Kind) -> Outcome:
    """A webhook named a line that we did not know: its document is looked at."""
    path, line = context.record.source_ref.split(":")[2], guid_of(context.record.source_ref)
    with translation.override(context.integration.language):
        _name(context, gettext("Line of a document"))
    found = context.source.documents_of(path, [line])
    with transaction.atomic():
        context.hold()
        if line in found:
            change = Change(context.source.ref(kind.feed, found[line]), context.record.seen_version)
            records.wake(context.integration, context.flow.key, [change])
        else:
            Cursor.objects.filter(integration=context.integration, flow=context.flow.key).update(
                due_at=context.now
            )
    return done(
        say("A line of a document has changed; the document was looked at again."),
        version=context.record.seen_version,
    )


def _name(context: Context, label: str) -> None:
    """What people see the record as, where only its id was known."""
    if label and context.record.label != label[:300]:
        context.record.label = label[:300]
        type(context.record).objects.filter(pk=context.record.pk).update(label=label[:300])
