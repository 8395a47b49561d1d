"""Which fields each endpoint has, as the vendor's REST reference lists them."""

from mlconnector.sandbox.exact.declared import masters, projects, system, trade

FIELDS: dict[str, str] = {**trade.FIELDS, **masters.FIELDS, **projects.FIELDS, **system.FIELDS}
