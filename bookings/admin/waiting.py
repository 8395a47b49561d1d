"""Uploaded files that wait between a preview and a person's yes."""

from __future__ import annotations

import zlib

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import get_random_string

WAITING_SECONDS = 3600


def keep(request: HttpRequest, place: str, name: str, content: bytes) -> str:
    """Keep a file for an hour; the token under which the same person finds it again at the same place."""
    token = get_random_string(32)
    cache.set(_key(request, place, token), (name, zlib.compress(content)), WAITING_SECONDS)
    return token


def taken(request: HttpRequest, place: str) -> tuple[str, bytes] | None:
    """(name, content) of the file that the form names in `stored`, once; None if it is not there any more."""
    key = _key(request, place, request.POST.get("stored", "")[:64])
    found = cache.get(key)
    cache.delete(key)
    return (found[0], zlib.decompress(found[1])) if found else None


def _key(request: HttpRequest, place: str, token: str) -> str:
    return f"waiting:{request.user.pk}:{place}:{token}"
