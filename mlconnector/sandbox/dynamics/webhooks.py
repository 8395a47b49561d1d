"""Registration of webhooks: messages, their filters per table, and what a step may say.

Source: register a web hook, reference of serviceendpoint and sdkmessageprocessingstep (read 2026-11).
"""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics.errors import bad
from mlconnector.sandbox.dynamics.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

WEBHOOK = 8
ROW_MESSAGES = ("Create", "Update", "Delete")
ROW_TABLES = ("invoice", "invoicedetail", "salesorder", "account", "contact", "annotation", "product")
# Messages of one table each. There is neither GenerateInvoiceFromOrder nor InvoiceSetState.
SPECIAL = {
    "ConvertSalesOrderToInvoice": "salesorder",
    "GenerateInvoiceFromOpportunity": "opportunity",
    "LockInvoicePricing": "invoice",
    "UnlockInvoicePricing": "invoice",
}


def seed(sim: "DynamicsSimulator", by: str) -> None:
    """The messages of a new organisation and what they can be registered for."""
    tables = dict.fromkeys(ROW_MESSAGES, ROW_TABLES) | {name: (table,) for name, table in SPECIAL.items()}
    for name, targets in tables.items():
        message = sim.records.create("sdkmessage", {"name": name}, by)
        for target in targets:
            values = {
                "primaryobjecttypecode": target,
                "secondaryobjecttypecode": "none",
                "iscustomprocessingstepallowed": True,
                "sdkmessageid": message.lookup,
            }
            sim.records.create("sdkmessagefilter", values, by)


def check_step(sim: "DynamicsSimulator", values: dict[str, Any], row: Row | None) -> None:
    """Raises ApiError for a step that could never be registered."""
    step = {**(row.values if row else {}), **values}
    message, chosen = (
        sim.known.target(step.get("sdkmessageid")),
        sim.known.target(step.get("sdkmessagefilterid")),
    )
    if message is None or sim.known.target(step.get("eventhandler")) is None:
        raise bad("A step needs sdkmessageid and eventhandler_serviceendpoint.", "0x80040203")
    if chosen and chosen.values["sdkmessageid"] != message.lookup:
        raise bad("The message filter does not belong to the message.", "0x80040203")
    if step.get("filteringattributes") and message.values["name"] != "Update":
        raise bad("Filtering attributes are valid for the Update message only.", "0x80040203")
    if step.get("mode") != 1 or step.get("stage") != 40:
        raise bad("This simulator knows asynchronous steps after the operation alone (mode 1, stage 40).")


def wants(sim: "DynamicsSimulator", step: Row, message: str, table: str, attributes: set[str]) -> bool:
    """Whether the step is to be told of this change."""
    values = step.values
    found, chosen = sim.known.target(values["sdkmessageid"]), sim.known.target(values["sdkmessagefilterid"])
    if values["statecode"] != 0 or found is None or found.values["name"] != message:
        return False
    if chosen and chosen.values["primaryobjecttypecode"] != table:
        return False
    wanted = {name.strip() for name in (values["filteringattributes"] or "").split(",") if name.strip()}
    return message != "Update" or not wanted or bool(wanted & attributes)
