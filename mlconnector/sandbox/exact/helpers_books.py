"""What people do in Exact Online, in plain Python: orders, invoices, master data, projects.

Field values are given under the vendor's names. Amounts may be Decimal, int or text; days date or ISO text.
What is made is returned as its guid. A refusal of the vendor's program is raised as errors.Refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.entity import COLLECTION, Entity
from mlconnector.sandbox.exact.rules_projects import FINAL
from mlconnector.sandbox.exact.rules_trade import CANCELED, PROCESSED
from mlconnector.sandbox.exact.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.simulator import ExactSimulator

Values = Mapping[str, Any]
ONE_ORDER_LINE = ({"QuantityInPurchaseUnits": 1, "UnitPrice": "100.00"},)
ONE_INVOICE_LINE = ({"Quantity": 1, "UnitPrice": "100.00"},)
TERM_PROCESSED = 50


class BookHelpers:
    """Mixed into ExactSimulator. Without `division` the first one is meant."""

    def add(self: "ExactSimulator", path: str, division: int = 0, **values: Any) -> str:
        """A record of any endpoint, entered by a person."""
        with self.lock:
            entity = self.entities[path]
            stored = self._stored(entity, values)
            return self.books.create(entity, division or self.division, stored, self.clerk).id

    def _stored(self: "ExactSimulator", entity: Entity, values: Values) -> dict[str, Any]:
        return {name: self._value(entity, name, value) for name, value in values.items()}

    def _value(self: "ExactSimulator", entity: Entity, name: str, value: Any) -> Any:
        """As it is kept. Raises KeyError for a field that does not exist."""
        kind = entity.fields[name].type
        if kind == COLLECTION:
            lines = self.entities[entity.collections[name][0]]
            return [self._stored(lines, line) for line in value]
        if value is None:
            return None
        if kind == "Double":
            return Decimal(str(value))
        if kind == "DateTime" and isinstance(value, str):
            return datetime.fromisoformat(value)
        if kind == "DateTime" and not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the site's wall clock
        return value

    # --- master data -------------------------------------------------------------
    def add_account(self: "ExactSimulator", name: str, division: int = 0, **values: Any) -> str:
        return self.add(catalogue.ACCOUNTS, division, Name=name, **values)

    def add_supplier(self: "ExactSimulator", name: str = "Muster Lieferant GmbH", division: int = 0) -> str:
        return self.add_account(name, division, IsSupplier=True)

    def add_customer(self: "ExactSimulator", name: str = "Muster Kunde GmbH", division: int = 0) -> str:
        return self.add_account(name, division, Status="C")

    def add_gl_account(
        self: "ExactSimulator", code: str, description: str, division: int = 0, **values: Any
    ) -> str:
        return self.add(catalogue.GL_ACCOUNTS, division, Code=code, Description=description, **values)

    def add_cost_center(
        self: "ExactSimulator", code: str, description: str, division: int = 0, **values: Any
    ) -> str:
        return self.add(catalogue.COST_CENTERS, division, Code=code, Description=description, **values)

    def add_cost_unit(
        self: "ExactSimulator", code: str, description: str, division: int = 0, **values: Any
    ) -> str:
        return self.add(catalogue.COST_UNITS, division, Code=code, Description=description, **values)

    def add_item(
        self: "ExactSimulator", code: str, description: str, division: int = 0, **values: Any
    ) -> str:
        """`IsTime=1` makes it an hour type; `GLCosts`, `GLRevenue` are guids of GL accounts."""
        return self.add(catalogue.ITEMS, division, Code=code, Description=description, **values)

    def some(self: "ExactSimulator", kind: str, division: int = 0) -> str:
        """A record to be used where it does not matter which: supplier, customer, item, hours, gl_account."""
        division = division or self.division
        code, path, make = {
            "supplier": ("Muster Lieferant GmbH", catalogue.ACCOUNTS, self.add_supplier),
            "customer": ("Muster Kunde GmbH", catalogue.ACCOUNTS, self.add_customer),
            "item": ("DIENST", catalogue.ITEMS, self._some_item),
            "hours": ("STUNDE", catalogue.ITEMS, self._some_hours),
            "gl_account": ("8400", catalogue.GL_ACCOUNTS, self._some_revenue),
        }[kind]
        name = "Name" if path == catalogue.ACCOUNTS else "Code"
        found = self.known.by(division, path, name, code)
        return found.id if found else make(code, division)

    def _some_item(self: "ExactSimulator", code: str, division: int) -> str:
        revenue = self.some("gl_account", division)
        return self.add_item(code, "Dienstleistung", division, GLRevenue=revenue, IsPurchaseItem=True)

    def _some_hours(self: "ExactSimulator", code: str, division: int) -> str:
        return self.add_item(code, "Arbeitsstunde", division, IsTime=1)

    def _some_revenue(self: "ExactSimulator", code: str, division: int) -> str:
        return self.add_gl_account(code, "Erlöse", division)

    # --- orders and invoices -------------------------------------------------------------
    def add_purchase_order(
        self: "ExactSimulator",
        supplier: str = "",
        lines: Iterable[Values] = ONE_ORDER_LINE,
        division: int = 0,
        **values: Any,
    ) -> str:
        """Lines: QuantityInPurchaseUnits, UnitPrice, Description, CostCenter (code), Item (guid), ..."""
        return self.add(
            catalogue.PURCHASE_ORDERS,
            division,
            Supplier=supplier or self.some("supplier", division),
            PurchaseOrderLines=[{"Item": self.some("item", division), **line} for line in lines],
            **{"Source": 1, **values},
        )

    def add_sales_invoice(
        self: "ExactSimulator",
        customer: str = "",
        lines: Iterable[Values] = ONE_INVOICE_LINE,
        division: int = 0,
        **values: Any,
    ) -> str:
        """Lines: Quantity, UnitPrice, Description, GLAccount (guid), CostCenter (code), Item (guid), ..."""
        return self.add(
            catalogue.SALES_INVOICES,
            division,
            OrderedBy=customer or self.some("customer", division),
            SalesInvoiceLines=[{"Item": self.some("item", division), **line} for line in lines],
            **{"Journal": "70", **values},
        )

    def add_line(self: "ExactSimulator", document: str, **values: Any) -> str:
        """One more line on an order or invoice."""
        with self.lock:
            header = self.known.rows[document]
            entity = self.entities[next(iter(header.entity.collections.values()))[0]]
            values = {"Item": self.some("item", header.division), **values}
            return self.books.add_line(header, self._stored(entity, values), self.clerk).id

    def lines(self: "ExactSimulator", document: str) -> list[str]:
        """The guids of a document's lines, by LineNumber."""
        return [line.id for line in self.known.lines(document)]

    def receive(self: "ExactSimulator", order: str, quantity: Any = None, *, line: int | None = None) -> None:
        """Goods arrive: `quantity` in total (None: all) on one line (by LineNumber) or on each."""
        self._count_on_lines(order, "ReceivedQuantity", quantity, line)

    def bill(self: "ExactSimulator", order: str, quantity: Any = None, *, line: int | None = None) -> None:
        """The supplier's invoice is entered for the order; as `receive`."""
        self._count_on_lines(order, "InvoicedQuantity", quantity, line)

    def _count_on_lines(
        self: "ExactSimulator", order: str, name: str, quantity: Any, number: int | None
    ) -> None:
        with self.lock:
            for line in list(self.known.lines(order)):
                if number in (None, line["LineNumber"]):
                    count = line["Quantity"] if quantity is None else Decimal(str(quantity))
                    self.books.change(line, {name: count}, self.clerk)

    def cancel_order(self: "ExactSimulator", order: str) -> None:
        names = ("OrderStatus", "ReceiptStatus", "InvoiceStatus")
        self._touch(order, **dict.fromkeys(names, CANCELED))

    def approve_order(self: "ExactSimulator", order: str) -> None:
        self._touch(order, ApprovalStatus=2, Approved=self.local_now(), Approver=self.clerk)

    def print_invoice(self: "ExactSimulator", invoice: str) -> int:
        """The invoice is final now; returns its number."""
        with self.lock:
            number = self.known.count_up(self.known.rows[invoice].division, "invoice", 2_026_001)
            self._touch(invoice, Status=PROCESSED, InvoiceNumber=number)
            return number

    # --- any record -------------------------------------------------------------
    def change(self: "ExactSimulator", id: str, **values: Any) -> None:
        """A person changes fields of a record or a line."""
        with self.lock:
            row = self.known.rows[id]
            self.books.change(row, self._stored(row.entity, values), self.clerk)

    def delete(self: "ExactSimulator", id: str) -> None:
        with self.lock:
            self.books.delete(self.known.rows[id], self.clerk)

    def rename(self: "ExactSimulator", id: str, name: str) -> None:
        """Another name or description; the code stays."""
        row = self.known.rows[id]
        self.change(id, **{"Name" if "Name" in row.entity.fields else "Description": name})

    def block(self: "ExactSimulator", id: str, *, is_blocked: bool = True) -> None:
        """An account, GL account or project is blocked; a cost center or unit, or an item, has ended."""
        row = self.known.rows[id]
        name = next(
            name for name in ("IsBlocked", "Blocked", "BlockEntry", "EndDate") if name in row.entity.fields
        )
        ended = self.local_now() - timedelta(days=1) if is_blocked else None
        self.change(id, **{name: ended if name == "EndDate" else is_blocked})

    def _touch(self: "ExactSimulator", id: str, **values: Any) -> None:
        with self.lock:
            self.books.touch(self.known.rows[id], self.clerk, **values)

    # --- projects -------------------------------------------------------------
    def add_project(
        self: "ExactSimulator",
        code: str,
        description: str,
        *,
        milestones: Iterable[tuple[str, Any]] = (),
        division: int = 0,
        **values: Any,
    ) -> str:
        """A fixed-price project; `milestones` are (description, amount of the linked invoice term)."""
        fields = {"Type": 2, "UseBillingMilestones": True, **values}
        project = self.add(catalogue.PROJECTS, division, Code=code, Description=description, **fields)
        for name, amount in milestones:
            term = self.add_invoice_term(project, amount, name)
            self.add_deliverable(project, name, term=term)
        return project

    def _add_below(self: "ExactSimulator", path: str, project: str, **values: Any) -> str:
        division = self.known.rows[project].division
        return self.add(path, division, **{"Project": project, **values})

    def add_deliverable(
        self: "ExactSimulator", project: str, description: str, *, term: str = "", **values: Any
    ) -> str:
        """A milestone; with `term` (an invoice term's guid) it can be completed."""
        fields = {"Milestone": True, "ProjectTerm": term or None, **values}
        return self._add_below(catalogue.DELIVERABLES, project, Description=description, **fields)

    def add_activity(self: "ExactSimulator", project: str, description: str, **values: Any) -> str:
        return self._add_below(catalogue.ACTIVITIES, project, Description=description, **values)

    def add_expense(self: "ExactSimulator", project: str, description: str, **values: Any) -> str:
        return self._add_below(catalogue.EXPENSES, project, Description=description, **values)

    def add_invoice_term(
        self: "ExactSimulator", project: str, amount: Any, description: str = "Rate", **values: Any
    ) -> str:
        fields = {"Description": description, "Amount": amount, **values}
        return self._add_below(catalogue.INVOICE_TERMS, project, **fields)

    def add_hour_budget(self: "ExactSimulator", project: str, hours: Any, item: str = "") -> str:
        item = item or self.some("hours", self.known.rows[project].division)
        return self._add_below(catalogue.HOUR_BUDGETS, project, Item=item, Budget=hours)

    def add_cost(self: "ExactSimulator", project: str, price: Any, quantity: Any = 1, **values: Any) -> str:
        """A cost entry, draft unless HourStatus says otherwise."""
        item = self.some("item", self.known.rows[project].division)
        fields = {"Item": item, "Quantity": quantity, "PriceFC": price, **values}
        return self._add_below(catalogue.COSTS, project, **fields)

    def finalize_entry(self: "ExactSimulator", id: str) -> None:
        """A cost or time entry is approved: final."""
        self._touch(id, HourStatus=FINAL)

    def process_term(self: "ExactSimulator", term: str) -> None:
        """The invoice of the term is made."""
        self._touch(term, InvoiceStatus=TERM_PROCESSED)

    # --- what came of it -------------------------------------------------------------
    def row(self: "ExactSimulator", id: str) -> dict[str, Any]:
        """All fields of a record as Python values (naive local dates, Decimal), and its Timestamp."""
        row = self.known.rows[id]
        return {**self._all(row), "Timestamp": row.timestamp}

    def rows(self: "ExactSimulator", path: str, division: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        """Records of an endpoint whose fields have these values, oldest first."""
        found = sorted(self.known.table(division or self.division, path).values(), key=lambda row: row.number)
        shown = [self._all(row) for row in found]
        return [one for one in shown if all(one[name] == value for name, value in wanted.items())]

    def _all(self: "ExactSimulator", row: Row) -> dict[str, Any]:
        names = [name for name, one in row.entity.fields.items() if one.type != COLLECTION]
        return {name: self.books.value(row, name) for name in names}

    def day(self: "ExactSimulator", days: int = 0) -> date:
        """Today at the site, plus `days`."""
        return (self.local_now() + timedelta(days=days)).date()
