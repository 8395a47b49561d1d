"""Workspaces and the people in them. Source: Asana workspaces and users reference (read 2026-11)."""

import re
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks
from mlconnector.sandbox.asana.errors import ApiError, unknown
from mlconnector.sandbox.asana.state import User, Workspace
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

USERS_PER_WORKSPACE = 2000
DOMAIN = "muster.example"
USER: dict[str, checks.Check] = {"user": checks.text}


def workspaces(call: "ApiCall") -> Response:
    """Without those that block this app or personal access tokens."""
    found = [call.state.by_gid[gid] for gid in call.user.workspaces if call.state.may_use(call.token, gid)]
    return call.page(found, call.records.workspace)


def workspace(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.workspace(call.workspace(gid)))


def _users_of(call: "ApiCall", workspace: Workspace) -> list[User]:
    found = [user for user in call.state.all("user") if workspace.gid in user.workspaces]
    return sorted(found, key=lambda user: user.name.casefold())


def users(call: "ApiCall") -> Response:
    """GET /users: of one workspace, or of all that the token sees."""
    if gid := call.query.get("workspace"):
        return call.page(_users_of(call, call.workspace(gid)), call.records.user)
    mine = [gid for gid in call.user.workspaces if call.state.may_use(call.token, gid)]
    found = [user for user in call.state.all("user") if set(user.workspaces) & set(mine)]
    return call.page(found, call.records.user)


def users_of_workspace(call: "ApiCall", gid: str) -> Response:
    """By name, at most 2000, without pages."""
    found = _users_of(call, call.workspace(gid))[:USERS_PER_WORKSPACE]
    return json_answer({"data": [call.records.user(user).shaped(call.wanted, full=False) for user in found]})


def user(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.user(call.found_user(gid)))


# --- memberships -------------------------------------------------------------
def memberships(call: "ApiCall", gid: str) -> Response:
    """Of everybody in the workspace, or of `user` alone; those who were removed are listed as not active."""
    workspace = call.workspace(gid)
    found = _users_of(call, workspace)
    if call.sim.options.removed_users_are_listed:
        found += [user for user in call.state.all("user") if workspace.gid in user.left]
    if asked := call.query.get("user"):
        wanted = call.found_user(asked)
        found = [user for user in found if user.gid == wanted.gid]
    return call.page(found, lambda user: call.records.workspace_membership(user, workspace))


def add(call: "ApiCall", gid: str) -> Response:
    """POST .../addUser: an invitation. Whoever is in already is answered as they are."""
    workspace = call.workspace(gid)
    given = call.data(USER, required=("user",))["user"]
    if call.sim.options.only_admins_invite and not call.user.is_admin:
        raise ApiError(403, "workspace: You do not have permission to invite users to this workspace")
    user = _invited(call, given)
    if workspace.gid not in user.workspaces:
        user.workspaces.append(workspace.gid)
        user.left.discard(workspace.gid)
        _told(call, workspace, user, "added")
    record = call.records.user(user)
    record.full = ("name", "email", "photo")
    return call.one(record)


def _invited(call: "ApiCall", given: str) -> User:
    """The user of that gid or address; an unknown address is somebody new who has not answered yet."""
    if given == "me" or given.isdigit() or call.state.user_by_email(given):
        return call.found_user(given)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", given):
        raise ApiError(400, f"user: Not an email, or user ID: {given}")
    user = User(call.state.next_gid(), given, given, [])
    user.is_guest = not given.endswith(f"@{DOMAIN}")
    user.is_invited = True
    added: User = call.state.add(user)
    return added


def remove(call: "ApiCall", gid: str) -> Response:
    """POST .../removeUser: by admins only; what the user owned goes to the token's user."""
    workspace = call.workspace(gid)
    user = call.found_user(call.data(USER, required=("user",))["user"])
    if not call.user.is_admin:
        raise ApiError(403, "workspace: Only an admin may remove users from this workspace")
    if workspace.gid not in user.workspaces:
        raise unknown("user", user.gid)
    user.workspaces.remove(workspace.gid)
    user.left.add(workspace.gid)
    owned: list[Any] = [*call.state.all("project"), *call.state.all("portfolio")]
    for record in owned:
        if record.workspace == workspace.gid and record.owner == user.gid:
            record.owner = call.token.user
    _told(call, workspace, user, "removed")
    return call.nothing()


def _told(call: "ApiCall", workspace: Workspace, user: User, action: str) -> None:
    membership = ("workspace_membership", f"{user.gid}9", "")
    call.sim.log.add(
        frozenset({workspace.gid}),
        user=call.token.user,
        action=action,
        resource=membership,
        parent=("workspace", workspace.gid, ""),
    )
