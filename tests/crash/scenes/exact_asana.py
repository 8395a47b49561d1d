"""An order as a project in the portfolio, with a line, and the account that it needs as an option."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from connections.models import Connection
from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.exact import ExactSimulator
from pairs.models import Record, RecordState
from tests import factories
from tests.crash.scene import Scene, Stand
from tests.pairs.exact_world import ExactWorld


class ExactToAsana(Scene):
    vendors = ("exact", "asana")
    every = 38

    def stand(self, vendor: str, port: int) -> Stand:
        url = f"http://127.0.0.1:{port}"
        if vendor == "asana":
            asana = AsanaSimulator(base_url=url, files_url=f"http://localhost:{port}")
            return Stand(asana, (factories.ASANA, factories.ASANA_FILES), port)
        exact = ExactSimulator(
            base_url=url, calls_per_minute=None, calls_per_day=None, earliest_refresh_seconds=0
        )
        return Stand(exact, (url,), port)

    def prepare(self) -> None:
        exact, asana = self.simulator("exact"), self.simulator("asana")
        self.portfolio = asana.add_portfolio("Einkauf")
        world = ExactWorld(exact, asana, orders_as="project", invoices_as="off", portfolio=self.portfolio)
        self.field = world.map("dimensions", "gl_account", "Sachkonto", "enum")
        world.map("purchase_orders", "gl_account", "Sachkonto")
        account = exact.add_gl_account("4930", "Bürobedarf")
        item = exact.add_item("PAPIER", "Papier", GLCosts=account, IsPurchaseItem=True)
        world.order(
            {"Item": item, "QuantityInPurchaseUnits": 1, "UnitPrice": "10.00", "Description": "Papier"}
        )

    def is_at_rest(self) -> bool:
        return Record.objects.filter(state=RecordState.DONE).count() == 2

    def sign_in_again(self) -> Mapping[str, Callable[[Connection], Mapping[str, Any]]]:
        def answer(connection: Connection) -> Mapping[str, Any]:
            access, refresh = self.simulator("exact").add_oauth_tokens()
            return {
                "access_token": access,
                "refresh_token": refresh,
                "token_type": "bearer",
                "expires_in": "600",
            }

        return {"exact": answer}

    def faults(self) -> list[str]:
        asana = self.simulator("asana")
        states = dict(Record.objects.values_list("flow", "state"))
        wanted = dict.fromkeys(("purchase_orders", "dimensions"), RecordState.DONE)
        found = [] if states == wanted else [f"states are {states}"]
        tasks = [task for task in asana.known.all("task") if not task.is_deleted]
        names = Counter((task.name.split()[0], bool(task.parent)) for task in tasks)
        if names != {("PO", False): 1, ("Papier", True): 1}:
            found.append(f"tasks are {dict(names)}")
        options = Counter(option.name for option in asana.known.get("custom_field", self.field).options)
        if options["4930 - Bürobedarf"] != 1 or max(options.values()) != 1:
            found.append(f"options are {dict(options)}")
        shown = {asana.value(task.gid, self.field) for task in tasks if task.parent}
        if shown != {"4930 - Bürobedarf"}:
            found.append(f"lines show {shown}")
        made = [one for one in asana.known.all("project") if one.name.startswith("PO")]
        inside = asana.known.get("portfolio", self.portfolio).items
        if len(made) != 1 or inside != [made[0].gid]:
            found.append(f"{len(made)} projects, in the portfolio {inside}")
        return found


SCENE = ExactToAsana
