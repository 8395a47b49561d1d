"""DATEV's addresses: from the environment and the API, each replaceable in the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connections.models import Connection

# Source: DATEV OpenAPI documents (servers, securitySchemes) and discovery documents (read 2026-11).
# (production, sandbox) of each address. One host per API; only the path differs in the sandbox.
ADDRESSES: dict[str, tuple[str, str]] = {
    "authorize_url": (
        "https://login.datev.de/openid/authorize",
        "https://login.datev.de/openidsandbox/authorize",
    ),
    "token_url": ("https://api.datev.de/token", "https://sandbox-api.datev.de/token"),
    "revoke_url": ("https://api.datev.de/revoke", "https://sandbox-api.datev.de/revoke"),
    "userinfo_url": ("https://api.datev.de/userinfo", "https://sandbox-api.datev.de/userinfo"),
    "clients_url": (
        "https://accounting-clients.api.datev.de/platform/v2",
        "https://accounting-clients.api.datev.de/platform-sandbox/v2",
    ),
    "documents_url": (
        "https://accounting-documents.api.datev.de/platform/v2",
        "https://accounting-documents.api.datev.de/platform-sandbox/v2",
    ),
    "extf_url": (
        "https://accounting-extf-files.api.datev.de/platform/v3",
        "https://accounting-extf-files.api.datev.de/platform-sandbox/v3",
    ),
    "dxso_url": (
        "https://accounting-dxso-jobs.api.datev.de/platform/v2",
        "https://accounting-dxso-jobs.api.datev.de/platform-sandbox/v2",
    ),
}
# Where the bearer token may go.
WITH_TOKEN = ("userinfo_url", "clients_url", "documents_url", "extf_url", "dxso_url")


def address(connection: Connection, key: str) -> str:
    """The address `key` of this connection, without a slash at its end."""
    own = str(connection.setting(key) or "").strip()
    production, sandbox = ADDRESSES[key]
    return (own or (sandbox if is_sandbox(connection) else production)).rstrip("/")


def base_urls(connection: Connection) -> list[str]:
    """The addresses that may see the bearer token."""
    return [address(connection, key) for key in WITH_TOKEN]


def is_sandbox(connection: Connection) -> bool:
    return bool(connection.setting("environment") == "sandbox")


def is_long(connection: Connection) -> bool:
    """Whether the sign-in is the long one, bound to a single client."""
    return bool(connection.setting("token_mode") == "long")


def bound_client(connection: Connection) -> str:
    """The one client ("<consultant>-<client>") of a long sign-in; "" in the short mode."""
    return str(connection.setting("bound_client")).strip() if is_long(connection) else ""
