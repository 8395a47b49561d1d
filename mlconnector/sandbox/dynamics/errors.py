"""The vendor's error answers. Source: Dataverse Web API error handling, service protection limits, SDK error
codes (read 2026-11).
"""

from typing import Any

from mlconnector.sandbox.kit import Response, json_answer

REQUESTS, DURATION, CONCURRENT = "0x80072322", "0x80072321", "0x80072326"
LIMIT_TEXTS = {
    REQUESTS: "Number of requests exceeded the limit of {limit} over time window of {window} seconds.",
    DURATION: "Combined execution time of incoming requests exceeded limit of {limit} milliseconds over time "
    "window of {window} seconds. Decrease number of concurrent requests or reduce the duration of requests "
    "and try again later.",
    CONCURRENT: "Number of concurrent requests exceeded the limit of {limit}.",
}
UNAVAILABLE = (
    "<html><head><title>Service Unavailable</title></head><body><h2>Service Unavailable</h2></body></html>"
)


def _limited(code: str, limit: int) -> dict[str, Any]:
    text = LIMIT_TEXTS[code].format(limit=limit, window=300)
    return {
        "status": 429,
        "headers": {"Retry-After": "30", "Content-Type": "application/json; odata.metadata=minimal"},
        "body": {"error": {"code": code, "message": text}},
    }


# What a fault switch needs to answer like the vendor: `sim.fail("GET /invoices", "429")`.
FAULTS: dict[str, dict[str, Any]] = {
    "429": _limited(REQUESTS, 6000),
    "429 duration": _limited(DURATION, 1_200_000),
    "429 concurrent": _limited(CONCURRENT, 52),
    "500": {
        "status": 500,
        "body": {"error": {"code": "0x80040216", "message": "An unexpected error occurred."}},
    },
    "sql timeout": {
        "status": 500,
        "body": {"error": {"code": "0x80044151", "message": "SQL timeout expired."}},
    },
    "plug-in": {
        "status": 400,
        "body": {"error": {"code": "0x80040265", "message": "Die Rechnung ist noch nicht freigegeben."}},
    },
    "502": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": UNAVAILABLE},
    "503": {
        "status": 503,
        "headers": {"Content-Type": "text/html", "Retry-After": "20"},
        "body": UNAVAILABLE,
    },
    "504": {"status": 504, "body": {"Message": "Gateway timeout"}},
    "drop before": {"drop": "before"},
    "drop after": {"drop": "after"},
}


class ApiError(Exception):
    """An error answer of the Web API."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def response(self, *, verbose: bool = False) -> Response:
        """With annotations asked for, the answer carries the long form as well."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if verbose:
            error |= {
                "@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode": str(self.status),
                "@Microsoft.PowerApps.CDS.InnerError.Message": self.message,
                "@Microsoft.PowerApps.CDS.HelpLink": "https://go.microsoft.com/fwlink/?LinkID=398563",
                "@Microsoft.PowerApps.CDS.TraceText": "",
            }
        return json_answer(
            {"error": error},
            self.status,
            {"OData-Version": "4.0", **self.headers},
            "application/json; odata.metadata=minimal",
        )


def no_property(name: str, table: str) -> ApiError:
    text = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."
    return ApiError(400, "0x80060888", text)


def no_row(table: str, row_id: str) -> ApiError:
    return ApiError(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


def no_resource(segment: str) -> ApiError:
    return ApiError(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")


def bad(message: str, code: str = "0x80048d19") -> ApiError:
    return ApiError(400, code, message)
