"""A failure in words for Jira: what is needed to act on it, and nothing of the books.

Pure but for the language, which is the active one. Whatever may quote the books has been taken out of a
`Failure` already; its `raw` fields are not touched here (a test proves it with planted figures).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from bookings.failures import Attempt, Failure, FailureState, Rule
from bookings.workflow_text import file_name
from connections.messages import DataFault, Message, say
from connections.vendors.jira import adf

# So many lines of a protocol stand in the issue itself; all of them in the attachment.
LINES_SHOWN = 10
ROWS_SHOWN = 40

STATES: dict[FailureState, Message] = {
    FailureState.REFUSED: say("DATEV refused the file."),
    FailureState.PARTLY: say("DATEV took only a part of the file."),
    FailureState.STOPPED: say("The file did not get to DATEV: our own checks, or a person, stopped it."),
    FailureState.UNDER_WAY: say("The file is on its way to DATEV."),
    FailureState.ACCEPTED: say("DATEV accepted the file."),
    FailureState.UNKNOWN: say(
        "It is not known whether DATEV has taken the file: a person has to look there."
    ),
}
BAD = (FailureState.REFUSED, FailureState.PARTLY, FailureState.STOPPED)
IS_ATTACHED = say("The rest is in the attachment.")


@dataclass(frozen=True)
class Protocol:
    """The attachment of a failure: every line that DATEV wrote about it, as far as it may leave the books."""

    filename: str
    content: bytes


def external_id(failure: Failure) -> str:
    """The same for this failure for ever and everywhere, also after a new installation; letters and digits.

    From the client and the Reference-Id (or file name) of the first revision, which never change.
    """
    first = failure.attempts[0] if failure.attempts else None
    named = (first.reference or first.filename) if first else failure.reference or failure.filename
    told = "|".join((failure.client_ref, failure.route, named or failure.ref))
    return f"mlc{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def summary(failure: Failure) -> str:
    """'DATEV 455148-1: file refused, job 4711 (1008834)' in at most one line."""
    what = {
        "job": gettext("file refused"),
        "batch": gettext("file stopped by our checks"),
        "file": gettext("handed-in file refused"),
    }[failure.kind]
    parts = [f"DATEV {failure.client_ref or '?'}: {what}"]
    if failure.job_ref:
        parts.append(gettext("job %(job)s") % {"job": failure.job_ref})
    code = f" ({failure.code})" if failure.code else ""
    return ", ".join(parts) + code


def description(failure: Failure) -> adf.Node:
    return adf.document(
        [
            adf.paragraph(_sentence(failure)),
            _facts(failure),
            *_details(failure),
            *_what_to_do(failure),
        ],
        notice=str(IS_ATTACHED),
    )


def comment(failure: Failure, before: FailureState | None, is_new_attempt: bool) -> adf.Node:
    """What has changed since the last word: `before` is the state that was told last."""
    blocks = [adf.paragraph(*_news(failure, before, is_new_attempt))]
    if failure.state in BAD and (is_new_attempt or before != failure.state):
        blocks += [_attempt_facts(failure), *_details(failure), *_what_to_do(failure)]
    elif failure.state == FailureState.ACCEPTED:
        blocks.append(_attempt_facts(failure))
    return adf.document(blocks, notice=str(IS_ATTACHED))


def answer(message: Message, faults: Sequence[str], page: str) -> adf.Node:
    """Why nothing was sent when somebody moved the issue to done."""
    return adf.document(
        [
            adf.paragraph(str(message)),
            adf.bullets(faults),
            adf.paragraph(adf.link(gettext("Open it in ml-connector"), page)),
        ],
        notice=str(say("The whole list is in ml-connector.")),
    )


def protocol(failure: Failure) -> Protocol | None:
    """The attachment; None where everything stands in the issue itself."""
    lines = list(_protocol_lines(failure))
    if len(lines) <= LINES_SHOWN:
        return None
    heading = [str(_sentence(failure)), f"{gettext('Job')}: {failure.latest_job_ref or '-'}", ""]
    content = "\n".join([*heading, *lines, "", failure.page, ""]).encode()
    named = hashlib.sha256(content).hexdigest()[:8]
    return Protocol(f"datev-{failure.latest_job_ref or failure.revision}-{named}.txt", content)


def rules(faults: Sequence[DataFault]) -> list[Rule]:
    """What our checks found, without the values: field and rule alone, each once."""
    return list(dict.fromkeys(Rule.of(fault) for fault in faults))


# --- parts ------------------------------------------------------------------------------------------------


def _sentence(failure: Failure) -> str:
    if failure.state in BAD and failure.may_go_unchanged:
        return str(say("DATEV had an error of its own and has taken nothing of the file."))
    return str(STATES[failure.state])


def _facts(failure: Failure) -> adf.Node:
    client = f"{failure.client_ref} {failure.client_label}".strip()
    rows = [
        (gettext("DATEV client"), client),
        (gettext("Job"), failure.job_ref),
        (gettext("Way into DATEV"), failure.route.upper()),
        (gettext("File"), file_name(failure.filename)),
        (gettext("Reference"), failure.reference),
        (gettext("Revision"), str(failure.revision)),
        (gettext("Error code"), failure.code),
        (gettext("DATEV says"), str(failure.text)),
        (gettext("In detail"), str(failure.detail)),
        (gettext("Affected"), str(failure.refused) if failure.refused else ""),
        (gettext("Rows"), _row_numbers(failure.rows)),
    ]
    return _table(rows)


def _attempt_facts(failure: Failure) -> adf.Node:
    latest = failure.attempts[-1] if failure.attempts else None
    rows = [
        (gettext("Revision"), str(failure.revision)),
        (gettext("File"), file_name(failure.filename)),
        (gettext("Job"), _jobs(latest) or failure.latest_job_ref),
        (gettext("Error code"), failure.code if failure.state in BAD else ""),
        (gettext("DATEV says"), str(failure.text) if failure.state in BAD else ""),
        (gettext("Rows"), _row_numbers(failure.rows) if failure.state in BAD else ""),
    ]
    return _table(rows)


def _table(rows: Sequence[tuple[str, str]]) -> adf.Node:
    shown = [(adf.strong(name), value) for name, value in rows if value]
    return adf.table((gettext("What"), ""), [[name, value] for name, value in shown])


def _jobs(attempt: Attempt | None) -> str:
    return ", ".join(attempt.job_refs) if attempt else ""


def _row_numbers(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:ROWS_SHOWN]))
    return f"{shown}, …" if len(rows) > ROWS_SHOWN else shown


def _details(failure: Failure) -> Iterator[adf.Node]:
    elements = [f"{item.name or '?'}: {item.reason}" for item in failure.elements]
    if elements:
        yield adf.heading(gettext("Affected elements"))
        yield adf.bullets(elements)
    faults = list(dict.fromkeys(str(fault) for fault in failure.faults))
    if faults:
        yield adf.heading(gettext("What our checks found"))
        yield adf.bullets(faults)
    lines = list(_protocol_lines(failure))
    if lines:
        yield adf.heading(gettext("Protocol"))
        yield adf.bullets(lines[:LINES_SHOWN])
        if len(lines) > LINES_SHOWN:
            yield adf.paragraph(str(IS_ATTACHED))


def _protocol_lines(failure: Failure) -> Iterator[str]:
    for line in failure.protocol:
        rows = f" ({gettext('rows')} {_row_numbers(line.rows)})" if line.rows else ""
        named = f"{line.filename}: " if line.filename else ""
        yield f"{named}{line.text}{rows}"


def _what_to_do(failure: Failure) -> Iterator[adf.Node]:
    yield adf.heading(gettext("What to do"))
    if failure.kind == "file":
        yield adf.paragraph(
            gettext("Correct the file in the program that made it and hand it in again, under another name.")
        )
    elif failure.may_go_unchanged:
        yield adf.paragraph(
            gettext("DATEV asks to try again: moving this issue to done sends the same file once more.")
        )
    else:
        yield adf.paragraph(
            gettext(
                "Correct the rows in ml-connector, upload a corrected file there, or replay the records; "
                "then move this issue to done: the corrected file is sent."
            )
        )
    yield adf.paragraph(adf.link(gettext("Open it in ml-connector"), failure.page))
    if failure.help_url:
        yield adf.paragraph(adf.link(gettext("DATEV's help on this code"), failure.help_url))


def _news(failure: Failure, before: FailureState | None, is_new_attempt: bool) -> list[adf.Inline]:
    if is_new_attempt and failure.state == FailureState.UNDER_WAY:
        return [
            gettext("The corrected file is on its way to DATEV, as revision %(revision)s.")
            % {"revision": failure.revision}
        ]
    if failure.state == FailureState.ACCEPTED:
        return [gettext("DATEV has accepted the corrected file. Nothing more is to be done.")]
    if failure.state == before and not is_new_attempt:
        return [
            gettext(
                "Something was corrected or found out in ml-connector. Nothing has been sent yet: move this "
                "issue to done to send it."
            )
        ]
    if is_new_attempt and failure.state in BAD:
        return [gettext("The corrected file failed as well."), " ", _sentence(failure)]
    return [_sentence(failure)]
