"""The entities of the endpoints Default/22.200.001 to 25.200.001 as far as they are simulated.

Source: OpenAPI file and endpoint XML of Default/24.200.001, the vendor's notes on what other versions lack or
add (read 2026-11). Left out: arrays and linked entities of Contact and Vendor that nobody asks for here; the
actions of Employee and Vendor are known by name and answer 404.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

# Kinds of a field: text, number (decimal), day (a date), moment, flag, integer, guid.
KINDS = {"s": "text", "n": "number", "d": "day", "t": "moment", "b": "flag", "i": "integer", "g": "guid"}
Version = tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """Fields (name -> kind) of an entity or of what hangs on it; `view` is its data view for $custom."""

    name: str
    fields: dict[str, str]
    view: str = ""
    arrays: dict[str, "Shape"] = field(default_factory=dict)
    linked: dict[str, "Shape"] = field(default_factory=dict)

    def kind(self, name: str) -> str:
        return KINDS[self.fields[name]]


@dataclass(frozen=True)
class EntityType:
    """A top-level entity. `number` is the field that is numbered on insert; files are named after `title`."""

    shape: Shape
    keys: tuple[str, ...]
    number: str
    graph: str
    title: str
    screen: str
    actions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.shape.name


def _fields(text: str) -> dict[str, str]:
    return {name: kind for name, _, kind in (part.partition(":") for part in text.split())}


ADDRESS = Shape("Address", _fields("AddressLine1:s AddressLine2:s City:s Country:s PostalCode:s State:s"))
CONTACT = Shape(
    "Contact",
    _fields(
        "Active:b Attention:s CompanyName:s ContactID:i DisplayName:s Email:s Fax:s FirstName:s JobTitle:s "
        "LastModifiedDateTime:t LastName:s MiddleName:s Phone1:s Phone1Type:s Phone2:s Title:s WebSite:s"
    ),
    linked={"Address": ADDRESS},
)
TAXES = Shape("BillTaxDetail", _fields("TaxableAmount:n TaxAmount:n TaxID:s TaxRate:n"), "Taxes")
BILL = Shape(
    "Bill",
    _fields(
        "Amount:n ApprovedForPayment:b Balance:n BranchID:s CashAccount:s CurrencyID:s Date:d Description:s "
        "DueDate:d Hold:b IsTaxValid:b LastModifiedDateTime:t LocationID:s PostPeriod:s Project:s "
        "ReferenceNbr:s Status:s TaxTotal:n Terms:s Type:s Vendor:s VendorRef:s"
    ),
    "Document",
    arrays={
        "Details": Shape(
            "BillDetail",
            _fields(
                "Account:s Amount:n Branch:s CalculateDiscountsOnImport:b CostCode:s Description:s "
                "ExtendedCost:n InventoryID:s LCLineNbr:i LCNbr:s LCType:s NonBillable:b POLine:i "
                "POOrderNbr:s POOrderType:s POReceiptLine:i POReceiptNbr:s POReceiptType:s Project:s "
                "ProjectTask:s Qty:n Subaccount:s TaxCategory:s TransactionDescription:s UnitCost:n UOM:s"
            ),
            "Transactions",
        ),
        "TaxDetails": TAXES,
        "Applications": Shape(
            "BillApplicationDetail",
            _fields("AmountPaid:n Balance:n DocType:s ReferenceNbr:s Status:s"),
            "Adjustments",
        ),
    },
)
PURCHASE_ORDER = Shape(
    "PurchaseOrder",
    _fields(
        "BaseCurrencyID:s Branch:s ControlTotal:n CurrencyEffectiveDate:d CurrencyID:s CurrencyRate:n "
        "CurrencyRateTypeID:s CurrencyReciprocalRate:n Date:d Description:s Hold:b IsTaxValid:b "
        "LastModifiedDateTime:t LineTotal:n Location:s OrderNbr:s OrderTotal:n Owner:s Project:s "
        "PromisedOn:d Status:s TaxTotal:n Terms:s Type:s VendorID:s VendorRef:s VendorTaxZone:s"
    ),
    "Document",
    arrays={
        "Details": Shape(
            "PurchaseOrderDetail",
            _fields(
                "Account:s AlternateID:s BranchID:s Cancelled:b Completed:b CostCode:s Description:s "
                "ExtendedCost:n InventoryID:s LineDescription:s LineNbr:i LineType:s OrderNbr:s OrderQty:n "
                "OrderType:s Project:s ProjectTask:s Promised:d QtyOnReceipts:n ReceivedAmount:n Requested:d "
                "Subaccount:s TaxCategory:s UnitCost:n UOM:s WarehouseID:s"
            ),
            "Transactions",
        ),
        "TaxDetails": Shape("PurchaseOrderTaxDetail", TAXES.fields, "Taxes"),
    },
    linked={
        "ShippingInstructions": Shape(
            "ShippingInstructions",
            _fields("ShippingDestinationType:s ShippingLocation:s ShipTo:s Warehouse:s"),
        )
    },
)
EMPLOYEE = Shape(
    "Employee",
    _fields("EmployeeID:s EmployeeName:s LastModifiedDateTime:t Status:s"),
    "Employee",
    arrays={
        "Attributes": Shape(
            "AttributeValue", _fields("AttributeID:s AttributeDescription:s Required:b Value:s")
        ),
        "Delegates": Shape(
            "EmployeeDelegate",
            _fields("Delegate:s DelegationOf:s EmployeeName:s ExpiresOn:d IsActive:b StartsOn:d"),
        ),
        "EmploymentHistory": Shape(
            "EmploymentHistoryRecord",
            _fields("Active:b EndDate:d LineNbr:i PositionID:s StartDate:d StartReason:s Terminated:b"),
        ),
    },
    linked={
        "ContactInfo": CONTACT,
        "EmployeeSettings": Shape(
            "EmployeeSettings",
            _fields(
                "BranchID:s Calendar:s CurrencyID:s DepartmentID:s EmployeeClass:s EmployeeRefNbr:s "
                "LaborItem:s ReportsTo:s Salesperson:s TimeCardIsRequired:b"
            ),
        ),
        "FinancialSettings": Shape(
            "EmployeeFinancialSettings",
            _fields("APAccount:s CashAccount:s ExpenseAccount:s PaymentMethod:s TaxZone:s Terms:s"),
        ),
    },
)
VENDOR = Shape(
    "Vendor",
    _fields(
        "AccountRef:s APAccount:s CashAccount:s CreatedDateTime:t CurrencyID:s LastModifiedDateTime:t "
        "LegalName:s LocationName:s PaymentMethod:s PrintOrders:b ReceivingBranch:s SendOrdersbyEmail:b "
        "Status:s TaxRegistrationID:s TaxZone:s Terms:s VendorClass:s VendorID:s VendorName:s"
    ),
    "BAccount",
    linked={"MainContact": CONTACT, "PrimaryContact": CONTACT, "RemittanceContact": CONTACT},
)
VENDOR_CLASS = Shape(
    "VendorClass",
    _fields("ClassID:s CreatedDateTime:t Description:s LastModifiedDateTime:t"),
    "VendorClassRecord",
)
ENTITIES = {
    entity.name: entity
    for entity in (
        EntityType(
            BILL,
            ("Type", "ReferenceNbr"),
            "ReferenceNbr",
            "PX.Objects.AP.APInvoiceEntry",
            "Bills and Adjustments",
            "AP301000",
            ("ReleaseBill", "ReverseBill", "ReleaseRetainage"),
        ),
        # The contract has no action for purchase orders, in any version.
        EntityType(
            PURCHASE_ORDER,
            ("Type", "OrderNbr"),
            "OrderNbr",
            "PX.Objects.PO.POOrderEntry",
            "Purchase Orders",
            "PO301000",
        ),
        EntityType(
            EMPLOYEE,
            ("EmployeeID",),
            "EmployeeID",
            "PX.Objects.EP.EmployeeMaint",
            "Employees",
            "EP203000",
            ("ChangeEmployeeID",),
        ),
        EntityType(
            VENDOR,
            ("VendorID",),
            "VendorID",
            "PX.Objects.AP.VendorMaint",
            "Vendors",
            "AP303000",
            ("CreateContactFromVendor",),
        ),
        EntityType(
            VENDOR_CLASS,
            ("ClassID",),
            "ClassID",
            "PX.Objects.AP.VendorClassMaint",
            "Vendor Classes",
            "AP201000",
        ),
    )
}
# (shape, field or action) -> first endpoint version that has it.
SINCE: dict[tuple[str, str], Version] = {
    ("Bill", "IsTaxValid"): (23, 200, 1),
    ("Bill", "ReleaseRetainage"): (23, 200, 1),
    ("BillDetail", "LCLineNbr"): (24, 200, 1),
    ("BillDetail", "LCNbr"): (24, 200, 1),
    ("BillDetail", "LCType"): (24, 200, 1),
    ("PurchaseOrder", "IsTaxValid"): (22, 200, 1),
    ("Vendor", "LegalName"): (22, 200, 1),
}
# Source: Acumatica user guide, bill and purchase order statuses (read 2026-11).
BILL_TYPES = {"Bill": "INV", "Credit Adj.": "ACR", "Debit Adj.": "ADR", "Prepayment": "PPM"}
ORDER_TYPES = {
    "Normal": "RO",
    "Drop-Ship": "DP",
    "Project Drop-Ship": "PD",
    "Blanket": "BL",
    "Standard": "SB",
}


def version_of(text: str) -> Version:
    """'24.200.001' as (24, 200, 1)."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def is_known(shape: str, name: str, version: Version) -> bool:
    """Whether this endpoint version has the field or action."""
    return SINCE.get((shape, name), ()) <= version


def fields_of(shape: Shape, version: Version) -> Iterator[str]:
    """Names of the simple fields that this endpoint version has."""
    return (name for name in shape.fields if is_known(shape.name, name, version))
