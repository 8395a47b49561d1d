"""Webhooks of Dataverse: a service endpoint with our address and one step for each message of a table.

Source: Dataverse "Register a webhook", table references of serviceendpoint and sdkmessageprocessingstep
(read 2026-11).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from connections.base import HookState, WebhookProtocol
from connections.errors import ConfigurationError, RejectedError
from connections.messages import say
from connections.vendors.dynamics.client import Client, key_path, quoted
from connections.vendors.dynamics.payload import operation_of
from connections.vendors.dynamics.values import Row

if TYPE_CHECKING:
    from connections.models import Connection

SECRET_HEADER = "X-ML-Connector-Secret"  # noqa: S105 - the name of a header
WEBHOOK_CONTRACT, IN_A_HEADER, AS_JSON = 8, 5, 2
ASYNCHRONOUS, AFTER_THE_OPERATION, ENABLED = 1, 40, 0
# Only these ports are reached from Dynamics. Source: Dataverse "Use webhooks" (read 2026-11).
PORTS = (None, 80, 443)

# An Update calls only when one of these changes: never for what is written back.
_INVOICE_NEWS = "statecode,statuscode,totalamount,totaltax,duedate,datedelivered,customerid"
_CUSTOMER_NEWS = (
    "emailaddress1,telephone1,statecode,paymenttermscode,address1_line1,address1_line2,address1_line3,"
    "address1_postalcode,address1_city,address1_country"
)
UPDATE_COLUMNS: Mapping[str, str] = {
    "invoice": _INVOICE_NEWS,
    "account": f"name,accountnumber,{_CUSTOMER_NEWS}",
    "contact": f"firstname,lastname,{_CUSTOMER_NEWS}",
}
# What a table's webhook wants to hear. A change of state runs as Update. Which of the actions exist differs
# from organisation to organisation: GenerateInvoiceFromOrder was not found in any documentation.
MESSAGES: Mapping[str, Sequence[str]] = {
    "invoice": ("Create", "Update", "Delete", "ConvertSalesOrderToInvoice", "GenerateInvoiceFromOrder"),
    "account": ("Update", "Delete"),
    "contact": ("Update", "Delete"),
}
ACTIONS = ("ConvertSalesOrderToInvoice", "GenerateInvoiceFromOrder")
# A table alone can be told from a filter; an action may be bound to the order it starts from.
ACTION_TABLES = ("invoice", "salesorder", "none")


class DynamicsWebhooks(WebhookProtocol):
    """`connections.base.WebhookProtocol` for Dataverse. A resource is the name of a table.

    There is no signature, no handshake and no heartbeat: the secret in our header is the only proof.
    """

    kept_headers = (
        "x-ms-dynamics-organization",
        "x-ms-dynamics-entity-name",
        "x-ms-dynamics-request-name",
        "x-ms-dynamics-msg-size-exceeded",
        "x-ms-correlation-request-id",
    )

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        if not secret:
            return False
        wanted = SECRET_HEADER.lower()
        given = next((value for name, value in headers.items() if name.lower() == wanted), "")
        return hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))

    def identity(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """The system job: Dataverse sends the same one a second time after a 502, 503 or 504."""
        return operation_of(body).encode() or None

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(id of the service endpoint, secret). What an earlier try left behind raises `duplicate`.

        A failure in between leaves an endpoint without all of its steps; `find` shows it, `remove` ends it.
        """
        if urlsplit(target_url).port not in PORTS:
            raise ConfigurationError(
                say("Dynamics calls only the ports 80 and 443. Give this installation such an address.")
            )
        if self.find(connection, resource_ref, target_url):
            raise RejectedError(
                say("Dynamics already has this webhook."), vendor="dynamics", code="duplicate"
            )
        secret = secrets.token_urlsafe(32)
        client = Client(connection, hidden=(secret,))
        try:
            steps = _steps(client, resource_ref)
            endpoint = Row(client.create("/serviceendpoints", _endpoint(resource_ref, target_url, secret)))
            endpoint_id = endpoint.guid("serviceendpointid")
            for step in steps:
                client.create("/sdkmessageprocessingsteps", step | _handler(endpoint_id))
        except ConfigurationError as error:
            if error.status != 403:
                raise
            raise _not_allowed(resource_ref, error) from error
        return endpoint_id, secret

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The id of the endpoint with our address; it belongs to one table only."""
        rows = Client(connection).everything(
            "/serviceendpoints",
            {"$select": "serviceendpointid,name,url", "$filter": f"contract eq {WEBHOOK_CONTRACT}"},
        )
        ours = (Row(raw) for raw in rows if raw.get("url") == target_url)
        return next((row.guid("serviceendpointid") for row in ours), None)

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        """Active while changes are among the steps and every step is enabled."""
        client = Client(connection)
        try:
            steps = _registered(client, vendor_ref)
        except RejectedError as error:
            if error.status != 404:
                raise
            return HookState(exists=False, is_active=False, vendor_ref=vendor_ref)
        hears_changes = any(step.text("name").endswith(": Update") for step in steps)
        is_active = hears_changes and all(step.whole("statecode") == ENABLED for step in steps)
        return HookState(exists=True, is_active=is_active, vendor_ref=vendor_ref)

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """The steps first: an endpoint that has any can't be deleted."""
        client = Client(connection)
        try:
            steps = _registered(client, vendor_ref)
        except RejectedError as error:
            if error.status != 404:
                raise
            return
        for step in steps:
            client.delete(key_path("sdkmessageprocessingsteps", step.guid("sdkmessageprocessingstepid")))
        client.delete(key_path("serviceendpoints", vendor_ref))


def _registered(client: Client, endpoint_id: str) -> list[Row]:
    path = key_path("serviceendpoints", endpoint_id) + "/serviceendpoint_sdkmessageprocessingstep"
    columns = "sdkmessageprocessingstepid,name,statecode,filteringattributes,mode,stage"
    return [Row(raw) for raw in client.everything(path, {"$select": columns})]


def _steps(client: Client, table: str) -> list[dict[str, Any]]:
    """A step for each wanted message that the organisation has for this table; looked up, never guessed."""
    wanted = MESSAGES.get(table, ())
    names = " or ".join(f"name eq {quoted(name)}" for name in wanted)
    found = client.everything("/sdkmessages", {"$select": "sdkmessageid,name", "$filter": names})
    ids = {Row(raw).text("name"): Row(raw).guid("sdkmessageid") for raw in found}
    if not ids:
        raise ConfigurationError(
            say("Dynamics offers no message for changes of the table '%(table)s'.", table=table),
            vendor="dynamics",
        )
    which = " or ".join(f"_sdkmessageid_value eq {message_id}" for message_id in ids.values())
    filters = client.everything(
        "/sdkmessagefilters",
        {"$select": "sdkmessagefilterid,primaryobjecttypecode,_sdkmessageid_value", "$filter": which},
    )
    by_message: dict[str, dict[str, str]] = {}
    for row in map(Row, filters):
        message = row.lookup("sdkmessageid")
        if message is not None:
            tables = by_message.setdefault(message.id, {})
            tables[row.text("primaryobjecttypecode")] = row.guid("sdkmessagefilterid")
    steps = []
    for name in (name for name in wanted if name in ids):
        tables = by_message.get(ids[name], {})
        filter_id = next(
            (tables[at] for at in (ACTION_TABLES if name in ACTIONS else (table,)) if at in tables), ""
        )
        if filter_id:
            steps.append(_step(table, name, ids[name], filter_id))
    return steps


def _step(table: str, message: str, message_id: str, filter_id: str) -> dict[str, Any]:
    """Asynchronous: a receiver that is slow must never keep somebody from saving in Dynamics."""
    only_for = {"filteringattributes": UPDATE_COLUMNS[table]} if message == "Update" else {}
    return {
        "name": f"ml-connector: {table}: {message}",
        "mode": ASYNCHRONOUS,
        "stage": AFTER_THE_OPERATION,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_id})",
    } | only_for


def _handler(endpoint_id: str) -> dict[str, str]:
    return {"eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint_id})"}


def _endpoint(table: str, target_url: str, secret: str) -> dict[str, Any]:
    setting = f"<setting name={quoteattr(SECRET_HEADER)} value={quoteattr(secret)}/>"
    return {
        "name": f"ml-connector: {table}",
        "url": target_url,
        "contract": WEBHOOK_CONTRACT,
        "authtype": IN_A_HEADER,
        "messageformat": AS_JSON,
        "authvalue": f"<settings>{setting}</settings>",
    }


def _not_allowed(table: str, error: ConfigurationError) -> ConfigurationError:
    return ConfigurationError(
        say(
            "The application user may not register webhooks for '%(table)s' in Dynamics. Give it the role "
            "'System Customizer', or leave it: the scheduled reading finds every change. Dynamics says: "
            "%(reason)s",
            table=table,
            reason=error.message,
        ),
        vendor="dynamics",
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


WEBHOOKS = DynamicsWebhooks()
