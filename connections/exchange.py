"""One request and its answer over the wire: bounded, guarded, logged. Its meaning is decided later."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import requests
from django.conf import settings
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from connections import addresses, wire
from connections.addresses import AddressRefusedError
from connections.call_log import Attempt, body_text
from connections.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from connections.messages import say
from connections.models import Connection
from connections.registry import label

MAX_ANSWER_BYTES = 32 * 1024 * 1024
PIECE_BYTES = 64 * 1024

# URL prefix -> adapter: where tests mount simulated vendors, which have no address to be checked.
mounted: dict[str, BaseAdapter] = {}


class _TooLargeError(Exception):
    """The answer is larger than anybody may read."""


@dataclass(frozen=True)
class Exchange:
    """How one request is sent. `is_foreign`: to a host that is not the connection's own (a file's)."""

    connection: Connection
    seconds: float
    subject: str = ""
    request_id_headers: Collection[str] = ()
    secrets: Collection[str] = ()
    is_write: bool = False
    is_foreign: bool = False
    max_bytes: int = MAX_ANSWER_BYTES

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """The answer with its whole body, whatever its status. Raises when none came: TransientError if it
        is certain that nothing was sent (or nothing was to be written), else OutcomeUnknownError."""
        url = request.url or ""
        log = Attempt(
            self.connection,
            request.method or "",
            url,
            request.headers,
            self.subject,
            secrets=self.secrets,
            is_foreign=self.is_foreign,
        )
        timing = wire.Exchange(self.seconds)
        token = wire.current.set(timing)
        answer: requests.Response | None = None
        try:
            answer = self._send(request, timing)
            self._read(answer)
        except ConnectorError as error:
            log.close(error=error.message.pattern)
            raise
        except AddressRefusedError:
            log.close(error="The address is not public.")
            raise addresses.refused(addresses.origin(url).host) from None
        except _TooLargeError:
            log.close(
                status=answer.status_code if answer is not None else None, error="The answer is too large."
            )
            raise self._too_large() from None
        except (requests.RequestException, HTTPError, OSError, UnicodeError, ValueError) as error:
            log.close(status=answer.status_code if answer is not None else None, error=_cause(error))
            if answer is None or not 400 <= answer.status_code < 500:
                raise self._no_answer(error, timing.has_sent) from None
            # The status alone says that nothing was done; its reasons are lost.
            _set_content(answer, b"")
            return answer
        finally:
            wire.current.reset(token)
        log.close(
            status=answer.status_code,
            answer_headers=answer.headers,
            request_id_headers=self.request_id_headers,
            error=body_text(answer.content) if answer.status_code >= 400 else "",
        )
        return answer

    def _send(self, request: requests.PreparedRequest, timing: wire.Exchange) -> requests.Response:
        adapter = adapter_for(request.url or "")
        if isinstance(adapter, wire.GuardedAdapter):
            addresses.check_scheme(addresses.origin(request.url or ""))
        else:
            timing.has_sent = True
        return adapter.send(
            request,
            stream=True,
            timeout=(settings.CALL_CONNECT_SECONDS, settings.CALL_READ_SECONDS),
            verify=True,
            proxies={},
        )

    def _read(self, answer: requests.Response) -> None:
        """Read the body, no more than `max_bytes` of it (unpacked)."""
        pieces: list[bytes] = []
        size = 0
        try:
            announced = answer.headers.get("Content-Length", "")
            if announced.isdecimal() and int(announced) > self.max_bytes:
                raise _TooLargeError
            for piece in answer.iter_content(PIECE_BYTES):
                size += len(piece)
                if size > self.max_bytes:
                    raise _TooLargeError
                pieces.append(piece)
        except BaseException:
            answer.close()  # what was not read would be taken for the next answer
            raise
        _set_content(answer, b"".join(pieces))

    # --- what is said when no answer came ----------------------------------------------------------------

    def _no_answer(self, error: Exception, has_sent: bool) -> ConnectorError:
        name = label(self.connection.vendor)
        if not has_sent and isinstance(error, ValueError):  # also what requests says of headers
            return not_allowed_there(self.connection)
        if not has_sent or _is_refusal(error):
            return TransientError(
                say("%(vendor)s could not be reached; nothing was sent. It is tried again.", vendor=name),
                vendor=self.connection.vendor,
            )
        if self.is_write:
            return OutcomeUnknownError(
                say(
                    "The answer of %(vendor)s was lost, so it is not known whether the write arrived. "
                    "It is looked up before anything is sent again.",
                    vendor=name,
                ),
                vendor=self.connection.vendor,
            )
        return TransientError(
            say("The answer of %(vendor)s did not come in time. It is asked again.", vendor=name),
            vendor=self.connection.vendor,
        )

    def _too_large(self) -> ConnectorError:
        name = label(self.connection.vendor)
        if self.is_foreign:
            return RejectedError(
                say(
                    "The file is larger than %(limit)s MB, the most that may be sent on. Make it smaller, "
                    "then try again.",
                    limit=self.max_bytes // 1_000_000,
                ),
                vendor=self.connection.vendor,
            )
        error = OutcomeUnknownError if self.is_write else RejectedError
        return error(
            say("The answer of %(vendor)s is too large to be read.", vendor=name),
            vendor=self.connection.vendor,
        )


def not_allowed_there(connection: Connection) -> ConfigurationError:
    return ConfigurationError(
        say(
            "Nothing was sent to %(vendor)s: an address, a secret or a setting of the connection "
            "%(connection)s holds characters that are not allowed there. Enter it again.",
            vendor=label(connection.vendor),
            connection=connection.name,
        ),
        vendor=connection.vendor,
    )


def adapter_for(url: str) -> BaseAdapter:
    """The simulated vendor mounted for `url`, else a real, guarded connection."""
    fitting = [prefix for prefix in mounted if _is_below(url, prefix)]
    return mounted[max(fitting, key=len)] if fitting else wire.adapter()


def _is_below(url: str, prefix: str) -> bool:
    bare = prefix.rstrip("/")
    return url.startswith(bare) and url[len(bare) : len(bare) + 1] in ("", "/", "?", "#")


def _is_refusal(error: Exception) -> bool:
    """Whether the connection never came about, as far as the library itself says so."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    return isinstance(_reason(error), (NewConnectionError, ConnectionRefusedError))


def _reason(error: Exception) -> object:
    return getattr(error.args[0], "reason", error.args[0]) if error.args else None


def _cause(error: Exception) -> str:
    """What failed, by type: the texts of libraries hold addresses with their queries."""
    reason = _reason(error)
    inner = f" ({type(reason).__name__})" if isinstance(reason, Exception) else ""
    return f"{type(error).__name__}{inner}"


def _set_content(answer: requests.Response, content: bytes) -> None:
    answer._content = content
    answer._content_consumed = True  # type: ignore[attr-defined]
