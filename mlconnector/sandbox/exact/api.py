"""The handlers of /api/v1/{division}/...: list, count, one, create, change, delete.

Source: behaviour of the Exact Online REST API as reported (read 2026-11).
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue, query, shapes, webhooks
from mlconnector.sandbox.exact.errors import NOT_FOUND, ApiError, Refused
from mlconnector.sandbox.exact.feeds import Item, listed, of_row
from mlconnector.sandbox.exact.odata import GUID
from mlconnector.sandbox.exact.query import Page
from mlconnector.sandbox.exact.state import Row
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.access import ApiCall

ATOM = "application/atom+xml;type=feed;charset=utf-8"
JSON = "application/json;charset=utf-8"
GUID_KEY = re.compile(rf"guid'({GUID})'")
# Not POSTed alone. Source: PurchaseOrderLines "are part of the order" (read 2025-07).
WITH_HEADER_ONLY = (catalogue.PURCHASE_ORDER_LINES,)
Handler = Callable[..., Response]


def listing(call: "ApiCall") -> Response:
    page = Page(call)
    if not call.wants_json:
        return Response(shapes.atom(call, page.rows, page.following), content_type=ATOM)
    if call.entity.path in call.sim.options.bare_lists:
        return json_answer({"d": page.rows}, content_type=JSON)
    body: dict[str, Any] = {"results": page.rows}
    if page.count is not None:
        body["__count"] = str(page.count)
    if page.following:
        body["__next"] = page.following
    return json_answer({"d": body}, content_type=JSON)


def count(call: "ApiCall") -> Response:
    """A plain integer; JSON cannot be asked for."""
    if call.wants_json:
        raise ApiError(415, "Unsupported media type requested.")
    items = listed(call)
    text = call.request.args.get("$filter", "")
    if text:
        matches = query.parsed_filter(text, call.entity.fields).matches
        items = [item for item in items if matches(item.get)]
    return Response(str(len(items)), content_type="text/plain;charset=utf-8")


def one(call: "ApiCall", key: str) -> Response:
    item = _found(call, key)
    names = query.selected(call.entity, call.request.args.get("$select", "*"))
    return _record(call, shapes.shown(call, call.entity, item, names))


def _record(call: "ApiCall", shape: dict[str, Any], status: int = 200) -> Response:
    if call.wants_json:
        return json_answer({"d": shape}, status, content_type=JSON)
    return Response(shapes.atom(call, [shape]), status, content_type=ATOM)


def _found(call: "ApiCall", key: str) -> Item:
    """Raises ApiError 404."""
    match = GUID_KEY.fullmatch(key)
    wanted: Any = match[1].lower() if match else int(key.rstrip("Ll")) if key.rstrip("Ll").isdigit() else None
    if wanted is None:
        raise ApiError(400, "Bad Request - Error in query syntax.")
    for item in listed(call):
        if item.key == wanted:
            return item
    raise ApiError(404, NOT_FOUND.format(segment=call.entity.name))


# --- writing -------------------------------------------------------------
def create(call: "ApiCall") -> Response:
    if call.entity.path in WITH_HEADER_ONLY:
        raise Refused("with_header")
    values = shapes.written(call, call.entity, call.body(), on_create=True)
    books = call.sim.books
    if call.entity.parent and values.get(call.entity.parent[1]):
        header = call.sim.known.get(call.division, call.entity.parent[0], values[call.entity.parent[1]])
        if header is None:
            raise Refused("unknown", call.entity.parent[1])
        row = books.add_line(header, values, call.user.id)
    else:
        row = books.create(call.entity, call.division, values, call.user.id)
    return _created(call, row)


def _created(call: "ApiCall", row: Row) -> Response:
    item = of_row(call, row)
    shape = shapes.shown(call, call.entity, item, list(call.entity.fields))
    is_whole = "return=representation" in call.request.headers.get("Prefer", "")
    if not is_whole:
        # Computed fields are null unless the whole record is asked for.
        for name, field in call.entity.fields.items():
            if not field.is_writable and name != call.entity.key:
                shape[name] = None
    response = _record(call, shape, 201)
    response.headers["Location"] = shapes.uri(call, call.entity, item)
    if is_whole:
        response.headers["Preference-Applied"] = "return=representation"
    return response


def change(call: "ApiCall", key: str) -> Response:
    row = _row(call, key)
    values = shapes.written(call, call.entity, call.body(), on_create=False)
    if call.entity.key in values and values[call.entity.key] != row.id:
        raise Refused("fixed", call.entity.key)
    call.sim.books.change(row, values, call.user.id)
    return Response(status=204)


def delete(call: "ApiCall", key: str) -> Response:
    call.sim.books.delete(_row(call, key), call.user.id)
    return Response(status=204)


def _row(call: "ApiCall", key: str) -> Row:
    """Raises ApiError 404."""
    match = GUID_KEY.fullmatch(key)
    if match is None:
        raise ApiError(400, "Bad Request - Error in query syntax.")
    row = call.sim.known.get(call.division, call.entity.path, match[1].lower())
    if row is None:
        raise ApiError(404, NOT_FOUND.format(segment=call.entity.name))
    return row


# --- subscriptions -------------------------------------------------------------
def subscribe(call: "ApiCall") -> Response:
    made = webhooks.create(call)
    with call.sim.lock:
        item = next(item for item in listed(call) if item.key == made.id)
        shape = shapes.shown(call, call.entity, item, list(call.entity.fields))
        response = _record(call, shape, 201)
        response.headers["Location"] = shapes.uri(call, call.entity, item)
        return response


def change_subscription(call: "ApiCall", key: str) -> Response:
    """Listed in the reference, reported as refused: delete and create instead."""
    item = _found(call, key)
    if not call.sim.options.change_subscriptions:
        raise Refused("fixed", "WebhookSubscription")
    values = shapes.written(call, call.entity, call.body(), on_create=False)
    call.sim.known.subscriptions[item.key].callback_url = values.get("CallbackURL", item.get("CallbackURL"))
    return Response(status=204)


def unsubscribe(call: "ApiCall", key: str) -> Response:
    del call.sim.known.subscriptions[_found(call, key).key]
    return Response(status=204)


# --- who am I -------------------------------------------------------------
def me(call: "ApiCall") -> Response:
    names = query.selected(call.entity, call.request.args.get("$select", "*"))
    item = Item(call.user.id, 0, _me(call).get)
    shape = shapes.shown(call, call.entity, item, names)
    if not call.wants_json:
        return Response(shapes.atom(call, [shape]), content_type=ATOM)
    bare = call.entity.path in call.sim.options.bare_lists
    return json_answer({"d": [shape] if bare else {"results": [shape]}}, content_type=JSON)


def _me(call: "ApiCall") -> dict[str, Any]:
    user, now = call.user, call.sim.local_now()
    division = call.sim.known.divisions.get(user.current_division)
    first, _, last = user.full_name.rpartition(" ")
    language = {"nl": "nl-NL", "de": "de-DE", "en": "en-GB"}[user.language]
    as_text = call.sim.options.server_time_as_text
    return {
        "UserID": user.id,
        "FullName": user.full_name,
        "FirstName": first,
        "LastName": last,
        "Email": user.email,
        "UserName": user.email,
        "Language": user.language.upper(),
        "LanguageCode": language,
        "CurrentDivision": user.current_division,
        "AccountingDivision": user.current_division,
        "DivisionCustomerName": division.customer if division else None,
        "ServerTime": now.isoformat() if as_text else f"/Date({shapes.milliseconds(now)})/",
        "ServerUtcOffset": call.sim.local_offset().utcoffset().total_seconds(),
        "IsClientUser": False,
        "IsMyFirmPortalUser": False,
        "IsOEIMigrationMandatory": False,
    }


NORMAL: dict[str, Handler] = {"create": create, "change": change, "delete": delete}
OF_SUBSCRIPTIONS: dict[str, Handler] = {
    "create": subscribe,
    "change": change_subscription,
    "delete": unsubscribe,
}
