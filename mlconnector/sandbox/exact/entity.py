"""What an endpoint is: its fields with their types and marks, its key, its place in the world.

Marks behind a field's name in `declared`: `*` may be written, `!` mandatory on create, `~` a change sends
webhooks, `?` satisfies the obligatory $filter.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

COLLECTION = "Collection"


@dataclass(frozen=True)
class Field:
    """One property; `type` is the Edm type without its prefix, or Collection."""

    name: str
    type: str
    is_writable: bool = False
    is_mandatory: bool = False
    sends_webhooks: bool = False
    satisfies_filter: bool = False


@dataclass(frozen=True)
class Lookup:
    """A value that is read from another row: `entity` row whose `by` is the value of `via`, its `field`."""

    via: str
    entity: str
    field: str
    by: str = "ID"


@dataclass(frozen=True)
class Entity:
    """An endpoint below /api/v1/{division}/. `methods` as in the vendor's index."""

    path: str
    type_name: str
    fields: dict[str, Field]
    key: str = "ID"
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "DELETE")
    scope: str = ""
    # Webhook topic; lines send under their header's.
    topic: str = ""
    # EntityType in sync/Deleted; 0: deletions are not logged there.
    deleted_as: int = 0
    needs_filter: bool = False
    needs_select: bool = True
    # The only fields that may be filtered; None: all.
    filterable: frozenset[str] | None = None
    page_rows: int = 60
    # Collection name -> entity path and the field there that holds our key.
    collections: dict[str, tuple[str, str]] = field(default_factory=dict)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    # The entity whose rows these belong to, and the field that says to which.
    parent: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_sync(self) -> bool:
        return self.path.startswith("sync/")

    @property
    def filter_fields(self) -> list[str]:
        return [one.name for one in self.fields.values() if one.satisfies_filter]

    def like(self, path: str, fields: dict[str, Field], **changes: object) -> "Entity":
        """Another endpoint of the same group, read only."""
        made = replace(self, path=path, fields=fields, methods=("GET",), topic="", needs_filter=False)
        return replace(made, **changes)


def parsed(text: str) -> dict[str, Field]:
    """The fields of a declaration ("Type: Name* Name!" and so on)."""
    fields: dict[str, Field] = {}
    kind = ""
    for word in text.split():
        if word.endswith(":"):
            kind = word[:-1]
            continue
        name = word.rstrip("*!~?")
        marks = word[len(name) :]
        fields[name] = Field(name, kind, "*" in marks, "!" in marks, "~" in marks, "?" in marks)
    return fields


def without(fields: dict[str, Field], names: Iterable[str] = ()) -> dict[str, Field]:
    """Without these and without collections, as sync feeds show an entity."""
    left_out = set(names)
    return {name: one for name, one in fields.items() if name not in left_out and one.type != COLLECTION}
