"""How helpers find, add, change and delete records; see helpers.py for what tests call."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.acumatica.contract import ENTITIES
from mlconnector.sandbox.acumatica.defaults import document_defaults
from mlconnector.sandbox.acumatica.state import Record, Row, Tenant, new_id
from mlconnector.sandbox.acumatica.values import read

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

# Short names of fields, by entity.
NAMES = {
    "Bill": {
        "type": "Type",
        "number": "ReferenceNbr",
        "vendor": "Vendor",
        "amount": "Amount",
        "tax": "TaxTotal",
        "currency": "CurrencyID",
        "branch": "BranchID",
        "date": "Date",
        "due": "DueDate",
        "description": "Description",
        "vendor_ref": "VendorRef",
        "status": "Status",
        "period": "PostPeriod",
        "project": "Project",
        "balance": "Balance",
    },
    "PurchaseOrder": {
        "type": "Type",
        "number": "OrderNbr",
        "vendor": "VendorID",
        "amount": "OrderTotal",
        "tax": "TaxTotal",
        "currency": "CurrencyID",
        "branch": "Branch",
        "date": "Date",
        "due": "PromisedOn",
        "description": "Description",
        "vendor_ref": "VendorRef",
        "status": "Status",
        "project": "Project",
        "owner": "Owner",
    },
    "Employee": {"number": "EmployeeID", "name": "EmployeeName", "status": "Status"},
    "Vendor": {
        "number": "VendorID",
        "name": "VendorName",
        "status": "Status",
        "vendor_class": "VendorClass",
        "currency": "CurrencyID",
    },
    "VendorClass": {"number": "ClassID", "description": "Description"},
}


class World:
    """The base of Helpers."""

    def _tenant(self: "AcumaticaSimulator", name: str) -> Tenant:
        return self.tenants[name] if name else next(iter(self.tenants.values()))

    def find(self: "AcumaticaSimulator", entity: str, ref: str, tenant: str = "") -> Record:
        """Raises KeyError for what isn't there."""
        place = self._tenant(tenant)
        if ref in place.records:
            return place.records[ref]
        found = [record for record in place.all(entity) if ref in (record.ref, record.key[-1])]
        if len(found) != 1:
            raise KeyError(f"There are {len(found)} records {entity} {ref!r}.")
        return found[0]

    def _add(
        self: "AcumaticaSimulator",
        entity: str,
        tenant: str,
        given: Mapping[str, Any],
        lines: Iterable[Mapping[str, Any]] = (),
        custom: Mapping[str, Any] | None = None,
    ) -> Record:
        with self.lock:
            place, kind = self._tenant(tenant), ENTITIES[entity]
            now = self.stamp()
            today = now.astimezone(place.zone).date()
            record = Record(kind, new_id(), place.name, now, now)
            default = "Bill" if entity == "Bill" else "Normal"
            record.values = document_defaults(kind, given.get("type", default), place.branches[0], today)
            with self.changing(record):
                self._put(record, place, given)
                number = record.values.get(kind.number)
                if not number:
                    record.values[kind.number] = place.next_number(kind, str(record.value("Type") or ""))
                record.arrays["Details"] = [self._line(record, place, line) for line in lines]
                for name, value in (custom or {}).items():
                    record.custom[name] = value if isinstance(value, tuple) else ("CustomStringField", value)
                    place.custom_fields.setdefault(entity, {})[name] = record.custom[name][0]
                place.records[record.id] = record
            return record

    def _line(self, record: Record, place: Tenant, line: Mapping[str, Any]) -> Row:
        """A row of details; a name with a dot ("Transactions.UsrX") is a user-defined field."""
        shape = record.entity.shape.arrays["Details"]
        custom = {name: ("CustomStringField", value) for name, value in line.items() if "." in name}
        fields = {
            name: read(value, shape.kind(name), place.zone) for name, value in line.items() if "." not in name
        }
        return {"_id": new_id(), "_custom": custom} | fields

    def _put(self: "AcumaticaSimulator", record: Record, place: Tenant, given: Mapping[str, Any]) -> None:
        shape = record.entity.shape
        named = {NAMES[record.entity.name].get(name, name): value for name, value in given.items()}
        for name, value in named.items():
            if name not in shape.fields:
                raise ValueError(f"{shape.name} has no field {name!r}.")
            record.values[name] = read(value, shape.kind(name), place.zone)
        if "Status" in named and "Hold" in shape.fields:
            record.values["Hold"] = named["Status"] == "On Hold"
        if "Amount" in named and "Balance" not in named:
            record.values["Balance"] = record.values["Amount"]

    def _change(
        self: "AcumaticaSimulator", entity: str, ref: str, tenant: str, fields: Mapping[str, Any]
    ) -> None:
        with self.lock:
            record = self.find(entity, ref, tenant)
            with self.changing(record):
                self._put(record, self.tenants[record.tenant], fields)

    def _delete(self: "AcumaticaSimulator", entity: str, ref: str, tenant: str) -> None:
        with self.lock:
            self.remove(self.find(entity, ref, tenant))

    def _shown(self: "AcumaticaSimulator", entity: str, ref: str, tenant: str) -> Row:
        with self.lock:
            self.work()
            record = self.find(entity, ref, tenant)
            fields = {name: record.value(name) for name in record.entity.shape.fields}
            return fields | {
                "id": record.id,
                "lines": record.arrays.get("Details", []),
                "files": [file.name for file in record.files],
                "note": record.note,
            }
