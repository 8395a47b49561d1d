"""What people and the clock do with connections: test, switch, warn, keep alive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from connections import audit, clock, health
from connections.base import Checkup, OAuthProfile
from connections.errors import AccessLostError, ConfigurationError, ConnectorError
from connections.messages import say
from connections.models import Connection, TokenSet, VendorSession
from connections.registry import label, vendor
from connections.sign_in import asked_by_person
from connections.tokens import TokenStore

# A sign-in is announced to end this long before, or in the last fifth of its life if that is shorter.
WARN_BEFORE = timedelta(days=14)
WARN_PART = 5
# A sliding sign-in is used before a third of its life has passed unused.
KEEP_ALIVE_PART = 3


def signed_in(connection: Connection, by: str, *, refused_scopes: Sequence[str] = ()) -> None:
    """A person has signed in: the connection may be used again, and is healthy once a test has shown it.

    Records that waited for it see `TokenSet.signed_in_at` and `Connection.health`.
    """
    connection.refresh_from_db(fields=["health", "health_message"])
    if refused_scopes:
        health.needs_attention(
            connection,
            say(
                "%(vendor)s did not grant these scopes: %(scopes)s. Check them in the developer portal, then "
                "sign in again.",
                vendor=label(connection.vendor),
                scopes=", ".join(refused_scopes),
            ),
            actor=by,
        )
    else:
        # Source: DATEV interface requirements: green only after token and client check (read 2026-11).
        health.untested(connection, say("Signed in, not tested since."), actor=by)
    held = TokenSet.objects.filter(connection_id=connection.pk).first()
    ends = held.consent_ends_at.isoformat() if held and held.consent_ends_at else ""
    audit.record(
        "connection.signed_in",
        f"connection:{connection.pk}",
        say("%(person)s signed in at %(vendor)s.", person=by, vendor=label(connection.vendor)),
        actor=by,
        signed_in_as=held.signed_in_as if held else "",
        consent_ends_at=ends,
    )


def test_connection(connection: Connection, by: str) -> Checkup:
    """Ask the vendor who we are, what we may do and what is missing; the result and the health are kept.

    Raises the ConnectorError that stood in the way, after it has been noted on the connection too.
    """
    try:
        with asked_by_person():
            found = vendor(connection.vendor).check(connection)
    except ConnectorError as error:
        _note_failure(connection, error, by)
        raise
    stored: dict[str, Any] = {
        "who": found.who,
        "may": [message.to_json() for message in found.may],
        "missing": [message.to_json() for message in found.missing],
        "facts": dict(found.facts),
    }
    _keep(connection, stored)
    if found.missing:
        health.needs_attention(connection, found.missing[0], actor=by)
    else:
        health.healthy(connection, actor=by)
    audit.record(
        "connection.tested",
        f"connection:{connection.pk}",
        say("The connection was tested; %(missing)s things are missing.", missing=len(found.missing)),
        actor=by,
        who=found.who,
    )
    return found


# Its name reads like a test to collectors of tests.
test_connection.__test__ = False  # type: ignore[attr-defined]


def switch(connection: Connection, is_on: bool, by: str) -> None:
    """Switch a connection on or off; off means that nothing is read or sent over it."""
    connection.is_on = is_on
    connection.save(update_fields=["is_on"])
    name = connection.name
    switched_on = say("%(connection)s was switched on.", connection=name)
    switched_off = say("%(connection)s was switched off.", connection=name)
    audit.record(
        "connection.switched",
        f"connection:{connection.pk}",
        switched_on if is_on else switched_off,
        actor=by,
        is_on=is_on,
    )


def expiring_soon(now: datetime) -> list[TokenSet]:
    """Sign-ins that end soon or have ended, the first to end first; for warnings beforehand.

    "Soon" is two weeks, or the last fifth of a sign-in that is shorter (DATEV: 11 hours).
    """
    candidates = (
        TokenSet.objects.filter(connection__is_on=True, consent_ends_at__lte=now + WARN_BEFORE)
        .select_related("connection")
        .order_by("consent_ends_at")
    )
    return [held for held in candidates if ends_soon(held, now)]


def keep_alive(now: datetime) -> int:
    """Refresh sign-ins that would lapse for want of use; returns how many. Called by the clock, hourly."""
    refreshed = 0
    for held in TokenSet.objects.filter(connection__is_on=True).select_related("connection"):
        if _lapses_unused(held, now):
            refreshed += _refreshed(held)
    return refreshed


def unfinished(now: datetime) -> list[TokenSet]:
    """Sign-ins whose refresh got no answer (lost, or the process died) and whose vendor lets us ask again.

    That is allowed for some minutes only, so it is not left to the next call that happens to need a token.
    """
    candidates = (
        TokenSet.objects.filter(connection__is_on=True, refresh_starts__gt=0)
        .exclude(refreshing_until__gt=now)
        .select_related("connection")
    )
    return [held for held in candidates if held.connection.is_usable and _may_repeat(held)]


def finish_refreshes(now: datetime) -> int:
    """Ask again for the answers that `unfinished` names; returns how many came."""
    return sum(_refreshed(held) for held in unfinished(now))


def _may_repeat(held: TokenSet) -> bool:
    try:
        profile = vendor(held.connection.vendor).oauth(held.connection)
    except ConfigurationError:
        return False
    return profile is not None and profile.may_repeat_refresh


def sessions_left_open(now: datetime) -> list[Connection]:
    """Connections with an open session in which nobody works any more: its worker was killed."""
    rows = VendorSession.objects.filter(
        Q(opened_at__isnull=False) | ~Q(operation=""), connection__is_on=True
    ).filter(Q(held_until=None) | Q(held_until__lte=now))
    return [row.connection for row in rows.select_related("connection")]


def end_sessions(now: datetime) -> int:
    """Sign out of the sessions that were left open; returns how many. Called by the clock, each minute."""
    return sum(_session_ended(connection) for connection in sessions_left_open(now))


def _session_ended(connection: Connection) -> bool:
    """Whether it worked; the next one that works over the connection tries again."""
    end = vendor(connection.vendor).end_session
    if end is None:
        return False
    try:
        end(connection)
    except ConnectorError:
        return False
    return True


def _refreshed(held: TokenSet) -> bool:
    """Whether the refresh worked; the token store has noted on the connection why not."""
    try:
        TokenStore(held.connection).refresh(unless_newer_than=str(held.tokens.get("access_token")))
    except ConnectorError:
        return False
    return True


def _lapses_unused(held: TokenSet, now: datetime) -> bool:
    if not held.connection.is_usable or held.issued_at is None or held.consent_ends_at is None:
        return False
    try:
        profile = vendor(held.connection.vendor).oauth(held.connection)
    except ConfigurationError:
        return False
    if profile is None or not profile.consent_is_sliding:
        return False
    if _ends_anyway(held, profile):
        return False
    life = held.consent_ends_at - held.issued_at
    return now > held.issued_at + life / KEEP_ALIVE_PART


def _ends_anyway(held: TokenSet, profile: OAuthProfile) -> bool:
    """Whether the end that is near is the one that no use puts off."""
    if profile.consent_longest is None or held.signed_in_at is None or held.consent_ends_at is None:
        return False
    return held.consent_ends_at >= held.signed_in_at + profile.consent_longest


def ends_soon(held: TokenSet, now: datetime) -> bool:
    ends = held.consent_ends_at
    if ends is None:
        return False
    life = ends - held.signed_in_at if held.signed_in_at else WARN_BEFORE * WARN_PART
    return now >= ends - min(WARN_BEFORE, life / WARN_PART)


def _note_failure(connection: Connection, error: ConnectorError, by: str) -> None:
    _keep(connection, None)
    if isinstance(error, AccessLostError):
        health.sign_in_needed(connection, error.message, help_url=error.help_url)
    else:
        health.needs_attention(connection, error.message, actor=by, help_url=error.help_url)
    audit.record("connection.tested", f"connection:{connection.pk}", error.message, actor=by)


def _keep(connection: Connection, checkup: dict[str, Any] | None) -> None:
    """Noted without a version in the history: a test result is no configuration."""
    connection.checkup, connection.checked_at = checkup, clock.now()
    Connection.objects.filter(pk=connection.pk).update(checkup=checkup, checked_at=connection.checked_at)
