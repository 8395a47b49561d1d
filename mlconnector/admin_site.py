"""How the admin looks: title, navigation, languages. Read by django-unfold as the setting UNFOLD."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _


def _item(title: Any, icon: str, app: str, model: str) -> dict[str, Any]:
    """A line of the navigation, shown to those who may see the list it leads to."""

    def address() -> str:
        try:
            return reverse(f"admin:{app}_{model}_changelist")
        except NoReverseMatch:
            return ""

    def may_see(request: HttpRequest) -> bool:
        may = any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))
        return may and bool(address())

    def is_active(request: HttpRequest) -> bool:
        return bool(address()) and request.path.startswith(address())

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "active": is_active,
        "permission": may_see,
    }


def stylesheet(request: HttpRequest) -> str:
    return static("mlconnector/admin.css")


def icon(request: HttpRequest) -> str:
    return static("mlconnector/icon.svg")


# Texts of django-unfold that stand on our pages: it has no German of its own.
TEXTS_OF_UNFOLD = (
    _("Welcome back to"),
    _("Type to search"),
    _("No results found"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Reset filters"),
    _("Filters"),
    _("Apply Filters"),
    _("Expand row"),
    _("Go back"),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Run"),
    _("Light"),
    _("Dark"),
    _("System"),
    _("Toggle password visibility"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("This item will be deleted."),
    _("You have been successfully logged out from the administration"),
    _("Changes"),
    _("From"),
    _("To"),
    _("True"),
    _("False"),
    # Django's own German says "Geschichte".
    _("History"),
    # django-simple-history
    _("View history: %s"),
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "ml-connector",
    "SITE_HEADER": "ml-connector",
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [stylesheet],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": icon}],
    # A calm blue; red, orange and green are kept for states.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
    "DASHBOARD_CALLBACK": "mlconnector.dashboard.add_to_index",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Operation"),
                "items": [
                    {
                        "title": _("Dashboard"),
                        "icon": "dashboard",
                        "link": reverse_lazy("admin:index"),
                    },
                    _item(_("Records"), "receipt_long", "pairs", "record"),
                    _item(_("Batches"), "folder_zip", "bookings", "batch"),
                    _item(_("DATEV jobs"), "hourglass_top", "bookings", "job"),
                    _item(_("Bookings"), "list_alt", "bookings", "booking"),
                    _item(_("Documents"), "description", "bookings", "document"),
                    _item(_("Files from elsewhere"), "upload_file", "bookings", "handedin"),
                ],
            },
            {
                "title": _("Set-up"),
                "separator": True,
                "items": [
                    _item(_("Connections"), "cable", "connections", "connection"),
                    _item(_("DATEV clients"), "apartment", "bookings", "datevclient"),
                    _item(_("Integrations"), "sync_alt", "pairs", "integration"),
                    _item(_("Value tables"), "table", "pairs", "valuetable"),
                    _item(_("API tokens"), "key", "bookings", "apitoken"),
                ],
            },
            {
                "title": _("Tables of the DATEV clients"),
                "separator": True,
                "collapsible": True,
                "items": [
                    _item(_("Accounts"), "account_balance", "bookings", "account"),
                    _item(_("Creditors and debtors"), "contacts", "bookings", "partner"),
                    _item(_("Cost centers"), "pie_chart", "bookings", "costcenter"),
                    _item(_("Tax keys"), "percent", "bookings", "taxkey"),
                ],
            },
            {
                "title": _("Proof"),
                "separator": True,
                "items": [
                    _item(_("Audit trail"), "verified_user", "connections", "auditentry"),
                    _item(_("Webhooks"), "webhook", "pairs", "webhook"),
                    _item(_("Deliveries"), "move_to_inbox", "pairs", "delivery"),
                    _item(_("Reading positions"), "bookmark", "pairs", "cursor"),
                    _item(_("Call log"), "http", "connections", "calllog"),
                    _item(_("Writes to vendors"), "upload", "connections", "effect"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    _item(_("Users"), "person", "auth", "user"),
                    _item(_("Groups"), "group", "auth", "group"),
                ],
            },
        ],
    },
}
