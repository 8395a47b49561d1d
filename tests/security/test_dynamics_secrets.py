"""Secrets of Dynamics and its webhooks: sent and received with troubles, kept nowhere in the open."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from connections import services
from connections.errors import ConnectorError
from connections.models import Connection
from mlconnector.sandbox.dynamics import DynamicsSimulator
from pairs import tasks, work
from pairs.models import Delivery, Record, RecordState, Webhook
from tests.mounting import mounted, post_to_product
from tests.pairs.dynamics_world import DynamicsWorld
from tests.security import places
from tests.security.harvest import leaks, secrets_of

SECRET = "planted~client-secret-of-dynamics"
FORGED = "planted-secret-of-a-forged-delivery"


@pytest.fixture
def browser(transactional_db: None, settings: Any) -> Client:
    settings.PUBLIC_URL = "https://hub.example"
    return places.admin_client()


def test_secrets_are_found_nowhere_after_a_day_with_troubles(
    browser: Client, datev: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    dynamics = DynamicsSimulator(post=post_to_product())
    dynamics.add_secret(SECRET)
    dynamics.client_secret = SECRET
    with mounted(dynamics, *dynamics.mounts), caplog.at_level(logging.DEBUG), places.product_log() as log:
        world = DynamicsWorld(dynamics, datev)
        work.webhooks()
        hook_secrets = _hook_secrets()
        booked = world.billed()
        dynamics.deliver()
        _forge(browser, dynamics)
        # The vendor shows us our own secrets again: in an error of the API, in one of the sign-in.
        bearer = dynamics.sign_in()
        dynamics.faults.add("batch", status=500, body={"error": {"message": f"{SECRET} {bearer}"}}, times=2)
        world.work(minutes=12)
        dynamics.expire_tokens()
        dynamics.remove_secret(SECRET)
        dynamics.faults.add(
            "login.token", status=401, body={"error": "invalid_client", "error_description": SECRET}, times=1
        )
        with pytest.raises(ConnectorError):
            services.test_connection(Connection.objects.get(vendor="dynamics"), "anna")
        tasks.tick()
        opened = list(places.pages(browser))

    secrets = secrets_of(dynamics) | {SECRET: "the client secret", FORGED: "a forged secret"}
    secrets |= dict.fromkeys(hook_secrets, "a webhook's secret")
    assert world.record(booked).state == RecordState.DONE and Record.objects.count() == 2
    assert len(hook_secrets) == 3 and Delivery.objects.exists()
    assert "dynamics: access_token" in secrets.values()
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


def _hook_secrets() -> set[str]:
    return {hook.secrets["secret"] for hook in Webhook.objects.all()}


def _forge(browser: Client, dynamics: Any) -> None:
    """Somebody calls the webhook's address with a secret of his own."""
    step = next(iter(dynamics.known.all("serviceendpoint")))
    path = step.values["url"].replace("https://hub.example", "")
    answer = browser.post(
        path, data=b"{}", content_type="application/json", headers={"X-ML-Connector-Secret": FORGED}
    )
    assert answer.status_code in (401, 403, 404)
