"""`ensure`: the one task of a document, made, found again, changed, or left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation

from connections.effects import digest
from connections.errors import ConfigurationError, RejectedError
from connections.messages import DataFault, Message, say
from connections.vendors.asana.tasks import Task
from pairs.engine import Context
from pairs.models import FieldMapping, Link, UpdateMode
from pairs.work_items import adoption, known, lines, links, nodes, watch
from pairs.work_items.item import Ensured, Rules, What, WorkItem, notes_of
from pairs.work_items.nodes import FIELD, Node
from pairs.work_items.wire import FieldRow, Unwritable, Wired, person, to_wire

SOURCE_ID = "source_id"
MESSAGES: dict[What, Message] = {
    "created": say("A task was made in Asana."),
    "adopted": say("The task that was in Asana already is linked and up to date."),
    "changed": say("The task in Asana was brought up to date."),
    "unchanged": say("The task in Asana is up to date."),
    "gone": say("The task was deleted in Asana, and by the rule of the integration it stays so."),
    "moved": say(
        "The task was taken out of its project in Asana, and by the rule of the integration it stays so."
    ),
}
# Raised when this code writes documents otherwise than before: then everything is compared anew.
FORM = 1


def ensure(context: Context, item: WorkItem, rules: Rules = Rules()) -> Ensured:  # noqa: B008 - it is frozen
    """The task of the record's document, as the document is now. May be run twice, and killed anywhere.

    Raises RejectedError or ConfigurationError with all faults where a value can't be written; then nothing
    was written.
    """
    with translation.override(context.integration.language):
        return _Ensuring(context, item, rules).run()


class _Ensuring:
    def __init__(self, context: Context, item: WorkItem, rules: Rules) -> None:
        self.context = context
        self.item = item
        self.rules = rules
        self.rows = rows_of(context)
        self.id_field = next((row.ref for row in self.rows if row.key == SOURCE_ID), "")

    def run(self) -> Ensured:
        link = links.of_document(self.context)
        source = self._source()
        if link is not None and link.content.get("source") == source and not self._is_missed(link):
            return self._answer(link, "gone" if link.content.get("gone") else "unchanged")
        node, line_nodes = self._wanted()
        link, what, task = self._task(link, node)
        if what not in ("gone", "moved"):
            changed = lines.ensure(self.context, self.item, self.rules, link, line_nodes)
            what = "changed" if changed and what == "unchanged" else what
        links.store(link, source=source)
        return self._answer(link, what, task)

    def _is_missed(self, link: Link) -> bool:
        """Whether the task is gone and the rule wants a new one."""
        return bool(link.content.get("gone")) and self.rules.when_gone == "anew"

    def _source(self) -> str:
        """What everything written is made of: while it is the same there is nothing to do."""
        rules = [self.rules.lines, self.rules.when_gone, sorted(self.rules.once)]
        return digest([FORM, asdict(self.item), rules, [asdict(row) for row in self.rows]])

    def _answer(self, link: Link, what: What, task: Task | None = None) -> Ensured:
        return Ensured(link.target_ref, link.target_url, what, MESSAGES[what], task)

    # --- what should be there -----------------------------------------------------------------------------

    def _wanted(self) -> tuple[Node, list[Node]]:
        """The document's node and those of its lines. Raises with all faults of all of them."""
        was_known = known.holds(self.context, self.item.project)
        node, line_nodes, faults, gone = self._wired()
        if (faults or gone) and was_known:
            # Perhaps the field, option or person is new.
            known.drop(self.context, self.item.project)
            node, line_nodes, faults, gone = self._wired()
        if gone:
            raise ConfigurationError(
                say("The mapping does not fit the Asana project; nothing was written."),
                faults=[*gone, *faults],
            )
        if faults:
            raise RejectedError(
                say("Values of the document can't be written to Asana; nothing was written."), faults=faults
            )
        return node, line_nodes

    def _wired(self) -> tuple[Node, list[Node], list[DataFault], list[DataFault]]:
        item, rules = self.item, self.rules
        values = {**item.values}
        if self.id_field:
            values.setdefault(SOURCE_ID, item.key)
        wired = self._wire(values)
        faults, gone = [*wired.faults], [*wired.gone]
        parts: dict[str, Any] = {
            "name": item.name,
            "notes": notes_of(item, rules.lines),
            "due_on": item.due_on,
            "place": (item.project, item.section),
        }
        try:
            parts["assignee"] = person(self._find_person, item.assignee) if item.assignee else ""
        except Unwritable as error:
            faults.append(DataFault("Assignee", item.assignee, error.rule, error.remedy))
        node = Node("create", item.key, parts | fields_of(wired), self._modes(), item.kind)
        line_nodes = []
        for line in item.lines if rules.lines in ("subtasks", "in_project") else ():
            line_wired = Wired()
            if rules.lines == "in_project":
                line_wired = self._wire(line.values)
                faults += line_wired.faults
                gone += [fault for fault in line_wired.gone if fault not in gone]
            line_nodes.append(lines.node_of(item, line, rules, fields_of(line_wired), self._modes()))
        return node, line_nodes, faults, gone

    def _wire(self, values: Mapping[str, Any]) -> Wired:
        fields = known.fields(self.context, self.item.project) if self.rows else {}
        return to_wire(
            self.rows,
            values,
            fields,
            find_person=self._find_person,
            language=self.context.integration.language,
            zone=ZoneInfo(settings.TIME_ZONE),
            currency=str(values.get("currency") or self.item.values.get("currency") or ""),
        )

    def _find_person(self, email: str) -> str | None:
        return known.people(self.context, self.item.project).get(email.lower())

    def _modes(self) -> dict[str, str]:
        once = dict.fromkeys(self.rules.once, str(UpdateMode.NEVER))
        return once | {f"{FIELD}{row.ref}": row.mode for row in self.rows}

    # --- the task -----------------------------------------------------------------------------------------

    def _task(self, link: Link | None, node: Node) -> tuple[Link, What, Task | None]:
        context, watched_by = self.context, self.rules.watched_by
        if link is None:
            link = adoption.adopt(context, self.item, node, id_field=self.id_field, watched_by=watched_by)
            if link is None:
                return self._create(node)
            link, what, task = self._change(link, node)
            return link, "adopted" if what in ("changed", "unchanged") else what, task
        if link.content.get("gone"):
            return self._gone(link, node)
        return self._change(link, node)

    def _create(self, node: Node, *, lost: str = "") -> tuple[Link, What, Task | None]:
        context = self.context
        made = nodes.create(context, node, lambda: self._find(node, lost), lost=lost)
        content = {
            "written": dict(made.written),
            "place": list(node.parts["place"]),
            "known": watch.parts_of(made.task) if made.task and not made.was_found else {},
        }
        link = links.make(context, context.flow.key, context.record.source_ref, made.gid, made.url, content)
        task = made.task
        # What Asana did not take, or what the document has become since an earlier try.
        try:
            changed, parts = nodes.change(context, node, link)
        except nodes.Gone:
            # A person was quicker: the next run acts by the rule.
            links.store(link, gone=True)
            return link, "created", task
        except nodes.MovedOut as moved:
            changed, parts = moved.task, set(node.parts)
        task = changed or task
        if task is None:
            task = context.target.task(made.gid)
        # One that was found may have been decided upon by now: then nobody has been told of it yet.
        is_ours = changed is None and made.task is not None and not made.was_found
        watch.written(context, link, task, flow=self.rules.watched_by, own=parts, is_new=is_ours)
        return link, "created", task

    def _find(self, node: Node, lost: str) -> Task | None:
        def is_it(task: Task) -> bool:
            return task.gid != lost and nodes.is_it(task, node.key, self.id_field)

        found: Task | None = self.context.target.find_task(
            self.item.project, since=nodes.begun_at(self.context, node, lost), is_it=is_it
        )
        return found

    def _change(self, link: Link, node: Node) -> tuple[Link, What, Task | None]:
        context = self.context
        try:
            task, parts = self._changed(link, node)
        except nodes.Gone:
            links.store(link, gone=True)
            return self._gone(link, node)
        except nodes.MovedOut as moved:
            return link, "moved", moved.task
        if task is not None:
            watch.written(context, link, task, flow=self.rules.watched_by, own=parts)
        elif parts:
            watch.touched(context, link.target_ref, flow=self.rules.watched_by)
        return link, "changed" if parts else "unchanged", task

    def _changed(self, link: Link, node: Node) -> tuple[Task | None, set[str]]:
        try:
            return nodes.change(self.context, node, link)
        except nodes.MovedOut:
            if self.rules.when_gone == "leave":
                raise
            nodes.put_back(self.context, node, link)
            task, parts = nodes.change(self.context, node, link)
            return task, parts | {"place"}

    def _gone(self, link: Link, node: Node) -> tuple[Link, What, Task | None]:
        if self.rules.when_gone == "leave":
            return link, "gone", None
        self.context.note(
            "task.anew",
            say("The task was deleted in Asana; by the rule of the integration a new one is made."),
            task=link.target_ref,
        )
        return self._create(node, lost=link.target_ref)


def rows_of(context: Context) -> list[FieldRow]:
    """The mapping of the flow: which custom field each value of a document goes into."""
    targets = {target.key: target for target in context.flow.write_back}
    stored = (
        context.integration.mappings.select_related("table")
        .prefetch_related("table__rows")
        .filter(flow=context.flow.key, way=FieldMapping.Way.BACK)
    )
    return [
        FieldRow(
            key=row.target_field,
            label=targets[row.target_field].label,
            ref=row.source_field,
            type=targets[row.target_field].type,
            mode=row.update_mode,
            table={one.source_value: one.target_value for one in row.table.rows.all()} if row.table else None,
            table_name=row.table.name if row.table else "",
        )
        for row in stored
        if row.target_field in targets and row.source_field
    ]


def fields_of(wired: Wired) -> dict[str, Any]:
    """The values as parts of a node."""
    return {f"{FIELD}{ref}": value for ref, value in wired.values.items()}
