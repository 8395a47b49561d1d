"""Employees and users of the workspace: compared, shown, and never more changed than a person has allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connections import clock
from connections.models import CallLog, Effect
from connections.vendors.acumatica.api import Employee
from connections.vendors.asana.roster import Member
from pairs import actions, checks, registry, work
from pairs.admin import record_page
from pairs.definitions.acumatica_asana.staff import Rules, Why, compare
from pairs.models import Cursor, Integration, Record, RecordState
from tests import factories

# --- The comparison ---

DOMAIN = frozenset({"muster.example"})


def employee(number: str, email: str, status: str = "Active") -> Employee:
    return Employee(
        id=number,
        number=number,
        name=f"Person {number}",
        email=email,
        first_name="",
        last_name="",
        status=status,
        branch="MAIN",
        department="",
        reports_to="",
        modified_at=None,
    )


def member(gid: str, email: str, **more: Any) -> Member:
    flags = {"is_active": True, "is_admin": False, "is_guest": False} | more
    return Member(gid=gid, name=f"User {gid}", email=email, **flags)


def test_addresses_are_compared_whatever_their_case_and_blanks() -> None:
    anna, user = employee("1", " Anna@Muster.example "), member("9", "anna@muster.EXAMPLE ")
    found = compare([anna], [user], Rules(), me="")
    assert (found.missing, found.leavers, found.agreeing) == ((), (), 1)


def test_only_who_left_is_removed_and_everybody_else_stays_with_a_reason() -> None:
    employees = [
        employee("1", "left@muster.example", "Inactive"),
        employee("2", "back@muster.example", "Inactive"),
        employee("3", "back@muster.example"),
        employee("4", "hold@muster.example", "On Hold"),
        employee("gone", "gone@other.example", "Inactive"),
        employee("guest", "guest@muster.example", "Inactive"),
        *(employee(n, f"{n}@muster.example", "Inactive") for n in ("admin", "service", "me")),
    ]
    members = [
        member("1", "left@muster.example"),
        member("2", "back@muster.example"),
        member("3", "hold@muster.example"),
        member("4", "gone@other.example"),
        member("5", "guest@muster.example", is_guest=True),
        member("6", "admin@muster.example", is_admin=True),
        member("7", "service@muster.example"),
        member("8", "me@muster.example"),
        member("9", "stranger@muster.example"),
        member("10", ""),
        member("11", "left@muster.example", is_active=False),
    ]
    rules = Rules(domains=DOMAIN, kept=frozenset({"service@muster.example"}))
    found = compare(employees, members, rules, me="8")
    assert [leaver.member.gid for leaver in found.leavers] == ["1"]
    assert {one.gid: why for one, why in found.stays} == {
        "3": Why.UNCLEAR,
        "4": Why.FOREIGN,
        "5": Why.GUEST,
        "6": Why.ADMIN,
        "7": Why.KEPT,
        "8": Why.OURSELVES,
        "9": Why.UNKNOWN,
        "10": Why.UNSEEN,
    }
    assert found.present == 10
    also = compare(employees, members, replace(rules, removes_unknown=True), me="8")
    assert [leaver.member.gid for leaver in also.leavers] == ["1", "9"]


def test_whom_nobody_can_invite_is_told_and_one_address_is_one_person() -> None:
    employees = [
        employee("1", ""),
        employee("2", "a@muster.example; b@muster.example"),
        employee("3", "both@muster.example"),
        employee("4", "BOTH@muster.example"),
        employee("5", "private@mail.example"),
        employee("6", "", "Inactive"),
    ]
    found = compare(employees, [], Rules(domains=DOMAIN), me="")
    assert [one.number for one in found.missing] == ["3"]
    assert [one.number for one in found.without_address] == ["1", "2"]
    assert [(address, len(people)) for address, people in found.shared] == [("both@muster.example", 2)]
    assert [one.number for one in found.foreign_address] == ["5"]


# --- Stories ---


class Roster:
    """An integration of which the roster alone runs: ten employees, of whom eight are users."""

    def __init__(self, acumatica: Any, asana: Any, **settings: Any) -> None:
        self.acumatica, self.asana = acumatica, asana
        asana.known.get("user", asana.connector).is_admin = True
        before = [user.email for user in asana.known.all("user")]
        self.employees = {}
        for number in range(1, 11):
            name, address = f"Person Nr{number}", f"nr{number}@muster.example"
            self.employees[number] = acumatica.add_employee(name, address, number=f"EP{number:02}")
            if number <= 8:
                asana.add_user(name, address.upper())
        self.integration = Integration.objects.create(
            name="Belegschaft",
            pair="acumatica_asana",
            source=factories.acumatica_connection(acumatica),
            target=factories.asana_connection(asana),
            is_on=True,
            settings={
                "project": asana.add_project("Freigaben"),
                "roster_domains": "muster.example",
                "roster_kept": "\n".join(before),
                "roster_percent_removed": 50,
            }
            | settings,
        )

    def work(self) -> Record:
        """An hour later; the record of the roster."""
        for one in (clock, self.acumatica.clock, self.asana.clock):
            one.advance(timedelta(hours=1))
        Cursor.objects.update(due_at=clock.now())
        while work.everything():
            pass
        return self.record

    def set(self, **settings: Any) -> None:
        self.integration.settings |= settings
        self.integration.save()

    def leave(self, *numbers: int) -> None:
        for number in numbers:
            self.acumatica.deactivate_employee(self.employees[number])

    @property
    def record(self) -> Record:
        return Record.objects.get(integration=self.integration)

    def user(self, number: int) -> Any:
        found = self.asana.known.all("user")
        return next(user for user in found if user.email.lower() == f"nr{number}@muster.example")

    @property
    def users(self) -> set[int]:
        """The numbers of the persons who are users."""
        found = [user for user in self.asana.known.all("user") if self.asana.workspace in user.workspaces]
        names = [user.email.partition("@")[0].lower() for user in found]
        return {int(name[2:]) for name in names if name.startswith("nr")}


@pytest.fixture
def only_the_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    real = registry.pair("acumatica_asana")
    pair = replace(real, flows=(real.flow("roster"),))
    monkeypatch.setattr(registry, "pairs", lambda: {pair.key: pair})


@pytest.fixture
def roster(db: None, only_the_roster: None, acumatica: Any, asana: Any) -> Roster:
    return Roster(acumatica, asana)


def writes() -> int:
    """Calls to Asana that change something."""
    return CallLog.objects.filter(connection__vendor="asana").exclude(method="GET").count()


def rows(record: Record) -> list[tuple[str, str]]:
    return [(row["field"], row["value"].partition(" (")[0].partition(",")[0]) for row in record.faults]


def test_by_default_the_difference_is_shown_and_nobody_is_changed(roster: Roster) -> None:
    roster.leave(1)
    roster.acumatica.add_employee("Ohne Adresse", "")
    record = roster.work()
    assert record.state == RecordState.DONE and writes() == 0
    assert rows(record) == [
        ("To be invited", "Person Nr10"),
        ("To be invited", "Person Nr9"),
        ("To be removed", "Person Nr1"),
        ("Employee without an address", "Ohne Adresse"),
    ]
    roster.set(roster="off")
    assert not roster.work().faults
    calls = CallLog.objects.count()
    roster.work()
    assert CallLog.objects.count() == calls


def test_people_are_invited_and_removed_once_and_what_others_undo_stays_undone(roster: Roster) -> None:
    roster.set(roster="add_and_remove")
    roster.leave(1)
    assert roster.work().state == RecordState.DONE
    assert roster.users == {2, 3, 4, 5, 6, 7, 8, 9, 10}
    assert [row["name"] for row in record_page.page(roster.record)["effects"]] == [
        "Invitation to the workspace",
        "Invitation to the workspace",
        "Removal from the workspace",
    ]
    made = writes()
    assert made == 3 and not roster.work().faults and writes() == made

    # Somebody takes one of them away again and lets the other one back in: that is theirs to decide.
    nr1, nr9 = roster.user(1), roster.user(9)
    nr1.workspaces.append(roster.asana.workspace)
    nr9.workspaces.remove(roster.asana.workspace)
    record = roster.work()
    assert record.state == RecordState.DONE and writes() == made
    assert rows(record) == [("To be invited", "Person Nr9"), ("To be removed", "Person Nr1")]

    # Whoever comes back is invited once more, whoever leaves again is removed once more.
    nr1.workspaces.remove(roster.asana.workspace)
    roster.acumatica.change_employee(roster.employees[1], status="Active")
    roster.work()
    assert 1 in roster.users
    roster.leave(1)
    roster.work()
    assert 1 not in roster.users and writes() == made + 2


def test_too_many_at_once_wait_until_a_person_has_confirmed_this_very_list(roster: Roster) -> None:
    roster.set(roster="add_and_remove", roster_most_removed=2)
    roster.leave(1, 2, 3)
    record = roster.work()
    assert record.state == RecordState.TO_CONFIRM and writes() == 0 and len(record.faults) == 5

    # One more has left since the list was shown: it is shown again.
    roster.leave(4)
    actions.decide(record, "confirm_roster", by="anna")
    record = roster.work()
    assert record.state == RecordState.TO_CONFIRM and writes() == 0 and len(record.faults) == 6

    # An answer is lost on the way; the confirmation holds for the removals that are left.
    roster.asana.fail("POST /workspaces/*/removeUser", "drop after", skip=1, times=1)
    actions.decide(record, "confirm_roster", by="anna")
    assert roster.work().state == RecordState.UNKNOWN
    assert roster.work().state == RecordState.DONE
    assert roster.users == {5, 6, 7, 8, 9, 10} and writes() == 6
    assert not Effect.objects.exclude(state="done").exists()

    # Three in a day are too many as well, however many there are at once.
    roster.leave(5)
    assert roster.work().state == RecordState.TO_CONFIRM


@pytest.mark.parametrize("broken", ["empty", "without addresses", "unseen"])
def test_lists_that_cannot_be_true_change_nobody(roster: Roster, broken: str) -> None:
    roster.set(
        roster="add_and_remove", roster_unknown=True, roster_percent_removed=100, roster_most_removed=99
    )
    if broken == "empty":
        roster.acumatica.fail("GET /Employee", "500", status=200, body=[], times=9)
    elif broken == "without addresses":
        for ref in roster.employees.values():
            roster.acumatica.change_employee(ref, email="")
    else:
        for user in roster.asana.known.all("user"):
            user.email = ""
    assert roster.work().state == RecordState.REFUSED and writes() == 0


def test_removals_that_the_token_may_not_make_are_left_to_a_person(roster: Roster) -> None:
    roster.asana.known.get("user", roster.asana.connector).is_admin = False
    roster.set(roster="add_and_remove")
    roster.leave(1)
    record = roster.work()
    assert record.state == RecordState.CONFIG
    assert rows(record) == [("To be removed", "Person Nr1")]
    assert roster.users >= {1, 9, 10} and writes() == 2


def test_removing_needs_the_domains_of_the_company(roster: Roster) -> None:
    roster.set(roster="add_and_remove", roster_domains="", roster_kept="not an address")
    assert {fault.field for fault in checks.faults_of(roster.integration)} == {
        "Domains of your e-mail addresses",
        "Users who always stay",
    }
