"""Signing in at Exact Online: a person once, then tokens of ten minutes that may not be renewed too early.

Source: "OAuth 2.0" of the Exact Online REST API and reports on it (read 2026-11).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from connections import clock, limits
from connections.base import OAuthProfile
from connections.errors import AccessLostError, Fault, TransientError
from connections.tokens import BearerAuth, TokenStore
from connections.vendors.exact import addresses

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from connections.models import Connection

# A token lives 600 s and may be renewed from 570 s after it was issued; earlier is an error that counts.
MARGIN = timedelta(seconds=30)
EARLIEST_REFRESH = timedelta(seconds=570)
# An unused refresh token ends after this; each refresh starts it anew.
REFRESH_TOKEN_LIFE = timedelta(days=30)
# Nobody asks the token endpoint again for so long after it was in trouble: it takes 200 calls a day.
AFTER_TROUBLE = timedelta(seconds=30)

TOO_EARLY = _(
    "Exact Online does not give a new access token yet. It is tried again in a moment; the sign-in stays "
    "valid."
)
# Told apart by fixed English texts and a header; reports disagree about the status (400 or 401).
TOKEN_FAULTS = (
    Fault(0, TransientError, TOO_EARLY, contains="access_token not expired"),
    Fault(0, TransientError, TOO_EARLY, contains="TooEarlyToRefreshTokens"),
    Fault(
        0,
        AccessLostError,
        _(
            "Another program has renewed this sign-in, so ours is no longer valid. Give each installation an "
            "app of its own at Exact Online, then sign in again."
        ),
        contains="old refresh token used",
    ),
    Fault(
        429,
        TransientError,
        _("Exact Online allows only so many sign-ins a day. It is tried again later."),
    ),
)


def profile(connection: Connection) -> OAuthProfile:
    """The rights are chosen in the App Center and not sent along."""
    site = addresses.site(connection)
    return OAuthProfile(
        authorize_url=f"{site}/api/oauth2/auth",
        token_url=f"{site}/api/oauth2/token",
        client_id=str(connection.setting("client_id")),
        client_secret=connection.secrets.get("client_secret", ""),
        client_authentication="post",
        # Whoever is signed in at Exact Online in this browser need not be the user that is meant.
        authorize_params={"force_login": "1"},
        # A lost answer leaves it open whether the token was exchanged: it is asked for once more, after a
        # pause, and "Old refresh token used" ends the sign-in.
        may_repeat_refresh=True,
        refresh_margin=MARGIN,
        earliest_refresh=EARLIEST_REFRESH,
        consent_lifetime=REFRESH_TOKEN_LIFE,
        consent_is_sliding=True,
        token_faults=TOKEN_FAULTS,
        token_error_headers=("Reason",),
    )


class ExactAuth(BearerAuth):
    """The current access token. Whatever keeps us from a new one pauses the connection for all workers.

    Otherwise each of them would call with a token that was refused, and each refusal counts.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(TokenStore(connection))
        self.connection = connection

    def apply(self, headers: MutableMapping[str, str]) -> str:
        try:
            return super().apply(headers)
        except TransientError as error:
            self._pause(error)
            raise

    def renewed(self, rejected: str) -> bool:
        """After a 401. A token younger than 570 s can't be replaced yet: nobody calls until it can."""
        try:
            return super().renewed(rejected)
        except TransientError as error:
            self._pause(error)
            raise

    def _pause(self, error: TransientError) -> None:
        limits.pause(self.connection, clock.now() + (error.retry_after or AFTER_TROUBLE))
