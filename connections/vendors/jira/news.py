"""What a webhook delivery of Jira tells: which issues to read. Pure, and never trusted beyond that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connections.answers import decode_json
from connections.vendors.jira.client import ref
from connections.vendors.jira.values import STATUS, mapping, moment, text

# Unique for each delivery on a site, and the same when it is tried again.
# Source: Jira Cloud "Webhooks", retry policy (read 2026-11).
IDENTIFIER_HEADER = "x-atlassian-webhook-identifier"
ISSUE_ID = re.compile(r"[0-9]{1,18}")
ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,80}-[0-9]{1,12}")
DELETED = "jira:issue_deleted"


@dataclass(frozen=True)
class IssueNews:
    """An issue that something happened to.

    `change` is the id of the changelog entry ("" if none came), `new_status` the id of the status that the
    issue moved to ("" if it did not move). Deliveries come in any order, some twice, some never.
    """

    id: str
    key: str
    at: datetime | None
    change: str = ""
    new_status: str = ""
    is_deleted: bool = False

    @property
    def has_moved(self) -> bool:
        return bool(self.new_status)

    @property
    def version(self) -> str:
        """A mark that is the same for the same news and sorts by time as text; "" if unknown."""
        return self.at.isoformat(timespec="milliseconds") if self.at else ""


def issue_news(body: bytes) -> list[IssueNews]:
    """The issue that a delivery names, as a list; [] for what is about no issue, or not understood.

    Raises ValueError for a body that is not JSON. The poll finds what is left out here.
    """
    if not body.strip():
        return []  # "Exclude body" is ticked at the administrator's webhook
    content = mapping(decode_json(body))
    issue = mapping(content.get("issue"))
    issue_id, key = ref(issue.get("id")), text(issue.get("key"))
    if not ISSUE_ID.fullmatch(issue_id):
        return []
    log = mapping(content.get("changelog"))
    return [
        IssueNews(
            issue_id,
            key if ISSUE_KEY.fullmatch(key) else "",
            moment(content.get("timestamp")),
            ref(log.get("id")),
            _new_status(log),
            content.get("webhookEvent") == DELETED,
        )
    ]


def _new_status(log: Mapping[str, Any]) -> str:
    items = log.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and STATUS in (item.get("fieldId"), item.get("field")):
            return ref(item.get("to"))
    return ""
