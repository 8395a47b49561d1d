"""The vendor's error answers. Source: Asana API errors page and published specification (read 2026-11)."""

from typing import Any

from mlconnector.sandbox.kit import Response, json_answer

HELP = (
    "For more information on API status codes and how to handle them, "
    "read the docs on errors: https://developers.asana.com/docs/errors"
)
TOO_LARGE = "The result is too large. You should use pagination (may require specifying a workspace)!"
TOO_MANY = "You've made too many requests and hit a rate limit. Please retry after the given amount of time."
DUPLICATED = (
    "Duplicated webhook. You already have an existing webhook for the given resource and target. "
    "Delete the old one before creating another."
)
SYNC_TOO_OLD = (
    "Sync token invalid or too old. If you are attempting to keep resources in sync, you must fetch the full "
    "dataset for this query now and use the new sync token for the next sync."
)
PAID = "This feature is not available for your plan. Upgrade to a paid plan to use it."
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

# What a fault switch needs to answer like the vendor: `sim.fail("GET /tasks", "429")`.
FAULTS: dict[str, dict[str, Any]] = {
    "429": {
        "status": 429,
        "headers": {"Retry-After": "30"},
        "body": {"errors": [{"message": TOO_MANY, "help": HELP}]},
    },
    "500": {
        "status": 500,
        "body": {"errors": [{"message": "Server Error", "phrase": "6 sad squid snuggle softly"}]},
    },
    "502": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": BAD_GATEWAY},
    "503": {"status": 503, "headers": {"Content-Type": "text/html"}, "body": "Service Unavailable"},
    "504": {"status": 504, "headers": {"Content-Type": "text/html"}, "body": "Gateway Time-out"},
    "drop before": {"drop": "before"},
    "drop after": {"drop": "after"},
}


class ApiError(Exception):
    """An error answer of the API."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, **beside: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        # Keys next to `errors` (412 carries `sync`).
        self.beside = beside

    def body(self) -> dict[str, Any]:
        # A 412 comes without `help`. Source: Asana API specification, GET /events (read 2026-11).
        error = {"message": self.message} | ({} if self.status == 412 else {"help": HELP})
        return {"errors": [error], **self.beside}

    def response(self) -> Response:
        return json_answer(self.body(), self.status, self.headers)


def missing(name: str) -> ApiError:
    return ApiError(400, f"{name}: Missing input")


def unknown(name: str, gid: object) -> ApiError:
    return ApiError(404, f"{name}: Unknown object: {gid}")


def not_an_id(name: str, value: object) -> ApiError:
    return ApiError(400, f"{name}: Not a recognized ID: {value}")
