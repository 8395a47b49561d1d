"""Deliveries of the simulated Asana into Django's test client: `sim.post = hub.through(client)`."""

from urllib.parse import urlsplit

from django.test import Client

from mlconnector.sandbox.asana.deliveries import Post


def through(client: Client) -> Post:
    """Post to the views in this process.

    Set `sim.options.handshake_on_a_thread = False` where the database is rolled back: another thread does
    not see its rows.
    """

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        kind = headers.get("Content-Type", "application/json")
        others = {name: value for name, value in headers.items() if name != "Content-Type"}
        answer = client.generic("POST", urlsplit(url).path, body, content_type=kind, headers=others)
        return answer.status_code, dict(answer.headers), answer.content

    return post
