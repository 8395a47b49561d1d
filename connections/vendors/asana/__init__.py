"""Asana: tasks with custom fields, approvals, files and comments; webhooks for each project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connections.base import OAuthProfile, Rate, SecretField, SettingField, Vendor
from connections.messages import Message, say
from connections.models import Connection
from connections.oauth import redirect_uri
from connections.vendors.asana.api import AsanaApi
from connections.vendors.asana.checkup import (
    check,
    list_fields,
    list_portfolios,
    list_projects,
    list_sections,
    list_templates,
    list_users,
    list_webhooks,
    list_workspaces,
    list_writable_fields,
)
from connections.vendors.asana.making import FIELDS
from connections.vendors.asana.webhooks import WEBHOOKS

# Asana works on at most 50 reads and 15 writes of a token at the same time. The limiter does not tell them
# apart, so no more than 15 calls may start together. Source: Asana "Rate limits" (read 2026-11).
CALLS_AT_ONCE = 15

SETTINGS = (
    SettingField(
        "sign_in",
        _("way of signing in"),
        "choice",
        default="pat",
        required=True,
        choices=(
            ("pat", _("personal access token")),
            ("oauth", _("OAuth (a person signs in at Asana)")),
        ),
        help_text=_(
            "A personal access token is the quickest way. Either way the connection may do exactly what that "
            "Asana user may do: best use an Asana user of its own that is a member of the projects."
        ),
    ),
    SettingField(
        "workspace",
        _("workspace"),
        "discovered",
        discover="workspaces",
        help_text=_(
            "The Asana workspace to work in. Leave it empty if the user belongs to one workspace only."
        ),
    ),
    SettingField(
        "calls_per_minute",
        _("Asana plan"),
        "choice",
        default="150",
        required=True,
        choices=(
            ("150", _("free (150 calls a minute)")),
            ("1500", _("paid (1,500 calls a minute)")),
        ),
        help_text=_(
            "How many calls Asana allows depends on your plan. With 'paid' on a free plan Asana would keep "
            "stopping us; custom fields and approvals need a paid plan."
        ),
    ),
    SettingField(
        "client_id",
        _("client ID of the Asana app"),
        help_text=_("Only for OAuth: from your app's page in Asana's developer console."),
    ),
    SettingField(
        "scopes",
        _("permission scopes"),
        help_text=_(
            "Only for OAuth. Leave it empty for an app with full permissions, which we recommend: single "
            "scopes do not cover the sections of a project. Otherwise list the app's scopes (with spaces)."
        ),
    ),
    SettingField(
        "base_url",
        _("address of the interface"),
        "url",
        default="https://app.asana.com/api/1.0",
        required=True,
        help_text=_("Change it only for tests with a simulated Asana."),
    ),
    SettingField(
        "oauth_url",
        _("address for signing in"),
        "url",
        default="https://app.asana.com/-",
        required=True,
        help_text=_("Change it only for tests with a simulated Asana."),
    ),
)

SECRETS = (
    SecretField(
        "pat",
        _("personal access token"),
        help_text=_(
            "Create it in Asana under Settings, Apps, Developer console, 'Create new token'; Asana shows it "
            "only once. It is stored encrypted and never shown again."
        ),
    ),
    SecretField(
        "client_secret",
        _("client secret of the Asana app"),
        help_text=_("Only for OAuth: from your app's page in Asana's developer console."),
    ),
)


def base_urls(connection: Connection) -> Sequence[str]:
    return (str(connection.setting("base_url")), str(connection.setting("oauth_url")))


def rate(connection: Connection) -> Rate:
    """The plan's calls a minute, less the burst, so that no minute holds more than the plan allows.

    Asana counts refused calls too, and looks more often than once a minute.
    """
    allowed = int(connection.setting("calls_per_minute"))
    burst = min(CALLS_AT_ONCE, max(allowed // 10, 1))
    return Rate(per_minute=max(allowed - burst, 1), burst=burst)


def oauth(connection: Connection) -> OAuthProfile | None:
    """Authorization code with PKCE; None for a personal access token.

    The refresh token does not rotate and is the only one that can be revoked; no scope at all stands for
    full permissions. Source: Asana "OAuth" (read 2026-11).
    """
    if connection.setting("sign_in") != "oauth":
        return None
    host = str(connection.setting("oauth_url")).rstrip("/")
    return OAuthProfile(
        authorize_url=f"{host}/oauth_authorize",
        token_url=f"{host}/oauth_token",
        revoke_url=f"{host}/oauth_revoke",
        client_id=str(connection.setting("client_id")),
        client_secret=connection.secrets.get("client_secret", ""),
        scopes=tuple(str(connection.setting("scopes")).split()),
        client_authentication="post",
        refresh_params={"redirect_uri": redirect_uri()},
        rotates=False,
        refresh_margin=timedelta(minutes=5),
        revoke_tokens=("refresh_token",),
        sends_token_type_hint=False,
        identity=signed_in_as,
    )


def signed_in_as(answer: Mapping[str, Any]) -> str:
    """The person's name, which Asana sends along with the tokens."""
    data = answer.get("data")
    name = data.get("name") if isinstance(data, Mapping) else None
    return name if isinstance(name, str) else ""


def notes(connection: Connection) -> Sequence[Message]:
    """What a person must register at Asana, and the changes that Asana has announced."""
    changes = connection.learned.get("asana_changes") or {}
    address = [
        say(
            "Register this redirect address for the app in Asana's developer console: %(address)s",
            address=redirect_uri(),
        )
    ]
    return (address if connection.setting("sign_in") == "oauth" else []) + [
        say(
            "Since %(date)s Asana announces a change of its interface, '%(name)s'. An update of this "
            "software may be needed: %(info)s",
            date=change.get("seen", ""),
            name=name,
            info=change.get("info", ""),
        )
        for name, change in changes.items()
    ]


VENDOR = Vendor(
    key="asana",
    label="Asana",
    settings=SETTINGS,
    secrets=SECRETS,
    api=AsanaApi,
    check=check,
    base_urls=base_urls,
    rate=rate,
    oauth=oauth,
    webhooks=WEBHOOKS,
    fields=FIELDS,
    discover={
        "workspaces": list_workspaces,
        "projects": list_projects,
        "sections": list_sections,
        "portfolios": list_portfolios,
        "templates": list_templates,
        "users": list_users,
        "fields": list_fields,
        "writable_fields": list_writable_fields,
        "webhooks": list_webhooks,
    },
    notes=notes,
)
