"""Files as another program would have made them, written by hand here and not by our own writer."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from bookings.extf.columns import COLUMNS, HEADINGS

HEADER = (
    '"EXTF";700;21;"Buchungsstapel";13;20260715101500000;;"RE";"Fremd";"";455148;{client};20260101;4;20260701;'
    '20260731;"Fremde Buchungen";"";1;0;0;"EUR";;"";;;"03";;;"";""'
)
ROW = {1: "119,00", 2: "H", 7: "70001", 8: "4930", 9: "9", 10: "1407", 11: "RE-1", 14: "Büro", 37: "100"}
LEDGER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<LedgerImport xmlns="http://xml.datev.de/bedi/tps/ledger/v060" version="6.0" generator_info="Fremd" '
    'generating_system="Fremd" xml_data="Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug">\n'
    '  <consolidate consolidatedAmount="{amount}" consolidatedDate="2026-07-14" '
    'consolidatedInvoiceId="{number}" consolidatedCurrencyCode="EUR">\n'
    "    <accountsPayableLedger><date>2026-07-14</date><amount>{amount}</amount>"
    "<accountNo>{account}</accountNo>"
    "<buCode>9</buCode><costCategoryId>100</costCategoryId><currencyCode>EUR</currencyCode>"
    "<invoiceId>{number}</invoiceId><bookingText>Büro</bookingText><paymentConditionsId>10</paymentConditionsId>"
    "<bpAccountNo>70001</bpAccountNo><supplierName>Muster Papier</supplierName></accountsPayableLedger>\n"
    "  </consolidate>\n"
    "</LedgerImport>\n"
)
DOCUMENT = (
    '<document guid="{guid}"><extension xsi:type="accountsPayableLedger" datafile="{name}.xml">'
    '<property key="1" value="2026-07"/><property key="3" value="{folder}"/></extension>'
    '<extension xsi:type="File" name="{name}.pdf"/></document>'
)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<archive xmlns="http://xml.datev.de/bedi/tps/document/v06.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="6.0" generatingSystem="Fremd"><header>'
    "<date>2026-07-15T10:15:00</date><consultantNumber>455148</consultantNumber>"
    "<clientNumber>{client}</clientNumber></header><content>{documents}</content></archive>"
)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def extf(*rows: Mapping[int, str], client: int = 1, encoding: str = "cp1252", header: str = "") -> bytes:
    """Rows that differ from the usual one in these columns; without any one usual row."""
    lines = [header or HEADER.format(client=client), HEADINGS]
    lines += [_line({**ROW, **row}) for row in rows or ({},)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def _line(values: Mapping[int, str]) -> str:
    written = []
    for column in COLUMNS:
        value = values.get(column.number, "")
        written.append(f'"{value}"' if column.is_text else value)
    return ";".join(written)


def ledger(number: str = "RE-1", amount: str = "119.00", account: str = "4930") -> bytes:
    return LEDGER.format(number=number, amount=amount, account=account).encode()


def package(*ledgers: bytes, client: int = 1, folder: str = "Rechnungseingang", **members: Any) -> bytes:
    """A ZIP as for the manual upload: each ledger file with an image."""
    names = [f"R{at:02d}" for at in range(1, len(ledgers) + 1)]
    documents = "".join(
        DOCUMENT.format(guid=f"8DB85C02-4CC3-FF3E-06D7-7F87EEECCF{at:02d}", name=name, folder=folder)
        for at, name in enumerate(names, start=1)
    )
    files = {"document.xml": HEAD.format(client=client, documents=documents).encode()}
    for name, content in zip(names, ledgers, strict=True):
        files[f"{name}.xml"], files[f"{name}.pdf"] = content, PDF + name.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, content in (files | members).items():
            target.writestr(name, content)
    return packed.getvalue()
