""" "Test connection": who we are, what we may read, whether changes are tracked, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from connections import clock
from connections.base import Checkup, Rate
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.vendors.dynamics import facts as learned
from connections.vendors.dynamics.batch import Part, PartAnswer
from connections.vendors.dynamics.client import Client, key_path, page_size
from connections.vendors.dynamics.errors import TRACKING_OFF
from connections.vendors.dynamics.facts import Facts
from connections.vendors.dynamics.values import Row

if TYPE_CHECKING:
    from connections.models import Connection

# Source: Dataverse "Service protection API limits" (read 2026-11): 6,000 requests in 300 s for each user and
# server, 52 at once. Microsoft advises few calls at a time.
CALLS_PER_MINUTE = 1000
BURST = 20
WARN_BEFORE = timedelta(days=28)

# Table -> its set; each is needed, at the level of the organisation.
READ: Mapping[str, str] = {
    "invoice": "invoices",
    "invoicedetail": "invoicedetails",
    "account": "accounts",
    "contact": "contacts",
    "salesorder": "salesorders",
    "transactioncurrency": "transactioncurrencies",
    "annotation": "annotations",
}
TRACKED = ("invoice", "invoicedetail", "account", "contact")
FOR_WEBHOOKS = ("serviceendpoints", "sdkmessages", "sdkmessagefilters", "sdkmessageprocessingsteps")


class Right(NamedTuple):
    """A right by the name it has in Dataverse, and what it is for."""

    name: str
    purpose: Message


# Lines have no right of their own, they follow the invoice.
NEEDED_RIGHTS = (
    "prvReadInvoice",
    "prvReadAccount",
    "prvReadContact",
    "prvReadSalesOrder",
    "prvReadTransactionCurrency",
    "prvReadNote",
)
# Depth of a right over the whole organisation, as name or number. Source: Dataverse, PrivilegeDepth.
WHOLE_ORGANISATION = ("global", "3")
OPTIONAL_RIGHTS = (
    Right("prvWriteInvoice", say("writing results back into the invoice")),
    Right("prvCreateServiceEndpoint", say("registering webhooks")),
    Right("prvCreateSdkMessageProcessingStep", say("registering webhooks")),
)


def rate(connection: Connection) -> Rate:
    return Rate(per_minute=CALLS_PER_MINUTE, burst=BURST)


def check(connection: Connection) -> Checkup:
    """Two calls: who we are, then everything else in one batch."""
    learned.zone_of(connection)
    client = Client(connection)
    who = Row(client.get("/WhoAmI"))
    organization_id, user_id = who.guid("OrganizationId"), who.guid("UserId")
    probes = _probes(client, user_id)
    answers = client.batch([*probes, *learned.fact_parts(client)])
    findings = Findings(client)
    findings.look(answers[: len(probes)])
    try:
        found = learned.facts_from(client, organization_id, user_id, answers[len(probes) :])
    except (ConfigurationError, RejectedError) as error:
        findings.missing.append(error.message)
    else:
        learned.keep(connection, found)
        findings.describe(found)
    findings.missing += _ending_soon(connection)
    return Checkup(
        who=findings.user or user_id,
        may=findings.may,
        missing=findings.missing,
        facts={"organization": organization_id, "user": user_id},
    )


def _probes(client: Client, user_id: str) -> list[Part]:
    """The user, its rights, one row of each table, the changes of those that are tracked, webhooks."""
    user = key_path("systemusers", user_id)
    one = {"$top": "1"}
    tracking = ("odata.track-changes", page_size(1))
    return [
        client.part(user, {"$select": "fullname"}),
        client.part(f"{user}/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"),
        *(
            client.part(f"/{entity_set}", {"$select": f"{table}id"} | one)
            for table, entity_set in READ.items()
        ),
        *(client.part(f"/{READ[table]}", {"$select": f"{table}id"}, wishes=tracking) for table in TRACKED),
        *(
            client.part(f"/{entity_set}", {"$select": f"{entity_set[:-1]}id"} | one)
            for entity_set in FOR_WEBHOOKS
        ),
    ]


class Findings:
    """Collects what may be done and what is missing, table by table."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.user = ""
        self.may: list[Message] = []
        self.missing: list[Message] = []

    def look(self, answers: Sequence[PartAnswer]) -> None:
        user, rights, *rest = answers
        self.user = self._name_of(user)
        tables, tracked = rest[: len(READ)], rest[len(READ) : len(READ) + len(TRACKED)]
        readable = {table: self._may_read(table, answer) for table, answer in zip(READ, tables, strict=True)}
        for table, answer in zip(TRACKED, tracked, strict=True):
            if readable[table]:
                self._look_at_tracking(table, answer)
        self._look_at_rights(rights)
        self._look_at_webhooks(rest[len(READ) + len(TRACKED) :])

    def _name_of(self, answer: PartAnswer) -> str:
        """The application user's name; the right to read users is not needed for anything else."""
        if answer.status in (403, 404):
            return ""
        return Row(self.client.object_of(answer)).text("fullname")

    def _may_read(self, table: str, answer: PartAnswer) -> bool:
        try:
            self.client.listing_of(answer)
        except (ConfigurationError, RejectedError) as error:
            self.missing.append(say("%(table)s: %(reason)s", table=table, reason=error.message))
            return False
        self.may.append(say("The table '%(table)s' can be read.", table=table))
        return True

    def _look_at_tracking(self, table: str, answer: PartAnswer) -> None:
        """Dataverse lists changes only to who may read the table of the whole organisation."""
        try:
            found = self.client.listing_of(answer)
        except (ConfigurationError, RejectedError) as error:
            if error.code != TRACKING_OFF and error.status == 403:
                self.missing.append(
                    say(
                        "%(table)s: changes are listed only to a user who may read the table of the whole "
                        "organisation. Set the right to read it to the level 'Organization'. %(reason)s",
                        table=table,
                        reason=error.message,
                    )
                )
            else:
                self.missing.append(say("%(table)s: %(reason)s", table=table, reason=error.message))
            return
        if not (found.next_link or found.delta_link):
            self.missing.append(
                say(
                    "Change tracking is not switched on for the table '%(table)s'. In Power Apps "
                    "(make.powerapps.com) open the table, Properties, Advanced options, tick 'Track changes' "
                    "and save.",
                    table=table,
                )
            )
            return
        self.may.append(say("Changes of the table '%(table)s' are tracked.", table=table))

    def _look_at_rights(self, answer: PartAnswer) -> None:
        """What reading one row does not show: how far a right reaches, and the rights to write.

        Not every environment lists them, and then the reading itself has to do.
        """
        held = _rights(self.client.object_of(answer)) if answer.status == 200 else {}
        if not held:
            return
        for name in NEEDED_RIGHTS:
            if held.get(name.lower(), WHOLE_ORGANISATION[0]) not in WHOLE_ORGANISATION:
                self.missing.append(
                    say(
                        "The right %(right)s does not reach the whole organisation, so some rows would be "
                        "overlooked. Set it to the level 'Organization' in the security role.",
                        right=name,
                    )
                )
        self.may += [
            say("The right %(right)s is there: %(purpose)s.", right=right.name, purpose=right.purpose)
            if right.name.lower() in held
            else say("Without the right %(right)s: no %(purpose)s.", right=right.name, purpose=right.purpose)
            for right in OPTIONAL_RIGHTS
        ]

    def _look_at_webhooks(self, answers: Sequence[PartAnswer]) -> None:
        """Without them nothing is lost: the scheduled reading finds every change."""
        try:
            for answer in answers:
                self.client.listing_of(answer)
        except (ConfigurationError, RejectedError) as error:
            self.may.append(
                say(
                    "Webhooks can't be registered by this user, so changes are found by the scheduled "
                    "reading alone. %(reason)s",
                    reason=error.message,
                )
            )
        else:
            self.may.append(say("Webhooks can be looked up."))

    def describe(self, facts: Facts) -> None:
        """Organisation, currency, tax, and how long changes are kept."""
        self.may.append(
            say("Organisation: %(name)s (%(id)s)", name=facts.name or "?", id=facts.organization_id)
        )
        self.may.append(say("Base currency: %(currency)s", currency=facts.base_currency or "?"))
        self.may.append(
            say(
                "Tax: Dynamics keeps an amount for each line and no rate. Prices and totals are computed by "
                "a plug-in of your own, not by Dynamics."
            )
            if facts.computes_prices is False
            else say(
                "Tax: Dynamics keeps an amount for each line and no rate, and computes the totals itself."
            )
        )
        if facts.keeps_changes_days is not None:
            self.may.append(
                say(
                    "Changes are kept for %(days)s days; after a longer standstill everything is read again.",
                    days=facts.keeps_changes_days,
                )
            )
        if not facts.base_currency:
            self.missing.append(
                say(
                    "Dynamics did not tell the base currency. Give the application user the right to read "
                    "currencies."
                )
            )


def _rights(answer: Mapping[str, Any]) -> dict[str, str]:
    """Name of each right that the user holds -> how far it reaches, both in lower case."""
    rows = answer.get("RolePrivileges")
    found = [Row(raw) for raw in rows if isinstance(raw, Mapping)] if isinstance(rows, list) else []
    return {
        row.text("PrivilegeName").lower(): row.text("Depth").lower()
        for row in found
        if row.text("PrivilegeName")
    }


def _ending_soon(connection: Connection) -> list[Message]:
    """Microsoft sends no warning before a secret ends; the date is what the admin entered."""
    text = str(connection.setting("secret_ends_on")).strip()
    if not text:
        return []
    try:
        ends_on = date.fromisoformat(text)
    except ValueError:
        return [say("The end of the secret, '%(text)s', is not a date such as 2027-11-30.", text=text)]
    if ends_on - clock.now().date() > WARN_BEFORE:
        return []
    return [
        say(
            "The secret or certificate ends on %(day)s. Make a new one in Microsoft Entra, enter it at the "
            "connection, and correct the date.",
            day=ends_on.isoformat(),
        )
    ]
