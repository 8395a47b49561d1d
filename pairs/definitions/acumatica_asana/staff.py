"""Employees compared with the users of a workspace, by e-mail address. Pure: nothing is read or written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connections.vendors.acumatica.api import Employee
from connections.vendors.asana.roster import Member

# One address and nothing else: a list of several, or a name beside it, is for a person to put right.
ADDRESS = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>()]+")
LEFT = "Inactive"


class Why(StrEnum):
    """Why a user who is no active employee stays."""

    OURSELVES = "ourselves"
    UNSEEN = "unseen"
    GUEST = "guest"
    FOREIGN = "foreign"
    KEPT = "kept"
    ADMIN = "admin"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rules:
    """Whose users are ours to invite and remove. No `domains`: every address may belong to the company."""

    domains: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    removes_unknown: bool = False

    def is_ours(self, address: str) -> bool:
        return not self.domains or address.rpartition("@")[2] in self.domains


@dataclass(frozen=True)
class Leaver:
    """A user to be removed; `employee` is None for one whom Acumatica does not know."""

    member: Member
    address: str
    employee: Employee | None


@dataclass(frozen=True)
class Difference:
    """What differs, each list in the order of names. Only `missing` and `leavers` may be acted upon."""

    missing: tuple[Employee, ...] = ()
    leavers: tuple[Leaver, ...] = ()
    # Active employees whom nobody can invite: no address, or one that is none or not the company's.
    without_address: tuple[Employee, ...] = ()
    foreign_address: tuple[Employee, ...] = ()
    # Address -> the active employees who share it; they count as one person.
    shared: tuple[tuple[str, tuple[Employee, ...]], ...] = ()
    stays: tuple[tuple[Member, Why], ...] = ()
    # How many people belong to the workspace, and how many of them are active employees.
    present: int = 0
    agreeing: int = 0
    # Whether the address of at least one user could be read.
    is_seen: bool = False


def address_of(text: str) -> str:
    """' Anna.Beispiel@Muster.example ' as 'anna.beispiel@muster.example'; "" for what is not one address."""
    stripped = text.strip().casefold()
    return stripped if ADDRESS.fullmatch(stripped) else ""


def compare(employees: Sequence[Employee], members: Iterable[Member], rules: Rules, *, me: str) -> Difference:
    """What differs between the active employees and the users; `me` is the gid of the connection's own user.

    An employee who is neither active nor inactive (on hold) is neither invited nor removed. Of several with
    the same address an active one counts. Guests, foreign domains, administrators and kept addresses stay.
    """
    active, left, unclear = _by_address(employees)
    people = [member for member in members if member.is_active]
    present = {address for member in people if (address := address_of(member.email))}
    leavers, stays = [], []
    for member in sorted(people, key=lambda one: (one.name.casefold(), one.gid)):
        address = address_of(member.email)
        if address in active:
            continue
        why = _why_stays(member, address, rules, me)
        if why is None and address in unclear:
            why = Why.UNCLEAR
        if why is None and address not in left and not rules.removes_unknown:
            why = Why.UNKNOWN
        if why is None:
            leavers.append(Leaver(member, address, left.get(address)))
        else:
            stays.append((member, why))
    wanted = {address: found[0] for address, found in active.items() if address not in present}
    nameless = [one for one in employees if one.is_active and not address_of(one.email)]
    return Difference(
        missing=_sorted(one for address, one in wanted.items() if rules.is_ours(address)),
        leavers=tuple(leavers),
        without_address=_sorted(nameless),
        foreign_address=_sorted(one for address, one in wanted.items() if not rules.is_ours(address)),
        shared=tuple((address, tuple(found)) for address, found in sorted(active.items()) if len(found) > 1),
        stays=tuple(stays),
        present=len(people),
        agreeing=len(active.keys() & present),
        is_seen=bool(present),
    )


def _by_address(
    employees: Iterable[Employee],
) -> tuple[dict[str, list[Employee]], dict[str, Employee], dict[str, Employee]]:
    """Active, inactive and other employees by address."""
    active: dict[str, list[Employee]] = defaultdict(list)
    left: dict[str, Employee] = {}
    unclear: dict[str, Employee] = {}
    for one in sorted(employees, key=lambda one: one.number):
        address = address_of(one.email)
        if not address:
            continue
        if one.is_active:
            active[address].append(one)
        elif one.status == LEFT:
            left.setdefault(address, one)
        else:
            unclear.setdefault(address, one)
    return active, left, unclear


def _why_stays(member: Member, address: str, rules: Rules, me: str) -> Why | None:
    """The reason that stands whatever Acumatica says about the person; None if there is none."""
    reasons = (
        (Why.OURSELVES, member.gid == me),
        (Why.UNSEEN, not address),
        (Why.GUEST, member.is_guest),
        (Why.FOREIGN, not rules.is_ours(address)),
        (Why.KEPT, address in rules.kept),
        (Why.ADMIN, member.is_admin),
    )
    return next((why for why, holds in reasons if holds), None)


def _sorted(employees: Iterable[Employee]) -> tuple[Employee, ...]:
    return tuple(sorted(employees, key=lambda one: (one.name.casefold(), one.number)))
