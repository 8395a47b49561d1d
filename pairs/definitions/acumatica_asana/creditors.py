"""Who stands behind a creditor's code: asked once in a while, whatever the number of documents."""

from __future__ import annotations

from connections.vendors.acumatica.api import Creditor
from pairs.engine import FlowContext
from pairs.work_items import known


def creditor_of(context: FlowContext, code: str) -> Creditor | None:
    """The creditor with its name and class; None if Acumatica has none of that code."""
    found: Creditor | None = known.remembered(
        context, "creditor", code, lambda: context.source.creditor(code)
    )
    return found
