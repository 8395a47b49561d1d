"""Exact Online: purchase orders, sales invoices, dimensions and projects over its REST API."""

from connections.base import Vendor
from connections.vendors.exact import lists
from connections.vendors.exact.addresses import base_urls
from connections.vendors.exact.api import ExactApi
from connections.vendors.exact.checkup import check, notes
from connections.vendors.exact.login import profile
from connections.vendors.exact.settings import SECRETS, SETTINGS
from connections.vendors.exact.watch import rate
from connections.vendors.exact.webhooks import WEBHOOKS

VENDOR = Vendor(
    key="exact",
    label="Exact Online",
    settings=SETTINGS,
    secrets=SECRETS,
    api=ExactApi,
    check=check,
    base_urls=base_urls,
    rate=rate,
    oauth=profile,
    webhooks=WEBHOOKS,
    discover={
        "divisions": lists.list_divisions,
        "projects": lists.list_projects,
        "deliverables": lists.list_deliverables,
        "gl_accounts": lists.list_gl_accounts,
        "cost_centers": lists.list_cost_centers,
        "cost_units": lists.list_cost_units,
        "cost_items": lists.list_cost_items,
        "hour_items": lists.list_hour_items,
        "item_groups": lists.list_item_groups,
    },
    notes=notes,
)
