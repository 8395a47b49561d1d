"""What is true of an organisation for a long while, asked once a day: who it is, how its dates behave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from connections import clock
from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.dynamics import addresses
from connections.vendors.dynamics.values import ALWAYS_LITERAL, DateRules, Row

if TYPE_CHECKING:
    from connections.models import Connection
    from connections.vendors.dynamics.batch import Part, PartAnswer
    from connections.vendors.dynamics.client import Client

KEPT_FOR = timedelta(hours=24)
LEARNED = "dynamics_facts"
# The tables that are read, with the name of each one's set in addresses.
TABLES: Mapping[str, str] = {
    "invoice": "invoices",
    "invoicedetail": "invoicedetails",
    "account": "accounts",
    "contact": "contacts",
    "salesorder": "salesorders",
}
ORGANIZATION_COLUMNS = (
    "name,expirechangetrackingindays,maxuploadfilesize,oobpricecalculationenabled,_basecurrencyid_value"
)
# Source: platform constant; EntityDefinitions says it for the organisation at hand.
INVOICE_TYPE_CODE = 1090


@dataclass(frozen=True)
class Table:
    """What the organisation's metadata says of one table."""

    is_tracked: bool
    type_code: int
    # Column -> "UserLocal", "DateOnly" or "TimeZoneIndependent".
    dates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """`organization_id` names the organisation everywhere: a copied environment has another one."""

    organization_id: str
    user_id: str
    name: str
    base_currency: str
    keeps_changes_days: int | None
    max_upload_bytes: int | None
    # False: a plug-in of the customer computes prices and totals.
    computes_prices: bool | None
    tables: Mapping[str, Table]

    def rules(self, table: str, zone: ZoneInfo) -> DateRules:
        """How the dates of `table` are read in `zone`."""
        dates = self.tables[table].dates if table in self.tables else {}

        def behaving(kind: str) -> frozenset[str]:
            return frozenset(name for name, behavior in dates.items() if behavior == kind)

        literal = behaving("TimeZoneIndependent") | (ALWAYS_LITERAL - dates.keys())
        return DateRules(zone, literal, frozenset(dates) | ALWAYS_LITERAL, behaving("DateOnly"))

    def to_json(self) -> dict[str, Any]:
        tables = {name: vars(table) | {"dates": dict(table.dates)} for name, table in self.tables.items()}
        return vars(self) | {"tables": tables}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Facts:
        tables = {name: Table(**table) for name, table in stored["tables"].items()}
        return cls(**{**stored, "tables": tables})


def facts_of(client: Client) -> Facts:
    """The organisation's facts, not older than a day; two calls when they have to be asked for."""
    kept = _kept(client.connection)
    if kept and clock.now() - datetime.fromisoformat(kept["read_at"]) < KEPT_FOR:
        return Facts.from_json(kept["facts"])
    return read(client)


def known_facts(connection: Connection) -> Facts | None:
    """The facts as they were last read, however long ago, without any call."""
    kept = _kept(connection)
    return Facts.from_json(kept["facts"]) if kept else None


def _kept(connection: Connection) -> Mapping[str, Any]:
    """What is kept, if it is about the environment that the connection leads to."""
    kept: Mapping[str, Any] = connection.learned.get(LEARNED) or {}
    return kept if kept.get("environment") == addresses.environment(connection) else {}


def read(client: Client) -> Facts:
    """The facts as they are now, kept on the connection."""
    who = Row(client.get("/WhoAmI"))
    organization_id, user_id = who.guid("OrganizationId"), who.guid("UserId")
    answers = client.batch(fact_parts(client))
    facts = facts_from(client, organization_id, user_id, answers)
    keep(client.connection, facts)
    return facts


def fact_parts(client: Client) -> list[Part]:
    """The reads that `facts_from` understands: the organisation, its currencies, then two for each table."""
    parts = [
        client.part("/organizations", {"$select": ORGANIZATION_COLUMNS}),
        client.part("/transactioncurrencies", {"$select": "isocurrencycode"}),
    ]
    for table in TABLES:
        entity = f"/EntityDefinitions(LogicalName='{table}')"
        dates = f"{entity}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
        parts.append(client.part(entity, {"$select": "ChangeTrackingEnabled,ObjectTypeCode"}))
        parts.append(client.part(dates, {"$select": "LogicalName,DateTimeBehavior"}))
    return parts


def facts_from(client: Client, organization_id: str, user_id: str, answers: list[PartAnswer]) -> Facts:
    """Raises what stands in the way: without these facts no date and no currency can be read rightly."""
    organization = Row(next(iter(client.listing_of(answers[0]).rows), {}))
    currencies = {
        Row(row).guid("transactioncurrencyid"): Row(row).text("isocurrencycode")
        for row in client.rest_of(client.listing_of(answers[1]))
    }
    base = organization.lookup("basecurrencyid")
    tables = {
        table: _table(client, answers[2 + 2 * number], answers[3 + 2 * number])
        for number, table in enumerate(TABLES)
    }
    return Facts(
        organization_id=organization_id,
        user_id=user_id,
        name=organization.text("name"),
        base_currency=currencies.get(base.id, "") if base else "",
        keeps_changes_days=organization.whole("expirechangetrackingindays"),
        max_upload_bytes=organization.whole("maxuploadfilesize"),
        computes_prices=organization.flag("oobpricecalculationenabled"),
        tables=tables,
    )


def _table(client: Client, entity: PartAnswer, dates: PartAnswer) -> Table:
    definition = Row(client.object_of(entity))
    behaviors: dict[str, str] = {}
    for raw in client.listing_of(dates).rows:
        behavior = raw.get("DateTimeBehavior")
        value = behavior.get("Value") if isinstance(behavior, Mapping) else behavior
        behaviors[Row(raw).text("LogicalName")] = value if isinstance(value, str) else ""
    return Table(
        is_tracked=definition.flag("ChangeTrackingEnabled") is True,
        type_code=definition.whole("ObjectTypeCode") or 0,
        dates=behaviors,
    )


def keep(connection: Connection, facts: Facts) -> None:
    """Noted on the connection; what others learned there meanwhile stays."""
    kept = {
        "read_at": clock.now().astimezone(UTC).isoformat(),
        "environment": addresses.environment(connection),
        "facts": facts.to_json(),
    }
    with transaction.atomic():
        row = type(connection).objects.select_for_update().get(pk=connection.pk)
        connection.learned = {**row.learned, LEARNED: kept}
        # A fact is no configuration: no version in the history.
        type(connection).objects.filter(pk=connection.pk).update(learned=connection.learned)


def zone_of(connection: Connection) -> ZoneInfo:
    """The time zone of the connection. Raises ConfigurationError for one that does not exist."""
    name = str(connection.setting("time_zone")).strip()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            say(
                "The time zone '%(zone)s' of '%(connection)s' does not exist. Write one such as "
                "Europe/Berlin.",
                zone=name,
                connection=connection.name,
            ),
            vendor="dynamics",
        ) from None
