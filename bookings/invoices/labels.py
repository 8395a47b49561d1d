"""Names of what is wrong with an invoice, in faults: English here, translated when shown."""

from __future__ import annotations


def _(text: str) -> str:
    """Marks `text` for the translation catalogue, without needing configured settings."""
    return text


TAX_CASE = _("tax case (Steuerfall)")
TAX_RATE = _("tax rate (Steuersatz)")
SUPPLY = _("goods or service (Lieferung oder Leistung)")
DESTINATION = _("country of supply (Bestimmungsland)")
ORIGIN = _("country of dispatch (Abgangsland)")
IS_BUSINESS = _("business customer (Unternehmer)")
VAT_ID = _("VAT id of the customer (USt-IdNr.)")
TREATMENT = _("special treatment of the tax")
INVOICE_NUMBER = _("invoice number (Rechnungsnummer)")
INVOICE_DATE = _("invoice date (Rechnungsdatum)")
INVOICE_LINES = _("lines of the invoice")
LINE = _("line of the invoice")
NET_TOTAL = _("net total of the invoice")
TAX_TOTAL = _("tax total of the invoice")
GROSS_TOTAL = _("gross total of the invoice")
INVOICE_DISCOUNT = _("discount on the whole invoice")
FREIGHT = _("freight of the whole invoice")
ROUNDING = _("rounding of the invoice")
DEBTOR = _("debtor (Debitor)")
