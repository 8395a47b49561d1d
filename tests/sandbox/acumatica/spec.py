"""Acumatica's OpenAPI file for the addresses of the simulator, and where it knowingly differs from it."""

from __future__ import annotations

import re

from mlconnector.sandbox.kit import Call, Simulator
from tests.contract import Contract, Deviation, spec_file

PREFIX = "/erp/entity/Default/24.200.001"
ENTITIES = ("Bill", "PurchaseOrder", "Employee", "Vendor")
# Written documentation has them, the file doesn't: status of an operation, files by id or link, PATCH.
OMITTED = re.compile(rf"[A-Z]+ {PREFIX}/(\w+/\w+/status/|files/)|PATCH ")
DEVIATIONS = (
    Deviation("*", "_links is not declared", "every answer of a 25R2 instance carries it, the file lacks it"),
    Deviation("*", "_workflowActions is not declared", "documented for 2025/26, younger than the file"),
    Deviation("*", "status 403 is not listed", "written documentation: no rights, feature switched off"),
    Deviation("*", "status 404 is not listed", "written documentation: no such action or endpoint"),
    Deviation("*", "status 429 is not listed", "written documentation: licence limits"),
)


class AcumaticaContract(Contract):
    """Keys may be several segments: the file describes `ids` as slash-delimited."""

    def _template(self, path: str, method: str = "") -> str | None:
        found = super()._template(path, method)
        head, *keys = path.removeprefix(f"{PREFIX}/").split("/")
        if found is not None or len(keys) < 2:
            return found
        if len(keys) > 2 and keys[-2] == "files":
            return f"/{head}/{{ids}}/files/{{filename}}"
        return f"/{head}/{{ids}}"


def violations(sim: Simulator) -> list[str]:
    """One sentence for each difference of the calls that the file describes."""
    file = spec_file("acumatica", "default-24.200.001.subset.openapi.json")
    judged = [call for call in sim.calls if is_described(call)]
    assert judged, "nothing was called"
    return AcumaticaContract(file, prefixes=(PREFIX,), deviations=DEVIATIONS).violations(judged)


def is_described(call: Call) -> bool:
    is_entity = call.path.startswith(tuple(f"{PREFIX}/{name}" for name in ENTITIES))
    return is_entity and not OMITTED.match(f"{call.method} {call.path}")
