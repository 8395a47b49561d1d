"""Dynamics 365 Sales: invoices, orders and accounts over the Dataverse Web API, signed in by Entra ID."""

from connections.base import Vendor
from connections.vendors.dynamics import metadata
from connections.vendors.dynamics.addresses import base_urls
from connections.vendors.dynamics.api import DynamicsApi
from connections.vendors.dynamics.checkup import check, rate
from connections.vendors.dynamics.login import profile
from connections.vendors.dynamics.settings import SECRETS, SETTINGS
from connections.vendors.dynamics.webhooks import WEBHOOKS

VENDOR = Vendor(
    key="dynamics",
    label="Dynamics 365 Sales",
    settings=SETTINGS,
    secrets=SECRETS,
    api=DynamicsApi,
    check=check,
    base_urls=base_urls,
    rate=rate,
    oauth=profile,
    webhooks=WEBHOOKS,
    discover={
        "fields": metadata.list_fields,
        "writable_fields": metadata.list_writable_fields,
        "invoice_columns": metadata.list_invoice_columns,
        "writable_invoice_columns": metadata.list_writable_invoice_columns,
        "line_columns": metadata.list_line_columns,
        "account_columns": metadata.list_account_columns,
        "contact_columns": metadata.list_contact_columns,
        "invoice_states": metadata.list_invoice_states,
        "invoice_statuses": metadata.list_invoice_statuses,
        "currencies": metadata.list_currencies,
        "templates": metadata.list_templates,
    },
)
