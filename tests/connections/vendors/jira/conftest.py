from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from connections.models import Connection
from connections.vendors.jira import adf
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.issues import NewIssue
from tests import factories

EXTERNAL_ID = "mlcdatev29098x1extf4711"


@dataclass(frozen=True)
class Place:
    """A project with an issue type and a field for our id, at a site in one language."""

    project: str
    issue_type: str
    external: str
    done: str
    open: str

    def issue(self, external_id: str = EXTERNAL_ID, **more: Any) -> NewIssue:
        description = more.pop("description", adf.document([adf.paragraph("Auftrag 4711")]))
        summary = more.pop("summary", "EXTF-Auftrag 4711 ist fehlgeschlagen")
        return NewIssue(self.project, self.issue_type, summary, description, external_id=external_id, **more)


@pytest.fixture(params=["en", "de"])
def language(request: pytest.FixtureRequest) -> str:
    """Names and messages of the site: nothing that we do may depend on them."""
    return str(request.param)


@pytest.fixture
def place(jira: Any) -> Place:
    project = jira.add_project("FIN", "Finanzbuchhaltung")
    external = jira.add_custom_field("DATEV external id", projects=["FIN"])
    done, open_ = jira.status_id("FIN", "Done"), jira.status_id("FIN", "To Do")
    return Place(project, jira.type_id("FIN"), external, done, open_)


@pytest.fixture
def connection(db: None, jira: Any, place: Place) -> Connection:
    return factories.jira_connection(jira)


@pytest.fixture
def api(connection: Connection) -> JiraApi:
    return JiraApi(connection)
