"""Documents for Jira: legal whatever DATEV wrote, and never longer than Jira takes."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from connections.vendors.jira import adf
from tests.contract import spec_file

# All of Unicode, halves of surrogate pairs and control characters among it.
TEXTS = st.text(st.characters(codec=None), max_size=60)
PARTS = st.one_of(
    TEXTS,
    TEXTS.map(adf.text),
    TEXTS.map(adf.strong),
    TEXTS.map(adf.code),
    st.builds(adf.link, TEXTS, st.one_of(TEXTS, st.just("https://apps.datev.de/help?a=1&b=ü"))),
)
BLOCKS = st.one_of(
    st.lists(PARTS, max_size=4).map(lambda parts: adf.paragraph(*parts)),
    st.builds(adf.heading, TEXTS, st.integers(-1, 9)),
    st.lists(st.one_of(PARTS, st.lists(PARTS, max_size=3)), max_size=4).map(adf.bullets),
    st.lists(PARTS, max_size=4).map(adf.numbers),
    st.builds(adf.table, st.lists(TEXTS, max_size=3), st.lists(st.lists(PARTS, max_size=5), max_size=4)),
    TEXTS.map(adf.code_block),
)


@functools.cache
def schema() -> Draft4Validator:
    path = spec_file("jira", "adf-full.v1.schema.json")
    return Draft4Validator(json.loads(path.read_text(encoding="utf-8")))


def faults(document: adf.Node) -> list[str]:
    return [error.message for error in schema().iter_errors(document)]


def texts(node: Any) -> list[str]:
    own = [node["text"]] if node.get("type") == "text" else []
    return own + [found for child in node.get("content", ()) for found in texts(child)]


# --- against the published schema -------------------------------------------------------------------------


@examples(max_examples=30)
@given(blocks=st.lists(BLOCKS, max_size=8), limit=st.integers(150, 1500))
def test_whatever_is_built_is_a_legal_document(blocks: list[adf.Node], limit: int) -> None:
    document = adf.document(blocks, notice="Der Rest ist angehängt.", limit=limit)

    assert faults(document) == []


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        "\x00\x01\x02\x1b[31mrot\x7f\x9f",
        "Zeile 1\r\nZeile 2\rZeile 3\u2028Zeile 4",
        "🧾" * 20_000,
        "😀👩‍👩‍👧‍👦🇩🇪",
        "\ud800einsam\udfff\ufffe\uffff",
        "x" * 60_000,
        '"\\' * 30_000,
        "<script>alert(1)</script> & {noformat} [~admin] |x|",
        "\u202eegrof",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_texts_of_datev_make_legal_documents_that_fit(hostile: str) -> None:
    document = adf.document(
        [
            adf.heading(hostile),
            adf.paragraph("Meldung: ", adf.strong(hostile), adf.link(hostile, hostile)),
            adf.bullets([hostile, [adf.code(hostile), hostile]]),
            adf.table(["Feld", hostile], [[hostile, "x"], [hostile]]),
            adf.code_block(hostile),
        ],
        notice="Das vollständige Protokoll ist angehängt.",
    )

    assert faults(document) == []
    assert adf.size(document) <= adf.MAX_CHARACTERS
    assert not any(char in text for text in texts(document) for char in "\x00\x1b\x7f\ud800\ufffe")


# --- without it -------------------------------------------------------------------------------------------


@given(blocks=st.lists(BLOCKS, max_size=8), limit=st.integers(150, 1500))
def test_no_document_is_longer_than_allowed_and_one_that_fits_is_left_alone(
    blocks: list[adf.Node], limit: int
) -> None:
    document = adf.document(blocks, notice="Rest", limit=limit)

    assert adf.size(document) <= limit
    assert ("Rest" in texts(document)) is adf.is_too_long(blocks, limit)
    assert all(texts(document)), "an empty text is refused by Jira"


def test_a_long_protocol_is_cut_where_it_is_full_and_says_where_the_rest_is() -> None:
    lines = [f"{number};Zeile" for number in range(9000)]
    document = adf.document(
        [adf.paragraph("Protokoll"), adf.code_block("\n".join(lines)), adf.paragraph("danach")],
        notice="Der Rest ist angehängt.",
    )

    assert [block["type"] for block in document["content"]] == ["paragraph", "codeBlock", "paragraph"]
    assert adf.plain(document).endswith("Der Rest ist angehängt.")
    assert adf.size(document) > adf.MAX_CHARACTERS - 100, "what fits is told"


def test_a_long_table_loses_whole_rows_from_its_end() -> None:
    document = adf.document(
        [adf.table(["Nr.", "Text"], [[str(number), "x" * 50] for number in range(500)])], notice="Rest"
    )
    table, notice = document["content"]

    assert {len(row["content"]) for row in table["content"]} == {2}
    assert [row["content"][0]["content"][0]["content"][0]["text"] for row in table["content"][:3]] == [
        "Nr.",
        "0",
        "1",
    ]
    assert texts(notice) == ["Rest"]


def test_a_link_leads_to_the_web_or_is_plain_text() -> None:
    assert adf.link("Hilfe", "https://apps.datev.de/help")["marks"][0]["type"] == "link"
    for url in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", "", "http://[x"):
        assert "marks" not in adf.link("Hilfe", url)


def test_lines_become_line_breaks() -> None:
    assert adf.paragraph("a\nb", adf.strong("c\n"))["content"] == [
        {"type": "text", "text": "a"},
        {"type": "hardBreak"},
        {"type": "text", "text": "b"},
        {"type": "text", "text": "c", "marks": [{"type": "strong"}]},
        {"type": "hardBreak"},
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a\r\n b\tc ", "a b c"),
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 254 + "…"),
        ("🧾" * 200, "🧾" * 127 + "…"),
        ("", ""),
    ],
)
def test_a_summary_is_one_line_that_jira_takes(text: str, line: str) -> None:
    assert adf.one_line(text) == line
    assert adf.units(adf.one_line(text)) <= 255


def test_what_people_wrote_is_read_as_text_with_unknown_nodes_looked_into() -> None:
    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "Hallo "}, {"type": "mention"}]},
            {"type": "novelty", "content": [{"type": "paragraph", "content": [adf.text("drin")]}]},
            {"type": "bulletList", "content": [{"type": "listItem", "content": [adf.paragraph("eins")]}]},
        ],
    }
    deep: dict[str, Any] = {"type": "text", "text": "tief"}
    for _ in range(5000):
        deep = {"type": "x", "content": [deep]}

    assert adf.plain(document) == "Hallo\ndrin\neins"
    assert adf.plain(deep) == ""
    assert [adf.plain(odd) for odd in (None, "x", [], {"content": 5}, {"text": 5})] == [""] * 5
