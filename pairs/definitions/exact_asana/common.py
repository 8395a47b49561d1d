"""What the flows of this pair share: keys, references, and which Asana projects they work in."""

from __future__ import annotations

from connections.errors import ConfigurationError
from connections.messages import say
from pairs.engine import Context, FlowContext
from pairs.models import Integration, Link

ORDERS, INVOICES, PROJECTS = "purchase_orders", "sales_invoices", "projects"
DIMENSIONS, MILESTONES, COMPLETIONS = "dimensions", "milestones", "completions"
# The flows whose records have a task.
WITH_TASKS = (ORDERS, INVOICES, MILESTONES)
# Links to Asana projects that we made: the flow's key with this end.
OWN_PROJECT = "/project"


def guid_of(ref: str) -> str:
    """The id at Exact Online in a reference such as "exact:499156:purchase_orders:c00ee12c-..."."""
    return ref.rpartition(":")[2]


def refuse_other_company(context: Context) -> None:
    """Raises ConfigurationError for a record that was made while another company was chosen."""
    ref = context.record.source_ref
    if not ref.startswith(context.source.ref("", "").removesuffix(":")):
        raise ConfigurationError(
            say(
                "This belongs to company %(other)s of Exact Online, and the connection now works in "
                "%(division)s. Choose that company again, use a connection of its own for each, or close the "
                "record.",
                other=ref.split(":")[1],
                division=context.source.division,
            )
        )


def watching(integration: Integration) -> str:
    """The flow whose records watch our tasks, "" while nothing of them flows back."""
    from pairs.definitions.exact_asana.completions.settings import is_wanted

    return COMPLETIONS if is_wanted(integration) else ""


def project_of(context: FlowContext, flow: str) -> str:
    """The Asana project in which the tasks of a flow of documents stand."""
    chosen = context.setting("invoices_project") if flow == INVOICES else ""
    return str(chosen or context.setting("project"))


def own_project(integration: Integration, flow: str, ref: str) -> Link | None:
    """The link from an object at Exact Online to an Asana project of its own."""
    return Link.objects.filter(
        integration=integration, flow=f"{flow}{OWN_PROJECT}", source_ref=ref, target_ref__gt=""
    ).first()


def asana_projects(context: FlowContext) -> list[str]:
    """All Asana projects in which tasks of ours may stand: those chosen, then those made for an object."""
    chosen = [project_of(context, flow) for flow in (ORDERS, INVOICES)]
    made = Link.objects.filter(
        integration=context.integration, flow__endswith=OWN_PROJECT, target_ref__gt=""
    ).order_by("pk")
    return list(dict.fromkeys([*filter(None, chosen), *made.values_list("target_ref", flat=True)]))
