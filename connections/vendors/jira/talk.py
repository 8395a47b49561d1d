"""Comments and attachments. Jira has no key against a second one: ours is a property, and the file's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connections.errors import OutcomeUnknownError
from connections.vendors.jira import adf
from connections.vendors.jira.addresses import path
from connections.vendors.jira.client import Client, an_object, needed, ref, unreadable
from connections.vendors.jira.values import mapping, moment, text

# The property of a comment that says which of our events it tells.
MARK = "mlconnector.event"
# Keeps a comment on a service project from customers; without effect elsewhere.
# Source: Jira Service Management, property of comments (inferred, not documented for v3).
INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}


@dataclass(frozen=True)
class Comment:
    """`mark` is our own note of which event it tells, "" for what people wrote."""

    id: str
    author: str
    created_at: datetime | None
    text: str
    mark: str = ""


@dataclass(frozen=True)
class Attachment:
    id: str
    filename: str
    size: int
    author: str = ""
    created_at: datetime | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Attachment:
        size = raw.get("size")
        return cls(
            needed(raw.get("id")),
            text(raw.get("filename")),
            size if isinstance(size, int) else -1,
            text(mapping(raw.get("author")).get("accountId")),
            moment(raw.get("created")),
        )


@dataclass(frozen=True)
class UploadLimit:
    """Whether files may be attached at all, and their largest size in bytes (0 = not told)."""

    is_on: bool
    max_bytes: int = 0


def comments(client: Client, issue: str) -> list[Comment]:
    """All comments, the newest first."""
    found = client.listed(
        path("issue", issue, "comment"), "comments", orderBy="-created", expand="properties"
    )
    return [_comment(raw) for raw in found]


def comment(client: Client, issue: str, body: adf.Node, mark: str, *, is_internal: bool) -> str:
    """The id of the new comment."""
    properties = [{"key": MARK, "value": {"id": mark}}] if mark else []
    sent: dict[str, Any] = {"body": body, "properties": [*properties, *([INTERNAL] if is_internal else [])]}
    made = client.create(path("issue", issue, "comment"), sent)
    return needed(made.get("id"), OutcomeUnknownError)


def attachments(client: Client, issue: str) -> list[Attachment]:
    raw = an_object(client.get(path("issue", issue), fields="attachment"))
    listed = mapping(raw.get("fields")).get("attachment")
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        raise unreadable()
    return [Attachment.from_json(item) for item in listed]


def attach(client: Client, issue: str, filename: str, content: bytes, media_type: str) -> Attachment:
    """A lost answer raises OutcomeUnknownError: look for name and size before a second try."""
    answer = client.call(
        "POST",
        path("issue", issue, "attachments"),
        is_write=True,
        files={"file": (filename, content, media_type)},
        # Without it Jira takes the request for a forged one. Source: "Add attachment" (read 2026-11).
        headers={"X-Atlassian-Token": "no-check"},
        ok=(200,),
    )
    made = answer.json()
    if not isinstance(made, list) or len(made) != 1 or not ref(mapping(made[0]).get("id")):
        raise unreadable(OutcomeUnknownError)
    return Attachment.from_json(made[0])


def upload_limit(client: Client) -> UploadLimit:
    raw = an_object(client.get("/attachment/meta"))
    if not isinstance(raw.get("enabled"), bool):
        raise unreadable()
    limit = raw.get("uploadLimit")
    return UploadLimit(raw["enabled"], limit if isinstance(limit, int) else 0)


def _comment(raw: Mapping[str, Any]) -> Comment:
    properties = raw.get("properties")
    marks = [
        text(mapping(one.get("value")).get("id"))
        for one in (properties if isinstance(properties, list) else ())
        if isinstance(one, Mapping) and one.get("key") == MARK
    ]
    return Comment(
        needed(raw.get("id")),
        text(mapping(raw.get("author")).get("accountId")),
        moment(raw.get("created")),
        adf.plain(raw.get("body")),
        marks[0] if marks else "",
    )
