"""$select, $filter, $expand, $orderby, $top, $skip, $skiptoken, $inlinecount: one page of a list.

Source: OData dialect of the Exact Online REST API (read 2026-11).
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mlconnector.sandbox.exact import errors, shapes
from mlconnector.sandbox.exact.entity import COLLECTION, Entity
from mlconnector.sandbox.exact.errors import ApiError
from mlconnector.sandbox.exact.feeds import Item, listed, of_row
from mlconnector.sandbox.exact.odata import Filter, parsed_filter

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.access import ApiCall

KNOWN = {
    "$select",
    "$filter",
    "$expand",
    "$orderby",
    "$top",
    "$skip",
    "$skiptoken",
    "$inlinecount",
    "$format",
}
SKIPTOKEN = re.compile(r"guid'([0-9a-fA-F-]{36})'|(\d+)")


class Page:
    """The answer to one GET of a list: `rows` in wire form, `following` (address of the next page or ""),
    `count` with $inlinecount."""

    def __init__(self, call: "ApiCall") -> None:
        self.call = call
        self.entity: Entity = call.entity
        self.args: dict[str, str] = call.request.args.to_dict()
        self._check_options()
        self.names = self._selected()
        self.expanded = self._expanded()
        self.filter = self._filter()
        self._read()

    # --- options -------------------------------------------------------------
    def _check_options(self) -> None:
        for name in self.args:
            if name.startswith("$") and name not in KNOWN:
                raise ApiError(400, f"The query parameter '{name}' is not supported.")
        if self.entity.is_sync and "$inlinecount" in self.args:
            raise ApiError(400, "The query parameter '$inlinecount' is not supported.")
        selected = self.args.get("$select", "")
        is_all = selected in ("", "*")
        if self.entity.needs_select and self.args.get("$top") != "1" and not selected:
            raise ApiError(400, errors.SELECT_MISSING)
        if self.entity.is_sync and is_all:
            raise ApiError(400, errors.SELECT_MISSING)

    def _selected(self) -> list[str]:
        """Names to show, without those below an expanded collection."""
        return selected(self.entity, self.args.get("$select", "*"))

    def _expanded(self) -> dict[str, list[str]]:
        """Collection -> the fields of its rows to show."""
        wanted = [name.strip() for name in self.args.get("$expand", "").split(",") if name.strip()]
        for name in wanted:
            if name not in self.entity.collections:
                raise ApiError(400, f"No navigation property '{name}' exists in type.")
        below: dict[str, list[str]] = {name: [] for name in wanted}
        for name in self.args.get("$select", "").split(","):
            head, _, inner = name.strip().partition("/")
            if inner and head not in below:
                raise ApiError(400, f"'{name.strip()}' needs $expand={head}.")
            if inner:
                below[head].append(inner)
        return {
            name: selected(self.call.sim.entities[self.entity.collections[name][0]], ",".join(inner) or "*")
            for name, inner in below.items()
        }

    def _filter(self) -> Filter | None:
        text = self.args.get("$filter", "")
        found = parsed_filter(text, self.entity.fields) if text else None
        used = found.fields if found else frozenset()
        if self.entity.needs_filter and not used & set(self.entity.filter_fields):
            names = ", ".join(self.entity.filter_fields)
            raise ApiError(400, errors.FILTER_MISSING.format(fields=names))
        if self.entity.filterable is not None and used - self.entity.filterable:
            names = ", ".join(sorted(used - self.entity.filterable))
            raise ApiError(400, errors.FILTER_REFUSED.format(fields=names))
        return found

    def _number(self, name: str) -> int | None:
        text = self.args.get(name)
        if text is None:
            return None
        if not text.isdigit():
            raise ApiError(400, f"Incorrect format for {name} argument '{text}'.")
        return int(text)

    # --- rows -------------------------------------------------------------
    def _read(self) -> None:
        items = listed(self.call)
        if self.filter:
            items = [item for item in items if self.filter.matches(item.get)]
        self.count = len(items) if self.args.get("$inlinecount") == "allpages" else None
        order = self.args.get("$orderby", "")
        items = self._ordered(items, order) if order else items
        items = self._rest(items, by_place=not order)
        top = self._number("$top")
        room = self.entity.page_rows if top is None else min(top, self.entity.page_rows)
        page, more = items[:room], items[room:]
        self.following = self._next(page, top, by_place=not order) if more and top != room else ""
        self.items = page
        self.rows = [self._shown(item) for item in page]

    def _ordered(self, items: list[Item], order: str) -> list[Item]:
        for part in reversed(order.split(",")):
            name, _, direction = part.strip().partition(" ")
            field = self.entity.fields.get(name)
            if field is None or field.type == COLLECTION or direction.strip() not in ("", "asc", "desc"):
                raise ApiError(400, f"No property '{name}' exists in type.")
            items = _sorted(items, name, is_descending=direction.strip() == "desc")
        return items

    def _rest(self, items: list[Item], *, by_place: bool) -> list[Item]:
        """What comes after $skip or $skiptoken."""
        token = self.args.get("$skiptoken")
        if token is None:
            return items[self._number("$skip") or 0 :]
        match = SKIPTOKEN.fullmatch(token)
        if match is None:
            raise ApiError(400, "Bad Request - Error in query syntax.")
        if not by_place:
            return items[int(match[2] or 0) :]
        place = int(match[2]) if match[2] else self.call.sim.known.places.get(match[1].lower(), 0)
        return [item for item in items if item.place > place]

    def _next(self, page: list[Item], top: int | None, *, by_place: bool) -> str:
        args = {name: value for name, value in self.args.items() if name not in ("$skip", "$skiptoken")}
        if top is not None:
            args["$top"] = str(top - len(page))
        if by_place:
            last = page[-1]
            self.call.sim.known.places.setdefault(str(last.key), last.place)
            args["$skiptoken"] = str(last.key) if isinstance(last.key, int) else f"guid'{last.key}'"
        else:
            done = SKIPTOKEN.fullmatch(self.args.get("$skiptoken", "0"))
            start = int(done[2] or 0) if done else 0
            args["$skiptoken"] = str(start + (self._number("$skip") or 0) + len(page))
        path = f"{self.call.sim.base_url}/api/v1/{self.call.place}{self.entity.path}"
        query = urlencode(args, safe="$'(),*/", quote_via=quote)
        return f"{path}?{query}"

    def _shown(self, item: Item) -> dict[str, Any]:
        shape = shapes.shown(self.call, self.entity, item, self.names)
        for name, inner in self.expanded.items():
            if name in self.names:
                shape[name] = self._collection(item, name, inner)
        return shape

    def _collection(self, item: Item, name: str, inner: list[str]) -> dict[str, Any]:
        path, key = self.entity.collections[name]
        entity = self.call.sim.entities[path]
        rows = [
            row
            for row in self.call.sim.known.table(self.call.division, path).values()
            if row[key] == item.key
        ]
        rows.sort(key=lambda row: row.number)
        cut = self.call.sim.options.expanded_rows
        call = replace(self.call, entity=entity)
        return {"results": [shapes.shown(call, entity, of_row(call, row), inner) for row in rows[:cut]]}


def selected(entity: Entity, text: str) -> list[str]:
    """The names of a $select. Raises ApiError 400 for an unknown one."""
    names: list[str] = []
    for part in text.split(","):
        name = part.strip().partition("/")[0]
        if name == "*":
            return list(entity.fields)
        if name not in entity.fields:
            raise ApiError(400, f"Could not find a property named '{name}' on type '{entity.type_name}'.")
        if name not in names:
            names.append(name)
    return names


def _sorted(items: list[Item], name: str, *, is_descending: bool) -> list[Item]:
    """By one field, empty values first."""

    def key(item: Item) -> tuple[bool, Any]:
        value = item.get(name)
        return (value is not None, value if value is not None else 0)

    return sorted(items, key=key, reverse=is_descending)
