"""Acumatica: bills, purchase orders and employees over the contract-based REST API; actions on documents."""

from __future__ import annotations

from collections.abc import Sequence

from connections.base import Vendor
from connections.messages import Message, say
from connections.models import Connection
from connections.oauth import redirect_uri
from connections.vendors.acumatica import discovery, login
from connections.vendors.acumatica.addresses import base_urls
from connections.vendors.acumatica.api import AcumaticaApi
from connections.vendors.acumatica.checkup import check, rate
from connections.vendors.acumatica.client import Client
from connections.vendors.acumatica.login import profile
from connections.vendors.acumatica.settings import SECRETS, SETTINGS
from connections.vendors.acumatica.webhooks import WEBHOOKS


def notes(connection: Connection) -> Sequence[Message]:
    """What a person registers in Acumatica for this way of signing in."""
    way = login.way(connection)
    if way == login.OAUTH:
        return [
            say(
                "Register the connected application on Connected Applications (SM303010) with the flow "
                "'Authorization Code' and exactly this redirect address: %(address)s",
                address=redirect_uri(),
            )
        ]
    if way == login.PASSWORD:
        return [
            say(
                "Register the connected application on Connected Applications (SM303010) with the flow "
                "'Resource Owner Password Credentials'. Acumatica has announced that signing in with a "
                "password will be withdrawn in a later release."
            )
        ]
    return [
        say(
            "The session is opened only while work is done and signed out of afterwards, one at a time. "
            "Acumatica has announced that signing in with a password will be withdrawn in a later release."
        )
    ]


def end_session(connection: Connection) -> None:
    """End the session that a killed worker left open."""
    Client(connection).sessions.end_left_behind()


VENDOR = Vendor(
    key="acumatica",
    label="Acumatica",
    settings=SETTINGS,
    secrets=SECRETS,
    api=AcumaticaApi,
    check=check,
    base_urls=base_urls,
    rate=rate,
    oauth=profile,
    webhooks=WEBHOOKS,
    end_session=end_session,
    discover={
        "endpoints": discovery.list_endpoints,
        "branches": discovery.list_branches,
        "vendor_classes": discovery.list_vendor_classes,
        "bill_types": discovery.list_bill_types,
        "bill_statuses": discovery.list_bill_statuses,
        "bill_actions": discovery.list_bill_actions,
        "bill_fields": discovery.list_bill_fields,
        "order_types": discovery.list_order_types,
        "order_statuses": discovery.list_order_statuses,
        "order_actions": discovery.list_order_actions,
        "order_fields": discovery.list_order_fields,
    },
    notes=notes,
)
