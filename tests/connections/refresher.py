"""Workers of their own for tests: wait for the starting shot, then ask for an access token.

`python -m tests.connections.refresher CONNECTION_ID COUNT`: each prints the token, or the error's name.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import timedelta


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "mlconnector.settings"
    django.setup()

    from connections import clock
    from connections.errors import ConnectorError
    from connections.models import Connection
    from connections.tokens import TokenStore
    from tests.connections import muster

    muster.register(setattr)
    clock.advance(timedelta(hours=1))
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2]) - 1):
        if os.fork() == 0:
            break
    try:
        said = TokenStore(Connection.objects.get(pk=int(sys.argv[1]))).current()
    except ConnectorError as error:
        said = type(error).__name__
    os.write(1, f"{said}\n".encode())
    with suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)  # tidying up would take longer than the work


if __name__ == "__main__":
    main()
