"""What Asana's error answers mean: one closed table, and how their texts are read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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

# Asana has no error codes. These are ours, told from (status, a part of the text in lower case).
# Texts: as documented or reported; where the wording isn't certain, several spellings are tried.
PHRASES: tuple[tuple[int, str, str], ...] = (
    (400, "result is too large", "too_large"),
    (400, "truncat", "truncated"),
    (400, "not on given object", "field_not_on_task"),
    (400, "not on the given object", "field_not_on_task"),
    (403, "duplicated webhook", "duplicate"),
    (403, "duplicate webhook", "duplicate"),
    (403, "scope", "scope"),
    (403, "lock", "locked"),
    (403, "read-only", "locked"),
    (403, "read only", "locked"),
    (403, "localhost", "target_refused"),
    (403, "target", "target_refused"),
)

# Source: Asana errors page and OpenAPI file of 2026-06 (read 2026-11). 424 is declared for
# GET /attachments/{gid} with the text of 429; 410, 412 and 413 are not declared and are expected.
FAULTS: tuple[Fault, ...] = (
    Fault(
        400,
        ConfigurationError,
        _(
            "Asana would have to list too many objects at once. Split the project, or let the "
            "integration begin at a later date."
        ),
        code="too_large",
    ),
    Fault(
        400,
        ConfigurationError,
        _(
            "Asana cut off a list that is too long, so objects would be missing. Split the project, "
            "or let the integration begin at a later date."
        ),
        code="truncated",
    ),
    Fault(
        400,
        ConfigurationError,
        _(
            "A custom field of the mapping does not belong to the Asana project of this task. Add the "
            "field to the project in Asana, or correct the mapping."
        ),
        code="field_not_on_task",
    ),
    Fault(400, RejectedError, _("Asana refused what was sent. Asana says: %(text)s")),
    Fault(
        401,
        AccessLostError,
        _(
            "Asana refuses the sign-in: the token was revoked or has ended, or an administrator of the "
            "workspace has blocked it. Sign in again or enter a new personal access token."
        ),
    ),
    Fault(
        402,
        ConfigurationError,
        _(
            "This needs a paid Asana plan (custom fields and approvals do). Ask whoever manages your "
            "Asana plan."
        ),
    ),
    Fault(403, RejectedError, _("Asana already has this webhook."), code="duplicate"),
    Fault(
        403,
        ConfigurationError,
        _(
            "The Asana app lacks a permission scope. Give the app full permissions in Asana's developer "
            "console (or the missing scope), then sign in again."
        ),
        code="scope",
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The field is locked or read-only in Asana. Unlock it for the Asana user of this "
            "connection, or map another field."
        ),
        code="locked",
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "Asana does not deliver webhooks to the address of this installation. PUBLIC_URL must be a "
            "public https address."
        ),
        code="target_refused",
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The Asana user of this connection lacks the right for this. Share the project with that "
            "user in Asana, with the right to edit. Asana says: %(text)s"
        ),
    ),
    Fault(
        404,
        RejectedError,
        _(
            "Asana does not know this object any more, or does not show it to the user of this "
            "connection: it was deleted, moved, or is no longer shared."
        ),
    ),
    Fault(
        410,
        RejectedError,
        _("Asana does not know this object any more: it was deleted."),
    ),
    Fault(412, TransientError, _("Asana asks to read the changes again from the beginning.")),
    Fault(413, RejectedError, _("The file is larger than Asana accepts (100 MB).")),
    Fault(424, TransientError, _("Asana asked us to slow down.")),
    Fault(429, TransientError, _("Asana asked us to slow down.")),
    Fault(
        451,
        ConfigurationError,
        _("Asana refuses to serve the network address of this installation for legal reasons."),
    ),
    Fault(500, TransientError, _("Asana reports an error of its own. It is tried again.")),
    Fault(501, TransientError, _("Asana can't be reached at the moment. It is tried again.")),
    Fault(502, TransientError, _("Asana can't be reached at the moment. It is tried again.")),
    Fault(503, TransientError, _("Asana can't be reached at the moment. It is tried again.")),
    Fault(504, TransientError, _("Asana took too long to answer. It is tried again.")),
)

HELP_ADDRESS = re.compile(r"https://[a-z0-9.-]*asana\.com/[^\s\"'<>]*")


def read_error(response: Response) -> VendorError:
    """Text, our code and help address of an error answer; all empty for HTML from a gateway.

    The `phrase` of a 500 is for Asana's support: the call log keeps it with the body, no person sees it.
    """
    try:
        body = json.loads(response.content)
    except ValueError:
        return VendorError()
    if not isinstance(body, Mapping):
        return VendorError()
    if isinstance(body.get("error"), str):  # /-/oauth_token and /-/oauth_revoke: RFC 6749, section 5.2
        return VendorError(code=body["error"], text=_text(body.get("error_description")))
    errors = body.get("errors")
    found = [item for item in errors if isinstance(item, Mapping)] if isinstance(errors, list) else []
    text = "; ".join(filter(None, (_text(item.get("message")) for item in found)))
    return VendorError(code=code_of(response.status_code, text), text=text, help_url=_help(found))


def code_of(status: int, text: str) -> str:
    """Our code for what an error text says, "" if it says nothing that we act on."""
    lowered = text.lower()
    return next((code for at, part, code in PHRASES if at == status and part in lowered), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _help(errors: Sequence[Mapping[str, Any]]) -> str:
    for item in errors:
        match = HELP_ADDRESS.search(_text(item.get("help")))
        if match:
            return match.group()
    return ""
