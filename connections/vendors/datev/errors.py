"""What DATEV's refusals mean: one reader for four shapes of error, and the table of faults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import requests
from django.utils.translation import gettext_noop as _

from connections.answers import VendorError
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    Fault,
    RejectedError,
    TransientError,
)
from connections.vendors.datev.wire import elements, text

# Source: DATEV: both must be in the technical log (read 2026-11).
REQUEST_ID_HEADERS = ("X-Global-Transaction-ID", "V-Cap-Request-ID")

ALREADY_THERE = "DCO01012"
SAME_CONTENT = "DCO01253"
ALREADY_FINALISED = "DCO01007"
UNKNOWN_DXSO_JOB = "DCO01003"
NO_DXSO_FOR_CLIENT = "DCO01301"


class InterfaceError(ConnectorError):
    """DATEV says that our request is wrong in itself: a fault of this product, not of the record."""


def read_error(response: requests.Response) -> VendorError:
    """What DATEV says in an error answer, in whichever of its shapes; all fields empty if it says nothing."""
    found = parse_error(response.content)
    if found.request_id:
        return found
    sent = (response.headers.get(name, "") for name in REQUEST_ID_HEADERS)
    return VendorError(
        found.code, found.text, found.help_url, next((value for value in sent if value), ""), found.elements
    )


def parse_error(body: bytes) -> VendorError:
    """The error in `body`.

    Shapes: problem details (clients, extf-files), DCO errors (documents, dxso-jobs; sometimes in an array),
    the gateway's httpCode/moreInformation (any API), and nothing at all or HTML.
    """
    said = error_object(body)
    help_url = web_address(said.get("error_uri")) or web_address(said.get("type"))
    return VendorError(
        code=error_code(said),
        text=error_text(said),
        help_url=help_url,
        request_id=text(said.get("request_id")),
        elements=elements(said.get("affected_elements")),
    )


def error_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in `body`, taken out of an array if it is in one; {} if there is none."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    if isinstance(said, list):
        said = next((item for item in said if isinstance(item, dict)), {})
    return said if isinstance(said, dict) else {}


def error_code(said: Mapping[str, Any]) -> str:
    """ "DCO01012" of "#DCO01012", or the number at the end of the help address in `type`.

    Every field is optional: without `error` the code is still in the help address `error_uri`.
    """
    for key in ("error", "error_uri"):
        found = re.search(r"DCO[0-9]{5}", text(said.get(key)))
        if found:
            return found[0]
    return text(said.get("error")) or help_number(text(said.get("type")))


def help_number(help_url: str) -> str:
    """The error number at the end of http://www.datev.de/hilfe/1008834; "" if there is none."""
    found = re.search(r"/([0-9]{5,9})/?\Z", help_url)
    return found[1] if found else ""


def error_text(said: Mapping[str, Any]) -> str:
    """All sentences of the error, each once: the fault table looks for words in them."""
    keys = ("title", "error_description", "detail", "moreInformation", "httpMessage")
    return ": ".join(dict.fromkeys(read for key in keys if (read := text(said.get(key)))))


def web_address(value: Any) -> str:
    found = text(value)
    return found if found.startswith(("https://", "http://")) else ""


BOUND_TOKEN = _(
    "This DATEV sign-in is bound to another client. It can only be used for the client that is named in the "
    "connection; use a sign-in of its own for each client."
)
WRONG_APP = _(
    "DATEV does not accept the client ID of this connection. Compare it with your app in the developer "
    "portal, then sign in again."
)
SCOPE_MISSING = _(
    "A right (scope) is missing in this DATEV sign-in. Compare the scopes of the connection with those of "
    "your app in the developer portal, then sign in again."
)
NOT_VISIBLE = _(
    "DATEV does not find this client, or the person who signed in may not see it. Check consultant and "
    "client number and ask the tax adviser for the rights."
)
NO_RIGHTS = _(
    "The person who signed in has no right to do this in DATEV. Ask the tax adviser to order the data "
    "service for this client and to give the rights."
)
DOWN = _("DATEV is not available at the moment (often maintenance). It is tried again later.")
OUR_FAULT = _(
    "DATEV can't read our request (status %(status)s, code '%(code)s'). This is a fault of this "
    "product; please report it."
)
OTHER_FORMAT = _("DATEV does not accept this type of file. Attach the document as PDF and try again.")
TOO_LARGE = _("The file is too large for DATEV: at most 20 MB. Attach a smaller version and try again.")
NOT_SET_UP = _(
    "The client is not set up in DATEV for this kind of transfer. Ask the tax adviser to set it up, then "
    "try again."
)
NOT_STAPLED = _("DATEV can't join these files into one document. Attach them one by one.")

# Codes that blame the request itself; lengths are cut and names are cleaned before sending.
# Source: error tables of DATEV's OpenAPI documents (read 2026-11).
OUR_CODES = (
    *("DCO01004", "DCO01008", "DCO01017", "DCO01018", "DCO01217", "DCO01218", "DCO01219", "DCO01220"),
    *("DCO01222", "DCO01223", "DCO01224", "DCO01225", "DCO01226", "DCO01227", "DCO01228", "DCO01229"),
    *("DCO01230", "DCO01232", "DCO01233", "DCO01234", "DCO01240", "DCO01241", "DCO01242", "DCO01252"),
    *("1008828", "1008831", "1008832"),
)

FAULTS: tuple[Fault, ...] = (
    # --- 401: these two can't be helped by a new token.
    Fault(401, ConfigurationError, BOUND_TOKEN, contains="offline access token"),
    Fault(401, ConfigurationError, WRONG_APP, contains="client id"),
    Fault(401, ConfigurationError, WRONG_APP, contains="issued to another client"),
    Fault(401, ConfigurationError, SCOPE_MISSING, code="DCO01005"),
    Fault(401, AccessLostError, _("DATEV no longer accepts the sign-in. Sign in again.")),
    # --- documents and dxso-jobs
    Fault(400, TransientError, DOWN, code="DCO01020"),
    Fault(503, TransientError, DOWN, code="DCO01020"),
    Fault(
        0,
        RejectedError,
        _("DATEV refused the change to this transfer. Try again; if it stays, ask the tax adviser."),
        code="DCO01001",
    ),
    Fault(0, ConfigurationError, NOT_SET_UP, code="DCO01002"),
    Fault(
        0,
        RejectedError,
        _("DATEV does not know this transfer any more. A new one has to be started."),
        code=UNKNOWN_DXSO_JOB,
    ),
    Fault(0, ConfigurationError, SCOPE_MISSING, code="DCO01005"),
    Fault(0, ConfigurationError, WRONG_APP, code="DCO01006"),
    Fault(
        0,
        RejectedError,
        _("This transfer is already finalised in DATEV and can't be changed."),
        code=ALREADY_FINALISED,
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "The basic data of this client's books is inconsistent in DATEV. Ask the tax adviser to correct "
            "it."
        ),
        code="DCO01009",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "DATEV no longer has this document type for the client. Read the document types from DATEV "
            "again and choose one of them."
        ),
        code="DCO01010",
    ),
    Fault(
        0,
        RejectedError,
        _("A document with this id is already in DATEV; nothing was changed there."),
        code=ALREADY_THERE,
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "DATEV does not allow this app, or the way in which the person signed in, to do this. Clear it "
            "up with DATEV's partner service."
        ),
        code="DCO01013",
    ),
    Fault(0, RejectedError, OTHER_FORMAT, code="DCO01015"),
    Fault(0, RejectedError, OTHER_FORMAT, code="DCO01215"),
    Fault(0, RejectedError, TOO_LARGE, code="DCO01016"),
    Fault(0, RejectedError, TOO_LARGE, code="DCO01216"),
    Fault(
        0,
        ConfigurationError,
        _("Belege online is not set up for this client. Ask the tax adviser to set it up."),
        code="DCO01019",
    ),
    Fault(0, RejectedError, _("At most 10 files can be joined into one document."), code="DCO01127"),
    Fault(
        0,
        ConfigurationError,
        _(
            "Documents can't be uploaded while 'Belegfreigabe online' is active for this client. Ask the "
            "tax adviser."
        ),
        code="DCO01231",
    ),
    Fault(
        0,
        RejectedError,
        _("DATEV found a virus in the file and did not take it. Check the file and its sender."),
        code="DCO01243",
    ),
    Fault(
        0,
        RejectedError,
        _("The PDF is damaged and DATEV can't read it. Make it anew and attach it again."),
        code="DCO01245",
    ),
    *(Fault(0, RejectedError, NOT_STAPLED, code=f"DCO0{number}") for number in range(1246, 1252)),
    Fault(
        0,
        RejectedError,
        _(
            "DATEV already holds a document with this content, under another id. Check in Belege online "
            "whether it belongs to this booking."
        ),
        code=SAME_CONTENT,
    ),
    Fault(
        0,
        ConfigurationError,
        _("This document type is for personnel files and can't be used here. Choose another document type."),
        code="DCO01300",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "This client already works with the new Belege online, which takes no DXSO transfers. Set the "
            "integration to 'booking batch (EXTF) and document'."
        ),
        code=NO_DXSO_FOR_CLIENT,
    ),
    # --- clients and extf-files
    Fault(0, ConfigurationError, SCOPE_MISSING, code="1008829"),
    Fault(
        413,
        RejectedError,
        _("The file is too large for DATEV: at most 50 MB. Make smaller batches."),
        code="1008833",
    ),
    Fault(
        0,
        ConfigurationError,
        _("DATEV does not know this consultant and client number. Check both numbers."),
        code="1008835",
    ),
    Fault(
        0,
        RejectedError,
        _("DATEV found a virus in the file and deleted it. Ask your administrator."),
        code="1008836",
    ),
    Fault(0, ConfigurationError, NO_RIGHTS, code="1008838"),
    *(Fault(0, InterfaceError, OUR_FAULT, code=code) for code in OUR_CODES),
    # --- no known code: by status alone
    Fault(
        400,
        RejectedError,
        _(
            "DATEV refused this for a reason that is not known here: '%(text)s'. Look it up under the link, "
            "or ask the tax adviser."
        ),
    ),
    Fault(403, ConfigurationError, NO_RIGHTS),
    Fault(404, ConfigurationError, NOT_VISIBLE),
    Fault(405, InterfaceError, OUR_FAULT),
    Fault(406, InterfaceError, OUR_FAULT),
    Fault(409, RejectedError, _("DATEV says that this is already there; nothing was changed.")),
    Fault(413, RejectedError, _("The file is too large for DATEV. Make it smaller and try again.")),
    Fault(415, InterfaceError, OUR_FAULT),
    Fault(429, TransientError, _("DATEV asked us to slow down. It is tried again later.")),
    # Source: "Further retries may not yield different results and should be avoided" (OpenAPI documents).
    Fault(
        500,
        RejectedError,
        _(
            "DATEV reports an error of its own and advises against repeating the call. Try again by hand "
            "later; if it stays, ask the tax adviser."
        ),
    ),
    Fault(502, TransientError, DOWN),
    Fault(503, TransientError, DOWN),
    Fault(504, TransientError, DOWN),
)
