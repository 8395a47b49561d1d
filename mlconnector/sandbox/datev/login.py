"""Login mit DATEV: authorize, token, revoke, userinfo, keys and discovery.

Source: DATEV login documentation as summed up for integrators (read 2026-11): PKCE and long state and nonce
are required, refresh tokens are single use, a sign-in ends eleven hours after it began unless it is a long
one.
"""

import base64
import functools
import hashlib
import json
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox import html
from mlconnector.sandbox.datev import state
from mlconnector.sandbox.datev.state import App
from mlconnector.sandbox.datev.tokens import Code, Session
from mlconnector.sandbox.kit import AnswerNow, Route, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

MINIMUM_LENGTH = 20
CLIENT_SCOPE = "datev:iam:client:"
KNOWN_SCOPES = {
    "openid",
    "profile",
    "email",
    "account_id",
    "offline_access",
    state.CLIENTS_SCOPE,
    state.EXTF_SCOPE,
    state.READ_SCOPE,
    state.DOCUMENTS_SCOPE,
    state.DXSO_SCOPE,
}
VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
KEY_ID = "simulated-key-1"


class Login:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        routes = []
        for realm, api in (("openid", "api"), ("openidsandbox", "sandbox-api")):
            suffix = "" if realm == "openid" else ".sandbox"
            routes += [
                Route(f"login.authorize{suffix}", "GET", f"/login/{realm}/authorize", self.authorize),
                Route(
                    f"login.discovery{suffix}",
                    "GET",
                    f"/login/{realm}/.well-known/openid-configuration",
                    functools.partial(self.discovery, realm=realm, api=api),
                ),
                Route(f"login.token{suffix}", "POST", f"/{api}/token", self.token),
                Route(f"login.revoke{suffix}", "POST", f"/{api}/revoke", self.revoke),
                Route(f"login.userinfo{suffix}", "GET", f"/{api}/userinfo", self.userinfo),
                Route(f"login.certs{suffix}", "GET", f"/{api}/certs", self.certs),
            ]
        return routes

    # --- authorize ----------------------------------------------------------------------------------------
    def authorize(self, request: Request) -> Response:
        given = request.args
        app = self._app(given.get("client_id", ""))
        redirect_uri = given.get("redirect_uri", "")
        if app is None or not _is_registered(redirect_uri, app):
            text = "client_id is unknown" if app is None else "redirect_uri is not registered for this app"
            return html.page(
                "DATEV (simuliert)", "Anmeldung nicht möglich / Sign-in refused", text, status=400
            )
        fault = self._fault(given, app)
        if fault:
            return _back(redirect_uri, given, error=fault[0], error_description=fault[1])
        if not self.simulator.options.sign_in_at_once and "person" not in given:
            return self._choice(request, app)
        return self._signed_in(given, app, redirect_uri)

    def _fault(self, given: Any, app: App) -> tuple[str, str] | None:
        scopes = given.get("scope", "").split()
        options = self.simulator.options
        checks = (
            (given.get("response_type") != "code", "unsupported_response_type", "response_type must be code"),
            (len(given.get("state", "")) < MINIMUM_LENGTH, "invalid_request", "state is too short"),
            (len(given.get("nonce", "")) < MINIMUM_LENGTH, "invalid_request", "nonce is too short"),
            (not given.get("code_challenge"), "invalid_request", "code_challenge missing"),
            (
                given.get("code_challenge_method") != "S256",
                "invalid_request",
                "code_challenge_method must be S256",
            ),
            ("openid" not in scopes, "invalid_scope", "openid is missing"),
            (bool(options.refuse_sign_in), options.refuse_sign_in, "The person did not sign in"),
            (given.get("person") == "nobody", "access_denied", "The person refused"),
            (
                options.unknown_scopes == "refuse" and bool(_unknown(scopes)),
                "invalid_scope",
                f"not subscribed: {' '.join(_unknown(scopes))}",
            ),
            (
                not self._long_fits(scopes, app),
                "invalid_scope",
                "offline_access needs one client and approval",
            ),
        )
        return next(((code, text) for is_wrong, code, text in checks if is_wrong), None)

    def _long_fits(self, scopes: list[str], app: App) -> bool:
        """Long tokens need both scopes, an approved app, and exactly one client that the person may see."""
        bound = [scope.removeprefix(CLIENT_SCOPE) for scope in scopes if scope.startswith(CLIENT_SCOPE)]
        if "offline_access" not in scopes and not bound:
            return True
        known = {client.ref for client in self.simulator.clients if client.is_visible}
        return "offline_access" in scopes and app.may_stay and len(bound) == 1 and bound[0] in known

    def _choice(self, request: Request, app: App) -> Response:
        links = [
            html.link(f"Als {person.name} anmelden / Sign in", f"{request.url}&person={person.sub}")
            for person in self.simulator.people
        ]
        refuse = html.link("Ablehnen / Refuse", f"{request.url}&person=nobody")
        rows = [[item] for item in [*links, refuse]]
        scope = html.note(f"{app.name}: {request.args.get('scope', '')}")
        return html.page("DATEV (simuliert)", "Anmelden / Sign in", scope, html.table(["Person"], rows))

    def _signed_in(self, given: Any, app: App, redirect_uri: str) -> Response:
        people = self.simulator.people
        person = next((one for one in people if one.sub == given.get("person")), people[0])
        scopes = [
            scope
            for scope in given["scope"].split()
            if scope in KNOWN_SCOPES or scope.startswith(CLIENT_SCOPE)
        ]
        bound = [scope.removeprefix(CLIENT_SCOPE) for scope in scopes if scope.startswith(CLIENT_SCOPE)]
        tokens = self.simulator.tokens
        code = Code(
            value=secrets.token_urlsafe(24),
            app=app,
            person=person,
            scopes=tuple(scopes),
            redirect_uri=redirect_uri,
            challenge=given["code_challenge"],
            nonce=given["nonce"],
            bound_client=bound[0] if bound else "",
            ends_at=tokens.now() + timedelta(seconds=self.simulator.options.code_seconds),
        )
        tokens.codes[code.value] = code
        return _back(redirect_uri, given, code=code.value)

    # --- token --------------------------------------------------------------------------------------------
    def token(self, request: Request) -> Response:
        app = self._authenticated(request)
        grant = request.form.get("grant_type", "")
        if grant == "authorization_code":
            return self._code_grant(request, app)
        if grant == "refresh_token":
            session = self.simulator.tokens.redeem(request.form.get("refresh_token", ""), app)
            if session is None:
                raise _error("invalid_grant", "refresh token is invalid, expired, revoked or was used before")
            return self._tokens(request, session)
        raise _error("unsupported_grant_type" if grant else "invalid_request", "grant_type")

    def _code_grant(self, request: Request, app: App) -> Response:
        tokens = self.simulator.tokens
        code = tokens.codes.get(request.form.get("code", ""))
        verifier = request.form.get("code_verifier", "")
        if code is None or code.app is not app or code.is_used or code.ends_at <= tokens.now():
            raise _error("invalid_grant", "code is unknown, used or expired")
        code.is_used = True
        if request.form.get("redirect_uri") != code.redirect_uri:
            raise _error("invalid_grant", "redirect_uri differs")
        if not VERIFIER.fullmatch(verifier) or _challenge(verifier) != code.challenge:
            raise _error("invalid_grant", "code_verifier does not match")
        session = tokens.new_session(app, code.person, code.scopes, code.bound_client)
        session.nonce = code.nonce
        return self._tokens(request, session)

    def _tokens(self, request: Request, session: Session) -> Response:
        options = self.simulator.options
        answer = self.simulator.tokens.pair(session)
        answer["id_token"] = self._id_token(request, session)
        if options.scope_in_answer and not options.quirks:
            answer["scope"] = " ".join(session.scopes)
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    def _authenticated(self, request: Request) -> App:
        """The app that calls the token or revoke endpoint. The secret is never taken from the form."""
        mode = self.simulator.options.client_authentication
        basic = request.authorization
        if basic is not None and basic.type == "basic":
            app = self._app(basic.username or "")
            if (
                app
                and mode != "client_id"
                and secrets.compare_digest(basic.password or "", app.client_secret)
            ):
                return app
        elif mode != "basic" and "client_secret" not in request.form:
            app = self._app(request.form.get("client_id", ""))
            if app:
                return app
        raise _error(
            "invalid_client", "client authentication failed", self.simulator.options.invalid_client_status
        )

    def revoke(self, request: Request) -> Response:
        app = self._authenticated(request)
        if request.form.get("token_type_hint") not in ("access_token", "refresh_token"):
            raise _error("invalid_request", "token_type_hint is missing")
        if not request.form.get("token"):
            raise _error("invalid_request", "token is missing")
        self.simulator.tokens.revoke(request.form["token"], app)
        return Response(b"", status=200)

    # --- who and keys -------------------------------------------------------------------------------------
    def userinfo(self, request: Request) -> Response:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        session = self.simulator.tokens.session_of(token) if kind == "Bearer" else None
        if session is None:
            raise _error("invalid_token", "access token is invalid or expired", 401)
        person = session.person
        claims = {"sub": person.sub}
        if "profile" in session.scopes:
            claims |= {
                "name": person.name,
                "given_name": person.given_name,
                "family_name": person.family_name,
            }
        if "email" in session.scopes:
            claims["email"] = person.email
        if "account_id" in session.scopes:
            claims["account_id"] = person.account_id
        return json_answer(claims)

    def certs(self, request: Request) -> Response:
        numbers = _key().public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": KEY_ID,
            "n": _base64url(numbers.n.to_bytes(256, "big")),
            "e": _base64url(numbers.e.to_bytes(3, "big")),
        }
        return json_answer({"keys": [key]})

    def discovery(self, request: Request, realm: str, api: str) -> Response:
        root = request.host_url.rstrip("/")
        return json_answer(
            {
                "issuer": f"{root}/login/{realm}",
                "authorization_endpoint": f"{root}/login/{realm}/authorize",
                "token_endpoint": f"{root}/{api}/token",
                "revocation_endpoint": f"{root}/{api}/revoke",
                "userinfo_endpoint": f"{root}/{api}/userinfo",
                "jwks_uri": f"{root}/{api}/certs",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": sorted(KNOWN_SCOPES),
            }
        )

    def _id_token(self, request: Request, session: Session) -> str:
        now = int(self.simulator.clock.now().timestamp())
        realm = "openidsandbox" if request.path.startswith("/sandbox-api") else "openid"
        claims = {
            "iss": f"{request.host_url}login/{realm}",
            "sub": session.person.sub,
            "aud": session.app.client_id,
            "iat": now,
            "exp": now + 900,
            "nonce": session.nonce,
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"

    def _app(self, client_id: str) -> App | None:
        return next((app for app in self.simulator.apps if app.client_id == client_id), None)


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _unknown(scopes: list[str]) -> list[str]:
    return [scope for scope in scopes if scope not in KNOWN_SCOPES and not scope.startswith(CLIENT_SCOPE)]


def _is_registered(redirect_uri: str, app: App) -> bool:
    if redirect_uri in app.redirect_uris:
        return True
    url = urlsplit(redirect_uri)
    return "http://localhost" in app.redirect_uris and (url.scheme, url.hostname) == ("http", "localhost")


def _back(redirect_uri: str, given: Any, **answer: str) -> Response:
    if "state" in given:
        answer["state"] = given["state"]
    joint = "&" if "?" in redirect_uri else "?"
    return redirect(f"{redirect_uri}{joint}{urlencode(answer)}")


def _error(code: str, text: str, status: int = 400) -> AnswerNow:
    return AnswerNow(json_answer({"error": code, "error_description": text}, status))
