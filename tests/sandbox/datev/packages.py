"""document.xml and ledger files for the simulated dxso-jobs, written from DATEV's documentation."""

from __future__ import annotations

GUID = "8db85c02-4cc3-ff3e-06d7-7f87eeeccf3a"
ARCHIVE = """<?xml version="1.0" encoding="utf-8"?>
<archive xmlns="http://xml.datev.de/bedi/tps/document/v06.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 version="6.0" generatingSystem="ml-connector">
<header><date>2026-07-14T10:15:00</date>{header}</header><content>{documents}</content></archive>"""
LEDGER = """<?xml version="1.0" encoding="utf-8"?>
<LedgerImport xmlns="http://xml.datev.de/bedi/tps/ledger/v060" version="6.0" generator_info="ml-connector"
 generating_system="ml-connector" xml_data="Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug">
<consolidate consolidatedAmount="{total}" consolidatedDate="2026-07-14" consolidatedInvoiceId="RE-1"
 consolidatedCurrencyCode="EUR">{rows}</consolidate></LedgerImport>"""
ROW = {
    "date": "2026-07-14",
    "amount": "119.00",
    "accountNo": "4930",
    "buCode": "9",
    "currencyCode": "EUR",
    "invoiceId": "RE-1",
    "bookingText": "Bürobedarf",
    "bpAccountNo": "70001",
}


def ledger_row(kind: str = "accountsPayableLedger", **changes: str) -> str:
    """One row; an empty value leaves the element out, a new name is put at the end."""
    values = {**ROW, **changes}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in values.items() if text)
    return f"<{kind}>{inner}</{kind}>"


def ledger(*rows: str, total: str = "119.00") -> bytes:
    return LEDGER.format(total=total, rows="".join(rows or (ledger_row(),))).encode()


def document(
    *,
    guid: str = GUID,
    data: str = "RE-1.xml",
    image: str = "RE-1.pdf",
    kind: str = "accountsPayableLedger",
    month: str = "2026-07",
    folder: str = "Rechnungseingang",
) -> str:
    folders = f'<property key="3" value="{folder}"/>' if folder else ""
    picture = f'<extension xsi:type="File" name="{image}"/>' if image else ""
    return (
        f'<document guid="{guid}"><extension xsi:type="{kind}" datafile="{data}">'
        f'<property key="1" value="{month}"/>{folders}</extension>{picture}</document>'
    )


def archive(*documents: str, header: str = "") -> bytes:
    return ARCHIVE.format(documents="".join(documents or (document(),)), header=header).encode()
