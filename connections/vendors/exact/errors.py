"""What Exact Online's error answers mean: one closed table, and how they are read.

Texts come in the user's language, so nothing is decided by them, but for fixed English ones of the platform.
Source: "Errors" of the Exact Online REST API and reports on it (read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _
from requests import Response

from connections.answers import VendorError
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    Fault,
    RejectedError,
    TransientError,
)


class FullReadNeededError(TransientError):
    """Changes can't be told from the stored cursor any more: begin again with an empty one, and say so.

    Everything is then read as if it were new; what is known already is recognised by its reference.
    """


# Our codes for what the structure of an answer says.
BUSINESS, SCOPE, SIGN_IN_PAGE, DAY, MINUTE = "business", "scope", "sign_in_page", "day", "minute"
DAY_REMAINING, MINUTE_REMAINING = "X-RateLimit-Remaining", "X-RateLimit-Minutely-Remaining"

_UNREACHABLE = _("Exact Online can't be reached at the moment. It is tried again.")
_USER_BLOCKED = _(
    "The Exact Online user of this connection is blocked or inactive. Have it activated in Exact Online, or "
    "sign in with another user."
)
_NO_LICENSE = _(
    "The Exact Online licence of this company has ended or is blocked. Ask whoever manages your contract "
    "with Exact."
)
_NO_DIVISION = _(
    "The user of this connection has no access to the chosen company (division), or it is blocked. Give the "
    "user access in Exact Online; if the app was allowed for certain companies only, sign in again and allow "
    "this one too."
)

FAULTS: tuple[Fault, ...] = (
    # The token was not accepted: the next one comes within ten minutes.
    Fault(
        302,
        TransientError,
        _("Exact Online shows its sign-in page instead of an answer. It is tried again with a new token."),
        code=SIGN_IN_PAGE,
    ),
    Fault(400, RejectedError, _("Exact Online can't take this request. Exact Online says: %(text)s")),
    Fault(
        401,
        AccessLostError,
        _("Exact Online refuses the sign-in: it was revoked, or the user was removed. Sign in again."),
    ),
    Fault(403, ConfigurationError, _USER_BLOCKED, code="BlockedUser"),
    Fault(403, ConfigurationError, _USER_BLOCKED, code="InactiveUser"),
    Fault(403, ConfigurationError, _NO_LICENSE, code="BlockedCustomer"),
    Fault(403, ConfigurationError, _NO_LICENSE, code="LicenseExpired"),
    Fault(403, ConfigurationError, _NO_DIVISION, code="DivisionBlocked"),
    Fault(403, ConfigurationError, _NO_DIVISION, code="NoDivisionAccess"),
    Fault(
        403,
        ConfigurationError,
        _(
            "The app lacks a right (scope) at Exact Online. Add it in the Exact App Center, have it approved "
            "if asked, then sign in again. Exact Online says: %(text)s"
        ),
        code=SCOPE,
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The Exact Online user of this connection lacks the right for this, or your package does not "
            "hold it. Exact Online says: %(text)s"
        ),
    ),
    Fault(
        404,
        RejectedError,
        _("Exact Online does not know this object or function: it was deleted, or your package lacks it."),
    ),
    Fault(408, TransientError, _("Exact Online took too long to answer. It is tried again.")),
    Fault(
        429,
        TransientError,
        _(
            "The calls that Exact Online allows this app for the day are used up. It goes on by itself when "
            "the day of Exact Online begins anew."
        ),
        code=DAY,
    ),
    Fault(429, TransientError, _("Exact Online asked us to slow down. It is tried again after the pause.")),
    # A rule of the books, told in the user's language. After a write see `writing.checked`.
    Fault(500, RejectedError, _("Exact Online refused this. It says: %(text)s"), code=BUSINESS),
    Fault(500, TransientError, _("Exact Online reports an error of its own. It is tried again.")),
    Fault(502, TransientError, _UNREACHABLE),
    Fault(503, TransientError, _UNREACHABLE),
    Fault(504, TransientError, _("Exact Online took too long to answer. It is tried again.")),
)


def read_error(response: Response) -> VendorError:
    """Our code and the vendor's text of an error answer; both empty for a page of a gateway."""
    text, vendor_code = _said(response.content)
    return VendorError(code=_code(response, text, vendor_code), text=text)


def _code(response: Response, text: str, vendor_code: str) -> str:
    status = response.status_code
    if status == 302 and b"Object moved" in response.content:
        return SIGN_IN_PAGE
    if status == 403:
        # A fixed English text of the platform.
        is_scope = "application scope violated" in text.lower()
        return SCOPE if is_scope else response.headers.get("Reason", "").partition(":")[0].strip()
    if status == 429:
        # Only the group of headers is there whose limit was reached.
        return (
            DAY if DAY_REMAINING in response.headers and MINUTE_REMAINING not in response.headers else MINUTE
        )
    if status == 500 and text and not vendor_code:
        return BUSINESS
    return ""


def _said(content: bytes) -> tuple[str, str]:
    """(text, code) of `{"error": {"code": "", "message": {"lang": "", "value": "..."}}}`."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return "", ""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    message = error.get("message")
    said = message.get("value") if isinstance(message, Mapping) else message
    return _text(said), _text(error.get("code"))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
