"""Secrets that were sent and received in a whole story, troubles included, are kept nowhere in the open."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse

from connections import clock, http
from connections.errors import ConnectorError
from connections.models import CallLog, Connection, OAuthFlow, TokenSet
from connections.vendors.asana.api import AsanaApi
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.datev.state import App
from mlconnector.sandbox.serve import serve
from pairs import tasks, work
from pairs.models import Record, RecordState, Webhook
from tests import factories
from tests.mounting import mounted
from tests.pairs.world import World
from tests.security import places
from tests.security.harvest import leaks, secrets_of

CALLBACK = "https://hub.example/oauth/callback"
PAT = "2/1200/1209:planted-personal-access-token"
ASANA_SECRET = "planted-client-secret-of-asana"
DATEV_SECRET = "planted-client-secret-of-datev"
HANDSHAKE = "planted-secret-of-a-forged-handshake"


class Story:
    """A working day with every trouble in which a vendor may show us our own secrets again."""

    def __init__(self, asana: Any, datev: Any, browser: Client) -> None:
        self.asana, self.datev, self.browser = asana, datev, browser
        self.world = World(asana, datev, result_comment=True)
        self.answers: list[str] = []
        self._plant()

    def _plant(self) -> None:
        self.asana.options.handshake_on_a_thread = False
        self.asana.add_token(PAT)
        self.asana.add_app(self.asana.client_id, ASANA_SECRET, [CALLBACK])
        self.world.source.secrets = {"pat": PAT}
        self.world.source.save()
        self.world.target.secrets = {"client_secret": DATEV_SECRET}
        self.world.target.settings["client_authentication"] = "basic"
        self.world.target.save()

    def play(self) -> None:
        self.sign_in(self.world.target)
        self.by_oauth = self._asana_by_oauth()
        self.sign_in(self.by_oauth)
        work.webhooks()
        self.a_good_task()
        self.echoes_at_datev()
        self.echoes_at_asana()
        self.forged_deliveries()
        self.refused_sign_ins()
        tasks.tick()

    # --- people ---------------------------------------------------------------------------------------
    def _asana_by_oauth(self) -> Connection:
        settings = {**self.world.source.settings, "sign_in": "oauth", "client_id": self.asana.client_id}
        secrets = {"client_secret": ASANA_SECRET}
        return Connection.objects.create(
            name="Asana OAuth", vendor="asana", settings=settings, secrets=secrets
        )

    def sign_in(self, connection: Connection) -> None:
        """A person clicks through; the connection is tested on the way back. Twice: a state counts once."""
        started = self._see(self.browser.post(reverse("oauth:start", args=[connection.pk])))
        asked = requests.Request("GET", started.headers["Location"]).prepare()
        vendor = urlsplit(str(asked.url))
        adapter = http.mounted[f"{vendor.scheme}://{vendor.netloc}"]
        returned = adapter.send(asked).headers["Location"]
        assert returned.startswith(CALLBACK), returned
        query = dict(parse_qsl(urlsplit(returned).query))
        for _ in range(2):
            self._see(self.browser.get("/oauth/callback", query), follow=True)
        connection.refresh_from_db()

    def _see(self, answer: Any, *, follow: bool = False) -> Any:
        """Keep what a person was shown; the address of the vendor's sign-in page is for the vendor."""
        self.answers.append(answer.content.decode())
        if follow:
            self.answers.append(self.browser.get(answer.headers["Location"]).content.decode())
        return answer

    # --- troubles -------------------------------------------------------------------------------------
    def a_good_task(self) -> None:
        gid = self.world.approved()
        self.asana.deliver()
        self.world.work(minutes=6)
        assert self.world.record(gid).state == RecordState.DONE

    def token(self, connection: Connection) -> str:
        return TokenSet.objects.get(connection=connection).tokens["access_token"]

    def echoes_at_datev(self) -> None:
        """Gateways that show the request in their error, as text, as header and inside a sentence."""
        for route, status in (
            ("documents.put", 400),
            ("documents.put", 403),
            ("extf.import", 400),
            ("extf.import", 401),
            ("extf.import", 418),
            ("extf.import", 500),
            ("documents.types", 404),
        ):
            token = self.token(self.world.target)
            body = {
                "error": "invalid",
                "error_description": f"Authorization: Bearer {token} was refused",
                "title": f"The token {token} is not good",
                "detail": f"{token} {DATEV_SECRET}",
            }
            fault = self.datev.faults.add(route, status=status, body=body)
            self.world.approved()
            self.world.work(minutes=3)
            self.datev.faults.remove(fault)
        self.datev.faults.add("extf.import", drop="after")
        self.world.approved()
        self.world.work(minutes=6)

    def echoes_at_asana(self) -> None:
        sentence = f"The token {PAT} may not do this, secret={PAT}"
        for route, status in (
            ("tasks.change", 400),
            ("tasks.change", 403),
            ("tasks.list", 402),
            ("attachments.list", 418),
            ("stories.create", 500),
        ):
            body: Any = {"errors": [{"message": sentence, "help": "https://asana.com/help", "phrase": PAT}]}
            fault = self.asana.faults.add(route, status=status, body=body)
            self.world.approved()
            self.world.work(minutes=3)
            self.asana.faults.remove(fault)
        html = f"<html><pre>GET / HTTP/1.1\nAuthorization: Bearer {PAT}\n</pre></html>"
        self.asana.faults.add("tasks.list", status=502, body=html)
        self.asana.faults.add("tasks.list", status=200, body=html, skip=1)
        self.asana.files.faults.add("files.download", status=403)
        self.world.approved()
        self.world.work(minutes=6)

    def forged_deliveries(self) -> None:
        path = urlsplit(f"https://x/hooks/asana/{Webhook.objects.get().public_id}/").path
        for headers in ({"X-Hook-Secret": HANDSHAKE}, {"X-Hook-Signature": HANDSHAKE, "Cookie": HANDSHAKE}):
            answer = Client().post(path, data=b"{}", content_type="application/json", headers=headers)
            assert answer.status_code == 401

    def refused_sign_ins(self) -> None:
        """The refresh is refused with the whole form in the answer, for both vendors; then a disconnect."""
        for simulator, route, connection, secret in (
            (self.asana, "oauth.token", self.by_oauth, ASANA_SECRET),
            (self.datev, "login.token", self.world.target, DATEV_SECRET),
        ):
            held = TokenSet.objects.get(connection=connection)
            refresh = held.tokens["refresh_token"]
            described = f"refresh_token={refresh}: {refresh} {secret}"
            body = {"error": "invalid_grant", "error_description": described}
            simulator.faults.add(route, status=400, body=body)
            TokenSet.objects.filter(pk=held.pk).update(access_expires_at=clock.now() - timedelta(seconds=1))
            self._see(
                self.browser.get(reverse("oauth:callback"), {"state": "x" * 43, "code": "y" * 43}),
                follow=True,
            )
            self.world.approved()
            self.world.work(minutes=2)
            self._test(connection)
            self.sign_in(connection)
        self._see(self.browser.post(reverse("oauth:disconnect", args=[self.by_oauth.pk])), follow=True)

    def _test(self, connection: Connection) -> None:
        from connections.services import test_connection

        with pytest.raises(ConnectorError):
            test_connection(connection, "anna")


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that an error of ours carries, for every one that was made."""
    seen: list[str] = []
    made = ConnectorError.__init__

    def init(self: ConnectorError, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        seen.append(f"{self} {self!r} {vars(self)}")

    monkeypatch.setattr(ConnectorError, "__init__", init)
    return seen


@pytest.fixture
def browser(transactional_db: None, settings: Any) -> Client:
    settings.PUBLIC_URL = "https://hub.example"
    return places.admin_client()


@pytest.fixture
def story(browser: Client, asana: Any) -> Any:
    simulator = DatevSimulator(apps=[App("5d41402abc4b2a76b9719d911017c592", DATEV_SECRET, (CALLBACK,))])
    with mounted(simulator, factories.DATEV):
        yield Story(asana, simulator, browser)


def test_secrets_are_found_nowhere_after_a_day_with_every_trouble(
    story: Story, raised: list[str], caplog: pytest.LogCaptureFixture, browser: Client, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG), places.product_log() as log:
        story.play()
        opened = list(places.pages(browser))
    secrets = secrets_of(story.asana, story.asana.files, story.datev) | {HANDSHAKE: "a forged handshake"}

    # The story really was one: every kind of secret travelled, and every kind of trouble came.
    assert {PAT, ASANA_SECRET, DATEV_SECRET} <= set(secrets)
    kinds = {kind.rpartition(": ")[2] for kind in secrets.values()}
    assert {"code", "code_verifier", "state", "nonce", "refresh_token", "signature"} <= kinds, kinds
    assert {400, 401, 403, 418, 500, 502} <= set(CallLog.objects.values_list("status", flat=True))
    assert Record.objects.count() > 10 and OAuthFlow.objects.exists() and raised and log.getvalue()
    assert [f"{address}: {status}" for address, status, _ in opened if status >= 500] == []

    found: list[str] = []
    for place, text in (
        *places.tables(),
        *places.database_files(),
        *places.queue(),
        *places.commands(tmp_path),
        ("the log of the installation", log.getvalue()),
        ("the log before it is redacted", caplog.text),
        ("an error", "\n".join(raised)),
        ("what people were shown", "\n".join(story.answers)),
        *((f"page {address}", content) for address, _, content in opened),
    ):
        found += leaks(secrets, place, text)
    assert found == [], "\n".join(found)


def test_even_the_http_librarys_own_log_shows_none(db: None, settings: Any) -> None:
    """Over a real wire at DEBUG, where urllib3 writes each address with its query."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    asana = AsanaSimulator()
    with serve(asana) as server, serve(asana.files) as storage:
        asana.files.base_url = storage.url
        project = asana.add_project()
        task = asana.add_task(project)
        asana.add_attachment(task)
        connection = factories.asana_connection(asana, base_url=f"{server.url}/api/1.0")
        api = AsanaApi(connection)
        with places.product_log() as log:
            api.download(api.attachments(task)[0])
    secrets = secrets_of(asana, asana.files)

    assert {"asana: signature", "asana: Bearer credential"} <= set(secrets.values())
    assert "GET /attachments/" in log.getvalue() and "urllib3" in log.getvalue()
    assert leaks(secrets, "the log", log.getvalue()) == []
