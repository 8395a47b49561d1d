"""The country sites: same paths on each, own app registrations, local time.

Source: hosts of the country sites as named by client code (read 2026-11). Zones are reasoned.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Region:
    code: str
    zone: ZoneInfo
    language: str
    country: str
    currency: str
    # What the tokens of this site begin with.
    stamp: str


_AMSTERDAM, _LONDON = ZoneInfo("Europe/Amsterdam"), ZoneInfo("Europe/London")
REGIONS = {
    region.code: region
    for region in (
        Region("nl", _AMSTERDAM, "nl", "NL", "EUR", "stampNL001"),
        Region("be", _AMSTERDAM, "nl", "BE", "EUR", "stampBE001"),
        Region("de", _AMSTERDAM, "de", "DE", "EUR", "stampDE001"),
        Region("uk", _LONDON, "en", "GB", "GBP", "stampUK001"),
        Region("fr", _AMSTERDAM, "en", "FR", "EUR", "stampFR001"),
        Region("es", _AMSTERDAM, "en", "ES", "EUR", "stampES001"),
        Region("us", ZoneInfo("America/New_York"), "en", "US", "USD", "stampUS001"),
    )
}
