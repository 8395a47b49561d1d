"""What a person fills in for a Jira connection; texts are marked here and translated where shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from connections.base import SecretField, SettingField

# An issue is found by a search seconds after it was made, in bad times after minutes.
# Source: Atlassian "Search and reconcile" (read 2026-11).
SEARCH_LAG_SECONDS = 300
# See `connections.vendors.jira.checkup.rate`.
CALLS_PER_MINUTE = 180

SETTINGS = (
    SettingField(
        "client_id",
        _("client ID of the Atlassian app"),
        required=True,
        help_text=_(
            "At developer.atlassian.com create an app of the kind 'OAuth 2.0 integration', add the "
            "permission 'Jira API', and copy the client ID from its page 'Settings'."
        ),
    ),
    SettingField(
        "site",
        _("Jira site"),
        "discovered",
        discover="sites",
        help_text=_(
            "The Jira site to work in. Sign in and test the connection first; then the sites that are open "
            "to it are offered here."
        ),
    ),
    SettingField(
        "webhooks",
        _("webhooks"),
        "choice",
        default="dynamic",
        required=True,
        choices=(
            ("dynamic", _("registered by this software (30 days, renewed by itself)")),
            ("admin", _("entered by a Jira administrator, with a secret")),
            ("none", _("none, only the scheduled reading")),
        ),
        help_text=_(
            "Webhooks only make it faster; the scheduled reading finds every change. The first kind works "
            "when the person who signs in also owns the app in the developer console. After a change here "
            "sign in again."
        ),
    ),
    SettingField(
        "search_lag_seconds",
        _("seconds until a new issue is found"),
        "integer",
        default=SEARCH_LAG_SECONDS,
        help_text=_(
            "Jira's search finds a new issue with a delay. When the answer to 'create issue' was lost, this "
            "software searches this long before it creates the issue again."
        ),
    ),
    SettingField(
        "calls_per_minute",
        _("calls a minute"),
        "integer",
        default=CALLS_PER_MINUTE,
        help_text=_(
            "With up to 180 calls a minute none of Jira's limits is reached, not even the one for changes "
            "of a single issue. Raise it only for very many issues."
        ),
    ),
    SettingField(
        "api_url",
        _("address of the interface"),
        "url",
        default="https://api.atlassian.com",
        required=True,
        help_text=_("Change it only for tests with a simulated Jira."),
    ),
    SettingField(
        "auth_url",
        _("address for signing in"),
        "url",
        default="https://auth.atlassian.com",
        required=True,
        help_text=_("Change it only for tests with a simulated Jira."),
    ),
)

SECRETS = (
    SecretField(
        "client_secret",
        _("secret of the Atlassian app"),
        help_text=_(
            "From the page 'Settings' of the app in Atlassian's developer console. The webhooks that this "
            "software registers are checked with it too."
        ),
    ),
    SecretField(
        "previous_client_secret",
        _("previous secret of the Atlassian app"),
        help_text=_(
            "Only while you replace the secret in the developer console: for a while Atlassian still signs "
            "webhooks with the old one. Remove it a day later."
        ),
    ),
    SecretField(
        "webhook_secret",
        _("secret of the administrator's webhook"),
        help_text=_(
            "Only for webhooks entered by a Jira administrator: make up a long random text, enter it here "
            "and in Jira under System, WebHooks. Without it deliveries are refused."
        ),
    ),
)
