"""DATEV -> Jira: a failed file becomes one issue, and moving the issue to done sends the corrected file."""

from __future__ import annotations

from datetime import timedelta

from pairs.base import Decision, Flow, Pair
from pairs.definitions.datev_jira import failures, transitions
from pairs.definitions.datev_jira.settings import SETTINGS, check

DECISIONS = (
    Decision(
        "new_issue",
        "Open a new issue",
        "Opens another issue for this failure, because the old one is gone from Jira.",
        states=("rejected",),
    ),
)

PAIR = Pair(
    key="datev_jira",
    label="DATEV to Jira",
    description="A file that DATEV refuses becomes one Jira issue; moving it to done sends the mended file.",
    source_vendor="datev",
    target_vendor="jira",
    settings=SETTINGS,
    check=check,
    flows=(
        Flow(
            "failures",
            "Failed files",
            poll=failures.poll,
            handle=failures.handle,
            # Our own books are read, no vendor is asked.
            poll_every=timedelta(minutes=1),
            decisions=DECISIONS,
        ),
        Flow(
            "done",
            "Issues moved to done",
            poll=transitions.poll,
            handle=transitions.handle,
            wake=transitions.wake,
            reads="target",
            watched=transitions.watched,
            is_news=lambda version, known: False,
        ),
    ),
)
