"""Webhooks of Exact Online: one subscription for one topic in one division of one app.

There is none for projects, work breakdown structures, invoice terms, cost centers and cost units: those are
polled. Source: "Webhooks" of the Exact Online REST API and reports on it (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from connections.base import Handshake, HookState, WebhookProtocol
from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.exact import payload
from connections.vendors.exact.client import Client
from connections.vendors.exact.values import Row
from connections.vendors.exact.writing import checked, end, made_id

if TYPE_CHECKING:
    from connections.models import Connection

PATH: Final = "webhooks/WebhookSubscriptions"
COLUMNS = ("ID", "Topic", "CallbackURL", "Division")
# Stands for "the validation call was answered"; the secret is the app's and entered by a person.
VALIDATED: Final = "validated"


class ExactWebhooks(WebhookProtocol):
    """`connections.base.WebhookProtocol` for Exact Online. A resource is the name of a topic."""

    # Seen about a second after the answer to the subscription (report of 2026-07).
    has_late_handshake = True

    def handshake(self, headers: Mapping[str, str], body: bytes) -> Handshake | None:
        """The validation call: an empty body, the only one that carries no signature."""
        return None if body else Handshake(VALIDATED, {})

    def secret(self, connection: Connection, stored: str) -> str:
        """The app's webhook secret; "" where none is entered, and then nothing is believed."""
        return str(connection.secrets.get("webhook_secret") or "")

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        return payload.is_genuine(body, secret)

    def identity(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """None: a delivery names a key and no state, so an equal one may be different news."""
        return None

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(id of the subscription, a mark). Exact Online calls `target_url` before it answers."""
        if not connection.secrets.get("webhook_secret"):
            raise ConfigurationError(
                say(
                    "The webhook secret of the app is not entered at '%(connection)s'. The Exact App Center "
                    "shows it beside the client secret. Until then changes are found by the scheduled "
                    "reading.",
                    connection=connection.name,
                ),
                vendor="exact",
            )
        client = Client(connection)
        self._refuse_if_taken(client, resource_ref, target_url)
        values = {"CallbackURL": target_url, "Topic": resource_ref}
        made = checked(
            lambda: made_id(client.create(PATH, values)),
            find=lambda: self.find(connection, resource_ref, target_url),
        )
        return made, VALIDATED

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The subscription to this topic with our address."""
        found = (
            row
            for row in _subscriptions(Client(connection))
            if row.text("Topic") == resource_ref and row.text("CallbackURL") == target_url
        )
        return next((row.key("ID") for row in found), None)

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        exists = vendor_ref in _ids(Client(connection))
        return HookState(exists=exists, is_active=exists, vendor_ref=vendor_ref)

    def lies_at(self, connection: Connection, vendor_ref: str, target_url: str) -> bool:
        found = (row for row in _subscriptions(Client(connection)) if row.key("ID") == vendor_ref)
        return any(row.text("CallbackURL") == target_url for row in found)

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """Listed first: deleting what is gone would count as an error."""
        client = Client(connection)
        if vendor_ref not in _ids(client):
            return
        end(client, PATH, vendor_ref, is_gone=lambda: vendor_ref not in _ids(client))

    def _refuse_if_taken(self, client: Client, topic: str, target_url: str) -> None:
        """A topic has one subscription in a division; that of somebody else is not ours to delete."""
        for row in _subscriptions(client):
            if row.text("Topic") != topic:
                continue
            if row.text("CallbackURL") == target_url:
                raise RejectedError(
                    say("Exact Online already has this webhook."), vendor="exact", code="duplicate"
                )
            raise ConfigurationError(
                say(
                    "Exact Online already reports changes of '%(topic)s' to %(address)s, and it reports them "
                    "to one address only. Use an app of its own for each installation and each integration, "
                    "or end the other one. Until then changes are found by the scheduled reading.",
                    topic=topic,
                    address=row.text("CallbackURL"),
                ),
                vendor="exact",
                code="topic_taken",
            )


def _subscriptions(client: Client) -> list[Row]:
    """Those of this app in this division."""
    division = client.division
    return [row for row in client.rows(PATH, COLUMNS) if row.whole("Division") in (None, division)]


def _ids(client: Client) -> set[str]:
    return {row.key("ID") for row in _subscriptions(client)}


WEBHOOKS = ExactWebhooks()
