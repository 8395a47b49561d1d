"""What a person fills in for a DATEV connection; texts are marked here and translated where shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from connections.base import SecretField, SettingField

# Source: `security` of DATEV's OpenAPI documents (read 2026-11): the prefix "datev:" is present on two
# families and absent on documents and dxso-jobs.
CLIENTS_SCOPE = "datev:accounting:clients"
EXTF_SCOPE = "datev:accounting:extf-files-import"
BASICS_SCOPE = "accounting:clients:read"
DOCUMENTS_SCOPE = "accounting:documents"
DXSO_SCOPE = "accounting:dxso-jobs"
DEFAULT_SCOPES = (
    "openid",
    "profile",
    CLIENTS_SCOPE,
    EXTF_SCOPE,
    BASICS_SCOPE,
    DOCUMENTS_SCOPE,
    DXSO_SCOPE,
)

OVERRIDE_HELP = _("Leave empty: the address follows from the environment. Fill in only for a simulator.")

SETTINGS = (
    SettingField(
        "environment",
        _("DATEV environment"),
        kind="choice",
        default="production",
        choices=(
            ("production", _("production: real books")),
            ("sandbox", _("sandbox: DATEV's test clients")),
        ),
        help_text=_(
            "Production and sandbox have apps and credentials of their own. Start with the sandbox; "
            "change to production after DATEV has released your app."
        ),
    ),
    SettingField(
        "client_id",
        _("client ID of the app"),
        required=True,
        help_text=_(
            "The client ID of your app in the DATEV developer portal (usually 32 letters and digits). "
            "This is neither the consultant number nor the client number."
        ),
    ),
    SettingField(
        "token_mode",
        _("duration of the sign-in"),
        kind="choice",
        default="short",
        choices=(
            ("short", _("11 hours, all clients of the person")),
            ("long", _("2 years, one client only")),
        ),
        help_text=_(
            "The long sign-in lets bookings run unattended. It is for exactly one client (Mandant), and "
            "DATEV must have approved it for your app. With the short one a person signs in again every day."
        ),
    ),
    SettingField(
        "bound_client",
        _("client of the long sign-in"),
        help_text=_(
            "Only for the long sign-in: consultant number and client number with a hyphen, for example "
            "455148-1. Test the connection with the short sign-in first; then switch to the long one."
        ),
    ),
    SettingField(
        "client_authentication",
        _("how the app identifies itself"),
        kind="choice",
        default="client_id_only",
        choices=(
            ("client_id_only", _("client ID only")),
            ("basic", _("client ID and client secret (HTTP Basic)")),
        ),
        help_text=_(
            "Leave as it is. If DATEV refuses it and a client secret is stored, the other way is tried once "
            "and remembered."
        ),
    ),
    SettingField(
        "scopes",
        _("scopes"),
        kind="multiline",
        help_text=_(
            "Leave empty for everything that this product can use. Otherwise the scopes exactly as the "
            "developer portal shows them for your app, separated by spaces. DATEV wants only those that you "
            "use: without DXSO leave out accounting:dxso-jobs. After a change sign in again."
        ),
    ),
    SettingField("authorize_url", _("address of the sign-in page"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("token_url", _("address for tokens"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("revoke_url", _("address for revoking"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("userinfo_url", _("address for the person's name"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("clients_url", _("address of accounting:clients"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("documents_url", _("address of accounting:documents"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("extf_url", _("address of accounting:extf-files"), kind="url", help_text=OVERRIDE_HELP),
    SettingField("dxso_url", _("address of accounting:dxso-jobs"), kind="url", help_text=OVERRIDE_HELP),
)

SECRETS = (
    SecretField(
        "client_secret",
        _("client secret of the app"),
        help_text=_(
            "The client secret of your app in the DATEV developer portal. It is stored encrypted and never "
            "shown again. Without it only 'client ID only' can be tried."
        ),
    ),
)
