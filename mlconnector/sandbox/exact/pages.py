"""Pages for people: enter, change, deliver and delete orders and invoices; see projects and costs."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.state import Row
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.exact.simulator import ExactSimulator

SITE = "Exact Online (simuliert)"
STATUS = {
    10: "offen / open",
    20: "teilweise / partial",
    30: "erledigt / complete",
    40: "storniert / canceled",
}
INVOICE_STATUS = {10: "Entwurf / draft", 20: "offen / open", 50: "verarbeitet / processed"}
TERM_STATUS = {10: "Entwurf / draft", 20: "frei / released", 30: "in Arbeit", 50: "berechnet / invoiced"}
HOUR_STATUS = {
    1: "Entwurf / draft",
    2: "abgelehnt / rejected",
    10: "eingereicht / submitted",
    20: "endgültig / final",
}
KINDS = {"orders": catalogue.PURCHASE_ORDERS, "invoices": catalogue.SALES_INVOICES}
QUANTITY = {"orders": "QuantityInPurchaseUnits", "invoices": "Quantity"}


class Pages:
    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        document = "/<int:division>/<any(orders, invoices):kind>"
        return [
            Route("page.home", "GET", "/", self.home),
            Route("page.projects", "GET", "/<int:division>/projects", self.projects),
            Route("page.project", "GET", "/<int:division>/projects/<id>", self.project),
            Route("page.documents", "GET", document, self.documents),
            Route("page.enter", "POST", document, self.enter),
            Route("page.document", "GET", f"{document}/<id>", self.document),
            Route("page.act", "POST", f"{document}/<id>", self.act),
        ]

    def _page(self, title: str, *parts: str, division: int = 0, status: int = 200) -> Response:
        links = [("Mandanten / Divisions", "/")]
        if division:
            links += [
                ("Bestellungen / Orders", f"/{division}/orders"),
                ("Rechnungen / Invoices", f"/{division}/invoices"),
                ("Projekte / Projects", f"/{division}/projects"),
            ]
        return html.page(SITE, title, *parts, links=links, status=status)

    def _missing(self) -> Response:
        return self._page("Nicht gefunden / Not found", status=404)

    def _row(self, division: int, path: str, id: str) -> Row | None:
        return self.sim.known.get(division, path, id)

    def home(self, request: "Request") -> Response:
        def count(code: int, path: str) -> int:
            return len(self.sim.known.table(code, path))

        rows = [
            (
                html.link(f"{code} {one.name}", f"/{code}/orders"),
                count(code, catalogue.PURCHASE_ORDERS),
                count(code, catalogue.SALES_INVOICES),
                count(code, catalogue.PROJECTS),
            )
            for code, one in self.sim.known.divisions.items()
        ]
        hooks = [(one.topic, str(one.division), one.callback_url) for one in self.sim.subscriptions()]
        return self._page(
            "Mandanten / Divisions",
            html.table(("Mandant", "Bestellungen", "Rechnungen", "Projekte"), rows),
            html.heading("Webhooks"),
            html.table(("Thema / Topic", "Mandant", "Ziel / Target"), hooks),
        )

    # --- orders and invoices -------------------------------------------------------------
    def documents(self, request: "Request", division: int, kind: str, refused: str = "") -> Response:
        if division not in self.sim.known.divisions:
            return self._missing()
        found = sorted(self.sim.known.table(division, KINDS[kind]).values(), key=lambda row: -row.number)
        rows = [
            (
                html.link(str(row["OrderNumber"]), f"/{division}/{kind}/{row.id}"),
                self._partner(kind, row),
                row["Description"] or "",
                f"{row['AmountFC']:.2f} {row['Currency']}",
                self._status(kind, row),
            )
            for row in found
        ]
        return self._page(
            "Bestellungen / Orders" if kind == "orders" else "Rechnungen / Invoices",
            html.bad(refused) if refused else "",
            html.table(("Nummer", "Partner", "Beschreibung", "Betrag / Amount", "Status"), rows),
            html.heading("Neu / New"),
            self._entry_form(division, kind),
            division=division,
        )

    def _partner(self, kind: str, row: Row) -> str:
        name = "SupplierName" if kind == "orders" else "OrderedByName"
        return self.sim.books.value(row, name) or ""

    def _status(self, kind: str, row: Row) -> str:
        if kind == "orders":
            return STATUS[row["OrderStatus"]]
        number = f" {row['InvoiceNumber']}" if row["InvoiceNumber"] else ""
        return INVOICE_STATUS[row["Status"]] + number

    def _entry_form(self, division: int, kind: str) -> str:
        partners = [
            (row.id, row["Name"])
            for row in self.sim.known.table(division, catalogue.ACCOUNTS).values()
            if bool(row["IsSupplier"]) == (kind == "orders")
        ]
        return html.form(
            f"/{division}/{kind}",
            "Anlegen / Create",
            html.choice("partner", "Partner", partners or [("", "Muster")]),
            html.field("Description", "Beschreibung"),
            *self._line_fields(division),
        )

    def _line_fields(self, division: int) -> tuple[str, ...]:
        centers = [
            (row["Code"], f"{row['Code']} {row['Description']}")
            for row in self.sim.known.table(division, catalogue.COST_CENTERS).values()
        ]
        return (
            html.field("line", "Zeile / Line", "Material"),
            html.field("quantity", "Menge", "1"),
            html.field("price", "Preis / Price", "100.00"),
            html.choice("CostCenter", "Kostenstelle", [("", ""), *centers]),
        )

    def enter(self, request: "Request", division: int, kind: str) -> Response:
        form = request.form
        if division not in self.sim.known.divisions:
            return self._missing()

        def create() -> str:
            add = self.sim.add_purchase_order if kind == "orders" else self.sim.add_sales_invoice
            about = {"Description": form.get("Description") or None}
            return add(form.get("partner", ""), [_line(kind, form)], division, **about)

        return self._tried(
            create,
            lambda id: f"/{division}/{kind}/{id}",
            lambda reason: self.documents(request, division, kind, reason),
        )

    def _tried(
        self, work: Callable[[], Any], where: Callable[[Any], str], failed: Callable[[str], Response]
    ) -> Response:
        """Do it and go on, or show why not."""
        try:
            return redirect(where(work()), 303, Response)
        except (Refused, InvalidOperation, KeyError) as error:
            return failed(f"Nicht gespeichert / Not saved: {error}")

    def document(self, request: "Request", division: int, kind: str, id: str, refused: str = "") -> Response:
        row = self._row(division, KINDS[kind], id)
        if row is None:
            return self._missing()
        action = f"/{division}/{kind}/{id}"
        lines = [self._line(kind, action, line) for line in self.sim.known.lines(id)]
        head = ("Zeile", "Text", "Menge", "Geliefert", "Preis", "Netto", "Kostenstelle", "")
        change = html.form(
            action,
            "Ändern / Change",
            html.hidden("do", "change"),
            html.field("Description", "Beschreibung", row["Description"] or ""),
            html.field("YourRef", "Ihre Referenz", row["YourRef"] or ""),
        )
        more = html.form(
            action, "Zeile hinzufügen / Add line", html.hidden("do", "add"), *self._line_fields(division)
        )
        buttons = [
            html.form(action, text, html.hidden("do", do))
            for do, text in (
                *(
                    (("receive", "Alles geliefert / Receive all"), ("bill", "Berechnet / Billed"))
                    if kind == "orders"
                    else (("print", "Verarbeiten / Process"),)
                ),
                ("delete", "Löschen / Delete"),
            )
        ]
        return self._page(
            f"{self._partner(kind, row)} {row['OrderNumber']}",
            html.bad(refused) if refused else "",
            html.note(f"{self._status(kind, row)}, {row['AmountFC']:.2f} {row['Currency']}"),
            Markup("").join(buttons),
            change,
            html.heading("Zeilen / Lines"),
            html.table(head, lines),
            more,
            division=division,
        )

    def _line(self, kind: str, action: str, line: Row) -> tuple[Any, ...]:
        number = html.hidden("number", str(line["LineNumber"]))
        buttons = [
            html.form(action, "Preis / Price", html.hidden("do", "price"), number, html.field("price", "")),
            html.form(action, "Löschen / Delete", html.hidden("do", "delete_line"), number),
        ]
        if kind == "orders":
            buttons.append(
                html.form(
                    action,
                    "Liefern / Receive",
                    html.hidden("do", "receive"),
                    number,
                    html.field("quantity", ""),
                )
            )
        return (
            line["LineNumber"],
            line["Description"] or "",
            f"{line['Quantity']:f}",
            f"{line['ReceivedQuantity']:f}" if kind == "orders" else "",
            f"{line['UnitPrice']:.2f}",
            f"{line['AmountFC']:.2f}",
            line["CostCenter"] or "",
            Markup("").join(buttons),
        )

    def act(self, request: "Request", division: int, kind: str, id: str) -> Response:
        if self._row(division, KINDS[kind], id) is None:
            return self._missing()
        here, above = f"/{division}/{kind}/{id}", f"/{division}/{kind}"
        deed = request.form.get("do", "")
        return self._tried(
            lambda: self._do(kind, id, deed, request.form),
            lambda _: above if deed == "delete" else here,
            lambda reason: self.document(request, division, kind, id, reason),
        )

    def _do(self, kind: str, id: str, deed: str, form: Any) -> None:
        """Raises KeyError for a button or line that does not exist."""
        number = int(form["number"]) if form.get("number", "").isdigit() else None
        line = {row["LineNumber"]: row.id for row in self.sim.known.lines(id)}
        deeds: dict[str, Callable[[], Any]] = {
            "receive": lambda: self.sim.receive(id, form.get("quantity") or None, line=number),
            "bill": lambda: self.sim.bill(id, line=number),
            "print": lambda: self.sim.print_invoice(id),
            "delete": lambda: self.sim.delete(id),
            "delete_line": lambda: self.sim.delete(line[number]),
            "price": lambda: self.sim.change(line[number], UnitPrice=form["price"]),
            "add": lambda: self.sim.add_line(id, **_line(kind, form)),
            "change": lambda: self.sim.change(
                id, Description=form.get("Description") or None, YourRef=form.get("YourRef") or None
            ),
        }
        deeds[deed]()

    # --- projects -------------------------------------------------------------
    def projects(self, request: "Request", division: int) -> Response:
        if division not in self.sim.known.divisions:
            return self._missing()
        rows = [
            (
                html.link(row["Code"], f"/{division}/projects/{row.id}"),
                row["Description"],
                self._money(row["BudgetedCosts"]),
                self._money(self._costs(division, row.id)),
            )
            for row in self.sim.known.table(division, catalogue.PROJECTS).values()
        ]
        names = ("Code", "Projekt / Project", "Budget Kosten", "Kosten / Costs")
        return self._page("Projekte / Projects", html.table(names, rows), division=division)

    def _money(self, amount: Decimal | None) -> str:
        return "" if amount is None else f"{amount:.2f}"

    def _costs(self, division: int, project: str) -> Decimal:
        return sum((row["AmountFC"] for row in self._of(division, catalogue.COSTS, project)), Decimal())

    def _of(self, division: int, path: str, project: str) -> list[Row]:
        return [row for row in self.sim.known.table(division, path).values() if row["Project"] == project]

    def project(self, request: "Request", division: int, id: str) -> Response:
        project = self._row(division, catalogue.PROJECTS, id)
        if project is None:
            return self._missing()
        return self._page(
            f"{project['Code']} {project['Description']}",
            html.note(f"Budget Kosten / Budgeted costs: {self._money(project['BudgetedCosts']) or '-'}"),
            *self._structure(division, id),
            *self._money_of(division, id),
            division=division,
        )

    def _structure(self, division: int, id: str) -> list[str]:
        """Milestones, and the work and expenses below them."""
        milestones = [
            (
                row["Description"],
                html.good("erledigt / completed") if row["Completed"] else "offen / open",
                self.sim.books.value(row, "ProjectTermDescription") or "",
                html.good("frei / released") if row["ReleaseInvoiceTerm"] else "",
            )
            for row in self._of(division, catalogue.DELIVERABLES, id)
        ]
        work = [
            (
                row["Description"],
                "erledigt / completed" if row["Completed"] else "offen / open",
                self._money(row["BudgetedCost"]),
            )
            for path in (catalogue.ACTIVITIES, catalogue.EXPENSES)
            for row in self._of(division, path, id)
        ]
        return [
            html.heading("Meilensteine / Milestones"),
            html.table(("Meilenstein", "Stand", "Rate / Term", "Freigabe"), milestones),
            html.heading("Arbeit und Ausgaben / Work and expenses"),
            html.table(("Text", "Stand", "Budget"), work),
        ]

    def _money_of(self, division: int, id: str) -> list[str]:
        """Invoice terms, hour budgets and costs."""
        value = self.sim.books.value
        terms = [
            (row["Description"], self._money(row["Amount"]), TERM_STATUS[row["InvoiceStatus"]])
            for row in self._of(division, catalogue.INVOICE_TERMS, id)
        ]
        hours = [
            (value(row, "ItemDescription"), f"{row['Budget']:f}")
            for row in self._of(division, catalogue.HOUR_BUDGETS, id)
        ]
        costs = [
            (
                row["EntryNumber"],
                f"{row['Date']:%d.%m.%Y}",
                value(row, "ItemDescription"),
                self._money(row["AmountFC"]),
                HOUR_STATUS.get(row["HourStatus"], str(row["HourStatus"])),
                row["Notes"] or "",
            )
            for row in self._of(division, catalogue.COSTS, id)
        ]
        return [
            html.heading("Raten / Invoice terms"),
            html.table(("Rate", "Betrag / Amount", "Stand"), terms),
            html.heading("Stundenbudgets / Hour budgets"),
            html.table(("Stundenart", "Stunden / Hours"), hours),
            html.heading("Kosten / Cost transactions"),
            html.table(("Nr.", "Datum", "Artikel", "Betrag / Amount", "Stand", "Notiz"), costs),
        ]


def _line(kind: str, form: Any) -> dict[str, Any]:
    """A line's values from a form. Raises InvalidOperation for what is no number."""
    return {
        "Description": form.get("line") or None,
        QUANTITY[kind]: Decimal(form.get("quantity", "1")),
        "UnitPrice": Decimal(form.get("price", "0")),
        "CostCenter": form.get("CostCenter") or None,
    }
