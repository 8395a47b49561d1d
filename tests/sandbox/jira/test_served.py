"""The simulator on a real port: control endpoints, pages for people, webhooks that leave by themselves."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.jira import WEB_URL, JiraSimulator, ServedJira
from mlconnector.sandbox.jira.helpers import REDIRECT_URIS
from tests.sandbox.jira.conftest import Client, Receiver, created, document, web_for


@pytest.fixture
def web(sim: JiraSimulator) -> requests.Session:
    return web_for(sim)


def control(web: requests.Session, helper: str, **arguments: Any) -> Any:
    answer = web.post(f"{WEB_URL}/_sim/do/{helper}", json=arguments, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_sets_the_scene_and_looks(
    web: requests.Session, sim: JiraSimulator, hub: Receiver
) -> None:
    control(web, "add_project", key="FIN", name="Finanzbuchhaltung")
    field = control(web, "add_custom_field", name="DATEV external id", projects=["FIN"])
    control(web, "require_field", project="FIN", field=field)
    control(web, "add_admin_webhook", url="https://hub.example/hooks/", secret="s")
    access, _ = control(web, "sign_in")
    key = created(Client(sim, access), **{field: "job4711"}, description=document("x"))
    control(web, "comment", key=key, text="gesehen")
    content = base64.b64encode(b"abc").decode()
    control(web, "attach", key=key, name="a.txt", content_base64=content)
    change = control(web, "move", key=key, status="Done")
    sent = web.post(f"{WEB_URL}/_sim/deliver", timeout=5).json()

    state = web.get(f"{WEB_URL}/_sim/state", timeout=5).json()

    (site,) = state["sites"]
    (issue,) = site["issues"]
    assert issue["values"][field] == "job4711"
    assert (issue["status"], issue["category"], issue["comments"]) == ("Done", "done", ["gesehen"])
    assert issue["attachments"] == [{"name": "a.txt", "size": 3}]
    assert change["items"][-1]["field"] == "status"
    assert [one["event"] for one in sent] == ["jira:issue_updated"] * 2
    assert state["deliveries"] == 2
    control(web, "pass_time", seconds=60)
    assert web.post(f"{WEB_URL}/_sim/do/clear", json={}, timeout=5).status_code == 404
    assert web.post(f"{WEB_URL}/_sim/do/move", json={"key": "FIN-9"}, timeout=5).status_code == 400


def test_a_reset_brings_back_the_beginning(sim: JiraSimulator, project: str) -> None:
    sim.add_issue(project)
    sim.set_search_lag(60)
    sim.add_site("zweite")
    sim.add_admin_webhook("https://hub.example/hooks/")

    sim.reset()

    assert [one.name for one in sim.known.sites.values()] == ["muster"]
    assert (sim.issues(), sim.options.search_lag_seconds) == ([], 0.0)
    assert sim.place().admin_hooks == {}


# --- pages ------------------------------------------------------------------------------------------------
def test_a_person_reads_an_issue_and_moves_it_to_done(
    api: Client, sim: JiraSimulator, web: requests.Session, external_id: str
) -> None:
    key = created(
        api,
        summary="Auftrag <b>4711</b>",
        description=document("Fehler im Beleg"),
        **{external_id: "job4711"},
    )
    sim.attach(key, "Protokoll.txt", b"Zeile 1")
    url = f"{sim.place().url}/browse/{key}"

    assert "Finanzbuchhaltung" in web.get(WEB_URL, timeout=5).text
    listed = web.get(f"{sim.place().url}/projects/FIN", timeout=5).text
    assert "Auftrag &lt;b&gt;4711&lt;/b&gt;" in listed
    shown = web.get(url, timeout=5).text
    for text in ("Fehler im Beleg", "job4711", "Protokoll.txt", "→ Done"):
        assert text in shown
    file = web.get(f"{url}/files/{sim.attachments(key)[0].id}", timeout=5)
    assert (file.content, "attachment" in file.headers["Content-Disposition"]) == (b"Zeile 1", True)
    web.post(f"{url}/comment", data={"text": "korrigiert"}, timeout=5)
    done = sim.status_id("FIN", "Done")
    moved = web.post(f"{url}/move", data={"status": done}, timeout=5)

    assert moved.url == url
    assert "korrigiert" in moved.text
    assert "status: To Do → Done" in moved.text
    assert sim.issue(key).status == done
    assert sim.history(key)[-1].by == sim.accountant
    web.post(f"{url}/move", data={"status": "1"}, timeout=5)
    assert sim.issue(key).status == done


def test_an_administrator_adds_a_webhook_by_hand(sim: JiraSimulator, web: requests.Session) -> None:
    form = {"site": "muster", "url": "https://hub.example/hooks/", "secret": "s", "jql": ""}

    shown = web.post(f"{WEB_URL}/webhooks", data=form, timeout=5)

    assert "https://hub.example/hooks/" in shown.text
    assert [hook.secret for hook in sim.place().admin_hooks.values()] == ["s"]


@pytest.mark.parametrize("path", ["projects/NO", "browse/FIN-9", "browse/FIN-1/files/9"])
def test_pages_of_what_is_not_there(
    sim: JiraSimulator, web: requests.Session, project: str, path: str
) -> None:
    sim.add_issue(project)

    assert web.get(f"{sim.place().url}/{path}", timeout=5).status_code == 404
    assert web.get(f"{WEB_URL}/sites/nobody/{path}", timeout=5).status_code == 404
    assert web.post(f"{WEB_URL}/sites/nobody/browse/FIN-1/move", timeout=5).status_code == 404


# --- on a real port ---------------------------------------------------------------------------------------
class Hub:
    """A receiver on a real port."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.arrived = threading.Event()
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @Request.application
    def app(self, request: Request) -> Response:
        self.bodies.append(request.get_data())
        self.arrived.set()
        return Response(status=200)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def served() -> Iterator[ServedJira]:
    running = ServedJira()
    yield running
    running.close()


def test_over_real_sockets_one_port_stands_for_all_hosts(served: ServedJira) -> None:
    sim, hub, url = served.simulator, Hub(), served.server.url
    try:
        sim.add_project("FIN")
        key = sim.add_issue("FIN")
        query = {
            "audience": "api.atlassian.com",
            "client_id": sim.client_id,
            "scope": "read:jira-work manage:jira-webhook offline_access",
            "redirect_uri": "http://127.0.0.1:9/oauth/callback",
            "state": "s",
            "response_type": "code",
        }
        assert REDIRECT_URIS[1].endswith("localhost/oauth/callback")
        back = requests.get(f"{url}/authorize", params=query, allow_redirects=False, timeout=5)
        code = back.headers["Location"].split("code=")[1].split("&")[0]
        given = {
            "grant_type": "authorization_code",
            "client_id": sim.client_id,
            "client_secret": sim.client_secret,
            "redirect_uri": query["redirect_uri"],
            "code": code,
        }
        access = requests.post(f"{url}/oauth/token", json=given, timeout=5).json()["access_token"]
        headers = {"Authorization": f"Bearer {access}"}
        (site,) = requests.get(f"{url}/oauth/token/accessible-resources", headers=headers, timeout=5).json()
        entry = {"events": ["jira:issue_updated"], "jqlFilter": "project = FIN"}
        made = requests.post(
            f"{url}/ex/jira/{site['id']}/rest/api/3/webhook",
            json={"url": hub.url, "webhooks": [entry]},
            headers=headers,
            timeout=5,
        )
        assert made.json()["webhookRegistrationResult"] == [{"createdWebhookId": 1}]
        page = f"{site['url']}/browse/{key}"
        assert site["url"].startswith(url)

        requests.post(f"{page}/move", data={"status": sim.status_id("FIN", "Done")}, timeout=5)

        assert hub.arrived.wait(5)
        assert b'"matchedWebhookIds"' in hub.bodies[0]
    finally:
        hub.close()
