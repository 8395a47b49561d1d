"""The rows by which a difference between employees and users is shown to people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connections.messages import DataFault, Message, say
from connections.vendors.acumatica.api import Employee
from pairs.definitions.acumatica_asana.staff import Difference, Leaver, Why

# Guests, people with other addresses and whoever stays by setting are no news to anybody.
TOLD: Mapping[Why, Callable[[], Message]] = {
    Why.ADMIN: lambda: say("No active employee, but an administrator of the workspace, so the user stays."),
    Why.UNCLEAR: lambda: say("The employee is neither active nor inactive in Acumatica; the user stays."),
    Why.UNKNOWN: lambda: say("Acumatica knows no employee with this address; the user stays."),
    Why.UNSEEN: lambda: say("Asana does not show the address of this user, who therefore stays."),
}


def to_be_made(difference: Difference) -> list[DataFault]:
    """Whom a person would have to invite and to remove."""
    return [*map(missing, difference.missing), *leavers(difference)]


def leavers(difference: Difference) -> list[DataFault]:
    return [*map(leaver, difference.leavers)]


def missing(employee: Employee) -> DataFault:
    return DataFault(
        "To be invited",
        _named(employee),
        say("Active in Acumatica, and no user of the workspace has this address."),
    )


def leaver(one: Leaver) -> DataFault:
    return DataFault(
        "To be removed",
        f"{one.member.name}, {one.address}",
        say("Employee %(number)s is inactive in Acumatica.", number=one.employee.number)
        if one.employee
        else say("Acumatica knows no employee with this address."),
    )


def undone(row: DataFault) -> DataFault:
    return DataFault(
        row.field,
        row.value,
        say("This was done once already, and somebody has undone it; it is not done again."),
        say("Do it in Asana, or correct the employee in Acumatica."),
    )


def not_allowed(row: DataFault) -> DataFault:
    return DataFault(
        row.field,
        row.value,
        say("The user of the Asana connection is no administrator of the workspace."),
        say("Let an administrator remove the user, or let one sign in for the connection."),
    )


def refused(row: DataFault, why: Message) -> DataFault:
    return DataFault(row.field, row.value, why, say("Do it in Asana, or remove the reason and try again."))


def others(difference: Difference) -> list[DataFault]:
    """What stays as it is and what a person should know of."""
    rows = [
        DataFault(
            "Employee without an address",
            f"{one.name} ({one.number})",
            say("'%(address)s' is not one e-mail address.", address=one.email)
            if one.email
            else say("There is no e-mail address in Acumatica."),
            say("Enter it at the employee's contact (EP203000)."),
        )
        for one in difference.without_address
    ]
    rows += [
        DataFault(
            "Employee with another address",
            _named(one),
            say("The address is not of your domains, so nobody is invited by it."),
            say("Correct it in Acumatica, or add the domain in the integration."),
        )
        for one in difference.foreign_address
    ]
    rows += [
        DataFault(
            "Several employees with one address",
            address,
            say("They are taken for one person: %(names)s", names=", ".join(map(_plain, employees))),
            say("Give each of them an address of their own in Acumatica."),
        )
        for address, employees in difference.shared
    ]
    rows += [
        DataFault("User who stays", f"{member.name}, {member.email or '?'}", TOLD[why]())
        for member, why in difference.stays
        if why in TOLD
    ]
    return rows


def _named(employee: Employee) -> str:
    return f"{_plain(employee)}, {employee.email.strip()}"


def _plain(employee: Employee) -> str:
    return f"{employee.name} ({employee.number})"
