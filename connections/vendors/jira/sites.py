"""Sites that are open to a sign-in, and what is remembered of them: their addresses for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from django.db import transaction

from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.jira import addresses
from connections.vendors.jira.client import Client, needed, objects
from connections.vendors.jira.values import mapping, text

if TYPE_CHECKING:
    from connections.models import Connection

LEARNED = "jira"


@dataclass(frozen=True)
class Site:
    """`id` is the cloudId. `scopes` are those of the sign-in there, for whichever product."""

    id: str
    name: str
    url: str
    scopes: frozenset[str]

    @property
    def is_jira(self) -> bool:
        return any("jira" in scope for scope in self.scopes)


def sites(client: Client) -> list[Site]:
    """The Jira sites of this sign-in, each once.

    The list may hold sites of other products, and a site twice with different scopes.
    Source: Atlassian "OAuth 2.0 (3LO) apps", accessible-resources (read 2026-11).
    """
    url = f"{addresses.gateway(client.connection)}/oauth/token/accessible-resources"
    found: dict[str, Site] = {}
    for raw in objects(client.transport.call("GET", url, ok=(200,)).json()):
        site = _site(raw)
        known = found.get(site.id)
        scopes = site.scopes | (known.scopes if known else frozenset())
        found[site.id] = Site(site.id, site.name, site.url, scopes)
    return [site for site in found.values() if site.is_jira]


def chosen(client: Client) -> Site:
    """The chosen site. Raises ConfigurationError when it is not open to this sign-in (any more)."""
    wanted = addresses.cloud_id(client.connection)
    for site in sites(client):
        if site.id == wanted:
            remember(client.connection, {"sites": {site.id: site.url}})
            return site
    raise ConfigurationError(not_open(wanted), vendor="jira")


def not_open(cloud_id: str) -> Any:
    return say(
        "The Jira site %(site)s is not open to this sign-in. Sign in with a user of that site, or choose "
        "another site at the connection.",
        site=cloud_id,
    )


def browse_url(site_url: str, key: str) -> str:
    """The page of an issue for people; "" where the site's address is none of the web."""
    is_web = urlsplit(site_url).scheme in ("https", "http")
    return f"{site_url.rstrip('/')}/browse/{quote(key, safe='')}" if is_web else ""


def remembered(connection: Connection) -> Mapping[str, Any]:
    return mapping(connection.learned.get(LEARNED))


def remember(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Keep `facts` beside what was learned before, unless nothing is new."""
    if all(remembered(connection).get(name) == value for name, value in facts.items()):
        return
    # The manager of the class: this module is loaded before the models are.
    model = type(connection)
    with transaction.atomic():
        row = model.objects.select_for_update().get(pk=connection.pk)
        row.learned = {**row.learned, LEARNED: {**mapping(row.learned.get(LEARNED)), **facts}}
        row.save(update_fields=("learned",))
    connection.learned = row.learned


def _site(raw: Mapping[str, Any]) -> Site:
    scopes: Any = raw.get("scopes")
    listed: Iterable[Any] = scopes if isinstance(scopes, list) else ()
    return Site(
        needed(raw.get("id")),
        text(raw.get("name")) or text(raw.get("url")),
        text(raw.get("url")),
        frozenset(scope for scope in listed if isinstance(scope, str)),
    )
