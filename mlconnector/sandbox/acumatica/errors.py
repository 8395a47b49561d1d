"""The vendor's error answers.

Source: Acumatica integration development guide, status codes and HttpError; forms seen by working clients
(read 2026-11).
"""

from typing import Any

from mlconnector.sandbox.kit import AnswerNow, Response, json_answer

MESSAGE = "An error has occurred."
# Real traces leak paths of the server; nobody may show or log this.
STACK_TRACE = "   at PX.Api.ContractBased.SimulatedController.Run() in C:\\Build\\src\\Simulated.cs:line 42"
NO_ENTITY = "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"
CANNOT_OPTIMISE = "PX.Api.ContractBased.OptimizedExport.CannotOptimizeException"
PX_EXCEPTION = "PX.Data.PXException"
DISABLED = "PX.Data.PXActionDisabledException"
UNDEFINED_COMPANY = "PX.Data.PXUndefinedCompanyException"
ODATA = "Microsoft.Data.OData.ODataException"
LIMIT_TITLE = "API Login Limit"
LIMIT_PAGE = (
    f"<!DOCTYPE html><html><head><title>{LIMIT_TITLE}</title></head>"
    "<body><h1>API Login Limit</h1><p>The number of API users of your license is reached.</p></body></html>"
)
SICK_PAGE = "<html><head><title>Error</title></head><body><h1>Object moved</h1></body></html>"
DECLINED = "The request was declined because the limit of web service API requests is reached."

# What a fault switch needs to answer like the vendor: `sim.fail("POST /Bill/ReleaseBill", "500")`.
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "body": {"message": DECLINED}},
    "500": {
        "status": 500,
        "body": {
            "message": MESSAGE,
            "exceptionMessage": "Object reference not set to an instance of an object.",
            "exceptionType": "System.NullReferenceException",
            "stackTrace": STACK_TRACE,
        },
    },
    "500 html": {
        "status": 500,
        "headers": {"Content-Type": "text/html"},
        "body": "<html><head><title>Runtime Error</title></head><body><h1>Server Error</h1></body></html>",
    },
    "another process": {
        "status": 500,
        "body": {
            "message": MESSAGE,
            "exceptionMessage": "Error: Another process has updated the 'APInvoice' record. "
            "Your changes will be lost.",
            "exceptionType": "PX.Data.PXLockViolationException",
            "stackTrace": STACK_TRACE,
        },
    },
    "401": {"status": 401, "body": {"message": "You are not signed in."}},
    "503": {"status": 503, "headers": {"Content-Type": "text/html"}, "body": "Service Unavailable"},
    "drop before": {"drop": "before"},
    "drop after": {"drop": "after"},
}


def body_of(text: str, kind: str = PX_EXCEPTION, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """An HttpError as it stands in the answer."""
    body: dict[str, Any] = {
        "message": MESSAGE,
        "exceptionMessage": text,
        "exceptionType": kind,
        "stackTrace": STACK_TRACE,
    }
    return body | ({"innerException": inner} if inner else {})


def failed(
    text: str, kind: str = PX_EXCEPTION, status: int = 500, inner: dict[str, Any] | None = None
) -> AnswerNow:
    """A business error or another exception of the server."""
    return AnswerNow(json_answer(body_of(text, kind, inner), status))


def no_entity() -> AnswerNow:
    """A record that does not exist: 500, not 404."""
    return failed("No entity satisfies the condition.", NO_ENTITY)


def plain(status: int, message: str) -> AnswerNow:
    """An answer of the web framework, with `message` alone."""
    return AnswerNow(json_answer({"message": message}, status))


def empty(status: int, **headers: str) -> Response:
    response = Response(b"", status=status)
    response.headers.pop("Content-Type", None)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response
