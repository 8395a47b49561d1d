"""What a vendor declares. A new vendor is a folder with one `VENDOR`, a registry line and a simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from connections.errors import Fault
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
    # The settings whose choices the list depends on, by key: it is asked for with what was chosen there,
    # joined by "/". () = the nearest discovered setting before it of the same side.
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecretField:
    """One secret of a connection: written in the admin, never shown again."""

    key: str
    label: str
    required: bool = False
    help_text: str = ""
    # A text of several lines, such as a key in PEM form.
    is_multiline: bool = False


@dataclass(frozen=True)
class OAuthProfile:
    """How one connection signs in: a person with the authorization code flow and PKCE, or by itself."""

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = ""
    # "authorization_code": a person signs in with the browser. The others sign in by themselves, with what
    # `grant_params` gives beside the client authentication; there is nobody to ask and no consent that ends.
    grant: Literal["authorization_code", "client_credentials", "password"] = "authorization_code"
    # Called for each token request of such a grant: scope, user name and password, a signed assertion, ...
    # Every value but `scope` is kept out of logs.
    grant_params: Callable[[], Mapping[str, str]] = dict
    scopes: tuple[str, ...] = ()
    revoke_url: str = ""
    userinfo_url: str = ""
    # "client_id_only": form field and no secret; "basic": HTTP Basic; "post": id and secret in the form.
    client_authentication: Literal["client_id_only", "basic", "post"] = "basic"
    # The body of a token request: as RFC 6749 wants it, or the same as JSON (Atlassian).
    encoding: Literal["form", "json"] = "form"
    # After `invalid_client` the other way is tried once and remembered on the connection.
    fallback_authentication: Literal["client_id_only", "basic", "post", ""] = ""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    # Sent along with a refresh beside what RFC 6749 asks for.
    refresh_params: Mapping[str, str] = field(default_factory=dict)
    uses_nonce: bool = False
    # True: each refresh ends the old refresh token, so a lost answer can't be repeated.
    rotates: bool = True
    # True: for a while the vendor takes a refresh token again that it has exchanged already (Atlassian: ten
    # minutes), so a lost answer is asked for again; only its own refusal ends the sign-in.
    may_repeat_refresh: bool = False
    refresh_margin: timedelta = timedelta(seconds=60)
    # A refresh earlier than this after the last one is refused by the vendor (Exact Online: 570 s).
    earliest_refresh: timedelta = timedelta(0)
    # How long a sign-in lasts; None = until revoked. The token answer may say it better (`consent_end`).
    consent_lifetime: timedelta | None = None
    consent_is_sliding: bool = False
    # The end of a sliding sign-in that no use puts off (Atlassian: 365 days); None = there is none.
    consent_longest: timedelta | None = None
    # One revoke request for each token with `token_type_hint`, or only for the refresh token.
    revoke_tokens: tuple[Literal["access_token", "refresh_token"], ...] = ("access_token", "refresh_token")
    sends_token_type_hint: bool = True
    # True: the vendor wants the tokens of an earlier sign-in revoked before it gives new ones.
    revokes_before_sign_in: bool = False
    # What this vendor's token answers mean beyond RFC 6749; asked before the table of the RFC.
    token_faults: tuple[Fault, ...] = ()
    # Headers of a refused token request that say more than its body; read as part of the text.
    token_error_headers: tuple[str, ...] = ()
    # Reads who signed in from the token answer, without a call; {} when the answer does not say.
    identity: Callable[[Mapping[str, Any]], str] = lambda answer: ""

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to sign in with a browser."""
        return self.grant == "authorization_code"

    @property
    def may_lose_sign_in(self) -> bool:
        """Whether a lost answer to a refresh ends the sign-in: the new token is lost, the old one dead."""
        return self.needs_person and self.rotates and not self.may_repeat_refresh


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
    # When the vendor ends it unless it is renewed; None = never.
    expires_at: datetime | None = None


class WebhookProtocol:
    """A vendor's webhooks. Everything but register/find/state/renew/remove is pure and makes no call."""

    # No delivery or heartbeat for this long means that the webhook is dead and is registered again;
    # None: silence says nothing.
    silence_limit: timedelta | None = None
    # True: a person registers it in the vendor's own administration (`instructions` says how). `register`
    # then makes no call and returns the secret that the person entered at the connection.
    is_manual = False
    # True: all webhooks of a connection go to one address, and each delivery concerns all of them.
    shares_address = False
    # True: the vendor's handshake may also come shortly after its answer to the registration. It carries no
    # secret then and is answered, no more.
    has_late_handshake = False
    # A webhook that ends sooner than this is renewed.
    renew_before = timedelta(days=10)
    # Headers (lower case) that `wake` reads and that are kept with a delivery.
    kept_headers: tuple[str, ...] = ()

    def is_wanted(self, connection: Connection) -> bool:
        """Whether webhooks are used for this connection at all."""
        return True

    def by_hand(self, connection: Connection) -> bool:
        """Whether a person registers the webhooks of this connection; see `is_manual`."""
        return self.is_manual

    def handshake(self, headers: Mapping[str, str], body: bytes) -> Handshake | None:
        """The handshake that this request carries, or None for an ordinary delivery."""
        return None

    def secret(self, connection: Connection, stored: str) -> str:
        """What deliveries are checked with: the secret of the registration, or one of the connection."""
        return stored

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Whether the vendor signed exactly this body; False for an empty secret."""
        raise NotImplementedError

    def identity(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """What two receipts of the same delivery share; None where equal bodies may be different news.

        A second receipt is answered and otherwise ignored. None is right for deliveries that name no more
        than an object's key: waking it twice is harmless, waking it once too few is not.
        """
        return body

    def instructions(self, connection: Connection, resource_ref: str, target_url: str) -> Sequence[Message]:
        """What a person enters at the vendor for a manual webhook, step by step."""
        return ()

    def register(self, connection: Connection, resource_ref: str, target_url: str) -> tuple[str, str]:
        """(vendor's id, secret) of a new webhook. Raises RejectedError(code="duplicate") if one is there."""
        raise NotImplementedError

    def find(self, connection: Connection, resource_ref: str, target_url: str) -> str | None:
        """The vendor's id of our webhook on this resource and target, or None."""
        return None

    def state(self, connection: Connection, vendor_ref: str) -> HookState:
        return HookState(exists=True, vendor_ref=vendor_ref)

    def lies_at(self, connection: Connection, vendor_ref: str, target_url: str) -> bool:
        """Whether a webhook that exists delivers to this address, which may have changed since."""
        return True

    def renew(self, connection: Connection, vendor_ref: str) -> None:
        """Extend a webhook that ends; `state` is asked afterwards whether that worked."""
        raise NotImplementedError

    def remove(self, connection: Connection, vendor_ref: str) -> None:
        """Delete the webhook; one that is already gone is fine."""


FieldKind = Literal["text", "number", "date", "enum"]


@dataclass(frozen=True)
class FieldWish:
    """A custom field that is wanted at a work system. `precision` counts decimals of a number."""

    name: str
    kind: FieldKind
    precision: int | None = None
    options: tuple[str, ...] = ()


class FieldMaker(Protocol):
    """How a work system gets custom fields. `container` is where they belong, for example a project."""

    def find(self, connection: Connection, container: str, wish: FieldWish) -> str | None:
        """The id of a field of that name. Raises RejectedError where it is of another type."""

    def create(self, connection: Connection, container: str, wish: FieldWish) -> str:
        """The id of a new field; it is not in the container yet."""

    def is_in(self, connection: Connection, container: str, ref: str) -> bool:
        """Whether objects of the container carry the field."""

    def put(self, connection: Connection, container: str, ref: str) -> bool:
        """Let the objects of the container carry the field."""


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
    # Ends a session that a killed worker left open (`connections.sessions`); None: there are none.
    end_session: Callable[[Connection], None] | None = None
    # None: custom fields can't be made there.
    fields: FieldMaker | None = None
    # Lists for the admin by name, e.g. {"projects": list_projects}; the second argument is what was
    # chosen above it (the project whose fields are listed), "" if nothing.
    discover: Mapping[str, Callable[[Connection, str], Sequence[Option]]] = field(default_factory=dict)
    # Sentences shown beside a connection (limits, ends of consent, links that the vendor demands).
    notes: Callable[[Connection], Sequence[Message]] = lambda connection: ()
