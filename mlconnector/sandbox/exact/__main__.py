"""Serve the simulated Exact Online: python -m mlconnector.sandbox.exact --port 8107 --region de"""

import argparse
import sys

from mlconnector.sandbox.exact.regions import REGIONS
from mlconnector.sandbox.exact.served import ServedExact


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.exact", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8107, help="0 takes a free one")
    parser.add_argument("--region", choices=sorted(REGIONS), default="de", help="country site")
    parser.add_argument("--calls-per-minute", type=int, default=60)
    given = parser.parse_args()
    served = ServedExact(given.host, given.port, region=given.region, calls_per_minute=given.calls_per_minute)
    known = served.simulator
    sys.stdout.write(
        f"Exact Online (simulated): {served.server.url}/\n"
        f"  client_id: {known.client_id}\n"
        f"  client_secret: {known.client_secret}\n"
        f"  webhook secret: {known.webhook_secret}\n"
        f"  division: {known.division}\n"
    )
    sys.stdout.flush()
    try:
        served.server.wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
