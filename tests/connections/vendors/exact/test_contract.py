"""What we ask for and write, against the vendor's own reference where VENDOR_SPECS names its folder."""

from __future__ import annotations

import pytest

from connections.vendors.exact import columns, masters, projects, webhooks
from connections.vendors.exact.changes import DELETED_COLUMNS
from connections.vendors.exact.feeds import FEEDS
from connections.vendors.exact.payload import FEED_OF, TOPIC_PATHS
from tests.sandbox.exact import spec

ASKED = [
    *((feed.sync, (*feed.columns, "Timestamp")) for feed in FEEDS.values() if feed.sync),
    *((part.path, (*part.columns, "Modified")) for feed in FEEDS.values() for part in feed.parts),
    (columns.ORDERS, columns.ORDER_COLUMNS),
    (columns.ORDER_LINES, columns.ORDER_LINE_COLUMNS),
    (columns.INVOICES, columns.INVOICE_COLUMNS),
    (columns.INVOICE_LINES, columns.INVOICE_LINE_COLUMNS),
    (columns.COSTS, columns.COST_COLUMNS),
    *((path, names) for path, names in projects.WBS.values()),
    ("current/Me", masters.ME_COLUMNS),
    ("system/Divisions", masters.DIVISION_COLUMNS),
    ("sync/Deleted", DELETED_COLUMNS),
    (webhooks.PATH, webhooks.COLUMNS),
]
WRITTEN = {
    "project/WBSDeliverables": ("Completed", "ReleaseInvoiceTerm", "ReleaseInvoiceTermDate"),
    "project/WBSActivities": ("Completed", "BudgetedCost", "BudgetedHours"),
    "project/WBSExpenses": ("Completed", "BudgetedCost"),
    columns.PROJECTS: ("BudgetedCosts",),
    columns.HOUR_BUDGETS: ("Project", "Item", "Budget"),
    columns.COSTS: (
        "Project",
        "Item",
        "Quantity",
        "PriceFC",
        "Currency",
        "Date",
        "Notes",
        "HourStatus",
        "Employee",
        "Expense",
    ),
    webhooks.PATH: ("CallbackURL", "Topic"),
}


@pytest.mark.parametrize(("path", "names"), ASKED)
def test_every_column_that_is_asked_for_exists(path: str, names: tuple[str, ...]) -> None:
    """An unknown column makes the whole query fail, so none is asked for on a hunch."""
    assert set(names) - set(spec.entities()[path]) == set()


@pytest.mark.parametrize("path", sorted(WRITTEN))
def test_every_column_that_is_written_may_be(path: str) -> None:
    fields = spec.entities()[path]
    for name in WRITTEN[path]:
        assert "U" in (fields[name].get("write_2025") or fields[name].get("write_2022") or ""), name
    mandatory = {name for name, field in fields.items() if field.get("mandatory")}
    if path in (columns.HOUR_BUDGETS, columns.COSTS, webhooks.PATH):
        assert mandatory <= set(WRITTEN[path])


def test_every_topic_has_webhooks_and_a_feed() -> None:
    entities = spec.entities()
    for topic, path in TOPIC_PATHS.items():
        assert path.endswith(topic) and path in entities
    assert set(FEED_OF.values()) <= set(FEEDS)
