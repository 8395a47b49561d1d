"""How webhooks leave: which of them hear of a change, bodies, signatures, retries.

Nothing is sent by itself: `sim.deliver()` posts what is due on the simulator's clock (a served simulator
calls it all the time), `sim.pass_time()` moves the clock and posts at each moment on the way.
Source: Jira Cloud webhooks (read 2026-11).
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

from mlconnector.sandbox.jira import jql
from mlconnector.sandbox.jira.errors import Refused
from mlconnector.sandbox.jira.jql_match import Matcher
from mlconnector.sandbox.jira.shapes import Shapes
from mlconnector.sandbox.jira.state import Change, Comment, Delivery, Hook, Issue, Site

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator

POST_SECONDS = 20
RETRIES = 5
# Any other refusal loses the delivery for good.
TRIED_AGAIN = (0, 408, 409, 425, 429)
DIGESTS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}

# (url, headers, body) -> (status, headers, body)
Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass(frozen=True)
class Attempt:
    """One delivery as it was posted, for assertions. `status` 0: nobody answered."""

    at: datetime
    identifier: str
    url: str
    event: str
    headers: dict[str, str]
    body: bytes
    status: int
    retry: int = 0

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_lost(self) -> bool:
        """Whether the vendor gives up with this answer."""
        return not self.is_success and (not _is_tried_again(self.status) or self.retry >= RETRIES)

    def json(self) -> Any:
        return json.loads(self.body)


def post_by_http(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Post one delivery; redirects are not followed."""
    answer = requests.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False)
    return answer.status_code, dict(answer.headers), answer.content


def encoded(body: dict[str, Any]) -> bytes:
    """The body's bytes: raw umlauts, escaped slashes and odd spaces, so that no JSON dumped again matches."""
    text = json.dumps(body, ensure_ascii=False, separators=(" ,", ":  "))
    return (text.replace("/", "\\/") + "\n").encode()


def hub_signature(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def token(secret: str, claims: dict[str, Any], algorithm: str = "HS256") -> str:
    """A JWT. "none" has no signature, RS256 one that nobody can check."""
    parts = [_base64(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": algorithm}, claims)]
    signed = ".".join(parts)
    if algorithm == "none":
        return f"{signed}."
    if algorithm not in DIGESTS:
        return f"{signed}.{_base64(b'made up' * 36)}"
    digest = hmac.new(secret.encode(), signed.encode(), DIGESTS[algorithm]).digest()
    return f"{signed}.{_base64(digest)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _is_tried_again(status: int) -> bool:
    return status in TRIED_AGAIN or status >= 500


class Deliveries:
    """Everything that waits to be sent."""

    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim
        self.waiting: list[Delivery] = []
        self.attempts: list[Attempt] = []
        self.lost: list[Delivery] = []

    def clear(self) -> None:
        self.waiting.clear()
        self.attempts.clear()
        self.lost.clear()

    # --- who hears of it ----------------------------------------------------------------------------------
    def offer(self, site: Site, event: str, issue: Issue, *, by: str, flow: str, **more: Any) -> None:
        """Put a message into the queue for each app and each admin webhook that wants it."""
        now = self.sim.clock.now()
        heard: dict[tuple[str, str, str], list[int]] = {}
        for hook in site.hooks.values():
            if hook.expires_at > now and self._reaches(hook) and self._wants(site, hook, event, issue, more):
                heard.setdefault((hook.app, hook.account, hook.url), []).append(hook.id)
        for (app, _, url), ids in heard.items():
            body = {**self._body(site, event, issue, by, **more), "matchedWebhookIds": ids}
            self.waiting.append(
                Delivery(str(uuid4()), site.cloud_id, url, event, encoded(body), now, app=app, flow=flow)
            )
        for one in site.admin_hooks.values():
            if event in one.events and self._matches(site, one.jql, issue):
                body = self._body(site, event, issue, by, **more)
                content = b"" if one.exclude_body else encoded(body)
                self.waiting.append(
                    Delivery(
                        str(uuid4()),
                        site.cloud_id,
                        one.url,
                        event,
                        content,
                        now,
                        secret=one.secret,
                        flow=flow,
                    )
                )

    def _reaches(self, hook: Hook) -> bool:
        """A private app's webhooks are delivered only when its owner registered them."""
        app = self.sim.known.apps.get(hook.app)
        return app is not None and (app.is_public or app.owner == hook.account)

    def _wants(self, site: Site, hook: Hook, event: str, issue: Issue, more: dict[str, Any]) -> bool:
        if event not in hook.events or not self._matches(site, hook.jql, issue):
            return False
        change: Change | None = more.get("change")
        if event == "jira:issue_updated" and hook.field_ids is not None and change is not None:
            return any(item.field_id in hook.field_ids for item in change.items)
        if event.startswith("issue_property") and hook.property_keys is not None:
            return more.get("property_key") in hook.property_keys
        return True

    def _matches(self, site: Site, filter: str, issue: Issue) -> bool:
        person = self.sim.known.people[next(iter(sorted(site.admins)))]
        try:
            query = jql.parse(filter)
            matcher = Matcher(site, person, self.sim.clock.now(), [issue], lambda project: True)
            return bool(matcher.found(query))
        except Refused:
            # What the filter named is gone by now.
            return False

    # --- what it says -------------------------------------------------------------------------------------
    def _body(
        self,
        site: Site,
        event: str,
        issue: Issue,
        by: str,
        *,
        kind: str = "",
        change: Change | None = None,
        comment: Comment | None = None,
        property_key: str = "",
    ) -> dict[str, Any]:
        """The issue as a read of REST version 2 without expand would show it now."""
        shapes = Shapes(self.sim.known, site, site.language, "Europe/Berlin", f"{site.url}/rest/api/2", 2)
        shown: dict[str, Any] = {
            "timestamp": int(self.sim.clock.now().timestamp() * 1000),
            "webhookEvent": event,
        }
        if kind:
            shown["issue_event_type_name"] = kind
        if event.startswith("jira:"):
            shown["user"] = shapes.person(by)
        reduced = ["summary", "issuetype", "project", "status", "priority"]
        chosen = shapes.selection(issue, reduced if comment else [])
        shown["issue"] = {**shapes.ref(issue), "fields": shapes.issue(issue, chosen)["fields"]}
        if change is not None:
            shown["changelog"] = {"id": change.id, "items": shapes.items(change)}
        if comment is not None:
            shown["comment"] = shapes.comment(issue, comment)
        if property_key:
            shown["property"] = {"key": property_key}
        return shown

    # --- sending ------------------------------------------------------------------------------------------
    def send_due(self) -> list[Attempt]:
        """Post all that is due now; posting happens without the simulator's lock."""
        with self.sim.lock:
            if self.sim.hooks.hold:
                return []
            now = self.sim.clock.now()
            due = [one for one in self.waiting if one.due_at <= now]
            self.waiting = [one for one in self.waiting if one.due_at > now]
            leaving = self.sim.hooks.arranged(due)
        return [self._post(delivery) for delivery in leaving]

    def _post(self, delivery: Delivery) -> Attempt:
        headers = self._headers(delivery)
        try:
            status, _, _ = self.sim.post(delivery.url, headers, delivery.body)
        except requests.RequestException:
            status = 0
        attempt = Attempt(
            self.sim.clock.now(),
            delivery.identifier,
            delivery.url,
            delivery.event,
            headers,
            delivery.body,
            status,
            delivery.retries,
        )
        with self.sim.lock:
            self.attempts.append(attempt)
            if attempt.is_lost:
                self.lost.append(delivery)
            elif not attempt.is_success:
                self._retry(delivery, attempt.at)
        return attempt

    def _retry(self, delivery: Delivery, at: datetime) -> None:
        """Once more, after a random wait; a doubled delivery that failed twice waits only once."""
        if any(one.identifier == delivery.identifier for one in self.waiting):
            return
        options = self.sim.options
        minutes = random.uniform(options.retry_minutes_from, options.retry_minutes_to)
        self.waiting.append(
            replace(delivery, retries=delivery.retries + 1, due_at=at + timedelta(minutes=minutes))
        )

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        options = self.sim.options
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": delivery.identifier,
            "X-Atlassian-Webhook-Flow": delivery.flow,
        }
        if delivery.retries:
            headers["X-Atlassian-Webhook-Retry"] = str(delivery.retries)
        if delivery.app:
            secret = options.sign_with or self.sim.known.apps[delivery.app].client_secret
            issued = int(self.sim.clock.now().timestamp()) - options.jwt_age_seconds
            claims = {"iat": issued, "exp": issued + options.jwt_seconds}
            headers["Authorization"] = f"Bearer {token(secret, claims, options.jwt_algorithm)}"
        elif delivery.secret:
            headers["X-Hub-Signature"] = hub_signature(options.sign_with or delivery.secret, delivery.body)
        if options.lower_case_headers:
            return {name.lower(): value for name, value in headers.items()}
        return headers

    # --- the clock ----------------------------------------------------------------------------------------
    def pass_time(self, by: timedelta) -> list[Attempt]:
        """Move the clock by `by`, sending everything at the moment it becomes due."""
        done = self.send_due()
        end = self.sim.clock.now() + by
        while (moment := self._next_moment()) is not None and moment <= end:
            self.sim.clock.advance(max(moment - self.sim.clock.now(), timedelta()))
            done += self.send_due()
        self.sim.clock.advance(max(end - self.sim.clock.now(), timedelta()))
        return done + self.send_due()

    def _next_moment(self) -> datetime | None:
        now = self.sim.clock.now()
        return min((one.due_at for one in self.waiting if one.due_at > now), default=None)
