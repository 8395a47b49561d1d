"""Fields made for people by the naming convention of the pairs."""

from __future__ import annotations

from connections.base import FieldMaker, FieldWish
from connections.errors import RejectedError
from connections.messages import say
from connections.models import Connection
from connections.vendors.asana import definitions, places
from connections.vendors.asana.client import Client
from connections.vendors.asana.fields import CustomField


class AsanaFields(FieldMaker):
    """`connections.base.FieldMaker` for Asana: fields of the workspace, put into a project."""

    def find(self, connection: Connection, container: str, wish: FieldWish) -> str | None:
        """Names are unique in a workspace, whatever their case. Raises RejectedError for another type."""
        client = Client(connection)
        workspace = places.project(client, container).workspace
        known = [*places.custom_fields(client, container), *definitions.listed(client, workspace)]
        found = next((field for field in known if field.name.casefold() == wish.name.casefold()), None)
        if found is not None and (found.kind != wish.kind or found.is_read_only):
            raise _of_another_type(found, wish)
        return found.gid if found else None

    def create(self, connection: Connection, container: str, wish: FieldWish) -> str:
        client = Client(connection)
        workspace = places.project(client, container).workspace
        return definitions.create(
            client, workspace, wish.name, wish.kind, precision=wish.precision, options=wish.options
        ).gid

    def is_in(self, connection: Connection, container: str, ref: str) -> bool:
        return ref in {field.gid for field in places.custom_fields(Client(connection), container)}

    def put(self, connection: Connection, container: str, ref: str) -> bool:
        definitions.put_into_project(Client(connection), container, ref)
        return True


def _of_another_type(found: CustomField, wish: FieldWish) -> RejectedError:
    return RejectedError(
        say(
            "Asana has a field '%(name)s' of the type '%(kind)s' already, and it should be '%(wanted)s'. "
            "Rename that field in Asana, or choose a field for it in the mapping yourself.",
            name=found.name,
            kind=found.kind,
            wanted=wish.kind,
        ),
        vendor="asana",
        code="other_type",
    )


FIELDS = AsanaFields()
