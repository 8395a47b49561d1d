"""Attachments: upload, what is known of one, its bytes, delete. Source: Jira REST v3 (read 2026-11)."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlconnector.sandbox.jira.changes import Changes
from mlconnector.sandbox.jira.errors import JiraError
from mlconnector.sandbox.jira.state import Attachment, Issue
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.jira.api import ApiCall
    from mlconnector.sandbox.jira.app import JiraSimulator

XSRF = "XSRF check failed"
MEDIA_LIFETIME = timedelta(minutes=10)


def upload(call: "ApiCall", issue: str) -> Response:
    """POST /issue/{id}/attachments: multipart, part `file`, X-Atlassian-Token: no-check -> 200 and a list."""
    if call.request.headers.get("X-Atlassian-Token", "") not in ("no-check", "nocheck"):
        raise JiraError(403, body=XSRF, content_type="text/html;charset=UTF-8")
    if call.request.mimetype != "multipart/form-data":
        raise JiraError(415, body="", content_type="text/html;charset=UTF-8")
    found = call.issue(issue)
    call.must("CREATE_ATTACHMENTS", call.site.projects[found.project])
    files = call.request.files.getlist("file")
    if not files:
        raise call.payload_error()
    contents = [file.read() for file in files]
    options = call.sim.options
    if len(files) > options.attachments_per_upload or max(map(len, contents)) > options.upload_limit_bytes:
        raise JiraError(413, call.says("too_long", limit=options.upload_limit_bytes))
    changes = Changes(call.sim, call.site, call.person.account_id)
    made = [
        changes.attach(found, file.filename or "file", content, file.mimetype or "application/octet-stream")
        for file, content in zip(files, contents, strict=True)
    ]
    return call.answer([call.shapes.attachment(one) for one in made])


def settings(call: "ApiCall") -> Response:
    return call.answer({"enabled": True, "uploadLimit": call.sim.options.upload_limit_bytes})


def _found(call: "ApiCall", id: str) -> tuple[Issue, Attachment]:
    for issue in call.site.issues.values():
        for one in issue.attachments:
            if one.id == id and call.may("BROWSE_PROJECTS", call.site.projects[issue.project]):
                return issue, one
    raise call.error(404, "no_attachment", id=id)


def one(call: "ApiCall", id: str) -> Response:
    """GET /attachment/{id}: here the id is a number."""
    _, found = _found(call, id)
    return call.answer({**call.shapes.attachment(found), "id": int(found.id)})


def delete(call: "ApiCall", id: str) -> Response:
    issue, found = _found(call, id)
    Changes(call.sim, call.site, call.person.account_id).detach(issue, found)
    return call.nothing()


def content(call: "ApiCall", id: str) -> Response:
    """GET /attachment/content/{id}: 303 to another host, or the bytes with `redirect=false`."""
    _, found = _found(call, id)
    if call.request.args.get("redirect", "true") == "false":
        return download(found)
    token = secrets.token_urlsafe(24)
    call.sim.known.media[token] = (call.site.cloud_id, id, call.now + MEDIA_LIFETIME)
    return Response(b"", 303, headers={"Location": f"{call.sim.media_url}/media/{token}"})


def download(attachment: Attachment) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
    return Response(
        attachment.content,
        content_type=attachment.media_type,
        headers={"Content-Disposition": disposition, "Content-Security-Policy": "sandbox"},
    )


class Media:
    """The store behind the redirect: signed links, no bearer tokens."""

    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [Route("media", "GET", "/media/<token>", self.download)]

    def download(self, request: "Request", token: str) -> Response:
        if "Authorization" in request.headers:
            return Response("Only one auth mechanism allowed", 400)
        cloud_id, id, ends_at = self.sim.known.media.get(token, ("", "", None))
        site = self.sim.known.sites.get(cloud_id)
        if site is None or ends_at is None or ends_at <= self.sim.clock.now():
            return Response("Forbidden", 403)
        for issue in site.issues.values():
            for one in issue.attachments:
                if one.id == id:
                    return download(one)
        return Response("Not found", 404)
