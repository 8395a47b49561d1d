"""What is written back to the task: the result of its booking, once for each result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from connections.effects import digest
from connections.errors import ConfigurationError
from connections.messages import DataFault, Message, say
from connections.vendors.asana.api import Task
from connections.vendors.asana.fields import arrived
from pairs.base import FieldType, TargetField
from pairs.engine import Context
from pairs.models import FieldMapping, UpdateMode

WRITE_BACK = (
    TargetField(
        "result",
        "Result",
        FieldType.CHOICE,
        help_text="As text, or by a value table from posted, failed, refused, unknown to options (GIDs).",
    ),
    TargetField("job_ref", "DATEV job id", FieldType.TEXT, standard="job"),
    TargetField("code", "DATEV error code", FieldType.TEXT, standard="result_code"),
    TargetField("text", "What happened and what to do", FieldType.TEXT, standard="result_text"),
    TargetField("link", "Link to the record", FieldType.TEXT, standard="record_link"),
    TargetField("booked_on", "Handed over on", FieldType.DATE, standard="booked_on"),
)

RESULT_WORDS = {
    "posted": say("Booked in DATEV"),
    "failed": say("Refused by DATEV"),
    "refused": say("Not booked: please check"),
    "unknown": say("Unknown: check in DATEV"),
}
MAX_TEXT = 1000


@dataclass(frozen=True)
class TaskResult:
    """One result. `kind` is a key of RESULT_WORDS; `token` makes it different from an earlier one."""

    kind: str
    message: Message
    token: str
    job_ref: str = ""
    code: str = ""
    booked_on: Any = None
    faults: tuple[DataFault, ...] = ()


def write(context: Context, result: TaskResult, task: Task | None) -> Task | None:
    """The task as it is after the result was written; `task` if there was nothing to write.

    Field and comment are an effect each: found at the task before they are written a second time.
    """
    with translation.override(context.integration.language):
        wanted = _field_values(context, result, task)
        comment = _comment(context, result)
    written = _write_fields(context, result, wanted) if wanted else task
    if context.setting("result_comment"):
        _write_comment(context, result, comment)
    return written


def _field_values(context: Context, result: TaskResult, task: Task | None) -> dict[str, Any]:
    """By the GID of the Asana field, as the mapping's rows say."""
    plain = {
        "result": str(RESULT_WORDS[result.kind]),
        "job_ref": result.job_ref,
        "code": result.code,
        "text": _text(result)[:MAX_TEXT],
        "link": context.record_url,
        "booked_on": result.booked_on,
    }
    rows = list(
        context.integration.mappings.select_related("table")
        .filter(flow=context.flow.key, way=FieldMapping.Way.BACK)
        .exclude(update_mode=UpdateMode.NEVER)
    )
    if task is None and any(row.update_mode == UpdateMode.IF_EMPTY for row in rows):
        task = context.source.task(context.record.source_ref)
    wanted = {}
    for row in rows:
        if row.update_mode == UpdateMode.IF_EMPTY and not _is_empty(task, row.source_field):
            continue
        wanted[row.source_field] = _value(row, plain, result)
    return wanted


def _value(row: FieldMapping, plain: Mapping[str, Any], result: TaskResult) -> Any:
    if row.table is None:
        return plain[row.target_field] or None
    options = {entry.source_value: entry.target_value for entry in row.table.rows.all()}
    key = result.kind if row.target_field == "result" else str(plain[row.target_field])
    if key not in options:
        raise ConfigurationError(
            say(
                "The value table '%(table)s' has no row for the result '%(result)s'. "
                "Add it; the record then goes on.",
                table=row.table.name,
                result=key,
            )
        )
    return options[key]


def _is_empty(task: Task | None, gid: str) -> bool:
    field = task.fields.get(gid) if task else None
    return field is None or field.is_empty


def _write_fields(context: Context, result: TaskResult, wanted: Mapping[str, Any]) -> Task | None:
    """One PUT for all fields. Its answer is the task read anew, and is not asked for again."""
    answers: list[Task] = []

    def do() -> dict[str, str]:
        answers.append(context.source.set_fields(context.record.source_ref, wanted))
        return {}

    def find() -> dict[str, str] | None:
        task = context.source.task(context.record.source_ref)
        if all(gid in task.fields and arrived(value, task.fields[gid]) for gid, value in wanted.items()):
            answers.append(task)
            return {}
        return None

    context.effect(f"write_back:{result.kind}:{result.token}", do, find=find, content=dict(wanted))
    return answers[-1] if answers else None


def _write_comment(context: Context, result: TaskResult, text: str) -> None:
    marker = _marker(context, result)

    def find() -> dict[str, str] | None:
        known = (
            story.gid for story in context.source.comments(context.record.source_ref) if marker in story.text
        )
        gid = next(known, None)
        return {"story": gid} if gid else None

    def do() -> dict[str, str]:
        return {"story": context.source.comment(context.record.source_ref, text).gid}

    context.effect(f"comment:{result.kind}:{result.token}", do, find=find, content=text)


def _comment(context: Context, result: TaskResult) -> str:
    lines = [str(RESULT_WORDS[result.kind]), _text(result), context.record_url, _marker(context, result)]
    return "\n".join(line for line in lines if line)


def _marker(context: Context, result: TaskResult) -> str:
    """Short, and unique for this result of this record: found again after an unclear answer."""
    return f"[ML-{digest([context.record.owner, result.kind, result.token])[:10]}]"


def _text(result: TaskResult) -> str:
    faults = "; ".join(str(fault) for fault in result.faults)
    return f"{result.message} {faults}".strip()
