"""OAuth 2.0 and OpenID Connect of the instance: /identity/connect/authorize, token, revocation, discovery.

Authorization code (PKCE optional), password, rotating refresh. There are no client credentials. A token works
for the tenant that its client id names. Source: Acumatica integration development guide, connected
applications (read 2026-11).
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.acumatica.state import App, Session
from mlconnector.sandbox.kit import AnswerNow, json_answer, page

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

CODE_LIFETIME = timedelta(minutes=5)
CONCURRENT = "api:concurrent_access"
SCOPES = {"api", "offline_access", CONCURRENT, "openid", "profile", "email", "phone"}


@dataclass
class Grant:
    """One consent: the chain of all tokens that follow from it."""

    id: str
    app: App
    user: str
    scopes: list[str]
    ends_at: datetime
    is_revoked: bool = False
    refreshes: int = 0


@dataclass
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    ends_at: datetime


@dataclass
class Access:
    grant: Grant
    ends_at: datetime


class OAuth:
    def __init__(self, sim: "AcumaticaSimulator") -> None:
        self.sim = sim
        self.clear()

    def clear(self) -> None:
        self.grants: list[Grant] = []
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Access] = {}
        # Living refresh tokens; each works once.
        self.refresh: dict[str, Grant] = {}

    # --- authorize ----------------------------------------------------------------------------------------
    def authorize(self, request: Request) -> Response:
        """Redirects at once: the tenant's first user consents. A wrong client or address shows a page."""
        args = request.args
        app = self._app(args.get("client_id", ""))
        if app is None or not _is_registered(args.get("redirect_uri", ""), app):
            return page("Acumatica (simuliert)", "Unbekannte Anwendung / Unknown client", status=400)
        state = {"state": args["state"]} if "state" in args else {}
        scopes = args.get("scope", "").split()
        refusal = self._refusal(args, scopes)
        if refusal:
            return _back(args["redirect_uri"], {"error": refusal, **state})
        user = next(iter(self.sim.tenants[app.tenant].users.values()))
        code = secrets.token_hex(32)
        self.codes[code] = Code(
            self.new_grant(app, user.name, scopes),
            args["redirect_uri"],
            args.get("code_challenge", ""),
            self.sim.clock.now() + CODE_LIFETIME,
        )
        return _back(args["redirect_uri"], {"code": code, "scope": " ".join(scopes), **state})

    def _refusal(self, args: Any, scopes: list[str]) -> str:
        if self.sim.options.deny_authorization:
            return "access_denied"
        if args.get("response_type") != "code":
            return "unsupported_response_type"
        if not scopes or set(scopes) - SCOPES:
            return "invalid_scope"
        if args.get("code_challenge") and args.get("code_challenge_method") != "S256":
            return "invalid_request"
        return ""

    def new_grant(self, app: App, user: str, scopes: list[str]) -> Grant:
        ends_at = self.sim.clock.now() + timedelta(days=self.sim.options.refresh_days)
        grant = Grant(secrets.token_hex(6), app, user, scopes, ends_at)
        self.grants.append(grant)
        return grant

    # --- token --------------------------------------------------------------------------------------------
    def token(self, request: Request) -> Response:
        if request.mimetype != "application/x-www-form-urlencoded":
            raise _error("invalid_request")
        form = request.form
        app = self._client(form)
        grants = {
            "authorization_code": self._exchanged,
            "password": self._by_password,
            "refresh_token": self._refreshed,
        }
        kind = form.get("grant_type", "")
        if kind not in grants or (kind == "password" and not self.sim.options.has_password_grant):
            raise _error("unsupported_grant_type")
        return self.answer(grants[kind](form, app))

    def answer(self, grant: Grant) -> Response:
        return json_answer(self.pair(grant), headers={"Cache-Control": "no-store"})

    def pair(self, grant: Grant) -> dict[str, Any]:
        """A new access token, and with offline_access the next refresh token."""
        now, seconds = self.sim.clock.now(), self.sim.options.access_token_seconds
        access = secrets.token_urlsafe(32)
        self.access[access] = Access(grant, now + timedelta(seconds=seconds))
        body: dict[str, Any] = {
            "access_token": access,
            "expires_in": seconds,
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }
        if "offline_access" in grant.scopes:
            body["refresh_token"] = secrets.token_urlsafe(32)
            self.refresh[body["refresh_token"]] = grant
        return body

    def _client(self, form: Any) -> App:
        """Identity is in the body: client_id with the tenant, and client_secret."""
        app = self._app(form.get("client_id", ""))
        if app is None or not secrets.compare_digest(
            form.get("client_secret", "").encode(), app.client_secret.encode()
        ):
            raise _error("invalid_client")
        return app

    def _exchanged(self, form: Any, app: App) -> Grant:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.grant.app is not app or code.ends_at <= self.sim.clock.now():
            raise _error("invalid_grant")
        if form.get("redirect_uri", "") != code.redirect_uri:
            raise _error("invalid_grant")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise _error("invalid_grant")
        return code.grant

    def _by_password(self, form: Any, app: App) -> Grant:
        scopes = form.get("scope", "").split()
        if not scopes or set(scopes) - SCOPES:
            raise _error("invalid_scope")
        tenant = self.sim.tenants[app.tenant]
        try:
            user = self.sim.sessions.checked_user(tenant, form.get("username", ""), form.get("password", ""))
        except AnswerNow:
            raise _error("invalid_grant") from None
        return self.new_grant(app, user.name, scopes)

    def _refreshed(self, form: Any, app: App) -> Grant:
        """The refresh token works once. Used again, it is refused; the chain ends with its days."""
        grant = self.refresh.pop(form.get("refresh_token", ""), None)
        if grant is None or grant.app is not app or not self._is_alive(grant):
            raise _error("invalid_grant")
        grant.refreshes += 1
        return grant

    def _is_alive(self, grant: Grant) -> bool:
        return not grant.is_revoked and grant.ends_at > self.sim.clock.now()

    # --- calls --------------------------------------------------------------------------------------------
    def session(self, request: Request) -> Session | None:
        """The slot of the bearer token, taken with the first call. None: not signed in.

        Scope `api`: one session for the whole chain of tokens. With api:concurrent_access each call without
        cookies takes another one and is answered with its cookies.
        """
        grant = self._grant(request)
        if grant is None:
            return None
        found = self.open_session(request)
        if found is None or CONCURRENT in grant.scopes:
            found = self.sim.sessions.new("oauth", grant.app.tenant, grant.user, grant=grant.id)
            found.branch = self.sim.tenants[grant.app.tenant].branches[0]
            if CONCURRENT in grant.scopes:
                request.environ["acumatica.new_session"] = found
        return found

    def open_session(self, request: Request) -> Session | None:
        grant = self._grant(request)
        found = (one for one in self.sim.sessions.open if grant and one.grant == grant.id)
        return next(found, None)

    def _grant(self, request: Request) -> Grant | None:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        access = self.access.get(value) if kind == "Bearer" else None
        if access is None or access.ends_at <= self.sim.clock.now() or access.grant.is_revoked:
            return None
        return access.grant

    # --- others -------------------------------------------------------------------------------------------
    def revoke(self, request: Request) -> Response:
        """Ends the chain of a refresh token, or an access token alone (RFC 7009)."""
        self._client(request.form)
        value = request.form.get("token", "")
        grant = self.refresh.pop(value, None)
        if grant is not None:
            grant.is_revoked = True
        self.access.pop(value, None)
        return json_answer({})

    def discovery(self, request: Request) -> Response:
        root = f"{request.host_url.rstrip('/')}{self.sim.instance}/identity"
        return json_answer(
            {
                "issuer": root,
                "authorization_endpoint": f"{root}/connect/authorize",
                "token_endpoint": f"{root}/connect/token",
                "revocation_endpoint": f"{root}/connect/revocation",
                "scopes_supported": sorted(SCOPES),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "password", "refresh_token", "implicit"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    def _app(self, client_id: str) -> App | None:
        """The connected application of `GUID@Tenant`."""
        name, _, tenant = client_id.partition("@")
        found = (app for app in self.sim.apps if (app.client_id, app.tenant) == (name, tenant))
        return next(found, None)


def _is_registered(redirect_uri: str, app: App) -> bool:
    """Exactly one of the registered ones; on this machine (demo) any port will do."""
    given = urlsplit(redirect_uri)
    if given.hostname in ("localhost", "127.0.0.1"):
        redirect_uri = f"{given.scheme}://localhost{given.path}"
    return redirect_uri in app.redirect_uris


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(query)}")


def _error(code: str) -> AnswerNow:
    return AnswerNow(json_answer({"error": code}, 400))
