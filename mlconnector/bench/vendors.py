"""The simulated vendors in a process of their own, so that their work is not taken for the product's."""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

from mlconnector.sandbox.asana import AsanaSimulator
from mlconnector.sandbox.datev import DatevSimulator
from mlconnector.sandbox.serve import serve


class Vendors:
    """Made here and filled, then served by a copy of this process from `start` on."""

    def __init__(self) -> None:
        ports = free_ports(2)
        self.ports = ports
        self.asana_url = f"http://127.0.0.1:{ports[0]}"
        self.datev_url = f"http://127.0.0.1:{ports[1]}"
        # One server answers for both names of Asana's: the API's and that of the files.
        self.asana: Any = AsanaSimulator(base_url=self.asana_url, files_url=f"http://localhost:{ports[0]}")
        self.datev = DatevSimulator(job_seconds=0)
        self.pid = 0

    def start(self, add: Callable[[int], Any]) -> None:
        """Fork; nothing may be connected to the database and no other thread may run.

        `add` is called there to make so many approved tasks.
        """
        self.add_here = add
        orders, answers = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(orders[1])
            self._serve(os.fdopen(orders[0]), answers[1])
        os.close(orders[0])
        os.close(answers[1])
        self.orders, self.answers = os.fdopen(orders[1], "w"), os.fdopen(answers[0])

    def add(self, count: int) -> None:
        """People approve `count` new tasks."""
        self._order(f"add {count}")

    def advance(self, by: timedelta) -> None:
        self._order(f"advance {by.total_seconds()}")

    def stop(self) -> None:
        if self.pid:
            self.orders.close()
            os.waitpid(self.pid, 0)
            self.answers.close()
            self.pid = 0

    def _order(self, order: str) -> None:
        self.orders.write(order + "\n")
        self.orders.flush()
        if self.answers.readline().strip() != "done":
            raise RuntimeError(f"The simulated vendors could not do it: {order}")

    def _serve(self, orders: Any, answers: int) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with serve(self.asana, port=self.ports[0]), serve(self.datev, port=self.ports[1]):
                for order in orders:  # Ends when the other process is gone.
                    self._do(*order.split())
                    os.write(answers, b"done\n")
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
        os._exit(0)

    def _do(self, what: str, how_much: str) -> None:
        if what == "add":
            self.add_here(int(how_much))
            return
        for simulator in (self.asana, self.datev):
            simulator.clock.advance(timedelta(seconds=float(how_much)))


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
