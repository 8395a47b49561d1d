"""How webhooks leave: one POST for each change and step, one more attempt after 502, 503 and 504.

Nothing is sent by itself: `sim.deliver()` posts what waits (a served simulator calls it all the time). Every
other failure is final: it shows as a system job in asyncoperations with statuscode 31.
Source: use web hooks (read 2026-11).
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import requests

from mlconnector.sandbox.dynamics import payload, webhooks
from mlconnector.sandbox.dynamics.state import Row
from mlconnector.sandbox.dynamics.tables import Lookup

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

POST_SECONDS = 60
TRIED_AGAIN = (502, 503, 504)
SIZE_EXCEEDED = "x-ms-dynamics-msg-size-exceeded"
WEBHOOK_KEY, HTTP_HEADER, HTTP_QUERY = 4, 5, 6
FAILED, COMPLETED = 31, 3

# (url, headers, body) -> (status, headers, body)
Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass(frozen=True)
class Attempt:
    """One delivery as it was posted, for assertions. `status` 0: nobody answered."""

    at: datetime
    step: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Job:
    """A delivery that waits, as it was when the change happened."""

    step: str
    endpoint: str
    operation_id: str
    message: str
    subject: Lookup
    correlation_id: str
    body: dict[str, Any]
    tries: int = 0


def post_by_http(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Post one delivery; redirects are not followed."""
    answer = requests.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
    return answer.status_code, dict(answer.headers), answer.content


class Deliveries:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim
        self.waiting: list[Job] = []
        self.attempts: list[Attempt] = []

    def clear(self) -> None:
        self.waiting.clear()
        self.attempts.clear()

    # --- filling ------------------------------------------------------------------------------------------
    def offer(self, message: str, row: Row, attributes: Mapping[str, Any], by: str, depth: int) -> None:
        """Put the change into the queue of every step that wants it."""
        known = self.sim.known
        for step in known.all("sdkmessageprocessingstep"):
            if not webhooks.wants(self.sim, step, message, row.table, set(attributes)):
                continue
            operation, correlation = str(uuid.uuid4()), str(uuid.uuid4())
            origin = payload.Origin(
                known.organization_id,
                self.sim.organization_name,
                self.sim.business_unit,
                by,
                self.sim.clock.now(),
                depth,
                correlation,
                operation,
                step.id,
            )
            body = payload.context(origin, message, known.tables[row.table], row, attributes)
            endpoint = step.values["eventhandler"].id
            self.waiting.append(Job(step.id, endpoint, operation, message, row.lookup, correlation, body))

    # --- sending ------------------------------------------------------------------------------------------
    def send_due(self) -> list[Attempt]:
        """Post all that waits; posting happens without the simulator's lock."""
        with self.sim.lock:
            leaving = self.sim.hooks.arranged(self.waiting)
            if not self.sim.hooks.hold:
                self.waiting = []
        return [self._post(job) for job in leaving]

    def _post(self, job: Job) -> Attempt:
        with self.sim.lock:
            endpoint = self.sim.known.get("serviceendpoint", job.endpoint)
            target, headers = self._addressed(endpoint, job)
            body, is_trimmed = payload.within(job.body, self.sim.options.webhook_limit_bytes)
        if is_trimmed:
            headers[SIZE_EXCEEDED] = "true"
        status, reason = 0, "The endpoint is gone or its authvalue cannot be read (0x80050203)."
        if target and not self._is_reachable(target):
            reason = "The endpoint cannot be reached from the cloud."
        elif target:
            try:
                status, _, answer = self.sim.post(target, headers, body)
                said = answer[:200].decode("utf-8", "replace")
                reason = f"The web hook call failed with status {status}: {said}"
            except requests.RequestException as error:
                reason = str(error)
        attempt = Attempt(self.sim.clock.now(), job.step, target, headers, body, status)
        with self.sim.lock:
            self.attempts.append(attempt)
            job.tries += 1
            if status in TRIED_AGAIN and job.tries == 1:
                self.waiting.append(job)
            elif not attempt.is_success:
                self._failed(job, reason)
        return attempt

    def _addressed(self, endpoint: Row | None, job: Job) -> tuple[str, dict[str, str]]:
        """Address and headers with the shared secret; no address when it cannot be sent."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "x-ms-dynamics-organization": urlsplit(self.sim.base_url).netloc,
            "x-ms-dynamics-entity-name": job.subject.table,
            "x-ms-dynamics-request-name": job.message,
            "x-ms-correlation-request-id": job.correlation_id,
        }
        if endpoint is None:
            return "", headers
        url, kind = endpoint.values["url"], endpoint.values["authtype"]
        secret = endpoint.values["authvalue"] or ""
        if kind == WEBHOOK_KEY:
            return _with_query(url, {"code": secret}), headers
        pairs = _settings(secret)
        if pairs is None:
            return "", headers
        if kind == HTTP_QUERY:
            return _with_query(url, pairs), headers
        return url, headers | pairs

    def _is_reachable(self, target: str) -> bool:
        """Public hosts on the two usual ports alone, unless local ones are allowed."""
        parts = urlsplit(target)
        host = (parts.hostname or "").lower()
        is_local = (
            "." not in host or host.endswith((".localhost", ".local")) or host.startswith(("127.", "10."))
        )
        return self.sim.options.allow_local_targets or (parts.port in (None, 80, 443) and not is_local)

    def _failed(self, job: Job, reason: str) -> None:
        values = {
            "name": f"{job.message} of {job.subject.table}",
            "messagename": job.message,
            "message": reason,
            "regardingobjectid": job.subject if job.subject.table != "annotation" else None,
            "owningextensionid": Lookup("sdkmessageprocessingstep", job.step),
            "completedon": self.sim.clock.now().replace(microsecond=0),
            "statecode": COMPLETED,
            "statuscode": FAILED,
        }
        known = self.sim.known
        if known.get("asyncoperation", job.operation_id) is None:
            self.sim.records.create("asyncoperation", values, known.admin_user, job.operation_id)


def _settings(text: str) -> dict[str, str] | None:
    """`<settings><setting name="..." value="..."/></settings>` as a dict; None when it is not that."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - written by the tests themselves
    except ElementTree.ParseError:
        return None
    found = {one.get("name", ""): one.get("value", "") for one in root.iter("setting")}
    return found if root.tag == "settings" and found and "" not in found else None


def _with_query(url: str, values: Mapping[str, str]) -> str:
    text = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in values.items())
    return f"{url}{'&' if '?' in url else '?'}{text}"
