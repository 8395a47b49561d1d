"""Where the business terms stand in the two syntaxes of EN 16931.

Source: EN 16931-3-2 (UBL 2.1) and 16931-3-3 (UN/CEFACT CII D16B), bindings of the terms used here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CII = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
UBL_TYPES = "urn:oasis:names:specification:ubl:schema:xsd:"
UBL = {
    "cbc": f"{UBL_TYPES}CommonBasicComponents-2",
    "cac": f"{UBL_TYPES}CommonAggregateComponents-2",
}
TRADE = "rsm:SupplyChainTradeTransaction"
AGREEMENT = f"{TRADE}/ram:ApplicableHeaderTradeAgreement"
DELIVERY = f"{TRADE}/ram:ApplicableHeaderTradeDelivery"
SETTLEMENT = f"{TRADE}/ram:ApplicableHeaderTradeSettlement"
SUMS = f"{SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
SUPPLIER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
UBL_SUMS = "cac:LegalMonetaryTotal"
UBL_VAT = "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID"


@dataclass(frozen=True)
class Syntax:
    """`paths` are XPaths from the root; a total in two currencies is taken in that of the invoice."""

    name: str
    roots: tuple[str, ...]
    namespaces: Mapping[str, str]
    paths: Mapping[str, str]
    tax_groups: str
    # Within a group: category, rate in per cent, base, tax.
    tax_paths: tuple[str, str, str, str]
    # CII writes 20260714, with format="102".
    has_compact_dates: bool = False


SYNTAXES = (
    Syntax(
        "cii",
        (f"{{{CII['rsm']}}}CrossIndustryInvoice",),
        CII,
        {
            "BT-1": "rsm:ExchangedDocument/ram:ID",
            "BT-2": "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString[@format='102']",
            "BT-3": "rsm:ExchangedDocument/ram:TypeCode",
            "BT-5": f"{SETTLEMENT}/ram:InvoiceCurrencyCode",
            "BT-9": f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime"
            "/udt:DateTimeString[@format='102']",
            "BT-10": f"{AGREEMENT}/ram:BuyerReference",
            "BT-13": f"{AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID",
            "BT-24": "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
            "BT-27": f"{AGREEMENT}/ram:SellerTradeParty/ram:Name",
            "BT-31": f"{AGREEMENT}/ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']",
            "BT-32": f"{AGREEMENT}/ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='FC']",
            "BT-44": f"{AGREEMENT}/ram:BuyerTradeParty/ram:Name",
            "BT-48": f"{AGREEMENT}/ram:BuyerTradeParty/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']",
            "BT-72": f"{DELIVERY}/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime"
            "/udt:DateTimeString[@format='102']",
            "BT-84": f"{SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans"
            "/ram:PayeePartyCreditorFinancialAccount/ram:IBANID",
            "BT-107": f"{SUMS}/ram:AllowanceTotalAmount",
            "BT-108": f"{SUMS}/ram:ChargeTotalAmount",
            "BT-109": f"{SUMS}/ram:TaxBasisTotalAmount",
            "BT-110": f"{SUMS}/ram:TaxTotalAmount[@currencyID=$currency]",
            "BT-112": f"{SUMS}/ram:GrandTotalAmount",
            "BT-113": f"{SUMS}/ram:TotalPrepaidAmount",
            "BT-114": f"{SUMS}/ram:RoundingAmount",
            "BT-115": f"{SUMS}/ram:DuePayableAmount",
        },
        f"{SETTLEMENT}/ram:ApplicableTradeTax",
        ("ram:CategoryCode", "ram:RateApplicablePercent", "ram:BasisAmount", "ram:CalculatedAmount"),
        has_compact_dates=True,
    ),
    Syntax(
        "ubl",
        (f"{{{UBL_TYPES}Invoice-2}}Invoice", f"{{{UBL_TYPES}CreditNote-2}}CreditNote"),
        UBL,
        {
            "BT-1": "cbc:ID",
            "BT-2": "cbc:IssueDate",
            "BT-3": "cbc:InvoiceTypeCode | cbc:CreditNoteTypeCode",
            "BT-5": "cbc:DocumentCurrencyCode",
            "BT-9": "cbc:DueDate | cac:PaymentMeans/cbc:PaymentDueDate",
            "BT-10": "cbc:BuyerReference",
            "BT-13": "cac:OrderReference/cbc:ID",
            "BT-24": "cbc:CustomizationID",
            "BT-27": f"{SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName",
            "BT-31": f"{SUPPLIER}/{UBL_VAT}",
            "BT-32": f"{SUPPLIER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID!='VAT']/cbc:CompanyID",
            "BT-44": f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName",
            "BT-48": f"{BUYER}/{UBL_VAT}",
            "BT-72": "cac:Delivery/cbc:ActualDeliveryDate",
            "BT-84": "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID",
            "BT-107": f"{UBL_SUMS}/cbc:AllowanceTotalAmount",
            "BT-108": f"{UBL_SUMS}/cbc:ChargeTotalAmount",
            "BT-109": f"{UBL_SUMS}/cbc:TaxExclusiveAmount",
            "BT-110": "cac:TaxTotal/cbc:TaxAmount[@currencyID=$currency]",
            "BT-112": f"{UBL_SUMS}/cbc:TaxInclusiveAmount",
            "BT-113": f"{UBL_SUMS}/cbc:PrepaidAmount",
            "BT-114": f"{UBL_SUMS}/cbc:PayableRoundingAmount",
            "BT-115": f"{UBL_SUMS}/cbc:PayableAmount",
        },
        "cac:TaxTotal/cac:TaxSubtotal",
        ("cac:TaxCategory/cbc:ID", "cac:TaxCategory/cbc:Percent", "cbc:TaxableAmount", "cbc:TaxAmount"),
    ),
)
# Terms that may stand there several times; the first one counts.
REPEATABLE = frozenset({"BT-9", "BT-32", "BT-84"})
