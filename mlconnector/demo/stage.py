"""The simulated vendors on real ports, and the acts that are played between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypeVar

from mlconnector.demo.acts import ACTS, Act
from mlconnector.demo.stands import STANDS, Stand

AnyAct = TypeVar("AnyAct", bound=Act)


class Stage:
    """Every stand that an act asked for. Close it when done.

    `ports` are options of the stands by vendor, for example {"datev": {"port": 8101}}.
    """

    def __init__(
        self,
        today: date,
        *,
        acts: Sequence[type[Act]] = ACTS,
        ports: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.today = today
        self.stands: dict[str, Stand] = {}
        self._ports = ports or {}
        try:
            self.acts = [act(self) for act in acts]
        except BaseException:
            self.close()
            raise

    def stand(self, vendor: str) -> Stand:
        """The vendor's stand, set up by the first act that needs it."""
        if vendor not in self.stands:
            self.stands[vendor] = STANDS[vendor](**self._ports.get(vendor, {}))
        return self.stands[vendor]

    def act(self, kind: type[AnyAct]) -> AnyAct:
        """The act of this kind. Raises StopIteration when it is not played."""
        return next(act for act in self.acts if isinstance(act, kind))

    @property
    def has_undelivered(self) -> bool:
        """Whether there are webhook events that have not arrived at the product yet."""
        return any(stand.has_undelivered for stand in self.stands.values())

    def close(self) -> None:
        for stand in self.stands.values():
            stand.close()
