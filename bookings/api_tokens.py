"""Tokens with which programs hand in files: told once, kept as a hash, revoked for ever."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction

from bookings.models import ApiToken, DatevClient
from connections import audit, clock
from connections.messages import say

TOKEN_PREFIX = "mlc_"  # noqa: S105


def create(name: str, client: DatevClient, by: str) -> tuple[ApiToken, str]:
    """(the stored token, its text). The text is told once and kept nowhere."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name,
        client=client,
        digest=digest_of(text),
        beginning=text[:8],
        created_by=by[:150],
    )
    audit.record(
        "api_token.created",
        f"datev_client:{client.pk}",
        say("A token for handing in files was created: %(name)s.", name=token),
        actor=by,
    )
    return token, text


def revoke(token: ApiToken, by: str) -> bool:
    """The token opens nothing any more; False if that was so already."""
    with transaction.atomic():
        revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now())
        if revoked:
            audit.record(
                "api_token.revoked",
                f"datev_client:{token.client_id}",
                say("The token %(name)s was revoked.", name=token),
                actor=by,
            )
    return bool(revoked)


def digest_of(text: str) -> str:
    """What is kept of a token: it is long and random, so a plain hash can't be guessed back."""
    return hashlib.sha256(text.encode()).hexdigest()


def valid(text: str) -> ApiToken | None:
    """The valid token with this text; None for any other."""
    if not text.startswith(TOKEN_PREFIX):
        return None
    found = ApiToken.objects.select_related("client__connection").filter(digest=digest_of(text))
    return found.filter(revoked_at=None).first()
