"""The simulated DATEV; see simulator.py for its addresses and route names."""

from mlconnector.sandbox.datev.simulator import DatevSimulator
from mlconnector.sandbox.datev.state import (
    DEFAULT_APP,
    App,
    Client,
    DocumentType,
    FiscalYear,
    Options,
    Person,
    calendar_year,
)

__all__ = [
    "DEFAULT_APP",
    "App",
    "Client",
    "DatevSimulator",
    "DocumentType",
    "FiscalYear",
    "Options",
    "Person",
    "calendar_year",
]
