"""Open API sessions: the cookie sign-in, the slots of the licence, who is asking.

Source: Acumatica integration development guide, sign-in and sign-out; licence limits (SM604000); traps of the
tenant name as seen by working clients (read 2026-11).
"""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.acumatica import errors
from mlconnector.sandbox.acumatica.state import Session, Tenant, User
from mlconnector.sandbox.kit import AnswerNow

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

SESSION_COOKIE = "ASP.NET_SessionId"
TICKET_COOKIE = ".ASPXAUTH"


class Sessions:
    """Counts: `opened` and `signed_out` sessions, `most_at_once` in use."""

    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim
        self.clear()

    def clear(self) -> None:
        self.all: list[Session] = []
        self.most_at_once = 0
        self.refused = 0

    @property
    def open(self) -> list[Session]:
        return [session for session in self.all if session.is_open]

    def work(self) -> None:
        """Close what nobody used for too long, and OAuth slots whose hour is over."""
        now, options = self.sim.clock.now(), self.sim.options
        for session in self.open:
            seconds = options.session_seconds if session.kind == "cookie" else options.access_token_seconds
            if session.used_at + timedelta(seconds=seconds) <= now:
                self.close(session, "expired")

    def close(self, session: Session, end: str) -> None:
        session.closed_at, session.end = self.sim.clock.now(), end
        if self.sim.options.sign_out_ends_operations:
            for operation in self.sim.operations.values():
                if operation.session == session.id and operation.state == "running":
                    operation.state = "lost"

    def new(self, kind: str, tenant: str, user: str, branch: str = "", grant: str = "") -> Session:
        """Take a slot. Raises AnswerNow when the licence has none left."""
        if len(self.open) >= self.sim.options.max_api_users:
            self.refused += 1
            raise _limit(self.sim.options.login_limit_form)
        now = self.sim.clock.now()
        session = Session(
            secrets.token_hex(12), kind, tenant, user, branch, now, now, secrets.token_hex(24), grant
        )
        self.all.append(session)
        self.most_at_once = max(self.most_at_once, len(self.open))
        return session

    # --- the cookie sign-in -------------------------------------------------------------------------------
    def login(self, request: Request) -> Response:
        self.sim.check_health()
        given = _given(request)
        if not self.sim.options.has_cookie_sign_in:
            raise errors.plain(404, "No HTTP resource was found that matches the request URI.")
        tenant = self._tenant(given.get("tenant") or given.get("company") or "")
        user = self.checked_user(tenant, given.get("name", ""), given.get("password", ""))
        branch = given.get("branch", "")
        if branch and branch not in tenant.branches:
            raise errors.failed(f"The branch '{branch}' cannot be found in the system.")
        session = self.new("cookie", tenant.name, user.name, branch or tenant.branches[0])
        return self.with_cookies(errors.empty(204), session)

    def with_cookies(self, response: Response, session: Session) -> Response:
        """Both are needed on every call of this session."""
        path = f"{self.sim.instance}/" if self.sim.instance else "/"
        response.set_cookie(SESSION_COOKIE, session.id, path=path, httponly=True)
        response.set_cookie(TICKET_COOKIE, session.ticket, path=path, httponly=True)
        return response

    def logout(self, request: Request) -> Response:
        """Closes the session of the cookies or of the token; nobody signed in is no fault."""
        if not request.environ.get("CONTENT_LENGTH"):
            raise AnswerNow(
                Response("<h2>Length Required</h2>", status=411, content_type="text/html; charset=us-ascii")
            )
        self.sim.check_health()
        session = self._of_cookies(request) or self.sim.oauth.open_session(request)
        if session is not None:
            self.close(session, "signed out")
        response = errors.empty(204)
        response.delete_cookie(TICKET_COOKIE)
        return response

    def of(self, request: Request) -> Session:
        """The session of an API call. Raises AnswerNow 401."""
        session = self._of_cookies(request) or self.sim.oauth.session(request)
        if session is None:
            raise errors.plain(401, "You are not signed in.")
        session.used_at = self.sim.clock.now()
        return session

    def _of_cookies(self, request: Request) -> Session | None:
        key, ticket = request.cookies.get(SESSION_COOKIE, ""), request.cookies.get(TICKET_COOKIE, "")
        found = (one for one in self.open if (one.id, one.ticket) == (key, ticket))
        return next(found, None)

    # --- who ----------------------------------------------------------------------------------------------
    def _tenant(self, name: str) -> Tenant:
        """No name: the default tenant. One tenant alone: any name. Else an unknown one is refused (500)."""
        tenants = self.sim.tenants
        first = next(iter(tenants.values()))
        if not name or len(tenants) == 1:
            return first
        if name not in tenants:
            text = "A proper company ID cannot be determined for the request."
            raise errors.failed(text, errors.UNDEFINED_COMPANY)
        return tenants[name]

    def checked_user(self, tenant: Tenant, name: str, password: str) -> User:
        """The user behind name and password. Wrong passwords lock; the refusals are the vendor's texts."""
        user, options = tenant.users.get(name), self.sim.options
        refusal = ""
        if user is None:
            refusal = "Invalid credentials. Please try again."
        elif user.is_locked:
            refusal = "Your account is locked out. Please contact your administrator."
        elif user.is_disabled:
            refusal = "The account is disabled."
        elif not secrets.compare_digest(user.password.encode(), password.encode()):
            user.wrong_passwords += 1
            user.is_locked = user.wrong_passwords >= options.wrong_passwords
            refusal = "Invalid credentials. Please try again."
        elif user.must_change_password:
            refusal = "You must change your password. Please sign in with a browser."
        if user is None or refusal:
            raise errors.failed(refusal, status=options.refused_sign_in_status)
        user.wrong_passwords = 0
        return user


def _given(request: Request) -> dict[str, str]:
    """Name, password, tenant, branch from a JSON or form body. Raises AnswerNow 400."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return request.form.to_dict()
    given: Any = request.get_json(silent=True)
    if not isinstance(given, dict) or not given.get("name"):
        raise errors.plain(400, "The request is invalid.")
    return {name: str(value) for name, value in given.items() if value is not None}


def _limit(form: str) -> AnswerNow:
    """One API user too many, in one of the three forms that clients have seen."""
    if form == "plain":
        text = "The custom error module does not recognize this error."
        return AnswerNow(Response(text, status=429, content_type="text/plain"))
    if form == "html":
        return AnswerNow(Response(errors.LIMIT_PAGE, status=500, content_type="text/html; charset=utf-8"))
    return errors.failed(errors.LIMIT_TITLE, "PX.Data.PXApiLoginLimitException", 429)
