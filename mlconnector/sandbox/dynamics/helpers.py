"""What a person does in the simulated Dynamics: customers, invoices, files, changes.

Ids are GUIDs as text. Money is Decimal (text and int are taken too), days are dates.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.dynamics.environment import CURRENCIES
from mlconnector.sandbox.dynamics.pricing import rounded
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import Lookup

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

BERLIN = ZoneInfo("Europe/Berlin")
NEW, BILLED, COMPLETE, CANCELED = 1, 4, 100001, 100003
ADDRESS_PARTS = ("name", "line1", "line2", "postalcode", "city", "country")
LINE_NAMES = {"text": "productdescription", "price": "priceperunit", "discount": "manualdiscountamount"}


class Helpers:
    """Data by hand. Mixed into DynamicsSimulator."""

    # --- customers, products, currencies ------------------------------------------------------------------
    def add_account(self: "DynamicsSimulator", name: str, number: str = "", **columns: Any) -> str:
        """`columns` by their logical names: address1_country="DE", new_vatid="DE123456789"."""
        return self._add("account", {"name": name, "accountnumber": number or None, **columns})

    def add_contact(
        self: "DynamicsSimulator", lastname: str, firstname: str = "", account: str = "", **columns: Any
    ) -> str:
        """A person, with `account` as the company."""
        values = {"lastname": lastname, "firstname": firstname or None, **columns}
        if account:
            values["parentcustomerid"] = Lookup("account", account)
        return self._add("contact", values)

    def add_product(
        self: "DynamicsSimulator", name: str, number: str, price: Any = None, **columns: Any
    ) -> str:
        return self._add("product", {"name": name, "productnumber": number, "price": price, **columns})

    def add_currency(self: "DynamicsSimulator", code: str, rate: Any, precision: int = 2) -> str:
        """`rate`: units of `code` for one unit of the base currency."""
        symbol, name = CURRENCIES.get(code, (code, code))
        values = {"isocurrencycode": code, "currencyname": name, "currencysymbol": symbol}
        return self._add(
            "transactioncurrency", {**values, "currencyprecision": precision, "exchangerate": rate}
        )

    def set_rate(self: "DynamicsSimulator", code: str, rate: Any) -> None:
        """Rows that exist already keep the rate they were made with."""
        self.change(self.currency(code), exchangerate=rate)

    def currency(self: "DynamicsSimulator", code: str) -> str:
        """Id of the currency with that ISO code. Raises KeyError."""
        for row in self.known.all("transactioncurrency"):
            if row.values["isocurrencycode"] == code:
                return row.id
        raise KeyError(code)

    def merge_accounts(self: "DynamicsSimulator", winner: str, loser: str) -> None:
        """The loser is deactivated and points to the winner; its invoices move over."""
        values = {"merged": True, "masterid": Lookup("account", winner), "statecode": 1, "statuscode": 2}
        with self.lock:
            for row in self.known.pointing("invoice", "customerid", self.row(loser)):
                self.change(row.id, customerid=Lookup("account", winner))
            self.change(loser, **values)

    # --- invoices and orders ------------------------------------------------------------------------------
    def add_invoice(
        self: "DynamicsSimulator",
        customer: str,
        lines: Iterable[Mapping[str, Any]] = (),
        *,
        currency: str = "",
        number: str = "",
        status: int = BILLED,
        discount: Any = None,
        discount_percent: Any = None,
        freight: Any = None,
        due_on: date | None = None,
        delivered_on: date | None = None,
        order: str = "",
        totals: Mapping[str, Any] | None = None,
        name: str = "Rechnung",
        **columns: Any,
    ) -> str:
        """An invoice of an account or contact, made as a person does: head, lines, then its status.

        A line has text, quantity (1), price, discount, tax (an amount) or rate (per cent of the net), or any
        column by name. `totals` override what the platform works out (totaltax=Decimal("1.23")). Without
        `status` 4 (Billed) give 1 for a draft; another state is reached by set_status().
        """
        with self.lock:
            values = {
                "name": name,
                "discountamount": discount,
                "discountpercentage": discount_percent,
                "freightamount": freight,
                "duedate": due_on,
                "datedelivered": midnight(delivered_on) if delivered_on else None,
                **({"salesorderid": Lookup("salesorder", order)} if order else {}),
            }
            row_id = self._head("invoice", customer, values, currency, number, columns)
            if totals:
                self.override_totals(row_id, **totals)
            for position, line in enumerate(lines, 1):
                self._line("invoicedetail", row_id, position, line)
            if status != NEW:
                self.set_status(row_id, status)
            return row_id

    def add_order(
        self: "DynamicsSimulator",
        customer: str,
        lines: Iterable[Mapping[str, Any]] = (),
        *,
        currency: str = "",
        number: str = "",
        name: str = "Auftrag",
        **columns: Any,
    ) -> str:
        with self.lock:
            row_id = self._head("salesorder", customer, {"name": name}, currency, number, columns)
            for position, line in enumerate(lines, 1):
                self._line("salesorderdetail", row_id, position, line)
            return row_id

    def convert_order(self: "DynamicsSimulator", order: str) -> str:
        """ConvertSalesOrderToInvoice, done by a person: the new invoice is a draft."""
        with self.lock:
            return self.actions.invoice_from(self.row(order), self.known.sales_user).id

    def _head(
        self: "DynamicsSimulator",
        table: str,
        customer: str,
        values: dict[str, Any],
        currency: str,
        number: str,
        columns: dict[str, Any],
    ) -> str:
        party = self.row(customer)
        billed = {f"billto_{part}": party.values[f"address1_{part}"] for part in ADDRESS_PARTS}
        values = {"customerid": party.lookup, **billed, **values, **columns}
        if currency:
            values["transactioncurrencyid"] = Lookup("transactioncurrency", self.currency(currency))
        if number:
            values["invoicenumber" if table == "invoice" else "ordernumber"] = number
        return self._add(table, values)

    def _line(
        self: "DynamicsSimulator", table: str, head: str, position: int, line: Mapping[str, Any]
    ) -> str:
        given = {LINE_NAMES.get(name, name): value for name, value in line.items()}
        values: dict[str, Any] = {"quantity": 1, "lineitemnumber": position, **given}
        rate = values.pop("rate", None)
        if rate is not None:
            digits = self.records.precision(self.row(head))
            net = Decimal(values["quantity"]) * Decimal(values["priceperunit"])
            net = rounded(net, digits) - Decimal(values.get("manualdiscountamount") or 0)
            values["tax"] = rounded(net * Decimal(rate) / 100, digits)
        if "productid" not in values:
            values["isproductoverridden"] = True
        parent = "invoice" if table == "invoicedetail" else "salesorder"
        values[f"{parent}id"] = Lookup(parent, head)
        values.setdefault(f"{parent}detailname", str(values.get("productdescription") or "")[:100])
        return self._add(table, values)

    def add_line(self: "DynamicsSimulator", invoice: str, **line: Any) -> str:
        with self.lock:
            position = len(self.known.lines(self.row(invoice))) + 1
            return self._line("invoicedetail", invoice, position, line)

    def override_totals(self: "DynamicsSimulator", invoice: str, **totals: Any) -> None:
        """What a plug-in of the customer sets instead of the platform's totals."""
        with self.lock:
            self.known.overrides[invoice] = {name: Decimal(value) for name, value in totals.items()}
            self.records.price_again(self.row(invoice), self.known.sales_user, 1)

    def set_status(self: "DynamicsSimulator", row_id: str, status: int) -> None:
        """The status and the state it belongs to; what a person may do is not checked."""
        with self.lock:
            row = self.row(row_id)
            choice = self.known.tables[row.table].columns["statuscode"].choice(status)
            if choice is None:
                raise ValueError(f"{row.table} has no statuscode {status}.")
            self.change(row_id, statecode=choice.state, statuscode=status)

    def bill(self: "DynamicsSimulator", invoice: str) -> None:
        """Finalise: Active, Billed."""
        self.set_status(invoice, BILLED)

    def pay(self: "DynamicsSimulator", invoice: str) -> None:
        self.set_status(invoice, COMPLETE)

    def cancel(self: "DynamicsSimulator", invoice: str) -> None:
        self.set_status(invoice, CANCELED)

    def reactivate(self: "DynamicsSimulator", invoice: str) -> None:
        self.set_status(invoice, NEW)

    # --- files --------------------------------------------------------------------------------------------
    def add_note(
        self: "DynamicsSimulator",
        row_id: str,
        subject: str = "",
        *,
        text: str = "",
        filename: str = "",
        content: bytes = b"",
        mimetype: str = "application/pdf",
    ) -> str:
        """A note on any row, with a file when there is `content`."""
        values: dict[str, Any] = {
            "subject": subject,
            "notetext": text or None,
            "objectid": self.row(row_id).lookup,
        }
        if filename:
            body = base64.b64encode(content).decode()
            values |= {"filename": filename, "mimetype": mimetype, "documentbody": body}
        return self._add("annotation", values)

    def set_file(
        self: "DynamicsSimulator",
        row_id: str,
        column: str,
        name: str,
        content: bytes,
        mimetype: str = "application/pdf",
    ) -> None:
        """Put a file into a file column (see add_column with kind "file")."""
        file = {"id": self.known.next_id(), "name": name, "content": content, "mimetype": mimetype}
        self.change(row_id, **{column: file})

    def add_template(self: "DynamicsSimulator", name: str = "Rechnung", table: str = "invoice") -> str:
        """A Word template for PDF export."""
        values = {"name": name, "documenttype": 2, "associatedentitytypecode": table, "status": False}
        return self._add("documenttemplate", {**values, "languagecode": self.options.language})

    def add_location(self: "DynamicsSimulator", row_id: str, folder: str) -> str:
        """A folder in SharePoint; its files are not in Dynamics."""
        values = {"name": folder, "relativeurl": folder, "regardingobjectid": self.row(row_id).lookup}
        return self._add("sharepointdocumentlocation", values)

    # --- any row ------------------------------------------------------------------------------------------
    def row(self: "DynamicsSimulator", row_id: str) -> Row:
        """The row with that id, whatever its table. Raises KeyError."""
        for rows in self.known.rows.values():
            if row_id in rows:
                return rows[row_id]
        raise KeyError(row_id)

    def values(self: "DynamicsSimulator", row_id: str) -> dict[str, Any]:
        """A copy of the row's values: Decimal, date, aware datetime, Lookup."""
        with self.lock:
            return dict(self.row(row_id).values)

    def lines(self: "DynamicsSimulator", head: str) -> list[dict[str, Any]]:
        """Values of the lines of an invoice or order, by their number."""
        with self.lock:
            return [dict(line.values) for line in self.known.lines(self.row(head))]

    def change(self: "DynamicsSimulator", row_id: str, **columns: Any) -> None:
        """Change a row of any table as a person of the sales team."""
        with self.lock:
            row = self.row(row_id)
            self.records.change(row, self._kept(row.table, columns), self.known.sales_user)

    def delete(self: "DynamicsSimulator", row_id: str) -> None:
        """Delete a row; the lines and notes of an invoice go with it."""
        with self.lock:
            self.records.delete(self.row(row_id), self.known.sales_user)

    def _add(self: "DynamicsSimulator", table: str, values: dict[str, Any]) -> str:
        with self.lock:
            return self.records.create(table, self._kept(table, values), self.known.sales_user).id

    def _kept(self: "DynamicsSimulator", table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as they are kept: amounts as Decimal. Raises KeyError for an unknown column."""
        kept = {}
        for name, value in values.items():
            column = self.known.tables[table].columns[name]
            is_number = column.kind in ("money", "decimal") and value is not None
            kept[name] = Decimal(value) if is_number else value
            if column.kind == "datetime" and not column.is_date and isinstance(value, str):
                kept[name] = datetime.fromisoformat(value).astimezone(UTC)
            elif column.is_date and isinstance(value, str):
                kept[name] = date.fromisoformat(value)
        return kept


def midnight(day: date, zone: ZoneInfo = BERLIN) -> datetime:
    """The moment in UTC at which `day` begins in the user's zone: the day before at 22 or 23 o'clock."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
