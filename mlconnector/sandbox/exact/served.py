"""The simulated Exact Online on a real port."""

import threading
from typing import Any

from mlconnector.sandbox.exact.simulator import ExactSimulator
from mlconnector.sandbox.serve import Server, serve

DELIVERY_PAUSE_SECONDS = 0.1


class ServedExact:
    """The simulator on a real port, notifications leaving by themselves. Close it when done."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> None:
        options.setdefault("allow_local_targets", True)
        self.simulator = ExactSimulator(**options)
        self.server: Server = serve(self.simulator, host, port)
        self.simulator.base_url = self.server.url
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="exact-deliveries", daemon=True)
        self._thread.start()

    def _deliver(self) -> None:
        while not self._end.wait(DELIVERY_PAUSE_SECONDS):
            self.simulator.deliver()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.server.close()
