"""A simulated Asana, written from the vendor's documentation alone; it shares nothing with the client."""

from mlconnector.sandbox.asana.app import AsanaSimulator
from mlconnector.sandbox.asana.deliveries import Attempt, post_by_http
from mlconnector.sandbox.asana.options import AsanaOptions
from mlconnector.sandbox.asana.served import ServedAsana

__all__ = ["AsanaOptions", "AsanaSimulator", "Attempt", "ServedAsana", "post_by_http"]
