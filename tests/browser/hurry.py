"""The minute's tick every second, so that nobody who watches has to wait for it; ends by SIGTERM."""

from __future__ import annotations

import time

import django

PAUSE_SECONDS = 1.0


def main() -> None:
    django.setup()
    from connections import queue
    from pairs.tasks import TICK

    while True:
        queue.wake(TICK)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
