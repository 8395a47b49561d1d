"""A pair without vendors: its flow does what a test says."""

from collections.abc import Callable

from connections.messages import say
from connections.models import Connection, Health
from pairs.base import Change, Flow, Outcome, Page, Pair, Side, done
from pairs.models import Integration


class FakePair:
    """`handle` and `pages` are set by the test; `handled` lists what was handled."""

    def __init__(self) -> None:
        self.handle: Callable[..., Outcome] = lambda context: done(
            say("Done."), version=context.record.seen_version
        )
        self.reads: Side = "source"
        self.pages: list[Page] = []
        self.changes: list[Change] = []
        self.handled: list[str] = []
        self.polled: list[tuple[dict, str]] = []

    @property
    def declared(self) -> Pair:
        flow = Flow(
            "things",
            "Things",
            poll=self._poll,
            handle=self._handle,
            wake=lambda context, headers, body: self.changes,
            watched=lambda context: ("p1",),
            reads=self.reads,
        )
        return Pair("fake", "Fake", "", "asana", "datev", flows=(flow,))

    def _handle(self, context) -> Outcome:
        self.handled.append(context.record.source_ref)
        return self.handle(context)

    def _poll(self, context, cursor, more) -> Page:
        self.polled.append((dict(cursor), more))
        return self.pages.pop(0) if self.pages else Page([], cursor)


def integration(name: str = "Fake", **values) -> Integration:
    source = Connection.objects.create(name=f"{name} source", vendor="asana", health=Health.OK)
    target = Connection.objects.create(name=f"{name} target", vendor="datev", health=Health.OK)
    return Integration.objects.create(
        **{"name": name, "pair": "fake", "source": source, "target": target, "is_on": True} | values
    )
