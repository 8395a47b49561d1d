"""$batch: many requests in one multipart body. Source: execute batch operations (read 2026-11).

A change set is all or nothing. Without `odata.continue-on-error` the first failing part ends the batch.
"""

import re
import uuid
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.http import parse_options_header
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from mlconnector.sandbox.dynamics.api import PREFIX, ApiCall
from mlconnector.sandbox.dynamics.errors import ApiError, bad
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

MOST_REQUESTS = 1000
REQUEST_LINE = re.compile(r"(GET|POST|PATCH|DELETE) (\S+) HTTP/1\.1")
Part = tuple[dict[str, str], bytes]


class Batch:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    def run(self, call: ApiCall) -> Response:
        parts = self._parts(call.request.headers.get("Content-Type", ""), call.request.get_data())
        goes_on = "odata.continue-on-error" in call.prefer
        self._check_size(parts)
        answers: list[bytes] = []
        status = 200
        for headers, body in parts:
            if headers.get("content-type", "").startswith("multipart/mixed"):
                answer, failed = self._change_set(call, headers["content-type"], body)
            else:
                response = self._one(call, body, {})
                answer, failed = (
                    _written(response),
                    response.status_code if response.status_code >= 400 else 0,
                )
            answers.append(answer)
            if failed and not goes_on:
                status = failed
                break
        return _multipart("batchresponse", answers, status)

    def _check_size(self, parts: list[Part]) -> None:
        count = 0
        for headers, body in parts:
            kind = headers.get("content-type", "")
            count += len(self._parts(kind, body)) if kind.startswith("multipart/mixed") else 1
        if count > MOST_REQUESTS:
            raise bad(f"A batch may hold {MOST_REQUESTS} requests at most.", "0x80040203")

    def _parts(self, content_type: str, data: bytes) -> list[Part]:
        kind, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if kind != "multipart/mixed" or not boundary:
            raise bad("The batch needs Content-Type multipart/mixed with a boundary.", "0x80048d19")
        if b"\r\n" not in data:
            raise bad("The batch must use CRLF line ends.", "0x80048d19")
        sections = data.split(f"--{boundary}".encode())
        if len(sections) < 3 or not sections[-1].startswith(b"--"):
            raise bad("The batch is not closed by its boundary.", "0x80048d19")
        return [_headed(section.removeprefix(b"\r\n").removesuffix(b"\r\n")) for section in sections[1:-1]]

    def _change_set(self, call: ApiCall, content_type: str, data: bytes) -> tuple[bytes, int]:
        """The answer of the whole set, and the status with which it failed (0: it did not)."""
        before, waiting = deepcopy(self.sim.known), list(self.sim.deliveries.waiting)
        made: dict[str, str] = {}
        answers = []
        for headers, body in self._parts(content_type, data):
            name = headers.get("content-id", "")
            response = self._one(call, body, made, in_change_set=True)
            if response.status_code >= 400:
                self.sim.known, self.sim.deliveries.waiting = before, waiting
                return _written(response), response.status_code
            made[f"${name}"] = response.headers.get("OData-EntityId", "")
            answers.append(_written(response, name))
        inner = _multipart("changesetresponse", answers, 200)
        head = f"Content-Type: {inner.content_type}\r\n\r\n".encode()
        return head + inner.get_data(), 0

    def _one(
        self, call: ApiCall, data: bytes, made: dict[str, str], *, in_change_set: bool = False
    ) -> Response:
        try:
            return self._run(call, data, made, in_change_set=in_change_set)
        except ApiError as error:
            return error.response()

    def _run(self, call: ApiCall, data: bytes, made: dict[str, str], *, in_change_set: bool) -> Response:
        line, _, rest = data.partition(b"\r\n")
        match = REQUEST_LINE.fullmatch(line.decode("utf-8", "replace").strip())
        if match is None:
            raise bad(f"The request line cannot be read: {line[:80]!r}")
        method, address = match[1], match[2]
        if in_change_set and method == "GET":
            raise bad("A change set cannot hold GET requests.")
        headers, body = _headed(rest)
        for name, made_address in made.items():
            body = body.replace(f'"{name}"'.encode(), f'"{made_address}"'.encode())
            if address == name or address.startswith(f"{name}/"):
                address = made_address + address.removeprefix(name)
        path, query = self._address(call, address)
        if path.endswith("/$batch"):
            raise bad("A batch cannot hold a batch.")
        builder = EnvironBuilder(
            path=path,
            method=method,
            base_url=self.sim.origin(call.request),
            data=body,
            headers={**headers, "Authorization": call.request.headers["Authorization"]},
        )
        environ = builder.get_environ() | {"QUERY_STRING": query}
        return self.sim.inner(Request(environ))

    def _address(self, call: ApiCall, address: str) -> tuple[str, str]:
        """Path and raw query of an absolute address, an absolute path, or one below the API."""
        parts = urlsplit(address)
        if parts.scheme and f"{parts.scheme}://{parts.netloc}" not in self.sim.origins:
            raise bad(f"The address {address} is not of this environment.")
        path = parts.path if parts.path.startswith("/") else f"{PREFIX}/{parts.path}"
        return path, parts.query


def _headed(section: bytes) -> Part:
    """Headers (names in small letters) and what stands behind the empty line."""
    head, _, body = (b"\r\n" + section).partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n") if line]
    return {name.strip().lower(): value.strip() for name, _, value in lines}, body


def _written(response: Any, content_id: str = "") -> bytes:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        head.append(f"Content-ID: {content_id}")
    headers = [f"{name}: {value}" for name, value in response.headers if name != "Content-Length"]
    lines = [*head, "", f"HTTP/1.1 {response.status}", *headers, "", ""]
    return "\r\n".join(lines).encode() + response.get_data()


def _multipart(kind: str, sections: list[bytes], status: int) -> Response:
    boundary = f"{kind}_{uuid.uuid4()}"
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), section) for section in sections)
    body += f"--{boundary}--\r\n".encode()
    response = Response(body, status=status)
    response.headers["Content-Type"] = f"multipart/mixed; boundary={boundary}"
    response.headers["OData-Version"] = "4.0"
    return response
