"""Answers requests' HTTP calls from a simulator inside the same process: no socket, no port."""

import io
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from mlconnector.sandbox.faults import AnswerTooLate, DroppedConnection
from mlconnector.sandbox.kit import READ_TIMEOUT, Simulator

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WSGIAdapter(HTTPAdapter):
    """Mount it on a URL prefix: `session.mount("https://datev.example", WSGIAdapter(DatevSimulator()))`.

    A dropped connection is raised as requests.ConnectionError, a delay beyond the read time-out as
    requests.ReadTimeout; nobody sleeps.
    """

    def __init__(self, app: Simulator | WSGIApp) -> None:
        super().__init__()
        self.app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started.update(status=status, headers=headers)

        try:
            answer = self.app(_environ(request, _read_timeout(timeout)), start_response)
            body = b"".join(answer)
        except DroppedConnection as error:
            raise requests.ConnectionError(str(error), request=request) from error
        except AnswerTooLate as error:
            raise requests.ReadTimeout(str(error), request=request) from error
        code, _, reason = started["status"].partition(" ")
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=started["headers"],
            status=int(code),
            reason=reason,
            preload_content=False,
            decode_content=False,
            original_response=_Original(started["headers"]),  # type: ignore[arg-type]
        )
        response = self.build_response(request, raw)
        if not stream:
            _ = response.content
        return response

    def close(self) -> None:
        """Nothing to close: there is no pool."""


class _Original:
    """What requests reads an answer's cookies from."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """There is no connection."""


def _read_timeout(timeout: Any) -> float | None:
    return timeout[1] if isinstance(timeout, tuple) else timeout


def _environ(request: requests.PreparedRequest, read_timeout: float | None) -> dict[str, Any]:
    url = urlsplit(str(request.url))
    body = _body(request)
    host = url.hostname or ""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": str(request.method),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1") or "/",
        "QUERY_STRING": url.query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc.rpartition("@")[2],
        # Empty: the caller did not say, which some servers refuse.
        "CONTENT_LENGTH": str(len(body)) if body or "Content-Length" in request.headers else "",
        "wsgi.version": (1, 0),
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        READ_TIMEOUT: read_timeout,
    }
    for name, value in request.headers.items():
        # Header values travel as Latin-1, whether the caller gave text or bytes.
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = text
    return environ


def _body(request: requests.PreparedRequest) -> bytes:
    body = request.body
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        content = body.read()
        return content.encode() if isinstance(content, str) else content
    return b"".join(part.encode() if isinstance(part, str) else part for part in body)
