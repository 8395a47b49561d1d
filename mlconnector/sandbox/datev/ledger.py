"""A ledger file of the DATEV XML interface online, 6.0: what makes the import refuse it, and its bookings.

Source: DATEV XML interface online, ledger v060, texts of the schema and portal page (read 2026-11).
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from mlconnector.sandbox.datev.state import Client

ROOT = "{http://xml.datev.de/bedi/tps/ledger/v060}LedgerImport"
XML_DATA = "Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug"
ORDER = """
    date amount discountAmount accountNo buCode costAmount costCategoryId costCategoryId2 tax information
    currencyCode invoiceId bookingText typeOfReceivable ownVatId shipFromCountry partyId paidAt
    internalInvoiceId vatId shipToCountry exchangeRate bankCode bankAccount bankCountry iban swiftCode
    accountName paymentConditionsId paymentOrder discountPercentage discountPaymentDate discountAmount2
    discountPercentage2 discountPaymentDate2 dueDate bpAccountNo deliveryDate orderId supplierName
    supplierCity customerName customerCity
""".split()  # noqa: SIM905
# Element of every row -> attribute of consolidate with which it must agree.
SAME = {
    "date": "consolidatedDate",
    "currencyCode": "consolidatedCurrencyCode",
    "invoiceId": "consolidatedInvoiceId",
    "deliveryDate": "consolidatedDeliveryDate",
    "orderId": "consolidatedOrderId",
}
AMOUNT = re.compile(r"-?\d{1,10}\.\d{2}")
PATTERNS = {
    "amount": AMOUNT,
    "accountNo": re.compile(r"[1-9]\d{0,8}"),
    "bpAccountNo": re.compile(r"[1-9]\d{4,8}"),
    "buCode": re.compile(r"\d{1,4}"),
    "currencyCode": re.compile(r"[A-Z]{3}"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "exchangeRate": re.compile(r"\d{1,4}\.\d{6}"),
    "invoiceId": re.compile(r"[a-zA-Z0-9$%&*+\-/]{1,36}"),
    "bookingText": re.compile(r".{1,60}"),
    "costCategoryId": re.compile(r"\S(.{0,34}\S)?"),
    "vatId": re.compile(r"[0-9a-zA-Z. _]{1,15}"),
}
REQUIRED = ("date", "amount", "currencyCode", "invoiceId")
NOT_FITTING = "Rechnung passt nicht zu Rechnungsschema (Fehlernr=807)"
UNREADABLE = "Inputstream kann nicht geparst werden (Fehlernr=900)"


def fault(root: etree._Element, kind: str, month: str, client: Client) -> str:
    """The first reason to refuse the file, "" when it is fine. `kind` is the row element of document.xml."""
    if root.tag != ROOT or root.get("version") != "6.0":
        return f"{UNREADABLE}: Namensraum oder version"
    for name in ("generator_info", "generating_system"):
        if not 0 < len(root.get(name, "")) <= 40:
            return f"{UNREADABLE}: {name}"
    if root.get("xml_data") != XML_DATA:
        return f"{UNREADABLE}: xml_data"
    consolidated = root.findall("{*}consolidate")
    if len(consolidated) != 1 or len(root) != 1:
        return f"{UNREADABLE}: genau ein Element consolidate"
    rows = list(consolidated[0])
    if not 1 <= len(rows) <= 5000 or any(_name(row) != kind for row in rows):
        return f"{UNREADABLE}: 1 bis 5000 Elemente {kind}"
    for number, row in enumerate(rows, start=1):
        found = _row_fault(row, kind, month, client)
        if found:
            return f"{NOT_FITTING}, Zeile {number}: {found}"
    return _sum_fault(consolidated[0], rows)


def _row_fault(row: etree._Element, kind: str, month: str, client: Client) -> str:
    names = [_name(element) for element in row]
    if any(name not in ORDER for name in names) or len(set(names)) != len(names):
        return f"unbekanntes oder doppeltes Element in {names}"
    if names != sorted(names, key=ORDER.index):
        return "Reihenfolge der Elemente"
    values = {_name(element): element.text or "" for element in row}
    required = tuple(
        "bookingText" if name == "invoiceId" and kind == "cashLedger" else name for name in REQUIRED
    )
    for name in required:
        if not values.get(name):
            return f"{name} fehlt"
    for name, value in values.items():
        if name in PATTERNS and not PATTERNS[name].fullmatch(value):
            return f"{name} {value!r} ist nicht gültig"
    if not Decimal(values["amount"]):
        return "amount ist 0.00"
    return _date_fault(values, month, client) or _account_fault(values, kind, client)


def _date_fault(values: dict[str, str], month: str, client: Client) -> str:
    try:
        on = date.fromisoformat(values["date"])
    except ValueError:
        return f"date {values['date']!r} gibt es nicht"
    if values["date"][:7] != month:
        return f"date {values['date']} liegt nicht im Monat {month}"
    return "" if client.fiscal_year(on) else f"zu date {values['date']} fehlt das Wirtschaftsjahr"


def _account_fault(values: dict[str, str], kind: str, client: Client) -> str:
    year = client.fiscal_year(date.fromisoformat(values["date"]))
    length = year.account_length if year else 4
    personal = values.get("bpAccountNo", "")
    if personal and len(personal) != length + 1:
        return f"bpAccountNo {personal} hat nicht {length + 1} Stellen"
    if personal and kind == "accountsPayableLedger" and personal[0] not in "789":
        return f"bpAccountNo {personal} ist kein Kreditor"
    if personal and kind == "accountsReceivableLedger" and personal[0] in "789":
        return f"bpAccountNo {personal} ist kein Debitor"
    if len(values.get("accountNo", "")) > length:
        return f"accountNo {values['accountNo']} hat mehr als {length} Stellen"
    if kind == "cashLedger" and values["currencyCode"] != "EUR":
        return "Kasse nur in EUR"
    return ""


def _sum_fault(consolidate: etree._Element, rows: list[etree._Element]) -> str:
    """The schema does not see this: the rows must add up to, and agree with, their consolidate element."""
    differing = "Daten des Elements consolidate entsprechen nicht den Daten der Belegzeilen"
    try:
        expected = Decimal(consolidate.get("consolidatedAmount", ""))
    except InvalidOperation:
        return f"{differing}: consolidatedAmount"
    total = sum((Decimal(row.findtext("{*}amount", "0")) for row in rows), Decimal())
    if total != expected:
        return f"{differing}: Summe {total}, consolidatedAmount {expected}"
    for element, attribute in SAME.items():
        stated = consolidate.get(attribute)
        if stated is None and element not in ("date", "currencyCode"):
            continue
        if any(row.findtext(f"{{*}}{element}") != stated for row in rows):
            return f"{differing}: {attribute}"
    return ""


def bookings(root: etree._Element) -> list[dict[str, Any]]:
    """The rows as plain JSON values, named as those of the EXTF route."""
    shown = []
    for number, row in enumerate(root.findall("{*}consolidate/*"), start=1):
        shown.append(
            {
                "row": number,
                "amount": row.findtext("{*}amount", ""),
                "side": "",
                "currency": row.findtext("{*}currencyCode", ""),
                "rate": row.findtext("{*}exchangeRate", ""),
                "base_amount": "",
                "base_currency": "",
                "account": row.findtext("{*}accountNo", ""),
                "contra_account": row.findtext("{*}bpAccountNo", ""),
                "bu_key": row.findtext("{*}buCode", ""),
                "date": row.findtext("{*}date", ""),
                "document_field_1": row.findtext("{*}invoiceId", ""),
                "document_field_2": "",
                "text": row.findtext("{*}bookingText", ""),
                "cost_center_1": row.findtext("{*}costCategoryId", ""),
                "cost_center_2": row.findtext("{*}costCategoryId2", ""),
                "vat_id": row.findtext("{*}vatId", ""),
                "is_finalized": False,
                "is_reversal": False,
            }
        )
    return shown


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname
