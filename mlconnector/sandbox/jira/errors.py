"""The vendor's error answers. Source: Jira Cloud REST v3, error bodies and rate limiting (read 2026-11)."""

from collections.abc import Mapping
from typing import Any

from mlconnector.sandbox.kit import Response, json_answer

JSON = "application/json;charset=UTF-8"
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
TOO_MANY = {"errorMessages": ["Rate limit exceeded."], "errors": {}}
GLOBAL = "jira-quota-global-based"
TENANT = "jira-quota-tenant-based"
BURST = "jira-burst-based"
PER_ISSUE = "jira-per-issue-on-write"
COST = "jira-cost-based"


def _limit(reason: str, retry_after: str) -> dict[str, Any]:
    headers = {"RateLimit-Reason": reason, "X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}
    if retry_after:
        headers["Retry-After"] = retry_after
    return {
        "status": 429,
        "headers": headers | {"X-RateLimit-Reset": "2030-01-01T01:00Z"},
        "body": TOO_MANY,
    }


# What a fault switch needs to answer like the vendor: `sim.fail("issues.create", "429 burst")`.
FAULTS: dict[str, dict[str, Any]] = {
    "429 global": _limit(GLOBAL, "1800"),
    "429 tenant": _limit(TENANT, "1800"),
    "429 burst": _limit(BURST, "1"),
    "429 issue": _limit(PER_ISSUE, "2"),
    "429 cost": _limit(COST, "30"),
    "429 date": _limit(BURST, "Tue, 01 Jan 2030 01:00:00 GMT"),
    # Seen from the gateway: no Retry-After, only the moment of the reset; and nothing at all.
    "429 gateway": _limit(BURST, ""),
    "429 bare": {"status": 429, "headers": {"Content-Type": "text/html"}, "body": "Too Many Requests"},
    "500": {"status": 500, "body": {"errorMessages": ["Internal server error"], "errors": {}}},
    "502": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": BAD_GATEWAY},
    "502 but done": {
        "status": 502,
        "headers": {"Content-Type": "text/html"},
        "body": BAD_GATEWAY,
        "processed": True,
    },
    "503": {"status": 503, "headers": {"Retry-After": "5"}, "body": "Service Unavailable"},
    "409": {"status": 409, "body": {"errorMessages": ["The issue is being updated."], "errors": {}}},
    "drop before": {"drop": "before"},
    "drop after": {"drop": "after"},
}


class JiraError(Exception):
    """An error answer of the REST API; texts are said in the caller's language already."""

    def __init__(
        self,
        status: int,
        *messages: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
    ) -> None:
        super().__init__("; ".join([*messages, *(errors or {}).values()]) or str(status))
        self.status = status
        self.headers = headers or {}
        self.body = {"errorMessages": list(messages), "errors": dict(errors or {})} if body is None else body
        self.content_type = content_type

    def response(self) -> Response:
        if isinstance(self.body, str):
            return Response(
                self.body, self.status, headers=dict(self.headers), content_type=self.content_type
            )
        return json_answer(self.body, self.status, self.headers, self.content_type)


class Refused(Exception):  # noqa: N818 - becomes a JiraError in the caller's language
    """A refusal by its key in words.MESSAGES; `field` names the entry in `errors`."""

    def __init__(self, key: str, /, **given: str) -> None:
        super().__init__(key)
        self.key = key
        self.given = given


def unauthorized(message: str = "Unauthorized") -> JiraError:
    return JiraError(401, body={"code": 401, "message": message})


def no_such_site(path: str, at: str) -> JiraError:
    """What the gateway says of a cloudId that it does not know."""
    body = {
        "timestamp": at,
        "status": 404,
        "error": "Not Found",
        "message": "No message available",
        "path": path,
    }
    return JiraError(404, body=body, content_type="application/json")


def no_endpoint(method: str, path: str, status: int = 404) -> JiraError:
    title = {404: "Not Found", 405: "Method Not Allowed", 415: "Unsupported Media Type"}[status]
    details = {404: f"No endpoint {method} {path}", 405: f"Method '{method}' is not supported."}
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": details.get(status, "Content-Type is not supported."),
        "instance": path,
    }
    return JiraError(status, body=body, content_type="application/problem+json")
