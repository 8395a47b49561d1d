"""References to rows that hold across environments: a copied environment has the same ids."""

from __future__ import annotations

from typing import NamedTuple

from connections.vendors.dynamics.values import GUID


class Ref(NamedTuple):
    """One row of one organisation; as text "<organisation id>/invoice/<id>" it is what is stored."""

    organization_id: str
    table: str
    id: str

    def __str__(self) -> str:
        return f"{self.organization_id}/{self.table}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Raises ValueError for anything that `str()` of a reference would not give."""
        organization_id, table, row_id = text.split("/")
        if not GUID.fullmatch(organization_id) or not GUID.fullmatch(row_id) or not table.isidentifier():
            raise ValueError(f"{text!r} is no reference to a row in Dynamics")
        return cls(organization_id, table, row_id)
