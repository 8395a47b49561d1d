"""Serve the simulated Dynamics 365 Sales: python -m mlconnector.sandbox.dynamics --port 8104"""

import argparse
import sys

from mlconnector.sandbox.dynamics.served import ServedDynamics


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.dynamics", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104, help="0 takes a free one")
    parser.add_argument("--base-currency", default="EUR")
    parser.add_argument("--language", type=int, default=1031, help="1031 German, 1033 English")
    given = parser.parse_args()
    served = ServedDynamics(
        given.host, given.port, base_currency=given.base_currency, language=given.language
    )
    known = served.simulator
    sys.stdout.write(
        f"Simulated Dynamics 365 Sales on {served.server.url} (pages, sign-in and API)\n"
        f"Tenant {known.tenant_id}, client id {known.client_id}, client secret {known.client_secret}\n"
    )
    sys.stdout.flush()
    try:
        served.server.wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
