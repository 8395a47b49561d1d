"""The DATEV client of one connection: all calls of the four APIs."""

from __future__ import annotations

from connections.vendors.datev.clients import ClientCalls, ClientInfo, UserInfo
from connections.vendors.datev.documents import (
    Basics,
    DocumentCalls,
    DocumentReceipt,
    DocumentType,
    DuoVersion,
    FiscalYear,
)
from connections.vendors.datev.dxso import DxsoCalls, DxsoJob, ProtocolLine
from connections.vendors.datev.extf import ExtfCalls, ExtfJob, Submitted

__all__ = (
    "Basics",
    "ClientInfo",
    "DatevApi",
    "DocumentReceipt",
    "DocumentType",
    "DuoVersion",
    "DxsoJob",
    "ExtfJob",
    "FiscalYear",
    "ProtocolLine",
    "Submitted",
    "UserInfo",
)


class DatevApi(ClientCalls, DocumentCalls, ExtfCalls, DxsoCalls):
    """`client_ref` is "<consultant>-<client>" everywhere, for example "455148-1"."""
