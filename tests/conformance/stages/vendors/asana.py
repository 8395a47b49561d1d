from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.sandbox.asana import AsanaSimulator
from tests import factories
from tests.conformance.stages.base import VendorStage


def _many_projects(asana: Any) -> int:
    for number in range(230):
        asana.add_project(f"Projekt {number}")
    return 230


def _parents(asana: Any) -> Mapping[str, str]:
    project = asana.add_project()
    asana.add_custom_field(project, "Konto", "enum", options=["4930"])
    return {"fields": project, "writable_fields": project, "sections": project}


STAGE = VendorStage(
    AsanaSimulator,
    (factories.ASANA, factories.ASANA_FILES),
    factories.asana_connection,
    fill=_many_projects,
    listing="projects",
    parents=_parents,
)
