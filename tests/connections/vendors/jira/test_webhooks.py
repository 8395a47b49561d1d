"""Webhooks of both kinds: registered and renewed at the simulated Jira, and told from forged ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from connections import clock
from connections.errors import ConfigurationError
from connections.models import Connection
from connections.vendors.jira.news import issue_news
from connections.vendors.jira.webhooks import WEBHOOKS
from tests.connections.vendors.jira.conftest import Place

TARGET = "https://hub.example/hooks/jira/6f1c/"
SECRET = "ATOA-the-secret-of-the-app-in-the-developer-console"
BODY = b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "10015", "key": "FIN-24"}}'


def token(secret: str = SECRET, *, algorithm: str = "HS256", ends_in: int | None = 180, **claims: Any) -> str:
    now = int(clock.now().timestamp())
    payload = {"iat": now, **({} if ends_in is None else {"exp": now + ends_in}), **claims}
    if algorithm == "none":
        parts = ({"alg": "none", "typ": "JWT"}, payload)
        return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts) + "."
    key = OctKey.import_key(secret)
    return jwt.encode({"alg": algorithm}, payload, key, algorithms=[algorithm])


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def connection_of(kind: str, **secrets: str) -> Connection:
    known = {"client_secret": SECRET, "webhook_secret": "entered-by-a-person"} | secrets
    return Connection(vendor="jira", settings={"webhooks": kind}, secrets=known)


def is_genuine(connection: Connection, body: bytes = BODY, **headers: str) -> bool:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return WEBHOOKS.is_genuine(sent, body, WEBHOOKS.secret(connection, ""))


# --- from the app -----------------------------------------------------------------------------------------


def test_a_token_of_our_app_is_genuine_in_any_spelling_of_the_header() -> None:
    dynamic = connection_of("dynamic")

    assert is_genuine(dynamic, Authorization=f"Bearer {token()}")
    assert is_genuine(dynamic, authorization=f"bearer {token()}")
    assert is_genuine(dynamic, Authorization=f"Bearer {token(iss='x', aud='y', qsh='z')}")


def test_an_old_secret_holds_while_it_is_entered() -> None:
    old = "ATOA-the-earlier-secret-of-the-very-same-app-1"

    assert not is_genuine(connection_of("dynamic"), Authorization=f"Bearer {token(old)}")
    changing = connection_of("dynamic", previous_client_secret=old)
    assert is_genuine(changing, Authorization=f"Bearer {token(old)}")
    assert is_genuine(changing, Authorization=f"Bearer {token()}")


@pytest.mark.parametrize(
    "forged",
    [
        lambda: token("ATOA-the-secret-of-somebody-elses-app-00000000000"),
        lambda: token(algorithm="none"),
        lambda: token(algorithm="HS512"),
        lambda: token(ends_in=-61),
        lambda: token(ends_in=None),
        lambda: token(exp="soon"),
        lambda: token(nbf=int(clock.now().timestamp()) + 600),
        lambda: token()[:-2],
        lambda: token().rsplit(".", 1)[0] + ".",
        lambda: "",
        lambda: "a.b.c",
        lambda: "é" * 40,
        lambda: "\udcff.\udcff.\udcff",
    ],
    ids=[
        "another app",
        "none",
        "HS512",
        "ended",
        "endless",
        "exp as a word",
        "not yet",
        "cut",
        "unsigned",
        "empty",
        "letters",
        "umlauts",
        "bytes",
    ],
)
def test_any_other_token_is_refused(forged: Any) -> None:
    assert not is_genuine(connection_of("dynamic"), Authorization=f"Bearer {forged()}")


def test_the_algorithm_of_the_header_is_never_taken_at_its_word() -> None:
    """A token signed well, whose header names another algorithm."""
    _header, payload, _signature = token().split(".")
    for name in ("none", "None", "hs256", "HS384", "RS256"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": name}).encode()).decode().rstrip("=")
        signed = hmac.new(SECRET.encode(), f"{header}.{payload}".encode(), hashlib.sha256).digest()
        forged = f"{header}.{payload}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"
        assert not is_genuine(connection_of("dynamic"), Authorization=f"Bearer {forged}"), name


def test_other_schemes_and_short_secrets_are_refused() -> None:
    dynamic = connection_of("dynamic")
    assert not is_genuine(dynamic, Authorization=f"JWT {token()}")
    assert not is_genuine(dynamic, Authorization=token())
    assert not is_genuine(dynamic)
    short = "x" * 31
    assert not is_genuine(
        connection_of("dynamic", client_secret=short), Authorization=f"Bearer {token(short)}"
    )


# --- from the administrator's webhook ---------------------------------------------------------------------


def test_a_signed_body_is_genuine_and_only_that_very_body() -> None:
    by_admin = connection_of("admin")
    signed = signature(BODY, "entered-by-a-person")

    assert is_genuine(by_admin, X_Hub_Signature=signed)
    assert is_genuine(by_admin, x_hub_signature=signed)
    assert not is_genuine(by_admin, BODY + b" ", X_Hub_Signature=signed)
    assert not is_genuine(by_admin, X_Hub_Signature=signature(BODY, "another"))
    assert not is_genuine(by_admin, X_Hub_Signature=signed.replace("sha256", "sha1"))
    assert not is_genuine(by_admin, X_Hub_Signature=signed.removeprefix("sha256="))
    assert not is_genuine(by_admin, X_Hub_Signature="sha256=é")
    assert not is_genuine(by_admin)


def test_the_vendors_own_example_holds() -> None:
    example = connection_of("admin", webhook_secret="It's a Secret to Everybody")
    expected = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert is_genuine(example, b"Hello World!", X_Hub_Signature=expected)


@pytest.mark.parametrize("kind", ["dynamic", "admin", "none"])
def test_the_kinds_are_not_mixed_and_without_a_secret_nothing_is_genuine(kind: str) -> None:
    signed = signature(BODY, "entered-by-a-person")

    assert is_genuine(connection_of(kind), Authorization=f"Bearer {token()}") is (kind == "dynamic")
    assert is_genuine(connection_of(kind), X_Hub_Signature=signed) is (kind == "admin")
    empty = connection_of(kind, client_secret="", webhook_secret="")
    assert WEBHOOKS.secret(empty, "stored") == ""
    assert not is_genuine(empty, X_Hub_Signature=signature(BODY, ""))


def test_a_second_try_is_the_same_delivery_and_another_event_is_not() -> None:
    def identity(identifier: str, body: bytes = BODY) -> bytes | None:
        return WEBHOOKS.identity({"X-Atlassian-Webhook-Identifier": identifier}, body)

    assert identity("a") == identity("a", b"{}") != identity("b")
    assert WEBHOOKS.identity({}, BODY) == BODY
    assert WEBHOOKS.identity({}, b"") is None


# --- what a delivery says ---------------------------------------------------------------------------------


def test_a_delivery_names_the_issue_and_whether_its_status_changed() -> None:
    body = {
        "timestamp": 1760000000123,
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10015", "key": "FIN-24"},
        "changelog": {
            "id": 10124,
            "items": [
                {"field": "resolution", "fieldId": "resolution", "from": None, "to": "10000"},
                {"field": "Status", "fieldId": "status", "from": "10003", "to": "10004"},
            ],
        },
    }
    (news,) = issue_news(json.dumps(body).encode())

    assert (news.id, news.key, news.change, news.new_status) == ("10015", "FIN-24", "10124", "10004")
    assert news.has_moved and not news.is_deleted
    assert news.version == "2025-10-09T08:53:20.123+00:00"
    (gone,) = issue_news(json.dumps({**body, "webhookEvent": "jira:issue_deleted"}).encode())
    assert gone.is_deleted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"[]",
        b"null",
        b"{}",
        b'{"issue": []}',
        b'{"issue": {"id": "../users/me", "key": "FIN-1"}}',
        b'{"issue": {"id": true}}',
    ],
)
def test_what_names_no_issue_is_left_to_the_poll(body: bytes) -> None:
    assert issue_news(body) == []


def test_odd_parts_of_a_delivery_do_no_harm() -> None:
    (news,) = issue_news(
        b'{"issue": {"id": 10015, "key": "../x"}, "changelog": {"items": [5, {}]}, "timestamp": "x"}'
    )
    assert (news.id, news.key, news.has_moved, news.version) == ("10015", "", False, "")
    for broken in (b"{", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(ValueError):
            issue_news(broken)


# --- at Jira ----------------------------------------------------------------------------------------------


def test_a_webhook_is_registered_found_renewed_and_removed(
    connection: Connection, jira: Any, place: Place
) -> None:
    ref, secret = WEBHOOKS.register(connection, place.project, TARGET)

    assert secret == "" and WEBHOOKS.find(connection, place.project, TARGET) == ref
    assert WEBHOOKS.find(connection, place.project[:-1], TARGET) is None
    assert WEBHOOKS.lies_at(connection, ref, TARGET)
    assert not WEBHOOKS.lies_at(connection, ref, "https://new.example/hooks/jira/6f1c/")
    first = WEBHOOKS.state(connection, ref)
    assert first.exists and first.is_active and first.expires_at is not None
    assert timedelta(days=29) < first.expires_at - jira.clock.now() <= timedelta(days=30)

    jira.clock.advance(timedelta(days=20))
    jira.expire()
    WEBHOOKS.renew(connection, ref)
    renewed = WEBHOOKS.state(connection, ref)
    assert renewed.expires_at is not None and renewed.expires_at > first.expires_at

    WEBHOOKS.remove(connection, ref)
    WEBHOOKS.remove(connection, ref)
    assert WEBHOOKS.state(connection, ref).exists is False
    assert WEBHOOKS.find(connection, place.project, TARGET) is None
    WEBHOOKS.renew(connection, ref)


def test_what_the_simulated_jira_delivers_is_genuine_and_read(
    connection: Connection, jira: Any, place: Place
) -> None:
    received: list[tuple[dict[str, str], bytes]] = []
    jira.post = lambda url, headers, body: (received.append((headers, body)), (200, {}, b""))[1]
    WEBHOOKS.register(connection, place.project, TARGET)
    key = jira.add_issue("FIN")
    jira.move(key, place.done)
    jira.edit(key, summary="Anders")
    jira.pass_time(timedelta(minutes=1))

    ((headers, body),) = received
    assert WEBHOOKS.is_genuine(headers, body, WEBHOOKS.secret(connection, ""))
    (news,) = issue_news(body)
    assert (news.key, news.new_status) == (key, place.done)
    assert news.change == jira.history(key)[0].id


@pytest.mark.parametrize(
    "options",
    [
        {"jwt_algorithm": "none"},
        {"jwt_algorithm": "HS512"},
        {"jwt_algorithm": "RS256"},
        {"jwt_age_seconds": 3600},
        {"sign_with": "ATOA-the-secret-of-somebody-elses-app-0000"},
    ],
    ids=str,
)
def test_forged_deliveries_of_the_simulated_jira_are_refused(
    connection: Connection, jira: Any, place: Place, options: dict[str, Any]
) -> None:
    received: list[tuple[dict[str, str], bytes]] = []
    jira.post = lambda url, headers, body: (received.append((headers, body)), (401, {}, b""))[1]
    WEBHOOKS.register(connection, place.project, TARGET)
    for name, value in options.items():
        setattr(jira.options, name, value)
    jira.move(jira.add_issue("FIN"), place.done)
    jira.pass_time(timedelta(minutes=1))

    assert received
    secret = WEBHOOKS.secret(connection, "")
    assert not any(WEBHOOKS.is_genuine(headers, body, secret) for headers, body in received)


def test_two_projects_share_the_address_and_five_are_the_limit(
    connection: Connection, jira: Any, place: Place
) -> None:
    projects = [place.project, *(jira.add_project(f"P{number}") for number in range(5))]
    refs = [WEBHOOKS.register(connection, project, TARGET)[0] for project in projects[:5]]

    assert len(set(refs)) == 5
    assert [WEBHOOKS.find(connection, project, TARGET) for project in projects[:5]] == refs
    with pytest.raises(ConfigurationError) as caught:
        WEBHOOKS.register(connection, projects[5], TARGET)
    assert caught.value.code == "not_registered"


def test_an_earlier_address_of_this_installation_gives_way(
    connection: Connection, jira: Any, place: Place
) -> None:
    old, _ = WEBHOOKS.register(connection, place.project, "https://hub.example/hooks/jira/earlier/")
    ref, _ = WEBHOOKS.register(connection, place.project, TARGET)

    assert WEBHOOKS.state(connection, old).exists is False
    assert WEBHOOKS.find(connection, place.project, TARGET) == ref


@pytest.mark.parametrize("second_url", ["refuse", "keep"])
def test_the_webhook_of_another_installation_is_left_alone_and_named(
    connection: Connection, jira: Any, place: Place, second_url: str
) -> None:
    jira.options.second_url = second_url
    theirs, _ = WEBHOOKS.register(connection, place.project, "https://staging.example/hooks/jira/secret/")

    with pytest.raises(ConfigurationError, match=r"staging\.example") as caught:
        WEBHOOKS.register(connection, place.project, TARGET)

    assert "/secret/" not in str(caught.value)
    assert WEBHOOKS.state(connection, theirs).exists
    assert WEBHOOKS.find(connection, place.project, TARGET) is None
    assert len(jira.place().hooks) == 1


def test_a_refusal_inside_a_good_answer_is_seen(connection: Connection, jira: Any, place: Place) -> None:
    refusal = {"webhookRegistrationResult": [{"errors": ["The clause watchCount is unsupported"]}]}
    jira.faults.add("webhooks.register", status=200, body=refusal)

    with pytest.raises(ConfigurationError, match="watchCount"):
        WEBHOOKS.register(connection, place.project, TARGET)


def test_without_the_scope_only_the_webhooks_are_missing(
    connection: Connection, jira: Any, place: Place
) -> None:
    access, refresh = jira.sign_in(scopes=("read:jira-work", "read:jira-user", "offline_access"))
    held = connection.token_set
    held.tokens = {**held.tokens, "access_token": access, "refresh_token": refresh}
    held.save()

    with pytest.raises(ConfigurationError, match="manage:jira-webhook"):
        WEBHOOKS.register(connection, place.project, TARGET)
    assert Connection.objects.get().is_usable


def test_an_administrators_webhook_needs_no_call_but_instructions(
    connection: Connection, jira: Any, place: Place
) -> None:
    ref, _ = WEBHOOKS.register(connection, place.project, TARGET)
    connection.settings["webhooks"] = "admin"
    before = len(jira.calls)

    assert not WEBHOOKS.state(connection, ref).exists, "the one that the app registered counts no more"
    by_hand, _ = WEBHOOKS.register(connection, place.project, TARGET)
    assert WEBHOOKS.find(connection, place.project, TARGET) == by_hand
    assert WEBHOOKS.state(connection, by_hand).exists and WEBHOOKS.lies_at(connection, by_hand, TARGET)
    assert WEBHOOKS.state(connection, by_hand).expires_at is None
    WEBHOOKS.remove(connection, by_hand)
    assert len(jira.calls) == before
    steps = " ".join(map(str, WEBHOOKS.instructions(connection, place.project, TARGET)))
    assert TARGET in steps and f"project IN ({place.project})" in steps
    assert connection.secrets["webhook_secret"] not in steps

    WEBHOOKS.remove(connection, ref)
    assert jira.place().hooks == {}


def test_whether_there_are_webhooks_is_a_setting(connection: Connection) -> None:
    wanted = {}
    for kind in ("dynamic", "admin", "none"):
        connection.settings["webhooks"] = kind
        wanted[kind] = (WEBHOOKS.is_wanted(connection), WEBHOOKS.by_hand(connection))

    assert wanted == {"dynamic": (True, False), "admin": (True, True), "none": (False, False)}
