"""Serve the simulated Acumatica: python -m mlconnector.sandbox.acumatica --port 8104 --instance /erp"""

import argparse
import sys

from mlconnector.sandbox.acumatica.served import ServedAcumatica


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.acumatica", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104)
    parser.add_argument("--instance", default="/erp", help="path of the instance; empty for the root")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that an operation runs")
    parser.add_argument("--requests-per-minute", type=int, default=None, help="limit of the licence")
    given = parser.parse_args()
    served = ServedAcumatica(
        given.host,
        given.port,
        instance=given.instance,
        action_seconds=given.delay,
        requests_per_minute=given.requests_per_minute,
    )
    known = served.simulator
    lines = [f"Acumatica (simulated): {served.server.url}{known.instance}/"]
    lines += [f"  {name}: {url}" for name, url in known.addresses(served.server.url).items()]
    lines += [f"  tenant {known.tenant}, user {known.user}, password {known.password}"]
    lines += [f"  client_id {known.client_id}, client_secret {known.client_secret}"]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        served.server.wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
