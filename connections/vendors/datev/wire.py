"""Reading what DATEV sends: the schema says one type, the answers often carry another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit
from uuid import UUID

from requests.utils import parse_header_links

from connections.errors import ConfigurationError, TransientError
from connections.messages import say

# "<consultant>-<client>", each 1 to 9999999999. Source: DATEV accounting-clients 2.0 (read 2026-11).
CLIENT_REF = re.compile(r"[1-9][0-9]{0,9}-[1-9][0-9]{0,9}")
JOB_REF = re.compile(r"[0-9A-Za-z._-]{1,100}")


def text(value: Any) -> str:
    """A text or a number as text; "" for everything else (null fields are left out by DATEV)."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return ""


def flag(value: Any) -> bool | None:
    """True, "true" or "TRUE" as True; None when nothing readable came."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(text(value).lower())


def number(value: Any) -> int | None:
    """4, "4" or 4.0 as 4; None when nothing readable came."""
    found = re.fullmatch(r"(-?[0-9]+)(\.0+)?", text(value))
    return int(found[1]) if found else None


def day(value: Any) -> date | None:
    """The date of "2026-01-01" and of "2026-01-01T00:00:00.000+0000"."""
    found = re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])", text(value))
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """An ISO time with offset or "Z" as aware UTC; without either it is taken as UTC."""
    try:
        read = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def guid(value: Any) -> UUID | None:
    """A GUID in upper or lower case, with or without dashes."""
    try:
        return UUID(text(value))
    except ValueError:
        return None


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, also if DATEV wrapped it in an array. Raises TransientError for anything else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        return value
    raise unreadable()


def listing(value: Any) -> list[Mapping[str, Any]]:
    """A JSON array of objects. Raises TransientError for anything else: no list is not an empty list."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise unreadable()


def texts(value: Any) -> list[str]:
    """An array of texts; one lonely text counts as an array of one."""
    if isinstance(value, list):
        return [read for item in value if (read := text(item))]
    return [text(value)] if text(value) else []


def elements(value: Any) -> tuple[tuple[str, str], ...]:
    """`affected_elements` as (name, reason) pairs."""
    found: Iterable[Any] = value if isinstance(value, list) else ()
    return tuple(
        (text(item.get("name")), text(item.get("reason"))) for item in found if isinstance(item, dict)
    )


def unreadable() -> TransientError:
    return TransientError(say("DATEV's answer can't be read. It is asked again later."), vendor="datev")


def client_path(client_ref: str) -> str:
    """The path of a client. Raises ConfigurationError for anything but '<consultant>-<client>'."""
    if not CLIENT_REF.fullmatch(client_ref):
        raise ConfigurationError(
            say(
                "'%(client)s' is not a DATEV client. Write consultant and client number, such as 455148-1.",
                client=client_ref,
            )
        )
    return f"/clients/{client_ref}"


def job_ref(location: str) -> str:
    """The job's id: the last segment of a Location that ends in /jobs/<id>; "" if there is none.

    DATEV's text says "relative to the server URL" (/clients/..., without /platform/v3); absolute URLs and
    paths with /platform have been seen. None of them is ever followed.
    """
    # Source: DATEV accounting:extf-files 3.0.1, answer 202 of /extf-files/import (read 2026-11).
    segments = [unquote(segment) for segment in urlsplit(location.strip()).path.split("/") if segment]
    if len(segments) >= 2 and segments[-2] == "jobs" and JOB_REF.fullmatch(segments[-1]):
        return same_job(segments[-1])
    return ""


def same_job(ref: str) -> str:
    """The id of an EXTF job in one form, lower case with dashes: DATEV spells the same GUID in several."""
    known = guid(ref)
    return str(known) if known else ref


def next_page(link: str, url: str) -> str:
    """The absolute URL of the next page, or "" at the end of the listing.

    `link` is the Link header, relative and often a query alone; `url` is the page just read. What was asked
    for and is missing in the link (a filter) is carried over.
    """
    # Source: DATEV accounting-clients 2.0: '<?skip=0&top=100>;rel="prev", <?skip=200&top=100>;rel="next"'.
    for candidate in parse_header_links(link):
        if candidate.get("rel", "").lower() == "next":
            found = urlsplit(urljoin(url, candidate["url"]))
            asked = dict(parse_qsl(urlsplit(url).query))
            query = urlencode(asked | dict(parse_qsl(found.query)))
            return urlunsplit(found._replace(query=query, fragment=""))
    return ""
