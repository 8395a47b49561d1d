"""How records are entered, changed, deleted and read, whoever does it: the API, a person, a test.

A refusal is raised as errors.Refused before anything has changed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact import catalogue, texts
from mlconnector.sandbox.exact.entity import COLLECTION, Entity
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.rules import RULES, Rules
from mlconnector.sandbox.exact.state import Deletion, Row, State

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.simulator import ExactSimulator

Values = Mapping[str, Any]
EMPTY = {"Boolean": False, "Byte": 0}
NO_RULES = Rules()


class Books:
    """The one way in. Callers hold the simulator's lock."""

    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim

    @property
    def state(self) -> State:
        return self.sim.known

    def now(self) -> datetime:
        """The site's wall clock, naive."""
        return self.sim.local_now()

    def today(self) -> datetime:
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def vat_rate(self, code: str | None) -> Any:
        return texts.VAT_RATES[self.sim.region.code].get((code or "").strip(), texts.NO_VAT)

    # --- create -------------------------------------------------------------
    def create(self, entity: Entity, division: int, values: Values, user: str) -> Row:
        """A new record with its lines (`values` may hold collections of line values)."""
        collections = {name: list(values.get(name) or []) for name in entity.collections}
        row = self._blank(entity, division, values, user)
        rules = RULES.get(entity.path, NO_RULES)
        rules.fill(self, row)
        self._check_mandatory(row, collections)
        self._check_references(row, set(row.values))
        rules.check(self, row, set(row.values))
        if row.id in self.state.rows:
            raise Refused("exists", entity.key)
        self._insert(row)
        try:
            lines = [line for name, given in collections.items() for line in self._lines(row, name, given)]
        except Refused:
            self._remove(row)
            raise
        rules.settle(self, row)
        rules.done(self, row, set(values), user)
        self.sim.deliveries.event(row, "Create")
        if self.sim.options.line_events_on_create:
            for line in lines:
                self.sim.deliveries.event(line, "Create")
        return row

    def add_line(self, header: Row, values: Values, user: str) -> Row:
        """One more line of a document."""
        name, (path, key) = next(iter(header.entity.collections.items()))
        self._rules(header).guard_change(self, header, {name})
        before = dict(header.values)
        entity = catalogue.BY_PATH[path]
        line = self._line(entity, header, key, values, user)
        self._rules(header).settle(self, header)
        self.sim.deliveries.event(line, "Create")
        self._changed(header, before, user)
        return line

    def _lines(self, header: Row, name: str, given: Iterable[Values]) -> list[Row]:
        path, key = header.entity.collections[name]
        entity = catalogue.BY_PATH[path]
        return [self._line(entity, header, key, values, header["Creator"]) for values in given]

    def _line(self, entity: Entity, header: Row, key: str, values: Values, user: str) -> Row:
        line = self._blank(entity, header.division, {**values, key: header.id}, user)
        if "LineNumber" in entity.fields:
            line.values["LineNumber"] = 1 + max(
                (one["LineNumber"] for one in self.state.lines(header.id)), default=0
            )
        rules = self._rules(line)
        rules.fill(self, line)
        self._check_mandatory(line, {})
        self._check_references(line, set(line.values))
        rules.check(self, line, set(line.values))
        self._insert(line)
        if entity.parent:
            self.state.children[header.id].append(line.id)
        rules.settle(self, line)
        return line

    def _blank(self, entity: Entity, division: int, values: Values, user: str) -> Row:
        row: dict[str, Any] = {
            name: EMPTY.get(one.type) for name, one in entity.fields.items() if one.type != COLLECTION
        }
        now = self.now()
        row.update({name: value for name, value in values.items() if name in row})
        about = {"Division": division, "Created": now, "Modified": now, "Creator": user, "Modifier": user}
        row.update({name: value for name, value in about.items() if name in row})
        row[entity.key] = row[entity.key] or State.new_id()
        return Row(entity, division, row[entity.key], row, self.state.next_number(), 0)

    def _insert(self, row: Row) -> None:
        row.timestamp = self.state.next_timestamp(row.division)
        self.state.rows[row.id] = row
        self.state.places[row.id] = row.number
        self.state.table(row.division, row.entity.path)[row.id] = row

    def _remove(self, row: Row) -> None:
        for line in self.state.children.pop(row.id, []):
            self._remove(self.state.rows[line])
        self.state.rows.pop(row.id, None)
        self.state.table(row.division, row.entity.path).pop(row.id, None)

    # --- checks -------------------------------------------------------------
    def _check_mandatory(self, row: Row, collections: Mapping[str, list[Any]]) -> None:
        for name, one in row.entity.fields.items():
            if not one.is_mandatory:
                continue
            if name in collections and not collections[name]:
                raise Refused("mandatory", name)
            if name in row.values and row.values[name] in (None, ""):
                raise Refused("mandatory", name)

    def _check_references(self, row: Row, names: set[str]) -> None:
        """What is referred to must exist in the same division."""
        for lookup in row.entity.lookups.values():
            value = row.values.get(lookup.via)
            writable = lookup.via in row.entity.fields and row.entity.fields[lookup.via].is_writable
            if lookup.via not in names or value is None or not writable:
                continue
            if self.state.by(row.division, lookup.entity, lookup.by, value) is None:
                raise Refused("unknown", lookup.via)

    def is_used(self, row: Row) -> bool:
        """Whether another record of the division refers to this one."""
        for entity in catalogue.NORMAL:
            vias = {
                (lookup.via, lookup.by)
                for lookup in entity.lookups.values()
                if lookup.entity == row.entity.path
            }
            for via, by in vias:
                value = row.id if by == "ID" else row.values.get(by)
                rows = self.state.table(row.division, entity.path).values()
                if any(one is not row and one.values.get(via) == value for one in rows):
                    return True
        return False

    # --- change -------------------------------------------------------------
    def change(self, row: Row, values: Values, user: str) -> None:
        """Set some fields; others stay. Nothing happens when nothing differs."""
        rules = self._rules(row)
        names = {name for name, value in values.items() if row.values.get(name) != value}
        rules.guard_change(self, row, names)
        if not names:
            return
        tentative = Row(row.entity, row.division, row.id, {**row.values, **values}, row.number, row.timestamp)
        self._check_mandatory(tentative, {})
        self._check_references(tentative, names)
        rules.check(self, tentative, names)
        before = dict(row.values)
        header = self.header_of(row)
        header_before = dict(header.values) if header else {}
        row.values.update(tentative.values)
        rules.settle(self, row)
        rules.done(self, row, names, user)
        self._changed(row, before, user)
        if header:
            self._rules(header).settle(self, header)
            self._changed(header, header_before, user)

    def header_of(self, row: Row) -> Row | None:
        return self.state.rows.get(row[row.entity.parent[1]]) if row.entity.parent else None

    def _rules(self, row: Row) -> Rules:
        return RULES.get(row.entity.path, NO_RULES)

    def _changed(self, row: Row, before: Values, user: str) -> None:
        """New row version and time; the event, when a field that sends events differs."""
        fields = row.entity.fields
        differing = {name for name, value in row.values.items() if before.get(name) != value}
        if "Modified" in row.values:
            row.values.update(Modified=self.now(), Modifier=user)
        # Any change of a document renews the row versions of its header and all its lines.
        header = self.header_of(row) or row
        for one in (header, *self.state.lines(header.id)):
            one.timestamp = self.state.next_timestamp(row.division)
        if any(name in fields and fields[name].sends_webhooks for name in differing):
            self.sim.deliveries.event(row, "Update")

    def touch(self, row: Row, user: str, **values: Any) -> None:
        """Set computed or read-only fields (statuses, amounts), as the vendor's own program does."""
        before = dict(row.values)
        row.values.update(values)
        if row.values != before:
            self._changed(row, before, user)

    # --- delete -------------------------------------------------------------
    def delete(self, row: Row, user: str) -> None:
        rules = self._rules(row)
        rules.guard_delete(self, row)
        header = self.header_of(row)
        if header:
            rules_of_header = self._rules(header)
            rules_of_header.guard_change(self, header, set())
        if self.is_used(row):
            raise Refused("used")
        gone = [*self.state.lines(row.id), row]
        self._remove(row)
        for one in gone:
            self._log_deletion(one, user)
        self.sim.deliveries.event(row, "Delete")
        if header:
            before = dict(header.values)
            self.state.children[header.id].remove(row.id)
            rules_of_header.settle(self, header)
            self._changed(header, before, user)

    def _log_deletion(self, row: Row, user: str) -> None:
        if not row.entity.deleted_as:
            return
        state = self.state
        state.deletions.append(
            Deletion(
                state.next_timestamp(row.division),
                State.new_id(),
                row.division,
                row.entity.deleted_as,
                row.id,
                user,
                self.now(),
                state.next_number(),
            )
        )

    def forget_old_deletions(self) -> None:
        oldest = self.now() - timedelta(days=self.sim.options.deleted_days)
        self.state.deletions = [one for one in self.state.deletions if one.at >= oldest]

    # --- read -------------------------------------------------------------
    def value(self, row: Row, name: str, language: str = "en") -> Any:
        """A field as it is shown: references resolved to names, codes told in the reader's language."""
        lookup = row.entity.lookups.get(name)
        if lookup:
            other = self.state.by(row.division, lookup.entity, lookup.by, row.values.get(lookup.via))
            return None if other is None else self.value(other, lookup.field, language)
        if name in ("CreatorFullName", "ModifierFullName"):
            user = self.state.users.get(row.values.get(name.removesuffix("FullName"), ""))
            return user.full_name if user else None
        told = texts.told(row, name, language)
        return row.values.get(name) if told is None else told
