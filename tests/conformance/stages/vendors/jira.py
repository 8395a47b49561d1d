from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.sandbox.jira import API_URL, AUTH_URL, JiraSimulator
from tests import factories
from tests.conformance.stages.base import VendorStage


def _jira() -> Any:
    """With a project in which the person who signs in may work."""
    jira = JiraSimulator()
    jira.add_project("FIN", "Finanzbuchhaltung")
    return jira


def _many_projects(jira: Any) -> int:
    for number in range(229):
        jira.add_project(f"P{number}", f"Projekt {number}")
    return 230


def _parents(jira: Any) -> Mapping[str, str]:
    project = jira.project("FIN").id
    screen = f"{project}/{jira.type_id('FIN')}"
    lists = ("create_fields", "required_fields", "external_fields")
    return {"issue_types": project, "statuses": project, **dict.fromkeys(lists, screen)}


STAGE = VendorStage(
    _jira,
    (AUTH_URL, API_URL),
    factories.jira_connection,
    fill=_many_projects,
    listing="projects",
    parents=_parents,
    reads=("/issue/bulkfetch", "/changelog/bulkfetch", "/search/jql", "/oauth/token"),
)
