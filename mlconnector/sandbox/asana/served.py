"""The simulated Asana on real ports."""

import threading
from typing import Any

from mlconnector.sandbox.asana.app import AsanaSimulator
from mlconnector.sandbox.serve import Server, serve

DELIVERY_PAUSE_SECONDS = 0.1


class ServedAsana:
    """The simulator and its files on real ports, deliveries leaving by themselves. Close it when done."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, files_port: int = 0, **options: Any) -> None:
        options.setdefault("allow_local_targets", True)
        self.simulator = AsanaSimulator(**options)
        self.server: Server = serve(self.simulator, host, port)
        self.files: Server = serve(self.simulator.files, host, files_port)
        self.simulator.base_url = self.server.url
        self.simulator.files.base_url = self.files.url
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="asana-deliveries", daemon=True)
        self._thread.start()

    def _deliver(self) -> None:
        while not self._end.wait(DELIVERY_PAUSE_SECONDS):
            self.simulator.deliver()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.files.close()
        self.server.close()
