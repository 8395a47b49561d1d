"""Webhooks of Jira in two kinds: registered by the app for 30 days (JWT), or entered by a person (HMAC).

Which kind a connection has is one of its settings; a delivery of the other kind is refused.
Source: Jira Cloud "Webhooks" and REST v3, "Webhooks" (read 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from connections import clock
from connections.base import HookState, WebhookProtocol
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.vendors.jira.client import Client, ref
from connections.vendors.jira.errors import OPTIONAL_FAULTS
from connections.vendors.jira.external import quoted
from connections.vendors.jira.news import IDENTIFIER_HEADER
from connections.vendors.jira.values import mapping, moment, text

if TYPE_CHECKING:
    from connections.models import Connection

DYNAMIC, ADMIN = "dynamic", "admin"
# How the webhook of an administrator is named in our rows: it has no id that we could know.
BY_HAND = "by-hand"

EVENTS = ("jira:issue_updated", "jira:issue_deleted")
# Only changes of the status are news of an issue that is being updated.
WATCHED = ("status",)

SIGNATURE_HEADER = "X-Hub-Signature"
METHOD = "sha256"
ALGORITHM = "HS256"
# Clocks may differ by this much. A shorter key than this can't be the secret of an app (RFC 7518, 3.2,
# would want 256 bits; Atlassian's secrets are longer).
LEEWAY_SECONDS = 60
SHORTEST_KEY_BYTES = 32

_ADDRESS = re.compile(r"(https?://[^/\s]+)/\S*")


class JiraWebhooks(WebhookProtocol):
    """`connections.base.WebhookProtocol` for Jira. A resource is the id of a project.

    All webhooks of a connection go to one address, because Jira registers no second one for an app.
    """

    shares_address = True
    kept_headers = (IDENTIFIER_HEADER, "x-atlassian-webhook-retry", "x-atlassian-webhook-flow")

    def is_wanted(self, connection: Connection) -> bool:
        return connection.setting("webhooks") in (DYNAMIC, ADMIN)

    def by_hand(self, connection: Connection) -> bool:
        return bool(connection.setting("webhooks") == ADMIN)

    # --- receiving ---------------------------------------------------------------------------------------

    def secret(self, connection: Connection, stored: str) -> str:
        """The kind and its secrets, a line each: the app's (and its previous one), or the administrator's."""
        kind = connection.setting("webhooks")
        names = {DYNAMIC: ("client_secret", "previous_client_secret"), ADMIN: ("webhook_secret",)}
        known = (str(connection.secrets.get(name) or "").strip() for name in names.get(kind, ()))
        keys = [key for key in known if key]
        return "\n".join((kind, *keys)) if keys else ""

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Whether Jira sent this: the body is signed (administrator's), or the sender's token is (app's).

        The token says nothing about the body, so it is no more than a hint: whoever acts reads the issue.
        """
        kind, *keys = secret.split("\n")
        if kind == ADMIN:
            return any(is_signed(headers, body, key) for key in keys)
        return kind == DYNAMIC and any(is_from_app(headers, key) for key in keys)

    def identity(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """The identifier, which is the same when Jira tries again."""
        identifier = _header(headers, IDENTIFIER_HEADER)
        return identifier.encode("utf-8", "surrogateescape") or body or None

    # --- registering -------------------------------------------------------------------------------------

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(id, "") of a new webhook for a project. Jira answers 200 also when it refused.

        Those that an earlier address of this installation left behind go first.
        """
        if self.by_hand(connection):
            return BY_HAND, ""
        client = _client(connection)
        others = [hook for hook in _listed(client) if hook.url and hook.url != target_url]
        for hook in (hook for hook in others if _host(hook.url) == _host(target_url)):
            _delete(client, hook.id)
        foreign = [hook for hook in others if _host(hook.url) != _host(target_url)]
        made = _registered(client, {"url": target_url, "webhooks": [_entry(resource_ref)]}, foreign)
        registered = next((hook for hook in _listed(client) if hook.id == made), None)
        if registered is None or (registered.url and registered.url != target_url):
            _delete(client, made)
            raise _other_address([registered] if registered else [])
        return made, ""

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The id of our webhook for this project at this address; the newest if there are several."""
        if self.by_hand(connection):
            return BY_HAND
        fitting = [
            hook
            for hook in _listed(_client(connection))
            if hook.url == target_url and hook.is_for(resource_ref)
        ]
        return fitting[-1].id if fitting else None

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        if self.by_hand(connection):
            return HookState(exists=vendor_ref == BY_HAND, vendor_ref=vendor_ref)
        found = [hook for hook in _listed(_client(connection)) if hook.id == vendor_ref]
        if not found:
            return HookState(exists=False, is_active=False, vendor_ref=vendor_ref)
        # One that has ended stays in the list for months, and can be renewed all the same.
        return HookState(exists=True, vendor_ref=vendor_ref, expires_at=found[0].expires_at)

    def lies_at(self, connection: Connection, vendor_ref: str, target_url: str) -> bool:
        if self.by_hand(connection):
            return True
        return any(
            hook.url in ("", target_url) for hook in _listed(_client(connection)) if hook.id == vendor_ref
        )

    def renew(self, connection: Connection, vendor_ref: str) -> None:
        """30 more days. Jira says nothing about an id that it does not know: `state` is asked afterwards."""
        if vendor_ref.isdecimal():
            _client(connection).change("PUT", "/webhook/refresh", {"webhookIds": [int(vendor_ref)]})

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """An administrator's webhook is removed in Jira, by hand."""
        if vendor_ref.isdecimal():
            _delete(_client(connection), vendor_ref)

    def instructions(self, connection: Connection, resource_ref: str, target_url: str) -> Sequence[Message]:
        return (
            say("In Jira open Settings (the cog wheel), System, WebHooks, and choose 'Create a WebHook'."),
            say("Name: anything, for example ml-connector. Status: enabled."),
            say("URL: %(url)s", url=target_url),
            say(
                "Secret: the one that is entered at the connection %(connection)s as 'secret of the "
                "administrator's webhook'.",
                connection=connection.name,
            ),
            say("Under 'Issue related events' enter this JQL: %(jql)s", jql=project_filter(resource_ref)),
            say("Tick 'Issue: updated' and 'Issue: deleted', nothing else. Leave 'Exclude body' unticked."),
            say("Save. Move an issue of the project, then look whether a delivery arrives here."),
        )


# --- judging a delivery -----------------------------------------------------------------------------------


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether `X-Hub-Signature` is the HMAC-SHA256 of exactly these bytes; no other method is taken."""
    given = _header(headers, SIGNATURE_HEADER)
    if not secret or not given:
        return False
    expected = f"{METHOD}={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def is_from_app(headers: Mapping[str, str], client_secret: str) -> bool:
    """Whether the bearer token is signed with our app's secret, by HS256, and has not ended.

    No further claim is documented: issuer and audience are not looked at.
    """
    scheme, _space, token = _header(headers, "Authorization").partition(" ")
    key = client_secret.encode()
    if scheme.lower() != "bearer" or not token or len(key) < SHORTEST_KEY_BYTES:
        return False
    rules = jwt.JWTClaimsRegistry(
        now=lambda: int(clock.now().timestamp()), leeway=LEEWAY_SECONDS, exp={"essential": True}
    )
    try:
        found = jwt.decode(token.strip(), OctKey.import_key(key), algorithms=[ALGORITHM])
        rules.validate(found.claims)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        # Anything that is no such token, in whatever way it is broken.
        return False
    return True


def _header(headers: Mapping[str, str], name: str) -> str:
    """The header in any case; some servers hand over plain dicts."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


# --- registered ones --------------------------------------------------------------------------------------


class _Hook:
    """One entry of Jira's list."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.id = ref(raw.get("id"))
        self.url = text(raw.get("url"))
        self.filter = text(raw.get("jqlFilter"))
        # Documented as a number, a date in every example.
        self.expires_at: datetime | None = moment(raw.get("expirationDate"))

    def is_for(self, project: str) -> bool:
        """Whether it watches this project; Jira may write the filter in its own way."""
        words = self.filter.replace("(", " ").replace(")", " ").replace(",", " ").replace('"', " ").split()
        return project in words


def project_filter(project: str) -> str:
    """JQL of the few forms that a webhook takes."""
    return f"project IN ({project if project.isdecimal() else quoted(project)})"


def _entry(project: str) -> dict[str, Any]:
    return {
        "events": list(EVENTS),
        "jqlFilter": project_filter(project),
        "fieldIdsFilter": list(WATCHED),
    }


def _client(connection: Connection) -> Client:
    return Client(connection, faults=OPTIONAL_FAULTS)


def _listed(client: Client) -> list[_Hook]:
    return [_Hook(raw) for raw in client.listed("/webhook")]


def _delete(client: Client, hook_id: str) -> None:
    client.change("DELETE", "/webhook", {"webhookIds": [int(hook_id)]}, ok=(200, 202, 204, 404))


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _registered(client: Client, body: Mapping[str, Any], foreign: Sequence[_Hook]) -> str:
    """The id of the new webhook. Raises ConfigurationError for a refusal, which may come in a good answer."""
    try:
        answer = client.change("POST", "/webhook", body, ok=(200,)).json()
    except RejectedError as error:
        raise _refused(error.message, foreign) from error
    results = mapping(answer).get("webhookRegistrationResult")
    result = mapping(results[0]) if isinstance(results, list) and results else {}
    made = ref(result.get("createdWebhookId"))
    if made:
        return made
    errors = result.get("errors")
    said = [text(one) for one in errors if text(one)] if isinstance(errors, list) else []
    raise _refused("; ".join(said), foreign)


def _refused(said: object, foreign: Sequence[_Hook]) -> ConfigurationError:
    if foreign:
        return _other_address(foreign)
    return ConfigurationError(
        say(
            "Jira did not register the webhook; the scheduled reading finds every change meanwhile. Jira "
            "says: %(reason)s",
            # Jira may name the address of another installation: whoever knows all of it could knock there.
            reason=_ADDRESS.sub(r"\1/...", str(said)) or "-",
        ),
        vendor="jira",
        code="not_registered",
    )


def _other_address(others: Sequence[_Hook]) -> ConfigurationError:
    hosts = sorted({_host(hook.url) for hook in others if hook.url})
    return ConfigurationError(
        say(
            "Jira delivers the webhooks of an app to one address only, and this app has another one "
            "(%(host)s). Give each installation an Atlassian app of its own. The scheduled reading finds "
            "every change meanwhile.",
            host=", ".join(hosts) or "?",
        ),
        vendor="jira",
        code="other_address",
    )


WEBHOOKS = JiraWebhooks()
