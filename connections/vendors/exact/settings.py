"""What a person fills in for an Exact Online connection; texts are marked here, translated where shown."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from connections.base import SecretField, SettingField
from connections.vendors.exact.addresses import REGIONS

DEFAULT_PER_MINUTE = 60

SETTINGS = (
    SettingField(
        "region",
        _("country of the Exact Online site"),
        "choice",
        default="nl",
        required=True,
        choices=tuple((key, region.label) for key, region in REGIONS.items()),
        help_text=_(
            "The site at which your people sign in, by the end of its address (start.exactonline.de is "
            "Germany). The app must be registered in the App Center of the same country. Do not change it "
            "after signing in: another country is another connection."
        ),
    ),
    SettingField(
        "client_id",
        _("client ID"),
        required=True,
        help_text=_(
            "From your app in the Exact App Center (apps.exactonline.com), page 'Manage my apps'. Register "
            "an app of your own for this installation: a second installation with the same app and user ends "
            "the sign-in of the first one."
        ),
    ),
    SettingField(
        "division",
        _("company (division)"),
        "discovered",
        discover="divisions",
        help_text=_(
            "The company in which everything is read and written. Sign in and test the connection first, "
            "then choose it from the list: the company that is open for the user in Exact Online stands "
            "first. It stays fixed whatever the user opens there later. For a second company make a second "
            "connection."
        ),
    ),
    SettingField(
        "calls_per_minute",
        _("calls per minute"),
        "integer",
        default=DEFAULT_PER_MINUTE,
        required=True,
        help_text=_(
            "How many calls a minute your Exact Online plan allows this app for one company; usually 60. "
            "Enter less if other software uses the same app."
        ),
    ),
    SettingField(
        "calls_left_a_day",
        _("calls to leave unused each day"),
        "integer",
        default=0,
        help_text=_(
            "Exact Online allows a number of calls a day, usually 5,000. When no more than this many are "
            "left, nothing is called until the number starts anew at midnight (UTC). Enter more than 0 if "
            "other software uses the same app."
        ),
    ),
    SettingField(
        "time_zone",
        _("time zone of the site"),
        help_text=_(
            "Exact Online writes times as the clock of its country shows them. Leave it empty, unless 'Test "
            "connection' says that it differs; then for example Europe/Amsterdam."
        ),
    ),
    SettingField(
        "base_url",
        _("address of the site"),
        "url",
        help_text=_(
            "Leave it empty: it follows from the country. Only for tests with a simulated Exact Online."
        ),
    ),
)

SECRETS = (
    SecretField(
        "client_secret",
        _("client secret"),
        required=True,
        help_text=_(
            "From the same page of the Exact App Center as the client ID. It is stored encrypted and never "
            "shown again."
        ),
    ),
    SecretField(
        "webhook_secret",
        _("webhook secret"),
        help_text=_(
            "From the same page of the Exact App Center: 'Webhook secret', which is another one than the "
            "client secret. Without it no message of Exact Online is believed, and changes are found by the "
            "scheduled reading alone. It is stored encrypted and never shown again."
        ),
    ),
)
