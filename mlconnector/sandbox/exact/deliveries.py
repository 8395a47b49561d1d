"""How webhook notifications leave: a key and no content, signed inside the body, retried, lost, doubled.

Nothing is sent by itself: `sim.deliver()` posts what is due on the simulator's clock (a served simulator
calls it all the time). Source: reports on Exact Online webhooks (read 2026-11).
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from mlconnector.sandbox.exact.state import Notification, Row, Subscription

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.simulator import ExactSimulator

POST_SECONDS = 10
# (url, headers, body) -> (status, headers, body)
Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass(frozen=True)
class Attempt:
    """One notification as it was posted, for assertions. `status` 0: nobody answered."""

    at: datetime
    subscription: str
    url: str
    body: bytes
    status: int

    def content(self) -> dict[str, Any]:
        return json.loads(self.body)["Content"]


def post_by_http(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Post one notification; redirects are not followed."""
    answer = requests.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
    return answer.status_code, dict(answer.headers), answer.content


def signed(content: dict[str, Any], secret: str) -> bytes:
    """The whole body. HashCode: HMAC-SHA256 over the text of Content, upper-case hex."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    code = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest().upper()
    return b'{"Content":' + text + b',"HashCode":"' + code.encode() + b'"}'


class Deliveries:
    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim
        self.attempts: list[Attempt] = []

    # --- filling -------------------------------------------------------------
    def event(self, row: Row, action: str) -> None:
        """Put an event of `row` (Create, Update, Delete) on its way to everybody who wants its topic."""
        if not row.entity.topic:
            return
        for one in self.sim.known.subscriptions.values():
            if (one.topic, one.division) == (row.entity.topic, row.division):
                self.offer(one, row.entity.path, row.id, action)

    def offer(self, to: Subscription, path: str, key: str, action: str) -> None:
        app = self.sim.known.apps[to.app]
        body = signed(self.content(to, path, key, action), app.webhook_secret)
        due_at = self.sim.clock.now() + timedelta(seconds=self.sim.options.webhook_delay_seconds)
        self.sim.known.waiting.append(Notification(to.id, to.callback_url, body, due_at))

    def content(self, to: Subscription, path: str, key: str, action: str) -> dict[str, Any]:
        now = self.sim.clock.now()
        content = {
            "Topic": to.topic,
            "ClientId": to.app,
            "Division": to.division,
            "Action": action,
            "Key": key,
            "ExactOnlineEndpoint": f"{self.sim.base_url}/api/v1/{to.division}/{path}(guid'{key}')",
            "EventCreatedOn": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        }
        return {**content, "EventAction": action} if self.sim.options.event_action else content

    # --- sending -------------------------------------------------------------
    def send_due(self) -> list[Attempt]:
        """Post all that is due now; posting happens without the simulator's lock."""
        with self.sim.lock:
            now, known = self.sim.clock.now(), self.sim.known
            if self.sim.hooks.hold:
                return []
            due = [one for one in known.waiting if one.due_at <= now]
            known.waiting = [one for one in known.waiting if one.due_at > now]
            leaving = [one for one in self.sim.hooks.arranged(due) if one.subscription in known.subscriptions]
        return [self._post(one) for one in leaving]

    def _post(self, one: Notification) -> Attempt:
        try:
            status, _, _ = self.sim.post(one.url, {"Content-Type": "application/json"}, one.body)
        except requests.RequestException:
            status = 0
        with self.sim.lock:
            attempt = Attempt(self.sim.clock.now(), one.subscription, one.url, one.body, status)
            self.attempts.append(attempt)
            one.attempts += 1
            if status != 200 and one.attempts < self.sim.options.webhook_attempts:
                pause = self.sim.options.webhook_retry_seconds * 2 ** (one.attempts - 1)
                one.due_at = attempt.at + timedelta(seconds=pause)
                self.sim.known.waiting.append(one)
        return attempt

    def pass_time(self, by: timedelta) -> list[Attempt]:
        """Move the clock by `by`, sending everything at the moment it becomes due."""
        done = self.send_due()
        end = self.sim.clock.now() + by
        while (moment := self._next_moment()) is not None and moment <= end:
            self.sim.clock.advance(max(moment - self.sim.clock.now(), timedelta()))
            sent = self.send_due()
            done += sent
            if not sent:
                break
        self.sim.clock.advance(max(end - self.sim.clock.now(), timedelta()))
        return done + self.send_due()

    def _next_moment(self) -> datetime | None:
        now = self.sim.clock.now()
        return min((one.due_at for one in self.sim.known.waiting if one.due_at > now), default=None)
