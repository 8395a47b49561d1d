"""What strangers and broken files may send: refused in words or harmless, never a fault of the server."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connections.messages import faults_from_json
from connections.models import CallLog
from pairs import hooks, work
from pairs.models import Record, RecordState, Webhook
from tests.pairs.world import World

NAMES = ("X-Hook-Secret", "X-Hook-Signature", "Content-Type", "Content-Length", "Transfer-Encoding", "Cookie")
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
HEADERS = st.dictionaries(st.sampled_from(NAMES), LATIN | st.sampled_from(["-1", "99999999999", "chunked"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
EVENT = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("resource", "parent", "action", "created_at", "user", "change"), JSON)
)
BODIES = st.binary(max_size=300) | st.builds(
    lambda events: json.dumps({"events": events}).encode(), st.lists(EVENT, max_size=4) | JSON
)


@pytest.fixture
def world(db: None, asana: Any, datev: Any, settings: Any) -> World:
    settings.PUBLIC_URL = "https://hub.example"
    asana.options.handshake_on_a_thread = False
    return World(asana, datev)


def test_no_request_to_a_webhook_breaks_the_server_or_calls_anybody(world: World) -> None:
    work.webhooks()
    hook = Webhook.objects.get()
    path, secret = urlsplit(hooks.address(hook)).path, hook.secrets["secret"]
    calls = CallLog.objects.count()
    client = Client(raise_request_exception=False)
    methods = st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS", "DELETE"])

    @examples(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(headers=HEADERS, body=BODIES, is_signed=st.booleans(), method=methods)
    def check(headers: dict[str, str], body: bytes, is_signed: bool, method: str) -> None:
        if is_signed:
            headers = headers | {
                "X-Hook-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            }
        extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if f"HTTP_{name}" in extra:
                extra[name] = extra.pop(f"HTTP_{name}")
        answer = client.generic(method, path, data=body, **extra)
        assert answer.status_code < 500, (headers, body, method)

    check()
    while work.deliveries():
        pass
    hook.refresh_from_db()
    assert hook.secrets == {"secret": secret}
    assert CallLog.objects.count() == calls
    assert not Record.objects.exclude(source_ref__regex=r"^[0-9]{1,64}$").exists()


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("Rechnung.pdf", b"%PDF-1.4" + b"0" * (20 * 1024 * 1024 + 1), "20"),
        ("Rechnung.exe", b"MZ", "exe"),
        ("Rechnung.pdf", b"", "empty"),
        ("Rechnung.pdf", b"MZ this is a program", "application/pdf"),
    ],
)
def test_a_file_that_can_not_be_taken_is_refused_before_the_upload_with_its_limit(
    world: World, name: str, content: bytes, named: str
) -> None:
    gid = world.task(attach=False)
    world.asana.add_attachment(gid, name, content)
    world.asana.approve(gid)

    world.work(minutes=4)

    record = world.record(gid)
    assert record.state == RecordState.REFUSED, record.reason
    assert named in " ".join(str(fault) for fault in faults_from_json(record.faults))
    assert world.datev.calls_to("documents.put") == [] == world.datev.bookings()
    assert world.result(gid)[0] == "Prüfen"
