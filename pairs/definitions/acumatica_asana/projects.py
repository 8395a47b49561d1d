"""The projects whose tasks are watched for decisions."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models.fields.json import KT

from pairs.definitions.acumatica_asana import rules
from pairs.definitions.acumatica_asana.kinds import KINDS, OPEN_END
from pairs.engine import FlowContext
from pairs.models import Link


def watched(context: FlowContext) -> Sequence[str]:
    """The project of the settings, those of its rules, and those that hold open tasks of earlier rules."""
    try:
        chosen = rules.read_all(str(context.setting("project_rules") or ""))
    except ValueError:
        chosen = []
    linked = Link.objects.filter(OPEN_END, integration=context.integration, flow__in=tuple(KINDS))
    places = linked.order_by().values_list(KT("content__place__0"), flat=True).distinct()
    refs = [str(context.setting("project") or ""), *(rule.place.project for rule in chosen)]
    return list(dict.fromkeys(filter(None, (*refs, *sorted(filter(None, places))))))
