"""Documents (Atlassian Document Format): are they well-formed, what do they say, how do they look.

Only the nodes that Jira is known to take; a document that is accepted here is valid in the published schema,
too. Source: @atlaskit/adf-schema, full.json, and Jira REST v3 (read 2026-11).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Characters of text in one document. Source: Jira's limit of text fields (read 2026-11).
MOST_CHARACTERS = 32_767

Check = Callable[[Any], bool]
BLOCKS = frozenset({"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "rule", "blockquote"})
INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})
LISTS = frozenset({"bulletList", "orderedList"})


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _widths(value: Any) -> bool:
    return isinstance(value, list) and all(map(_number, value))


def _one_of(*allowed: Any) -> Check:
    return lambda value: not isinstance(value, bool) and value in allowed


def _like(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


@dataclass(frozen=True)
class Node:
    """What a node may hold. `least`: children that must be there; `first`: what the first child must be."""

    children: frozenset[str] | None = None
    least: int = 0
    needs_content: bool = False
    first: frozenset[str] = frozenset()
    required: dict[str, Check] = field(default_factory=dict)
    optional: dict[str, Check] = field(default_factory=dict)


CELL = Node(
    BLOCKS | {"panel"},
    least=1,
    optional={"colspan": _number, "rowspan": _number, "colwidth": _widths, "background": _text},
)
COLORS = ("neutral", "purple", "blue", "red", "yellow", "green")
NODES: dict[str, Node] = {
    "paragraph": Node(INLINE),
    "heading": Node(INLINE, required={"level": _one_of(1, 2, 3, 4, 5, 6)}),
    "codeBlock": Node(frozenset({"text"}), optional={"language": _text}),
    "rule": Node(),
    "blockquote": Node(LISTS | {"paragraph", "codeBlock"}, least=1),
    "bulletList": Node(frozenset({"listItem"}), least=1),
    "orderedList": Node(
        frozenset({"listItem"}), least=1, optional={"order": lambda n: _number(n) and n >= 0}
    ),
    "listItem": Node(
        LISTS | {"paragraph", "codeBlock"}, least=1, first=frozenset({"paragraph", "codeBlock"})
    ),
    "panel": Node(
        LISTS | {"paragraph", "heading", "codeBlock", "rule"},
        least=1,
        required={"panelType": _one_of("info", "note", "warning", "error", "success", "tip", "custom")},
    ),
    "expand": Node(BLOCKS | {"panel", "table"}, least=1, optional={"title": _text}),
    "table": Node(
        frozenset({"tableRow"}),
        least=1,
        optional={
            "isNumberColumnEnabled": _flag,
            "layout": _one_of("default", "wide", "full-width", "center", "align-start", "align-end"),
            "width": _number,
        },
    ),
    "tableRow": Node(frozenset({"tableCell", "tableHeader"}), needs_content=True),
    "tableCell": CELL,
    "tableHeader": CELL,
    "hardBreak": Node(optional={"text": _one_of("\n")}),
    "mention": Node(required={"id": _text}, optional={"text": _text, "accessLevel": _text}),
    "emoji": Node(required={"shortName": _text}, optional={"id": _text, "text": _text}),
    "inlineCard": Node(required={"url": _text}),
    "date": Node(required={"timestamp": _filled}),
    "status": Node(required={"text": _filled, "color": _one_of(*COLORS)}, optional={"style": _text}),
}
TOP = BLOCKS | {"panel", "expand", "table"}
MARKS: dict[str, Node] = {
    "strong": Node(),
    "em": Node(),
    "underline": Node(),
    "strike": Node(),
    "code": Node(),
    "link": Node(required={"href": _text}, optional={"title": _text}),
    "textColor": Node(required={"color": _like("#[0-9a-fA-F]{6}")}),
    "subsup": Node(required={"type": _one_of("sub", "sup")}),
}


def is_document(value: Any) -> bool:
    """Whether it looks like a document at all."""
    return isinstance(value, dict) and value.get("type") == "doc"


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with the document, one sentence for each fault; empty when it is well-formed."""
    found = [f"doc: key {key!r}" for key in document if key not in ("type", "version", "content")]
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        found.append("doc: version must be 1")
    if not isinstance(document.get("content"), list):
        return [*found, "doc: content is missing"]
    found += [fault for child in document["content"] for fault in _faults(child, TOP, "doc")]
    return found


def _faults(node: Any, allowed: frozenset[str], parent: str) -> Iterator[str]:
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(kind, str) or kind not in allowed:
        yield f"{parent}: {kind!r} may not stand here"
        return
    if kind == "text":
        yield from _text_faults(node, parent)
        return
    rule = NODES[kind]
    keys = {"type", "attrs"} | ({"content"} if rule.children is not None else set())
    yield from (f"{kind}: key {key!r}" for key in node if key not in keys)
    yield from _attribute_faults(node, rule, kind)
    content = node.get("content", [])
    if not isinstance(content, list):
        yield f"{kind}: content is no list"
        return
    if len(content) < rule.least or (rule.needs_content and "content" not in node):
        yield f"{kind}: content is missing"
    if (
        rule.first
        and content
        and (not isinstance(content[0], dict) or content[0].get("type") not in rule.first)
    ):
        yield f"{kind}: may not begin with this"
    for child in content:
        yield from _faults(child, rule.children or frozenset(), kind)


def _attribute_faults(node: dict[str, Any], rule: Node, kind: str) -> Iterator[str]:
    attrs = node.get("attrs", {})
    if not isinstance(attrs, dict):
        yield f"{kind}: attrs is no object"
        return
    if "attrs" in node and not rule.required and not rule.optional and attrs:
        yield f"{kind}: has no attributes"
    for name, check in rule.required.items():
        if name not in attrs or not check(attrs[name]):
            yield f"{kind}: attribute {name!r}"
    for name, value in attrs.items():
        if name in rule.required:
            continue
        if name not in rule.optional or not rule.optional[name](value):
            yield f"{kind}: attribute {name!r}"


def _text_faults(node: dict[str, Any], parent: str) -> Iterator[str]:
    yield from (f"text: key {key!r}" for key in node if key not in ("type", "text", "marks"))
    if not _filled(node.get("text")):
        yield "text: is empty"
    marks = node.get("marks", [])
    if not isinstance(marks, list) or not all(isinstance(one, dict) for one in marks):
        yield "text: marks is no list"
        return
    kinds = {one.get("type") for one in marks}
    if marks and parent == "codeBlock":
        yield "codeBlock: no marks"
    if "code" in kinds and kinds - {"code", "link"}:
        yield "text: code goes with link alone"
    for one in marks:
        rule = MARKS.get(one.get("type", ""))
        if rule is None or set(one) - {"type", "attrs"} or ("attrs" in one and not rule.required):
            yield f"text: mark {one.get('type')!r}"
        else:
            yield from _attribute_faults(one, rule, one["type"])


def plain(document: Any) -> str:
    """The text of a document, a line for each block; unknown nodes give what text they hold."""
    if not isinstance(document, dict):
        return ""
    kind, attrs = document.get("type"), document.get("attrs") or {}
    if kind == "text":
        return str(document.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "emoji", "status"):
        return str(attrs.get("text", ""))
    if kind in ("inlineCard", "date"):
        return str(attrs.get("url") or attrs.get("timestamp") or "")
    parts = [plain(child) for child in document.get("content", [])]
    return ("" if kind in ("paragraph", "heading", "codeBlock") else "\n").join(parts)


def characters(document: Any) -> int:
    """How many characters of text a document holds."""
    if not isinstance(document, dict):
        return 0
    own = len(document.get("text", "")) if document.get("type") == "text" else 0
    return own + sum(characters(child) for child in document.get("content", []))


def paragraph(text: str) -> dict[str, Any]:
    """A document of one paragraph, as a person writes it."""
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}] if text else []
    return {"type": "doc", "version": 1, "content": content}
