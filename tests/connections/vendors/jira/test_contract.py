"""Our requests against Jira's own specification (the simulator's answers are held by its own tests)."""

from __future__ import annotations

from typing import Any

import pytest

from connections.models import Connection
from connections.vendors.jira import VENDOR, adf
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.webhooks import WEBHOOKS
from tests.connections.vendors.jira.conftest import EXTERNAL_ID, Place
from tests.contract import Contract, Deviation, spec_file

# Where the published file is wrong or silent about the real service.
DEVIATIONS = (
    Deviation(
        "POST /rest/api/3/issue/{issueIdOrKey}/attachments",
        "multipart part 'file'",
        "the parts are declared as a nameless array; the operation's own text says 'file'",
    ),
)


@pytest.fixture
def contract(jira: Any) -> Contract:
    return Contract(
        spec_file("jira", "swagger-v3.v3.json"), prefixes=(f"/ex/jira/{jira.site}",), deviations=DEVIATIONS
    )


@pytest.fixture
def worked(api: JiraApi, connection: Connection, jira: Any, place: Place) -> Any:
    """The simulator after every call that the client can make."""
    screen = f"{place.project}/{place.issue_type}"
    parents = {"issue_types": place.project, "statuses": place.project}
    VENDOR.check(connection)
    for name, discover in VENDOR.discover.items():
        discover(connection, parents.get(name, screen if name.endswith("_fields") else ""))
    api.project(place.project)
    api.missing_permissions(place.project)
    made = api.create(
        place.issue(priority="2", labels=("datev",), properties={"mlconnector.origin": {"job": "4711"}}),
        external_field=place.external,
    )
    api.issue_url(made.key)
    api.find(place.external, EXTERNAL_ID, reconcile=[made.id])
    api.comment(made.id, adf.document([adf.paragraph("Notiz")]), mark="4711:2", is_internal=True)
    api.comment_with(made.id, "4711:2")
    api.attach(made.id, "Prüfung.csv", b"1;2", "text/csv")
    api.attachments(made.id)
    api.transitions(made.id)
    api.move(made.id, place.done)
    api.issue(made.id)
    api.issues([made.id], with_changes=True)
    api.changes(made.id)
    api.changes_of([made.id])
    list(api.search(f"project = {place.project}"))
    jira.post = lambda url, headers, body: (200, headers, b"")
    target = "https://hub.example/hooks/jira/1/"
    ref, _ = WEBHOOKS.register(connection, place.project, target)
    WEBHOOKS.find(connection, place.project, target)
    WEBHOOKS.renew(connection, ref)
    WEBHOOKS.state(connection, ref)
    WEBHOOKS.remove(connection, ref)
    return jira


def test_nothing_that_we_send_breaks_the_specification(worked: Any, contract: Contract) -> None:
    calls = [call for call in worked.calls if "/rest/api/3/" in call.path]

    assert len({call.route for call in calls}) > 20
    assert [one for one in contract.violations(calls) if ": answer: " not in one] == []


def test_every_call_is_one_of_this_interface_and_nothing_of_ours_is_a_word(worked: Any) -> None:
    """Only ids go along: no name of a status, a priority, an issue type or a field."""
    for call in worked.calls:
        for word in (b"Done", b"To Do", b"Task", b"DATEV external id", b"Medium", b"High"):
            assert word not in call.body and word.decode() not in call.query_string
