"""How a connection stands, for the upper part of its page: traffic light, sign-in, test result, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from connections import clock, services
from connections.adminsite import Tone, sentence
from connections.errors import ConfigurationError
from connections.messages import Message
from connections.models import Connection, Health, TokenSet
from connections.registry import vendors

TONES: dict[str, Tone] = {
    Health.OK: "success",
    Health.ATTENTION: "warning",
    Health.SIGN_IN: "danger",
    Health.UNKNOWN: "neutral",
    Health.OFF: "neutral",
}


@dataclass(frozen=True)
class Light:
    tone: Tone
    words: str


@dataclass(frozen=True)
class SignIn:
    """Until when the vendor lets us in without a person. `ends_at` None: no end is known."""

    since: datetime | None
    ends_at: datetime | None
    ends_soon: bool
    has_ended: bool


@dataclass(frozen=True)
class Panel:
    light: Light
    sentence: str
    help_url: str
    who: str
    sign_in: SignIn | None
    checked_at: datetime | None
    was_tested: bool
    may: Sequence[str]
    missing: Sequence[str]
    notes: Sequence[str]


def light(connection: Connection) -> Light:
    """Switched off says more than the health that was seen last."""
    if not connection.is_on:
        return Light("neutral", gettext("switched off"))
    return Light(TONES.get(connection.health, "neutral"), str(connection.get_health_display()))


def panel(connection: Connection) -> Panel:
    checkup = connection.checkup or {}
    message = connection.health_message or {}
    return Panel(
        light=light(connection),
        sentence=sentence(message),
        help_url=message.get("help_url", ""),
        who=who(connection),
        sign_in=sign_in(connection),
        checked_at=connection.checked_at,
        was_tested=bool(checkup),
        may=_sentences(checkup.get("may", ())),
        missing=_sentences(checkup.get("missing", ())),
        notes=notes(connection),
    )


def _sentences(stored: Sequence[dict[str, object]]) -> list[str]:
    return [str(Message.from_json(item)) for item in stored]


def held_tokens(connection: Connection) -> TokenSet | None:
    """The tokens of a sign-in; None if nobody is signed in."""
    held: TokenSet | None = getattr(connection, "token_set", None)
    return held if held is not None and held.tokens else None


def who(connection: Connection) -> str:
    """The person's full name as the token says it, else as the last test found it."""
    held = held_tokens(connection)
    return (held.signed_in_as if held else "") or (connection.checkup or {}).get("who", "")


def sign_in(connection: Connection) -> SignIn | None:
    held = held_tokens(connection)
    if held is None:
        return None
    now = clock.now()
    return SignIn(
        since=held.signed_in_at,
        ends_at=held.consent_ends_at,
        ends_soon=services.ends_soon(held, now),
        has_ended=held.consent_ends_at is not None and held.consent_ends_at <= now,
    )


def signs_in_with_browser(connection: Connection) -> bool:
    """Whether a person signs in at the vendor; also when the settings for it are not complete yet."""
    declared = vendors().get(connection.vendor)
    if declared is None:
        return False
    try:
        profile = declared.oauth(connection)
    except ConfigurationError:
        return True
    return profile is not None and profile.needs_person


def notes(connection: Connection) -> list[str]:
    declared = vendors().get(connection.vendor)
    return [str(note) for note in declared.notes(connection)] if declared else []
