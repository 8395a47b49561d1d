"""Pages for people: enter a bill, change it, see what was released and by whom, the employees."""

from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.utils import redirect

from mlconnector.sandbox import html
from mlconnector.sandbox.acumatica.contract import BILL_TYPES, ENTITIES, ORDER_TYPES
from mlconnector.sandbox.acumatica.state import Record
from mlconnector.sandbox.acumatica.values import UnreadableError
from mlconnector.sandbox.acumatica.workflow import BUTTONS, Refused, amount_of
from mlconnector.sandbox.kit import Response, Route

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

SITE = "Acumatica (simuliert)"
STATUSES = ("Balanced", "On Hold", "Pending Approval")
# Fields that the form on a document's page changes: name -> label.
BILL_FIELDS = {"Amount": "Betrag / Amount", "Description": "Text", "DueDate": "Fällig / Due"}
ORDER_FIELDS = {"OrderTotal": "Summe / Total", "Description": "Text", "PromisedOn": "Zugesagt / Promised"}
SCREENS = {entity.screen: entity for entity in ENTITIES.values()}


class Pages:
    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("page.home", "GET", "/", self.home),
            Route("page.orders", "GET", "/orders", self.orders),
            Route("page.employees", "GET", "/employees", self.employees),
            Route("page.history", "GET", "/history", self.history),
            Route("page.link", "GET", "/Main", self.link),
            Route("page.enter", "POST", "/enter", self.enter),
            Route("page.document", "GET", "/document/<record_id>", self.document),
            Route("page.change", "POST", "/document/<record_id>/change", self.change),
            Route("page.press", "POST", "/document/<record_id>/press", self.press),
            Route("page.delete", "POST", "/document/<record_id>/delete", self.delete),
        ]

    # --- lists --------------------------------------------------------------------------------------------
    def home(self, request: "Request", fault: str = "") -> Response:
        parts = [html.bad(fault)] if fault else []
        return self._page(
            "Rechnungen / Bills",
            *parts,
            self._documents("Bill"),
            html.heading("Rechnung erfassen / Enter a bill"),
            html.form(
                self._to("/enter"),
                "Speichern / Save",
                html.choice("tenant", "Mandant / Tenant", [(name, name) for name in self.sim.tenants]),
                html.choice("vendor", "Lieferant / Vendor", self._vendors()),
                html.field("amount", "Betrag / Amount", "119.00"),
                html.field("description", "Text", "Lieferung"),
                html.field("vendor_ref", "Rechnungsnummer / Vendor ref", "RE-4711"),
                html.choice("status", "Status", [(status, status) for status in STATUSES]),
            ),
            status=400 if fault else 200,
        )

    def orders(self, request: "Request") -> Response:
        return self._page("Bestellungen / Purchase orders", self._documents("PurchaseOrder"))

    def employees(self, request: "Request") -> Response:
        rows = [
            (
                record.tenant,
                record.value("EmployeeID"),
                record.value("EmployeeName"),
                record.linked.get("ContactInfo", {}).get("Email"),
                record.linked.get("EmployeeSettings", {}).get("DepartmentID"),
                record.value("Status"),
            )
            for record in self._all("Employee")
        ]
        headings = ("Mandant", "Nummer", "Name", "E-Mail", "Abteilung", "Status")
        return self._page("Beschäftigte / Employees", html.table(headings, rows))

    def history(self, request: "Request") -> Response:
        return self._page("Freigaben / Actions", self._actions())

    def _actions(self, record_id: str = "") -> Markup:
        rows = [
            (
                done.at.strftime("%Y-%m-%d %H:%M:%S"),
                done.tenant,
                html.link(done.ref, self._to(f"/document/{done.id}")),
                done.action,
                str(done.amount),
                done.user,
                f"{done.before} → {done.after}",
                html.bad(done.refusal) if done.refusal else html.good("ok"),
            )
            for done in reversed(self.sim.done)
            if record_id in ("", done.id)
        ]
        headings = ("Zeit (UTC)", "Mandant", "Beleg", "Aktion", "Betrag", "Benutzer", "Status", "Ergebnis")
        return html.table(headings, rows)

    def _documents(self, entity: str) -> Markup:
        vendor = "Vendor" if entity == "Bill" else "VendorID"
        rows = [
            (
                record.tenant,
                html.link(record.ref, self._to(f"/document/{record.id}")),
                record.value(vendor),
                record.value("Description"),
                f"{amount_of(record):.2f} {record.value('CurrencyID')}",
                record.value("DueDate" if entity == "Bill" else "PromisedOn"),
                _status(record),
            )
            for record in self._all(entity)
        ]
        return html.table(("Mandant", "Beleg", "Lieferant", "Text", "Betrag", "Fällig", "Status"), rows)

    # --- one document -------------------------------------------------------------------------------------
    def link(self, request: "Request") -> Response:
        """The deep link of the real screens: ?ScreenId=AP301000&DocType=INV&RefNbr=000123&CompanyID=..."""
        args = request.args
        tenant = self.sim.tenants.get(args.get("CompanyID", "")) or next(iter(self.sim.tenants.values()))
        entity = SCREENS.get(args.get("ScreenId", ""))
        codes = {code: label for label, code in (BILL_TYPES | ORDER_TYPES).items()}
        kind = args.get("DocType") or args.get("OrderType") or ""
        number = args.get("RefNbr") or args.get("OrderNbr") or ""
        record = tenant.by_key(entity.name, (codes.get(kind, kind), number)) if entity else None
        return redirect(self._to(f"/document/{record.id}"), 303, Response) if record else self._missing()

    def document(self, request: "Request", record_id: str, fault: str = "") -> Response:
        record = self._record(record_id)
        if record is None:
            return self._missing()
        fields = [(name, str(record.value(name) or "")) for name in record.entity.shape.fields]
        editable = BILL_FIELDS if record.entity.name == "Bill" else ORDER_FIELDS
        inputs = [html.field(name, label, _input(record.value(name))) for name, label in editable.items()]
        lines = [
            (
                row.get("LineNbr"),
                row.get("TransactionDescription") or row.get("LineDescription"),
                str(row.get("Amount") or row.get("ExtendedCost") or ""),
            )
            for row in record.arrays.get("Details", [])
        ]
        files = [(file.name, len(file.content), file.revision) for file in record.files]
        return self._page(
            record.ref,
            *([html.bad(fault)] if fault else []),
            _status(record),
            html.heading("Ändern / Change"),
            html.form(self._to(f"/document/{record.id}/change"), "Speichern / Save", *inputs),
            self._buttons(record),
            html.heading("Felder / Fields"),
            html.table(("Feld", "Wert"), fields),
            html.heading("Positionen / Lines"),
            html.table(("Nr.", "Text", "Betrag"), lines),
            html.heading("Dateien / Files"),
            html.table(("Name", "Bytes", "Version"), files),
            html.heading("Aktionen / Actions"),
            self._actions(record.id),
            status=400 if fault else 200,
        )

    def _buttons(self, record: Record) -> Markup:
        known = self.sim.tenants[record.tenant].actions.get(record.entity.name, {})
        forms = [
            html.form(
                self._to(f"/document/{record.id}/press"),
                f"{BUTTONS[effect]} ({action})",
                html.hidden("action", action),
            )
            for action, effect in known.items()
        ]
        forms.append(html.form(self._to(f"/document/{record.id}/delete"), "Löschen / Delete"))
        return Markup("").join(forms)

    # --- what people do -----------------------------------------------------------------------------------
    def enter(self, request: "Request") -> Response:
        given = {name: value for name, value in request.form.items() if value}
        try:
            self.sim.add_bill(**given)
        except (UnreadableError, ArithmeticError, KeyError, TypeError, ValueError):
            return self.home(request, "Bitte prüfen: Betrag als 119.00 / Please check: amount as 119.00")
        return redirect(self._to("/"), 303, Response)

    def change(self, request: "Request", record_id: str) -> Response:
        record = self._record(record_id)
        if record is None:
            return self._missing()
        given = {name: value or None for name, value in request.form.items()}
        change = self.sim.change_bill if record.entity.name == "Bill" else self.sim.change_purchase_order
        try:
            change(record_id, tenant=record.tenant, **given)
        except (UnreadableError, TypeError, ValueError) as error:
            return self.document(request, record_id, str(error))
        return redirect(self._to(f"/document/{record_id}"), 303, Response)

    def press(self, request: "Request", record_id: str) -> Response:
        record = self._record(record_id)
        if record is None:
            return self._missing()
        try:
            self.sim.press(
                record.entity.name, record_id, request.form.get("action", ""), tenant=record.tenant
            )
        except (Refused, KeyError) as error:
            return self.document(request, record_id, str(error))
        return redirect(self._to(f"/document/{record_id}"), 303, Response)

    def delete(self, request: "Request", record_id: str) -> Response:
        record = self._record(record_id)
        if record is None:
            return self._missing()
        self.sim.remove(record)
        return redirect(self._to("/"), 303, Response)

    # --- inside -------------------------------------------------------------------------------------------
    def _page(self, title: str, *parts: str, status: int = 200) -> Response:
        links = (
            ("Rechnungen / Bills", self._to("/")),
            ("Bestellungen / Orders", self._to("/orders")),
            ("Freigaben / Actions", self._to("/history")),
            ("Beschäftigte / Employees", self._to("/employees")),
        )
        return html.page(SITE, title, *parts, links=links, status=status)

    def _missing(self) -> Response:
        return self._page("Nicht gefunden / Not found", status=404)

    def _to(self, path: str) -> str:
        return f"{self.sim.instance}{path}"

    def _all(self, entity: str) -> list[Record]:
        found = [record for tenant in self.sim.tenants.values() for record in tenant.all(entity)]
        return sorted(found, key=lambda record: record.modified_at, reverse=True)

    def _record(self, record_id: str) -> Record | None:
        found = (tenant.records.get(record_id) for tenant in self.sim.tenants.values())
        record = next((one for one in found if one), None)
        return record if record and record.entity.name in ("Bill", "PurchaseOrder") else None

    def _vendors(self) -> list[tuple[str, str]]:
        found = {str(record.value("VendorID")): record for record in self._all("Vendor")}
        return sorted((number, str(record.value("VendorName"))) for number, record in found.items())


def _status(record: Record) -> Any:
    status = record.value("Status")
    if status in ("Open", "Closed"):
        return html.good(status)
    return html.bad(status) if status in ("Rejected", "Voided") else status


def _input(value: Any) -> str:
    return "" if value is None else str(value)
