"""Push notifications: set up in Acumatica by a person, proven by one shared secret in a header.

There is no registration by program, no handshake and no signature. A notification is sent up to five times
and then lost for good, so it only hurries the scheduled reading. Source: "Push notifications" (read 2026-11).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connections.base import HookState, WebhookProtocol
from connections.errors import ConfigurationError
from connections.messages import Message, say
from connections.vendors.acumatica import payload

if TYPE_CHECKING:
    from connections.models import Connection

SECRET_HEADER = "X-ML-Connector-Secret"  # noqa: S105 - the name of a header
PUSH_SECRET = "push_secret"  # noqa: S105 - the key of a secret
# Whoever guesses must not succeed with a word.
SHORTEST_SECRET = 16
# Entity -> (name of the generic inquiry, its table, the column with the number).
INQUIRIES: Mapping[str, tuple[str, str, str]] = {
    "Bill": ("MLConnectorBills", "PX.Objects.AP.APInvoice", "RefNbr"),
    "PurchaseOrder": ("MLConnectorOrders", "PX.Objects.PO.POOrder", "OrderNbr"),
}


class AcumaticaWebhooks(WebhookProtocol):
    """`connections.base.WebhookProtocol` for push notifications. A resource is the name of an entity."""

    is_manual = True

    def secret(self, connection: Connection, stored: str) -> str:
        return str(connection.secrets.get(PUSH_SECRET) or "")

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        if len(secret) < SHORTEST_SECRET:
            return False
        wanted = SECRET_HEADER.lower()
        given = next((value for name, value in headers.items() if name.lower() == wanted), "")
        return hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))

    def identity(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        return payload.identity(body)

    def instructions(self, connection: Connection, resource_ref: str, target_url: str) -> Sequence[Message]:
        query, table, number = INQUIRIES[resource_ref]
        steps = [
            say(
                "In Acumatica open Generic Inquiry (SM208000) and make the inquiry '%(query)s' over the "
                "table %(table)s alone, with the columns Type, %(number)s, NoteID, Status and "
                "LastModifiedDateTime: no grouping, no formulas, no second table.",
                query=query,
                table=table,
                number=number,
            ),
            say(
                "Open Push Notifications (SM302000) and add a destination of the type 'Webhook' with the "
                "address %(url)s",
                url=target_url,
            ),
            say(
                "Enter there as Header Name '%(header)s', and as Header Value the secret for push "
                "notifications exactly as it is stored at the connection '%(connection)s'.",
                header=SECRET_HEADER,
                connection=connection.name,
            ),
            say(
                "On the tab 'Generic Inquiries' add '%(query)s', tick 'Active' in its row and in the header "
                "of the form, and save.",
                query=query,
            ),
            say(
                "Notifications that could not be delivered stand on Process Push Notifications (SM502000) "
                "for two days. Nothing is lost by that: the scheduled reading finds every change."
            ),
        ]
        if not self.has_secret(connection):
            steps.insert(0, _no_secret())
        return steps

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """Makes no call. Raises ConfigurationError without a secret: nothing would be accepted."""
        if not self.has_secret(connection):
            raise ConfigurationError(_no_secret(), vendor="acumatica")
        return resource_ref, self.secret(connection, "")

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        """Nobody can ask Acumatica whether a person has set it up."""
        return HookState(exists=True, is_active=self.has_secret(connection), vendor_ref=vendor_ref)

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """A person removes it in Acumatica; deliveries to the old address are refused from now on."""

    def has_secret(self, connection: Connection) -> bool:
        return len(self.secret(connection, "")) >= SHORTEST_SECRET


def _no_secret() -> Message:
    return say(
        "No secret for push notifications is stored at the connection, or it is shorter than %(length)s "
        "characters. Think of a long random text, and enter it at the connection and in Acumatica.",
        length=SHORTEST_SECRET,
    )


WEBHOOKS = AcumaticaWebhooks()
