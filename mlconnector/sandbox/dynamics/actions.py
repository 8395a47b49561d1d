"""Functions and actions of the Web API that are no tables. Source: Web API function and action reference,
ConvertSalesOrderToInvoice (read 2026-11); the answer of RetrieveUserPrivileges as seen in working clients.
"""

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlconnector.sandbox.dynamics import query as queries
from mlconnector.sandbox.dynamics import render, wire
from mlconnector.sandbox.dynamics.api import PREFIX, ApiCall
from mlconnector.sandbox.dynamics.errors import bad, no_row
from mlconnector.sandbox.dynamics.incoming import body_of
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

VERSION = "9.2.26104.00142"
# What an invoice takes over from its order.
COPIED = (
    "customerid",
    "transactioncurrencyid",
    "name",
    "description",
    "discountamount",
    "discountpercentage",
    "freightamount",
    "paymenttermscode",
)
COPIED_LINE = (
    "productid",
    "productname",
    "productdescription",
    "isproductoverridden",
    "quantity",
    "priceperunit",
    "manualdiscountamount",
    "tax",
    "lineitemnumber",
    "description",
)


class Actions:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    def _answer(self, call: ApiCall, name: str, body: dict[str, Any]) -> Response:
        return wire.answer({"@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.{name}", **body})

    def who_am_i(self, call: ApiCall) -> Response:
        known = self.sim.known
        ids = {
            "BusinessUnitId": self.sim.business_unit,
            "UserId": call.user,
            "OrganizationId": known.organization_id,
        }
        return self._answer(call, "WhoAmIResponse", ids)

    def version(self, call: ApiCall) -> Response:
        return self._answer(call, "RetrieveVersionResponse", {"Version": VERSION})

    def organization(self, call: ApiCall) -> Response:
        known, root = self.sim.known, self.sim.base_url
        endpoints = {"WebApplication": f"{root}/", "OrganizationDataService": f"{root}{PREFIX}"}
        detail = {
            "OrganizationId": known.organization_id,
            "FriendlyName": known.organization.values["name"],
            "OrganizationVersion": VERSION,
            "EnvironmentId": str(uuid.uuid5(uuid.NAMESPACE_OID, known.organization_id)),
            "DatacenterId": str(uuid.uuid5(uuid.NAMESPACE_OID, "datacenter")),
            "Geo": "EMEA",
            "TenantId": self.sim.tenant_id,
            "UrlName": (urlsplit(root).hostname or "").partition(".")[0],
            "UniqueName": self.sim.organization_name,
            "Endpoints": {
                "Count": len(endpoints),
                "IsReadOnly": False,
                "Keys": list(endpoints),
                "Values": list(endpoints.values()),
            },
            "State": "Enabled",
        }
        return self._answer(call, "RetrieveCurrentOrganizationResponse", {"Detail": detail})

    def privileges(self, call: ApiCall, key: str) -> Response:
        """RetrieveUserPrivileges of a user; only the application user has any here."""
        if self.sim.known.get("systemuser", key) is None:
            raise no_row("systemuser", key)
        held = self.sim.known.privileges if key.lower() == self.sim.known.app_user else {}
        found = [
            {
                "Depth": depth,
                "PrivilegeId": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
                "BusinessUnitId": self.sim.business_unit,
                "PrivilegeName": name,
                "RecordFilterId": "00000000-0000-0000-0000-000000000000",
                "RecordFilterUniqueName": "",
            }
            for name, depth in held.items()
        ]
        return self._answer(call, "RetrieveUserPrivilegesResponse", {"RolePrivileges": found})

    # --- invoices -----------------------------------------------------------------------------------------
    def lock(self, call: ApiCall) -> Response:
        return self._set_lock(call, True)

    def unlock(self, call: ApiCall) -> Response:
        return self._set_lock(call, False)

    def _set_lock(self, call: ApiCall, is_locked: bool) -> Response:
        row = self._asked_for(call, "invoice", "InvoiceId")
        call.may("Write", self.sim.known.tables["invoice"])
        self.sim.records.change(row, {"ispricelocked": is_locked}, call.user)
        return wire.empty()

    def convert_order(self, call: ApiCall) -> Response:
        """An invoice from an order with its lines; the order counts as invoiced."""
        order = self._asked_for(call, "salesorder", "SalesOrderId")
        table = self.sim.known.tables["invoice"]
        call.may("Create", table)
        if order.values["statecode"] == 4:
            raise bad("The sales order has already been invoiced.", "0x80040203")
        invoice = self.invoice_from(order, call.user)
        query = queries.read(self.sim, table, {})
        context = f"{call.root}/$metadata#invoices/$entity"
        kind = {"@odata.type": "#Microsoft.Dynamics.CRM.invoice"}
        return wire.answer({"@odata.context": context, **kind, **render.shown(call, query, invoice)})

    def invoice_from(self, order: Row, by: str) -> Row:
        records = self.sim.records
        values = {name: order.values[name] for name in COPIED}
        invoice = records.create("invoice", {**values, "salesorderid": order.lookup}, by, depth=2)
        for line in self.sim.known.lines(order):
            copied = {name: line.values[name] for name in COPIED_LINE}
            copied |= {"invoiceid": invoice.lookup, "salesorderdetailid": line.lookup}
            records.create("invoicedetail", copied, by, depth=2)
        records.change(order, {"statecode": 4, "statuscode": 100003}, by, depth=2)
        self.sim.deliveries.offer("ConvertSalesOrderToInvoice", order, {}, by, 1)
        return invoice

    def _asked_for(self, call: ApiCall, table: str, name: str) -> Row:
        given = str(body_of(call.request.get_data()).get(name, ""))
        row = self.sim.known.get(table, given)
        if row is None:
            raise no_row(table, given)
        return row
