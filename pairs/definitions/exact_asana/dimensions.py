"""G/L accounts, cost centers, cost units, suppliers and customers as options of choice fields in Asana.

One record keeps one field's options in step with one list. An option is never made twice for a code: it is
linked, and its making is an effect of the field, whatever integration or worker does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from connections import clock
from connections.effects import Effects, digest
from connections.errors import ConfigurationError, RejectedError
from connections.messages import DataFault, say
from connections.vendors.asana import definitions
from connections.vendors.asana.definitions import MAX_OPTIONS
from connections.vendors.asana.fields import CustomField, FieldOption
from connections.vendors.exact.api import ChangedRow, FullReadNeededError
from pairs import records
from pairs.base import Change, Outcome, Page, done, dormant, parked, waiting
from pairs.definitions.exact_asana import lists, options, polling
from pairs.definitions.exact_asana.common import WITH_TASKS, asana_projects, guid_of, refuse_other_company
from pairs.definitions.exact_asana.lists import Entry
from pairs.engine import Context, FlowContext
from pairs.models import Link, Record, RecordState
from pairs.work_items import known, links
from pairs.work_items.nodes import SETTLES_AFTER

KINDS = ("enum", "multi_enum")
# Then the record is put back, so that no worker is at it for long: Asana takes 135 calls a minute at most.
WRITES_AT_ONCE = 60
# How many codes a fault names; the number of all of them stands in its sentence.
NAMED = 200


# --- what changed -------------------------------------------------------------------------------------------


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """One page of the changes in one list after the other; a changed list wakes its record.

    A day later each list is looked at anyway: cost centers end by the calendar.
    """
    mapped = options.fields(context.integration)
    keys = [key for key in options.KEYS if key in mapped]
    key, _, token = more.partition(":")
    key = key if key in keys else next(iter(keys), "")
    if not key:
        return Page((), cursor)
    held = dict(cursor.get(key) or {})
    feed = lists.LISTS[key].feed
    try:
        page = context.source.changes(feed, held.get("mark", ""), token)
    except FullReadNeededError:
        held = {}
        page = context.source.changes(feed, "")
    frame = digest([mapped[key], context.setting("only_accounts"), clock.now().date()])[:20]
    changes = _changes(context, key, page.rows, frame, is_other=held.get("frame") != frame)
    value = {**cursor, key: {"mark": page.cursor, "frame": frame}}
    if page.more:
        return Page(changes, {**cursor, key: {**held, "frame": frame}}, f"{key}:{page.more}")
    following = keys[keys.index(key) + 1 :]
    return Page(changes, value, f"{following[0]}:" if following else "")


def _changes(
    context: FlowContext, key: str, rows: Sequence[ChangedRow], frame: str, *, is_other: bool
) -> list[Change]:
    if not rows and not is_other:
        return []
    newest = max((row.version for row in rows), default="")
    return [
        Change(options.list_ref(context, key), f"{frame} {newest}", lists.label(context.integration, key))
    ]


def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
    """The lists in which the object of a delivery stands."""
    found = polling.hook(context, body)
    if found is None:
        return []
    mapped = options.fields(context.integration)
    version = f"told {clock.now().isoformat()}"
    return [
        Change(options.list_ref(context, key), version, lists.label(context.integration, key))
        for key in options.KEYS
        if key in mapped and lists.LISTS[key].feed == found.feed
    ]


def watched(context: FlowContext) -> Sequence[str]:
    """The topics of the lists that are mapped; cost centers and cost units have none."""
    feeds = {lists.LISTS[key].feed for key in options.fields(context.integration)}
    return sorted(topic for feed, topic in polling.TOPICS.items() if feed in feeds)


# --- a list and its options ---------------------------------------------------------------------------------


def handle(context: Context) -> Outcome:
    refuse_other_company(context)
    key = guid_of(context.record.source_ref)
    ref = options.fields(context.integration).get(key, "")
    if not ref or key not in lists.LISTS:
        return dormant(say("No custom field is chosen for this list."), version=context.record.seen_version)
    return _Keeping(context, key, _field(context, ref)).run(lists.entries(context, key))


def _field(context: Context, ref: str) -> CustomField:
    try:
        field = definitions.read(context.target.client, ref)
    except RejectedError as error:
        raise ConfigurationError(
            say("The mapped custom field is not in Asana any more. Choose another one in the mapping."),
            vendor="asana",
        ) from error
    if field.kind not in KINDS:
        raise ConfigurationError(
            say(
                "The Asana field '%(field)s' is no choice field. Map one whose type is a choice, or remove "
                "the row from the mapping of 'Dimensions'.",
                field=field.name,
            )
        )
    return field


@dataclass
class _Keeping:
    context: Context
    key: str
    field: CustomField

    def __post_init__(self) -> None:
        self.client = self.context.target.client
        self.written = 0
        self.is_news = False
        self.by_gid = {option.gid: option for option in self.field.options}
        found = Link.objects.filter(
            integration=self.context.integration,
            flow=options.OPTION,
            source_ref__startswith=options.option_ref(self.context, self.key, ""),
        )
        self.links = {
            link.source_ref: link
            for link in found
            if link.content.get("field") == self.field.gid and link.target_ref in self.by_gid
        }
        taken = {link.target_ref for link in self.links.values()}
        self.free = {gid: option for gid, option in self.by_gid.items() if gid not in taken}

    def run(self, entries: Sequence[Entry]) -> Outcome:
        version = self.context.record.seen_version
        room = MAX_OPTIONS - len(self.field.options)
        left_out: list[Entry] = []
        self.listed = {options.option_ref(self.context, self.key, entry.id): entry for entry in entries}
        self._adopt()
        for ref, entry in self.listed.items():
            link = self.links.get(ref)
            if link is None and entry.is_usable:
                if room <= 0:
                    left_out.append(entry)
                    continue
                link = self._made(ref, entry)
                room -= 1
            if link is not None:
                self._keep(link, entry)
            if self.written >= WRITES_AT_ONCE:
                self._tell()
                return self._put_back(version)
        for ref, link in self.links.items():
            if ref not in self.listed:
                self._switch(link, on=False)
        self._tell()
        return self._ended(left_out, version)

    # --- one option -----------------------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Link options that people made, or an earlier installation: they are known by their codes."""
        standing: dict[str, list[FieldOption]] = {}
        for option in self.free.values():
            ref = lists.meant(option.name, self.listed)
            if ref and ref not in self.links:
                standing.setdefault(ref, []).append(option)
        found = [(ref, min(same, key=lambda one: not one.enabled)) for ref, same in standing.items()]
        if not found:
            return
        made = [
            Link(
                integration=self.context.integration,
                flow=options.OPTION,
                source_ref=ref,
                target_ref=option.gid,
                content=self._content(option, option.name),
            )
            for ref, option in found
        ]
        with transaction.atomic():
            self.context.hold()
            # Some led to options of another field before.
            Link.objects.filter(
                integration=self.context.integration,
                flow=options.OPTION,
                source_ref__in=[link.source_ref for link in made],
            ).delete()
            Link.objects.bulk_create(made, batch_size=200)
        self.links.update((link.source_ref, link) for link in made)
        self.is_news |= any(option.enabled for _, option in found)

    def _content(self, option: FieldOption, name: str) -> dict[str, Any]:
        """`name` and `on` are what was written last; `enabled` is how the option stands."""
        return {"field": self.field.gid, "name": name, "on": option.enabled, "enabled": option.enabled}

    def _made(self, ref: str, entry: Entry) -> Link:
        made: list[FieldOption] = []

        def do() -> dict[str, str]:
            made.append(definitions.add_option(self.client, self.field.gid, entry.label))
            return {"gid": made[-1].gid}

        def find() -> dict[str, str] | None:
            there = definitions.read(self.client, self.field.gid).options
            option = next((one for one in there if lists.meant(one.name, self.listed) == ref), None)
            return {"gid": option.gid} if option else None

        # Of the field, not of the record: another integration may keep the same field.
        owner = f"field:{self.context.integration.target_id}:{self.field.gid}"
        result = Effects(owner, self.context.hold).once(
            f"option {self.key} {digest(entry.code.encode())[:20]}",
            do,
            find=find,
            content=entry.label,
            search_lag=SETTLES_AFTER,
        )
        self.written += 1
        self.is_news = True
        option = made[-1] if made else FieldOption(result["gid"], entry.label, enabled=True)
        self.by_gid[option.gid] = option
        content = self._content(option, entry.label)
        link = links.make(self.context, options.OPTION, ref, option.gid, "", content)
        self.links[ref] = link
        return link

    def _keep(self, link: Link, entry: Entry) -> None:
        """Name and switch as they are in Exact Online, where that has changed; people's changes stay."""
        if link.content.get("name") != entry.label:
            self._write(link, name=entry.label)
        self._switch(link, on=entry.is_usable)
        option = self.by_gid[link.target_ref]
        if link.content.get("enabled") != option.enabled:
            links.store(link, enabled=option.enabled)
            self.is_news |= option.enabled

    def _switch(self, link: Link, *, on: bool) -> None:
        if link.content.get("on") != on:
            self._write(link, on=on)

    def _write(self, link: Link, *, name: str | None = None, on: bool | None = None) -> None:
        number = int(link.content.get("writes", 0))
        gid = link.target_ref
        answers: list[FieldOption] = []

        def do() -> None:
            answers.append(definitions.change_option(self.client, gid, name=name, enabled=on))

        links.effects(self.context).once(
            f"option {gid} {number} {digest([name, on])[:12]}", do, is_repeatable=True, content=[name, on]
        )
        self.written += 1
        before = self.by_gid[gid]
        now = (
            answers[-1]
            if answers
            else FieldOption(gid, name or before.name, on if on is not None else before.enabled)
        )
        self.by_gid[gid] = now
        changed: dict[str, Any] = {"writes": number + 1, "enabled": now.enabled}
        changed |= {"name": name} if name is not None else {"on": on}
        links.store(link, **changed)
        self.is_news |= bool(on)

    # --- the end of a run -----------------------------------------------------------------------------------

    def _put_back(self, version: str) -> Outcome:
        return waiting(
            say("The options of '%(field)s' are being written; it goes on at once.", field=self.field.name),
            until=self.context.now,
            version=version,
        )

    def _tell(self) -> None:
        """Documents that have waited for their options go on; tasks that lack a value are looked at again."""
        now = clock.now()
        Record.objects.filter(
            integration=self.context.integration,
            flow__in=WITH_TASKS,
            state=RecordState.WAITING,
            failures=0,
            due_at__gt=now,
        ).update(due_at=now)
        if not self.written and not self.is_news:
            return
        for project in asana_projects(self.context):
            known.drop(self.context, project)
        lacking = Record.objects.filter(
            integration=self.context.integration, flow__in=WITH_TASKS, code=options.MISSING
        )
        with transaction.atomic():
            self.context.hold()
            for record in lacking.only("pk", "flow", "source_ref"):
                change = Change(record.source_ref, f"options {clock.now().isoformat()}")
                records.wake(self.context.integration, record.flow, [change])

    def _ended(self, left_out: Sequence[Entry], version: str) -> Outcome:
        if not left_out:
            return done(
                say("The options of '%(field)s' in Asana are up to date.", field=self.field.name),
                version=version,
            )
        codes = ", ".join(entry.code for entry in left_out[:NAMED])
        return parked(
            RecordState.CONFIG,
            say(
                "The Asana field '%(field)s' is full: %(count)s entries have no option.",
                field=self.field.name,
                count=len(left_out),
            ),
            faults=[
                DataFault(
                    self.field.name,
                    codes + (", …" if len(left_out) > NAMED else ""),
                    say(
                        "An Asana field takes %(limit)s options, those that are switched off included, and "
                        "none can be deleted.",
                        limit=MAX_OPTIONS,
                    ),
                    say(
                        "Choose the accounts to be offered in the settings and map a new field, or map a "
                        "text field in the flows of documents. All other options are up to date; tasks are "
                        "made without these values."
                    ),
                )
            ],
            version=version,
        )
