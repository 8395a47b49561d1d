"""The links of documents and their lines to tasks, with what was written last."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from connections.effects import Effects, digest
from pairs.engine import Context
from pairs.models import Integration, Link

LINE = "/line"
# A task that no document stands behind, kept by a flow that brings back what people do with it.
TIE = "/tie"
MARK_LENGTH = 12
LONGEST_REF = 200


def of_document(context: Context) -> Link | None:
    """The link of the record that is being handled."""
    return Link.objects.filter(
        integration=context.integration, flow=context.flow.key, source_ref=context.record.source_ref
    ).first()


def of_task(integration: Integration, gid: str) -> Link | None:
    """The link that leads to a task: of its document or line, else the one of a flow that watches it."""
    found = Link.objects.filter(integration=integration, target_ref=gid).order_by("pk")
    return min(found, key=lambda link: link.flow.endswith(TIE), default=None)


def line_flow(context: Context) -> str:
    return f"{context.flow.key}{LINE}"


def of_lines(context: Context) -> dict[str, Link]:
    """The links of the document's lines by `line_ref`."""
    found = Link.objects.filter(
        integration=context.integration,
        flow=line_flow(context),
        source_ref__startswith=f"{context.record.source_ref}|",
    )
    return {link.source_ref: link for link in found}


def line_ref(context: Context, line: str) -> str:
    ref = f"{context.record.source_ref}|{line}"
    room = LONGEST_REF - len(context.record.source_ref) - 1
    return ref if len(ref) <= LONGEST_REF else f"{context.record.source_ref}|{digest(line.encode())[:room]}"


def make(context: Context, flow: str, ref: str, gid: str, url: str, content: Mapping[str, Any]) -> Link:
    """The link as given, also where it led to a task that is gone."""
    with transaction.atomic():
        context.hold()
        link, _ = Link.objects.update_or_create(
            integration=context.integration,
            flow=flow,
            source_ref=ref,
            defaults={"target_ref": gid, "target_url": url[:500], "content": dict(content)},
        )
    return link


def store(link: Link, **changes: Any) -> None:
    """Merge `changes` into what is kept with the link; others may be at other keys of it."""
    with transaction.atomic():
        row = Link.objects.select_for_update().get(pk=link.pk)
        row.content = {**row.content, **changes}
        row.save(update_fields=("content",))
    link.content = row.content


def mark(value: Any) -> str:
    """What tells that a part holds this value; 1.5 and 1.50 are the same."""
    plain = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return digest([plain])[:MARK_LENGTH]


def effects(context: Context) -> Effects:
    """The writes to the task of a document. No new revision of the record ever makes a second task."""
    return context.effects(f"{context.record.subject}:task")
