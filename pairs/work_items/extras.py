"""What comes to a task beside its fields: files, comments, results; and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from connections.effects import digest
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.vendors.asana.attachments import Attachment
from connections.vendors.asana.tasks import Task
from pairs.engine import Context
from pairs.models import Link, UpdateMode
from pairs.work_items import known, links, nodes, watch
from pairs.work_items.ensuring import fields_of, rows_of
from pairs.work_items.item import Closing, File
from pairs.work_items.nodes import FIELD
from pairs.work_items.wire import to_wire

PLAIN, APPROVAL = "default_task", "approval"

# --- files ------------------------------------------------------------------------------------------------


def attach(context: Context, gid: str, files: Iterable[File], *, watched_by: str = "") -> int:
    """Attach each file once; how many were uploaded now. One that a person removed stays removed."""
    writes = links.effects(context)
    pending = [file for file in files if not writes.is_done(_file_write(gid, file))]
    link = links.of_task(context.integration, gid)
    if not pending or (link is not None and link.content.get("gone")):
        return 0
    there = _Attachments(context, gid)
    for file in pending:
        content: list[bytes] = []

        def read(file: File = file, content: list[bytes] = content) -> bytes:
            if not content:
                content.append(file.read())
            return content[0]

        def find(file: File = file, read: Any = read) -> dict[str, str] | None:
            return there.find(file.name, len(read()))

        def do(file: File = file, read: Any = read) -> dict[str, str]:
            # An adopted task may have the file from an earlier installation.
            adopted = find(file, read) if link is not None and link.content.get("adopted") else None
            if adopted:
                return adopted
            made = context.target.upload(gid, file.name, read(), file.media_type)
            return {"gid": made.gid, "created_at": made.created_at}

        result = writes.once(_file_write(gid, file), do, find=find, search_lag=nodes.SETTLES_AFTER)
        watch.touched(context, gid, flow=watched_by, moment=result.get("created_at", ""))
    return len(pending)


class _Attachments:
    """The files of a task, listed once."""

    def __init__(self, context: Context, gid: str) -> None:
        self.context, self.gid = context, gid
        self._found: list[Attachment] | None = None

    def find(self, name: str, size: int) -> dict[str, str] | None:
        if self._found is None:
            self._found = self.context.target.attachments(self.gid)
        known = (one for one in self._found if one.name == name and one.size == size)
        found = next(known, None)
        return {"gid": found.gid, "created_at": found.created_at} if found else None


def _file_write(gid: str, file: File) -> str:
    return f"file {gid} {digest([file.ref, file.name])[:20]}"


# --- comments ---------------------------------------------------------------------------------------------


def comment(context: Context, gid: str, token: str, message: Message, *, watched_by: str = "") -> None:
    """Write a comment once. `token` is unique in the record for what is said ("released", a digest)."""
    with translation.override(context.integration.language):
        words = str(message)
    marker = f"[ML-{digest([context.record.subject, gid, token])[:10]}]"

    def find() -> dict[str, str] | None:
        said = (story for story in context.target.comments(gid) if marker in story.text)
        story = next(said, None)
        return {"gid": story.gid, "created_at": story.created_at} if story else None

    def do() -> dict[str, str]:
        story = context.target.comment(gid, f"{words}\n{marker}")
        return {"gid": story.gid, "created_at": story.created_at}

    writes = links.effects(context)
    name = f"comment {gid} {digest(token.encode())[:20]}"
    if writes.is_done(name):
        return
    result = writes.once(name, do, find=find, content=words, search_lag=nodes.SETTLES_AFTER)
    watch.touched(context, gid, flow=watched_by, moment=result.get("created_at", ""))


# --- results ----------------------------------------------------------------------------------------------


def write(
    context: Context, gid: str, token: str, values: Mapping[str, Any], *, project: str, watched_by: str = ""
) -> Task | None:
    """Write results into the fields that the record's own flow maps: one PUT, once for each `token`.

    None if nothing of it is mapped or it was written before. Raises with all faults, like `ensure`.
    """
    rows = [row for row in rows_of(context) if row.key in values and row.mode != UpdateMode.NEVER]
    writes = links.effects(context)
    name = f"write {gid} {digest(token.encode())[:20]}"
    if not rows or writes.is_done(name):
        return None
    with translation.override(context.integration.language):
        wired = to_wire(
            rows,
            values,
            known.fields(context, project),
            find_person=lambda email: known.people(context, project).get(email.lower()),
            language=context.integration.language,
            zone=ZoneInfo(settings.TIME_ZONE),
            currency=str(values.get("currency") or ""),
        )
    if wired.faults or wired.gone:
        raise ConfigurationError(
            say("The result can't be written to the task in Asana."), faults=[*wired.gone, *wired.faults]
        )
    parts = fields_of(wired)
    guarded = {f"{FIELD}{row.ref}" for row in rows if row.mode == UpdateMode.IF_EMPTY}
    if guarded:
        task = context.target.task(gid)
        parts = {
            part: value for part, value in parts.items() if part not in guarded or nodes.is_empty(task, part)
        }
    return _put(context, gid, name, parts, watched_by=watched_by) if parts else None


def _put(
    context: Context, gid: str, name: str, parts: Mapping[str, Any], *, watched_by: str, **more: Any
) -> Task:
    """One PUT as an effect, noted as ours."""
    answers: list[Task] = []

    def do() -> dict[str, str]:
        changed = {part.removeprefix(FIELD): value for part, value in parts.items()}
        answers.append(context.target.change_task(gid, fields=changed, **more))
        return {"modified_at": answers[-1].modified_at}

    links.effects(context).once(
        name, do, is_repeatable=True, content=[nodes.plain(parts), sorted(more.items())]
    )
    task = answers[-1] if answers else context.target.task(gid)
    link = links.of_task(context.integration, gid)
    if link is not None:
        own = {*parts, *(("completed", "approval_status", "kind") if more else ())}
        watch.written(context, link, task, flow=watched_by, own=own)
    return task


# --- the end ----------------------------------------------------------------------------------------------


def close(context: Context, closing: Closing, *, watched_by: str = "") -> Link | None:
    """Mark or end the task of the record's document, once for each token; None if it has no task."""
    link = links.of_document(context)
    if link is None or link.content.get("gone") or link.content.get("closed") == closing.token:
        return link
    gid = link.target_ref
    try:
        if closing.comment is not None:
            comment(context, gid, f"close {closing.token}", closing.comment, watched_by=watched_by)
        if closing.section:
            _move_to(context, link, closing, watched_by=watched_by)
        if closing.complete:
            _complete(context, gid, closing.token, watched_by=watched_by)
    except RejectedError as error:
        if error.status not in (404, 410):
            raise
        links.store(link, gone=True)
    links.store(link, closed=closing.token)
    return link


def _move_to(context: Context, link: Link, closing: Closing, *, watched_by: str) -> None:
    project = str((link.content.get("place") or [""])[0])
    links.effects(context).once(
        f"close into {closing.section} {closing.token}"[:100],
        lambda: context.target.add_to_project(link.target_ref, project, closing.section),
        is_repeatable=True,
    )
    watch.touched(context, link.target_ref, flow=watched_by)


def _complete(context: Context, gid: str, token: str, *, watched_by: str) -> None:
    """Complete the task; what a person has completed or decided already is left as it is."""
    name = f"complete {gid} {digest(token.encode())[:20]}"
    if links.effects(context).is_done(name):
        return
    task: Task = context.target.task(gid)
    if task.completed:
        return
    more: dict[str, Any] = {"completed": True}
    if task.is_approval:
        more["subtype"] = PLAIN
        _note_kind(context, gid, was_approval=True)
    _put(context, gid, name, {}, watched_by=watched_by, **more)


def reopen(context: Context, gid: str, token: str, message: Message, *, watched_by: str = "") -> None:
    """Ask for the decision again, with a comment that says why: once for each `token`."""
    comment(context, gid, f"reopen {token}", message, watched_by=watched_by)
    name = f"reopen {gid} {digest(token.encode())[:20]}"
    if links.effects(context).is_done(name):
        return
    task: Task = context.target.task(gid)
    link = links.of_task(context.integration, gid)
    more: dict[str, Any] = {"approval_status": "pending"} if task.is_approval else {"completed": False}
    if link is not None and link.content.get("was_approval") and not task.is_approval:
        more = {"subtype": APPROVAL, "approval_status": "pending"}
    _put(context, gid, name, {}, watched_by=watched_by, **more)
    _note_kind(context, gid, was_approval=False)


def _note_kind(context: Context, gid: str, *, was_approval: bool) -> None:
    """Whether the task became a plain one by our hand: then it is an approval again once it is reopened."""
    link = links.of_task(context.integration, gid)
    if link is not None and bool(link.content.get("was_approval")) != was_approval:
        links.store(link, was_approval=was_approval)
