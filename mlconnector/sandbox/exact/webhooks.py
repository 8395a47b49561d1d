"""webhooks/WebhookSubscriptions: create with the empty validation post inside, list, delete.

Source: reports on Exact Online webhooks (read 2026-11).
"""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from mlconnector.sandbox.exact import catalogue, shapes
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.state import State, Subscription

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.access import ApiCall

# Source: IsInstant "is only allowed for GoodsDeliveries" (read 2025-12).
INSTANT_TOPIC = "GoodsDeliveries"


def create(call: "ApiCall") -> Subscription:
    """Runs without the simulator's lock: the callback is posted to before the answer. Raises Refused."""
    with call.sim.lock:
        values = shapes.written(call, call.entity, call.body(), on_create=True)
        for name in ("CallbackURL", "Topic"):
            if not values.get(name):
                raise Refused("mandatory", name)
        _check(call, values)
    _validate(call, values["CallbackURL"])
    with call.sim.lock:
        # Another create for the same topic may have finished meanwhile.
        _check(call, values)
        known = call.sim.known
        made = Subscription(
            values.get("ID") or State.new_id(),
            call.app.client_id,
            call.user.id,
            call.division,
            values["Topic"],
            values["CallbackURL"],
            call.sim.local_now(),
            bool(values.get("IsInstant")),
            known.next_number(),
        )
        known.subscriptions[made.id] = made
        return made


def _check(call: "ApiCall", values: dict[str, Any]) -> None:
    if values["Topic"] not in catalogue.TOPICS:
        raise Refused("invalid", "Topic")
    if values.get("IsInstant") and values["Topic"] != INSTANT_TOPIC:
        raise Refused("invalid", "IsInstant")
    url = urlsplit(values["CallbackURL"])
    domains = {urlsplit(one).hostname for one in call.app.redirect_uris}
    is_local = call.sim.options.allow_local_targets and url.hostname in ("localhost", "127.0.0.1")
    if not is_local and (url.scheme != "https" or url.hostname not in domains):
        raise Refused("invalid", "CallbackURL")
    same = (call.app.client_id, call.division, values["Topic"])
    known = call.sim.known.subscriptions.values()
    if any((one.app, one.division, one.topic) == same for one in known):
        raise Refused("exists", "Topic")


def _validate(call: "ApiCall", url: str) -> None:
    """The empty post that must be answered with 200. Raises Refused."""
    try:
        status, _, _ = call.sim.post(url, {"Content-Length": "0"}, b"")
    except requests.RequestException:
        raise Refused("callback", "503 Service Temporarily Unavailable") from None
    if status != HTTPStatus.OK:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
        raise Refused("callback", f"{status} {phrase}".strip())
