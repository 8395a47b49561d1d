from __future__ import annotations

from typing import Any

from mlconnector.sandbox.exact import ExactSimulator
from tests import factories
from tests.conformance.stages.base import EVIL, VendorStage


def _exact() -> Any:
    return ExactSimulator(calls_per_minute=None, calls_per_day=None, errors_per_hour=None)


def _many_projects(exact: Any) -> int:
    for number in range(230):
        exact.add_project(f"P{number:03d}", f"Projekt {number}")
    return 230


STAGE = VendorStage(
    _exact,
    (factories.EXACT,),
    factories.exact_connection,
    fill=_many_projects,
    listing="projects",
    parents=lambda exact: {"deliverables": exact.add_project("P1", "Umbau", milestones=[("Rohbau", 100)])},
    links=(
        (
            "project/Projects.list",
            {"body": {"d": {"results": [], "__next": f"{EVIL}/api/v1/1/project/Projects"}}},
        ),
    ),
    reads=("/oauth2/token",),
)
