"""An Asana project of its own for an order, an invoice or a project of Exact Online: made once.

gid = project_for(context, Wanted(key="Exact Online: ...", name="PO 1001 Muster GmbH"))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from connections import clock
from connections.effects import Effects
from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.messages import say
from connections.models import Effect
from connections.vendors.asana import definitions, portfolios
from connections.vendors.asana.portfolios import DescribedProject, Template
from pairs.definitions.exact_asana.common import COMPLETIONS, MILESTONES, OWN_PROJECT, PROJECTS, own_project
from pairs.engine import Context
from pairs.models import FieldMapping, Link
from pairs.work_items import known, links
from pairs.work_items.links import mark
from pairs.work_items.nodes import SETTLES_AFTER

LOOK_AGAIN = timedelta(seconds=15)
# Our clock and Asana's may differ.
MARGIN = timedelta(hours=1)
DUE_DATE = "2"


@dataclass(frozen=True)
class Wanted:
    """A project as it should be. `key` is the last line of its description, by which it is found again."""

    key: str
    name: str
    notes: str = ""
    due_on: date | None = None
    in_portfolio: bool = True

    @property
    def text(self) -> str:
        return "\n\n".join(filter(None, (self.notes, self.key)))


def project_for(context: Context, wanted: Wanted) -> str:
    """The gid of the project, made if there is none, with the mapped fields, in the portfolio, up to date.

    Raises TransientError while Asana still copies the template.
    """
    return _Placing(context, wanted).run().target_ref


class _Placing:
    def __init__(self, context: Context, wanted: Wanted) -> None:
        self.context, self.wanted = context, wanted
        self.flow = f"{context.flow.key}{OWN_PROJECT}"
        self.client = context.target.client
        self.writes: Effects = context.effects(f"{context.record.subject}:project")

    def run(self) -> Link:
        context = self.context
        link = own_project(context.integration, context.flow.key, context.record.source_ref)
        link = link or self._made()
        self._wait_for_copy(link)
        self._fields(link)
        self._portfolio(link)
        self._words(link)
        return link

    # --- made -----------------------------------------------------------------------------------------------

    def _made(self) -> Link:
        template = str(self.context.setting("template") or "")
        made = self.writes.once(
            "create",
            lambda: self._find(always=False) or (self._copy(template) if template else self._empty()),
            find=lambda: self._find(always=True),
            content=[template, self.wanted.key],
            search_lag=SETTLES_AFTER,
        )
        if not made["gid"]:
            made = {**made, "gid": self._copied(made["job"])}
        content = {"job": made.get("job") or "", "written": made.get("written") or {}}
        url = made.get("url") or f"https://app.asana.com/0/{made['gid']}"
        return links.make(self.context, self.flow, self.context.record.source_ref, made["gid"], url, content)

    def _empty(self) -> dict[str, Any]:
        project = portfolios.create_project(
            self.client,
            self._workspace(),
            self.wanted.name,
            notes=self.wanted.text,
            team=str(self.context.setting("team") or ""),
            due_on=self.wanted.due_on,
        )
        return {"gid": project.gid, "url": project.permalink_url, "written": self._words_mark()}

    def _copy(self, template: str) -> dict[str, Any]:
        dates = self._dates(self._template(template))
        job = portfolios.instantiate(self.client, template, self.wanted.name, dates=dates)
        return {"gid": job.project, "job": job.gid}

    def _copied(self, job: str) -> str:
        """The project of a copy that had not begun when it was asked for."""
        project = portfolios.job(self.client, job).project
        if not project:
            raise TransientError(
                say("Asana has not begun to copy the template yet."), retry_after=LOOK_AGAIN, vendor="asana"
            )
        return project

    def _template(self, gid: str) -> Template:
        known_ones = portfolios.templates(self.client, self._workspace())
        found = next((template for template in known_ones if template.gid == gid), None)
        if found is None:
            raise ConfigurationError(
                say(
                    "The project template %(template)s is not in Asana any more. Choose another one in the "
                    "settings of the integration.",
                    template=gid,
                ),
                vendor="asana",
            )
        return found

    def _dates(self, template: Template) -> Mapping[str, date]:
        """The days that the template asks for: the due date, and today as the first day."""
        today = clock.now().date()
        due_on = self.wanted.due_on or today
        return {gid: due_on if gid == DUE_DATE else min(today, due_on) for gid in template.dates}

    def _find(self, *, always: bool) -> dict[str, Any] | None:
        """Our project from an earlier try or an earlier installation.

        One that is copied from a template has our key only later: after an unclear try (`always`) one of this
        very name that was made since then, and that nothing is linked to, is ours.
        """
        workspace = self._workspace()
        since = self._begun_at() if always else ""

        def read() -> list[DescribedProject]:
            return portfolios.described(self.client, workspace)

        # What an earlier installation has made does not become more.
        listed = read() if always else known.remembered(self.context, "projects", workspace, read)
        for one in listed:
            is_ours = self.wanted.key in one.notes.splitlines()
            is_copy = always and one.name == self.wanted.name and one.created_at >= since
            if (is_ours or is_copy) and links.of_task(self.context.integration, one.gid) is None:
                return {"gid": one.gid, "url": one.permalink_url}
        return None

    def _begun_at(self) -> str:
        effect = Effect.objects.filter(owner=self.writes.owner, name="create").first()
        started = effect.started_at if effect and effect.started_at else self.context.record.entered_at
        return f"{started - MARGIN:%Y-%m-%dT%H:%M:%S}"

    def _workspace(self) -> str:
        chosen = str(self.context.integration.target.setting("workspace") or "")
        if chosen:
            return chosen
        project = str(self.context.setting("project"))
        return str(known.remembered(self.context, "workspace", project, self._workspace_of_project))

    def _workspace_of_project(self) -> str:
        return str(self.context.target.project(str(self.context.setting("project"))).workspace)

    # --- made whole -----------------------------------------------------------------------------------------

    def _wait_for_copy(self, link: Link) -> None:
        job = str(link.content.get("job") or "")
        if not job:
            return
        now = portfolios.job(self.client, job)
        if now.status == "failed":
            raise RejectedError(
                say(
                    "Asana could not copy the project template. Look at the template and at the half-made "
                    "project, delete the latter, and replay this record."
                ),
                vendor="asana",
            )
        if now.status != "succeeded":
            raise TransientError(
                say("Asana is still copying the project template."), retry_after=LOOK_AGAIN, vendor="asana"
            )
        links.store(link, job="")

    def _fields(self, link: Link) -> None:
        """The project has the custom fields that the flow's values go into."""
        wanted = self._mapped()
        if link.content.get("fields") == wanted:
            return
        gid = link.target_ref
        there = {field.gid for field in self.context.target.custom_fields(gid)}
        for field in wanted:
            if field not in there:
                self._put_field(gid, field)
        known.drop(self.context, gid)
        links.store(link, fields=wanted)

    def _mapped(self) -> list[str]:
        """The fields of what comes into the project, and those in which people report progress."""
        flows = [self.context.flow.key, *((MILESTONES,) if self.context.flow.key == PROJECTS else ())]
        mine = Q(flow__in=flows, way=FieldMapping.Way.BACK)
        rows = self.context.integration.mappings.filter(mine | Q(flow=COMPLETIONS))
        found = rows.values_list("source_field", flat=True)
        return sorted({ref for ref in found if ref.isdecimal()})

    def _put_field(self, gid: str, field: str) -> None:
        self.writes.once(
            f"field {field} into {gid}",
            lambda: definitions.put_into_project(self.client, gid, field),
            find=lambda: (
                True if field in {one.gid for one in self.context.target.custom_fields(gid)} else None
            ),
        )

    def _portfolio(self, link: Link) -> None:
        portfolio = str(self.context.setting("portfolio") or "") if self.wanted.in_portfolio else ""
        if not portfolio or link.content.get("portfolio") == portfolio:
            return
        gid = link.target_ref
        # Adding it once more changes nothing at Asana, as far as was seen; it is looked for all the same.
        self.writes.once(
            f"into {portfolio}",
            lambda: portfolios.add_item(self.client, portfolio, gid),
            find=lambda: (
                True if gid in {one.gid for one in portfolios.items(self.client, portfolio)} else None
            ),
        )
        links.store(link, portfolio=portfolio)

    def _words(self, link: Link) -> None:
        """Name and description, where they differ from what was written last."""
        written = self._words_mark()
        if link.content.get("written") == written:
            return
        number = int(link.content.get("writes", 0))
        self.writes.once(
            f"describe {number} {mark(written)}",
            lambda: portfolios.change_project(
                self.client, link.target_ref, name=self.wanted.name, notes=self.wanted.text
            ),
            is_repeatable=True,
        )
        links.store(link, written=written, writes=number + 1)

    def _words_mark(self) -> dict[str, str]:
        return {"name": mark(self.wanted.name), "notes": mark(self.wanted.text)}
