"""A document as HTML, for the pages that people look at."""

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

TAGS = {
    "paragraph": "<p>{}</p>",
    "codeBlock": "<pre>{}</pre>",
    "blockquote": "<blockquote>{}</blockquote>",
    "bulletList": "<ul>{}</ul>",
    "orderedList": "<ol>{}</ol>",
    "listItem": "<li>{}</li>",
    "tableRow": "<tr>{}</tr>",
    "tableHeader": "<th>{}</th>",
    "tableCell": "<td>{}</td>",
    "table": '<div class="wide"><table>{}</table></div>',
}
MARKS = {
    "strong": "<strong>{}</strong>",
    "em": "<em>{}</em>",
    "underline": "<u>{}</u>",
    "strike": "<s>{}</s>",
    "code": "<code>{}</code>",
}


def shown(node: Any) -> Markup:
    """The node and everything in it; what is not known shows its content."""
    if not isinstance(node, dict):
        return Markup("")
    kind, attrs = node.get("type", ""), node.get("attrs") or {}
    if kind == "text":
        return _text(node)
    if kind == "hardBreak":
        return Markup("<br>")
    if kind == "rule":
        return Markup("<hr>")
    if kind in ("mention", "emoji", "status", "inlineCard", "date"):
        return _inline(kind, attrs)
    inner = Markup("").join(shown(child) for child in node.get("content", []))
    if kind == "heading":
        level = min(int(attrs.get("level", 1)) + 2, 6)
        return Markup("<h{}>{}</h{}>").format(level, inner, level)
    if kind == "panel":
        return Markup("<blockquote><strong>{}</strong>{}</blockquote>").format(
            attrs.get("panelType", ""), inner
        )
    if kind == "expand":
        return Markup("<details open><summary>{}</summary>{}</details>").format(attrs.get("title", ""), inner)
    return Markup(TAGS.get(kind, "{}")).format(inner)  # noqa: S704 - our own templates


def _text(node: dict[str, Any]) -> Markup:
    text = Markup("{}").format(node.get("text", ""))
    for mark in node.get("marks", []):
        if mark.get("type") == "link":
            href = str(mark.get("attrs", {}).get("href", ""))
            if href.startswith(("http://", "https://", "mailto:")):
                text = Markup('<a href="{}" rel="nofollow">{}</a>').format(href, text)
        else:
            text = Markup(MARKS.get(mark.get("type", ""), "{}")).format(text)  # noqa: S704 - our own
    return text


def _inline(kind: str, attrs: dict[str, Any]) -> Markup:
    if kind == "date" and str(attrs.get("timestamp", "")).isdigit():
        day = datetime.fromtimestamp(int(attrs["timestamp"]) / 1000, UTC)
        return Markup("<time>{}</time>").format(f"{day:%Y-%m-%d}")
    return Markup('<span class="good">{}</span>').format(attrs.get("text") or attrs.get("url") or "")
