"""A small e-invoice by hand: a CrossIndustryInvoice, and a PDF with it inside, as ZUGFeRD wants it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from facturx import generate_from_binary

NAMESPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
PROFILE = "urn:cen.eu:en16931:2017"


def xml(number: str, on: date, buyer: str, taxes: Mapping[int, tuple[Decimal, Decimal]]) -> bytes:
    """`taxes`: per cent -> (net, tax), in EUR; the totals follow from them."""
    net = sum((base for base, _ in taxes.values()), Decimal(0))
    tax = sum((amount for _, amount in taxes.values()), Decimal(0))
    groups = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{amount}</ram:CalculatedAmount>"
        f"<ram:TypeCode>VAT</ram:TypeCode><ram:BasisAmount>{base}</ram:BasisAmount>"
        "<ram:CategoryCode>S</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        for rate, (base, amount) in taxes.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rsm:CrossIndustryInvoice {NAMESPACES}>'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        f"<ram:ID>{PROFILE}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>"
        "</rsm:ExchangedDocumentContext><rsm:ExchangedDocument>"
        f"<ram:ID>{number}</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime>"
        f'<udt:DateTimeString format="102">{on:%Y%m%d}</udt:DateTimeString></ram:IssueDateTime>'
        "</rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>"
        "<ram:SellerTradeParty><ram:Name>Muster Maschinenbau GmbH</ram:Name></ram:SellerTradeParty>"
        f"<ram:BuyerTradeParty><ram:Name>{buyer}</ram:Name></ram:BuyerTradeParty>"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>"
        "<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
        f"{groups}<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:LineTotalAmount>{net}</ram:LineTotalAmount><ram:TaxBasisTotalAmount>{net}"
        f'</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">{tax}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{net + tax}</ram:GrandTotalAmount>"
        f"<ram:DuePayableAmount>{net + tax}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>"
        "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def inside(pdf: bytes, content: bytes) -> bytes:
    """The PDF with this XML embedded."""
    made: bytes = generate_from_binary(pdf, content, flavor="factur-x", level="en16931", check_xsd=False)
    return made
