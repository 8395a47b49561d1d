"""One pair in the demonstration: what is prepared, what people do, and what must have become of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairs import switching
from pairs.models import Integration

if TYPE_CHECKING:
    from mlconnector.demo.stage import Stage


class Act(ABC):
    """Made before anything is configured: it fills the simulators that it takes from `stage.stand(...)`.

    Acts share the simulated vendors, so each works in projects and for DATEV clients of its own and counts
    those alone.
    """

    # The pair's key, and the title of its part of the report.
    pair: str
    title: str

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.today = stage.today

    @abstractmethod
    def configuration(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Rows for the configuration file: `datev_clients`, `value_tables`, `integrations`.

        Asked once the connections stand and are signed in, so that their lists can be read.
        """

    @property
    def scenes(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """What people do one after another, each time all is at rest: (a sentence that tells it, how)."""
        return ()

    def read_now(self) -> None:
        """What has changed in the sources is read at once, not when the next reading is due."""
        for integration in Integration.objects.filter(pair=self.pair):
            switching.poll_now(integration, by="demo")

    @abstractmethod
    def report(self) -> Iterator[str]:
        """What moved, as a table or a few lines."""

    @abstractmethod
    def deviations(self) -> Iterator[str]:
        """Everything that is not as it must be, on both sides; nothing = all promises were kept."""
