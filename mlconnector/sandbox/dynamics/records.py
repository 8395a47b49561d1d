"""Creating, changing and deleting rows: versions, computed columns, totals, and who hears of it."""

import random
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import pricing
from mlconnector.sandbox.dynamics.errors import ApiError
from mlconnector.sandbox.dynamics.state import Row, Tombstone
from mlconnector.sandbox.dynamics.tables import Lookup, Table

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

HEADS = ("invoice", "salesorder")
LINES = {"invoicedetail": "invoice", "salesorderdetail": "salesorder"}
NUMBERS = {"invoice": ("invoicenumber", "INV"), "salesorder": ("ordernumber", "ORD")}
SUFFIX = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
# (table, lookup column) whose rows go with the row they point to.
CHILDREN = {
    "invoice": (("invoicedetail", "invoiceid"), ("annotation", "objectid")),
    "salesorder": (("salesorderdetail", "salesorderid"), ("annotation", "objectid")),
    "account": (("annotation", "objectid"),),
    "contact": (("annotation", "objectid"),),
}
# Rows that keep another from being deleted.
HOLDERS = {
    "account": (("invoice", "customerid"), ("salesorder", "customerid")),
    "contact": (("invoice", "customerid"), ("salesorder", "customerid")),
    "serviceendpoint": (("sdkmessageprocessingstep", "eventhandler"),),
}
ADDRESS = ("line1", "line2", "line3", "postalcode", "city", "country")


class Records:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    # --- the three writes ---------------------------------------------------------------------------------
    def create(self, name: str, values: Mapping[str, Any], by: str, row_id: str = "", depth: int = 1) -> Row:
        state = self.sim.known
        table = state.tables[name]
        row_id = row_id or state.next_id()
        if state.get(name, row_id):
            raise ApiError(412, "0x80040237", "A record with matching key values already exists.")
        now = self._now()
        user = Lookup("systemuser", by)
        row = Row(name, row_id, state.next_version(), dict.fromkeys(table.columns))
        row.values |= {"createdon": now, "createdby": user}
        if "ownerid" in table.columns:
            row.values["ownerid"] = user
        row.values |= self._first_values(table, values)
        row.values |= values
        row.values |= {table.key: row_id, "modifiedon": now, "modifiedby": user, "versionnumber": row.version}
        self._worked_out(table, row)
        state.rows[name][row_id] = row
        state.indexed(row, {}, row.values)
        self.sim.deliveries.offer("Create", row, dict(row.values), by, depth)
        self.price_again(row, by, depth)
        return row

    def change(self, row: Row, values: Mapping[str, Any], by: str, depth: int = 1) -> None:
        table = self.sim.known.tables[row.table]
        before = dict(row.values)
        row.version = self.sim.known.next_version()
        written = {**values, "modifiedon": self._now(), "modifiedby": Lookup("systemuser", by)}
        row.values |= written | {"versionnumber": row.version}
        self._worked_out(table, row)
        self.sim.known.indexed(row, before, row.values)
        computed = {name: value for name, value in row.values.items() if value != before[name]}
        del computed["versionnumber"]
        self.sim.deliveries.offer("Update", row, {**computed, **written}, by, depth)
        if row.table == "invoice" and "statecode" in values:
            for line in self.sim.known.lines(row):
                line.values["invoicestatecode"] = values["statecode"]
        self.price_again(row, by, depth)

    def delete(self, row: Row, by: str, depth: int = 1) -> None:
        state = self.sim.known
        for table, column in HOLDERS.get(row.table, ()):
            if state.pointing(table, column, row):
                text = (
                    "The object you tried to delete is associated with another object and cannot be deleted."
                )
                raise ApiError(400, "0x80040227", text)
        for table, column in CHILDREN.get(row.table, ()):
            for child in state.pointing(table, column, row):
                self.delete(child, by, depth + 1)
        del state.rows[row.table][row.id]
        state.indexed(row, row.values, {})
        state.deleted.append(Tombstone(row.table, row.id, state.next_version()))
        self.sim.deliveries.offer("Delete", row, {}, by, depth)
        if row.table in LINES and depth == 1:
            self.price_again(row, by, depth)

    # --- what the platform fills in -----------------------------------------------------------------------
    def _first_values(self, table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
        """Defaults of a new row, before the given values."""
        found: dict[str, Any] = {
            column.name: False for column in table.columns.values() if column.kind == "boolean"
        }
        if "statecode" in table.columns:
            found |= {"statecode": 0, "statuscode": next(iter(table.default_status.values()), None)}
            if "statecode" in given:
                found["statuscode"] = table.default_status.get(given["statecode"])
        if "pricingerrorcode" in table.columns:
            found["pricingerrorcode"] = 0
        if table.name in HEADS:
            found |= {NUMBERS[table.name][0]: self._number(table.name)} | pricing.totals({}, (), 2)
        currency = self._currency(table, given)
        if currency:
            found["transactioncurrencyid"] = currency
        if table.name == "invoicedetail":
            found |= {"producttypecode": 1, "invoicestatecode": 0}
        return found

    def _number(self, table: str) -> str:
        """INV-01000-ABC123: the last part is by chance, so numbers have gaps in no order."""
        state = self.sim.known
        last = state.last_number[table] = state.last_number.get(table, 999) + 1
        chance = random.Random(f"{state.organization_id} {table} {last}")
        return f"{NUMBERS[table][1]}-{last:05d}-{''.join(chance.choices(SUFFIX, k=6))}"

    def _currency(self, table: Table, given: Mapping[str, Any]) -> Lookup | None:
        """The parent's currency, else the base currency, for tables with amounts."""
        if "transactioncurrencyid" not in table.columns:
            return None
        parent = LINES.get(table.name)
        head = self.sim.known.target(given.get(f"{parent}id")) if parent else None
        if head:
            return head.values["transactioncurrencyid"]
        needs = table.name in (*HEADS, "product") or any(given.get(one.name) for one in table.money())
        return self.sim.known.organization.values["basecurrencyid"] if needs else None

    def _worked_out(self, table: Table, row: Row) -> None:
        """Columns that follow from others."""
        values = row.values
        if table.name in HEADS:
            customer = values["customerid"]
            values["accountid"] = customer if customer and customer.table == "account" else None
            values["contactid"] = customer if customer and customer.table == "contact" else None
        elif table.name == "contact":
            names = [values[part] for part in ("firstname", "middlename", "lastname")]
            values["fullname"] = " ".join(name for name in names if name)
        elif table.name == "annotation":
            body = values["documentbody"]
            values["isdocument"] = bool(body or values["filename"])
            values["filesize"] = len(body) * 3 // 4 - body.count("=") if body else None
            values["objecttypecode"] = values["objectid"].table if values["objectid"] else None
        elif table.name == "serviceendpoint":
            values["isauthvalueset"] = bool(values["authvalue"])
        for kind in ("billto", "shipto", "address1"):
            if f"{kind}_composite" in table.columns:
                parts = [values[f"{kind}_{part}"] for part in ADDRESS]
                values[f"{kind}_composite"] = "\r\n".join(part for part in parts if part) or None
        if table.name in LINES and self._is_priced_by_platform:
            values |= pricing.line_amounts(values, self.precision(row))
        self._in_base(table, row)

    def _in_base(self, table: Table, row: Row) -> None:
        """The rate is taken from the currency once; later edits of the currency do not change the row."""
        if table.name == "transactioncurrency" or "exchangerate" not in table.columns:
            return
        currency = self.sim.known.target(row.values["transactioncurrencyid"])
        if currency and row.values["exchangerate"] is None:
            row.values["exchangerate"] = currency.values["exchangerate"]
        for column in table.money():
            base = pricing.in_base(row.values[column.name], row.values["exchangerate"])
            row.values[f"{column.name}_base"] = base

    # --- totals -------------------------------------------------------------------------------------------
    @property
    def _is_priced_by_platform(self) -> bool:
        return bool(self.sim.known.organization.values["oobpricecalculationenabled"])

    def precision(self, row: Row) -> int:
        currency = self.sim.known.target(row.values["transactioncurrencyid"])
        return currency.values["currencyprecision"] if currency else 2

    def price_again(self, row: Row, by: str, depth: int) -> None:
        """Totals of the invoice again; its row is written only when they are others than before."""
        head = row if row.table in HEADS else None
        if row.table in LINES:
            head = self.sim.known.target(row.values[f"{LINES[row.table]}id"])
        if head is None or head.values["ispricelocked"]:
            return
        new: dict[str, Decimal] = {}
        if self._is_priced_by_platform:
            lines = [line.values for line in self.sim.known.lines(head)]
            new = pricing.totals(head.values, lines, self.precision(head))
        new |= self.sim.known.overrides.get(head.id, {})
        changed = {name: amount for name, amount in new.items() if head.values[name] != amount}
        if changed:
            self.change(head, changed, by, depth + 1)

    def _now(self) -> datetime:
        return self.sim.clock.now().replace(microsecond=0)
