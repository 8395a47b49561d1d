"""Acumatica's addresses: the instance, its endpoint, and the screen of one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

from connections.errors import ConfigurationError
from connections.messages import say

if TYPE_CHECKING:
    from connections.models import Connection

# Screens and the codes that stand behind the labels of their document types; a type of the customer's own has
# no code here and its link opens the screen alone. Source: field-to-screen table of the Default endpoint,
# codes as in links of working installations (read 2026-11).
SCREENS = {"Bill": "AP301000", "PurchaseOrder": "PO301000", "Employee": "EP203000", "Vendor": "AP303000"}
TYPE_CODES: Mapping[str, Mapping[str, str]] = {
    "Bill": {"Bill": "INV", "Credit Adj.": "ACR", "Debit Adj.": "ADR", "Prepayment": "PPM"},
    "PurchaseOrder": {
        "Normal": "RO",
        "Drop-Ship": "DP",
        "Project Drop-Ship": "PD",
        "Blanket": "BL",
        "Standard": "SB",
    },
}
TYPE_PARAMETER = {"Bill": "DocType", "PurchaseOrder": "OrderType"}
NUMBER_PARAMETER = {
    "Bill": "RefNbr",
    "PurchaseOrder": "OrderNbr",
    "Employee": "AcctCD",
    "Vendor": "AcctCD",
}


def instance(connection: Connection) -> str:
    """The address of the instance with its path, without a slash at the end.

    Raises ConfigurationError when none is filled in.
    """
    url = instance_or_none(connection)
    if not url:
        raise ConfigurationError(
            say(
                "No address of Acumatica is filled in for '%(connection)s'. Enter it at the connection, for "
                "example https://muster.acumatica.com.",
                connection=connection.name,
            ),
            vendor="acumatica",
        )
    return url


def instance_or_none(connection: Connection) -> str:
    """What people copy from the browser ends in a page or a query; the instance is what comes before it."""
    parts = urlsplit(str(connection.setting("instance_url") or "").strip())
    if not parts.netloc:
        return ""
    segments = [segment for segment in parts.path.split("/") if segment]
    kept: list[str] = []
    for segment in segments:
        if segment.lower() in ("main", "main.aspx", "frames", "entity", "identity", "pages"):
            break
        kept.append(segment)
    return f"{parts.scheme}://{parts.netloc}" + "".join(f"/{segment}" for segment in kept)


def base_urls(connection: Connection) -> Sequence[str]:
    url = instance_or_none(connection)
    return (url,) if url else ()


def endpoint(connection: Connection) -> tuple[str, str]:
    """Name and version of the endpoint, as filled in."""
    return (
        str(connection.setting("endpoint_name")).strip().strip("/"),
        str(connection.setting("endpoint_version")).strip().strip("/"),
    )


def entity_base(connection: Connection) -> str:
    """ "https://muster.acumatica.com/entity/Default/24.200.001". Raises ConfigurationError if incomplete."""
    name, version = endpoint(connection)
    if not version:
        raise ConfigurationError(
            say(
                "No endpoint version is filled in for '%(connection)s'. 'Test connection' lists those that "
                "your Acumatica has; enter one at the connection, for example 24.200.001.",
                connection=connection.name,
            ),
            vendor="acumatica",
        )
    return f"{instance(connection)}/entity/{quote(name, safe='')}/{quote(version, safe='')}"


def joined(connection: Connection, link: str) -> str:
    """A link from an answer. It already holds the path of the instance, so it belongs to the host alone."""
    return urljoin(f"{instance(connection)}/", link)


def key_path(*keys: str) -> str | None:
    """ "/Bill/005933" for a key URL; None for keys that do not travel well as parts of a path.

    A blank or a dot at the end of a part ("Debit Adj.") is refused or cut off by the web server.
    """
    if not all(key and key.strip(" .") == key and not set(key) & set("/\\%?#*:<>&|+") for key in keys):
        return None
    return "".join(f"/{quote(key, safe='')}" for key in keys)


def screen_url(connection: Connection, entity: str, doc_type: str, number: str) -> str:
    """Where a person sees the document in Acumatica; for a type that is not known the screen alone."""
    query = {"CompanyID": str(connection.setting("tenant")).strip(), "ScreenId": SCREENS[entity]}
    code = TYPE_CODES.get(entity, {}).get(doc_type, "")
    if entity in TYPE_PARAMETER and code:
        query |= {TYPE_PARAMETER[entity]: code, NUMBER_PARAMETER[entity]: number}
    elif entity not in TYPE_PARAMETER:
        query |= {NUMBER_PARAMETER[entity]: number}
    return f"{instance(connection)}/Main?{urlencode({k: v for k, v in query.items() if v}, quote_via=quote)}"
