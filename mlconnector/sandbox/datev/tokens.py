"""Sign-ins and their tokens: single-use codes, rotating refresh tokens, families that die as a whole."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.datev.state import App, Person

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator


@dataclass
class Code:
    value: str
    app: App
    person: Person
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    nonce: str
    bound_client: str
    ends_at: datetime
    is_used: bool = False


@dataclass
class Session:
    """One sign-in (a token family). `end_reason` is filled when it has died."""

    id: str
    app: App
    person: Person
    scopes: tuple[str, ...]
    bound_client: str
    started_at: datetime
    ends_at: datetime
    end_reason: str = ""
    refreshes: int = 0
    nonce: str = ""


@dataclass
class AccessToken:
    session: Session
    ends_at: datetime
    is_ended: bool = False


@dataclass
class RefreshToken:
    session: Session
    is_used: bool = False


@dataclass
class Tokens:
    """All codes and tokens of one simulator."""

    simulator: "DatevSimulator"
    codes: dict[str, Code] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.simulator.clock.now()

    def new_session(self, app: App, person: Person, scopes: Iterable[str], bound_client: str = "") -> Session:
        options = self.simulator.options
        life = options.long_seconds if bound_client else options.short_seconds
        now = self.now()
        session = Session(
            id=secrets.token_hex(6),
            app=app,
            person=person,
            scopes=tuple(scopes),
            bound_client=bound_client,
            started_at=now,
            ends_at=now + timedelta(seconds=life),
        )
        self.sessions.append(session)
        return session

    def pair(self, session: Session) -> dict[str, Any]:
        """A fresh access and refresh token; the old access tokens of the session end."""
        for token in self.access.values():
            if token.session is session:
                token.is_ended = True
        now, options = self.now(), self.simulator.options
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(40)
        self.access[access] = AccessToken(session, now + timedelta(seconds=options.access_seconds))
        self.refresh[refresh] = RefreshToken(session)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": options.access_seconds,
            "refresh_token": refresh,
            "refresh_token_expires_in": max(0, int((session.ends_at - now).total_seconds())),
        }

    def session_of(self, access_token: str) -> Session | None:
        """The living session of a valid access token."""
        token = self.access.get(access_token)
        if token is None or token.is_ended or token.session.end_reason or token.ends_at <= self.now():
            return None
        return token.session

    def redeem(self, refresh_token: str, app: App) -> Session | None:
        """The session to continue, or None. A second use of the same refresh token ends the whole session."""
        token = self.refresh.get(refresh_token)
        if token is None or token.session.app is not app:
            return None
        session = token.session
        if token.is_used and not session.end_reason:
            session.end_reason = "refresh token used twice"
        elif session.ends_at <= self.now() and not session.end_reason:
            session.end_reason = "expired"
        if session.end_reason:
            return None
        token.is_used = True
        session.refreshes += 1
        return session

    def revoke(self, token: str, app: App) -> None:
        """End an access token alone, or the whole session with its refresh token; unknown tokens are fine."""
        access, refresh = self.access.get(token), self.refresh.get(token)
        if access and access.session.app is app:
            access.is_ended = True
        if refresh and refresh.session.app is app and not refresh.session.end_reason:
            refresh.session.end_reason = "revoked"

    def state(self) -> list[dict[str, Any]]:
        return [
            {
                "id": session.id,
                "person": session.person.name,
                "scopes": list(session.scopes),
                "bound_client": session.bound_client,
                "started_at": session.started_at.isoformat(),
                "ends_at": session.ends_at.isoformat(),
                "end_reason": session.end_reason,
                "refreshes": session.refreshes,
            }
            for session in self.sessions
        ]
