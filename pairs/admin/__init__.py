"""Integrations, records, webhooks and the audit trail in the admin."""

from pairs.admin import audit, integrations, records, traffic, value_tables

__all__ = ["audit", "integrations", "records", "traffic", "value_tables"]
