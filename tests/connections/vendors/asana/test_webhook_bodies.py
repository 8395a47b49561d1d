"""What a delivery names, and whether it is genuine: pure, and calm about anything that may arrive."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.vendors.asana.webhooks import WEBHOOKS, task_refs

EARLY, LATE = "2026-07-01T08:15:30.123Z", "2026-07-01T09:00:00.000Z"
PROJECT = {"gid": "100", "resource_type": "project"}


def task(gid: str) -> dict[str, Any]:
    return {"gid": gid, "resource_type": "task", "resource_subtype": "approval"}


def event(resource: Any, action: str = "changed", at: str = EARLY, parent: Any = None) -> dict[str, Any]:
    return {"user": None, "created_at": at, "action": action, "resource": resource, "parent": parent}


def body(*events: Any) -> bytes:
    return json.dumps({"events": list(events)}).encode()


def test_a_changed_task_is_named_with_the_moment_of_its_event() -> None:
    assert task_refs(body(event(task("555")))) == [("555", EARLY, False)]


def test_a_heartbeat_names_nothing() -> None:
    assert task_refs(body()) == []


def test_a_comment_and_a_file_stand_for_their_task() -> None:
    story = {"gid": "556", "resource_type": "story", "resource_subtype": "comment_added"}
    file = {"gid": "557", "resource_type": "attachment"}

    refs = task_refs(
        body(event(story, "added", parent=task("555")), event(file, "deleted", parent=task("558")))
    )

    assert refs == [("555", EARLY, False), ("558", EARLY, False)]


def test_a_new_subtask_stands_for_its_parent() -> None:
    assert task_refs(body(event(task("700"), "added", parent=task("555")))) == [("555", EARLY, False)]


def test_a_task_added_to_a_project_stands_for_itself() -> None:
    assert task_refs(body(event(task("555"), "added", parent=PROJECT))) == [("555", EARLY, False)]


def test_several_events_of_a_task_collapse_into_the_newest_in_any_order() -> None:
    early, late = event(task("555")), event(task("555"), at=LATE)

    assert task_refs(body(early, late)) == task_refs(body(late, early)) == [("555", LATE, False)]


def test_a_deleted_task_is_said_to_be_deleted() -> None:
    assert task_refs(body(event(task("555"), "deleted"))) == [("555", EARLY, True)]


def test_a_task_taken_back_from_the_bin_is_not_deleted() -> None:
    back, gone = event(task("555"), "undeleted", at=LATE), event(task("555"), "deleted", at=EARLY)

    assert task_refs(body(back, gone)) == [("555", LATE, False)]


def test_a_change_after_the_deletion_does_not_hide_it_unless_it_is_newer() -> None:
    assert task_refs(body(event(task("555"), "deleted", at=LATE), event(task("555")))) == [
        ("555", LATE, True)
    ]


def test_of_two_events_at_one_moment_the_one_that_makes_us_look_wins() -> None:
    assert task_refs(body(event(task("555"), "deleted"), event(task("555")))) == [("555", EARLY, False)]


@pytest.mark.parametrize(
    "odd",
    [
        b"[]",
        b"null",
        b"7",
        b'"events"',
        b"{}",
        b'{"events": null}',
        b'{"events": {"a": 1}}',
        b'{"events": [null, 1, "x", [], {}]}',
        b'{"events": [{"resource": null, "parent": 5, "action": []}]}',
        b'{"events": [{"resource": {"resource_type": "task"}}]}',
        b'{"events": [{"resource": {"resource_type": "task", "gid": 5}}]}',
        b'{"events": [{"resource": {"resource_type": "task", "gid": "../users/me"}}]}',
        b'{"events": [{"resource": {"resource_type": "task", "gid": ""}}]}',
        b'{"events": [{"resource": {"resource_type": ["task"], "gid": "5"}}]}',
        b'{"events": [{"resource": {"resource_type": "project", "gid": "5"}}]}',
    ],
)
def test_odd_shapes_name_nothing_and_break_nothing(odd: bytes) -> None:
    assert task_refs(odd) == []


def test_an_event_with_odd_company_is_still_heard() -> None:
    assert task_refs(body(None, {"created_at": 5}, event(task("555"), at="", parent=7))) == [
        ("555", "", False)
    ]


@pytest.mark.parametrize("not_json", [b"", b"events", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_body_that_is_not_json_is_a_value_error(not_json: bytes) -> None:
    with pytest.raises(ValueError):
        task_refs(not_json)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["task", "555", EARLY]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["events", "resource", "parent", "gid", "resource_type", "created_at", "action", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_no_json_at_all_makes_it_raise(content: Any) -> None:
    refs = task_refs(json.dumps({"events": [content]}).encode()) + task_refs(json.dumps(content).encode())

    assert all(ref.gid.isdigit() for ref in refs)


# --- genuine or not ---------------------------------------------------------------------------------------

SECRET = "b537207f20cbfa02357cf448134da559"
# Unusual spacing and umlauts: parsed and dumped again, this body would not match its signature.
BODY = '{ "events" : [ ] , "hinweis":"Prüfung" }'.encode()


def signed(content: bytes = BODY, secret: str = SECRET) -> Mapping[str, str]:
    return {"X-Hook-Signature": hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}


def test_a_body_signed_with_our_secret_is_genuine() -> None:
    assert WEBHOOKS.is_genuine(signed(), BODY, SECRET)


def test_the_name_of_the_header_may_come_in_any_case() -> None:
    assert WEBHOOKS.is_genuine({"x-hook-signature": signed()["X-Hook-Signature"]}, BODY, SECRET)


@pytest.mark.parametrize(
    ("headers", "content", "secret"),
    [
        ({}, BODY, SECRET),
        (signed(), BODY + b" ", SECRET),
        (signed(secret="another"), BODY, SECRET),
        (signed(secret=""), BODY, ""),
        ({"X-Hook-Signature": signed()["X-Hook-Signature"].upper()}, BODY, SECRET),
        ({"X-Hook-Signature": "sha256=" + signed()["X-Hook-Signature"]}, BODY, SECRET),
        ({"X-Hook-Signature": "ü" * 64}, BODY, SECRET),
        ({"X-Hook-Signature": "\udc80"}, BODY, SECRET),
        ({"X-Hook-Secret": SECRET}, BODY, SECRET),
    ],
)
def test_anything_else_is_not_genuine(headers: Mapping[str, str], content: bytes, secret: str) -> None:
    assert WEBHOOKS.is_genuine(headers, content, secret) is False


@pytest.mark.parametrize("content", [b"", b"{}", b"whatever"])
def test_a_handshake_is_answered_with_its_own_secret(content: bytes) -> None:
    handshake = WEBHOOKS.handshake({"x-hook-secret": SECRET}, content)

    assert handshake is not None
    assert (handshake.secret, handshake.answer_headers) == (SECRET, {"X-Hook-Secret": SECRET})


@pytest.mark.parametrize("headers", [{}, {"X-Hook-Secret": ""}, signed()])
def test_an_ordinary_delivery_is_no_handshake(headers: Mapping[str, str]) -> None:
    assert WEBHOOKS.handshake(headers, BODY) is None
