"""What a person fills in for an Acumatica connection; texts are marked here and translated where shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from connections.base import SecretField, SettingField
from connections.vendors.acumatica.login import OAUTH, PASSWORD, SESSION

SETTINGS = (
    SettingField(
        "instance_url",
        _("address of Acumatica"),
        "url",
        required=True,
        help_text=_(
            "The whole address at which your people open Acumatica, with the part after the host if there is "
            "one, for example https://muster.acumatica.com or https://erp.muster.example/AcumaticaERP."
        ),
    ),
    SettingField(
        "tenant",
        _("tenant (login name)"),
        required=True,
        help_text=_(
            "The 'Login Name' of the tenant as it stands on Tenants (SM203520), not its description. Fill "
            "it in even if you have only one tenant: with a wrong or missing name Acumatica may sign in to "
            "another one and say nothing."
        ),
    ),
    SettingField(
        "branch",
        _("branch"),
        help_text=_(
            "Branch ID (not the name) in which the user signs in, for example MAIN. May be empty: then it "
            "is the user's default branch. Which branches' documents are read is chosen at the integration."
        ),
    ),
    SettingField(
        "endpoint_name",
        _("endpoint name"),
        default="Default",
        required=True,
        help_text=_(
            "'Default', or the name of your own extension of it from Web Service Endpoints (SM207060). "
            "Capitals matter."
        ),
    ),
    SettingField(
        "endpoint_version",
        _("endpoint version"),
        required=True,
        help_text=_(
            "The version of the endpoint from Web Service Endpoints (SM207060), for example 24.200.001. It "
            "is not the version of Acumatica itself: 2023 R2 has 23.200.001, 2024 R2 and 2025 R1 have "
            "24.200.001, from 2025 R2 on there is 25.200.001. 'Test connection' lists those that your "
            "instance has."
        ),
    ),
    SettingField(
        "release",
        _("release of Acumatica"),
        help_text=_(
            "For example 2025 R1. May be empty. When it is filled in, 'Test connection' warns as soon as the "
            "instance runs another release, so that an upgrade does not go unnoticed."
        ),
    ),
    SettingField(
        "sign_in",
        _("way of signing in"),
        "choice",
        default=OAUTH,
        required=True,
        choices=(
            (OAUTH, _("OAuth (a person signs in at Acumatica)")),
            (PASSWORD, _("OAuth with user name and password")),
            (SESSION, _("session with user name and password")),
        ),
        help_text=_(
            "The first is recommended. With user name and password nobody has to sign in again each month, "
            "but Acumatica has announced to withdraw both in a later release; the session needs a place of "
            "your licence each time it is open. Either way best use an Acumatica user of its own: approvals "
            "are given in the name of this user."
        ),
    ),
    SettingField(
        "client_id",
        _("client ID of the connected application"),
        help_text=_(
            "Only for OAuth: from Connected Applications (SM303010). Acumatica shows it with the tenant "
            "behind an @, like 88358B02-...@MUSTER; enter it as it is shown."
        ),
    ),
    SettingField(
        "consent_days",
        _("days until the sign-in ends"),
        "integer",
        default=30,
        required=True,
        help_text=_(
            "Only for OAuth by a person: after so many days somebody has to sign in again; you are warned "
            "beforehand. 30, unless the connected application (SM303010) says otherwise."
        ),
    ),
    SettingField(
        "consent_is_sliding",
        _("use extends the sign-in"),
        "bool",
        default=False,
        help_text=_(
            "Only if 'Sliding Expiration' is chosen for the refresh token of the connected application "
            "(SM303010): then the days above begin anew with each use."
        ),
    ),
    SettingField(
        "user_name",
        _("user name"),
        help_text=_(
            "Only for signing in with user name and password: the login of the Acumatica user. Its password "
            "must not have to be changed at the next sign-in."
        ),
    ),
    SettingField(
        "session_minutes",
        _("minutes until an unused session ends"),
        "integer",
        default=20,
        required=True,
        help_text=_(
            "Only for the session with user name and password: after so long Acumatica ends a session that "
            "nobody uses (ask whoever runs its web server; 20 is usual). If the answer to a sign-in gets "
            "lost, nobody signs in again before that, so that only one place of the licence is ever taken."
        ),
    ),
    SettingField(
        "time_zone",
        _("time zone of Acumatica"),
        default="Europe/Berlin",
        required=True,
        help_text=_(
            "The time zone of the Acumatica user of this connection (User Profile, SM203010), for example "
            "Europe/Berlin. It counts for moments that Acumatica tells without a time zone."
        ),
    ),
    SettingField(
        "calls_per_minute",
        _("calls per minute"),
        "integer",
        default=30,
        required=True,
        help_text=_(
            "How many of the licence's 'requests per minute' (License Monitoring Console, SM604000) this "
            "connection may use. All integrations share that number: half of it at most is a good choice, "
            "above that Acumatica slows everybody down."
        ),
    ),
)

SECRETS = (
    SecretField(
        "client_secret",
        _("client secret of the connected application"),
        help_text=_(
            "Only for OAuth: from Connected Applications (SM303010), 'Add Shared Secret'. Acumatica shows "
            "it only once. It is stored encrypted and never shown again."
        ),
    ),
    SecretField(
        "password",
        _("password"),
        help_text=_(
            "Only for signing in with user name and password. It is stored encrypted and never shown again. "
            "A refused password is not tried again by itself, because Acumatica locks the user after a few."
        ),
    ),
    SecretField(
        "push_secret",
        _("secret for push notifications"),
        help_text=_(
            "A long random text (16 characters or more) of your own, which you also enter as 'Header Value' "
            "on Push Notifications (SM302000) in Acumatica. Without it notifications are refused and "
            "changes are found by the scheduled reading alone."
        ),
    ),
)
