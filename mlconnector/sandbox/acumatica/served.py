"""The simulated Acumatica on a real port."""

import threading
from typing import Any

from mlconnector.sandbox.acumatica.app import AcumaticaSimulator
from mlconnector.sandbox.serve import Server, serve

DELIVERY_PAUSE_SECONDS = 0.1


class ServedAcumatica:
    """The simulator on a port, push notifications leaving by themselves. Close it when done."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> None:
        self.simulator = AcumaticaSimulator(**options)
        self.server: Server = serve(self.simulator, host, port)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._deliver, name="acumatica-pushes", daemon=True)
        self._thread.start()

    def _deliver(self) -> None:
        while not self._end.wait(DELIVERY_PAUSE_SECONDS):
            self.simulator.deliver()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.server.close()
