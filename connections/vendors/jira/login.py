"""OAuth 2.0 (3LO): authorization code, rotating refresh tokens with a leeway of ten minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from connections.base import OAuthProfile
from connections.errors import AccessLostError, ConfigurationError, Fault
from connections.vendors.jira import addresses

if TYPE_CHECKING:
    from connections.models import Connection

# Source: Atlassian "OAuth 2.0 (3LO) apps", refresh tokens (read 2026-11). No use ends them, nor does use
# help against the second end, which holds for the whole family of tokens.
UNUSED_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=365)

# Source: `x-atlassian-oauth2-scopes` of the operations that are called, OpenAPI file of 2025-12.
WORK_SCOPES = ("read:jira-work", "write:jira-work", "read:jira-user")
WEBHOOK_SCOPE = "manage:jira-webhook"
OFFLINE_SCOPE = "offline_access"

TOKEN_FAULTS: tuple[Fault, ...] = (
    # Said instead of `invalid_grant` by some of Atlassian's servers.
    Fault(
        0,
        AccessLostError,
        _("%(vendor)s no longer accepts this sign-in. Open the connection and sign in again."),
        code="unauthorized_client",
        contains="refresh_token",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Atlassian does not know the client ID or refused the secret of this connection. Compare them "
            "with the app in Atlassian's developer console."
        ),
        code="access_denied",
    ),
)


def profile(connection: Connection) -> OAuthProfile:
    host = addresses.login(connection)
    return OAuthProfile(
        authorize_url=f"{host}/authorize",
        token_url=f"{host}/oauth/token",
        client_id=str(connection.setting("client_id")).strip(),
        client_secret=str(connection.secrets.get("client_secret", "")).strip(),
        scopes=scopes(connection),
        client_authentication="post",
        encoding="json",
        authorize_params={"audience": "api.atlassian.com", "prompt": "consent"},
        rotates=True,
        may_repeat_refresh=True,
        refresh_margin=timedelta(minutes=5),
        consent_lifetime=UNUSED_LIFETIME,
        consent_is_sliding=True,
        consent_longest=LONGEST_LIFETIME,
        token_faults=TOKEN_FAULTS,
        # There is no address to revoke at: a person does it under "Connected apps".
        revoke_tokens=(),
    )


def scopes(connection: Connection) -> tuple[str, ...]:
    """What is asked for at the sign-in."""
    return (*site_scopes(connection), OFFLINE_SCOPE)


def site_scopes(connection: Connection) -> tuple[str, ...]:
    """What is asked for at the site; the right to register webhooks only where they are registered."""
    hooks = (WEBHOOK_SCOPE,) if connection.setting("webhooks") == "dynamic" else ()
    return (*WORK_SCOPES, *hooks)


def granted_scopes(connection: Connection) -> frozenset[str]:
    """What was granted at the sign-in, as the last token answer says it."""
    held = getattr(connection, "token_set", None)
    return frozenset(str(held.tokens.get("scope") or "").split()) if held else frozenset()
