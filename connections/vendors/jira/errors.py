"""What Jira's error answers mean: one closed table, read from statuses and structures.

The sentences in an answer are in the language of the signed-in user's profile. They are shown to people and
never interpreted. Source: Jira Cloud REST v3 and "Rate limiting" (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _
from requests import Response

from connections import clock
from connections.answers import LONGEST_WAIT, SHORTEST_WAIT, VendorError, http_date, wait_asked_for
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    Fault,
    RejectedError,
    TransientError,
)

# Atlassian's support asks for it.
REQUEST_ID_HEADERS = ("Atl-Traceid", "X-Arequestid")

# Our codes for the structure of an answer.
SCOPE, SITE, ENDPOINT, PAGE = "scope", "site", "endpoint", "page"
TEXT_REFUSED, FIELD_REFUSED = "text", "field"
# The fields that hold what this very record says; every other one is a matter of the configuration.
TEXT_FIELDS = frozenset(("summary", "description", "environment", "comment", "body"))

_UNREACHABLE = _("Jira can't be reached at the moment. It is tried again.")

_SCOPE_MISSING = Fault(
    401,
    AccessLostError,
    _(
        "The sign-in at Jira lacks a permission (scope) that is needed here. Add the permissions to the "
        "app in Atlassian's developer console, then sign in again."
    ),
    code=SCOPE,
)

FAULTS: tuple[Fault, ...] = (
    Fault(
        400,
        ConfigurationError,
        _(
            "Jira does not take a field as it is set up here: it is missing on the project's screen, "
            "required and not filled in, or a choice does not exist any more. Compare the settings of the "
            "integration with the project in Jira. Jira says: %(text)s"
        ),
        code=FIELD_REFUSED,
    ),
    Fault(400, RejectedError, _("Jira refused what was sent. Jira says: %(text)s")),
    _SCOPE_MISSING,
    Fault(
        401,
        AccessLostError,
        _(
            "Jira refuses the sign-in: the access was taken back, or the user may no longer use this site. "
            "Open the connection and sign in again."
        ),
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The Jira user of this connection lacks the right for this. Ask a Jira administrator for the "
            "right in the project's permission scheme. Jira says: %(text)s"
        ),
    ),
    Fault(
        404,
        ConfigurationError,
        _(
            "Atlassian does not know the Jira site of this connection any more: it was deleted, suspended, "
            "or is closed to this app. Test the connection and choose the site again."
        ),
        code=SITE,
    ),
    Fault(
        404,
        ConfigurationError,
        _(
            "There is no Jira interface at the address of this connection. Correct its addresses, then test "
            "the connection."
        ),
        code=ENDPOINT,
    ),
    # No JSON: a gateway's page, which says nothing about the object that was asked for.
    Fault(
        404,
        ConfigurationError,
        _(
            "The Jira site of this connection can't be reached: it may be suspended or renamed. Open it in "
            "the browser, then test the connection."
        ),
        code=PAGE,
    ),
    Fault(
        404,
        RejectedError,
        _(
            "Jira does not know this any more, or does not show it to the user of this connection: it was "
            "deleted, moved, or the permissions have changed. Jira says: %(text)s"
        ),
    ),
    Fault(409, TransientError, _("Somebody is changing this issue in Jira. It is tried again.")),
    Fault(
        410,
        ConfigurationError,
        _("Jira has removed this part of its interface. This software needs an update."),
    ),
    Fault(413, RejectedError, _("This is more than Jira accepts for one issue. Jira says: %(text)s")),
    Fault(
        422,
        ConfigurationError,
        _(
            "The workflow or the configuration of the Jira project does not allow this. Ask a Jira "
            "administrator. Jira says: %(text)s"
        ),
    ),
    Fault(429, TransientError, _("Jira asked us to slow down; it is tried again after the pause.")),
    Fault(500, TransientError, _("Jira reports an error of its own. It is tried again.")),
    Fault(502, TransientError, _UNREACHABLE),
    Fault(503, TransientError, _UNREACHABLE),
    Fault(504, TransientError, _("Jira took too long to answer. It is tried again.")),
)

# For calls that the rest of the connection can do without: a missing scope stops these alone.
OPTIONAL_FAULTS: tuple[Fault, ...] = (
    replace(
        _SCOPE_MISSING,
        error=ConfigurationError,
        message=_(
            "The sign-in at Jira was made without the permission for webhooks (manage:jira-webhook). Add it "
            "to the app in Atlassian's developer console, then sign in again. Until then the scheduled "
            "reading finds every change."
        ),
    ),
    *FAULTS,
)

# Which 429 is about one issue; every other one is for the whole connection.
# Source: Jira Cloud "Rate limiting", header RateLimit-Reason (read 2026-11).
PER_ISSUE = "jira-per-issue-on-write"


def read_error(response: Response) -> VendorError:
    """Code by structure, texts, request id and the faults of each field of an error answer."""
    request_id = next((value for name in REQUEST_ID_HEADERS if (value := response.headers.get(name))), "")
    try:
        body = json.loads(response.content)
    except ValueError:
        return VendorError(code=PAGE, request_id=request_id)
    if not isinstance(body, Mapping):
        return VendorError(request_id=request_id)
    messages = [text for text in _list(body.get("errorMessages")) if isinstance(text, str)]
    fields = [(str(name), _text(text)) for name, text in _mapping(body.get("errors")).items()]
    elements = (*fields, *(("Jira", text) for text in messages))
    text = "; ".join(filter(None, (*messages, *(text for _name, text in fields)))) or _gateway_text(body)
    code = _code(response.status_code, body, {name for name, _text in fields}, text)
    return VendorError(code=code, text=text, request_id=request_id, elements=elements)


def pause_asked_for(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After`, or else the moment of `X-RateLimit-Reset`: not every 429 has the former."""
    wait = wait_asked_for(headers)
    if wait is not None:
        return wait
    try:
        reset = datetime.fromisoformat(headers.get("X-RateLimit-Reset", ""))
    except ValueError:
        return None
    until = reset if reset.tzinfo else reset.replace(tzinfo=UTC)
    now = http_date(headers.get("Date", "")) or clock.now()
    return min(max(until - now, SHORTEST_WAIT), LONGEST_WAIT)


def stops_everything(headers: Mapping[str, str]) -> bool:
    """Whether a 429 is for the whole connection, and not for one issue alone."""
    return headers.get("RateLimit-Reason", "").strip().lower() != PER_ISSUE


def _code(status: int, body: Mapping[str, Any], fields: set[str], text: str) -> str:
    if status == 401:
        # The gateway's own word, never a translated one. Source: a client's record (2026), not documented.
        return SCOPE if "scope" in _text(body.get("message")).lower() else ""
    if status == 404 and "timestamp" in body and "path" in body:
        return SITE
    if status == 404 and "title" in body and "detail" in body:
        return ENDPOINT
    if status == 400 and fields:
        return TEXT_REFUSED if fields <= TEXT_FIELDS else FIELD_REFUSED
    return ""


def _gateway_text(body: Mapping[str, Any]) -> str:
    return _text(body.get("message")) or _text(body.get("detail")) or _text(body.get("error_description"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
