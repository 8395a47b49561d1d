"""Exact Online's country sites: host, local time, and where this connection's calls go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext_noop as _

from connections.errors import ConfigurationError
from connections.messages import say

if TYPE_CHECKING:
    from connections.models import Connection


class Region(NamedTuple):
    """A country site. Its dates are wall-clock time of `zone`."""

    label: str
    host: str
    zone: str


# An app registration belongs to one site; paths are the same on each. Source: hosts as client code names them
# (read 2026-11). The zones are reasoned: "Test connection" compares them with `Me.ServerUtcOffset`.
REGIONS: Mapping[str, Region] = {
    "nl": Region(_("Netherlands"), "https://start.exactonline.nl", "Europe/Amsterdam"),
    "be": Region(_("Belgium"), "https://start.exactonline.be", "Europe/Brussels"),
    "de": Region(_("Germany"), "https://start.exactonline.de", "Europe/Berlin"),
    "uk": Region(_("United Kingdom"), "https://start.exactonline.co.uk", "Europe/London"),
    "fr": Region(_("France"), "https://start.exactonline.fr", "Europe/Paris"),
    "es": Region(_("Spain"), "https://start.exactonline.es", "Europe/Madrid"),
    "us": Region(_("United States and others"), "https://start.exactonline.com", "America/New_York"),
}
API_PATH = "/api/v1"


def region(connection: Connection) -> Region:
    return REGIONS[str(connection.setting("region"))]


def site(connection: Connection) -> str:
    """Scheme and host of the site, without a slash at the end."""
    own = str(connection.setting("base_url") or "").strip().rstrip("/")
    return own or region(connection).host


def base_urls(connection: Connection) -> Sequence[str]:
    return (site(connection),)


def zone_of(connection: Connection) -> ZoneInfo:
    """The time zone in which the site writes its dates."""
    name = str(connection.setting("time_zone") or "").strip() or region(connection).zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            say(
                "There is no time zone '%(zone)s'. Correct it at the connection '%(connection)s', for "
                "example Europe/Amsterdam.",
                zone=name,
                connection=connection.name,
            ),
            vendor="exact",
        ) from None


def division_of(connection: Connection) -> int:
    """The chosen division. It is never read anew from `/current/Me`: there it follows what the user does.

    Raises ConfigurationError when none is chosen.
    """
    chosen = str(connection.setting("division") or "").strip()
    if not chosen.isdecimal() or not int(chosen):
        raise ConfigurationError(
            say(
                "No company (division) is chosen for '%(connection)s'. Choose it at the connection.",
                connection=connection.name,
            ),
            vendor="exact",
            code="no_division",
        )
    return int(chosen)


def to_moment(wall_clock: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the site's clock showed `wall_clock`; of two in autumn the first."""
    return wall_clock.replace(tzinfo=zone).astimezone(UTC)


def to_wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the site's clock shows at `moment` (aware), without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)
