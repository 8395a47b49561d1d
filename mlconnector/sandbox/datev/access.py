"""The checks that every API call passes: token, app, scope, client, service."""

import re
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from mlconnector.sandbox.datev import answers
from mlconnector.sandbox.datev.state import (
    CLIENTS_SCOPE,
    DOCUMENTS_SCOPE,
    DXSO_SCOPE,
    EXTF_SCOPE,
    App,
    Client,
)
from mlconnector.sandbox.datev.tokens import Session

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

CLIENT_REF = re.compile(r"[1-9]\d{0,9}-[1-9]\d{0,9}")
# These two speak problem details and 1008829; documents and dxso-jobs speak DCO errors.
PROBLEM_SCOPES = (CLIENTS_SCOPE, EXTF_SCOPE)
BOUND_ELSEWHERE = "this offline access token is not authorized to access requested clients"


class Access:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def session(self, request: Request, scope: str, *, client_ref: str = "") -> Session:
        """Who calls. An empty `client_ref` means a list of clients, which long tokens may not read."""
        self._throttle()
        session = self.simulator.tokens.session_of(_bearer(request))
        if session is None:
            raise answers.empty(401, WWW_Authenticate='Bearer error="invalid_token"')
        self._check_app(request, session)
        accept = request.accept_mimetypes
        if accept and not accept.best_match(["application/json", "application/problem+json"]):
            raise answers.problem(406)
        if session.bound_client and session.bound_client != client_ref:
            raise answers.gateway(401, "Unauthorized", BOUND_ELSEWHERE)
        if scope not in session.scopes:
            self._refuse_scope(scope, is_list=not client_ref)
        return session

    def client(self, request: Request, scope: str, client_ref: str) -> Client:
        """The client of the path, after all checks up to its visibility."""
        session = self.session(request, scope, client_ref=client_ref)
        if not CLIENT_REF.fullmatch(client_ref) and scope == EXTF_SCOPE:
            reason = "Path segment client-id is invalid"
            detail = "Request-URI contains one or more invalid path segments"
            raise answers.problem(400, "1008835", detail, [("client-id", reason)])
        client = self.simulator.visible(session).get(client_ref)
        if client is None:
            is_upload = request.method in ("POST", "PUT")
            if scope in PROBLEM_SCOPES or is_upload:
                raise answers.empty(404)
            raise answers.only_request_id(404)
        if scope in (DOCUMENTS_SCOPE, DXSO_SCOPE) and not client.has_service(scope):
            if scope == DXSO_SCOPE and request.method == "POST":
                raise answers.dco("DCO01002")
            raise answers.only_request_id(403)
        return client

    def app(self, request: Request) -> App:
        """The app whose token this request carries (after `client` or `session` let it pass)."""
        session = self.simulator.tokens.session_of(_bearer(request))
        if session is None:
            raise answers.empty(401)
        return session.app

    def _throttle(self) -> None:
        limit = self.simulator.options.calls_per_second
        if limit and self.simulator.calls_in_this_second() > limit:
            raise answers.empty(429, Retry_After="1")

    def _check_app(self, request: Request, session: Session) -> None:
        given = request.headers.get("X-DATEV-Client-Id", "")
        if given == session.app.client_id:
            return
        known = any(app.client_id == given for app in self.simulator.apps)
        text = "Token issued to another client" if known else "Invalid client id or secret"
        raise answers.gateway(401, "Unauthorized", text)

    def _refuse_scope(self, scope: str, *, is_list: bool) -> None:
        if scope in PROBLEM_SCOPES:
            raise answers.problem(403, "1008829", f"Missing scope(s) are: {scope}")
        raise answers.dco("DCO01005", 401 if is_list and scope == DOCUMENTS_SCOPE else 403)


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
