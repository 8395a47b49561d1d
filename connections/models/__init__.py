"""Sign-ins at vendors, and what every write to them leaves behind."""

from connections.models.audit import AuditEntry
from connections.models.calls import CallLog, EndpointCall, Throttle
from connections.models.connection import Connection, Health, OAuthFlow, TokenSet
from connections.models.effects import Effect, EffectState
from connections.models.sessions import VendorSession

__all__ = [
    "AuditEntry",
    "CallLog",
    "Connection",
    "Effect",
    "EffectState",
    "EndpointCall",
    "Health",
    "OAuthFlow",
    "Throttle",
    "TokenSet",
    "VendorSession",
]
