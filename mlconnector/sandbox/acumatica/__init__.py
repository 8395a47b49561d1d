"""A simulated Acumatica ERP, written from the vendor's documentation alone, without a look at the client."""

from mlconnector.sandbox.acumatica.app import AcumaticaSimulator
from mlconnector.sandbox.acumatica.options import AcumaticaOptions
from mlconnector.sandbox.acumatica.pushes import Attempt, post_by_http
from mlconnector.sandbox.acumatica.served import ServedAcumatica
from mlconnector.sandbox.acumatica.state import Done

__all__ = ["AcumaticaOptions", "AcumaticaSimulator", "Attempt", "Done", "ServedAcumatica", "post_by_http"]
