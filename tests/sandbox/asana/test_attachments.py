"""Attachments: upload, signed links on another origin, foreign hosts."""

from datetime import timedelta

import pytest

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.asana.helpers import PDF
from tests.sandbox.asana.conftest import Client, message

ASKED = "name,resource_subtype,host,size,created_at,download_url,view_url,permanent_url"


def download_url(api: Client, attachment: str) -> str:
    return api.read(f"/attachments/{attachment}")["download_url"]


def test_the_list_is_compact(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.add_attachment(task, "Rechnung.pdf")

    (compact,) = api.read("/attachments", parent=task)
    (asked,) = api.read("/attachments", parent=task, opt_fields=ASKED, limit=100)

    assert set(compact) == {"gid", "resource_type", "name", "resource_subtype"}
    assert (asked["host"], asked["size"]) == ("asana", len(PDF))
    assert asked["download_url"].startswith("https://asana-files.example/")
    assert message(api.get("/attachments")) == "parent: Missing input"


def test_a_file_is_fetched_from_the_storage_without_the_token(
    api: Client, sim: AsanaSimulator, task: str
) -> None:
    url = download_url(api, sim.add_attachment(task, "Rechnung März.pdf", b"%PDF-1.7 \xc3\xbc"))

    refused = api.session.get(url, headers={"Authorization": f"Bearer {api.token}"}, timeout=5)
    fetched = api.session.get(url, timeout=5)

    assert (refused.status_code, "Only one auth mechanism" in refused.text) == (400, True)
    assert (fetched.status_code, fetched.content) == (200, b"%PDF-1.7 \xc3\xbc")
    assert fetched.headers["Content-Type"] == "application/pdf"
    assert len(sim.files.calls) == 2


def test_a_link_lasts_two_minutes_and_cannot_be_bent(api: Client, sim: AsanaSimulator, task: str) -> None:
    attachment = sim.add_attachment(task)
    url = download_url(api, attachment)

    sim.clock.advance(timedelta(seconds=120))
    assert api.session.get(url, timeout=5).status_code == 200
    sim.clock.advance(timedelta(seconds=1))
    assert api.session.get(url, timeout=5).status_code == 403
    fresh = download_url(api, attachment)
    assert api.session.get(fresh, timeout=5).status_code == 200
    assert api.session.get(fresh.replace("expires=", "expires=9"), timeout=5).status_code == 403
    api.delete(f"/attachments/{attachment}")
    assert api.session.get(fresh, timeout=5).status_code == 404


@pytest.mark.parametrize(("host", "has_link"), [("external", False), ("box", False), ("gdrive", True)])
def test_files_elsewhere_have_no_size(
    api: Client, sim: AsanaSimulator, task: str, host: str, has_link: bool
) -> None:
    gid = sim.add_attachment(task, "Ablage", host=host, url="https://storage.example/f")

    shown = api.read(f"/attachments/{gid}")

    assert "size" not in shown
    assert (shown["download_url"] is not None) == has_link


def test_an_upload_answers_200_and_modifies_the_task(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.clock.advance(timedelta(minutes=1))
    answer = api.call(
        "POST",
        "/attachments",
        data={"parent": task},
        files={"file": ("Beleg.pdf", PDF, "application/pdf")},
    )

    assert answer.status_code == 200
    made = answer.json()["data"]
    assert (made["name"], made["size"], made["parent"]["gid"]) == ("Beleg.pdf", len(PDF), task)
    assert api.session.get(made["download_url"], timeout=5).content == PDF
    assert api.read(f"/tasks/{task}")["modified_at"] == "2026-03-02T08:01:00.000Z"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (
            "filename=\"Rechnung%20M%C3%A4rz.pdf\"; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf",
            "Rechnung März.pdf",
        ),
        ('filename="Rechnung März.pdf"', "Rechnung MÃ¤rz.pdf"),
        ('filename="Rechnung.pdf"', "Rechnung.pdf"),
    ],
)
def test_names_with_umlauts_need_their_own_form(api: Client, task: str, disposition: str, name: str) -> None:
    body = (
        f'--grenze\r\nContent-Disposition: form-data; name="parent"\r\n\r\n{task}\r\n'
        f'--grenze\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n'
        "Content-Type: application/pdf\r\n\r\ninhalt\r\n--grenze--\r\n"
    )
    answer = api.call(
        "POST",
        "/attachments",
        data=body.encode(),
        headers={"Content-Type": "multipart/form-data; boundary=grenze"},
    )

    assert answer.json()["data"]["name"] == name


def test_uploads_are_checked(api: Client, sim: AsanaSimulator, task: str) -> None:
    sim.options.upload_limit_bytes = 10
    file = {"file": ("a.pdf", b"0123456789", "application/pdf")}
    large = {"file": ("a.pdf", b"0123456789a", "application/pdf")}

    assert api.call("POST", "/attachments", data={"parent": task}, files=file).status_code == 200
    assert api.call("POST", "/attachments", data={"parent": task}, files=large).status_code == 413
    assert api.call("POST", "/attachments", data={}, files=file).status_code == 400
    assert api.call("POST", "/attachments", data={"parent": "123"}, files=file).status_code == 404
    assert (
        api.call("POST", "/attachments", data={"parent": task, "title": "x"}, files=file).status_code == 400
    )
    assert api.post("/attachments", {"parent": task}).status_code == 400


def test_a_link_is_attached(api: Client, task: str) -> None:
    form = {"parent": task, "resource_subtype": "external", "name": "Beleg", "url": "https://hub.example/1"}
    parts = {name: (None, value) for name, value in form.items()}

    made = api.call("POST", "/attachments", files=parts).json()["data"]

    assert (made["host"], made["view_url"], made["download_url"]) == ("external", form["url"], None)
