"""The token in the Authorization header."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from bookings import api_tokens
from bookings.models import ApiToken
from connections import clock

WORDS = ("bearer", "token")
# Not each call is worth a write.
USE_NOTED_EVERY = timedelta(minutes=5)


class Program:
    """Who calls: DRF wants a user, and there is no person."""

    is_authenticated = True

    def __init__(self, token: ApiToken) -> None:
        self.token = token

    def __str__(self) -> str:
        return str(self.token)


class TokenSignIn(BaseAuthentication):  # type: ignore[misc]
    """`Authorization: Bearer mlc_...`. Anything else is refused with 401."""

    def authenticate(self, request: Request) -> tuple[Program, ApiToken] | None:
        word, _, text = request.headers.get("Authorization", "").partition(" ")
        if not text or word.lower() not in WORDS:
            return None
        token = api_tokens.valid(text.strip())
        if token is None:
            raise AuthenticationFailed(gettext("This token is not valid, or was revoked."))
        now = clock.now()
        if token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return Program(token), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="ml-connector"'


class WithToken(BasePermission):  # type: ignore[misc]
    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, ApiToken)
