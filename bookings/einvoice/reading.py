"""E-invoices out of files: XML as it is, or embedded in a PDF. Files come from strangers.

No entities, no DTD, no network, bounded sizes; nothing in a file is believed that isn't one value of the
right form.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import pypdf
from facturx import get_xml_from_pdf
from lxml import etree
from pypdf.errors import PyPdfError

from bookings.einvoice.invoice import AMOUNTS, DATES, REQUIRED, TERMS, EInvoice, TaxGroup, typed
from bookings.einvoice.syntax import REPEATABLE, SYNTAXES, Syntax
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say

# The names under which ZUGFeRD, Factur-X and XRechnung embed their XML.
EMBEDDED = ("factur-x.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml")
MAX_XML_BYTES = 5_000_000
MAX_PDF_BYTES = 20_000_000
MAX_PDF_PAGES = 2_000
MAX_TEXT = 500
UTF8_MARK = b"\xef\xbb\xbf"
E_INVOICE = "E-invoice"
# What pypdf raises for files that are no PDF inside, beside its own errors.
PDF_TROUBLE = (
    PyPdfError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OSError,
)

logging.getLogger("factur-x").setLevel(logging.ERROR)


def read(content: bytes) -> EInvoice | None:
    """The e-invoice in this file; None if it is none (a plain PDF, another XML, an image).

    Raises RejectedError with all faults for an e-invoice that can't be read or contradicts itself.
    """
    xml = _xml_of(content)
    if xml is None:
        return None
    root = _parsed(xml)
    if root is None:
        return None
    syntax = next((syntax for syntax in SYNTAXES if root.tag in syntax.roots), None)
    return None if syntax is None else _read(root, syntax)


def _xml_of(content: bytes) -> bytes | None:
    start = content[:1024]
    if b"%PDF-" in start:
        return _embedded(content)
    return content if start.removeprefix(UTF8_MARK).lstrip().startswith(b"<") else None


def _embedded(content: bytes) -> bytes | None:
    """The XML in a PDF, None if it holds none. A PDF that can't be read is no e-invoice."""
    if len(content) > MAX_PDF_BYTES:
        return None
    try:
        pages = len(pypdf.PdfReader(io.BytesIO(content)).pages)
        if pages > MAX_PDF_PAGES:
            return None
        _name, xml = get_xml_from_pdf(io.BytesIO(content), check_xsd=False, filenames=list(EMBEDDED))
    except PDF_TROUBLE:
        return None
    return xml or None


def _parsed(xml: bytes) -> etree._Element | None:
    """The root; None if it isn't XML at all. Raises RejectedError for what is dangerous or too large."""
    if len(xml) > MAX_XML_BYTES:
        raise _refused([_fault("", say("The XML is larger than 5 MB."))])
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return None
    if root.getroottree().docinfo.doctype:
        raise _refused([_fault("", say("The XML has a document type, which no e-invoice has."))])
    return root


def _read(root: etree._Element, syntax: Syntax) -> EInvoice:
    faults: list[DataFault] = []
    terms = {}
    currency = "".join(_texts(root, syntax, "BT-5", "")[:1])
    for term in syntax.paths:
        texts = _texts(root, syntax, term, currency)
        if not texts:
            continue
        if len(set(texts)) > 1 and term not in REPEATABLE:
            faults.append(
                _fault(term, say("The term stands there several times."), ", ".join(texts)[:MAX_TEXT])
            )
            continue
        try:
            terms[term] = _value(term, texts[0], syntax)
        except (ValueError, ArithmeticError):
            faults.append(_fault(term, say("This can't be read."), texts[0][:MAX_TEXT]))
    told = {fault.field for fault in faults}
    missing = [term for term in REQUIRED if term not in terms and TERMS[term] not in told]
    faults += [_fault(term, say("It is missing.")) for term in missing]
    taxes = _tax_groups(root, syntax, faults)
    invoice = EInvoice(syntax.name, terms, taxes)
    if not faults:
        faults += _contradictions(invoice)
    if faults:
        raise _refused(faults)
    return invoice


def _texts(root: etree._Element, syntax: Syntax, term: str, currency: str) -> list[str]:
    found = root.xpath(syntax.paths[term], namespaces=syntax.namespaces, currency=currency)
    return [text for text in ((element.text or "").strip() for element in found) if text]


def _value(term: str, text: str, syntax: Syntax) -> object:
    if term in DATES and syntax.has_compact_dates:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    value = typed(term, text)
    if term in AMOUNTS:
        return _finite(text)
    return value[:MAX_TEXT] if isinstance(value, str) else value


def _finite(text: str) -> Decimal:
    """Raises ValueError for anything that isn't a number of a bookable size."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite() or number.adjusted() > 12:
        raise ValueError(text)
    return number


def _tax_groups(root: etree._Element, syntax: Syntax, faults: list[DataFault]) -> tuple[TaxGroup, ...]:
    groups = []
    for element in root.xpath(syntax.tax_groups, namespaces=syntax.namespaces):
        category, rate, base, tax = (
            "".join(
                (found.text or "").strip() for found in element.xpath(path, namespaces=syntax.namespaces)[:1]
            )
            for path in syntax.tax_paths
        )
        try:
            groups.append(
                TaxGroup(
                    category, _finite(rate) / 100 if rate else None, _finite(base or "0"), _finite(tax or "0")
                )
            )
        except ValueError:
            faults.append(_fault("BG-23", say("This can't be read."), f"{category} {rate} {base} {tax}"))
    return tuple(groups)


def _contradictions(invoice: EInvoice) -> list[DataFault]:
    """Sums of EN 16931 that don't hold (BR-CO-13 to BR-CO-16)."""
    terms, faults = invoice.terms, []
    sums = [
        ("BT-112", ("BT-109", "BT-110")),
        ("BT-115", ("BT-112", "BT-114")),
    ]
    for total, parts in sums:
        if total not in terms or parts[0] not in terms:
            continue
        computed = sum((terms.get(part, Decimal(0)) for part in parts), Decimal(0))
        if total == "BT-115":
            computed -= terms.get("BT-113", Decimal(0))
        if terms[total] != computed:
            faults.append(_differs(total, terms[total], computed))
    if invoice.taxes and "BT-110" in terms:
        tax = sum((group.tax for group in invoice.taxes), Decimal(0))
        if tax != terms["BT-110"]:
            faults.append(_differs("BT-110", terms["BT-110"], tax))
    return faults


def _differs(term: str, told: Decimal, computed: Decimal) -> DataFault:
    return _fault(
        term,
        say(
            "The e-invoice contradicts itself: its parts give %(computed)s.",
            computed=f"{computed}".replace(".", ","),
        ),
        f"{told}".replace(".", ","),
    )


def _fault(term: str, rule: Message, value: str = "") -> DataFault:
    shown = f"{term} {value}".strip()
    return DataFault(
        TERMS.get(term, E_INVOICE), shown, rule, say("Ask for a correct e-invoice, or book by hand.")
    )


def _refused(faults: Sequence[DataFault]) -> RejectedError:
    return RejectedError(say("The e-invoice can't be read."), faults=faults)
