"""DATEV's texts reduced to what may leave the books: fixed sentences, codes and row numbers, nothing else.

DATEV's protocol may quote amounts, accounts, document numbers or names. Only wordings that are known from its
documentation pass, without what stands in their gaps; any other text is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connections.messages import Message, say

WITHHELD = say("The text may quote the books and is not repeated here: see the job in ml-connector.")

# Source: DATEV accounting:extf-files 3.0.1, error tables of the job and of the calls (read 2026-11).
TITLES: Mapping[str, str] = {
    "1008828": "Invalid query parameters",
    "1008829": "Missing required scope",
    "1008831": "Invalid message-body",
    "1008832": "Invalid header fields",
    "1008833": "Invalid file",
    "1008834": "Invalid EXTF-header",
    "1008835": "Invalid request URI path",
    "1008836": "Virus found",
    "1008837": "Try again",
    "1008838": "Missing permission",
}
# Source: DATEV accounting:dxso-jobs 2.1.7, DXSoJobStatus and error table (read 2026-11).
DXSO_TITLES: Mapping[str, Message] = {
    "3": say("DATEV has taken none of the documents."),
    "4": say("DATEV has taken only a part of the documents."),
    "5": say("The transfer was cancelled in Belege online."),
}
DETAILS = (
    "Fields with error",
    "No payload",
    "More than 99999 postings",
    "Only Windows-1252, UTF-8, UTF16LE, and UTF16BE are supported",
    "Missing columns in EXTF-header",
    "EXTF-header exceeds maximum length of 1000 characters",
    "Invalid combination of data category, format name and format version",
    "DateFrom must not be greater than DateTo",
    "The consultant-number in the EXTF-header does not match with the upload request",
    "The client-number in the EXTF-header does not match with the upload request",
    "The transferred EXTF-file contains a virus",
    "An internal error occurred. Job failed. Try again",
    "Permission to transfer data for this client-id is missing or has expired",
    "File size exceeds 50 MB",
)
# Names of header fields: what they are called says nothing of what stands in them.
ELEMENTS = (
    "DATEV Format Label",
    "DATEV Format Identifier",
    "Version Number",
    "Data Category",
    "Format Name",
    "Format Version",
    "Created On",
    "Imported",
    "Consultant",
    "Client",
    "FY Begin",
    "Length of Ledger Account",
    "Date From",
    "Date To",
    "Reserved",
    "Filename",
    "Reference-Id",
)
REASON = re.compile(r"(?:must be '?EXTF'?|is invalid|must be empty)(?: \([0-9]{1,2}\))?")
# (what DATEV writes, what is left of it).
# Source: protocol examples of accounting:dxso-jobs 2.1.7 (read 2026-11).
PROTOCOL: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"wurde empfangen"), "wurde empfangen"),
    (re.compile(r"Belegbild\b.*\bwurde generiert", re.S), "Belegbild wurde generiert"),
    (
        re.compile(r"wurde in die Belegverwaltung übernommen"),
        "wurde in die Belegverwaltung übernommen",
    ),
    (
        re.compile(r"Rechnungsinformation\w* w[uo]rden? an .* übergeben", re.S),
        "Rechnungsinformation wurde an das Rechnungsbuch übergeben",
    ),
    (
        re.compile(r"Rechnung passt nicht zu(?:m)? Rechnungsschema"),
        "Rechnung passt nicht zu Rechnungsschema",
    ),
    (re.compile(r"Inputstream kann nicht geparst werden"), "Inputstream kann nicht geparst werden"),
    (
        re.compile(r"Daten des Elements consolidate entsprechen nicht"),
        "Daten des Elements consolidate entsprechen nicht denen der Zeilen",
    ),
)
ERROR_NUMBER = re.compile(r"Fehlernr\.?\s*[=:]\s*([0-9]{1,4})\b")
CODE = re.compile(r"#?(DCO[0-9]{5}|REW[0-9]{5}|10088[0-9]{2})\b")
# Names that our own writer has made up; any other name may be that of a business partner.
OUR_FILES = re.compile(r"document\.xml|B[0-9]+-R[0-9]+-[0-9]{4}\.xml|(EXTF|DXSO)_mlc-[A-Za-z0-9-]+(\.csv)?")


def title(code: str) -> Message:
    """DATEV's fixed title for a code; of an unknown one nothing but the code."""
    if code in TITLES:
        return say("%(title)s (code %(code)s)", title=TITLES[code], code=code)
    if code in DXSO_TITLES:
        return DXSO_TITLES[code]
    found = CODE.fullmatch(code)
    return say("DATEV names the code %(code)s.", code=found[1]) if found else say("DATEV names no code.")


def detail(text: str) -> Message:
    """DATEV's explanation of a job as far as its wording is fixed; empty for none."""
    known = [sentence for sentence in DETAILS if sentence.lower() in text.lower()]
    if known:
        return say("%(text)s", text="; ".join(known))
    return WITHHELD if text.strip() else Message("")


def element(name: str, reason: str) -> tuple[str, Message]:
    """An affected element: the name of a header field and the fixed reason; else both are withheld."""
    clean = name.strip()
    known = next((field for field in ELEMENTS if field.lower() == clean.lower()), "")
    if not known:
        return "", WITHHELD
    fixed = REASON.fullmatch(reason.strip())
    return known, say("%(text)s", text=fixed[0]) if fixed else WITHHELD


def protocol(text: str) -> Message:
    """A line of a protocol: the fixed wording with its error number, or withheld."""
    number = ERROR_NUMBER.search(text)
    code = CODE.search(text)
    numbers = [f"Fehlernr={number[1]}"] if number else []
    numbers += [code[1]] if code else []
    known = next((kept for pattern, kept in PROTOCOL if pattern.search(text)), "")
    if known:
        return say("%(text)s", text=f"{known} ({', '.join(numbers)})" if numbers else known)
    if numbers:
        return say(
            "%(codes)s; the text may quote the books and is not repeated here: see the job in ml-connector.",
            codes=", ".join(numbers),
        )
    return WITHHELD


def is_withheld(message: Message) -> bool:
    return message.pattern == WITHHELD.pattern


def file_name(name: str) -> str:
    """`name` if it is one of our own making; "" for any other."""
    return name if OUR_FILES.fullmatch(name) else ""
