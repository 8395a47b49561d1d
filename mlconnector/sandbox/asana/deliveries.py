"""How webhooks leave: batches, signature, heartbeats, retries, the end after 24 hours.

Nothing is sent by itself: `sim.deliver()` posts what is due on the simulator's clock (a served simulator
calls it all the time), `sim.pass_time()` moves the clock and posts at each moment on the way.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from mlconnector.sandbox.asana.events import bare
from mlconnector.sandbox.asana.state import Delivery, Event, Token, Webhook

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.app import AsanaSimulator

# Source: Asana webhooks guide (read 2026-11).
HEARTBEAT = timedelta(hours=8)
GIVEN_UP_AFTER = timedelta(hours=24)
POST_SECONDS = 10
EVENTS_PER_BODY = 100
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)

# (url, headers, body) -> (status, headers, body)
Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass(frozen=True)
class Attempt:
    """One delivery as it was posted, for assertions. `status` 0: nobody answered."""

    at: datetime
    webhook: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def is_success(self) -> bool:
        return self.status in (200, 204)

    def events(self) -> list[dict[str, Any]]:
        return json.loads(self.body)["events"] if self.body else []


def post_by_http(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Post one delivery; redirects are not followed."""
    answer = requests.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
    return answer.status_code, dict(answer.headers), answer.content


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def encoded(events: list[dict[str, Any]]) -> bytes:
    """The body's bytes: raw umlauts, escaped slashes and odd spaces, so that no JSON dumped again matches."""
    text = json.dumps({"events": events}, ensure_ascii=False, separators=(" ,", ":  "))
    return (text.replace("/", "\\/") + "\n").encode()


class Deliveries:
    """The queue of every webhook."""

    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim
        self.attempts: list[Attempt] = []

    # --- filling -------------------------------------------------------------
    def offer(self, event: Event) -> None:
        """Put the event into the queue of every webhook that wants it and may still see its resource."""
        for hook in self.sim.known.webhooks.values():
            if hook.resource in event.places and wants(hook, event) and self._has_access(hook):
                hook.waiting.append(event)

    def _has_access(self, hook: Webhook) -> bool:
        state = self.sim.known
        token = Token("", "pat", hook.user, app=hook.app)
        record = state.by_gid.get(hook.resource)
        if record is not None and record.kind == "project":
            return state.may_see_project(token, record)
        return record is not None and (record.kind != "task" or state.may_see_task(token, record))

    # --- sending -------------------------------------------------------------
    def send_due(self) -> list[Attempt]:
        """Post all that is due now; posting happens without the simulator's lock."""
        done: list[Attempt] = []
        with self.sim.lock:
            due = [delivery for hook in self._hooks() for delivery in self._taken(hook)]
            leaving = self.sim.hooks.arranged(due)
            if self.sim.hooks.hold:
                self._put_back(due)
        for delivery in leaving:
            attempt = self._post(delivery)
            if attempt:
                done.append(attempt)
        return done

    def _hooks(self) -> list[Webhook]:
        return list(self.sim.known.webhooks.values())

    def _taken(self, hook: Webhook) -> list[Delivery]:
        now = self.sim.clock.now()
        if self._is_given_up(hook, now):
            return []
        if hook.next_attempt_at and hook.next_attempt_at > now:
            return []
        if hook.next_heartbeat_at and hook.next_heartbeat_at <= now:
            hook.is_heartbeat_due = True
            hook.next_heartbeat_at = now + HEARTBEAT
        taken = [Delivery(hook.gid, [])] if hook.is_heartbeat_due else []
        hook.is_heartbeat_due = False
        for start in range(0, len(hook.waiting), EVENTS_PER_BODY):
            taken.append(Delivery(hook.gid, hook.waiting[start : start + EVENTS_PER_BODY]))
        hook.waiting = []
        return taken

    def _put_back(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            hook = self.sim.known.webhooks.get(delivery.webhook)
            if hook is None:
                continue
            events = {event.number: event for event in [*delivery.events, *hook.waiting]}
            hook.waiting = [events[number] for number in sorted(events)]
            hook.is_heartbeat_due = hook.is_heartbeat_due or not delivery.events

    def _post(self, delivery: Delivery) -> Attempt | None:
        hook = self.sim.known.webhooks.get(delivery.webhook)
        if hook is None:
            return None
        with self.sim.lock:
            if hook.next_attempt_at and hook.next_attempt_at > self.sim.clock.now():
                # An earlier delivery of this round failed: the rest waits with it.
                self._put_back([delivery])
                return None
            users = {
                event.user: self.sim.known.by_gid[event.user].name for event in delivery.events if event.user
            }
        body = encoded([bare(event, users.get(event.user, "")) for event in delivery.events])
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Hook-Signature": signature(hook.secret, body),
        }
        try:
            status, _, answer = self.sim.post(hook.target, headers, body)
        except requests.RequestException as error:
            status, answer = 0, str(error).encode()
        attempt = Attempt(self.sim.clock.now(), hook.gid, hook.target, headers, body, status)
        with self.sim.lock:
            self.attempts.append(attempt)
            self._noted(hook, delivery, attempt, answer)
        return attempt

    def _noted(self, hook: Webhook, delivery: Delivery, attempt: Attempt, answer: bytes) -> None:
        if attempt.is_success:
            hook.last_success_at = attempt.at
            hook.retry_count = 0
            hook.next_attempt_at = hook.failing_since = None
            return
        hook.last_failure_at = attempt.at
        hook.last_failure_content = answer.decode("utf-8", "replace")[:1000]
        hook.failing_since = hook.failing_since or attempt.at
        hook.next_attempt_at = attempt.at + min(FIRST_RETRY * 2 ** min(hook.retry_count, 10), LONGEST_RETRY)
        hook.retry_count += 1
        self._put_back([delivery])
        if attempt.status == 410 and self.sim.options.gone_deletes_webhook:
            self.delete(hook)

    # --- the clock -------------------------------------------------------------
    def deletion_at(self, hook: Webhook) -> datetime | None:
        return hook.failing_since + GIVEN_UP_AFTER if hook.failing_since else None

    def _is_given_up(self, hook: Webhook, now: datetime) -> bool:
        end = self.deletion_at(hook)
        if end is None or end > now:
            return False
        self.delete(hook)
        return True

    def delete(self, hook: Webhook) -> None:
        """For good; nobody is told."""
        self.sim.known.webhooks.pop(hook.gid, None)
        self.sim.known.deleted_webhooks.append(hook)

    def next_moment(self) -> datetime | None:
        """When the next retry, heartbeat or deletion is due. While a retry waits, nothing else is sent."""
        moments = [
            at
            for hook in self._hooks()
            for at in (hook.next_attempt_at or hook.next_heartbeat_at, self.deletion_at(hook))
            if at and at > self.sim.clock.now()
        ]
        return min(moments, default=None)

    def pass_time(self, by: timedelta) -> list[Attempt]:
        """Move the clock by `by`, sending everything at the moment it becomes due."""
        done = self.send_due()
        end = self.sim.clock.now() + by
        while (moment := self.next_moment()) is not None and moment <= end:
            self.sim.clock.advance(max(moment - self.sim.clock.now(), timedelta()))
            done += self.send_due()
        self.sim.clock.advance(max(end - self.sim.clock.now(), timedelta()))
        return done + self.send_due()


def wants(hook: Webhook, event: Event) -> bool:
    """Whether any filter matches; no filters at all want everything."""
    return not hook.filters or any(_matches(one, event) for one in hook.filters)


def _matches(wanted: dict[str, Any], event: Event) -> bool:
    kind, _, subtype = event.resource
    if wanted.get("resource_type", kind) != kind or wanted.get("action", event.action) != event.action:
        return False
    if wanted.get("resource_subtype", subtype) != subtype:
        return False
    return not wanted.get("fields") or event.field in wanted["fields"]


def is_local(url: str) -> bool:
    """Whether the target's host is none that the vendor could reach."""
    host = (urlsplit(url).hostname or "").lower()
    return (
        not host
        or "." not in host.strip("[]")
        or host.endswith((".localhost", ".local"))
        or host.startswith(("127.", "10.", "192.168.", "169.254.", "0."))
    )
