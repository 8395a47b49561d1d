"""Which option of a choice field stands for a code of Exact Online: links that 'dimensions' keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

from connections.messages import say
from connections.vendors.exact.api import Reference
from pairs.definitions.exact_asana.common import DIMENSIONS
from pairs.definitions.exact_asana.ledger import Coded
from pairs.engine import Context, FlowContext
from pairs.models import FieldMapping, Integration, Link, Record, RecordState
from pairs.work_items import links
from pairs.work_items.nodes import FIELD

OPTION = f"{DIMENSIONS}/option"
# On records whose task lacks a value because its field has no such option (yet).
MISSING = "option_missing"
GL_ACCOUNT, COST_CENTER, COST_UNIT = "gl_account", "cost_center", "cost_unit"
SUPPLIER, CUSTOMER = "supplier", "customer"
KEYS = (GL_ACCOUNT, COST_CENTER, COST_UNIT, SUPPLIER, CUSTOMER)


def fields(integration: Integration, flow: str = DIMENSIONS) -> dict[str, str]:
    """The custom field of each kind of code, as mapped for `flow`."""
    rows = integration.mappings.filter(flow=flow, way=FieldMapping.Way.BACK, target_field__in=KEYS).exclude(
        source_field=""
    )
    return dict(rows.values_list("target_field", "source_field"))


def list_ref(context: FlowContext, key: str) -> str:
    """The reference of the record that keeps the options of `key` in step."""
    return f"exact:{context.source.division}:options:{key}"


def option_ref(context: FlowContext, key: str, code: str) -> str:
    return f"exact:{context.source.division}:{key}:{code}"


def shared(integration: Integration, flow: str) -> dict[str, str]:
    """The fields of a flow whose options we keep."""
    kept, mapped = fields(integration), fields(integration, flow)
    return {key: ref for key, ref in kept.items() if mapped.get(key) == ref}


def are_awaited(context: FlowContext) -> bool:
    """Whether the options of a field of this flow have never been made yet."""
    refs = [list_ref(context, key) for key in shared(context.integration, context.flow.key)]
    lists = Record.objects.filter(
        integration=context.integration, flow=DIMENSIONS, source_ref__in=refs
    ).exclude(state__in=(RecordState.WAITING, RecordState.RUNNING), done_at=None)
    return lists.count() < len(refs)


class LeftOut:
    """The type of `left_out`: a value that is not written, where None would clear it."""


left_out: Final = LeftOut()


class Chosen:
    """The values of codes for the tasks of one document.

    Where the field is one whose options we keep, the value is the option's gid; else it is text.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.kept = shared(context.integration, context.flow.key)
        self.missing: dict[str, set[str]] = {}

    def value(self, key: str, coded: Coded | None, line: str = "") -> Any:
        """None for none, and where there is no option: then it is noted in `missing`.

        An option that was switched off since it was written stays where it is (`left_out`). `line` is the id
        of the line, "" for the document itself.
        """
        if coded is None or not coded.code:
            return None
        if key not in self.kept:
            return coded.label
        link = self._link(key, coded.code)
        if link is not None and link.content.get("enabled"):
            return link.target_ref
        if link is not None and self._holds(line, self.kept[key], link.target_ref):
            return left_out
        self.missing.setdefault(key, set()).add(coded.label)
        return None

    def partner(self, key: str, partner: Reference | None) -> Any:
        """A supplier or customer: by its id, because not every row names its number."""
        if partner is None:
            return None
        return self.value(key, Coded(partner.id, partner.label)) if key in self.kept else partner.label

    def common(self, key: str, all_coded: Iterable[Coded | None]) -> Any:
        """For the document itself: what all its lines agree on that name one, else nothing."""
        found = set(all_coded) - {None}
        return self.value(key, found.pop()) if len(found) == 1 else None

    def _link(self, key: str, code: str) -> Link | None:
        found = Link.objects.filter(
            integration=self.context.integration, flow=OPTION, source_ref=option_ref(self.context, key, code)
        ).first()
        return found if found is not None and found.content.get("field") == self.kept[key] else None

    def _holds(self, line: str, field: str, gid: str) -> bool:
        """Whether this option was the last thing that we wrote there."""
        written = self._written.get(links.line_ref(self.context, line) if line else "", {})
        return written.get(f"{FIELD}{field}") == links.mark(gid)

    @cached_property
    def _written(self) -> Mapping[str, Mapping[str, str]]:
        document = links.of_document(self.context)
        known = {"": document} if document is not None else {}
        found = {**known, **links.of_lines(self.context)}
        return {ref: link.content.get("written") or {} for ref, link in found.items()}


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is left out."""
    return {key: value for key, value in values.items() if value is not left_out}


def told(chosen: Chosen) -> dict[str, Any]:
    """What an outcome says about values that were left out; they come when the options do."""
    labels = sorted(label for found in chosen.missing.values() for label in found)
    return {
        "code": MISSING,
        "message": say(
            "The task in Asana is up to date, without values that its choice fields have no option for: "
            "%(values)s. The records of 'Dimensions' say why; with the option the value follows.",
            values=", ".join(labels),
        ),
    }
