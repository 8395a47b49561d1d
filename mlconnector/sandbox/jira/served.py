"""The simulated Jira on a real port, all its hosts behind one address."""

import threading
from typing import Any

from mlconnector.sandbox.jira.app import JiraSimulator
from mlconnector.sandbox.serve import Server, serve

DELIVERY_PAUSE_SECONDS = 0.1


class ServedJira:
    """The simulator on a real port, deliveries leaving by themselves. Close it when done."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> None:
        self.simulator = JiraSimulator(**options)
        self.server: Server = serve(self.simulator, host, port)
        self.simulator.answer_at(self.server.url)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="jira-deliveries", daemon=True)
        self._thread.start()

    def _deliver(self) -> None:
        while not self._end.wait(DELIVERY_PAUSE_SECONDS):
            self.simulator.deliver()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.server.close()
