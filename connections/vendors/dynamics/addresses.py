"""Dynamics' addresses: the environment under its two names, the interface, and one record's page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from connections.errors import ConfigurationError
from connections.messages import say

if TYPE_CHECKING:
    from connections.models import Connection

# Both are the same environment; calls to the first may be redirected to the second, and a redirect takes
# no token along. Source: Dataverse "Compose HTTP requests" and the samples (read 2026-11).
BARE_HOST = re.compile(r"(?P<name>[a-z0-9_-]+)\.(?P<rest>crm[0-9]*\..+)", re.IGNORECASE)
API_HOST = re.compile(r"(?P<name>[a-z0-9_-]+)\.api\.(?P<rest>crm[0-9]*\..+)", re.IGNORECASE)
API_PATH = "/api/data/v9.2"


def environment(connection: Connection) -> str:
    """Scheme and host of the environment as people open it, without path or slash; "" when not filled in."""
    parts = urlsplit(str(connection.setting("environment_url") or "").strip())
    if not parts.netloc:
        return ""
    api = API_HOST.fullmatch(parts.netloc)
    host = f"{api['name']}.{api['rest']}" if api else parts.netloc
    return f"{parts.scheme}://{host}"


def interface(connection: Connection) -> str:
    """Scheme and host that are called. Raises ConfigurationError when no environment is filled in."""
    origin = environment(connection)
    if not origin:
        raise ConfigurationError(
            say(
                "No address of an environment is filled in for '%(connection)s'. Enter it at the connection, "
                "for example https://muster.crm4.dynamics.com.",
                connection=connection.name,
            ),
            vendor="dynamics",
        )
    parts = urlsplit(origin)
    bare = BARE_HOST.fullmatch(parts.netloc)
    return f"{parts.scheme}://{bare['name']}.api.{bare['rest']}" if bare else origin


def base_urls(connection: Connection) -> Sequence[str]:
    """The environment under both of its names; links in answers may carry either."""
    origin = environment(connection)
    return tuple(dict.fromkeys((interface(connection), origin))) if origin else ()


def token_url(connection: Connection) -> str:
    login = str(connection.setting("login_url")).strip().rstrip("/")
    tenant = quote(str(connection.setting("tenant")).strip(), safe="")
    return f"{login}/{tenant}/oauth2/v2.0/token"


def record_url(connection: Connection, table: str, row_id: str) -> str:
    """Where a person sees the row in Dynamics."""
    origin = environment(connection)
    return f"{origin}/main.aspx?pagetype=entityrecord&etn={quote(table)}&id={quote(row_id)}"
