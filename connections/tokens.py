"""Access tokens: stored encrypted, renewed by one process at a time, committed before their first use."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import Q

from connections import clock, health
from connections.base import OAuthProfile
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    TransientError,
)
from connections.messages import Message, say
from connections.models import Connection, TokenSet
from connections.registry import vendor
from connections.sign_in import check_may_sign_in
from connections.token_endpoint import TOTAL_SECONDS, TokenEndpoint

# Longer than two exchanges (the second with the other client authentication) and their waits can take.
LEASE = timedelta(seconds=2 * TOTAL_SECONDS + 30)
# How long others wait for the one that refreshes.
STEP_SECONDS = 0.25
STEPS = 12
# A process killed in mid-refresh leaves it open whether the vendor has rotated the refresh token. One
# further try is made: if the vendor has not, it succeeds; if it has, the session is lost either way,
# because nobody has the new token. A second death in a row asks for a person instead.
MOST_STARTS = 2


class TokenStore:
    """The tokens of one connection. Every method reads the row anew: other processes write it too."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def current(self) -> str:
        """An access token that is valid for a while, refreshed if need be.

        Raises AccessLostError when a person must sign in, TransientError while another process refreshes.
        """
        return self._until(self._is_fresh)

    def refresh(self, unless_newer_than: str) -> str:
        """An access token other than the rejected one `unless_newer_than`; one refresh for all workers."""
        return self._until(
            lambda held: held.tokens.get("access_token") != unless_newer_than and self._is_valid(held)
        )

    def store_answer(self, answer: Mapping[str, Any], now: datetime) -> TokenSet:
        """The first tokens after a person has signed in, stored and committed."""
        profile = self._profile()
        with transaction.atomic(durable=True):
            TokenSet.objects.get_or_create(connection_id=self.connection.pk)
            held = TokenSet.objects.select_for_update().get(connection_id=self.connection.pk)
            for name, value in _fields(answer, profile, now, refresh_token="").items():
                setattr(held, name, value)
            held.consent_ends_at = _consent_end(answer, profile, now, signed_in_at=now)
            held.generation += 1
            held.signed_in_at = now
            held.signed_in_as = profile.identity(answer)[:200]
            held.save()
        return held

    def forget(self) -> None:
        """Delete the tokens here; whoever is refreshing at this moment can't store new ones."""
        TokenSet.objects.filter(connection_id=self.connection.pk).delete()

    # --- reading -----------------------------------------------------------------------------------------

    def _until(self, is_good: Callable[[TokenSet], bool]) -> str:
        for _ in range(STEPS):
            held = self._held()
            if is_good(held):
                return str(held.tokens["access_token"])
            if not _is_leased(held):
                self._check_may_refresh(held)
                if self._claim(held):
                    return self._renew(held)
            time.sleep(STEP_SECONDS)
        raise TransientError(
            say(
                "Another worker is renewing the sign-in of %(connection)s. It is tried again in a moment.",
                connection=self.connection.name,
            ),
            vendor=self.connection.vendor,
            retry_after=timedelta(seconds=5),
        )

    def _held(self) -> TokenSet:
        held = TokenSet.objects.filter(connection_id=self.connection.pk).first()
        if held is None and not self._profile().needs_person:
            return TokenSet.objects.get_or_create(connection_id=self.connection.pk)[0]
        if held is None:
            self._ask_person(
                say(
                    "Nobody has signed in at %(connection)s yet. Open the connection and sign in.",
                    connection=self.connection.name,
                )
            )
        return held

    def _is_valid(self, held: TokenSet) -> bool:
        ends = held.access_expires_at
        return bool(held.tokens.get("access_token")) and (ends is None or clock.now() < ends)

    def _is_fresh(self, held: TokenSet) -> bool:
        """Valid for longer than the margin; or valid, while the vendor does not allow a refresh yet."""
        ends, issued = held.access_expires_at, held.issued_at
        if not self._is_valid(held) or ends is None or issued is None:
            return self._is_valid(held)
        profile = self._profile()
        # A token that lives shorter than the margin would otherwise be refreshed before every call.
        margin = min(profile.refresh_margin, (ends - issued) / 2)
        return clock.now() < max(ends - margin, min(issued + profile.earliest_refresh, ends))

    def _check_may_refresh(self, held: TokenSet) -> None:
        check_may_sign_in(self.connection, self._sign_in_again())
        profile = self._profile()
        if profile.needs_person and not held.tokens.get("refresh_token"):
            self._ask_person(self._sign_in_again())
        allowed_at = (held.issued_at or clock.now()) + profile.earliest_refresh
        if clock.now() < allowed_at:
            raise TransientError(
                say(
                    "%(connection)s does not allow a new token yet. It is tried again when it does.",
                    connection=self.connection.name,
                ),
                vendor=self.connection.vendor,
                retry_after=allowed_at - clock.now(),
            )

    # --- refreshing --------------------------------------------------------------------------------------

    def _claim(self, held: TokenSet) -> bool:
        """Take the lease, committed; of all processes that saw this generation one wins."""
        if held.refresh_starts >= MOST_STARTS and self._profile().may_lose_sign_in:
            self._give_up(held, self._lost())
        held.refreshing_by = secrets.token_hex(16)
        now = clock.now()
        with transaction.atomic(durable=True):
            won = (
                TokenSet.objects.filter(
                    pk=held.pk, generation=held.generation, refresh_starts=held.refresh_starts
                )
                .filter(Q(refreshing_until=None) | Q(refreshing_until__lte=now))
                .update(
                    refreshing_by=held.refreshing_by,
                    refreshing_until=now + LEASE,
                    refresh_starts=held.refresh_starts + 1,
                )
            )
        return bool(won)

    def _renew(self, held: TokenSet) -> str:
        """The one call for this generation. Its failures end here: none is repeated blindly."""
        profile = self._profile()
        try:
            answer = self._asked(held, profile)
        except AccessLostError as error:
            self._give_up(held, self._ended(error, profile))
        except OutcomeUnknownError as error:
            if profile.may_lose_sign_in:
                self._give_up(held, self._lost())
            self._release(held, is_lost=True)
            raise TransientError(error.message, vendor=error.vendor, status=error.status) from error
        except ConfigurationError as error:
            # Asked again only when a person has changed something: records must not hammer the vendor.
            self._release(held)
            health.sign_in_needed(self.connection, error.message)
            raise
        except ConnectorError:
            self._release(held)
            raise
        return self._store_refreshed(held, answer, profile)

    def _asked(self, held: TokenSet, profile: OAuthProfile) -> Mapping[str, Any]:
        """The answer to a refresh; a grant that needs nobody starts anew without a refresh token."""
        endpoint, refresh_token = TokenEndpoint(self.connection, profile), held.tokens.get("refresh_token")
        if refresh_token:
            try:
                return endpoint.refresh(refresh_token)
            except AccessLostError:
                if profile.needs_person:
                    raise
        return endpoint.sign_in()

    def _store_refreshed(self, held: TokenSet, answer: Mapping[str, Any], profile: OAuthProfile) -> str:
        now = clock.now()
        fields = _fields(answer, profile, now, refresh_token=held.tokens.get("refresh_token", ""))
        end = _consent_end(answer, profile, now, signed_in_at=held.signed_in_at)
        kept = held.consent_ends_at
        if not profile.consent_is_sliding:
            # A fixed end only comes nearer, even if the vendor names the full life again at every refresh.
            end = min(filter(None, (end, kept)), default=None)
        fields["consent_ends_at"] = end
        with transaction.atomic(durable=True):
            stored = TokenSet.objects.filter(pk=held.pk, generation=held.generation).update(
                generation=held.generation + 1, **fields
            )
        if not stored:
            self._end_unwanted(fields["tokens"], profile)
            raise self._try_again()
        return str(answer["access_token"])

    def _end_unwanted(self, tokens: Mapping[str, str], profile: OAuthProfile) -> None:
        """A person has disconnected while we refreshed: tokens that nobody keeps must not live on.

        After a new sign-in nothing is revoked: some vendors would end that one too.
        """
        if not TokenSet.objects.filter(connection_id=self.connection.pk).exists():
            revoke_all(self.connection, profile, tokens)

    def _release(self, held: TokenSet, *, is_lost: bool = False) -> None:
        """Nothing was used up: the next one may try. After a lost answer it should (`unfinished`)."""
        TokenSet.objects.filter(
            pk=held.pk, generation=held.generation, refreshing_by=held.refreshing_by
        ).update(refreshing_by="", refreshing_until=None, refresh_starts=1 if is_lost else 0)

    def _give_up(self, held: TokenSet, message: Message) -> NoReturn:
        """The refresh token is dead or lost: it is dropped, so that nobody can send it again.

        The generation ends with it: a process that read the row beforehand must not win a lease any more.
        """
        tokens = {name: value for name, value in held.tokens.items() if name != "refresh_token"}
        with transaction.atomic(durable=True):
            was_ours = TokenSet.objects.filter(pk=held.pk, generation=held.generation).update(
                tokens=tokens,
                generation=held.generation + 1,
                refreshing_by="",
                refreshing_until=None,
                refresh_starts=0,
            )
            if was_ours:
                health.sign_in_needed(self.connection, message)
        if not was_ours:
            raise self._try_again()
        raise AccessLostError(message, vendor=self.connection.vendor)

    # --- words -------------------------------------------------------------------------------------------

    def _profile(self) -> OAuthProfile:
        profile = vendor(self.connection.vendor).oauth(self.connection)
        if profile is None:
            raise ConfigurationError(
                say(
                    "%(connection)s is not set up for signing in with a browser. Correct its settings.",
                    connection=self.connection.name,
                ),
                vendor=self.connection.vendor,
            )
        return profile

    def _ask_person(self, message: Message) -> NoReturn:
        health.sign_in_needed(self.connection, message)
        raise AccessLostError(message, vendor=self.connection.vendor)

    def _sign_in_again(self) -> Message:
        return say(
            "The sign-in of %(connection)s has ended. Open the connection and sign in again.",
            connection=self.connection.name,
        )

    def _ended(self, error: AccessLostError, profile: OAuthProfile) -> Message:
        """The vendor's own reason, where its table has one; what RFC 6749 says does not help a person."""
        has_reason = any(fault.message == error.message.pattern for fault in profile.token_faults)
        return error.message if has_reason or not profile.needs_person else self._sign_in_again()

    def _lost(self) -> Message:
        return say(
            "The answer to a renewal of the sign-in of %(connection)s was lost, and it may not be asked for "
            "twice. Open the connection and sign in again.",
            connection=self.connection.name,
        )

    def _try_again(self) -> TransientError:
        return TransientError(
            say("The sign-in of %(connection)s has just changed.", connection=self.connection.name),
            vendor=self.connection.vendor,
            retry_after=timedelta(seconds=1),
        )


class BearerAuth:
    """Sends the current access token; after a 401 another one, once."""

    def __init__(self, store: TokenStore) -> None:
        self.store = store

    def apply(self, headers: MutableMapping[str, str]) -> str:
        token = self.store.current()
        headers["Authorization"] = f"Bearer {token}"
        return token

    def renewed(self, rejected: str) -> bool:
        self.store.refresh(unless_newer_than=rejected)
        return True


class StaticBearer:
    """Sends a token that a person entered (a personal access token); there is no other one after a 401."""

    def __init__(self, token: str) -> None:
        self.token = token

    def apply(self, headers: MutableMapping[str, str]) -> str:
        headers["Authorization"] = f"Bearer {self.token}"
        return self.token

    def renewed(self, rejected: str) -> bool:
        return False


def revoke_all(connection: Connection, profile: OAuthProfile, tokens: Mapping[str, Any]) -> list[Message]:
    """End the tokens at the vendor as it wants it; what went wrong, for a person to read."""
    problems: list[Message] = []
    endpoint = TokenEndpoint(connection, profile)
    for kind in profile.revoke_tokens if profile.revoke_url else ():
        if not tokens.get(kind):
            continue
        try:
            endpoint.revoke(tokens[kind], kind)
        except ConnectorError as error:
            problems.append(error.message)
    return problems


def _is_leased(held: TokenSet) -> bool:
    return held.refreshing_until is not None and held.refreshing_until > clock.now()


def _fields(
    answer: Mapping[str, Any], profile: OAuthProfile, now: datetime, *, refresh_token: str
) -> dict[str, Any]:
    """The columns for a token answer; the old refresh token stays if no new one came."""
    lifetime = _seconds(answer.get("expires_in"))
    return {
        "tokens": {
            "access_token": answer["access_token"],
            "refresh_token": answer.get("refresh_token") or refresh_token,
            "scope": answer.get("scope") or " ".join(profile.scopes),
        },
        "issued_at": now,
        "access_expires_at": now + lifetime if lifetime else None,
        "refreshing_by": "",
        "refreshing_until": None,
        "refresh_starts": 0,
    }


def _consent_end(
    answer: Mapping[str, Any], profile: OAuthProfile, now: datetime, *, signed_in_at: datetime | None
) -> datetime | None:
    """When a sign-in that was used now ends: as the answer says, else as the vendor declares; None: unknown.

    The earlier one of two ends: for want of use, and whatever happens.
    """
    lifetime = _seconds(answer.get("refresh_token_expires_in")) or profile.consent_lifetime
    ends = [now + lifetime] if lifetime else []
    if profile.consent_longest and signed_in_at:
        ends.append(signed_in_at + profile.consent_longest)
    return min(ends, default=None)


def _seconds(value: Any) -> timedelta | None:
    """A lifetime in seconds, as number or text; None for anything that is none."""
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return timedelta(seconds=seconds) if 0 < seconds < 10**9 else None
