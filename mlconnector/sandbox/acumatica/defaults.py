"""What a new record has before anything is entered."""

from datetime import date, timedelta
from decimal import Decimal

from mlconnector.sandbox.acumatica.contract import EntityType
from mlconnector.sandbox.acumatica.state import Row


def document_defaults(entity: EntityType, kind: str, branch: str, today: date) -> Row:
    """Fields of a new record, by entity; `kind` is the document's type."""
    zero = Decimal(0)
    if entity.name == "Bill":
        return {
            "Type": kind,
            "Status": "On Hold",
            "Hold": True,
            "BranchID": branch,
            "CurrencyID": "EUR",
            "Date": today,
            "DueDate": today + timedelta(days=30),
            "PostPeriod": f"{today:%m%Y}",
            "LocationID": "MAIN",
            "Terms": "30D",
            "Project": "X",
            "Amount": zero,
            "Balance": zero,
            "TaxTotal": zero,
            "ApprovedForPayment": False,
        }
    if entity.name == "PurchaseOrder":
        return {
            "Type": kind,
            "Status": "On Hold",
            "Hold": True,
            "Branch": branch,
            "BaseCurrencyID": "EUR",
            "CurrencyID": "EUR",
            "CurrencyRate": Decimal(1),
            "Date": today,
            "PromisedOn": today,
            "Location": "MAIN",
            "Terms": "30D",
            "Project": "X",
            "ControlTotal": zero,
            "LineTotal": zero,
            "OrderTotal": zero,
            "TaxTotal": zero,
        }
    return {} if entity.name == "VendorClass" else {"Status": "Active"}
