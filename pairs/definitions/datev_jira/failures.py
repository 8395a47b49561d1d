"""A failed file becomes one issue; what changes about it becomes comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import translation

from bookings.failures import Failure, FailureState
from bookings.selectors import failure as failure_of
from bookings.selectors import failures_since
from connections.effects import digest
from connections.errors import ConfigurationError
from connections.messages import say
from connections.models import Effect, EffectState
from connections.vendors.jira.api import JiraApi, NewIssue
from pairs import records
from pairs.base import Change, Outcome, Page, done, sent
from pairs.definitions.datev_jira import settings, telling
from pairs.engine import Context, FlowContext
from pairs.models import Integration, Link

FLOW = "failures"


@dataclass(frozen=True)
class Told:
    """What the issue says already: the failure's version, its state, and how many attempts there were."""

    version: str
    state: FailureState
    attempts: int

    @classmethod
    def of(cls, failure: Failure) -> dict[str, Any]:
        return {
            "version": failure.version,
            "state": str(failure.state),
            "attempts": len(failure.attempts),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Told:
        return cls(stored["version"], FailureState(stored["state"]), int(stored["attempts"]))


def poll(context: FlowContext, cursor: Mapping[str, Any], more: str) -> Page:
    """What has failed, or has changed since it did; asks our own books alone."""
    chosen = [client.pk for client in settings.clients(context.integration)]
    found = failures_since(
        str(cursor.get("at", "")), chosen, include_refused=bool(context.setting("with_refused"))
    )
    changes = [change_of(failure) for failure in found.failures]
    goes_on = found.cursor != cursor.get("at") and not found.cursor.endswith("|0")
    return Page(changes, {"at": found.cursor}, more="more" if goes_on else "")


def change_of(failure: Failure) -> Change:
    with translation.override(None):
        label = telling.summary(failure)
    return Change(failure.ref, failure.version, label=label, url=failure.page)


def wake(integration: Integration, failure: Failure) -> None:
    """Let the failure's record be looked at: something about it has just changed."""
    with transaction.atomic():
        records.wake(integration, FLOW, [change_of(failure)])


def handle(context: Context) -> Outcome:
    failure = failure_of(context.record.source_ref)
    if failure is None:
        return done(say("The file that failed is not kept any more; there is nothing to tell."))
    if (context.record.instruction or {}).get("decision") == "new_issue":
        _forget_issue(context)
    if failure.is_over and not _link(context):
        return done(
            say("DATEV has accepted the corrected file before an issue was opened for it."),
            version=failure.version,
        )
    with translation.override(context.integration.language):
        link = _link(context) or _opened(context, failure)
        _tell(context, failure, link.target_ref)
    if failure.is_over:
        return done(
            say("DATEV has accepted the corrected file; the issue says so."),
            target_url=link.target_url,
            version=failure.version,
        )
    return sent(
        say("The issue is open and waits for a person."),
        look_at=None,
        target_url=link.target_url,
        version=failure.version,
    )


def _link(context: Context) -> Link | None:
    return Link.objects.filter(
        integration=context.integration, flow=FLOW, source_ref=context.record.source_ref
    ).first()


def _forget_issue(context: Context) -> None:
    """A person wants a new issue: the old one is gone, or was moved out of sight."""
    context.start_over()
    Link.objects.filter(
        integration=context.integration, flow=FLOW, source_ref=context.record.source_ref
    ).delete()


def _opened(context: Context, failure: Failure) -> Link:
    """The one issue of this failure. Found by our id first: an earlier installation may have opened it."""
    jira: JiraApi = context.target
    field, ours = str(context.setting("external_field")), telling.external_id(failure)
    if context.record.revision > 1:
        ours = f"{ours}r{context.record.revision}"

    def find() -> dict[str, Any] | None:
        known = jira.find(field, ours)
        return {"id": known[0].id, "key": known[0].key, "adopted": True} if known else None

    def do() -> dict[str, Any]:
        found = find()
        if found:
            return found
        made = jira.create(_new_issue(context, failure, ours), external_field=field)
        return {"id": made.id, "key": made.key, **Told.of(failure)}

    made = context.effect(
        "open", do, find=find, content=_told_by_opening(failure), search_lag=jira.search_lag
    )
    link, _is_new = Link.objects.get_or_create(
        integration=context.integration,
        flow=FLOW,
        source_ref=context.record.source_ref,
        defaults={"target_ref": made["id"], "target_url": jira.issue_url(made["key"])},
    )
    return link


def _told_by_opening(failure: Failure) -> list[str]:
    """What the digest of the write is about: an issue of ours that is found again tells that version."""
    return [telling.external_id(failure), failure.version]


def _new_issue(context: Context, failure: Failure, ours: str) -> NewIssue:
    try:
        further = settings.further_fields(context.integration)
    except ValueError as error:
        raise ConfigurationError(
            say("A line of 'Further required fields' can't be read: %(line)s", line=str(error))
        ) from error
    return NewIssue(
        summary=telling.summary(failure),
        description=telling.description(failure),
        external_id=ours,
        fields=further,
        **settings.values(context.integration),
    )


# --- progress ---------------------------------------------------------------------------------------------


def _tell(context: Context, failure: Failure, issue: str) -> None:
    """Comments, the attachment and the way back, for whatever the issue does not say yet; each once."""
    told = _told(context, failure)
    _attach(context, failure, issue)
    if told is not None and told.version == failure.version:
        return
    before = told.state if told else None
    is_new_attempt = len(failure.attempts) > (told.attempts if told else 1)
    # An attempt that was told as being on its way has come to its end.
    is_new_attempt |= before is not None and before not in telling.BAD and failure.state in telling.BAD
    number = _comments(context).count() + 1
    mark = f"{telling.external_id(failure)}:{number}"
    jira: JiraApi = context.target

    def find() -> dict[str, Any] | None:
        known = jira.comment_with(issue, mark)
        return {"id": known, **Told.of(failure)} if known else None

    def do() -> dict[str, Any]:
        body = telling.comment(failure, before, is_new_attempt)
        made = jira.comment(issue, body, mark=mark, is_internal=bool(context.setting("is_internal")))
        return {"id": made, **Told.of(failure)}

    context.effect(f"comment {number}", do, find=find, content=failure.version)
    failed_again = told is not None and failure.state in telling.BAD and is_new_attempt
    if failed_again:
        move_back(context, issue, f"back {number}")


def _comments(context: Context) -> Any:
    return Effect.objects.filter(
        owner=context.record.owner, state=EffectState.DONE, name__startswith="comment "
    ).order_by("finished_at", "pk")


def _told(context: Context, failure: Failure) -> Told | None:
    """What was told last; None for an issue of an earlier installation, which may tell anything."""
    last = _comments(context).last()
    opened = Effect.objects.filter(owner=context.record.owner, state=EffectState.DONE, name="open").first()
    for effect in filter(None, (last, opened)):
        if effect.result and "version" in effect.result:
            return Told.from_json(effect.result)
    if opened is not None and opened.digest == digest(_told_by_opening(failure)):
        return Told.from_json(Told.of(failure))
    return None


def _attach(context: Context, failure: Failure, issue: str) -> None:
    """The protocol as a file, where it is too long for the issue itself; each version of it once."""
    protocol = telling.protocol(failure)
    if protocol is None:
        return
    jira: JiraApi = context.target

    def find() -> str | None:
        same = (
            file.id
            for file in jira.attachments(issue)
            if (file.filename, file.size) == (protocol.filename, len(protocol.content))
        )
        return next(same, None)

    def do() -> str:
        return jira.attach(issue, protocol.filename, protocol.content, "text/plain").id

    context.effect(f"attach {protocol.filename}", do, find=find, content=protocol.content)


def move_back(context: Context, issue: str, name: str) -> None:
    """Move the issue back into work, by setting and only out of a status that means done; once."""
    if not context.setting("moves_back"):
        return
    jira: JiraApi = context.target
    finished = settings.done_statuses(context.integration)

    def is_back() -> bool | None:
        return True if jira.issue(issue).status.id not in finished else None

    def do() -> bool:
        if not is_back():
            jira.move(issue, str(context.setting("back_status")))
        return True

    context.effect(name, do, find=is_back)
