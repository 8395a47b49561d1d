"""The simulator on real ports: control endpoints, pages for people, webhooks that leave by themselves."""

import base64
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.asana import AsanaSimulator, ServedAsana
from mlconnector.sandbox.mount import WSGIAdapter


@pytest.fixture
def web(sim: AsanaSimulator) -> requests.Session:
    session = requests.Session()
    session.mount("https://asana.example", WSGIAdapter(sim))
    return session


def control(web: requests.Session, helper: str, **arguments: Any) -> Any:
    answer = web.post(f"https://asana.example/_sim/do/{helper}", json=arguments, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_sets_the_scene(web: requests.Session, sim: AsanaSimulator) -> None:
    project = control(web, "add_project", name="Eingangsrechnungen")
    amount = control(
        web, "add_custom_field", project=project, name="Betrag", kind="number", precision=2, format="currency"
    )
    status = control(
        web, "add_custom_field", project=project, name="DATEV", kind="enum", options=["Gebucht", "Fehler"]
    )
    day = control(web, "add_custom_field", project=project, name="Belegdatum", kind="date")
    fields = {amount: "119.00", status: "Fehler", day: "2026-07-01"}
    task = control(web, "add_task", project=project, name="Rechnung 1", fields=fields)
    content = base64.b64encode(b"%PDF").decode()
    control(web, "add_attachment", task=task, name="Rechnung.pdf", content_base64=content)
    control(web, "set_field", gid=task, field=status, value="Gebucht")
    control(web, "approve", gid=task)
    control(web, "add_comment", gid=task, text="fertig")

    state = web.get("https://asana.example/_sim/state", timeout=5).json()

    assert state["pat"] == sim.pat
    assert state["projects"][0]["fields"] == {"Betrag": amount, "DATEV": status, "Belegdatum": day}
    assert set(state["projects"][0]["options"]["DATEV"]) == {"Gebucht", "Fehler"}
    (shown,) = state["tasks"]
    assert shown["fields"] == {"Betrag": "119.00", "DATEV": "Gebucht", "Belegdatum": "2026-07-01"}
    assert shown["fields_by_gid"][amount] == "119.00"
    assert (shown["approval_status"], shown["comments"]) == ("approved", ["fertig"])
    assert shown["attachments"][0]["size"] == 4


def test_mistakes_at_the_control_endpoints_are_told(web: requests.Session) -> None:
    url = "https://asana.example/_sim/do"

    assert web.post(f"{url}/add_task", json={"project": "1"}, timeout=5).status_code == 400
    assert web.post(f"{url}/clear", json={}, timeout=5).status_code == 404


def test_switches_are_set_from_outside(web: requests.Session, sim: AsanaSimulator) -> None:
    web.post("https://asana.example/_sim/options", json={"calls_per_minute": 1}, timeout=5)
    control(web, "fail", route="GET /users/*", kind="500", times=2)

    assert sim.options.calls_per_minute == 1
    assert sim.faults.as_json()[0]["times"] == 2


def test_a_reset_brings_back_the_beginning(sim: AsanaSimulator, web: requests.Session) -> None:
    control(web, "revoke", value=sim.pat)
    sim.add_project()
    sim.options.calls_per_minute = 1

    sim.reset()

    assert list(sim.known.all("project")) == []
    assert sim.options.calls_per_minute is None
    headers = {"Authorization": f"Bearer {sim.pat}"}
    assert web.get("https://asana.example/api/1.0/users/me", headers=headers, timeout=5).status_code == 200


# --- pages --------------------------------------------------------------------


def test_a_person_sees_and_approves_a_task(
    sim: AsanaSimulator, web: requests.Session, project: str, task: str, amount: str
) -> None:
    sim.rename_task(task, "Rechnung <b>4711</b>")
    sim.add_attachment(task)
    pages = "https://asana.example"

    assert "Eingangsrechnungen" in web.get(f"{pages}/", timeout=5).text
    listed = web.get(f"{pages}/0/{project}/list", timeout=5).text
    assert "Betrag" in listed
    assert "Rechnung &lt;b&gt;4711&lt;/b&gt;" in listed
    url = f"{pages}/0/{project}/{task}"
    assert "Rechnung.pdf" in web.get(url, timeout=5).text

    web.post(f"{url}/field", data={"field": amount, "value": "12.50"}, timeout=5)
    assert "12,50" in web.get(url, timeout=5).text
    refused = web.post(f"{url}/field", data={"field": amount, "value": "viel"}, timeout=5).text
    assert "Nicht gespeichert" in refused
    web.post(f"{url}/comment", data={"text": "passt"}, timeout=5)
    approved = web.post(f"{url}/decide", data={"status": "approved"}, timeout=5)

    assert approved.url == url
    assert "genehmigt" in approved.text
    assert "passt" in approved.text
    assert sim.task(task).approval_status == "approved"
    assert sim.task(task).completed_by == sim.approver
    web.post(f"{url}/decide", data={"status": "rejected"}, timeout=5)
    assert sim.task(task).approval_status == "rejected"


def test_pages_of_what_is_not_there(web: requests.Session, sim: AsanaSimulator, project: str) -> None:
    pages = "https://asana.example"

    assert web.get(f"{pages}/0/1/list", timeout=5).status_code == 404
    assert web.get(f"{pages}/0/{project}/1", timeout=5).status_code == 404
    for action in ("decide", "field", "comment"):
        posted = web.post(f"{pages}/0/{project}/1/{action}", data={"status": "approved"}, timeout=5)
        assert posted.status_code == 404
    assert web.get(f"{pages}/webhooks", timeout=5).status_code == 200


def test_plain_tasks_are_completed_by_a_button(
    sim: AsanaSimulator, web: requests.Session, project: str
) -> None:
    task = sim.add_task(project, resource_subtype="default_task")
    url = f"https://asana.example/0/{project}/{task}/decide"

    web.post(url, data={"status": "done"}, timeout=5)
    assert sim.task(task).is_completed
    web.post(url, data={"status": "open"}, timeout=5)
    assert not sim.task(task).is_completed


# --- on real ports ------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[ServedAsana]:
    running = ServedAsana()
    yield running
    running.close()


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
        if secret := request.headers.get("X-Hook-Secret"):
            return Response(status=200, headers={"X-Hook-Secret": secret})
        self.bodies.append(request.get_data())
        if b"approval_status" in self.bodies[-1]:
            self.arrived.set()
        return Response(status=200)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_over_real_sockets_a_webhook_arrives_by_itself(served: ServedAsana) -> None:
    sim, hub = served.simulator, Hub()
    try:
        project = sim.add_project()
        task = sim.add_task(project)
        attachment = sim.add_attachment(task)
        base, headers = f"{served.server.url}/api/1.0", {"Authorization": f"Bearer {sim.pat}"}

        made = requests.post(
            f"{base}/webhooks",
            json={"data": {"resource": project, "target": hub.url}},
            headers=headers,
            timeout=5,
        )
        assert made.status_code == 201, made.text
        read = requests.get(f"{base}/attachments/{attachment}", headers=headers, timeout=5).json()["data"]
        assert read["download_url"].startswith(served.files.url)
        assert requests.get(read["download_url"], timeout=5).content.startswith(b"%PDF")

        requests.post(
            f"{served.server.url}/0/{project}/{task}/decide", data={"status": "approved"}, timeout=5
        )

        assert hub.arrived.wait(5)
    finally:
        hub.close()
