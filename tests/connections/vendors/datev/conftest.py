"""DATEV connections that are signed in at the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from connections import clock
from connections.models import Connection
from connections.tokens import TokenStore
from connections.vendors.datev import VENDOR
from connections.vendors.datev.api import DatevApi

BASE = "https://datev.example"
CLIENT = "455148-1"


def connected(datev: Any, name: str = "DATEV Muster", **settings: str) -> Connection:
    """A stored connection with a sign-in as its settings ask for."""
    app = datev.apps[0]
    connection = Connection.objects.create(
        name=name,
        vendor="datev",
        settings={"client_id": app.client_id, **datev.addresses(BASE), **settings},
        secrets={"client_secret": app.client_secret},
    )
    scopes = VENDOR.oauth(connection).scopes
    answer = datev.sign_in(scopes, bound_client=settings.get("bound_client", ""))
    TokenStore(connection).store_answer(answer, clock.now())
    return connection


@pytest.fixture
def connection(db: None, datev: Any) -> Connection:
    return connected(datev)


@pytest.fixture
def api(connection: Connection) -> DatevApi:
    return DatevApi(connection)


@pytest.fixture
def long_connection(db: None, datev: Any) -> Connection:
    """A long sign-in, bound to 455148-1."""
    return connected(datev, "DATEV lang", token_mode="long", bound_client=CLIENT)


def extf_file(client_number: int = 1, account_length: int = 4) -> bytes:
    """A booking file of one row whose header fits client 455148-`client_number`."""
    header = (
        '"EXTF";700;21;"Buchungsstapel";13;20260714175542000;;"RE";"";"";'
        f'455148;{client_number};20260101;{account_length};20260701;20260731;"Muster 07/2026";"";1;0;0;"EUR";'
        ";;;;;;;;"
    )
    row = '119,00;"S";"EUR";;;"";4400;70001;"9";1407;"RE-1"'
    return "\r\n".join([header, "Umsatz;Soll/Haben", row, ""]).encode("utf-8-sig")
