"""DATEV: the online APIs accounting:clients, documents, extf-files and dxso-jobs, and Login mit DATEV."""

from connections.base import Vendor
from connections.vendors.datev.addresses import base_urls
from connections.vendors.datev.api import DatevApi
from connections.vendors.datev.check import check, list_clients, list_document_types, notes, rate
from connections.vendors.datev.login import profile
from connections.vendors.datev.settings import SECRETS, SETTINGS

VENDOR = Vendor(
    key="datev",
    label="DATEV",
    settings=SETTINGS,
    secrets=SECRETS,
    api=DatevApi,
    check=check,
    base_urls=base_urls,
    rate=rate,
    oauth=profile,
    discover={"clients": list_clients, "document_types": list_document_types},
    notes=notes,
)
