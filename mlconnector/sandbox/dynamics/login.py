"""Microsoft Entra: tokens for an app, by secret or certificate.

Sources: OAuth 2.0 client credentials flow, certificate credentials, AADSTS error codes (read 2026-11).
"""

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mlconnector.sandbox.dynamics.state import App, Certificate, Token
from mlconnector.sandbox.kit import AnswerNow, Response, Route, json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE_END = "/.default"


@dataclass(frozen=True)
class Refusal:
    status: int
    error: str
    text: str


# By AADSTS number.
REFUSALS = {
    7000215: Refusal(
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
        "value, not the client secret ID, for a secret added to app '{client_id}'.",
    ),
    7000222: Refusal(
        401, "invalid_client", "The provided client secret keys for app '{client_id}' are expired."
    ),
    7000218: Refusal(
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    700016: Refusal(
        400,
        "unauthorized_client",
        "Application with identifier '{client_id}' was not found in the directory.",
    ),
    700027: Refusal(
        401,
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered.",
    ),
    700021: Refusal(
        401, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."
    ),
    700023: Refusal(401, "invalid_client", "Client assertion audience claim does not match Realm issuer."),
    700024: Refusal(401, "invalid_client", "Client assertion is not within its valid time range."),
    90002: Refusal(
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.",
    ),
    50059: Refusal(
        400,
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided "
        "credentials.",
    ),
    500011: Refusal(
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named Muster.",
    ),
    70011: Refusal(
        400, "invalid_scope", "The provided request must include a 'scope' input parameter: {scope}."
    ),
    70003: Refusal(
        400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'."
    ),
    900144: Refusal(
        400, "invalid_request", "The request body must contain the following parameter: '{name}'."
    ),
}


class Login:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    def routes(self) -> list[Route]:
        return [
            Route("login.token", "POST", "/<tenant>/oauth2/v2.0/token", self.token),
            Route(
                "login.discovery", "GET", "/<tenant>/v2.0/.well-known/openid-configuration", self.discovery
            ),
        ]

    def discovery(self, request: "Request", tenant: str) -> Response:
        self._known_tenant(tenant)
        root = f"{request.host_url.rstrip('/')}/{tenant}"
        return json_answer(
            {
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
            }
        )

    def token(self, request: "Request", tenant: str) -> Response:
        self._known_tenant(tenant)
        form = request.form
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                raise self._refused(900144, name=name)
        if form["grant_type"] != "client_credentials":
            raise self._refused(70003, grant_type=form["grant_type"])
        app = self.sim.known.apps.get(form["client_id"].lower())
        if app is None:
            raise self._refused(700016, client_id=form["client_id"])
        environment, audience = self._audience(form.get("scope", ""))
        self._check_credential(request, app)
        return json_answer(
            issued(environment, app.client_id, audience), headers={"Cache-Control": "no-store, no-cache"}
        )

    def _known_tenant(self, tenant: str) -> None:
        if tenant in ("common", "organizations", "consumers"):
            raise self._refused(50059)
        if tenant.lower() not in (self.sim.tenant_id, self.sim.tenant_domain):
            raise self._refused(90002, tenant=tenant)

    def _audience(self, scope: str) -> tuple["DynamicsSimulator", str]:
        """The environment that is asked for, by exactly <origin>/.default."""
        if not scope.endswith(SCOPE_END) or " " in scope:
            raise self._refused(70011, scope=scope or "scope")
        resource = scope.removesuffix(SCOPE_END)
        for environment in self.sim.environments:
            if resource in environment.origins:
                return environment, resource
        raise self._refused(500011, resource=resource)

    def _check_credential(self, request: "Request", app: App) -> None:
        form = request.form
        if form.get("client_assertion"):
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise self._refused(900144, name="client_assertion_type")
            self._check_assertion(request, app, form["client_assertion"])
        elif form.get("client_secret"):
            if form["client_secret"] not in app.secrets:
                raise self._refused(7000215, client_id=app.client_id)
            ends_at = app.secrets[form["client_secret"]]
            if ends_at and ends_at <= self.sim.clock.now():
                raise self._refused(7000222, client_id=app.client_id)
        else:
            raise self._refused(7000218)

    def _check_assertion(self, request: "Request", app: App, assertion: str) -> None:
        try:
            head, body, signature = (_unpacked(part) for part in assertion.split("."))
            header, claims = json.loads(head), json.loads(body)
        except ValueError:
            raise self._refused(700027) from None
        signed = assertion.rpartition(".")[0].encode()
        if not any(_is_signed_by(one, header, signed, signature) for one in app.certificates):
            raise self._refused(700027)
        if not str(claims.get("iss")).lower() == str(claims.get("sub")).lower() == app.client_id:
            raise self._refused(700021)
        if claims.get("aud") not in (request.base_url, f"{self.sim.login_url}{request.path}"):
            raise self._refused(700023)
        now = self.sim.clock.now().timestamp()
        if not claims.get("nbf", 0) - 300 <= now < claims.get("exp", 0) + 300:
            raise self._refused(700024)

    def _refused(self, number: int, **names: str) -> AnswerNow:
        refusal = REFUSALS[number]
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        at = f"{self.sim.clock.now():%Y-%m-%d %H:%M:%SZ}"
        text = f"AADSTS{number}: {refusal.text.format(**names)}"
        body = {
            "error": refusal.error,
            "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.sim.login_url}/error?code={number}",
        }
        return AnswerNow(json_answer(body, refusal.status))


def issued(sim: "DynamicsSimulator", client_id: str, audience: str) -> dict[str, Any]:
    """A new token and the answer that carries it."""
    seconds = sim.options.token_seconds
    # Looks like a JWT; its content is nobody's business.
    value = f"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{secrets.token_urlsafe(120)}.{secrets.token_urlsafe(60)}"
    ends_at = sim.clock.now() + timedelta(seconds=seconds)
    sim.known.tokens[value] = Token(value, client_id, audience, ends_at)
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": value}


# --- certificates ------------------------------------------------------------------------------------------
def certificate_of(pem: str) -> Certificate:
    """A PEM certificate as it is registered with an app."""
    found = x509.load_pem_x509_certificate(pem.encode())
    der = found.public_bytes(serialization.Encoding.DER)
    key = found.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # The older header x5t is a SHA-1 thumbprint by definition.
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    return Certificate(key.decode(), _packed(sha1), _packed(hashlib.sha256(der).digest()))


def _is_signed_by(certificate: Certificate, header: dict[str, Any], signed: bytes, signature: bytes) -> bool:
    known = {"x5t": certificate.thumbprint, "x5t#S256": certificate.thumbprint_sha256}
    named = [name for name in known if name in header]
    if not named or any(str(header[name]).rstrip("=") != known[name] for name in named):
        return False
    paddings: dict[str, padding.AsymmetricPadding] = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    }
    key = serialization.load_pem_public_key(certificate.public_key.encode())
    if header.get("alg") not in paddings or not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, paddings[header["alg"]], hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
