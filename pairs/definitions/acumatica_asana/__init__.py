"""Acumatica -> Asana: bills and purchase orders become approval tasks, and approval releases the document."""

from __future__ import annotations

from pairs.base import Pair
from pairs.definitions.acumatica_asana import approvals, bills, purchase_orders, roster
from pairs.definitions.acumatica_asana.settings import SETTINGS, check

PAIR = Pair(
    key="acumatica_asana",
    label="Acumatica to Asana",
    description="Bills and purchase orders become approval tasks; an approval releases them in Acumatica.",
    source_vendor="acumatica",
    target_vendor="asana",
    settings=SETTINGS,
    check=check,
    flows=(bills.FLOW, purchase_orders.FLOW, approvals.FLOW, roster.FLOW),
)
