"""The sign-in: authorization code, ten-minute access tokens, rotating refresh tokens.

Source: reports on /api/oauth2 of Exact Online and the vendor's notices quoted in them (read 2026-11).
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect

from mlconnector.sandbox.exact.access import refused
from mlconnector.sandbox.exact.state import App, Chain, State, Token, TokenCall, User
from mlconnector.sandbox.kit import Response, Route, json_answer, page

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.exact.simulator import ExactSimulator

OLD_TOKEN = "Old refresh token used."
TOO_EARLY = "Rate limit exceeded: access_token not expired"
TOO_EARLY_REASON = "TooEarlyToRefreshTokens: the access token has not expired."
BROKEN_CHAIN = "Token is not allowed, because of invalid or empty chainId"
# Token strings of more than a thousand characters have been seen.
TOKEN_BYTES = 780


class OAuth:
    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("oauth.authorize", "GET", "/api/oauth2/auth", self.authorize),
            Route("oauth.token", "POST", "/api/oauth2/token", self.token),
        ]

    # --- authorize -------------------------------------------------------------
    def authorize(self, request: "Request") -> Response:
        """Redirects at once: the user `sim.user` consents. A wrong client or address shows a plain page."""
        args = request.args
        app = self.sim.known.apps.get(args.get("client_id", ""))
        redirect_uri = args.get("redirect_uri", "")
        if app is None or not self._is_registered(redirect_uri, app):
            return page("Exact Online (simuliert)", "Diese App ist nicht bekannt / Unknown app", status=400)
        state = {"state": args["state"]} if args.get("state") else {}
        if self.sim.options.deny_authorization:
            return _back(redirect_uri, {"error": "access_denied", **state})
        if args.get("response_type") != "code":
            return _back(redirect_uri, {"error": "unsupported_response_type", **state})
        # A code must survive one encoding and one decoding.
        code = f"{self.sim.region.stamp}.{secrets.token_urlsafe(24)}!/+="
        self.sim.known.codes[code] = {
            "app": app.client_id,
            "redirect_uri": redirect_uri,
            "user": self.sim.user,
            "expires_at": self.sim.clock.now() + timedelta(seconds=self.sim.options.code_seconds),
        }
        return _back(redirect_uri, {"code": code, **state})

    def _is_registered(self, redirect_uri: str, app: App) -> bool:
        """Exactly as registered; on this machine (demo) any port will do."""
        given = urlsplit(redirect_uri)
        if self.sim.options.allow_local_targets and given.hostname in ("localhost", "127.0.0.1"):
            redirect_uri = f"http://localhost{given.path}"
        return redirect_uri in app.redirect_uris

    # --- token -------------------------------------------------------------
    def token(self, request: "Request") -> Response:
        form = request.form
        grant = form.get("grant_type", "")
        response, user = self._answer(request, grant, form)
        outcome = "ok" if response.status_code == 200 else response.get_json()["error_description"]
        self.sim.known.token_calls.append(
            TokenCall(self.sim.clock.now(), grant, response.status_code, outcome, user)
        )
        return response

    def _answer(self, request: "Request", grant: str, form: Mapping[str, str]) -> tuple[Response, str]:
        """(answer, the user it is about or "")."""
        if request.mimetype != "application/x-www-form-urlencoded":
            return refused("invalid_request", "The request must be form-encoded.", 400), ""
        app = self.sim.known.apps.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        if app is None or not secrets.compare_digest(secret.encode(), app.client_secret.encode()):
            return refused("invalid_client", "Client authentication failed.", 400), ""
        if grant == "authorization_code":
            return self._exchanged(app, form)
        if grant == "refresh_token":
            return self._refreshed(app, form)
        return refused("unsupported_grant_type", f"Unknown grant_type '{grant}'.", 400), ""

    def _exchanged(self, app: App, form: Mapping[str, str]) -> tuple[Response, str]:
        code = self.sim.known.codes.pop(form.get("code", ""), None)
        if code is None or code["app"] != app.client_id or code["expires_at"] <= self.sim.clock.now():
            return refused("invalid_grant", "The code is invalid, used or expired.", 400), ""
        if form.get("redirect_uri", "") != code["redirect_uri"]:
            return refused("invalid_grant", "redirect_uri is not the one of the authorization.", 400), ""
        access, refresh = self.sign_in(app, self.sim.known.users[code["user"]])
        return self._pair(access, refresh), code["user"]

    def _refreshed(self, app: App, form: Mapping[str, str]) -> tuple[Response, str]:
        known, now = self.sim.known, self.sim.clock.now()
        token = known.tokens.get(form.get("refresh_token", ""))
        if token is None or token.kind != "refresh" or token.app != app.client_id:
            return refused("invalid_grant", BROKEN_CHAIN, 400), ""
        chain, user = known.chains[token.chain], token.user
        if chain.is_ended:
            return refused("invalid_grant", BROKEN_CHAIN, 400), user
        tolerated = timedelta(seconds=self.sim.options.spent_token_seconds)
        if token.spent_at is not None and now >= token.spent_at + tolerated:
            return refused("unauthorized_client", OLD_TOKEN, 401), user
        if token.expires_at <= now:
            return refused("invalid_grant", "The refresh token has expired.", 400), user
        if self._calls_today(app, user) >= self.sim.options.token_calls_per_day:
            return refused("access_denied", "Rate limit exceeded", 429), user
        earliest = chain.refreshed_at + timedelta(seconds=self.sim.options.earliest_refresh_seconds)
        if token.spent_at is None and now < earliest:
            status = self.sim.options.too_early_status
            return refused("access_denied", TOO_EARLY, status, TOO_EARLY_REASON), user
        token.spent_at = token.spent_at or now
        chain.refreshed_at = now
        return self._pair(self.issue("access", chain), self.issue("refresh", chain)), user

    def _calls_today(self, app: App, user: str) -> int:
        today = self.sim.clock.now().date()
        return sum(one.user == user and one.at.date() == today for one in self.sim.known.token_calls)

    def _pair(self, access: Token, refresh: Token) -> Response:
        return json_answer(
            {
                "access_token": access.value,
                "token_type": "bearer",
                "expires_in": str(self.sim.options.access_token_seconds),
                "refresh_token": refresh.value,
            }
        )

    # --- tokens -------------------------------------------------------------
    def sign_in(self, app: App, user: User) -> tuple[Token, Token]:
        """(access, refresh) of a new chain; an earlier one of this user and app has ended."""
        for other in self.sim.known.chains.values():
            if (other.app, other.user) == (app.client_id, user.id):
                other.is_ended = True
        chain = Chain(State.new_id(), app.client_id, user.id, self.sim.clock.now())
        self.sim.known.chains[chain.id] = chain
        return self.issue("access", chain), self.issue("refresh", chain)

    def issue(self, kind: str, chain: Chain) -> Token:
        options, now = self.sim.options, self.sim.clock.now()
        life = (
            timedelta(seconds=options.access_token_seconds)
            if kind == "access"
            else timedelta(days=options.refresh_token_days)
        )
        mark = "" if kind == "access" else "XYZ!I"
        value = f"{self.sim.region.stamp}.{mark}gAAAA{secrets.token_urlsafe(TOKEN_BYTES)}"
        token = Token(value, kind, chain.app, chain.user, chain.id, now, now + life)
        self.sim.known.tokens[value] = token
        return token


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(query)}", 302, Response)
