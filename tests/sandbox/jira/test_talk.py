"""Comments and attachments."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from mlconnector.sandbox.jira import JiraSimulator
from tests.sandbox.jira.conftest import Client, created, document

NO_CHECK = {"X-Atlassian-Token": "no-check"}


def test_comments_are_listed_with_their_properties(api: Client, sim: JiraSimulator, project: str) -> None:
    key = created(api)
    url = f"/issue/{key}/comment"
    marked = [{"key": "mlconnector.event", "value": {"id": "4711:2"}}]

    first = api.post(url, {"body": document("läuft"), "properties": marked})
    sim.comment(key, "gesehen")

    assert first.status_code == 201
    newest = api.read(url, orderBy="-created", expand="properties")
    assert (newest["total"], newest["startAt"]) == (2, 0)
    assert [one["author"]["accountId"] for one in newest["comments"]] == [sim.accountant, sim.consenting]
    assert newest["comments"][1]["properties"] == marked
    assert "properties" not in api.read(url)["comments"][0]
    assert len(api.read(url, maxResults=1, startAt=1)["comments"]) == 1
    id = first.json()["id"]
    assert api.read(f"/comment/{id}/properties/mlconnector.event")["value"] == {"id": "4711:2"}
    assert api.put(f"{url}/{id}", {"body": document("fertig")}).json()["body"] == document("fertig")
    assert api.read(f"{url}/{id}")["body"] == document("fertig")
    assert api.delete(f"{url}/{id}").status_code == 204
    assert api.get(f"{url}/{id}").status_code == 404
    assert len(sim.comments(key)) == 1


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ("Text", {"errorMessages": [], "errors": {"comment": "Comment body is not valid!"}}),
        (None, {"errorMessages": [], "errors": {"comment": "Comment body is not valid!"}}),
        (document(""), {"errorMessages": ["INVALID_INPUT"], "errors": {}}),
        (document("x" * 32_768), {"errorMessages": ["CONTENT_LIMIT_EXCEEDED"], "errors": {}}),
    ],
)
def test_a_comment_must_be_a_document(api: Client, project: str, body: object, refusal: dict) -> None:
    key = created(api)

    answer = api.post(f"/issue/{key}/comment", {"body": body})

    assert (answer.status_code, answer.json()) == (400, refusal)


def test_permissions_of_comments_and_attachments(api: Client, sim: JiraSimulator, project: str) -> None:
    key = created(api)
    for permission in ("ADD_COMMENTS", "CREATE_ATTACHMENTS", "LINK_ISSUES", "EDIT_ISSUES"):
        sim.deny(project, permission)
    file = {"file": ("a.txt", b"a", "text/plain")}

    answers = (
        api.post(f"/issue/{key}/comment", {"body": document("x")}),
        api.call("POST", f"/issue/{key}/attachments", files=file, headers=NO_CHECK),
        api.post(f"/issue/{key}/remotelink", {"object": {"url": "https://hub.example", "title": "x"}}),
        api.put(f"/issue/{key}", {"fields": {}}),
    )

    assert [answer.status_code for answer in answers] == [400, 403, 403, 403]


def test_files_are_attached_and_fetched_from_another_host(
    api: Client, sim: JiraSimulator, project: str
) -> None:
    key = created(api)
    files = [("file", ("Protokoll.txt", b"Zeile 1", "text/plain")), ("file", ("b.csv", b"x", "text/csv"))]

    answer = api.call("POST", f"/issue/{key}/attachments", files=files, headers=NO_CHECK)

    assert answer.status_code == 200
    shown = answer.json()[0]
    assert (shown["filename"], shown["size"], shown["mimeType"]) == ("Protokoll.txt", 7, "text/plain")
    assert [one.content for one in sim.attachments(key)] == [b"Zeile 1", b"x"]
    assert api.read(f"/attachment/{shown['id']}")["id"] == int(shown["id"])
    assert len(api.read(f"/issue/{key}", fields="attachment")["fields"]["attachment"]) == 2
    moved = api.get(f"/attachment/content/{shown['id']}")
    assert moved.status_code == 303
    assert urlsplit(moved.headers["Location"]).netloc != urlsplit(api.base).netloc
    assert api.session.get(moved.headers["Location"], timeout=5).content == b"Zeile 1"
    with_token = {"Authorization": f"Bearer {api.token}"}
    assert api.session.get(moved.headers["Location"], headers=with_token, timeout=5).status_code == 400
    assert api.get(f"/attachment/content/{shown['id']}", redirect="false").content == b"Zeile 1"
    assert sim.history(key)[0].items[0].field == "Attachment"
    assert api.delete(f"/attachment/{shown['id']}").status_code == 204
    assert api.get(f"/attachment/{shown['id']}").status_code == 404
    assert api.session.get(moved.headers["Location"], timeout=5).status_code == 404


def test_uploads_need_the_header_and_the_right_part(api: Client, sim: JiraSimulator, project: str) -> None:
    url = f"/issue/{created(api)}/attachments"

    def upload(
        name: str = "file", content: bytes = b"x", count: int = 1, **headers: str
    ) -> requests.Response:
        files = [(name, ("a.txt", content, "text/plain")) for _ in range(count)]
        return api.call("POST", url, files=files, headers=headers)

    assert upload().status_code == 403
    assert "XSRF" in upload().text
    assert upload("attachment", **NO_CHECK).status_code == 400
    assert upload(count=61, **NO_CHECK).status_code == 413
    sim.options.upload_limit_bytes = 3
    assert upload(content=b"1234", **NO_CHECK).status_code == 413
    assert api.read("/attachment/meta") == {"enabled": True, "uploadLimit": 3}
    assert sim.attachments("FIN-1") == []
