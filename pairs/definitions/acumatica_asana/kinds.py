"""The two kinds of documents, what their statuses mean, and which settings are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from connections.vendors.acumatica.api import BILL, PURCHASE_ORDER, Document
from pairs.engine import FlowContext


@dataclass(frozen=True)
class Kind:
    """A kind of document. `settled`: statuses in which an approval has had its effect, or is not needed any
    more; `ended`: those in which nothing is left to decide, for whatever reason.

    `settings` is the beginning of the keys of its settings, `word` what people call it.
    """

    flow: str
    entity: str
    settings: str
    is_on: str
    word: str
    settled: frozenset[str]
    ended: frozenset[str]

    def may_enter(self, context: FlowContext, document: Document) -> bool:
        """Whether a document without a task gets one, as the filters are set."""
        return (
            bool(context.setting(self.is_on))
            and _is_listed(context, f"{self.settings}_types", document.type)
            and _is_listed(context, f"{self.settings}_statuses", document.status)
            and _is_listed(context, "branches", document.branch)
            and _is_listed(context, "creditors", document.creditor)
            and (document.amount is None or document.amount >= self.minimum(context))
        )

    def minimum(self, context: FlowContext) -> Decimal:
        return Decimal(str(context.setting(f"{self.settings}_minimum")))


# Source: Acumatica user guide, statuses of bills and of purchase orders (read 2026-11).
BILLS = Kind(
    flow="bills",
    entity=BILL,
    settings="bill",
    is_on="with_bills",
    word=_("Bill"),
    settled=frozenset({"Open", "Closed"}),
    ended=frozenset({"Open", "Closed", "Voided"}),
)
ORDERS = Kind(
    flow="purchase_orders",
    entity=PURCHASE_ORDER,
    settings="order",
    is_on="with_orders",
    word=_("Purchase order"),
    settled=frozenset({"Open", "Pending Printing", "Pending Email", "Completed", "Closed"}),
    ended=frozenset({"Open", "Pending Printing", "Pending Email", "Completed", "Closed", "Canceled"}),
)
# Links of documents that have not come to their end.
OPEN_END = ~Q(content__has_key="ended") | Q(content__ended=False)
KINDS = {kind.flow: kind for kind in (BILLS, ORDERS)}


def _is_listed(context: FlowContext, key: str, value: str) -> bool:
    """Whether the setting names the value; an empty one allows every value."""
    wanted = {line.strip().casefold() for line in str(context.setting(key) or "").splitlines()} - {""}
    return not wanted or value.casefold() in wanted
