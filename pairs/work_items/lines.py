"""Lines of a document as subtasks: each with a link of its own; changes and removals are followed."""

from __future__ import annotations

from typing import Any

from connections.effects import digest
from connections.vendors.asana.tasks import Task
from pairs.engine import Context
from pairs.models import Link
from pairs.work_items import adoption, links, nodes, watch
from pairs.work_items.item import Line, Rules, WorkItem, line_key, line_notes_of
from pairs.work_items.nodes import Node


def node_of(item: WorkItem, line: Line, rules: Rules, values: dict[str, Any], modes: dict[str, str]) -> Node:
    """A line as a task; `effect` ends with the line's own id."""
    parts: dict[str, Any] = {"name": line.name, "notes": line_notes_of(item, line), "due_on": line.due_on}
    if rules.lines == "in_project":
        parts["place"] = (item.project, item.section)
    # A line stays in the section where people put it.
    return Node(f"line {line.ref}", line_key(item, line), parts | values, {**modes, "place": "never"})


def ensure(context: Context, item: WorkItem, rules: Rules, parent: Link, wanted: list[Node]) -> bool:
    """Let the task have exactly these subtasks of ours; True if anything was written."""
    linked = links.of_lines(context)
    if not wanted and not linked:
        return False
    there = _Subtasks(context, parent, rules)
    refs = {links.line_ref(context, node.effect.removeprefix("line ")): node for node in wanted}
    changed = False
    for ref, node in refs.items():
        changed |= _ensure(context, rules, parent, node, ref, linked.get(ref), there)
    for ref, link in linked.items():
        if ref not in refs and not link.content.get("gone"):
            _remove(context, link)
            changed = True
    return changed


class _Subtasks:
    """The subtasks of an adopted task, listed once and only if a line has no link."""

    def __init__(self, context: Context, parent: Link, rules: Rules) -> None:
        self.context, self.parent = context, parent
        self.is_asked = bool(parent.content.get("adopted")) and rules.lines == "subtasks"
        self._found: list[Task] | None = None

    def find(self, key: str) -> Task | None:
        if not self.is_asked:
            return None
        if self._found is None:
            self._found = self.context.target.subtasks(self.parent.target_ref)
        return next((task for task in self._found if nodes.is_it(task, key)), None)


def _ensure(
    context: Context,
    rules: Rules,
    parent: Link,
    node: Node,
    ref: str,
    link: Link | None,
    there: _Subtasks,
) -> bool:
    node.effect = f"line {digest(ref.encode())[:20]}"
    node.parent = parent.target_ref
    if link is not None and link.content.get("parent") not in (None, parent.target_ref):
        # The document's task was made anew, and its lines with it.
        _remove(context, link)
        return _create(context, rules, node, ref, lost=link.target_ref)
    if link is None:
        link = adoption.adopt_line(context, node, ref, node.project) if node.project else None
        link = link or _adopt_subtask(context, node, ref, there)
        if link is None:
            return _create(context, rules, node, ref)
    elif link.content.get("removed"):
        return _create(context, rules, node, ref, lost=link.target_ref)
    elif link.content.get("gone"):
        return rules.when_gone == "anew" and _create(context, rules, node, ref, lost=link.target_ref)
    try:
        task, parts = nodes.change(context, node, link)
    except nodes.Gone:
        links.store(link, gone=True)
        return rules.when_gone == "anew" and _create(context, rules, node, ref, lost=link.target_ref)
    except nodes.MovedOut:
        return False
    if task is not None:
        links.store(link, known=watch.parts_of(task))
    return bool(parts)


def _create(context: Context, rules: Rules, node: Node, ref: str, *, lost: str = "") -> bool:
    def find() -> Task | None:
        found = context.target.subtasks(node.parent)
        return next((task for task in found if task.gid != lost and nodes.is_it(task, node.key)), None)

    made = nodes.create(context, node, find, lost=lost)
    content = {
        "parent": node.parent,
        "written": dict(made.written),
        "known": watch.parts_of(made.task) if made.task else {},
    }
    link = links.make(context, links.line_flow(context), ref, made.gid, made.url, content)
    # Asana's event of a new subtask names its parent.
    moment = made.task.created_at if made.task else ""
    watch.touched(context, node.parent, flow=rules.watched_by, moment=moment)
    try:
        nodes.change(context, node, link)
    except (nodes.Gone, nodes.MovedOut):
        links.store(link, gone=True)
    return True


def _adopt_subtask(context: Context, node: Node, ref: str, there: _Subtasks) -> Link | None:
    task = there.find(node.key)
    if task is None or links.of_task(context.integration, task.gid) is not None:
        return None
    content = {"adopted": True, "parent": node.parent, "written": nodes.agreeing(node, task)}
    return links.make(context, links.line_flow(context), ref, task.gid, task.permalink_url, content)


def _remove(context: Context, link: Link) -> None:
    """Into Asana's trash, from which people can take it for 30 days."""
    links.effects(context).once(
        f"remove {link.target_ref}",
        lambda: context.target.delete_task(link.target_ref),
        is_repeatable=True,
    )
    links.store(link, gone=True, removed=True)
