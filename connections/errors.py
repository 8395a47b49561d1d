"""Errors are named after what happens next (style guide, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from connections.messages import DataFault, Message


class ConnectorError(Exception):
    """Something that a person may have to read: what happened, where, and what to do next.

    The message carries no token, no body and no personal data.
    """

    def __init__(
        self,
        message: Message | str,
        *,
        vendor: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        help_url: str = "",
        retry_after: timedelta | None = None,
        faults: Sequence[DataFault] = (),
    ) -> None:
        self.message = message if isinstance(message, Message) else Message(message)
        self.vendor = vendor
        self.status = status
        self.code = code
        self.request_id = request_id
        self.help_url = help_url
        self.retry_after = retry_after
        self.faults = tuple(faults)
        super().__init__(self.message.pattern)

    def __str__(self) -> str:
        return str(self.message)


class TransientError(ConnectorError):
    """Not our fault and it will pass; nothing was written. Tried again, `retry_after` at the earliest."""


class OutcomeUnknownError(ConnectorError):
    """A write may or may not have happened: it is looked up first, never repeated blindly."""


class AccessLostError(ConnectorError):
    """The token is revoked or refused: the connection pauses and a person signs in again."""


class ConfigurationError(ConnectorError):
    """A mapping, a field or a permission is wrong: parked until the setting changes."""


class RejectedError(ConnectorError):
    """This very object is refused, by us (`vendor` empty) or by the vendor: parked for a person."""


@dataclass(frozen=True)
class Fault:
    """What an HTTP answer means; the first row of a table that matches wins.

    `status` 0 matches every status; `code` and `contains` (in the vendor's text, any case) narrow it.
    """

    status: int
    error: type[ConnectorError]
    message: str
    code: str = ""
    contains: str = ""

    def matches(self, status: int, code: str, text: str) -> bool:
        return (
            self.status in (0, status)
            and self.code in ("", code)
            and (not self.contains or self.contains.lower() in text.lower())
        )
