"""What the screens' actions do to a bill or a purchase order, and in which status they may be pressed.

Source: Acumatica user guide, statuses and approval; names of the actions differ per instance, see
`Tenant.actions` (read 2026-11).
"""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.acumatica import errors
from mlconnector.sandbox.acumatica.state import Done, Record, Tenant, new_id

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

# entity -> name of the action -> effect; a copy is each tenant's own.
DEFAULT_ACTIONS = {
    "Bill": {
        "ReleaseBill": "release",
        "ReverseBill": "reverse",
        "ReleaseRetainage": "retainage",
        "Approve": "approve",
        "Reject": "reject",
        "ReleaseFromHold": "unhold",
        "PutOnHold": "hold",
    },
    "PurchaseOrder": {
        "Approve": "approve",
        "Reject": "reject",
        "ReleaseFromHold": "unhold",
        "PutOnHold": "hold",
    },
}
# effect -> statuses in which its button is enabled
ENABLED = {
    "release": {"Balanced"},
    "reverse": {"Open", "Closed"},
    # Bills with retainage are not simulated.
    "retainage": set(),
    "approve": {"Pending Approval"},
    "reject": {"Pending Approval"},
    "unhold": {"On Hold"},
    "hold": {"Balanced", "Open", "Pending Approval", "Rejected", "Pending Printing", "Pending Email"},
}
# An open bill is released: it never goes back on hold.
RELEASED = {"Bill": {"Open", "Closed", "Voided", "Pre-Released"}, "PurchaseOrder": {"Completed", "Closed"}}
BUTTONS = {"release": "Release", "reverse": "Reverse", "retainage": "Release Retainage", "hold": "Hold"}
BUTTONS |= {"approve": "Approve", "reject": "Reject", "unhold": "Remove Hold"}


class Refused(Exception):  # noqa: N818 - not an error of ours
    """A business error of an action; `kind` is the exception's type."""

    def __init__(self, text: str, kind: str = errors.PX_EXCEPTION) -> None:
        super().__init__(text)
        self.text, self.kind = text, kind

    def body(self) -> dict[str, Any]:
        return errors.body_of(self.text, self.kind)


def is_released(record: Record) -> bool:
    return record.value("Status") in RELEASED.get(record.entity.name, set())


def amount_of(record: Record) -> Any:
    """The total that people approve: a bill's amount, an order's total."""
    return record.value("Amount" if record.entity.name == "Bill" else "OrderTotal")


class Workflow:
    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim

    def check(self, record: Record, effect: str) -> None:
        """Raises Refused when the button is disabled."""
        tenant = self.sim.tenants[record.tenant]
        may = record.value("Status") in ENABLED[effect]
        if effect == "hold" and is_released(record):
            may = False
        if effect in ("approve", "reject") and "Approval" not in tenant.features:
            may = False
        if not may:
            raise Refused(f"Error: The {BUTTONS[effect]} button is disabled.", errors.DISABLED)

    def run(self, record: Record, action: str, effect: str, user: str, parameters: Any = None) -> None:
        """Let the action take effect. Raises Refused; either way the release log has a line."""
        before = record.value("Status")
        refusal = ""
        try:
            if self.sim.options.refuse_actions:
                raise Refused(self.sim.options.refuse_actions.pop(0))
            self.check(record, effect)
            getattr(self, effect)(record, user, parameters or {})
        except Refused as refused:
            refusal = refused.text
            raise
        finally:
            self.sim.done.append(
                Done(
                    self.sim.clock.now(),
                    record.tenant,
                    record.entity.name,
                    record.id,
                    record.ref,
                    action,
                    effect,
                    user,
                    amount_of(record),
                    before,
                    record.value("Status"),
                    refusal,
                )
            )

    # --- effects ------------------------------------------------------------------------------------------
    def release(self, record: Record, user: str, parameters: Any) -> None:
        period = record.value("PostPeriod")
        if period in self.sim.tenants[record.tenant].closed_periods:
            raise Refused(f"The {period[:2]}-{period[2:]} financial period is closed in Accounts Payable.")
        with self.sim.changing(record):
            record.values["Status"] = "Open" if record.value("Balance") else "Closed"
            record.values["Hold"] = False

    def reverse(self, record: Record, user: str, parameters: Any) -> None:
        """A debit adjustment over the same amounts, on hold."""
        tenant = self.sim.tenants[record.tenant]
        values = dict(record.values) | {
            "Type": "Debit Adj.",
            "ReferenceNbr": tenant.next_number(record.entity, "Debit Adj."),
            "Status": "On Hold",
            "Hold": True,
        }
        now = self.sim.stamp()
        lines = [dict(row) | {"_id": new_id()} for row in record.arrays.get("Details", [])]
        made = Record(record.entity, new_id(), record.tenant, now, now, values, {"Details": lines})
        with self.sim.changing(made):
            tenant.records[made.id] = made

    def approve(self, record: Record, user: str, parameters: Any) -> None:
        """One step of the map. Only the last one changes the status and the record's stamp."""
        tenant = self.sim.tenants[record.tenant]
        self._check_approver(tenant, record, user, parameters)
        steps = tenant.steps(record.entity.name)
        if len(record.approved_by) + 1 < len(steps):
            record.approved_by.append(user)
            return
        with self.sim.changing(record):
            record.approved_by.append(user)
            record.values["Status"] = self.ready(tenant, record)

    def reject(self, record: Record, user: str, parameters: Any) -> None:
        self._check_approver(self.sim.tenants[record.tenant], record, user, parameters)
        with self.sim.changing(record):
            record.values["Status"] = "Rejected"

    def hold(self, record: Record, user: str, parameters: Any) -> None:
        with self.sim.changing(record):
            record.approved_by.clear()
            record.values |= {"Status": "On Hold", "Hold": True}

    def unhold(self, record: Record, user: str, parameters: Any) -> None:
        with self.sim.changing(record):
            self.take_off_hold(record)

    # --- statuses -----------------------------------------------------------------------------------------
    def take_off_hold(self, record: Record) -> None:
        """To approval where the tenant has a map for it, else ready; inside of a change()."""
        tenant = self.sim.tenants[record.tenant]
        steps = tenant.steps(record.entity.name)
        needs_approval = bool(steps) and "Approval" in tenant.features
        status = "Pending Approval" if needs_approval else self.ready(tenant, record)
        record.approved_by.clear()
        record.values |= {"Hold": False, "Status": status}

    def ready(self, tenant: Tenant, record: Record) -> str:
        """The status after approval. An order may have to be printed or e-mailed, as its vendor says."""
        if record.entity.name == "Bill":
            return "Balanced"
        vendor = tenant.by_key("Vendor", (str(record.value("VendorID")),))
        if vendor is not None and vendor.value("PrintOrders"):
            return "Pending Printing"
        if vendor is not None and vendor.value("SendOrdersbyEmail"):
            return "Pending Email"
        return "Open"

    def _check_approver(self, tenant: Tenant, record: Record, user: str, parameters: Any) -> None:
        given = tenant.approval.get(record.entity.name)
        if given is None or not given.steps:
            return
        wanted = given.steps[min(len(record.approved_by), len(given.steps) - 1)]
        if user != wanted:
            raise Refused("You are not an authorized approver for the document.")
        if given.reason_required and not parameters.get("custom"):
            raise Refused("A reason for the approval must be specified.")
