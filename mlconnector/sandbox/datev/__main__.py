"""Serve the simulated DATEV: `python -m mlconnector.sandbox.datev --port 8101 --delay 3`."""

import argparse
import sys

from mlconnector.sandbox.datev import DEFAULT_APP, DatevSimulator
from mlconnector.sandbox.serve import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.datev", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8101, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds until a job has ended")
    parser.add_argument("--retry-after", default="1", help="Retry-After of an import, in seconds")
    parser.add_argument("--quirks", action="store_true", help="answer in the odd forms")
    parser.add_argument(
        "--xsd-dir", default="", help="folder with DATEV's schema files, to validate packages"
    )
    given = parser.parse_args()
    simulator = DatevSimulator(
        job_seconds=given.delay,
        dxso_seconds=given.delay,
        retry_after=given.retry_after,
        quirks=given.quirks,
        xsd_dir=given.xsd_dir,
    )
    with serve(simulator, given.host, given.port) as server:
        lines = [f"DATEV (simulated): {server.url}/", f"  client_id: {DEFAULT_APP.client_id}"]
        lines += [f"  {name}: {url}" for name, url in DatevSimulator.addresses(server.url).items()]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        try:
            server.wait()
        except KeyboardInterrupt:
            sys.stdout.write("Stopped.\n")


if __name__ == "__main__":
    main()
