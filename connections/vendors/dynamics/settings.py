"""What a person fills in for a Dynamics connection; texts are marked here and translated where shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from connections.base import SecretField, SettingField

SETTINGS = (
    SettingField(
        "environment_url",
        _("address of the environment"),
        "url",
        required=True,
        help_text=_(
            "The address at which your people open Dynamics 365 Sales, for example "
            "https://muster.crm4.dynamics.com (the Power Platform admin centre shows it as 'Environment "
            "URL')."
        ),
    ),
    SettingField(
        "tenant",
        _("directory (tenant) ID"),
        required=True,
        help_text=_(
            "From the overview page of the app registration in Microsoft Entra: 'Directory (tenant) ID', or "
            "a domain of your directory. 'common' does not work."
        ),
    ),
    SettingField(
        "client_id",
        _("application (client) ID"),
        required=True,
        help_text=_(
            "From the overview page of the app registration in Microsoft Entra: 'Application (client) ID'. "
            "The app must also be entered in the Power Platform admin centre: the environment, Settings, "
            "Users + permissions, Application users, 'New app user', with a security role."
        ),
    ),
    SettingField(
        "credential",
        _("how the app proves who it is"),
        "choice",
        default="secret",
        required=True,
        choices=(
            ("secret", _("client secret")),
            ("certificate", _("certificate")),
        ),
        help_text=_(
            "A client secret is quicker to set up and ends after two years at the latest. Microsoft "
            "recommends a certificate. Both are made in Microsoft Entra under 'Certificates & secrets'."
        ),
    ),
    SettingField(
        "secret_ends_on",
        _("secret or certificate ends on"),
        help_text=_(
            "The date that Microsoft Entra shows under 'Expires', written like 2027-11-30. With it 'Test "
            "connection' warns four weeks before; Microsoft itself does not warn. May be empty."
        ),
    ),
    SettingField(
        "thumbprint",
        _("thumbprint of the certificate"),
        help_text=_(
            "Only for a certificate whose file holds the private key alone: the 'Thumbprint' that Microsoft "
            "Entra shows (40 or 64 digits and letters A to F). Otherwise leave it empty."
        ),
    ),
    SettingField(
        "time_zone",
        _("time zone of the documents"),
        default="Europe/Berlin",
        required=True,
        help_text=_(
            "Dynamics keeps most dates as a moment in world time. This time zone decides on which day that "
            "moment lies, for example Europe/Berlin."
        ),
    ),
    SettingField(
        "login_url",
        _("address for signing in"),
        "url",
        default="https://login.microsoftonline.com",
        required=True,
        help_text=_(
            "Change it only for one of Microsoft's national clouds (for example "
            "https://login.microsoftonline.us) or for tests with a simulated Dynamics."
        ),
    ),
)

SECRETS = (
    SecretField(
        "client_secret",
        _("client secret"),
        help_text=_(
            "The 'Value' of the client secret, not its 'Secret ID'. Microsoft Entra shows the value only "
            "once, right after it was made. It is stored encrypted and never shown again."
        ),
    ),
    SecretField(
        "certificate",
        _("private key of the certificate (PEM)"),
        is_multiline=True,
        help_text=_(
            "Only for a certificate: the content of the PEM file, from '-----BEGIN' to '-----END', best "
            "with private key and certificate in it. Upload the certificate alone (.cer) to Microsoft "
            "Entra. It is stored encrypted and never shown again."
        ),
    ),
    SecretField(
        "passphrase",
        _("passphrase of the private key"),
        help_text=_("Only if the private key is protected by one."),
    ),
)
