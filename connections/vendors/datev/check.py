"""What "Test connection" finds out at DATEV, what the admin may choose from, and what must be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings

from connections.base import Checkup, Option, Rate
from connections.errors import ConfigurationError
from connections.messages import Message, say
from connections.oauth import redirect_uri
from connections.vendors.datev.addresses import bound_client, is_long, is_sandbox
from connections.vendors.datev.api import ClientInfo, DatevApi
from connections.vendors.datev.login import scopes
from connections.vendors.datev.settings import DOCUMENTS_SCOPE, DXSO_SCOPE, EXTF_SCOPE

if TYPE_CHECKING:
    from connections.models import Connection

# DATEV publishes no limit and wants few calls; this is a ceiling that an ordinary day does not come near.
CALLS_PER_MINUTE = 600
BURST = 30
# More clients than this are counted, not listed, when none is linked yet.
LISTED_CLIENTS = 20
REVOKE_PAGE = "https://apps.datev.de/tokrevui"


def rate(connection: Connection) -> Rate:
    return Rate(per_minute=CALLS_PER_MINUTE, burst=BURST)


def check(connection: Connection) -> Checkup:
    """Who signed in, which clients that person reaches with which services, and what is missing."""
    api = DatevApi(connection)
    person = api.who_am_i()
    findings = Findings(api, frozenset(scopes(connection)))
    findings.compare_scopes(granted_scopes(connection))
    wanted = [api.bound_client] if api.bound_client else linked_clients(connection)
    for ref in linked_clients(connection):
        if ref not in wanted:
            findings.missing.append(
                say(
                    "Client %(client)s can't be reached: this sign-in is bound to %(bound)s. Make a "
                    "connection of its own for %(client)s.",
                    client=ref,
                    bound=api.bound_client,
                )
            )
    for ref in wanted:
        findings.look_at_client(ref)
    if not wanted:
        findings.list_clients()
    if not person.name:
        findings.missing.append(
            say("DATEV did not tell the name of the person. Add the scope 'profile' and sign in again.")
        )
    return Checkup(
        who=person.name or person.sub, may=findings.may, missing=findings.missing, facts=findings.facts
    )


class Findings:
    """Collects what may be done and what is missing, client by client."""

    def __init__(self, api: DatevApi, wanted_scopes: frozenset[str]) -> None:
        self.api = api
        self.wanted_scopes = wanted_scopes
        self.may: list[Message] = []
        self.missing: list[Message] = []
        self.facts: dict[str, Any] = {"clients": []}

    def compare_scopes(self, granted: frozenset[str]) -> None:
        """Rights that were asked for and not given; DATEV may leave the list out, which means "all"."""
        refused = sorted(scope for scope in self.wanted_scopes - granted if "accounting" in scope)
        if granted and refused:
            self.missing.append(
                say(
                    "DATEV did not grant these scopes: %(scopes)s. Check them in the developer portal, then "
                    "sign in again.",
                    scopes=", ".join(refused),
                )
            )

    def look_at_client(self, ref: str) -> None:
        try:
            client = self.api.client(ref)
        except ConfigurationError as error:
            self.missing.append(say("Client %(client)s: %(reason)s", client=ref, reason=error.message))
            return
        self.describe(client)
        self.look_at_services(client)

    def describe(self, client: ClientInfo) -> None:
        names = ", ".join(name for name, _scopes in client.services)
        self.may.append(
            say("%(client)s: %(services)s", client=client.label, services=names)
            if names
            else say("%(client)s: visible, without data services", client=client.label)
        )
        self.facts["clients"].append(
            {
                "ref": client.ref,
                "name": client.name,
                "services": [[name, list(s)] for name, s in client.services],
            }
        )

    def look_at_services(self, client: ClientInfo) -> None:
        """Services by their scopes: a way to book, and one for the documents that go with EXTF files."""
        books = self._has(client, EXTF_SCOPE)
        if not books and not self._has(client, DXSO_SCOPE):
            self.missing.append(
                say(
                    "%(client)s: no service for bookings. Ask the tax adviser to order the "
                    "Buchungsdatenservice (EXTF) or the Rechnungsdatenservice 1.0 (DXSO).",
                    client=client.label,
                )
            )
        if DOCUMENTS_SCOPE not in self.wanted_scopes:
            return
        if self._has(client, DOCUMENTS_SCOPE):
            self._look_at_documents(client)
        elif books:
            self.missing.append(
                say(
                    "%(client)s: no service for document images. Ask the tax adviser to order the "
                    "Belegbilderservice Rechnungswesen.",
                    client=client.label,
                )
            )

    def list_clients(self) -> None:
        """No client is linked yet: which ones could be."""
        count = 0
        for client in self.api.clients():
            count += 1
            if count <= LISTED_CLIENTS:
                self.describe(client)
        if count > LISTED_CLIENTS:
            self.may.append(say("... and %(count)s more clients", count=count - LISTED_CLIENTS))
        if not count:
            self.missing.append(
                say("The person who signed in sees no client. Ask the tax adviser for the rights in DATEV.")
            )

    def _has(self, client: ClientInfo, scope: str) -> bool:
        return scope in self.wanted_scopes and client.has_service(scope)

    def _look_at_documents(self, client: ClientInfo) -> None:
        try:
            takes_documents = self.api.basics(client.ref).takes_documents
        except ConfigurationError as error:
            self.missing.append(
                say("Client %(client)s: %(reason)s", client=client.label, reason=error.message)
            )
            return
        if not takes_documents:
            self.missing.append(
                say(
                    "%(client)s: Belege online is not set up, so no documents can be uploaded. Ask the tax "
                    "adviser to set it up.",
                    client=client.label,
                )
            )


def linked_clients(connection: Connection) -> list[str]:
    """The DATEV clients that are kept with this connection, as "<consultant>-<client>".

    They belong to the room above this one, so they are reached through the relation, without an import.
    """
    related: Any = getattr(connection, "datev_clients", None)
    return [client.ref for client in related.all()] if related is not None else []


def granted_scopes(connection: Connection) -> frozenset[str]:
    """The scopes in the token answer; empty if DATEV left them out."""
    token_set: Any = getattr(connection, "token_set", None)
    return frozenset(str(token_set.tokens.get("scope") or "").split()) if token_set else frozenset()


def list_clients(connection: Connection, parent: str) -> list[Option]:
    """The clients to choose from; with a long sign-in the one that it is bound to."""
    api = DatevApi(connection)
    found = [api.client(api.bound_client)] if api.bound_client else api.clients()
    return [Option(client.ref, client.label) for client in found]


def list_document_types(connection: Connection, parent: str) -> list[Option]:
    """The document types of the client `parent`; DATEV wants the name, so the name is what is stored."""
    client_ref = parent or bound_client(connection)
    if not client_ref:
        return []
    return [
        Option(kind.name, kind.name, kind=kind.category)
        for kind in DatevApi(connection).document_types(client_ref)
    ]


def notes(connection: Connection) -> Sequence[Message]:
    """What a person should know beside the form: duration, where to revoke, redirect address, pace."""
    return (duration_note(connection), REVOKE_NOTE, *redirect_notes(connection), PACE_NOTE)


REVOKE_NOTE = say(
    "DATEV lists all connected applications, and lets you end them, at %(page)s.", page=REVOKE_PAGE
)
PACE_NOTE = say(
    "DATEV publishes no limit for calls; this connection makes at most %(count)s in a minute.",
    count=CALLS_PER_MINUTE,
)


def duration_note(connection: Connection) -> Message:
    if is_long(connection):
        return say(
            "This sign-in is valid for client %(client)s alone, for two years at most. DATEV allows one such "
            "sign-in at a time: disconnect the old one before you sign in anew.",
            client=bound_client(connection) or "?",
        )
    return say(
        "This sign-in ends 11 hours after it began, whatever happens in between. For unattended bookings "
        "use the long sign-in, which DATEV has to approve for your app."
    )


def redirect_notes(connection: Connection) -> list[Message]:
    """Which redirect address the app needs, and what DATEV accepts."""
    # Source: DATEV "new-guidelines-redirect-urls", in force since 2026-03-01 (read 2026-11).
    registered = say(
        "Register this redirect address for your app in the DATEV developer portal, letter by letter: "
        "%(address)s",
        address=redirect_uri(),
    )
    if is_sandbox(connection):
        return [registered, SANDBOX_REDIRECT_NOTE]
    if settings.PUBLIC_URL.startswith("https://"):
        return [registered, PRODUCTION_REDIRECT_NOTE]
    not_yet = say(
        "Signing in to DATEV's production is not possible yet: this installation's address %(address)s does "
        "not begin with https (PUBLIC_URL).",
        address=settings.PUBLIC_URL,
    )
    return [registered, PRODUCTION_REDIRECT_NOTE, not_yet]


SANDBOX_REDIRECT_NOTE = say(
    "For a sandbox app it begins with https, or http://localhost alone is registered, which then stands for "
    "every port and path. An IP address such as 127.0.0.1 is not accepted."
)
PRODUCTION_REDIRECT_NOTE = say(
    "For a production app DATEV accepts only a full https address on a public domain without the word DATEV "
    "in it: no placeholder, no IP address, no localhost. Other apps are blocked."
)
