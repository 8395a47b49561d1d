"""What every pair that books into DATEV asks of its settings: the client, the first day."""

from __future__ import annotations

from datetime import date

from bookings.models import DatevClient
from connections.errors import ConfigurationError
from connections.messages import DataFault, say
from pairs.models import Integration


def datev_client(integration: Integration) -> DatevClient | None:
    """The chosen DATEV client (`<consultant>-<client>`), None if it does not exist (any more)."""
    consultant, _, client = str(integration.setting("datev_client")).partition("-")
    if not (consultant.isdigit() and client.isdigit()):
        return None
    return (
        DatevClient.objects.select_related("connection")
        .filter(consultant_number=int(consultant), client_number=int(client))
        .first()
    )


def chosen_client(integration: Integration) -> DatevClient:
    """The chosen DATEV client. Raises ConfigurationError if it does not exist (any more)."""
    client = datev_client(integration)
    if client is None:
        raise ConfigurationError(
            say("The DATEV client of this integration is not set up. Choose one in its settings.")
        )
    return client


def client_faults(integration: Integration) -> list[DataFault]:
    """The chosen client exists, and belongs to the connection that the integration writes to."""
    client = datev_client(integration)
    if not integration.setting("datev_client"):
        return []
    if client is None:
        return [
            DataFault(
                "DATEV client",
                str(integration.setting("datev_client")),
                say("This DATEV client is not set up."),
                say("Add it under 'DATEV clients' first."),
            )
        ]
    if client.connection_id == integration.target_id:
        return []
    return [
        DataFault(
            "DATEV client",
            str(client),
            say("The DATEV client belongs to another DATEV connection than this integration."),
            say("Choose the connection '%(connection)s', or another client.", connection=client.connection),
        )
    ]


def begin_faults(integration: Integration) -> list[DataFault]:
    """The setting `begin_on` is a day."""
    text = str(integration.setting("begin_on"))
    try:
        date.fromisoformat(text)
    except ValueError:
        return [
            DataFault(
                "Booked from",
                text,
                say("This is not a day."),
                say("Write it as YYYY-MM-DD, for example 2026-01-31."),
            )
        ]
    return []
