"""The simulator's answers against the vendor's specification, where VENDOR_SPECS names its folder."""

import functools
import os

from mlconnector.sandbox.asana import AsanaSimulator
from tests.contract import Contract, Deviation, spec_file

ONE_OF_TWO = "written as allOf with {nullable: true}, which a strict reader takes for not nullable"
GUIDE = "the webhooks guide shows null before the first delivery"
# Where the published file is wrong or silent; answers differ on purpose.
DEVIATIONS = (
    Deviation("*", ".parent: None", ONE_OF_TWO),
    Deviation("*", ".assignee: None", ONE_OF_TWO),
    Deviation("*", ".completed_by: None", ONE_OF_TWO),
    Deviation("*", ".enum_value: None", ONE_OF_TWO),
    Deviation("*", ".current_status_update: None", ONE_OF_TWO),
    Deviation("*", ".assigned_by: None", ONE_OF_TWO),
    Deviation("POST /tasks", "request: $.data.memberships", "create-only, marked as read-only by mistake"),
    Deviation("PUT /custom_fields/{custom_field_gid}", "'workspace' is a required", "only needed to create"),
    Deviation("*", "requested_dates[", "a day; declared as date-time, described as YYYY-MM-DD"),
    Deviation("*", ".team: None", "new projects have no team any more"),
    Deviation("*", ".date_value.date_time: None", "a day without a time"),
    Deviation("*", ".next_attempt_after: None", GUIDE),
    Deviation("*", ".last_success_at: None", GUIDE),
    Deviation("*", ".last_failure_at: None", GUIDE),
    Deviation("*", ".last_failure_content: None", GUIDE),
    Deviation("*", ".failure_deletion_timestamp: None", GUIDE),
    Deviation("GET /events", ".resource_subtype is not declared", "the events guide shows it"),
    Deviation(
        "*", "custom_fields['", "values are typed as text only; numbers, lists, objects and null are legal"
    ),
    Deviation("*", "status 429 is not listed", "429 is declared nowhere"),
    Deviation("*", "status 402 is not listed", "402 is declared for some paid features only"),
    Deviation("*", "status 413 is not listed", "the 100 MB limit is documented without its answer"),
    Deviation(
        "POST /tasks/{task_gid}/setParent", "request: $.data.parent: None", "null takes the parent away"
    ),
    Deviation("*", "none of the security alternatives", "tests ask without a token on purpose"),
)


def is_at_hand() -> bool:
    return bool(os.environ.get("VENDOR_SPECS"))


@functools.cache
def _contract() -> Contract:
    """Read once: the file has 3 MB."""
    path = spec_file("asana", "asana_oas.yaml")
    return Contract(path, prefixes=("/api/1.0",), deviations=DEVIATIONS)


def violations(sim: AsanaSimulator) -> list[str]:
    """What the recorded calls and answers do against the specification, known deviations left out."""
    api = [call for call in sim.calls if call.path.startswith("/api/1.0/") and call.route != "404"]
    # A list is declared as compact records; with fields asked for by name it shows more.
    asked = [call for call in api if "opt_fields" in call.query]
    plain = [call for call in api if "opt_fields" not in call.query]
    expanded = [fault for fault in _contract().violations(asked) if "is not declared" not in fault]
    return _contract().violations(plain) + expanded
