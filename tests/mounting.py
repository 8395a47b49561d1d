"""Simulated vendors behind the product's real transport, inside the test's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django.test import Client

Post = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@contextmanager
def mounted(simulator: Any, *prefixes: str) -> Iterator[None]:
    """Let `simulator` answer every request to an address that begins with one of `prefixes`."""
    from connections import http
    from mlconnector.sandbox.mount import WSGIAdapter

    adapter = WSGIAdapter(simulator)
    http.mounted.update(dict.fromkeys(prefixes, adapter))
    try:
        yield
    finally:
        for prefix in prefixes:
            http.mounted.pop(prefix, None)


def post_to_product() -> Post:
    """Brings a simulator's webhook deliveries to the product's views, whatever thread they come from.

    A handshake comes on a thread of its own while the test's thread waits in the call that asked for it, so
    both may use the test's database connection (with the open transaction that holds the test's rows).
    """
    ours = connections["default"]

    def post(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        theirs = connections["default"]
        if theirs is not ours:
            ours.inc_thread_sharing()
            connections["default"] = ours
        try:
            answer = Client().generic(
                "POST",
                urlsplit(url).path,
                data=body,
                content_type=headers.get("Content-Type", "application/json"),
                headers={name: value for name, value in headers.items() if name.lower() != "content-type"},
            )
        finally:
            if theirs is not ours:
                connections["default"] = theirs
                ours.dec_thread_sharing()
        return answer.status_code, dict(answer.headers), answer.content

    return post
