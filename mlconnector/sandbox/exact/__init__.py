"""A simulated Exact Online, written from the vendor's documentation; it shares nothing with the client."""

from mlconnector.sandbox.exact.deliveries import Attempt, post_by_http, signed
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.options import ExactOptions
from mlconnector.sandbox.exact.served import ServedExact
from mlconnector.sandbox.exact.simulator import ExactSimulator

__all__ = [
    "Attempt",
    "ExactOptions",
    "ExactSimulator",
    "Refused",
    "ServedExact",
    "post_by_http",
    "signed",
]
