"""The search index: new and changed issues are found only some seconds later, deleted ones so long still.

Source: "Search and reconcile" of Jira Cloud (read 2026-11).
"""

from collections import defaultdict
from copy import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mlconnector.sandbox.jira.state import Issue, Site

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.app import JiraSimulator


class Index:
    """What JQL sees: for each issue the states that become visible at their moment."""

    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim
        # (cloudId, issue id) -> [(visible at, the issue then; None: gone)], oldest first.
        self._states: dict[tuple[str, str], list[tuple[datetime, Issue | None]]] = defaultdict(list)
        self._vanished: dict[tuple[str, str], datetime] = {}

    def clear(self) -> None:
        self._states.clear()
        self._vanished.clear()

    def changed(self, site: Site, issue: Issue) -> None:
        """Take the issue's present state into the index; it shows when the lag is over."""
        visible_at = self.sim.clock.now() + timedelta(seconds=self.sim.options.search_lag_seconds)
        states = self._states[(site.cloud_id, issue.id)]
        states.append((visible_at, _frozen(issue) if issue.id in site.issues else None))
        seen = [number for number, (at, _) in enumerate(states) if at <= self.sim.clock.now()]
        if seen:
            del states[: seen[-1]]

    def vanish(self, site: Site, issue: Issue, seconds: float) -> None:
        """An issue that was found already is not found for a while, as it happens under load."""
        until = self.sim.clock.now() + timedelta(seconds=seconds)
        self._vanished[(site.cloud_id, issue.id)] = until

    def issues(self, site: Site, reconciled: frozenset[str] = frozenset()) -> list[Issue]:
        """What a search runs over; `reconciled` ids are as they really are."""
        now = self.sim.clock.now()
        found = []
        for (cloud_id, id), states in self._states.items():
            if cloud_id != site.cloud_id:
                continue
            if id in reconciled:
                issue = site.issues.get(id)
            elif self._vanished.get((cloud_id, id), now) > now:
                issue = None
            else:
                issue = next((state for at, state in reversed(states) if at <= now), None)
            if issue is not None:
                found.append(issue)
        return found


def _frozen(issue: Issue) -> Issue:
    frozen = copy(issue)
    frozen.values = dict(issue.values)
    frozen.links = list(issue.links)
    frozen.properties = dict(issue.properties)
    return frozen
