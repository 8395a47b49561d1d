"""What Dataverse's error answers mean: one closed table, and how their texts are read."""

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


# Microsoft's support asks for them. Source: Dataverse "Compose HTTP requests and handle errors" (2026-11).
REQUEST_ID_HEADERS = ("REQ_ID", "x-ms-service-request-id")

EXPIRED_TOKEN = "0x80044352"  # noqa: S105 - an error code: ExpiredVersionStamp
TRACKING_OFF = "0x80072491"
MISSING_PRIVILEGE = "0x80040220"
NOT_THERE = "0x80040217"
NO_SUCH_RESOURCE = "0x8006088a"

_UNREACHABLE = _("Dynamics can't be reached at the moment. It is tried again.")
_SLOW_DOWN = _("Dynamics asked us to slow down. It is tried again after the pause.")
_RESTRICTED_COLUMN = _(
    "A column in Dynamics is protected by column security, and the application user has no access. Add it to "
    "the column security profile. Dynamics says: %(text)s"
)
_CLOSED = _("The Dynamics environment is closed for maintenance by its administrator. It is tried again.")
_GONE = _(
    "Dynamics does not know this row any more, or does not show it to the application user: it was deleted "
    "or is no longer shared."
)

# Source: Dataverse "Compose HTTP requests and handle errors", "Service protection API limits", web service
# error codes (read 2026-11). Where a status is not documented the code alone decides.
FAULTS: tuple[Fault, ...] = (
    Fault(
        0,
        FullReadNeededError,
        _("Dynamics no longer keeps the changes since the last reading. Everything is read again."),
        code=EXPIRED_TOKEN,
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Change tracking is not switched on for a table. In Power Apps (make.powerapps.com) open the "
            "table, Properties, Advanced options, tick 'Track changes' and save. Dynamics says: %(text)s"
        ),
        code=TRACKING_OFF,
    ),
    Fault(
        0,
        RejectedError,
        _("A rule of your Dynamics (plug-in) refused this. It says: %(text)s"),
        code="0x80040265",
    ),
    Fault(
        400,
        ConfigurationError,
        _(
            "A column that the mapping reads does not exist in Dynamics (any more). Choose another one in "
            "the mapping. Dynamics says: %(text)s"
        ),
        contains="could not find a property named",
    ),
    Fault(400, RejectedError, _("The file is larger than Dynamics accepts."), code="0x80044a02"),
    Fault(400, RejectedError, _("Dynamics refused what was sent. Dynamics says: %(text)s")),
    Fault(
        401,
        AccessLostError,
        _(
            "Dynamics refuses the sign-in of the app. Compare the address of the environment with the Power "
            "Platform admin centre, then test the connection."
        ),
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The app has no application user in this environment. Add it in the Power Platform admin "
            "centre: the environment, Settings, Users + permissions, Application users, 'New app user', "
            "with a security role."
        ),
        code="0x80072560",
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The security role of the application user lacks a right. Add it to the role, at the level "
            "'Organization'. Dynamics says: %(text)s"
        ),
        code=MISSING_PRIVILEGE,
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The application user is disabled. Activate it in the Power Platform admin centre under "
            "Application users."
        ),
        code="0x80040225",
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "Your tenant allows only listed apps to use Dataverse, and this one is not listed. Ask the "
            "administrator of the Power Platform to add the application ID."
        ),
        code="0x80095ffc",
    ),
    Fault(403, ConfigurationError, _RESTRICTED_COLUMN, code="0x8004f504"),
    Fault(403, ConfigurationError, _RESTRICTED_COLUMN, code="0x8004f507"),
    Fault(403, TransientError, _CLOSED, code="0x8004a113"),
    Fault(403, TransientError, _CLOSED, code="0x8004a104"),
    Fault(
        403,
        ConfigurationError,
        _(
            "The application user may not do this in Dynamics. Correct its security role. Dynamics says: "
            "%(text)s"
        ),
    ),
    Fault(
        404,
        ConfigurationError,
        _(
            "Dynamics does not know this part of its interface. Compare the address of the environment, and "
            "check that Dynamics 365 Sales is installed there. Dynamics says: %(text)s"
        ),
        code=NO_SUCH_RESOURCE,
    ),
    Fault(404, RejectedError, _GONE),
    Fault(410, RejectedError, _GONE),
    Fault(
        412,
        TransientError,
        _("The row was changed in Dynamics at the same moment. It is read again, then decided anew."),
    ),
    Fault(413, RejectedError, _("The file is larger than Dynamics accepts.")),
    Fault(429, TransientError, _SLOW_DOWN),
    Fault(500, TransientError, _("Dynamics reports an error of its own. It is tried again.")),
    Fault(502, TransientError, _UNREACHABLE),
    Fault(503, TransientError, _UNREACHABLE),
    Fault(504, TransientError, _UNREACHABLE),
)


def read_error(response: Response) -> VendorError:
    """Code (lower case) and text of an error answer; all empty for a gateway's page."""
    found = error_of(response.content)
    request_id = next((response.headers[name] for name in REQUEST_ID_HEADERS if name in response.headers), "")
    return found._replace(request_id=request_id)


def error_of(content: bytes) -> VendorError:
    """`{"error": {"code", "message"}}`, or a gateway's `{"Message"}`; parts of a $batch carry the same."""
    try:
        body = json.loads(content)
    except ValueError:
        return VendorError()
    if not isinstance(body, Mapping):
        return VendorError()
    error = body.get("error")
    if not isinstance(error, Mapping):
        return VendorError(text=_text(body.get("Message")))
    code = _text(error.get("code")).lower()
    return VendorError(code="" if code == "0x0" else code, text=_text(error.get("message")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
