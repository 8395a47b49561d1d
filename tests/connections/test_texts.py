"""What no database keeps is replaced where it comes in: NUL, and halves of surrogate pairs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.answers import decode_json
from connections.messages import DataFault, Message
from connections.models import CallLog, Connection
from connections.texts import storable

ODD = st.text(st.characters(categories=None) | st.sampled_from("\x00\ud800\udfff\\u"), max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
def test_json_from_outside_has_only_texts_that_can_be_kept(value: Any) -> None:
    # Two halves that meet are a whole character to every reader of JSON.
    plain = json.loads(json.dumps(value))
    assert decode_json(json.dumps(value).encode()) == storable(plain)
    json.dumps(storable(plain), ensure_ascii=False).encode()


def test_texts_names_and_whole_characters_come_out_readable() -> None:
    content = rb'{"a\u0000b": ["x\uD800y", "\ud83d\ude00", "\\u0000", 1.10, null]}'
    assert decode_json(content) == {"a\ufffdb": ["x\ufffdy", "\U0001f600", "\\u0000", Decimal("1.10"), None]}


def test_json_that_is_nested_without_end_is_not_json() -> None:
    with pytest.raises(ValueError, match="nested"):
        decode_json(b"[" * 200_000)


@pytest.mark.django_db
def test_messages_faults_and_calls_can_be_kept_whatever_they_quote() -> None:
    connection = Connection.objects.create(name="Asana", vendor="asana")
    message = Message("%(text)s", {"text": "a\x00b"})
    fault = DataFault("Feld\x00", "\ud800", message)
    connection.health_message, connection.checkup = message.to_json(), {"faults": [fault.to_json()]}
    connection.save()
    connection.refresh_from_db()
    assert str(Message.from_json(connection.health_message)) == "a\ufffdb"
    assert DataFault.from_json(connection.checkup["faults"][0]).value == "\ufffd"
    assert not CallLog.objects.exists()
