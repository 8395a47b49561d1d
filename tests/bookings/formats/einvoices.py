"""E-invoices for tests, made here: CII, UBL, and a PDF with either inside. All names are invented."""

from __future__ import annotations

import io
from typing import Any

import pypdf
from facturx import generate_from_binary

VALUES: dict[str, Any] = {
    "number": "RE-1",
    "issued": "2026-07-14",
    "type_code": "380",
    "currency": "EUR",
    "due": "2026-08-13",
    "delivered": "2026-07-10",
    "seller": "Muster Papier GmbH",
    "seller_vat_id": "DE123456704",
    "buyer": "Muster Werkzeugbau GmbH",
    "buyer_vat_id": "ATU12345675",
    # category, per cent, base, tax
    "taxes": [("S", "19", "100.00", "19.00")],
    "net": "100.00",
    "tax": "19.00",
    "gross": "119.00",
    "payable": "119.00",
}


def cii(**changes: Any) -> bytes:
    """A CrossIndustryInvoice as XRechnung and ZUGFeRD use it."""
    v = VALUES | changes

    def day(text: str) -> str:
        return f'<udt:DateTimeString format="102">{text.replace("-", "")}</udt:DateTimeString>'

    def party(name: str, vat_id: str) -> str:
        return (
            f"<ram:Name>{name}</ram:Name><ram:SpecifiedTaxRegistration>"
            f'<ram:ID schemeID="VA">{vat_id}</ram:ID></ram:SpecifiedTaxRegistration>'
        )

    taxes = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{base}</ram:BasisAmount><ram:CategoryCode>{category}</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        for category, rate, base, tax in v["taxes"]
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
<ram:ID>urn:cen.eu:en16931:2017</ram:ID>
</ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>{v["number"]}</ram:ID><ram:TypeCode>{v["type_code"]}</ram:TypeCode>
<ram:IssueDateTime>{day(v["issued"])}</ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
<ram:ApplicableHeaderTradeAgreement>
<ram:SellerTradeParty>{party(v["seller"], v["seller_vat_id"])}</ram:SellerTradeParty>
<ram:BuyerTradeParty>{party(v["buyer"], v["buyer_vat_id"])}</ram:BuyerTradeParty>
</ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeDelivery><ram:ActualDeliverySupplyChainEvent>
<ram:OccurrenceDateTime>{day(v["delivered"])}</ram:OccurrenceDateTime>
</ram:ActualDeliverySupplyChainEvent></ram:ApplicableHeaderTradeDelivery>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>{v["currency"]}</ram:InvoiceCurrencyCode>{taxes}
<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>{day(v["due"])}</ram:DueDateDateTime>
</ram:SpecifiedTradePaymentTerms>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation>
<ram:LineTotalAmount>{v["net"]}</ram:LineTotalAmount>
<ram:TaxBasisTotalAmount>{v["net"]}</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount currencyID="{v["currency"]}">{v["tax"]}</ram:TaxTotalAmount>
<ram:GrandTotalAmount>{v["gross"]}</ram:GrandTotalAmount>
<ram:DuePayableAmount>{v["payable"]}</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>""".encode()


def ubl(**changes: Any) -> bytes:
    """A UBL Invoice, or a CreditNote for the type code 381, as XRechnung uses it."""
    v = VALUES | changes
    root = "CreditNote" if v["type_code"] == "381" else "Invoice"
    currency = f'currencyID="{v["currency"]}"'

    def party(kind: str, name: str, vat_id: str) -> str:
        return (
            f"<cac:Accounting{kind}Party><cac:Party><cac:PartyTaxScheme><cbc:CompanyID>{vat_id}</cbc:CompanyID>"
            "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>"
            f"<cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>"
            f"</cac:Accounting{kind}Party>"
        )

    groups = "".join(
        f"<cac:TaxSubtotal><cbc:TaxableAmount {currency}>{base}</cbc:TaxableAmount>"
        f"<cbc:TaxAmount {currency}>{tax}</cbc:TaxAmount><cac:TaxCategory><cbc:ID>{category}</cbc:ID>"
        f"<cbc:Percent>{rate}</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>"
        for category, rate, base, tax in v["taxes"]
    )
    due = f"<cbc:DueDate>{v['due']}</cbc:DueDate>" if root == "Invoice" else ""
    means = (
        f"<cac:PaymentMeans><cbc:PaymentDueDate>{v['due']}</cbc:PaymentDueDate></cac:PaymentMeans>"
        if root == "CreditNote"
        else ""
    )
    space = "urn:oasis:names:specification:ubl:schema:xsd"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<u:{root} xmlns:u="{space}:{root}-2" xmlns:cac="{space}:CommonAggregateComponents-2"
 xmlns:cbc="{space}:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ID>{v["number"]}</cbc:ID>
<cbc:IssueDate>{v["issued"]}</cbc:IssueDate>{due}
<cbc:{root}TypeCode>{v["type_code"]}</cbc:{root}TypeCode>
<cbc:DocumentCurrencyCode>{v["currency"]}</cbc:DocumentCurrencyCode>
{party("Supplier", v["seller"], v["seller_vat_id"])}{party("Customer", v["buyer"], v["buyer_vat_id"])}
<cac:Delivery><cbc:ActualDeliveryDate>{v["delivered"]}</cbc:ActualDeliveryDate></cac:Delivery>{means}
<cac:TaxTotal><cbc:TaxAmount {currency}>{v["tax"]}</cbc:TaxAmount>{groups}</cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount {currency}>{v["net"]}</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount {currency}>{v["gross"]}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount {currency}>{v["payable"]}</cbc:PayableAmount></cac:LegalMonetaryTotal>
</u:{root}>""".encode()


def plain_pdf() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(width=595, height=842)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def pdf_with(xml: bytes) -> bytes:
    """A PDF with this XML embedded as ZUGFeRD does."""
    made: bytes = generate_from_binary(
        plain_pdf(),
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        pdf_metadata={"author": "Muster", "title": "Rechnung", "subject": "Rechnung", "keywords": "Rechnung"},
    )
    return made
