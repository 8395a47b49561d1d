"""Attachments: list, one, upload, delete. Source: Asana attachments reference (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import FileStorage

from mlconnector.sandbox.asana.changes import Changes
from mlconnector.sandbox.asana.errors import ApiError, missing, not_an_id, unknown
from mlconnector.sandbox.asana.state import Attachment
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

PARTS = {"parent", "file", "name", "url", "resource_subtype", "connect_to_app"}


def _parent(call: "ApiCall", gid: str) -> Any:
    """The task or project that holds attachments."""
    if call.state.get("project", gid):
        return call.project(gid, "parent")
    return call.task(gid, "parent")


def listed(call: "ApiCall") -> Response:
    parent = _parent(call, call.given("parent"))
    found = [call.state.by_gid[gid] for gid in call.state.attachments_of.get(parent.gid, [])]
    return call.page(found, call.records.attachment)


def _attachment(call: "ApiCall", gid: str) -> Attachment:
    if not gid.isdigit():
        raise not_an_id("attachment", gid)
    attachment: Attachment | None = call.state.get("attachment", gid)
    if attachment is None:
        raise unknown("attachment", gid)
    _parent(call, attachment.parent)
    return attachment


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.attachment(_attachment(call, gid)))


def delete(call: "ApiCall", gid: str) -> Response:
    Changes(call.sim, call.token.user).detach(_attachment(call, gid))
    return call.nothing()


def upload(call: "ApiCall") -> Response:
    """POST /attachments, multipart/form-data; answers 200, not 201."""
    request = call.request
    if request.mimetype != "multipart/form-data":
        raise ApiError(400, "Attachments are uploaded as multipart/form-data")
    unknown_parts = (set(request.form) | set(request.files)) - PARTS
    if unknown_parts:
        raise ApiError(400, f"{min(unknown_parts)}: Unrecognized field in request body")
    if not request.form.get("parent"):
        raise missing("parent")
    parent = _parent(call, request.form["parent"])
    if request.form.get("resource_subtype") == "external":
        attachment = _link(call, parent.gid)
    else:
        attachment = _file(call, parent.gid)
    Changes(call.sim, call.token.user).attach(attachment)
    return call.one(call.records.attachment(attachment))


def _link(call: "ApiCall", parent: str) -> Attachment:
    form = call.request.form
    for name in ("url", "name"):
        if not form.get(name):
            raise missing(name)
    return Attachment(call.state.next_gid(), form["name"], parent, call.now, host="external", url=form["url"])


def _file(call: "ApiCall", parent: str) -> Attachment:
    file = call.request.files.get("file")
    if file is None:
        raise missing("file")
    content = file.read()
    limit = call.sim.options.upload_limit_bytes
    if len(content) > limit:
        raise ApiError(413, f"file: Larger than {limit} bytes")
    name = call.request.form.get("name") or filename(file)
    return Attachment(
        call.state.next_gid(),
        name,
        parent,
        call.now,
        content=content,
        media_type=file.mimetype or "application/octet-stream",
    )


def filename(file: FileStorage) -> str:
    """The file's name. Raw umlauts in `filename` arrive garbled; `filename*=` is right (RFC 5987)."""
    name = file.filename or "file"
    if "filename*=" in file.headers.get("Content-Disposition", "") or name.isascii():
        return name
    return name.encode().decode("latin-1")
