"""Where Jira is called: Atlassian's gateway, below it the site that was chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from connections.errors import ConfigurationError
from connections.messages import say

if TYPE_CHECKING:
    from connections.models import Connection

CLOUD_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")


def gateway(connection: Connection) -> str:
    return str(connection.setting("api_url")).rstrip("/")


def login(connection: Connection) -> str:
    return str(connection.setting("auth_url")).rstrip("/")


def base_urls(connection: Connection) -> Sequence[str]:
    """The gateway alone: a token is refused at the site's own address, and has no business there."""
    return (gateway(connection),)


def cloud_id(connection: Connection) -> str:
    """The chosen site. Raises ConfigurationError when none is chosen."""
    chosen = str(connection.setting("site") or "").strip()
    if not CLOUD_ID.fullmatch(chosen):
        raise ConfigurationError(
            say(
                "No Jira site is chosen for '%(connection)s'. Sign in, test the connection, then choose the "
                "site in its settings.",
                connection=connection.name,
            ),
            vendor="jira",
        )
    return chosen


def rest(connection: Connection) -> str:
    """The root of the REST interface of the chosen site.

    Source: Atlassian "OAuth 2.0 (3LO) apps", "Construct the request URL" (read 2026-11).
    """
    return f"{gateway(connection)}/ex/jira/{cloud_id(connection)}/rest/api/3"


def path(*parts: str) -> str:
    """ "/issue/10015/comment" of its parts, each quoted."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
