"""Comments on tasks. Asana has no key against a second one: look for a mark in the text beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connections.vendors.asana.client import Client, path

STORY_FIELDS = "type,resource_subtype,text,created_at,created_by.gid"


class Story(NamedTuple):
    """One comment, oldest first in a list."""

    gid: str
    text: str
    created_at: str


def comments(client: Client, task: str) -> list[Story]:
    """What people and integrations wrote; Asana's own notes about changes are left out."""
    found = client.everything(path("tasks", task, "stories"), opt_fields=STORY_FIELDS)
    return [
        _story(raw)
        for raw in found
        if raw.get("type") == "comment" or raw.get("resource_subtype") == "comment_added"
    ]


def comment(client: Client, task: str, text: str) -> Story:
    """The new comment. Plain text: broken markup would be stored escaped without an error."""
    raw = client.write("POST", path("tasks", task, "stories"), {"text": text}, opt_fields=STORY_FIELDS)
    return _story(raw)


def _story(raw: Mapping[str, Any]) -> Story:
    return Story(raw["gid"], raw.get("text") or "", raw.get("created_at") or "")
