"""Stories: comments by people, and what the system noted. Source: Asana stories reference (read 2026-11)."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.changes import Changes
from mlconnector.sandbox.asana.errors import ApiError, missing, not_an_id, unknown
from mlconnector.sandbox.asana.state import Story
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

TEXT: dict[str, checks.Check] = {
    "text": checks.text,
    "html_text": checks.text,
    "is_pinned": checks.flag,
    "sticker_name": checks.text,
}


def _text(data: dict[str, Any]) -> tuple[str, str]:
    """`text` and `html_text`, of which one is given."""
    if "text" in data and "html_text" in data:
        raise ApiError(400, "text: Must not be used together with html_text")
    text, html = data.get("text", ""), data.get("html_text", "")
    if not text and not html:
        raise missing("text")
    return text or html, html


def of_task(call: "ApiCall", gid: str) -> Response:
    """Oldest first."""
    task = call.task(gid)
    found = [call.state.by_gid[one] for one in call.state.stories_of[task.gid]]
    return call.page(found, call.records.story)


def create(call: "ApiCall", gid: str) -> Response:
    task = call.task(gid)
    data = call.data(TEXT)
    text, html = _text(data)
    story = Changes(call.sim, call.token.user).comment(
        task, text, html_text=html, is_pinned=data.get("is_pinned", False)
    )
    return call.created(call.records.story(story), f"/stories/{story.gid}")


def _story(call: "ApiCall", gid: str) -> Story:
    if not gid.isdigit():
        raise not_an_id("story", gid)
    story: Story | None = call.state.get("story", gid)
    if story is None:
        raise unknown("story", gid)
    call.task(story.task)
    return story


def _own(call: "ApiCall", gid: str) -> Story:
    story = _story(call, gid)
    if story.type != "comment" or story.created_by != call.token.user:
        raise ApiError(403, "story: Only your own comments can be changed")
    return story


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.story(_story(call, gid)))


def change(call: "ApiCall", gid: str) -> Response:
    story = _own(call, gid)
    data = call.data(TEXT)
    story.text, story.html_text = _text(data)
    story.is_edited = True
    return call.one(call.records.story(story))


def delete(call: "ApiCall", gid: str) -> Response:
    """Its task counts as modified."""
    story = _own(call, gid)
    task = call.task(story.task)
    task.modified_at = call.now
    call.state.stories_of[task.gid].remove(gid)
    call.state.by_gid.pop(gid)
    places = call.state.places(task)
    call.sim.log.add(
        places, user=call.token.user, action="deleted", resource=("story", gid, story.resource_subtype)
    )
    return call.nothing()
