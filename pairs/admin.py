"""Integrations, records, webhooks and deliveries in the admin."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from pairs.models import Record


@admin.register(Record)
class RecordAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("label", "integration", "state", "due_at")
