"""Who belongs to a workspace, invitations, and removals where the token's user may make them."""

from __future__ import annotations

from dataclasses import dataclass

from connections.vendors.asana import places
from connections.vendors.asana.client import Client, path

MEMBER_FIELDS = "user.gid,user.name,is_active,is_admin,is_guest"


@dataclass(frozen=True)
class Member:
    """A user of a workspace. `email` is "" where Asana does not show it to us.

    `is_active` is true for somebody who was invited and has not accepted yet as well.
    """

    gid: str
    name: str
    email: str
    is_active: bool
    is_admin: bool
    is_guest: bool


def members(client: Client, workspace: str) -> list[Member]:
    """Everybody in the workspace, those who were removed (not `is_active`) where Asana still lists them.

    Addresses come from the list of users: memberships are documented to name their users only.
    Source: OpenAPI file of 2026-06, getWorkspaceMembershipsForWorkspace (read 2026-11).
    """
    emails = {user.gid: user.email for user in places.users(client, workspace)}
    found = client.everything(
        path("workspaces", workspace, "workspace_memberships"), opt_fields=MEMBER_FIELDS
    )
    users = [(raw, raw.get("user") or {}) for raw in found]
    return [
        Member(
            gid=user["gid"],
            name=user.get("name") or "",
            email=emails.get(user["gid"], ""),
            is_active=raw.get("is_active") is not False,
            is_admin=raw.get("is_admin") is True,
            is_guest=raw.get("is_guest") is True,
        )
        for raw, user in users
        if user.get("gid")
    ]


def is_admin(client: Client, workspace: str) -> bool:
    """Whether the token's user is an administrator of the workspace: only they may remove people."""
    found = client.everything(
        path("workspaces", workspace, "workspace_memberships"), user="me", opt_fields="is_admin"
    )
    return any(raw.get("is_admin") is True for raw in found)


def invite(client: Client, workspace: str, email: str) -> str:
    """The gid of the user who was invited by e-mail; this may use up a seat that is paid for."""
    gid: str = client.write("POST", path("workspaces", workspace, "addUser"), {"user": email})["gid"]
    return gid


def remove(client: Client, workspace: str, user: str) -> None:
    """Remove a user from a workspace. Only its administrators may; what the user owned goes to ours."""
    client.post("POST", path("workspaces", workspace, "removeUser"), {"user": user})
