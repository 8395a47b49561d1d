"""What a webhook delivery names. Pure: no call is made, and content is always read afresh.

Source: "Webhooks" of the Exact Online REST API and reports on it (read 2026-11).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connections.answers import decode_json
from connections.vendors.exact.odata import GUID

BEFORE, AFTER = b'{"Content":', b',"HashCode":"'
PLACED = re.compile(r"/api/v1/(?P<division>[0-9]+)/(?P<path>[A-Za-z]+/[A-Za-z]+)\(")
# The endpoint of a topic where the delivery does not name it. A header topic also brings its lines, and
# then the named endpoint tells which of both the key belongs to.
TOPIC_PATHS: Mapping[str, str] = {
    "PurchaseOrders": "purchaseorder/PurchaseOrders",
    "SalesInvoices": "salesinvoice/SalesInvoices",
    "Accounts": "crm/Accounts",
    "GLAccounts": "financial/GLAccounts",
    "Items": "logistics/Items",
    "CostTransactions": "project/CostTransactions",
    "TimeTransactions": "project/TimeTransactions",
}
# Endpoint -> the feed whose object the key is (see `feeds`); lines belong to a document.
FEED_OF: Mapping[str, str] = {
    "purchaseorder/purchaseorders": "purchase_orders",
    "purchaseorder/purchaseorderlines": "purchase_orders",
    "salesinvoice/salesinvoices": "sales_invoices",
    "salesinvoice/salesinvoicelines": "sales_invoices",
    "crm/accounts": "accounts",
    "financial/glaccounts": "gl_accounts",
    "logistics/items": "items",
    "project/costtransactions": "costs",
}
LINE_PATHS: Mapping[str, str] = {
    "purchaseorder/purchaseorderlines": "purchaseorder/PurchaseOrderLines",
    "salesinvoice/salesinvoicelines": "salesinvoice/SalesInvoiceLines",
}


class HookRef(NamedTuple):
    """The object that a delivery names. `action` is "Create", "Update" or "Delete".

    `line_path` is set where `key` is a line's: `ExactApi.documents_of(line_path, [key])` finds the document.
    A line that is gone leads nowhere: the feed finds its document.
    """

    feed: str
    key: str
    action: str
    division: int
    client_id: str
    line_path: str = ""

    @property
    def is_deleted(self) -> bool:
        """The object itself is gone; a deleted line only changes its document."""
        return self.action == "Delete" and not self.line_path


def is_genuine(body: bytes, secret: str) -> bool:
    """Whether the `HashCode` is that of exactly these bytes of `Content`.

    HMAC-SHA256 over the text between `{"Content":` and the last `,"HashCode":"`, in upper-case hex. Nothing
    is parsed before it is known to be genuine.
    """
    start, end = body.find(BEFORE), body.rfind(AFTER)
    if not secret or start < 0 or end < start + len(BEFORE):
        return False
    content = body[start + len(BEFORE) : end]
    given = body[end + len(AFTER) :].partition(b'"')[0]
    wanted = hmac.new(secret.encode(), content, sha256).hexdigest().upper().encode()
    return hmac.compare_digest(given, wanted)


def hook_ref(body: bytes) -> HookRef | None:
    """What a genuine delivery names; None for a topic that is of no interest.

    Raises ValueError for a body that is not understood: the poll finds what it meant.
    """
    content = _content(body)
    placed = PLACED.search(urlsplit(_text(content.get("ExactOnlineEndpoint"))).path)
    path = placed["path"] if placed else TOPIC_PATHS.get(_text(content.get("Topic")), "")
    feed = FEED_OF.get(path.lower())
    if feed is None:
        return None
    key = _text(content.get("Key")).strip("{}").lower()
    division = str(content.get("Division") or (placed["division"] if placed else ""))
    if not GUID.fullmatch(key) or not division.isdecimal():
        raise ValueError("no key or no division")
    return HookRef(
        feed=feed,
        key=key,
        action=_text(content.get("Action")) or _text(content.get("EventAction")),
        division=int(division),
        client_id=_text(content.get("ClientId")).strip("{}").lower(),
        line_path=LINE_PATHS.get(path.lower(), ""),
    )


def _content(body: bytes) -> Mapping[str, Any]:
    found = decode_json(body)
    content = found.get("Content") if isinstance(found, Mapping) else None
    if not isinstance(content, Mapping):
        raise ValueError("no content")
    return content


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
