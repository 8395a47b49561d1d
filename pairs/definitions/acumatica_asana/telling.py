"""What is written back to the task about a decision: fields and a comment, once for each result."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import translation

from connections.effects import digest
from connections.errors import RejectedError
from connections.messages import Message, say
from pairs.engine import Context
from pairs.models import Link
from pairs.work_items import comment, write
from pairs.work_items.ensuring import rows_of
from pairs.work_items.links import store

FLOW = "approvals"
RESULT_WORDS = {
    "released": say("Released in Acumatica"),
    "approved": say("Approved in Acumatica"),
    "waits": say("Approved, others have to approve in Acumatica"),
    "rejected": say("Rejected in Acumatica"),
    "noted": say("Noted, unchanged in Acumatica"),
    "changed": say("Changed since the decision: please decide again"),
    "refused": say("Not done in Acumatica: please check"),
    "gone": say("Deleted in Acumatica"),
}
MAX_TEXT = 1000


@dataclass(frozen=True)
class Told:
    """One result of the `number`th decision. `kind` is a key of RESULT_WORDS."""

    kind: str
    message: Message
    number: int
    status: str = ""

    @property
    def token(self) -> str:
        return f"{self.number} {self.kind} {digest(self.message.to_json())[:12]}"


def tell(context: Context, link: Link, told: Told) -> None:
    """Write the result into the mapped fields and, by setting, as a comment; not to a task that is gone."""
    try:
        if context.setting("result_comment"):
            text = say("%(result)s. %(text)s", result=RESULT_WORDS[told.kind], text=told.message)
            comment(context, link.target_ref, told.token, text, watched_by=FLOW)
        _write(context, link, told)
    except RejectedError as error:
        if error.status not in (404, 410):
            raise
        store(link, gone=True)


def _write(context: Context, link: Link, told: Told) -> None:
    has_table = any(row.key == "result" and row.table is not None for row in rows_of(context))
    with translation.override(context.integration.language):
        values = {
            "result": told.kind if has_table else str(RESULT_WORDS[told.kind]),
            "text": str(told.message)[:MAX_TEXT],
            "record_link": context.record_url,
        }
    if told.status:
        values["status"] = told.status
    project = str((link.content.get("place") or [context.setting("project")])[0])
    write(context, link.target_ref, told.token, values, project=project, watched_by=FLOW)
