"""The simulator's answers against the vendor's specification, where VENDOR_SPECS names its folder."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from jsonschema import Draft4Validator

from mlconnector.sandbox.jira import JiraSimulator
from tests.contract import Contract, Deviation, spec_file

# Where the published file is wrong or silent; answers differ on purpose.
DEVIATIONS = (
    Deviation("*", "is not a 'date-time'", "moments have an offset without a colon: 09:00:00.000+0100"),
    Deviation("*", "Content-Type '' instead of", "an answer without a body has no type"),
    Deviation("*", "status 415 is not listed", "seen live on calls that do not announce JSON"),
    Deviation("*", "status 429 is not listed", "429 is declared on nine operations only"),
    Deviation("*", "from: None", "a changelog item without a value before has null, which is not declared"),
    Deviation("*", "fromString: None", "a changelog item without a value before"),
    Deviation("*", ".to: None", "a changelog item without a value after"),
    Deviation("*", "toString: None", "a changelog item without a value after"),
    Deviation(
        "POST /rest/api/3/changelog/bulkfetch",
        "created: ",
        "the operation's own example has a number where the schema says text",
    ),
    Deviation("*", "request: maxResults", "asked beyond the most on purpose: the server lowers it"),
    Deviation("*", "status 410 is not listed", "the search was removed after the file was made"),
    Deviation("*", "multipart part 'file' does not exist", "declared as a list of files without a name"),
    Deviation(
        "POST /rest/api/3/issue/{issueIdOrKey}/attachments",
        "status 400 is not listed",
        "what a body without a file is answered with is declared nowhere",
    ),
    Deviation("POST /rest/api/3/webhook", "'jira:everything'", "asked for an unknown event on purpose"),
    Deviation("*", "expirationDate: ", "declared as a number, a date in every example and on the wire"),
)


def is_at_hand() -> bool:
    return bool(os.environ.get("VENDOR_SPECS"))


@functools.cache
def _contract(cloud_id: str) -> Contract:
    path = spec_file("jira", "swagger-v3.v3.json")
    return Contract(path, prefixes=(f"/ex/jira/{cloud_id}",), deviations=DEVIATIONS)


@functools.cache
def documents() -> Draft4Validator:
    """The published schema of documents (ADF)."""
    text = spec_file("jira", "adf-full.v1.schema.json").read_text(encoding="utf-8")
    return Draft4Validator(json.loads(text))


def document_faults(document: Any) -> list[str]:
    return [error.message for error in documents().iter_errors(document)]


def violations(sim: JiraSimulator) -> list[str]:
    """What the recorded calls and answers do against the specification, known deviations left out."""
    calls = [
        call
        for call in sim.calls
        if call.path.startswith(f"/ex/jira/{sim.site}/rest/api/3/")
        and call.route not in ("404", "405")
        and call.status < 500
    ]
    return _contract(sim.site).violations(calls)
