"""Connections, and what their calls and writes left behind, in the admin."""

from connections.admin.connection import ConnectionAdmin
from connections.admin.logs import CallLogAdmin, EffectAdmin

__all__ = ["CallLogAdmin", "ConnectionAdmin", "EffectAdmin"]
