"""Documents: what is taken is valid in the published schema, what is refused has a reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.sandbox.jira import adf, adf_html
from tests.sandbox.jira import spec
from tests.sandbox.jira.conftest import document


def doc(*nodes: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(nodes)}


def text(value: str = "x", *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": value, **({"marks": list(marks)} if marks else {})}


def block(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content), **({"attrs": attrs} if attrs else {})}


PARAGRAPH = block("paragraph", text())
LINK = {"type": "link", "attrs": {"href": "https://hub.example/4711"}}
RICH = doc(
    block("heading", text("Auftrag 4711"), level=2),
    block(
        "paragraph",
        text("fett", {"type": "strong"}, LINK),
        {"type": "hardBreak"},
        text("a", {"type": "code"}),
    ),
    block("bulletList", block("listItem", PARAGRAPH, block("orderedList", block("listItem", PARAGRAPH)))),
    block("panel", PARAGRAPH, panelType="error"),
    block("codeBlock", text("a\nb"), language="text"),
    {"type": "rule"},
    block("blockquote", PARAGRAPH),
    block("expand", PARAGRAPH, title="Protokoll"),
    block("table", block("tableRow", block("tableHeader", PARAGRAPH), block("tableCell", PARAGRAPH))),
    block(
        "paragraph",
        {"type": "status", "attrs": {"text": "FEHLER", "color": "red"}},
        {"type": "date", "attrs": {"timestamp": "1772438400000"}},
        {"type": "mention", "attrs": {"id": "5b10", "text": "@Jörg"}},
        {"type": "inlineCard", "attrs": {"url": "https://hub.example"}},
        {"type": "emoji", "attrs": {"shortName": ":x:", "text": "✗"}},
    ),
)


@pytest.mark.parametrize("good", [doc(), doc(PARAGRAPH), doc({"type": "paragraph"}), RICH])
def test_what_is_taken_is_valid_in_the_schema(good: dict[str, Any]) -> None:
    assert adf.faults(good) == []
    assert spec.document_faults(good) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "doc", "content": []},
        {"type": "doc", "version": 2, "content": []},
        {"type": "doc", "version": 1},
        {**doc(), "attrs": {}},
        doc(text()),
        doc(block("paragraph", text(""))),
        doc(block("paragraph", PARAGRAPH)),
        doc({**PARAGRAPH, "id": "1"}),
        doc(block("heading", text(), level=7)),
        doc(block("heading", text())),
        doc(block("bulletList")),
        doc(block("bulletList", block("listItem", text()))),
        doc(block("bulletList", PARAGRAPH)),
        doc(block("codeBlock", text("a", {"type": "strong"}))),
        doc(block("paragraph", text("a", {"type": "code"}, {"type": "strong"}))),
        doc(block("paragraph", text("a", {"type": "link"}))),
        doc(block("paragraph", text("a", {"type": "blink"}))),
        doc(block("panel", block("panel", PARAGRAPH, panelType="info"), panelType="info")),
        doc(block("panel", PARAGRAPH, panelType="loud")),
        doc(block("table", PARAGRAPH)),
        doc(block("paragraph", {"type": "date", "attrs": {"timestamp": 1772438400000}})),
        doc(block("paragraph", {"type": "status", "attrs": {"text": "x", "color": "pink"}})),
        doc({"type": "unknown"}),
        doc("text"),
    ],
)
def test_what_the_schema_refuses_is_refused(bad: dict[str, Any]) -> None:
    assert adf.faults(bad)
    assert not spec.is_at_hand() or spec.document_faults(bad)


# Attributes that are often right, and sometimes not.
ATTRS: dict[str, st.SearchStrategy[Any]] = {
    "level": st.integers(0, 7),
    "panelType": st.sampled_from(["info", "error", "custom", "loud"]),
    "color": st.sampled_from(["red", "neutral", "pink", "#00ff00"]),
    "timestamp": st.sampled_from(["1772438400000", "", 0]),
    "order": st.integers(-1, 2),
    "type": st.sampled_from(["sub", "x"]),
    "layout": st.sampled_from(["wide", "narrow"]),
}
ANY_TEXT = st.sampled_from(["x", "Müßig", ""])


def attributes(rule: adf.Node) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {name: ATTRS.get(name, ANY_TEXT) for name in rule.required},
        optional={name: ATTRS.get(name, ANY_TEXT) for name in [*rule.optional, "localId"]},
    )


def mark(kind: str) -> st.SearchStrategy[Any]:
    rule = adf.MARKS[kind]
    attrs = {"attrs": attributes(rule)}
    return st.fixed_dictionaries({"type": st.just(kind), **(attrs if rule.required else {})})


MARKS = st.lists(st.sampled_from([*adf.MARKS]).flatmap(mark), max_size=2)


@st.composite
def nodes(draw: st.DrawFn, allowed: frozenset[str], depth: int) -> dict[str, Any]:
    """A node that may mostly stand where `allowed` does."""
    known = sorted([*adf.NODES, "text"] if draw(st.integers(0, 19)) == 0 else allowed)
    kind = draw(st.sampled_from(known))
    if kind == "text":
        made = {"type": "text", "text": draw(st.text(max_size=3))}
        return made | draw(st.fixed_dictionaries({}, optional={"marks": MARKS}))
    rule = adf.NODES[kind]
    made = {"type": kind}
    if rule.required or (rule.optional and draw(st.booleans())):
        made["attrs"] = draw(attributes(rule))
    if rule.children is not None and depth < 4:
        made["content"] = draw(st.lists(nodes(rule.children, depth + 1), max_size=2))
    return made


@given(st.lists(nodes(adf.TOP, 0), max_size=2))
def test_no_document_is_taken_that_the_schema_refuses(content: list[Any]) -> None:
    made = doc(*content)
    if not spec.is_at_hand():
        pytest.skip("VENDOR_SPECS is not set: the published schema is not at hand.")

    assert adf.faults(made) or spec.document_faults(made) == []


def test_a_document_is_shown_without_trusting_it() -> None:
    script = {"type": "link", "attrs": {"href": "javascript:alert(1)"}}
    made = doc(block("paragraph", text("<script>"), text("hier", script), text("da", LINK)), *RICH["content"])

    shown = str(adf_html.shown(made))

    assert "<script>" not in shown
    assert "javascript:" not in shown
    assert '<a href="https://hub.example/4711" rel="nofollow">da</a>' in shown
    assert "2026-03-02" in shown
    assert "<h4>Auftrag 4711</h4>" in shown


def test_the_text_of_a_document() -> None:
    assert adf.plain(document("eins", "zwei")) == "eins\nzwei"
    assert adf.characters(RICH) == sum(map(len, ("Auftrag 4711", "fett", "a", "a\nb"))) + 7
    assert adf.plain({"type": "unknown", "content": [text("noch da")]}) == "noch da"
