"""Who calls, from which app, for which division, and what they may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact.entity import Entity
from mlconnector.sandbox.exact.errors import ApiError
from mlconnector.sandbox.exact.state import App, Token, User
from mlconnector.sandbox.kit import json_answer

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.exact.simulator import ExactSimulator
    from mlconnector.sandbox.kit import Response

# Source: Exact's Reason header of a 403 as documented in client code (read 2026-11).
USER_REASONS = ("BlockedUser", "InactiveUser", "BlockedCustomer", "LicenseExpired")
SCOPE_VIOLATED = "Forbidden - Application Scope Violated. Cannot {deed}"


@dataclass(frozen=True)
class ApiCall:
    """One call behind its checks. `place` is what stands between /api/v1/ and the endpoint ("499156/")."""

    sim: "ExactSimulator"
    request: "Request"
    entity: Entity
    app: App
    user: User
    token: Token
    division: int
    place: str

    @property
    def wants_json(self) -> bool:
        return wants_json(self.request)

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; numbers with a point as Decimal. Raises ApiError 400."""
        given = self.sim.read_json(self.request.get_data())
        if self.request.mimetype != "application/json" or not isinstance(given, dict):
            raise ApiError(400, "Error processing request stream. The request must hold a JSON object.")
        return given


def wants_json(request: "Request") -> bool:
    return "application/json" in request.headers.get("Accept", "")


def with_headers(response: "Response", headers: Mapping[str, str]) -> "Response":
    response.headers.update(headers)
    return response


class Access:
    def __init__(self, sim: "ExactSimulator") -> None:
        self.sim = sim

    def token_of(self, request: "Request") -> Token:
        """The access token of the request, expired or not. Raises ApiError 401."""
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.sim.known.tokens.get(value)
        if kind.lower() != "bearer" or token is None or token.kind != "access":
            raise ApiError(401, "Unauthorized")
        return token

    def check_token(self, token: Token) -> None:
        chain = self.sim.known.chains[token.chain]
        if chain.is_ended or token.expires_at <= self.sim.clock.now():
            raise ApiError(401, "Unauthorized")

    def divisions_of(self, app: App, user: User) -> list[int]:
        """Divisions that are open to the user and were granted to the app."""
        granted = self.sim.known.granted.get((app.client_id, user.id))
        return [code for code in sorted(user.divisions) if granted is None or code in granted]

    def check_user(self, user: User) -> None:
        if user.trouble:
            raise ApiError(403, "Forbidden", {"Reason": user.trouble})

    def check_division(self, app: App, user: User, code: int) -> None:
        division = self.sim.known.divisions.get(code)
        if division is None or code not in self.divisions_of(app, user):
            raise ApiError(403, "Forbidden", {"Reason": "NoDivisionAccess"})
        if division.is_blocked or division.blocking_status:
            raise ApiError(403, "Forbidden", {"Reason": "DivisionBlocked"})

    def check_scope(self, app: App, entity: Entity, method: str) -> None:
        if app.scopes is None or not entity.scope:
            return
        level = app.scopes.get(entity.scope)
        if level == "manage" or (level == "read" and method == "GET"):
            return
        raise ApiError(403, SCOPE_VIOLATED.format(deed="read" if method == "GET" else "manage"))


def refused(error: str, description: str, status: int, reason: str = "") -> "Response":
    """An error of the token endpoint."""
    body = {"error": error, "error_description": description}
    return json_answer(body, status, {"Reason": reason} if reason else {})
