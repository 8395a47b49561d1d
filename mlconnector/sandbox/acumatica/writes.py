"""PUT and PATCH: which record is meant, what is wrong with the fields, and what they change.

Source: Acumatica integration development guide, creating and updating records; 422 form (read 2026-11).
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.acumatica import errors, filters
from mlconnector.sandbox.acumatica.contract import BILL_TYPES, ORDER_TYPES, EntityType, Shape
from mlconnector.sandbox.acumatica.defaults import document_defaults
from mlconnector.sandbox.acumatica.shapes import with_errors
from mlconnector.sandbox.acumatica.state import Record, Row, Tenant, new_id
from mlconnector.sandbox.acumatica.values import UnreadableError, answer, read, wrapped
from mlconnector.sandbox.acumatica.workflow import is_released
from mlconnector.sandbox.kit import AnswerNow

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.call import ApiCall

# Sent back as they were read, these change nothing.
READ_ONLY = {
    "Balance",
    "CreatedDateTime",
    "IsTaxValid",
    "LastModifiedDateTime",
    "LineTotal",
    "OrderTotal",
    "Status",
    "TaxTotal",
}
SYSTEM = {"id", "rowNumber", "note", "custom", "_links", "files", "error", "delete"}
# Fields that must name something known: entity.field -> entity.
REFERENCES = {
    ("Bill", "Vendor"): "Vendor",
    ("PurchaseOrder", "VendorID"): "Vendor",
    ("Vendor", "VendorClass"): "VendorClass",
}
LABELS = {
    "Bill": {"Type": set(BILL_TYPES)},
    "PurchaseOrder": {"Type": set(ORDER_TYPES)},
    "Employee": {"Status": {"Active", "On Hold", "Hold Payments", "One-Time", "Inactive"}},
}
SCREEN_NAMES = {"Bill": "AP Invoice", "PurchaseOrder": "Purchase Order"}


def found(call: "ApiCall", entity: EntityType, body: Row) -> Record | None:
    """The record meant by `id`, by the keys in the body, or by $filter in the address."""
    if body.get("id"):
        record = call.tenant.records.get(str(body["id"]).lower())
        return record if record is not None and record.entity is entity else None
    key = tuple(str(_value(body, name) or "") for name in entity.keys)
    if all(key):
        return call.tenant.by_key(entity.name, key)
    condition = call.request.args.get("$filter")
    if not condition:
        return None
    test = filters.parsed(condition, entity, call.tenant.zone, call.sim.options.unknown_name_status)
    matching = [record for record in call.tenant.all(entity.name) if test(record)]
    if len(matching) > 1:
        raise errors.failed("Multiple records satisfy the condition.")
    return matching[0] if matching else None


def insert(call: "ApiCall", entity: EntityType, body: Row) -> Record:
    """A new record; without a number it gets the next one. Raises AnswerNow 400, 422."""
    now = call.sim.stamp()
    record = Record(entity, new_id(), call.tenant.name, now, now)
    record.values = _defaults(call, entity, body)
    _refuse_faults(call, record, body)
    with call.sim.changing(record):
        if not record.values.get(entity.number):
            given = _value(body, entity.number)
            record.values[entity.number] = given or call.tenant.next_number(
                entity, str(record.values.get("Type", ""))
            )
        call.tenant.records[record.id] = record
        _apply(call, record, body)
    return record


def update(call: "ApiCall", record: Record, body: Row) -> None:
    """Apply what the body says beside the keys. Nothing to apply: nothing changes. Raises AnswerNow."""
    named = set(body) - SYSTEM - set(record.entity.keys) - _read_only(record)
    has_custom = any(body.get("custom", {}).values()) or body.get("note")
    if not named and not has_custom:
        return
    _refuse_faults(call, record, body)
    if is_released(record):
        _refuse(call, record, body, {}, "The document has been released and cannot be changed.")
    with call.sim.changing(record):
        _apply(call, record, body)


# --- what is wrong ----------------------------------------------------------------------------------------
def _refuse_faults(call: "ApiCall", record: Record, body: Row) -> None:
    shape = record.entity.shape
    faults = _faults(call.tenant, shape, body)
    for name, inner in shape.arrays.items():
        for number, row in enumerate(_rows(body, name)):
            inside = _faults(call.tenant, inner, row)
            faults |= {f"{name}[{number}].{field}": text for field, text in inside.items()}
    for name, inner in shape.linked.items():
        inside = _faults(call.tenant, inner, body.get(name) or {})
        faults |= {f"{name}/{field}": text for field, text in inside.items()}
    if faults:
        screen = SCREEN_NAMES.get(record.entity.name, record.entity.name)
        text = f"Updating '{screen}' record raised at least one error. Please review the errors."
        _refuse(call, record, body, faults, text)


def _refuse(call: "ApiCall", record: Record, body: Row, faults: dict[str, str], text: str) -> None:
    """422 with the entity itself, as far as it was sent."""
    shown: Row = {"id": record.id, "rowNumber": 1}
    for name, value in body.items():
        if isinstance(value, dict) and name not in SYSTEM and name not in record.entity.shape.linked:
            shown[name] = wrapped(value.get("value"), call.tenant.zone)
    for name in record.entity.shape.arrays:
        if body.get(name):
            shown[name] = [{"id": new_id(), "rowNumber": n} for n, _ in enumerate(body[name], 1)]
    raise AnswerNow(answer(with_errors(shown, faults, text), 422))


def _faults(tenant: Tenant, shape: Shape, body: Row) -> dict[str, str]:
    """Field -> what is wrong with it. Raises AnswerNow 400 for what isn't a field or isn't wrapped."""
    faults = {}
    for name, wrapper in body.items():
        if name in SYSTEM or name in shape.arrays or name in shape.linked:
            continue
        if name not in shape.fields or not isinstance(wrapper, dict):
            raise errors.plain(400, f"The request is invalid. Unexpected content of '{name}'.")
        try:
            value = read(wrapper.get("value"), shape.kind(name), tenant.zone)
        except UnreadableError as error:
            faults[name] = str(error)
            continue
        text = _reference_fault(tenant, shape.name, name, value)
        if text:
            faults[name] = text
    return faults


def _reference_fault(tenant: Tenant, shape: str, name: str, value: Any) -> str:
    if value is None:
        return ""
    target = REFERENCES.get((shape, name))
    if target and tenant.by_key(target, (str(value),)) is None:
        return f"'{name}' cannot be found in the system."
    labels = LABELS.get(shape, {}).get(name)
    if labels and value not in labels:
        return f"'{value}' is not a valid value of '{name}'."
    is_branch = (shape, name) in (("Bill", "BranchID"), ("PurchaseOrder", "Branch"))
    if is_branch and value not in tenant.branches:
        return f"'{name}' cannot be found in the system."
    if name == "Project" and tenant.projects and value not in tenant.projects:
        return f"Project '{value:<10}' cannot be found in the system."
    return ""


# --- what changes -----------------------------------------------------------------------------------------
def _apply(call: "ApiCall", record: Record, body: Row) -> None:
    """Put the fields into the record; they were found to be right."""
    shape, zone = record.entity.shape, call.tenant.zone
    given = {
        name: read(wrapper.get("value"), shape.kind(name), zone)
        for name, wrapper in body.items()
        if name in shape.fields and name not in _read_only(record) and name != "Hold"
    }
    record.values |= given
    if "note" in body:
        record.note = str((body["note"] or {}).get("value") or "")
    for view, fields in (body.get("custom") or {}).items():
        for name, entry in fields.items():
            record.custom[f"{view}.{name}"] = (entry["type"], entry.get("value"))
    for name, inner in shape.linked.items():
        _merge(inner, record.linked.setdefault(name, {}), body.get(name) or {}, call)
    for name, inner in shape.arrays.items():
        _apply_rows(call, record, name, inner, _rows(body, name))
    recount(record, keep_amount="Amount" in given or "ControlTotal" in given)
    hold = read((body.get("Hold") or {}).get("value"), "flag", zone)
    if hold is True and record.value("Status") != "On Hold":
        record.values |= {"Hold": True, "Status": "On Hold"}
    elif hold is False and record.value("Status") == "On Hold":
        call.sim.workflow.take_off_hold(record)


def _read_only(record: Record) -> set[str]:
    """`Status` can be written where no workflow owns it."""
    return READ_ONLY if record.entity.name in SCREEN_NAMES else READ_ONLY - {"Status"}


def _merge(shape: Shape, values: Row, body: Row, call: "ApiCall") -> None:
    for name, wrapper in body.items():
        if name in shape.fields:
            values[name] = read(wrapper.get("value"), shape.kind(name), call.tenant.zone)
        elif name in shape.linked:
            _merge(shape.linked[name], values.setdefault(name, {}), wrapper or {}, call)


def _apply_rows(call: "ApiCall", record: Record, name: str, shape: Shape, rows: list[Row]) -> None:
    """With an id: changed or removed. Without: one more row."""
    kept = record.arrays.setdefault(name, [])
    ids = {call.writer().row_id(row): row for row in kept}
    for given in rows:
        row = ids.get(str(given.get("id", "")))
        if given.get("delete") is True:
            kept[:] = [one for one in kept if one is not row]
            continue
        if row is None:
            row = {"_id": new_id()}
            if "LineNbr" in shape.fields:
                row["LineNbr"] = 1 + max((one.get("LineNbr", 0) for one in kept), default=0)
            kept.append(row)
        _merge(shape, row, given, call)


def recount(record: Record, *, keep_amount: bool) -> None:
    """Totals from the lines, unless an amount was given; the balance of an open document is its amount."""
    lines = record.arrays.get("Details", [])
    tax = record.values.get("TaxTotal") or Decimal(0)
    total = sum((_extended(row) for row in lines), Decimal(0)) + tax
    if record.entity.name == "Bill":
        if lines and not keep_amount:
            record.values["Amount"] = total
        record.values["Balance"] = record.values.get("Amount")
    elif record.entity.name == "PurchaseOrder" and lines and not keep_amount:
        record.values |= {"OrderTotal": total, "LineTotal": total - tax, "ControlTotal": total}


def _extended(row: Row) -> Decimal:
    for name in ("ExtendedCost", "Amount"):
        if row.get(name) is not None:
            return row[name]
    quantity = row.get("Qty") or row.get("OrderQty") or Decimal(0)
    return quantity * (row.get("UnitCost") or Decimal(0))


def _defaults(call: "ApiCall", entity: EntityType, body: Row) -> Row:
    """What a new record has before anything is entered."""
    today = call.sim.clock.now().astimezone(call.tenant.zone).date()
    branch = call.request.headers.get("PX-CbApiBranch") or call.session.branch
    kind = str(_value(body, "Type") or ("Bill" if entity.name == "Bill" else "Normal"))
    return document_defaults(entity, kind, branch, today)


def _value(body: Row, name: str) -> Any:
    wrapper = body.get(name)
    return wrapper.get("value") if isinstance(wrapper, dict) else None


def _rows(body: Row, name: str) -> list[Row]:
    rows = body.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise errors.plain(400, f"The request is invalid. Unexpected content of '{name}'.")
    return rows
