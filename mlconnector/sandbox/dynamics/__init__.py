"""A simulated Dynamics 365 Sales (Dataverse Web API, Entra sign-in), written from the vendor's documentation.

It shares nothing with the client.
"""

from mlconnector.sandbox.dynamics.app import DynamicsSimulator
from mlconnector.sandbox.dynamics.deliveries import Attempt, post_by_http
from mlconnector.sandbox.dynamics.options import DynamicsOptions
from mlconnector.sandbox.dynamics.served import ServedDynamics

__all__ = ["Attempt", "DynamicsOptions", "DynamicsSimulator", "ServedDynamics", "post_by_http"]
