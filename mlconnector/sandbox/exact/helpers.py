"""Set-up for tests and the demo: users, apps, sign-ins, divisions, webhooks, faults."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.exact.access import USER_REASONS
from mlconnector.sandbox.exact.deliveries import Attempt, signed
from mlconnector.sandbox.exact.errors import FAULTS
from mlconnector.sandbox.exact.state import App, Deletion, Division, State, Subscription, TokenCall, User
from mlconnector.sandbox.kit import Fault

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.simulator import ExactSimulator

CLIENT_ID = "11111111-2222-3333-4444-555555555555"
CLIENT_SECRET = "simulated-client-secret"
WEBHOOK_SECRET = "simulated-webhook-secret"
REDIRECT_URIS = ("https://hub.example/oauth/callback", "http://localhost/oauth/callback")
FIRST_DIVISION = 499156


class Helpers:
    """Mixed into ExactSimulator. Users are named by their guid, divisions by their number."""

    # Made by found(): the user that signs in, the person who does the books, the division of both.
    user: str
    clerk: str
    division: int
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    webhook_secret: str = WEBHOOK_SECRET

    def found(self: "ExactSimulator") -> None:
        """The beginning of the world."""
        self.user = self.clerk = ""
        self.division = self.add_division("Muster Bau GmbH", is_main=True)
        other = self.add_division("Muster Dienste GmbH")
        language = self.region.language
        self.user = self.add_user("Integration Muster", language=language, divisions=(self.division, other))
        self.clerk = self.add_user("Änne Beispiel", language=language, divisions=(self.division, other))
        self.add_app(CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET, REDIRECT_URIS)

    # --- divisions and users -------------------------------------------------------------
    def add_division(
        self: "ExactSimulator",
        name: str,
        *,
        code: int = 0,
        currency: str = "",
        is_main: bool = False,
        users: Iterable[str] = (),
    ) -> int:
        """Returns its number. Only `users` may work in it."""
        with self.lock:
            code = code or max(self.known.divisions, default=FIRST_DIVISION - 1) + 1
            now = self.local_now()
            self.known.divisions[code] = Division(
                code,
                name,
                "Muster Gruppe",
                currency or self.region.currency,
                self.region.country,
                is_main,
                now,
                now,
            )
            for user in users:
                self.admit(user, code)
            return code

    def add_user(
        self: "ExactSimulator",
        full_name: str,
        *,
        language: str = "nl",
        divisions: Iterable[int] = (),
        email: str = "",
    ) -> str:
        """Returns its guid. The first division is the current one. Languages: nl, de, en."""
        with self.lock:
            codes = list(divisions)
            user = User(State.new_id(), full_name, email or "user@muster.example", language, codes)
            user.current_division = codes[0] if codes else 0
            self.known.users[user.id] = user
            return user.id

    def admit(self: "ExactSimulator", user: str, division: int) -> None:
        """Let the user work in the division."""
        divisions = self.known.users[user].divisions
        if division not in divisions:
            divisions.append(division)

    def shut_out(self: "ExactSimulator", division: int, user: str = "") -> None:
        """Take the division away from the user."""
        self.known.users[user or self.user].divisions.remove(division)

    def grant_only(self: "ExactSimulator", *divisions: int, user: str = "") -> None:
        """The user restricts the app to these divisions at consent; the current one may be another."""
        self.known.granted[(self.client_id, user or self.user)] = set(divisions)

    def switch_division(self: "ExactSimulator", division: int, user: str = "") -> None:
        """The user changes the company in the browser: CurrentDivision follows."""
        self.known.users[user or self.user].current_division = division

    def set_language(self: "ExactSimulator", language: str, user: str = "") -> None:
        """Business errors and descriptions come in nl, de or en."""
        self.known.users[user or self.user].language = language

    def refuse_user(self: "ExactSimulator", reason: str, user: str = "") -> None:
        """Every call of the user ends with 403 and this Reason ("" ends that). Raises ValueError."""
        if reason and reason not in USER_REASONS:
            raise ValueError(f"There is no reason {reason!r}; one of {', '.join(USER_REASONS)}.")
        self.known.users[user or self.user].trouble = reason

    def block_division(self: "ExactSimulator", division: int = 0, *, is_blocked: bool = True) -> None:
        """Every call in the division ends with 403, Reason: DivisionBlocked."""
        self.known.divisions[division or self.division].is_blocked = is_blocked

    def move_division(self: "ExactSimulator", division: int = 0) -> None:
        """The division moves to another database: all its row versions are made anew, from low numbers."""
        with self.lock:
            code = division or self.division
            self.known.divisions[code].moved = self.local_now()
            self.known.timestamps[code] = 1000
            rows = [row for row in self.known.rows.values() if row.division == code]
            for one in sorted([*rows, *self._deletions_of(code)], key=lambda one: one.number):
                one.timestamp = self.known.next_timestamp(code)

    def _deletions_of(self: "ExactSimulator", division: int) -> list[Deletion]:
        return [one for one in self.known.deletions if one.division == division]

    # --- apps and sign-ins -------------------------------------------------------------
    def add_app(
        self: "ExactSimulator",
        client_id: str,
        client_secret: str,
        webhook_secret: str,
        redirect_uris: Iterable[str],
        *,
        scopes: Mapping[str, str] | None = None,
    ) -> str:
        """A registration at this site. `scopes`: {"Purchase orders": "read"} or "manage"; None: exempt."""
        kept = None if scopes is None else dict(scopes)
        self.known.apps[client_id] = App(
            client_id, client_secret, webhook_secret, tuple(redirect_uris), scopes=kept
        )
        return client_id

    def set_scopes(self: "ExactSimulator", scopes: Mapping[str, str] | None, app: str = "") -> None:
        self.known.apps[app or self.client_id].scopes = None if scopes is None else dict(scopes)

    def add_oauth_tokens(self: "ExactSimulator", *, user: str = "", app: str = "") -> tuple[str, str]:
        """(access token, refresh token) as after a sign-in just now; an earlier sign-in of the user ends."""
        with self.lock:
            client, person = self.known.apps[app or self.client_id], self.known.users[user or self.user]
            access, refresh = self.oauth.sign_in(client, person)
            return access.value, refresh.value

    def revoke(self: "ExactSimulator", user: str = "", app: str = "") -> None:
        """The user withdraws consent: tokens are dead, subscriptions are gone."""
        with self.lock:
            who = (app or self.client_id, user or self.user)
            for chain in self.known.chains.values():
                if (chain.app, chain.user) == who:
                    chain.is_ended = True
            self.known.subscriptions = {
                id: one for id, one in self.known.subscriptions.items() if (one.app, one.user) != who
            }

    def refresh_log(self: "ExactSimulator") -> list[TokenCall]:
        """Calls of the token endpoint with grant_type=refresh_token, oldest first."""
        return [call for call in self.known.token_calls if call.grant == "refresh_token"]

    # --- limits -------------------------------------------------------------
    def use_up(
        self: "ExactSimulator", *, minute: int = 0, day: int = 0, division: int = 0, app: str = ""
    ) -> None:
        """Another server of the same app has made so many calls in this minute, on this day."""
        self.limits.use_up(app or self.client_id, division or self.division, minute=minute, day=day)

    # --- webhooks and faults -------------------------------------------------------------
    def subscriptions(self: "ExactSimulator") -> list[Subscription]:
        return list(self.known.subscriptions.values())

    def drop_subscription(self: "ExactSimulator", topic: str, division: int = 0) -> None:
        """It is gone without a word."""
        gone = (topic, division or self.division)
        kept = self.known.subscriptions.items()
        self.known.subscriptions = {id: one for id, one in kept if (one.topic, one.division) != gone}

    def deliver(self: "ExactSimulator") -> list[Attempt]:
        """Post every notification that is due now; returns the attempts."""
        return self.deliveries.send_due()

    def pass_time(self: "ExactSimulator", by: timedelta) -> list[Attempt]:
        """Move the clock, posting retries and late notifications at their moments."""
        return self.deliveries.pass_time(by)

    def notification(
        self: "ExactSimulator",
        topic: str,
        key: str,
        action: str = "Update",
        *,
        path: str = "",
        division: int = 0,
        secret: str | None = None,
        **changes: Any,
    ) -> bytes:
        """The body of a notification by hand; `changes` replace parts of Content, `secret` forges it."""
        one = Subscription(
            "", self.client_id, self.user, division or self.division, topic, "", self.local_now(), False, 0
        )
        content = {**self.deliveries.content(one, path or topic, key, action), **changes}
        return signed(content, self.webhook_secret if secret is None else secret)

    def fail(self: "ExactSimulator", route: str, kind: str, **options: Any) -> Fault:
        """Arm a fault in the vendor's form: 408, 429, 500, 503, 504, "drop before", "drop after"."""
        return self.faults.add(route, **{**FAULTS[kind], **options})
