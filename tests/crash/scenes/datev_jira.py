"""Three refused files: one whose issue is to be opened, one corrected and one uncorrected moved to done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bookings.models import Batch, BatchState
from connections.models import Connection
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.jira import JiraSimulator
from pairs import hooks
from pairs.models import Link, Record, RecordState
from tests import factories
from tests.crash.scene import Scene, Stand
from tests.pairs.jira_world import JiraWorld
from tests.pairs.world import SCOPES


class DatevToJira(Scene):
    vendors = ("datev", "jira")
    every = 30

    def stand(self, vendor: str, port: int) -> Stand:
        if vendor == "datev":
            return Stand(DatevSimulator(), (factories.DATEV,), port)
        url = f"http://127.0.0.1:{port}"
        return Stand(JiraSimulator(auth_url=url, api_url=url, web_url=url, media_url=url), (url,), port)

    def prepare(self) -> None:
        # What webhooks hurry along is tested elsewhere: here polling alone must do.
        hooks.can_be_reached = lambda: False
        world = JiraWorld(self.simulator("jira"), self.simulator("datev"), moves_back=True)
        corrected, uncorrected = world.refused(), world.refused()
        world.work(5)
        world.correct(corrected, posting_text="Papier")
        world.work(3)
        self.refs = {
            "corrected": f"batch:{corrected.pk}",
            "uncorrected": f"batch:{uncorrected.pk}",
            "new": f"batch:{world.refused().pk}",
        }
        for name in ("corrected", "uncorrected"):
            issue = Link.objects.get(source_ref=self.refs[name]).target_ref
            world.jira.move(issue, "Done")

    def is_at_rest(self) -> bool:
        states = dict(Record.objects.filter(flow="failures").values_list("source_ref", "state"))
        moves = Record.objects.filter(flow="done")
        return (
            states == self._wanted
            and moves.count() == 2
            and not moves.exclude(state=RecordState.DONE).exists()
        )

    @property
    def _wanted(self) -> dict[str, str]:
        return {
            self.refs["corrected"]: RecordState.DONE,
            self.refs["uncorrected"]: RecordState.SENT,
            self.refs["new"]: RecordState.SENT,
        }

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        def at_jira(connection: Connection) -> Mapping[str, Any]:
            access, refresh = self.simulator("jira").sign_in()
            return {"access_token": access, "refresh_token": refresh, "expires_in": 3600}

        return {
            "datev": lambda connection: self.simulator("datev").sign_in(SCOPES.split()),
            "jira": at_jira,
        }

    def faults(self) -> list[str]:
        jira, found = self.simulator("jira"), []
        states = dict(Record.objects.filter(flow="failures").values_list("source_ref", "state"))
        if states != self._wanted:
            found.append(f"states are {states}")
        if len(jira.issues()) != 3:
            found.append(f"{len(jira.issues())} issues")
        jobs = self.simulator("datev").state()["extf_jobs"]
        if [job["result"] for job in jobs].count("succeeded") != 1 or len(jobs) != 4:
            found.append(f"jobs are {[job['result'] for job in jobs]}")
        if Batch.objects.filter(revision=2).exclude(state=BatchState.POSTED).exists():
            found.append("the corrected file is not posted")
        for issue in jira.issues():
            marks = [str(comment.properties) for comment in jira.comments(issue.key)]
            if len(set(marks)) != len(marks):
                found.append(f"a comment is there twice on {issue.key}: {marks}")
        return [*found, *self._answer_faults(), *self._move_faults()]

    def _comments(self, name: str) -> int:
        return len(self.simulator("jira").comments(Link.objects.get(source_ref=self.refs[name]).target_ref))

    def _answer_faults(self) -> list[str]:
        found = []
        if self._comments("uncorrected") != 1:
            found.append(f"{self._comments('uncorrected')} answers on the uncorrected issue")
        if self._comments("new"):
            found.append("a comment on the new issue")
        # Corrected, and on its way (unless both were over when they would be told); accepted.
        if self._comments("corrected") not in (1, 2, 3):
            found.append(f"{self._comments('corrected')} comments on the corrected issue")
        return found

    def _move_faults(self) -> list[str]:
        """The uncorrected issue was moved back once; the other stays done."""
        jira = self.simulator("jira")
        moved = [
            item.after
            for change in jira.history(Link.objects.get(source_ref=self.refs["uncorrected"]).target_ref)
            for item in change.items
            if item.field_id == "status"
        ]
        wanted = [jira.status_id("FIN", "Done"), jira.status_id("FIN", "To Do")]
        return [] if moved == wanted else [f"the uncorrected issue was moved {moved}"]


SCENE = DatevToJira
