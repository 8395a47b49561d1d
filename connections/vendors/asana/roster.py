"""Who belongs to a workspace, invitations, and removals where the token's user may make them."""

from __future__ import annotations

from dataclasses import dataclass

from connections.vendors.asana.client import Client, path

MEMBER_FIELDS = "user.gid,user.name,user.email,is_active,is_admin,is_guest"


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
    found = client.everything(
        path("workspaces", workspace, "workspace_memberships"), opt_fields=MEMBER_FIELDS
    )
    return [
        Member(
            gid=(raw.get("user") or {}).get("gid") or "",
            name=(raw.get("user") or {}).get("name") or "",
            email=((raw.get("user") or {}).get("email") or "").strip(),
            is_active=raw.get("is_active") is not False,
            is_admin=raw.get("is_admin") is True,
            is_guest=raw.get("is_guest") is True,
        )
        for raw in found
    ]


def invite(client: Client, workspace: str, email: str) -> str:
    """The gid of the user who was invited by e-mail; this may use up a seat that is paid for."""
    gid: str = client.write("POST", path("workspaces", workspace, "addUser"), {"user": email})["gid"]
    return gid


def remove(client: Client, workspace: str, user: str) -> None:
    """Remove a user from a workspace. Only its administrators may; what the user owned goes to ours."""
    client.post("POST", path("workspaces", workspace, "removeUser"), {"user": user})
