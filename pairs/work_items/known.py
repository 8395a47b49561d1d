"""What a project and its workspace look like: custom fields and people, remembered for a few minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connections import clock
from connections.errors import ConfigurationError
from connections.vendors.asana.fields import CustomField
from pairs.engine import FlowContext

# People edit fields and options at any time; what is not known is read again at once.
REMEMBERED = timedelta(minutes=5)
# A project is deleted or taken away from us less often, and each look is a call.
LIVES_FOR = timedelta(minutes=30)
KINDS = ("fields", "people", "me")
_remembered: dict[tuple[str, int, str], tuple[datetime, Any]] = {}


def forget() -> None:
    """Read everything anew when it is next needed."""
    _remembered.clear()


def holds(context: FlowContext, project: str) -> bool:
    """Whether something of the project is remembered."""
    return any((kind, context.integration.target.pk, project) in _remembered for kind in KINDS)


def drop(context: FlowContext, project: str) -> None:
    """Forget a project's fields and people."""
    for kind in KINDS:
        _remembered.pop((kind, context.integration.target.pk, project), None)


def fields(context: FlowContext, project: str) -> Mapping[str, CustomField]:
    """The custom fields of a project by gid."""

    def read() -> dict[str, CustomField]:
        return {field.gid: field for field in context.target.custom_fields(project)}

    return _get(context, "fields", project, read)


def people(context: FlowContext, project: str) -> Mapping[str, str]:
    """The gids of the workspace's people by e-mail address in lower case."""

    def read() -> dict[str, str]:
        workspace = str(context.integration.target.setting("workspace") or "")
        workspace = workspace or context.target.project(project).workspace
        users = context.target.users(workspace)
        return {user.email.lower(): user.gid for user in users if user.email}

    return _get(context, "people", project, read)


def me(context: FlowContext) -> str:
    """The gid of the user as whom we write."""
    return str(_get(context, "me", "", lambda: context.target.me().gid))


def remembered(context: FlowContext, kind: str, place: str, read: Callable[[], Any]) -> Any:
    """What `read` gave a few minutes ago at the latest; `kind` is none of this module's own."""
    return _get(context, kind, place, read)


def living(context: FlowContext, projects: Iterable[str]) -> list[str]:
    """Those projects that are there and shared with us.

    One that is gone must not stop the reading of the others; a document that belongs into it is parked and
    says so.
    """

    def lives(project: str) -> bool:
        try:
            context.target.project(project)
        except ConfigurationError as error:
            if error.status not in (404, 410):
                raise
            return False
        return True

    return [
        project
        for project in projects
        if _get(context, "lives", project, lambda project=project: lives(project), LIVES_FOR)
    ]


def _get(
    context: FlowContext,
    kind: str,
    place: str,
    read: Callable[[], Any],
    lasts: timedelta = REMEMBERED,
) -> Any:
    key = (kind, context.integration.target.pk, place)
    held = _remembered.get(key)
    if held is None or clock.now() - held[0] > lasts:
        held = _remembered[key] = (clock.now(), read())
    return held[1]
