"""Which parts of a record an answer carries: compact, full, or exactly what `opt_fields` names."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# What was asked for below a name; the key "" says that the name itself was asked for.
Selection = dict[str, Any]


class Record:
    """A record before it is cut to shape. A field may be a function: it is called only when it is shown.

    `compact` names what lists show, `opt_in` what must be asked for by name. A `whole` record is shown in
    full inside another one. A `plain` one (memberships, date values) has neither gid nor type.
    """

    def __init__(
        self,
        gid: str,
        resource_type: str,
        fields: Mapping[str, Any],
        *,
        compact: Iterable[str] = ("name",),
        opt_in: Iterable[str] = (),
        whole: bool = False,
        plain: bool = False,
        always_typed: bool = True,
    ) -> None:
        self.identity = {} if plain else {"gid": gid, "resource_type": resource_type}
        self.fields = fields
        self.compact = tuple(name for name in compact if name in fields)
        self.full = tuple(name for name in fields if name not in set(opt_in))
        self.whole = whole
        self.always_typed = always_typed

    def shaped(self, wanted: Selection | None, *, full: bool) -> dict[str, Any]:
        """The JSON object; `wanted` None means the default of the place (`full` or compact)."""
        default = self.full if full else self.compact
        if wanted is None:
            return self.identity | {name: _shown(self.fields[name], None) for name in default}
        identity = dict(self.identity)
        if not self.always_typed and not {"", "resource_type"} & set(wanted):
            identity.pop("resource_type", None)
        names = [*(default if "" in wanted else ()), *(name for name in wanted if name in self.fields)]
        return identity | {name: _shown(self.fields[name], wanted.get(name)) for name in dict.fromkeys(names)}


def selection(opt_fields: str) -> Selection | None:
    """`name,parent.gid` as a tree; None when nothing is asked. Unknown names stay in it and find nothing."""
    names = [name for name in (part.strip() for part in _split(opt_fields)) if name]
    if not names:
        return None
    tree: Selection = {}
    for name in names:
        for path in _expanded(name.removeprefix("this.")):
            branch = tree
            for step in path.split("."):
                branch = branch.setdefault(step, {})
            branch[""] = {}
    return tree


def _split(text: str) -> list[str]:
    """At commas, but not inside the brackets of `(assignee|followers).name`."""
    return re.split(r",(?![^(]*\))", text)


def _expanded(name: str) -> list[str]:
    group = re.search(r"\(([^()]*)\)", name)
    if not group:
        return [name]
    return [
        path
        for choice in re.split(r"[|,]", group.group(1))
        for path in _expanded(name[: group.start()] + choice + name[group.end() :])
    ]


def _shown(value: Any, wanted: Selection | None) -> Any:
    if callable(value):
        value = value()
    if wanted is not None and not (set(wanted) - {""}):
        wanted = None
    if isinstance(value, Record):
        return value.shaped(wanted, full=value.whole)
    if isinstance(value, list):
        return [_shown(item, wanted) for item in value]
    if isinstance(value, dict) and wanted is not None:
        return {name: item for name, item in value.items() if "" in wanted or name in wanted}
    return value
