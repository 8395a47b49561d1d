"""A decision in Asana is carried out in Acumatica, once, and only on what was decided about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pairs.base import Change, Flow, Page
from pairs.definitions.acumatica_asana import projects
from pairs.definitions.acumatica_asana.deciding import handle
from pairs.definitions.acumatica_asana.fields import RESULTS
from pairs.definitions.acumatica_asana.kinds import KINDS
from pairs.engine import FlowContext
from pairs.work_items import known, watch


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    return watch.poll(
        context, known.living(context, projects.watched(context)), cursor, more, flows=tuple(KINDS)
    )


def wake(context: FlowContext, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
    return watch.changes(context, body, flows=tuple(KINDS))


FLOW = Flow(
    "approvals",
    "Decisions in Asana",
    poll=poll,
    handle=handle,
    wake=wake,
    reads="target",
    watched=projects.watched,
    is_news=watch.is_news,
    write_back=RESULTS,
    write_back_side="target",
)
