"""One API call behind sign-in and limits: who asks, at which endpoint, for what."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from mlconnector.sandbox.acumatica import errors
from mlconnector.sandbox.acumatica.contract import ENTITIES, EntityType, Version, version_of
from mlconnector.sandbox.acumatica.shapes import Wanted, Writer
from mlconnector.sandbox.acumatica.state import Session, Tenant
from mlconnector.sandbox.acumatica.values import loaded

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Entities behind a feature of the licence.
FEATURES = {"PurchaseOrder": "Inventory"}


@dataclass
class ApiCall:
    sim: "AcumaticaSimulator"
    request: Request
    session: Session
    # Name and version as they stand in the path.
    endpoint: tuple[str, str]

    @property
    def tenant(self) -> Tenant:
        return self.sim.tenants[self.session.tenant]

    @property
    def base(self) -> str:
        return f"{self.sim.instance}/entity/{'/'.join(self.endpoint)}"

    @property
    def version(self) -> Version:
        """The endpoint's version; a custom endpoint extends the newest Default."""
        name, version = self.endpoint
        return version_of(version) if name == "Default" else max(self.sim.default_versions())

    def check_endpoint(self) -> None:
        """404 for an endpoint that is not there, or that is another tenant's own."""
        wanted = "/".join(self.endpoint)
        if wanted not in (*self.sim.options.endpoints, *self.tenant.endpoints):
            raise errors.plain(
                404, f"No HTTP resource was found that matches the request URI '{self.request.path}'."
            )

    def entity(self, name: str) -> EntityType:
        """The entity, or 404. 403: its feature is off, or the user has no rights to its screen."""
        is_default = self.endpoint[0] == "Default" or "/".join(self.endpoint) in self.tenant.endpoints
        if name not in ENTITIES or not is_default:
            raise errors.plain(404, f"The entity '{name}' cannot be found in the endpoint.")
        is_off = name in FEATURES and FEATURES[name] not in self.tenant.features
        if is_off or name in self.tenant.users[self.session.user].may_not:
            raise errors.plain(403, f"You have insufficient rights to access the object ({name}).")
        return ENTITIES[name]

    def check_form_is_free(self, entity: EntityType) -> None:
        """While an operation runs, other requests to that form in that session fail."""
        for operation in self.sim.operations.values():
            is_same = (operation.session, operation.entity) == (self.session.id, entity.name)
            if is_same and operation.state == "running":
                raise errors.failed("The previous operation has not been completed yet.")

    def body(self) -> dict[str, Any]:
        """The JSON object of the request. Raises AnswerNow 400, 415."""
        if self.request.mimetype not in ("application/json", "text/json"):
            raise errors.plain(
                415, f"The request entity's media type '{self.request.mimetype}' is not supported."
            )
        try:
            given = loaded(self.request.get_data())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise errors.plain(400, "The request is invalid.")
        return given

    def wanted(self, entity: EntityType) -> Wanted:
        wanted = Wanted.of(self.request.args)
        wanted.check(entity.shape, self.sim.options.unknown_name_status)
        return wanted

    def writer(self) -> Writer:
        return Writer(self.base, self.version, self.tenant.zone, self.session.id, self.sim.options.pad_keys)
