"""Countries as people write them in an address, as ISO codes. What is not listed is asked for."""

from __future__ import annotations

import re

CODE = re.compile("[A-Za-z]{2}")
# German and English names; the codes themselves are understood without a table. Source: ISO 3166-1.
NAMES = {
    "AE": "vereinigte arabische emirate, united arab emirates",
    "AT": "österreich, oesterreich, austria",
    "AU": "australien, australia",
    "BE": "belgien, belgium",
    "BG": "bulgarien, bulgaria",
    "BR": "brasilien, brazil",
    "CA": "kanada, canada",
    "CH": "schweiz, switzerland, suisse",
    "CN": "china, volksrepublik china",
    "CY": "zypern, cyprus",
    "CZ": "tschechien, tschechische republik, czech republic, czechia",
    "DE": "deutschland, germany, bundesrepublik deutschland",
    "DK": "dänemark, daenemark, denmark",
    "EE": "estland, estonia",
    "ES": "spanien, spain",
    "FI": "finnland, finland",
    "FR": "frankreich, france",
    "GB": "großbritannien, grossbritannien, vereinigtes königreich, united kingdom, great britain, uk",
    "GR": "griechenland, greece",
    "HR": "kroatien, croatia",
    "HU": "ungarn, hungary",
    "IE": "irland, ireland",
    "IN": "indien, india",
    "IS": "island, iceland",
    "IT": "italien, italy",
    "JP": "japan",
    "KR": "südkorea, south korea",
    "LI": "liechtenstein",
    "LT": "litauen, lithuania",
    "LU": "luxemburg, luxembourg",
    "LV": "lettland, latvia",
    "MT": "malta",
    "NL": "niederlande, netherlands, the netherlands, holland",
    "NO": "norwegen, norway",
    "PL": "polen, poland",
    "PT": "portugal",
    "RO": "rumänien, rumaenien, romania",
    "RS": "serbien, serbia",
    "SE": "schweden, sweden",
    "SG": "singapur, singapore",
    "SI": "slowenien, slovenia",
    "SK": "slowakei, slowakische republik, slovakia",
    "TR": "türkei, tuerkei, turkey, türkiye",
    "UA": "ukraine",
    "US": "usa, vereinigte staaten, united states, united states of america",
    "ZA": "südafrika, south africa",
}
BY_NAME = {name: code for code, names in NAMES.items() for name in names.split(", ")}


def iso_code(text: str) -> str:
    """ "Österreich" and "at" as "AT"; "" for what is empty or not known."""
    written = text.strip()
    known = BY_NAME.get(written.casefold())
    if known:
        return known
    return written.upper() if CODE.fullmatch(written) else ""
