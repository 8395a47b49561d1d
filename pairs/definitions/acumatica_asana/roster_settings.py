"""What a finance admin chooses for the roster: whether people are compared, invited and removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connections.base import SettingField
from connections.messages import DataFault, say
from pairs.definitions.acumatica_asana.staff import Rules, address_of

if TYPE_CHECKING:
    from pairs.engine import FlowContext
    from pairs.models import Integration

OFF, COMPARE, ADD, ADD_AND_REMOVE = "off", "compare", "add", "add_and_remove"
DOMAIN = re.compile(r"[^@\s,;]+\.[^@\s,;]+")

ROSTER = (
    SettingField(
        "roster",
        "Employees and users of Asana",
        "choice",
        default=COMPARE,
        choices=(
            (OFF, "are left alone"),
            (COMPARE, "are compared; the difference is shown"),
            (ADD, "are compared; missing people are invited"),
            (ADD_AND_REMOVE, "are compared; missing people are invited, those who have left are removed"),
        ),
        help_text="Compared by e-mail address each hour. An invitation may use up a seat that is paid for. "
        "Only an administrator of the workspace may remove somebody; what that user owned goes to the "
        "user of the connection.",
    ),
    SettingField(
        "roster_domains",
        "Domains of your e-mail addresses",
        "multiline",
        help_text="Such as example.org, one per line. Nobody with another address is invited or removed. "
        "Guests are never removed.",
    ),
    SettingField(
        "roster_kept",
        "Users who always stay",
        "multiline",
        help_text="E-mail addresses, one per line: service users, and whoever works for you without being an "
        "employee. The user of the connection and administrators stay anyway.",
    ),
    SettingField(
        "roster_unknown",
        "Also remove users whom Acumatica does not know",
        "bool",
        default=False,
        help_text="Off: only users whose employee is inactive in Acumatica are removed.",
    ),
    SettingField(
        "roster_most_removed",
        "Removals within a day without asking",
        "integer",
        default=3,
        help_text="More than that wait until a person confirms the list.",
    ),
    SettingField(
        "roster_percent_removed",
        "and at most this part of all users (percent)",
        "integer",
        default=10,
        help_text="More than that wait until a person confirms the list.",
    ),
    SettingField(
        "roster_most_invited",
        "Invitations within a day without asking",
        "integer",
        default=20,
        help_text="More than that wait until a person confirms the list.",
    ),
)
LIMITS = ("roster_most_removed", "roster_percent_removed", "roster_most_invited")


def rules(context: FlowContext) -> Rules:
    return Rules(
        domains=frozenset(line.lstrip("@") for line in _lines(context.setting("roster_domains"))),
        kept=frozenset(_lines(context.setting("roster_kept"))),
        removes_unknown=bool(context.setting("roster_unknown")),
    )


def faults(integration: Integration) -> Iterator[DataFault]:
    """What of these settings is missing or can't be read."""
    domains = _lines(integration.setting("roster_domains"))
    if integration.setting("roster") == ADD_AND_REMOVE and not domains:
        yield DataFault(
            _label("roster_domains"),
            "",
            say("Without them nobody could tell your users from those of other companies."),
            say("Enter the domains of your own e-mail addresses."),
        )
    for domain in domains:
        if not DOMAIN.fullmatch(domain.lstrip("@")):
            yield DataFault(
                _label("roster_domains"),
                domain,
                say("This is not a domain."),
                say("Write it as example.org."),
            )
    for address in _lines(integration.setting("roster_kept")):
        if not address_of(address):
            yield DataFault(
                _label("roster_kept"),
                address,
                say("This is not an e-mail address."),
                say("Enter one address per line."),
            )
    for key in LIMITS:
        if int(integration.setting(key)) < 0:
            yield DataFault(
                _label(key),
                str(integration.setting(key)),
                say("This must not be negative."),
                say("Enter 0 or more."),
            )


def _lines(text: object) -> list[str]:
    return [line.strip().casefold() for line in str(text or "").splitlines() if line.strip()]


def _label(key: str) -> str:
    return next(field.label for field in ROSTER if field.key == key)
