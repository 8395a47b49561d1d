"""Pages for people: invoices with lines and totals, and the buttons a person in sales would press."""

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from markupsafe import Markup
from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.dynamics import wire
from mlconnector.sandbox.dynamics.render import amount, title
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

SITE = "Dynamics 365 Sales (simuliert)"
LINKS = (("Rechnungen / Invoices", "/"), ("Kunden / Customers", "/customers"), ("Webhooks", "/webhooks"))
# What a person may do in each state: (helper, button).
BUTTONS = {
    0: (("bill", "Fakturieren / Bill"), ("pay", "Bezahlt / Paid"), ("cancel", "Stornieren / Cancel")),
    2: (("cancel", "Stornieren / Cancel"), ("reactivate", "Reaktivieren / Reactivate")),
    3: (("reactivate", "Reaktivieren / Reactivate"),),
}
SUMS = (
    ("totallineitemamount", "Positionen netto / Lines net"),
    ("totaldiscountamount", "Rabatt / Discount"),
    ("freightamount", "Fracht / Freight"),
    ("totaltax", "Steuer / Tax"),
    ("totalamount", "Summe / Total"),
)


class Pages:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("page.home", "GET", "/", self.home),
            Route("page.customers", "GET", "/customers", self.customers),
            Route("page.webhooks", "GET", "/webhooks", self.webhooks),
            Route("page.invoice", "GET", "/invoices/<row_id>", self.invoice),
            Route("page.press", "POST", "/invoices/<row_id>/press", self.press),
            Route("page.line", "POST", "/invoices/<row_id>/line", self.line),
        ]

    def _page(self, title: str, *parts: str, status: int = 200) -> Response:
        return html.page(SITE, title, *parts, links=LINKS, status=status)

    def _missing(self) -> Response:
        return self._page("Nicht gefunden / Not found", status=404)

    # --- parts --------------------------------------------------------------------------------------------
    def _money(self, row: Row, name: str) -> str:
        currency = self.sim.known.target(row.values["transactioncurrencyid"])
        code = currency.values["isocurrencycode"] if currency else ""
        return amount(row.values[name] or Decimal(0), code)

    def _status(self, row: Row) -> str:
        found = self.sim.known.tables["invoice"].columns["statuscode"].choice(row.values["statuscode"])
        text = f"{found.german} / {found.english}" if found else str(row.values["statuscode"])
        mark = {0: html.good, 2: html.good, 3: html.bad}.get(row.values["statecode"])
        return mark(text) if mark and row.values["statuscode"] != 1 else text

    def _buttons(self, row: Row) -> str:
        action = f"/invoices/{row.id}/press"
        wanted = BUTTONS.get(row.values["statecode"], ())
        if row.values["statuscode"] == 4:
            wanted = tuple(entry for entry in wanted if entry[0] != "bill")
        return Markup("").join(html.form(action, text, html.hidden("what", what)) for what, text in wanted)

    # --- pages --------------------------------------------------------------------------------------------
    def home(self, request: "Request") -> Response:
        invoices = list(self.sim.known.all("invoice"))
        sums: Counter[tuple[str, str]] = Counter()
        amounts: dict[tuple[str, str], Decimal] = {}
        for row in invoices:
            currency = self.sim.known.target(row.values["transactioncurrencyid"])
            key = (currency.values["isocurrencycode"] if currency else "", str(self._status(row)))
            sums[key] += 1
            amounts[key] = amounts.get(key, Decimal(0)) + (row.values["totalamount"] or 0)
        totals = [
            (code, Markup(status), count, amount(amounts[code, status], code))  # noqa: S704 - made by html.good
            for (code, status), count in sorted(sums.items())
        ]
        rows = [
            (
                html.link(row.values["invoicenumber"], f"/invoices/{row.id}"),
                title(self.sim, row.values["customerid"]) or "",
                self._status(row),
                self._money(row, "totalamount"),
                len(self.sim.known.pointing("annotation", "objectid", row)),
                self._buttons(row),
            )
            for row in invoices
        ]
        names = ("Nummer / Number", "Kunde / Customer", "Status", "Summe / Total", "Notizen", "")
        return self._page(
            "Rechnungen / Invoices",
            html.heading("Summen je Währung / Sums per currency"),
            html.table(("Währung", "Status", "Anzahl", "Summe"), totals),
            html.heading("Alle / All"),
            html.table(names, rows),
        )

    def invoice(self, request: "Request", row_id: str, refused: str = "") -> Response:
        row = self.sim.known.get("invoice", row_id)
        if row is None:
            return self._missing()
        lines = [
            (
                line.values["lineitemnumber"],
                line.values["productdescription"] or line.values["productname"] or "",
                f"{line.values['quantity']:f}",
                *(self._money(line, name) for name in ("priceperunit", "manualdiscountamount", "tax")),
                self._money(line, "extendedamount"),
                self._editor(row, line),
            )
            for line in self.sim.known.lines(row)
        ]
        notes = self.sim.known.pointing("annotation", "objectid", row)
        files = [
            (note.values["subject"], note.values["filename"] or "", note.values["filesize"]) for note in notes
        ]
        heads = ("Nr.", "Text", "Menge", "Preis", "Rabatt", "Steuer", "Gesamt / Extended", "")
        return self._page(
            row.values["invoicenumber"],
            html.bad(refused) if refused else "",
            Markup("<p>{} {}</p>").format(self._status(row), self._buttons(row)),
            html.note(
                f"{title(self.sim, row.values['customerid'])} · fällig / due {row.values['duedate'] or '-'}"
            ),
            html.table(heads, lines),
            html.table(("", ""), [(label, self._money(row, name)) for name, label in SUMS]),
            html.heading("Notizen / Notes"),
            html.table(("Betreff", "Datei", "Bytes"), files),
        )

    def _editor(self, row: Row, line: Row) -> str:
        if row.values["statecode"] != 0:
            return ""
        fields = (html.field("price", "", f"{line.values['priceperunit'] or 0:f}"),)
        fields += (html.field("tax", "", f"{line.values['tax'] or 0:f}"), html.hidden("line", line.id))
        return html.form(f"/invoices/{row.id}/line", "Preis und Steuer ändern / Change", *fields)

    def customers(self, request: "Request") -> Response:
        rows = [
            (title(self.sim, row.lookup) or "", row.values.get("accountnumber") or "", table, row.id)
            for table in ("account", "contact")
            for row in self.sim.known.all(table)
        ]
        return self._page("Kunden / Customers", html.table(("Name", "Nummer", "Art", "Id"), rows))

    def webhooks(self, request: "Request") -> Response:
        known = self.sim.known
        steps = [
            (
                step.values["name"],
                endpoint.values["url"] if endpoint else "",
                step.values["filteringattributes"],
            )
            for step in known.all("sdkmessageprocessingstep")
            for endpoint in [known.target(step.values["eventhandler"])]
        ]
        sent = [
            (
                wire.iso(one.at),
                one.headers["x-ms-dynamics-request-name"],
                one.target.partition("?")[0],
                one.status,
            )
            for one in self.sim.deliveries.attempts[-50:]
        ]
        return self._page(
            "Webhooks",
            html.table(("Schritt / Step", "Ziel / Target", "Spalten"), steps),
            html.heading("Zustellungen / Deliveries"),
            html.table(("Zeit", "Nachricht", "Ziel", "Status"), sent),
        )

    # --- buttons ------------------------------------------------------------------------------------------
    def press(self, request: "Request", row_id: str) -> Response:
        row = self.sim.known.get("invoice", row_id)
        if row is None:
            return self._missing()
        what = request.form.get("what", "")
        if what in {name for name, _ in BUTTONS.get(row.values["statecode"], ())}:
            getattr(self.sim, what)(row_id)
        return redirect(f"/invoices/{row_id}", 303, Response)

    def line(self, request: "Request", row_id: str) -> Response:
        row = self.sim.known.get("invoice", row_id)
        line = self.sim.known.get("invoicedetail", request.form.get("line", ""))
        if row is None or line is None or line.values["invoiceid"] != row.lookup:
            return self._missing()
        if row.values["statecode"] != 0:
            return self.invoice(
                request, row_id, "Die Rechnung ist nicht mehr offen / The invoice is not active."
            )
        try:
            price, tax = (Decimal(request.form[name].replace(",", ".")) for name in ("price", "tax"))
        except (InvalidOperation, KeyError):
            return self.invoice(request, row_id, "Das ist kein Betrag / Not an amount.")
        self.sim.change(line.id, priceperunit=price, tax=tax)
        return redirect(f"/invoices/{row_id}", 303, Response)
