"""The Atlassian Document Format: descriptions and comments, built of a few node types that Jira takes.

Pure functions; the result is JSON. Texts may be anything: what Jira refuses is taken out, and what is too
long is cut with a notice. Source: the published schema of the format, and Jira's limits (read 2026-11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Node = dict[str, Any]
Inline = Node | str

# Characters of one rich text. Whether the markup counts is not documented, so it is counted here.
# Source: Jira Cloud, limit of text fields (32,767; read 2026-11).
MAX_CHARACTERS = 32_767
MAX_SUMMARY = 255
ELLIPSIS = "…"
MAX_LEVEL = 6

# Control characters but tab and line feed, halves of surrogate pairs, and what is no character at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|\u2028|\u2029")
_SPACE = re.compile(r"\s+")


# --- inline -----------------------------------------------------------------------------------------------


def text(content: str) -> Node:
    return {"type": "text", "text": clean(content)}


def strong(content: str) -> Node:
    return {**text(content), "marks": [{"type": "strong"}]}


def code(content: str) -> Node:
    return {**text(content), "marks": [{"type": "code"}]}


def link(label: str, url: str) -> Node:
    """A link, or plain text where `url` is no web address."""
    target = clean(url)
    try:
        is_web = urlsplit(target).scheme in ("http", "https") and not _SPACE.search(target)
    except ValueError:
        is_web = False
    shown = text(label or url)
    return {**shown, "marks": [{"type": "link", "attrs": {"href": target}}]} if is_web else shown


# --- blocks -----------------------------------------------------------------------------------------------


def paragraph(*parts: Inline) -> Node:
    """Texts and inline nodes; a line feed in a text becomes a line break."""
    return {"type": "paragraph", "content": _inline(parts)}


def heading(content: str, level: int = 3) -> Node:
    line = one_line(content)
    inside = [text(line)] if line else []
    return {"type": "heading", "attrs": {"level": min(max(level, 1), MAX_LEVEL)}, "content": inside}


def bullets(items: Iterable[Inline | Sequence[Inline]]) -> Node:
    return _list("bulletList", items)


def numbers(items: Iterable[Inline | Sequence[Inline]]) -> Node:
    return _list("orderedList", items)


def table(head: Sequence[str], rows: Iterable[Sequence[Inline]]) -> Node:
    """A table with a row of headings; a row that is shorter is filled up."""
    width = len(head)
    lines = [[*row, *[""] * (width - len(row))][:width] for row in rows]
    content = [_row("tableHeader", [strong(cell) if clean(cell) else "" for cell in head])]
    return {"type": "table", "content": content + [_row("tableCell", line) for line in lines]}


def code_block(content: str) -> Node:
    """Text in a fixed width with its line feeds: protocols, excerpts of files."""
    shown = clean(content)
    return {"type": "codeBlock", "content": [{"type": "text", "text": shown}] if shown else []}


# --- documents --------------------------------------------------------------------------------------------


def document(blocks: Iterable[Node], *, notice: str = "", limit: int = MAX_CHARACTERS) -> Node:
    """A document of `blocks`, cut where it would be too long for Jira.

    `notice` then stands at its end, for example that the rest is attached. An empty list and table are left
    out, because Jira refuses them.
    """
    kept = [block for block in blocks if _is_legal(block)]
    whole = _document(kept)
    if size(whole) <= limit:
        return whole
    last = paragraph(notice or ELLIPSIS)
    left = limit - size(_document([last])) - 1
    return _document([*_fitting(kept, left), last])


def is_too_long(blocks: Iterable[Node], limit: int = MAX_CHARACTERS) -> bool:
    """Whether `document` would cut, so that the whole of it is worth an attachment."""
    return size(_document([block for block in blocks if _is_legal(block)])) > limit


def size(node: Node) -> int:
    """Length as Jira may count it at most: the JSON, in UTF-16 units."""
    return units(json.dumps(node, ensure_ascii=False, separators=(",", ":")))


def units(content: str) -> int:
    """UTF-16 units: an emoji counts two."""
    return len(content.encode("utf-16-le")) // 2


def clean(content: str) -> str:
    """Without what Jira refuses or shows as rubbish; line ends are line feeds."""
    return _FORBIDDEN.sub("", _LINE_END.sub("\n", content))


def one_line(content: str, limit: int = MAX_SUMMARY) -> str:
    """A text for a summary: one line, shortened with an ellipsis."""
    line = _SPACE.sub(" ", clean(content)).strip()
    return line if units(line) <= limit else _cut(line, limit - 1) + ELLIPSIS


def plain(node: Any) -> str:
    """The text of a document that people wrote, a line for each block; unknown nodes are looked into."""
    lines: list[str] = []
    _collect(node, lines, depth=0)
    return "\n".join(line.rstrip() for line in "".join(lines).split("\n")).strip("\n")


# --- inside -----------------------------------------------------------------------------------------------

BLOCKS = frozenset(("paragraph", "heading", "codeBlock", "listItem", "tableRow", "rule", "blockquote"))
# Nodes are cut between or inside their children; the others stay whole or go.
DIVISIBLE = frozenset(("paragraph", "codeBlock", "bulletList", "orderedList", "listItem", "table"))
MAX_DEPTH = 100


def _inline(parts: Iterable[Inline]) -> list[Node]:
    nodes: list[Node] = []
    for part in parts:
        node = text(part) if isinstance(part, str) else part
        if node.get("type") != "text":
            nodes.append(node)
            continue
        for number, line in enumerate(node["text"].split("\n")):
            if number:
                nodes.append({"type": "hardBreak"})
            if line:
                nodes.append({**node, "text": line})
    return nodes


def _list(kind: str, items: Iterable[Inline | Sequence[Inline]]) -> Node:
    content = [
        {"type": "listItem", "content": [paragraph(*([item] if isinstance(item, str | dict) else item))]}
        for item in items
    ]
    return {"type": kind, "content": content}


def _row(kind: str, cells: Iterable[Inline]) -> Node:
    return {"type": "tableRow", "content": [{"type": kind, "content": [paragraph(cell)]} for cell in cells]}


def _document(blocks: Sequence[Node]) -> Node:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def _is_legal(block: Node) -> bool:
    if block["type"] == "table":
        return bool(block["content"][0]["content"])
    return block["type"] not in ("bulletList", "orderedList") or bool(block["content"])


def _fitting(blocks: Sequence[Node], left: int) -> list[Node]:
    """The first of `blocks` that fit into `left`, the last of them shortened."""
    kept: list[Node] = []
    for block in blocks:
        needed = size(block) + 1
        if needed > left:
            shortened = _shortened(block, left - 1)
            return kept + ([shortened] if shortened is not None else [])
        kept.append(block)
        left -= needed
    return kept


def _shortened(node: Node, left: int) -> Node | None:
    """The beginning of `node`, at most `left` long; None if nothing of it fits."""
    if node["type"] == "text":
        room = left - size({**node, "text": ""})
        kept = _cut_to_size(node["text"], room)
        return {**node, "text": kept} if kept else None
    if node["type"] not in DIVISIBLE:
        return None
    content = _fitting(node["content"], left - size({**node, "content": []}))
    return {**node, "content": content} if content else None


def _cut_to_size(content: str, room: int) -> str:
    """The longest beginning whose JSON fits into `room`: quotes and line feeds take two places there."""
    low, high = 0, min(len(content), max(room, 0))
    while low < high:
        middle = (low + high + 1) // 2
        is_fitting = size({"t": content[:middle]}) - size({"t": ""}) <= room
        low, high = (middle, high) if is_fitting else (low, middle - 1)
    return content[:low]


def _cut(content: str, limit: int) -> str:
    return content.encode("utf-16-le")[: limit * 2].decode("utf-16-le", errors="ignore")


def _collect(node: Any, lines: list[str], depth: int) -> None:
    if not isinstance(node, Mapping) or depth > MAX_DEPTH:
        return
    if isinstance(node.get("text"), str):
        lines.append(node["text"])
    if node.get("type") == "hardBreak":
        lines.append("\n")
    content = node.get("content")
    for child in content if isinstance(content, list) else ():
        _collect(child, lines, depth + 1)
    if node.get("type") in BLOCKS and lines and not lines[-1].endswith("\n"):
        lines.append("\n")
