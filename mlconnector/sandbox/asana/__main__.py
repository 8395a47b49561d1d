"""Serve the simulated Asana: python -m mlconnector.sandbox.asana --port 8102 --files-port 8103"""

import argparse
import sys

from mlconnector.sandbox.asana.served import ServedAsana


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.asana", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8102)
    parser.add_argument("--files-port", type=int, default=8103)
    parser.add_argument("--calls-per-minute", type=int, default=None, help="rate limit per token")
    given = parser.parse_args()
    served = ServedAsana(given.host, given.port, given.files_port, calls_per_minute=given.calls_per_minute)
    known = served.simulator
    sys.stdout.write(
        f"Simulated Asana on {served.server.url} (files on {served.files.url})\n"
        f"API {served.server.url}/api/1.0, sign-in {served.server.url}/-\n"
        f"Personal access token {known.pat}, workspace {known.workspace}\n"
    )
    sys.stdout.flush()
    try:
        served.server.wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
