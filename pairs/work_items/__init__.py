"""A document of a finance system as a task in Asana; what the pairs that do so share.

    ensured = ensure(context, WorkItem(key="Acumatica: Bill INV000123 (Muster)", ...), rules_of(context))
    attach(context, ensured.gid, files)

`watch` is for the flow that brings people's decisions back.
"""

from pairs.work_items import watch
from pairs.work_items.ensuring import ensure
from pairs.work_items.extras import attach, close, comment, reopen, write
from pairs.work_items.item import Closing, Ensured, File, Line, Rules, WorkItem
from pairs.work_items.links import of_document, of_task
from pairs.work_items.options import SETTINGS, rules_of

__all__ = (
    "SETTINGS",
    "Closing",
    "Ensured",
    "File",
    "Line",
    "Rules",
    "WorkItem",
    "attach",
    "close",
    "comment",
    "ensure",
    "of_document",
    "of_task",
    "reopen",
    "rules_of",
    "watch",
    "write",
)
