"""Names of the fields in faults: English here, translated when shown (`DataFault.field`)."""

from __future__ import annotations


def _(text: str) -> str:
    """Marks `text` for the translation catalogue, without needing configured settings."""
    return text


AMOUNT = _("amount (Umsatz)")
SIDE = _("side (Soll/Haben)")
ACCOUNT = _("account (Konto)")
CONTRA_ACCOUNT = _("contra account (Gegenkonto)")
BU_KEY = _("tax key (BU-Schlüssel)")
DOCUMENT_DATE = _("document date (Belegdatum)")
DOCUMENT_FIELD_1 = _("document number (Belegfeld 1)")
DOCUMENT_FIELD_2 = _("document field 2 (Belegfeld 2)")
DISCOUNT = _("cash discount (Skonto)")
CURRENCY = _("currency (WKZ)")
EXCHANGE_RATE = _("exchange rate (Kurs)")
BASE_AMOUNT = _("amount in base currency (Basis-Umsatz)")
POSTING_TEXT = _("posting text (Buchungstext)")
COST_CENTER_1 = _("cost center 1 (KOST1)")
COST_CENTER_2 = _("cost center 2 (KOST2)")
COST_QUANTITY = _("cost quantity (KOST-Menge)")
EU_VAT_ID = _("EU country and VAT id (USt-IdNr.)")
EU_TAX_RATE = _("EU tax rate (EU-Steuersatz)")
DELIVERY_DATE = _("delivery date (Leistungsdatum)")
TAX_PERIOD_DATE = _("tax period (Datum Zuord. Steuerperiode)")
DUE_DATE = _("due date (Fälligkeit)")
REVERSAL = _("reversal (Generalumkehr)")
DOCUMENT_LINK = _("document link (Beleglink)")
NOTES = _("document info (Beleginfo)")
DIRECTION = _("kind of invoice")
PARTNER_NAME = _("name of the creditor or debtor")
PARTNER_CITY = _("city of the creditor or debtor")

ROWS = _("bookings of the batch")
FILE_SIZE = _("file size")
FISCAL_YEAR = _("fiscal year (Wirtschaftsjahr)")
PERIOD = _("posting period")
CONSULTANT_NUMBER = _("consultant number (Berater)")
CLIENT_NUMBER = _("client number (Mandant)")
ACCOUNT_LENGTH = _("account length (Sachkontenlänge)")
HEADER = _("header of the file")
LEDGER_FOLDER = _("ledger folder")
REPOSITORY = _("filing place")
FILES = _("files")

DEBTOR_NUMBER = _("debtor number (Debitorennummer)")
DEBTOR_NAME = _("name of the debtor")
DEBTOR_COUNTRY = _("country of the debtor")
DEBTOR_VAT_ID = _("VAT id of the debtor")
DEBTOR_IBAN = _("IBAN of the debtor")
DEBTOR_BIC = _("BIC of the debtor")
DEBTOR_DUE_DAYS = _("days until payment is due")
DEBTOR_CUSTOMER_NUMBER = _("customer number")
DEBTOR_RANGE = _("range of debtor numbers")
