"""What an unexpected status means: the vendor's table, closed by default."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.utils.translation import gettext_noop as _

from connections.answers import VendorError
from connections.errors import ConnectorError, Fault, OutcomeUnknownError, TransientError
from connections.messages import DataFault, Message, say
from connections.redaction import redact
from connections.registry import label

# How long nobody calls after a 429 that does not say how long to wait.
DEFAULT_PAUSE = timedelta(seconds=30)
LONGEST_TEXT = 300


class UnlistedStatusError(ConnectorError):
    """A status that no table lists: our bug, never a silent retry."""


def verdict(
    faults: Sequence[Fault],
    found: VendorError,
    *,
    vendor: str,
    status: int,
    wait: timedelta | None,
    is_write: bool,
    hidden: Collection[str] = (),
) -> ConnectorError:
    """The error that says what happens next. `retry_after` of a 429 (and of a 503 that names it) is the
    pause of the whole connection."""
    listed = next((fault for fault in faults if fault.matches(status, found.code, found.text)), None)
    kind, message = _kind(listed, status, is_write)
    if status == 429:
        wait = wait or DEFAULT_PAUSE
    return kind(
        _message(message, found, status, vendor, hidden),
        vendor=vendor,
        status=status,
        code=found.code[:100],
        request_id=found.request_id[:200],
        help_url=found.help_url if found.help_url.startswith(("https://", "http://")) else "",
        retry_after=wait if status in (429, 503) or kind is TransientError else None,
        faults=[DataFault(name, "", Message(redact(text, hidden))) for name, text in found.elements],
    )


def _kind(listed: Fault | None, status: int, is_write: bool) -> tuple[type[ConnectorError], str]:
    """The class of the error and its sentence."""
    if status == 429:
        asked_for_less = _("%(vendor)s asked us to slow down; it is tried again after the pause.")
        return TransientError, listed.message if listed else asked_for_less
    if is_write and status >= 500 and not (listed and listed.status and (listed.code or listed.contains)):
        # The server may have failed after the deed. Only a fault that names status and code knows better.
        return OutcomeUnknownError, _(
            "%(vendor)s answered with a fault of its own (status %(status)s), so it is not known whether "
            "the write arrived. It is looked up before anything is sent again."
        )
    if listed:
        return listed.error, listed.message
    if status >= 500:
        return TransientError, _("%(vendor)s has a fault of its own (status %(status)s). It is tried again.")
    if is_write and status < 400:
        # 2xx and 3xx do not say "refused".
        return OutcomeUnknownError, _(
            "%(vendor)s answered with the unexpected status %(status)s, so it is not known whether the write "
            "arrived. It is looked up before anything is sent again."
        )
    return UnlistedStatusError, _(
        "%(vendor)s answered with status %(status)s, which ml-connector does not know here. "
        "Please report this; nothing was repeated."
    )


def _message(pattern: str, found: VendorError, status: int, vendor: str, hidden: Collection[str]) -> Message:
    """The sentence; places are filled only where it has some, so that a plain "100 %" is left alone."""
    if "%(" not in pattern:
        return Message(pattern)
    text = redact(found.text, hidden)[:LONGEST_TEXT]
    return say(pattern, vendor=label(vendor), status=status, code=found.code[:100], text=text)
