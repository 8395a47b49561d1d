"""Secrets of Acumatica, its sessions and pushes, and of Asana beside it: kept nowhere in the open."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from connections.models import Connection
from pairs import tasks, work
from pairs.models import RecordState
from tests.pairs.acumatica_world import AcumaticaWorld
from tests.security import places
from tests.security.harvest import leaks, secrets_of

FORGED = "planted-secret-of-a-forged-push"


@pytest.fixture
def browser(transactional_db: None, settings: Any) -> Client:
    settings.PUBLIC_URL = "https://hub.example"
    return places.admin_client()


def test_secrets_are_found_nowhere_after_a_day_with_troubles(
    browser: Client,
    acumatica: Any,
    asana: Any,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    with caplog.at_level(logging.DEBUG), places.product_log() as log:
        world = AcumaticaWorld(acumatica, asana, sign_in="session")
        world.listen(settings)
        bill = world.bill()
        world.deliver()
        address = acumatica.pushes.inquiries[0].url.replace("https://hub.example", "")
        headers = {"X-ML-Connector-Secret": FORGED}
        assert browser.post(address, b"{}", "application/json", headers=headers).status_code == 401
        world.settle()
        world.decide(bill)
        # The vendor shows us our own secrets again.
        planted = set(Connection.objects.get(vendor="acumatica").secrets.values())
        body = {"message": "An error has occurred.", "exceptionMessage": " ".join(sorted(planted))}
        acumatica.faults.add("POST /Bill/ReleaseBill", status=500, body=body, times=1)
        acumatica.end_sessions()
        world.work(minutes=8)
        if world.decision(bill).state == RecordState.REJECTED:
            world.replay(world.decision(bill))
        tasks.tick()
        work.webhooks()
        opened = list(places.pages(browser))

    assert world.status(bill) == "Open"
    secrets = secrets_of(acumatica) | secrets_of(asana) | dict.fromkeys(planted, "a secret of a connection")
    secrets |= {FORGED: "a forged secret"}
    assert [f"{address}: {status}" for address, status, _ in opened if status >= 500] == []
    found: list[str] = []
    for place, text in (
        *places.tables(),
        *places.database_files(),
        *places.queue(),
        *places.commands(tmp_path),
        ("the log of the installation", log.getvalue()),
        ("the log before it is redacted", caplog.text),
        *((f"page {address}", content) for address, _, content in opened),
    ):
        found += leaks(secrets, place, text)
    assert found == [], "\n".join(found)
