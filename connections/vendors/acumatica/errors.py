"""What Acumatica's error answers mean: one closed table, and how their texts are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop as _
from requests import Response

from connections.answers import VendorError
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    Fault,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.messages import say
from connections.vendors.acumatica.values import errors_in, joined_texts

# A site that starts or is broken answers so.
REDIRECTS = (301, 302, 303, 307, 308)
# How long nobody signs in after the licence had no place left; never a second try at once.
LICENCE_PAUSE = timedelta(minutes=5)

# Our codes for what an answer says.
LICENCE, REFUSED_SIGN_IN, NO_ENTITY, NOT_OPTIMISED = "licence", "sign_in", "no_entity", "not_optimised"
SETUP, TENANT, DISABLED, CHANGED, BUSINESS, SERVER = (
    "setup_missing",
    "unknown_tenant",
    "action_disabled",
    "changed_by_another",
    "business_rule",
    "server_fault",
)
# Texts that say what happened, whatever the status and the form of the answer; the first one wins.
# Source: vendor's own client, working clients (read 2026-11).
TEXTS: tuple[tuple[str, str], ...] = (
    ("api login limit", LICENCE),
    ("invalid credentials", REFUSED_SIGN_IN),
    ("account is disabled", REFUSED_SIGN_IN),
    ("locked out", REFUSED_SIGN_IN),
    ("optimization cannot be performed", NOT_OPTIMISED),
    ("another process has updated", CHANGED),
    ("another process has added", CHANGED),
)
# Part of the exception's type -> our code. Source: Integration Development Guide, working clients (read
# 2026-11).
EXCEPTIONS: tuple[tuple[str, str], ...] = (
    ("NoEntitySatisfiesTheCondition", NO_ENTITY),
    ("CannotOptimize", NOT_OPTIMISED),
    ("PXSetupNotEntered", SETUP),
    ("PXUndefinedCompany", TENANT),
    ("PXActionDisabled", DISABLED),
    ("PXLockViolation", CHANGED),
    ("PX.Data.", BUSINESS),
    ("PX.Objects.", BUSINESS),
    ("PX.Api.", BUSINESS),
)
MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)

_UNREACHABLE = _("Acumatica can't be reached at the moment. It is tried again.")
_REFUSED = _("Acumatica refused this. It says: %(text)s")
LICENCE_FULL = _(
    "The licence of your Acumatica has no place left for another API user: other integrations or open "
    "sessions occupy all of them. It is tried again in five minutes. See the number under 'Maximum Number "
    "of Web Services API Users' on License Monitoring Console (SM604000) and end sessions there, or extend "
    "the licence."
)

# Source: Integration Development Guide, status codes and HttpError; working clients (read 2026-11).
FAULTS: tuple[Fault, ...] = (
    Fault(500, TransientError, LICENCE_FULL, code=LICENCE),
    Fault(0, TransientError, LICENCE_FULL, code=LICENCE),
    Fault(
        0,
        ConfigurationError,
        _(
            "Acumatica does not know the tenant of this connection. Enter the 'Login Name' of the tenant as "
            "it stands on Tenants (SM203520)."
        ),
        code=TENANT,
    ),
    Fault(400, RejectedError, _REFUSED),
    Fault(
        401,
        AccessLostError,
        _(
            "Acumatica no longer accepts the sign-in of this connection. Open the connection and sign in "
            "again."
        ),
    ),
    Fault(
        403,
        ConfigurationError,
        _(
            "The Acumatica user of this connection may not do this, or the feature is switched off. Give the "
            "user's role access to the screen (Access Rights by Screen, SM201020), or enable the feature "
            "(CS100000). Acumatica says: %(text)s"
        ),
    ),
    Fault(
        404,
        ConfigurationError,
        _(
            "Acumatica does not know this address. Either the endpoint name or version of the connection is "
            "not on this instance (after an upgrade, for example), or an action has another name there. "
            "'Test connection' lists the endpoints that exist."
        ),
    ),
    Fault(
        412,
        TransientError,
        _("The record was changed or deleted in Acumatica meanwhile. It is read again, then decided anew."),
    ),
    Fault(422, RejectedError, _REFUSED),
    Fault(
        429,
        TransientError,
        _("Acumatica declined the request because too many were made. It is tried again."),
    ),
    Fault(500, RejectedError, _("Acumatica does not have this record (any more)."), code=NO_ENTITY),
    Fault(
        500,
        ConfigurationError,
        _("Acumatica can't list these fields at once. It says: %(text)s"),
        code=NOT_OPTIMISED,
    ),
    Fault(
        500,
        ConfigurationError,
        _("Something is not set up in Acumatica yet. It says: %(text)s"),
        code=SETUP,
    ),
    Fault(
        500,
        RejectedError,
        _("Acumatica does not offer this action for the document in its present state. It says: %(text)s"),
        code=DISABLED,
    ),
    Fault(
        500,
        TransientError,
        _("Somebody else changed the record in Acumatica at the same moment. It is read again."),
        code=CHANGED,
    ),
    Fault(500, RejectedError, _REFUSED, code=BUSINESS),
    Fault(500, TransientError, _("Acumatica reports an error of its own. It is tried again.")),
    Fault(502, TransientError, _UNREACHABLE),
    Fault(503, TransientError, _UNREACHABLE),
    Fault(504, TransientError, _UNREACHABLE),
)

_SIGN_IN_REFUSED = _(
    "Acumatica refused the user name or the password, or the user is locked or must change the password. "
    "Sign in once with the browser as this user, correct the connection, then test it. It is not tried "
    "again by itself, because repeated refusals lock the user. Acumatica says: %(text)s"
)
# What a cookie sign-in is answered with; asked before the table above.
LOGIN_FAULTS: tuple[Fault, ...] = (
    Fault(500, TransientError, LICENCE_FULL, code=LICENCE),
    Fault(0, TransientError, LICENCE_FULL, code=LICENCE),
    Fault(429, TransientError, LICENCE_FULL),
    Fault(500, AccessLostError, _SIGN_IN_REFUSED, code=REFUSED_SIGN_IN),
    Fault(
        500,
        ConfigurationError,
        _(
            "Acumatica does not know the tenant of this connection. Enter the 'Login Name' of the tenant as "
            "it stands on Tenants (SM203520)."
        ),
        code=TENANT,
    ),
    Fault(500, ConfigurationError, _("Acumatica refused the sign-in. It says: %(text)s"), code=BUSINESS),
    Fault(400, AccessLostError, _SIGN_IN_REFUSED),
    Fault(401, AccessLostError, _SIGN_IN_REFUSED),
    Fault(403, AccessLostError, _SIGN_IN_REFUSED),
    Fault(422, AccessLostError, _SIGN_IN_REFUSED),
    Fault(
        404,
        ConfigurationError,
        _(
            "There is no Acumatica at this address, or it no longer allows signing in with user name and "
            "password. Compare the address with the one in the browser, path included; otherwise choose "
            "OAuth."
        ),
    ),
)


def a_page_instead(status: int, *, is_write: bool) -> ConnectorError:
    """A sick instance sends every call to a page of its own."""
    return (OutcomeUnknownError if is_write else TransientError)(
        say(
            "Acumatica answers with a page instead of data: the site is starting, is being upgraded, or has "
            "an error. Open it in the browser if this lasts."
        ),
        vendor="acumatica",
        status=status,
    )


def read_error(response: Response) -> VendorError:
    """Code and text of an error answer, whatever its form: HttpError, an entity with errors, a page, plain
    text.

    The stack trace stays out of everything that people read.
    """
    body = _json(response.content)
    if body is None:
        return _from_page(response)
    if not isinstance(body, Mapping):
        return VendorError()
    in_entity = tuple(errors_in(body))
    texts = list(dict.fromkeys(_exception_texts(body)))
    if in_entity and not texts:
        elements = tuple((name, text) for name, text in in_entity if name)
        return VendorError(code=BUSINESS, text=joined_texts(in_entity), elements=elements)
    text = "; ".join(texts)
    return VendorError(code=_code(body, text), text=text, elements=_model_state(body))


def texts_of(content: bytes) -> tuple[str, ...]:
    """What a body says that came with a good status although something failed (older builds)."""
    body = _json(content)
    if not isinstance(body, Mapping):
        return tuple(filter(None, [body.strip() if isinstance(body, str) else ""]))
    found = [f"{name}: {text}" if name else text for name, text in errors_in(body)]
    return tuple(dict.fromkeys([*_exception_texts(body), *found]))


def _code(body: Mapping[str, Any], text: str) -> str:
    by_text = next((code for part, code in TEXTS if part in text.lower()), "")
    types = list(_exception_types(body))
    known = (code for part, code in EXCEPTIONS if any(part in name for name in types))
    return by_text or next(known, SERVER if types else "")


def _exception_types(body: Mapping[str, Any]) -> Iterator[str]:
    kind = body.get("exceptionType")
    if isinstance(kind, str):
        yield kind
    inner = body.get("innerException")
    if isinstance(inner, Mapping):
        yield from _exception_types(inner)


def _exception_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """The useful sentences, from outside to inside; "An error has occurred." only if nothing else is said."""
    found = [body.get("exceptionMessage"), body.get("messageDetail")]
    texts = [text.strip() for text in found if isinstance(text, str) and text.strip()]
    message = body.get("message")
    inner = body.get("innerException")
    if not texts and isinstance(message, str) and message.strip() and not isinstance(inner, Mapping):
        texts = [message.strip()]
    yield from texts
    if isinstance(inner, Mapping):
        yield from _exception_texts(inner)


def _model_state(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    state = body.get("modelState")
    if not isinstance(state, Mapping):
        return ()
    return tuple(
        (str(name), "; ".join(str(text) for text in texts) if isinstance(texts, list) else str(texts))
        for name, texts in state.items()
    )


def _from_page(response: Response) -> VendorError:
    """A page or plain text: only what is known is taken from it."""
    text = " ".join(MARKUP.sub(" ", response.content[:20_000].decode("utf-8", errors="replace")).split())
    code = next((code for part, code in TEXTS if part in text.lower()), "")
    return VendorError(code=code, text=text if code else "")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
