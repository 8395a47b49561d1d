""" "Test connection", the lists that the admin chooses from, and what must be said beside a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import gettext_noop as _

from connections.base import Checkup, Option, Rate
from connections.errors import ConfigurationError, RejectedError
from connections.messages import Message, say
from connections.oauth import redirect_uri
from connections.vendors.jira import login, places, sites, talk
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.client import Client
from connections.vendors.jira.errors import OPTIONAL_FAULTS
from connections.vendors.jira.external import KINDS
from connections.vendors.jira.places import User
from connections.vendors.jira.sites import Site

if TYPE_CHECKING:
    from connections.models import Connection

# Jira takes 20 writes to one issue in 2 seconds, and 100 in 30. With 180 calls a minute, 9 of them at once,
# no issue can get more than 15 and 99, whatever they are for. An hour has some 10,800 calls then; 65,000
# points are allowed (a call is one, and one for each issue that it reads). Each kind of call may be made 50
# times a second and more. Source: Jira Cloud "Rate limiting" (read 2026-11).
MOST_CALLS_PER_MINUTE = 3000
CALLS_AT_ONCE = 40
LISTED_SITES = 10

PERMISSION_NAMES = {
    "BROWSE_PROJECTS": _("browse projects"),
    "CREATE_ISSUES": _("create issues"),
    "ADD_COMMENTS": _("add comments"),
    "CREATE_ATTACHMENTS": _("create attachments"),
    "TRANSITION_ISSUES": _("transition issues"),
}
CATEGORY_NAMES = {
    "new": _("to do"),
    "indeterminate": _("in progress"),
    "done": _("done"),
    "undefined": _("no category"),
}


def rate(connection: Connection) -> Rate:
    allowed = min(max(int(connection.setting("calls_per_minute")), 1), MOST_CALLS_PER_MINUTE)
    return Rate(per_minute=allowed, burst=min(max(allowed // 20, 1), CALLS_AT_ONCE))


def check(connection: Connection) -> Checkup:
    """Which sites are open, who we are at the chosen one, what we may do there, and what is missing."""
    findings = Findings(connection)
    site = findings.look_at_sites()
    if site is not None:
        findings.look_at_scopes(site)
        findings.look_at_user()
        findings.look_at_rights()
        findings.look_at_attachments()
        findings.look_at_webhooks()
    return Checkup(findings.who, findings.may, findings.missing, findings.facts)


class Findings:
    """Collects what may be done and what is missing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = JiraApi(connection).client
        self.who = ""
        self.may: list[Message] = []
        self.missing: list[Message] = []
        self.facts: dict[str, Any] = {}

    def look_at_sites(self) -> Site | None:
        """The chosen site, if it is open; its address is kept for links to issues."""
        found = sites.sites(self.client)
        self.facts["sites"] = [{"id": site.id, "name": site.name, "url": site.url} for site in found]
        self.may += [
            say("Jira site: %(name)s (%(url)s)", name=site.name, url=site.url)
            for site in found[:LISTED_SITES]
        ]
        wanted = str(self.connection.setting("site") or "")
        site = next((site for site in found if site.id == wanted), None)
        if not found:
            self.missing.append(
                say(
                    "No Jira site is open to this sign-in. Sign in with a user of your Jira site and allow "
                    "the access to that site."
                )
            )
        elif not wanted:
            self.missing.append(say("Choose the Jira site in the settings of this connection and save."))
        elif site is None:
            self.missing.append(sites.not_open(wanted))
        else:
            sites.remember(self.connection, {"sites": {site.id: site.url}})
        return site

    def look_at_scopes(self, site: Site) -> None:
        """What was granted for this site; a scope that was added to the app later needs a new sign-in."""
        asked = login.site_scopes(self.connection)
        # A site is listed with what earlier sign-ins were granted too.
        held = site.scopes & login.granted_scopes(self.connection)
        granted = [scope for scope in asked if scope in held]
        refused = [scope for scope in asked if scope not in held]
        self.may.append(say("Permissions (scopes): %(scopes)s", scopes=", ".join(granted)))
        if refused:
            self.missing.append(
                say(
                    "These permissions (scopes) are missing: %(scopes)s. Add them to the app in Atlassian's "
                    "developer console, then sign in again.",
                    scopes=", ".join(refused),
                )
            )

    def look_at_user(self) -> None:
        user = places.myself(self.client)
        self.who = _named(user)
        self.facts["account"] = user.account
        known = sites.remembered(self.connection).get("account")
        if known and known != user.account:
            self.missing.append(
                say(
                    "Another Jira user has signed in than before. Webhooks of the earlier user stay until "
                    "they end, and comments now bear another name. If that is right, test once more."
                )
            )
        sites.remember(self.connection, {"account": user.account})

    def look_at_rights(self) -> None:
        """Rights in any project; those in the chosen one are for the integration's own check."""
        held = places.permissions(self.client, places.NEEDED_PERMISSIONS)
        lacking = [str(Message(PERMISSION_NAMES[name])) for name, is_held in held.items() if not is_held]
        if lacking:
            self.missing.append(
                say(
                    "In no project has the user of this connection these rights: %(rights)s. Ask a Jira "
                    "administrator for a role in the project.",
                    rights=", ".join(lacking),
                )
            )
        else:
            self.may.append(say("Issues can be read, created, commented and moved in at least one project."))

    def look_at_attachments(self) -> None:
        limit = talk.upload_limit(self.client)
        if limit.is_on:
            self.may.append(say("Files of up to %(size)s MB can be attached.", size=limit.max_bytes // 10**6))
        else:
            self.missing.append(
                say(
                    "Attachments are switched off in Jira, so protocols can't be attached. A Jira "
                    "administrator switches them on under System, Attachments."
                )
            )

    def look_at_webhooks(self) -> None:
        kind = self.connection.setting("webhooks")
        if kind == "admin" and not self.connection.secrets.get("webhook_secret"):
            self.missing.append(
                say(
                    "The secret of the administrator's webhook is missing. Enter the same one here and in "
                    "Jira; until then deliveries are refused."
                )
            )
        if kind != "dynamic":
            return
        try:
            count = sum(1 for _hook in Client(self.connection, faults=OPTIONAL_FAULTS).listed("/webhook"))
        except (ConfigurationError, RejectedError) as error:
            self.missing.append(error.message)
        else:
            self.may.append(say("Webhooks can be registered; %(count)s of 5 are.", count=count))


def _named(user: User) -> str:
    return f"{user.name} ({user.email})" if user.email else user.name or user.account


# --- lists for the admin ----------------------------------------------------------------------------------


def list_sites(connection: Connection, parent: str) -> list[Option]:
    return [Option(site.id, f"{site.name} ({site.url})", "site") for site in JiraApi(connection).sites()]


def list_projects(connection: Connection, parent: str) -> list[Option]:
    return [
        Option(project.id, f"{project.key} - {project.name}", "project")
        for project in JiraApi(connection).projects()
    ]


def list_issue_types(connection: Connection, parent: str) -> list[Option]:
    """What can be created in the project `parent` by itself: subtasks need an issue above them."""
    project, _slash, _rest = parent.partition("/")
    found = JiraApi(connection).issue_types(project) if project else []
    return [Option(kind.id, kind.name, "issue_type") for kind in found if not kind.is_subtask]


def list_create_fields(connection: Connection, parent: str) -> list[Option]:
    """The fields on the create screen of `parent` ("project/issue type") with their choices."""
    return [_field_option(field) for field in _create_fields(connection, parent)]


def list_required_fields(connection: Connection, parent: str) -> list[Option]:
    """Those that an issue must bring, beside what this software always fills in."""
    always = ("project", "issuetype", "summary", "description")
    return [
        _field_option(field)
        for field in _create_fields(connection, parent)
        if field.must_be_filled and field.id not in always
    ]


def list_external_fields(connection: Connection, parent: str) -> list[Option]:
    """Fields on the create screen of `parent` ("project/issue type") that can carry our id."""
    return [_field_option(field) for field in _create_fields(connection, parent) if field.kind in KINDS]


def list_fields(connection: Connection, parent: str) -> list[Option]:
    """All fields of the site, by id: names are not unique."""
    return [
        Option(field.id, f"{field.name} ({field.id})", field.kind) for field in JiraApi(connection).fields()
    ]


def list_statuses(connection: Connection, parent: str) -> list[Option]:
    """The statuses of the project `parent`, or of one issue type in it ("project/issue type").

    Several may be called alike and several may be in the category "done": their ids tell them apart.
    """
    project, _slash, issue_type = parent.partition("/")
    if not project:
        return []
    by_type = JiraApi(connection).statuses(project)
    wanted = [by_type[issue_type]] if issue_type in by_type else list(by_type.values())
    found = {status.id: status for statuses in wanted for status in statuses}
    return [
        Option(status.id, f"{status.name} ({_category(status.category)})", status.category)
        for status in found.values()
    ]


def list_priorities(connection: Connection, parent: str) -> list[Option]:
    return [Option(one.id, one.name, "priority") for one in JiraApi(connection).priorities()]


def _create_fields(connection: Connection, parent: str) -> list[places.CreateField]:
    project, _slash, issue_type = parent.partition("/")
    if not project or not issue_type:
        return []
    return JiraApi(connection).create_fields(project, issue_type)


def _field_option(field: places.CreateField) -> Option:
    choices = tuple(Option(one.id, one.name, "option") for one in field.choices)
    return Option(field.id, f"{field.name} ({field.id})", field.kind, choices)


def _category(key: str) -> str:
    return str(Message(CATEGORY_NAMES[key])) if key in CATEGORY_NAMES else key


# --- beside the form --------------------------------------------------------------------------------------


def notes(connection: Connection) -> Sequence[Message]:
    found = [
        say(
            "Enter this callback address for the app in Atlassian's developer console, under "
            "'Authorization': %(address)s",
            address=redirect_uri(),
        ),
        say(
            "Give the app these permissions under 'Permissions', 'Jira API': %(scopes)s.",
            scopes=", ".join(login.site_scopes(connection)),
        ),
        *_end_note(connection),
    ]
    if connection.setting("webhooks") == "dynamic":
        found.append(OWNER_NOTE)
    return found


OWNER_NOTE = say(
    "Atlassian delivers the webhooks of an app that is not public only if the person who signs in here also "
    "owns the app in the developer console. Otherwise they are registered but never come; then have an "
    "administrator enter the webhook, or rely on the scheduled reading."
)


def _end_note(connection: Connection) -> list[Message]:
    held = getattr(connection, "token_set", None)
    if held is None or held.signed_in_at is None:
        return []
    ends_at = held.signed_in_at + login.LONGEST_LIFETIME
    return [
        say(
            "Atlassian ends this sign-in on %(date)s at the latest, however much it is used; sign in again "
            "before that. Unused it would end after 90 days, which this software prevents.",
            date=formats.date_format(ends_at, "SHORT_DATE_FORMAT"),
        )
    ]
