"""The sign-in under `/-/`: authorization code with PKCE, refresh without rotation, revoke.

Source: Asana OAuth guide (read 2026-11).
"""

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect

from mlconnector.sandbox.asana.state import App, Token
from mlconnector.sandbox.kit import Response, Route, json_answer, page

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator

FULL = "default"
OPENID = {"openid", "email", "profile"}
CODE_LIFETIME = timedelta(minutes=10)


class TokenError(Exception):
    """A refusal of the token endpoint in the form of RFC 6749."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.response = json_answer({"error": error, "error_description": description}, status)


class OAuth:
    """The three pages."""

    def __init__(self, sim: "AsanaSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("oauth.authorize", "GET", "/-/oauth_authorize", self.authorize),
            Route("oauth.token", "POST", "/-/oauth_token", self.token),
            Route("oauth.revoke", "POST", "/-/oauth_revoke", self.revoke),
        ]

    # --- authorize -------------------------------------------------------------
    def authorize(self, request: "Request") -> Response:
        """Redirects at once: the test user consents. A wrong client or redirect shows a plain page."""
        args = request.args
        app = self.sim.known.apps.get(args.get("client_id", ""))
        if app is None or not _is_registered(args.get("redirect_uri", ""), app):
            return page("Asana (simuliert)", "Diese App ist nicht bekannt / Unknown app", status=400)
        error = self._refusal(args, app)
        state = {"state": args["state"]} if args.get("state") else {}
        if error:
            return _back(args["redirect_uri"], {"error": error, **state})
        code = secrets.token_urlsafe(24)
        self.sim.known.codes[code] = {
            "app": app.client_id,
            "redirect_uri": args["redirect_uri"],
            "challenge": args.get("code_challenge", ""),
            "scopes": app.scopes & set(args.get("scope", "").split()),
            "user": self.sim.connector,
            "expires_at": self.sim.clock.now() + CODE_LIFETIME,
        }
        return _back(args["redirect_uri"], {"code": code, **state})

    def _refusal(self, args: Any, app: App) -> str:
        """The `error` for the redirect, or nothing."""
        if self.sim.options.deny_authorization:
            return "access_denied"
        if args.get("response_type") != "code":
            return "unsupported_response_type"
        if not args.get("state"):
            return "invalid_request"
        challenge, method = args.get("code_challenge", ""), args.get("code_challenge_method", "")
        if (challenge or self.sim.options.require_pkce) and not (challenge and method == "S256"):
            return "invalid_request"
        wanted = set(args.get("scope", "").split()) - OPENID
        if app.scopes:
            return "" if wanted and wanted <= app.scopes else "invalid_scope"
        return "forbidden_scopes" if wanted - {FULL} else ""

    # --- token -------------------------------------------------------------
    def token(self, request: "Request") -> Response:
        try:
            form = _form(request)
            app = self._client(form)
            grant = form.get("grant_type", "")
            if grant == "authorization_code":
                return self._exchanged(form, app)
            if grant == "refresh_token":
                return self._refreshed(form, app)
            raise TokenError("unsupported_grant_type", f"Unknown grant_type: {grant}")
        except TokenError as error:
            return error.response

    def _client(self, form: Any) -> App:
        app = self.sim.known.apps.get(form.get("client_id", ""))
        if app is None or not secrets.compare_digest(
            form.get("client_secret", "").encode(), app.client_secret.encode()
        ):
            raise TokenError("invalid_client", "The client_id or client_secret is wrong.", 401)
        return app

    def _exchanged(self, form: Any, app: App) -> Response:
        code = self.sim.known.codes.pop(form.get("code", ""), None)
        if code is None or code["app"] != app.client_id or code["expires_at"] <= self.sim.clock.now():
            raise TokenError("invalid_grant", "The code is invalid, used or too old.")
        if form.get("redirect_uri", "") != code["redirect_uri"]:
            raise TokenError("invalid_grant", "The redirect_uri is not the one of the authorization.")
        if code["challenge"] and challenge(form.get("code_verifier", "")) != code["challenge"]:
            raise TokenError("invalid_grant", "The code_verifier does not match the code_challenge.")
        refresh = self._issue("refresh", code["user"], app, code["scopes"])
        return self._answer(refresh, app, show_refresh=True)

    def _refreshed(self, form: Any, app: App) -> Response:
        refresh = self.sim.known.tokens.get(form.get("refresh_token", ""))
        if refresh is None or refresh.kind != "refresh" or refresh.is_revoked or refresh.app != app.client_id:
            raise TokenError("invalid_grant", "The refresh token is invalid or revoked.")
        return self._answer(refresh, app, show_refresh=self.sim.options.refresh_answers_refresh_token)

    def _answer(self, refresh: Token, app: App, *, show_refresh: bool) -> Response:
        access = self._issue("access", refresh.user, app, refresh.scopes)
        user = self.sim.known.by_gid[refresh.user]
        body: dict[str, Any] = {
            "access_token": access.value,
            "token_type": "bearer",
            "expires_in": self.sim.options.access_token_seconds,
            "data": {"id": user.gid, "gid": user.gid, "name": user.name, "email": user.email},
        }
        if show_refresh:
            body["refresh_token"] = refresh.value
        return json_answer(body, headers={"Cache-Control": "no-store"})

    def _issue(self, kind: str, user: str, app: App, scopes: frozenset[str]) -> Token:
        lifetime = timedelta(seconds=self.sim.options.access_token_seconds)
        token = Token(
            f"{'1' if kind == 'refresh' else '2'}/{user}/{app.client_id}:{secrets.token_hex(16)}",
            kind,
            user,
            app.client_id,
            frozenset(scopes),
            self.sim.clock.now() + lifetime if kind == "access" else None,
        )
        self.sim.known.tokens[token.value] = token
        return token

    # --- revoke -------------------------------------------------------------
    def revoke(self, request: "Request") -> Response:
        """Ends a refresh token and the access tokens of that app and user; 200 for an unknown one too."""
        try:
            form = _form(request)
            app = self._client(form)
            if "token" not in form:
                raise TokenError("invalid_request", "token is missing.")
        except TokenError as error:
            return error.response
        token = self.sim.known.tokens.get(form["token"])
        if token and token.kind != "refresh":
            return TokenError("invalid_request", "Only refresh tokens can be revoked.").response
        if token and token.app == app.client_id:
            self.sim.revoke(token.value)
        return json_answer({})


def _is_registered(redirect_uri: str, app: App) -> bool:
    """Whether the app has registered it; on this machine (demo) any port will do."""
    given = urlsplit(redirect_uri)
    if given.hostname in ("localhost", "127.0.0.1"):
        redirect_uri = f"{given.scheme}://localhost{given.path}"
    return redirect_uri in app.redirect_uris


def _form(request: "Request") -> Any:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "The request must be form-encoded.")
    return request.form


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(query)}", 302, Response)


def challenge(verifier: str) -> str:
    """S256: BASE64URL(SHA256(ASCII(verifier))) without padding."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
