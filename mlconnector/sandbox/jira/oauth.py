"""Signing in at auth.atlassian.com: consent, tokens with rotating refresh tokens, and the sites of a grant.

Source: "OAuth 2.0 (3LO) apps" of Atlassian (read 2026-11).
"""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from werkzeug.utils import redirect

from mlconnector.sandbox.jira.errors import JiraError, unauthorized
from mlconnector.sandbox.jira.state import Access, App, Grant, Refresh
from mlconnector.sandbox.kit import Response, Route, json_answer, page

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.jira.app import JiraSimulator

CODE_LIFETIME = timedelta(minutes=5)
REUSE_LEEWAY = timedelta(minutes=10)
INACTIVITY_END = timedelta(days=90)
ABSOLUTE_END = timedelta(days=365)
OFFLINE = "offline_access"
GRANT_TYPES = "authorization_code|refresh_token|client_credentials"
# Tokens are opaque and long: more than 1000 characters are normal.
TOKEN_LENGTH = 1100


class TokenError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.response = json_answer({"error": error, "error_description": description}, status)


class OAuth:
    """The pages of auth.atlassian.com, and of api.atlassian.com what is not a product's."""

    def __init__(self, sim: "JiraSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("oauth.authorize", "GET", "/authorize", self.authorize),
            Route("oauth.token", "POST", "/oauth/token", self.token),
            Route("oauth.resources", "GET", "/oauth/token/accessible-resources", self.resources),
            Route("oauth.me", "GET", "/me", self.me),
        ]

    # --- authorize ----------------------------------------------------------------------------------------
    def authorize(self, request: "Request") -> Response:
        """Redirects at once: the test person consents. A wrong client or callback shows a plain page."""
        args = request.args
        app = self.sim.known.apps.get(args.get("client_id", ""))
        if app is None or not _is_registered(args.get("redirect_uri", ""), app):
            text = "App oder Callback-URL ist nicht bekannt / Unknown app or callback URL"
            return page("Atlassian (simuliert)", text, status=400)
        state = {"state": args["state"]} if args.get("state") else {}
        wanted = frozenset(args.get("scope", "").split())
        if args.get("audience") != "api.atlassian.com" or args.get("response_type") != "code":
            return page("Atlassian (simuliert)", "audience / response_type", status=400)
        if self.sim.options.deny_authorization:
            refusal = {"error": "access_denied", "error_description": "User did not authorize the request"}
            return _back(args["redirect_uri"], refusal | state)
        if not wanted or not wanted <= app.scopes | {OFFLINE}:
            refusal = {"error": "invalid_scope", "error_description": "Scope is not enabled for the app"}
            return _back(args["redirect_uri"], refusal | state)
        code = f"eyJ{secrets.token_urlsafe(200)}"
        self.sim.known.codes[code] = {
            "app": app.client_id,
            "redirect_uri": args["redirect_uri"],
            "scopes": wanted,
            "account": self.sim.consenting,
            "sites": list(self.sim.consent_sites or self.sites_of(self.sim.consenting)),
            "expires_at": self.sim.clock.now() + CODE_LIFETIME,
        }
        return _back(args["redirect_uri"], {"code": code, **state})

    def sites_of(self, account: str) -> list[str]:
        return [site.cloud_id for site in self.sim.known.sites.values() if account in site.members]

    # --- token --------------------------------------------------------------------------------------------
    def token(self, request: "Request") -> Response:
        try:
            given = _given(request)
            grant_type = given.get("grant_type", "")
            if grant_type not in GRANT_TYPES.split("|") or grant_type == "client_credentials":
                description = f"grant_type must be one of [{GRANT_TYPES}]"
                raise TokenError(400, "invalid_request", description)
            app = self._client(given)
            if grant_type == "authorization_code":
                return self._exchanged(given, app)
            return self._refreshed(given, app)
        except TokenError as error:
            return error.response

    def _client(self, given: dict[str, Any]) -> App:
        app = self.sim.known.apps.get(str(given.get("client_id", "")))
        secret = str(given.get("client_secret", ""))
        if app is None or not secrets.compare_digest(secret.encode(), app.client_secret.encode()):
            raise TokenError(401, "access_denied", "Unauthorized")
        return app

    def _exchanged(self, given: dict[str, Any], app: App) -> Response:
        code = self.sim.known.codes.pop(str(given.get("code", "")), None)
        if code is None or code["app"] != app.client_id or code["expires_at"] <= self.sim.clock.now():
            raise TokenError(403, "invalid_grant", "Invalid authorization code")
        if given.get("redirect_uri", "") != code["redirect_uri"]:
            raise TokenError(403, "invalid_grant", "The redirect_uri is not the one of the authorization")
        return self._answer(self.consent(app, code["account"], code["scopes"], code["sites"]))

    def consent(self, app: App, account: str, scopes: frozenset[str], sites: list[str]) -> Grant:
        grant = Grant(
            uuid4().hex,
            app.client_id,
            account,
            scopes,
            {site: scopes - {OFFLINE} for site in sites},
            self.sim.clock.now(),
        )
        self.sim.known.grants[grant.id] = grant
        return grant

    def _refreshed(self, given: dict[str, Any], app: App) -> Response:
        now = self.sim.clock.now()
        refresh = self.sim.known.refreshes.get(str(given.get("refresh_token", "")))
        grant = self.sim.known.grants.get(refresh.grant) if refresh else None
        if refresh is None or grant is None or grant.app != app.client_id:
            raise self._refusal()
        if not grant.end_reason:
            grant.end_reason = _end_reason(grant, refresh, now)
        if grant.end_reason:
            raise self._refusal()
        refresh.exchanged_at = refresh.exchanged_at or now
        return self._answer(grant)

    def _refusal(self) -> TokenError:
        options = self.sim.options
        texts = {
            "invalid_grant": "Unknown or invalid refresh token.",
            "unauthorized_client": "refresh_token is invalid",
        }
        return TokenError(options.refresh_status, options.refresh_error, texts[options.refresh_error])

    def _answer(self, grant: Grant) -> Response:
        access, refresh = self.issue(grant)
        body = {
            "access_token": access.value,
            "expires_in": self.sim.options.access_token_seconds,
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
        }
        if refresh:
            body["refresh_token"] = refresh.value
        return json_answer(body, headers={"Cache-Control": "no-store"})

    def issue(self, grant: Grant) -> tuple[Access, Refresh | None]:
        """A fresh pair of the family; no refresh token without offline_access."""
        now = self.sim.clock.now()
        access = Access(_token(), grant.id, now + timedelta(seconds=self.sim.options.access_token_seconds))
        self.sim.known.accesses[access.value] = access
        if OFFLINE not in grant.scopes:
            return access, None
        refresh = Refresh(_token(), grant.id, now)
        self.sim.known.refreshes[refresh.value] = refresh
        return access, refresh

    # --- api.atlassian.com --------------------------------------------------------------------------------
    def signed_in(self, request: "Request") -> Grant:
        """The grant of the request's access token. Raises JiraError 401."""
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        access = self.sim.known.accesses.get(value) if kind == "Bearer" else None
        if access is None or access.expires_at <= self.sim.clock.now():
            raise unauthorized()
        grant = self.sim.known.grants[access.grant]
        if grant.is_revoked:
            raise unauthorized()
        return grant

    def resources(self, request: "Request") -> Response:
        """Every site of this person and app, including those of earlier consents."""
        try:
            grant = self.signed_in(request)
        except JiraError as error:
            return error.response()
        found: dict[str, set[str]] = {}
        for one in self.sim.known.grants.values():
            if (one.app, one.account) == (grant.app, grant.account) and not one.is_revoked:
                for cloud_id, scopes in one.sites.items():
                    found.setdefault(cloud_id, set()).update(scopes)
        sites = [(self.sim.known.sites[one], scopes) for one, scopes in found.items()]
        return json_answer(
            [
                {
                    "id": site.cloud_id,
                    "url": site.url,
                    "name": site.name,
                    "scopes": sorted(scopes if site.is_jira else {"read:confluence-content.all"}),
                    "avatarUrl": f"{self.sim.web_url}/avatars/240/flag.png",
                }
                for site, scopes in sites
            ]
        )

    def me(self, request: "Request") -> Response:
        try:
            grant = self.signed_in(request)
            if "read:me" not in grant.scopes:
                raise unauthorized("Unauthorized; scope does not match")
        except JiraError as error:
            return error.response()
        person = self.sim.known.people[grant.account]
        return json_answer(
            {
                "account_type": "atlassian",
                "account_id": person.account_id,
                "email": person.email,
                "name": person.name,
                "account_status": "active",
                "zoneinfo": person.time_zone,
            }
        )


def _end_reason(grant: Grant, refresh: Refresh, now: datetime) -> str:
    """Why the family ends with this exchange; "" when it goes on."""
    if now - grant.consented_at >= ABSOLUTE_END:
        return "365 days since the consent"
    if now - refresh.issued_at >= INACTIVITY_END:
        return "90 days without use"
    if refresh.exchanged_at and now - refresh.exchanged_at > REUSE_LEEWAY:
        return "a refresh token was used again"
    return ""


def _token() -> str:
    return f"eyJ{secrets.token_urlsafe(TOKEN_LENGTH * 3 // 4)}"


def _is_registered(redirect_uri: str, app: App) -> bool:
    """Whether the app has registered it; on this machine (demo) any port will do."""
    given = urlsplit(redirect_uri)
    if given.hostname in ("localhost", "127.0.0.1"):
        redirect_uri = f"{given.scheme}://localhost{given.path}"
    return redirect_uri in app.redirect_uris


def _given(request: "Request") -> dict[str, Any]:
    """The parameters: JSON, or a form. Raises TokenError 400."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return request.form.to_dict()
    given = request.get_json(force=True, silent=True)
    if not isinstance(given, dict):
        raise TokenError(400, "invalid_request", "The request body is not valid")
    return given


def _back(redirect_uri: str, query: dict[str, str]) -> Response:
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(query)}", 302, Response)
