"""Serve the simulated Jira: python -m mlconnector.sandbox.jira --port 8104 --project FIN"""

import argparse
import sys

from mlconnector.sandbox.jira.served import ServedJira


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m mlconnector.sandbox.jira", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104, help="0 takes a free one")
    parser.add_argument("--project", default="FIN", help="key of a project to begin with")
    parser.add_argument("--language", default="de", choices=("de", "en"))
    parser.add_argument("--search-lag", type=float, default=3.0, help="seconds until JQL finds a new issue")
    given = parser.parse_args()
    served = ServedJira(given.host, given.port, search_lag_seconds=given.search_lag)
    known, url = served.simulator, served.server.url
    known.set_language(given.language)
    known.add_project(given.project, "Finanzbuchhaltung")
    field = known.add_custom_field("DATEV external id", "textfield", projects=[given.project])
    sys.stdout.write(
        f"Simulated Jira on {url}/\n"
        f"  sign-in {url}/authorize, tokens {url}/oauth/token, API {url}\n"
        f"  client_id {known.client_id}\n"
        f"  client_secret {known.client_secret}\n"
        f"  site {known.site}, project {given.project}, external id {field}\n"
    )
    sys.stdout.flush()
    try:
        served.server.wait()
    except KeyboardInterrupt:
        served.close()


if __name__ == "__main__":
    main()
