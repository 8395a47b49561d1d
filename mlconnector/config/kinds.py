"""What a configuration file holds: sections of named things, with the rows that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models

from bookings.models import Account, CostCenter, DatevClient, FiscalYearRow, Partner, TaxCase, TaxKey
from connections.declared import secret_faults, setting_faults
from connections.messages import DataFault, say
from connections.models import Connection
from connections.registry import vendors
from pairs.checks import faults_of
from pairs.models import FieldMapping, Integration, ValueTable, ValueTableRow
from pairs.registry import pairs


@dataclass(frozen=True)
class Rows:
    """Rows of a thing. Where the file lists them, the stored rows become exactly those."""

    name: str
    model: type[models.Model]
    parent: str
    key: tuple[str, ...]
    fields: tuple[str, ...]
    # Fields that name another thing: field -> section.
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One section. Things that the file does not name are left as they are."""

    section: str
    model: type[models.Model]
    key: tuple[str, ...]
    fields: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Rows, ...] = ()
    has_secrets: bool = False
    # What is wrong with the stored thing, asked after it and its rows were written.
    check: Callable[[Any], list[DataFault]] = lambda thing: []


def _connection_faults(connection: Connection) -> list[DataFault]:
    vendor = vendors().get(connection.vendor)
    if vendor is None:
        known = ", ".join(vendors())
        return [
            DataFault(
                "vendor", connection.vendor, say("There is no such system; known are %(known)s.", known=known)
            )
        ]
    return setting_faults(vendor.settings, connection.settings) + secret_faults(
        vendor.secrets, connection.secrets
    )


def _integration_faults(integration: Integration) -> list[DataFault]:
    """An integration that is off may be unfinished, but what it says must be right."""
    if integration.is_on or integration.pair not in pairs():
        return faults_of(integration)
    optional = [replace(setting, required=False) for setting in integration.declared.settings]
    return setting_faults(optional, integration.settings)


# In the order in which they refer to each other.
KINDS = (
    Kind(
        "connections",
        Connection,
        key=("name",),
        fields=("vendor", "settings", "is_on"),
        has_secrets=True,
        check=_connection_faults,
    ),
    Kind(
        "datev_clients",
        DatevClient,
        key=("consultant_number", "client_number"),
        fields=(
            "name",
            "connection",
            "chart",
            "account_length",
            "encoding",
            "is_finalized",
            "dictation_code",
            "is_small_business",
            "uses_oss",
            "debtor_from",
            "debtor_until",
        ),
        references={"connection": "connections"},
        rows=(
            Rows("fiscal_years", FiscalYearRow, "client", ("start",), ("end", "closed_until")),
            Rows(
                "accounts",
                Account,
                "client",
                ("number",),
                ("name", "is_automatic", "is_collective", "is_blocked"),
            ),
            Rows("partners", Partner, "client", ("number",), ("name", "city", "vat_id", "is_blocked")),
            Rows("cost_centers", CostCenter, "client", ("number",), ("name", "is_blocked")),
            Rows(
                "tax_keys",
                TaxKey,
                "client",
                ("bu_key",),
                (
                    "meaning",
                    "rate",
                    "direction",
                    "needs_vat_id",
                    "needs_country",
                    "reversal_key",
                    "is_confirmed",
                ),
            ),
            Rows(
                "tax_cases",
                TaxCase,
                "client",
                ("key",),
                (
                    "name",
                    "kind",
                    "rate",
                    "account",
                    "bu_key",
                    "country",
                    "revenue_group",
                    "valid_from",
                    "valid_until",
                    "is_confirmed",
                ),
            ),
        ),
    ),
    Kind(
        "value_tables",
        ValueTable,
        key=("name",),
        fields=(),
        rows=(Rows("rows", ValueTableRow, "table", ("source_value",), ("source_label", "target_value")),),
    ),
    Kind(
        "integrations",
        Integration,
        key=("name",),
        fields=("pair", "source", "target", "settings", "is_on", "is_paused", "language"),
        references={"source": "connections", "target": "connections"},
        rows=(
            Rows(
                "mappings",
                FieldMapping,
                "integration",
                ("flow", "way", "target_field"),
                ("kind", "source_field", "source_label", "constant", "table", "update_mode"),
                references={"table": "value_tables"},
            ),
        ),
        check=_integration_faults,
    ),
)
BY_SECTION = {kind.section: kind for kind in KINDS}
