"""Integrations with their mappings, and records, links, cursors, webhooks and deliveries."""

from pairs.models.integration import (
    FieldMapping,
    Integration,
    MappingKind,
    UpdateMode,
    ValueTable,
    ValueTableRow,
)
from pairs.models.record import PARKED, WORKABLE, Finding, Link, Record, RecordState
from pairs.models.traffic import Cursor, Delivery, Heartbeat, Verdict, Webhook, WebhookState

__all__ = (
    "PARKED",
    "WORKABLE",
    "Cursor",
    "Delivery",
    "FieldMapping",
    "Finding",
    "Heartbeat",
    "Integration",
    "Link",
    "MappingKind",
    "Record",
    "RecordState",
    "UpdateMode",
    "ValueTable",
    "ValueTableRow",
    "Verdict",
    "Webhook",
    "WebhookState",
)
