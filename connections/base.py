"""What a vendor declares. A new vendor is a folder with one `VENDOR`, a registry line and a simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from connections.messages import Message

if TYPE_CHECKING:
    from connections.models import Connection

SettingKind = Literal[
    "text", "url", "choice", "bool", "integer", "decimal", "multiline", "discovered", "datev_client"
]


@dataclass(frozen=True)
class SettingField:
    """One setting of a connection or an integration: drawn as a form field, checked, exported.

    `choices` is (stored value, label) pairs. A `discovered` setting is chosen from what the vendor
    offers: `discover` names the list (see `Vendor.discover`). Labels and help are marked for translation.
    """

    key: str
    label: str
    kind: SettingKind = "text"
    default: Any = ""
    required: bool = False
    help_text: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    discover: str = ""
    role: Literal["source", "target"] = "source"


@dataclass(frozen=True)
class SecretField:
    """One secret of a connection: written in the admin, never shown again."""

    key: str
    label: str
    required: bool = False
    help_text: str = ""


@dataclass(frozen=True)
class OAuthProfile:
    """How one connection signs in with the authorization code flow and PKCE."""

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = ""
    scopes: tuple[str, ...] = ()
    revoke_url: str = ""
    userinfo_url: str = ""
    # "client_id_only": form field and no secret; "basic": HTTP Basic; "post": id and secret in the form.
    client_authentication: Literal["client_id_only", "basic", "post"] = "basic"
    # After `invalid_client` the other way is tried once and remembered on the connection.
    fallback_authentication: Literal["client_id_only", "basic", "post", ""] = ""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    # Sent along with a refresh beside what RFC 6749 asks for.
    refresh_params: Mapping[str, str] = field(default_factory=dict)
    uses_nonce: bool = False
    # True: each refresh ends the old refresh token, so a lost answer can't be repeated.
    rotates: bool = True
    refresh_margin: timedelta = timedelta(seconds=60)
    # A refresh earlier than this after the last one is refused by the vendor (Exact Online: 570 s).
    earliest_refresh: timedelta = timedelta(0)
    # How long a sign-in lasts; None = until revoked. The token answer may say it better (`consent_end`).
    consent_lifetime: timedelta | None = None
    consent_is_sliding: bool = False
    # One revoke request for each token with `token_type_hint`, or only for the refresh token.
    revoke_tokens: tuple[Literal["access_token", "refresh_token"], ...] = ("access_token", "refresh_token")
    sends_token_type_hint: bool = True
    # True: the vendor wants the tokens of an earlier sign-in revoked before it gives new ones.
    revokes_before_sign_in: bool = False
    # Reads who signed in from the token answer, without a call; {} when the answer does not say.
    identity: Callable[[Mapping[str, Any]], str] = lambda answer: ""


@dataclass(frozen=True)
class Rate:
    """A vendor's limit, shared by all workers: steady calls per minute and how many at once."""

    per_minute: int
    burst: int


@dataclass(frozen=True)
class Checkup:
    """What "Test connection" found: who we are, what we may do, and what is missing (empty = healthy)."""

    who: str
    may: Sequence[Message] = ()
    missing: Sequence[Message] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """One thing that a vendor offers to choose from in the admin: stored by `ref`, shown by `label`."""

    ref: str
    label: str
    kind: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Handshake:
    """The vendor's question while we register a webhook, and the headers of our answer."""

    secret: str
    answer_headers: Mapping[str, str]


@dataclass(frozen=True)
class HookState:
    """How a registered webhook stands at the vendor. `exists=False`: it was deleted there."""

    exists: bool
    is_active: bool = True
    last_success_at: datetime | None = None
    vendor_ref: str = ""


class WebhookProtocol(Protocol):
    """A vendor's webhooks. Everything but register/state/remove/adopt is pure and makes no call."""

    # No delivery or heartbeat for this long means that the webhook is dead and is registered again.
    silence_limit: timedelta

    def handshake(self, headers: Mapping[str, str], body: bytes) -> Handshake | None:
        """The handshake that this request carries, or None for an ordinary delivery."""

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Whether the vendor signed exactly this body; False for an empty secret."""

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(vendor's id, secret) of a new webhook. Raises RejectedError(code="duplicate") if one is there."""

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The vendor's id of our webhook on this resource and target, or None."""

    def state(self, connection: Connection, vendor_ref: str) -> HookState: ...

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """Delete the webhook; one that is already gone is fine."""


@dataclass(frozen=True)
class Vendor:
    """A software system we talk to. `key` is stored in the database: never rename it."""

    key: str
    label: str
    settings: tuple[SettingField, ...]
    secrets: tuple[SecretField, ...]
    # The client for one connection; it holds a `connections.http.Transport`.
    api: Callable[[Connection], Any]
    check: Callable[[Connection], Checkup]
    # Everything of the connection's own addresses; the bearer token goes nowhere else.
    base_urls: Callable[[Connection], Sequence[str]]
    rate: Callable[[Connection], Rate]
    oauth: Callable[[Connection], OAuthProfile | None] = lambda connection: None
    webhooks: WebhookProtocol | None = None
    # Lists for the admin by name, e.g. {"projects": list_projects}; the second argument is what was
    # chosen above it (the project whose fields are listed), "" if nothing.
    discover: Mapping[str, Callable[[Connection, str], Sequence[Option]]] = field(default_factory=dict)
    # Sentences shown beside a connection (limits, ends of consent, links that the vendor demands).
    notes: Callable[[Connection], Sequence[Message]] = lambda connection: ()
