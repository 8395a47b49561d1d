"""Signing in with a browser: one click, one state, one use; nothing is believed that is not ours."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from connections import clock, oauth
from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError
from connections.models import AuditEntry, CallLog, Connection, Health, OAuthFlow, TokenSet
from tests.connections.loopback import answer, drop, in_turn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_this_machine(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def connection(muster, server):
    server.on(
        "/token", answer(200, b'{"access_token": "access-1", "refresh_token": "refresh-1", "who": "Erika"}')
    )
    server.on("/me", answer(200, b'{"name": "Erika Muster"}'))
    return muster.connection(
        token_url=f"{server.url}/token",
        revoke_url=f"{server.url}/revoke",
        uses_nonce=False,
        base_url=server.url,
    )


def started(connection: Connection, by: str = "admin") -> dict[str, str]:
    query = parse_qs(urlsplit(oauth.start(connection, by)).query)
    return {name: values[0] for name, values in query.items()}


def id_token(**claims) -> str:
    def part(value) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


class TestTheClick:
    def test_sends_the_browser_with_everything_that_is_new_for_it(self, muster):
        connection = muster.connection(token_url="https://t.example/")
        first, second = started(connection), started(connection)
        flow = OAuthFlow.objects.get(state=oauth.stored_state(first["state"]))
        verifier = flow.secrets["code_verifier"]

        assert first["redirect_uri"].endswith("/oauth/callback")
        assert (first["response_type"], first["scope"]) == ("code", "read write")
        assert (first["tenant"], first["prompt"]) == ("1", "login")
        assert len(verifier) >= 43 and len(first["state"]) >= 43 and len(first["nonce"]) >= 43
        digest = hashlib.sha256(verifier.encode()).digest()
        assert first["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert first["code_challenge_method"] == "S256"
        assert not {first[k] for k in ("state", "nonce", "code_challenge")} & set(second.values())

    def test_needs_an_https_address_of_our_own(self, muster, settings):
        settings.ALLOW_PRIVATE_ADDRESSES = False
        settings.PUBLIC_URL = "http://connector.example"
        with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
            oauth.start(muster.connection(token_url="https://t.example/"), "admin")
        assert not OAuthFlow.objects.exists()

    def test_needs_a_connection_that_signs_in_with_a_browser(self, muster):
        with pytest.raises(ConfigurationError, match="not set up"):
            oauth.start(muster.connection(), "admin")


class TestTheCallback:
    def test_redeems_the_code_and_the_connection_waits_for_its_test(self, connection, server):
        query = started(connection)
        signed_in = oauth.finish({"state": query["state"], "code": "the-code"}, "admin")

        assert signed_in.connection == connection and signed_in.refused_scopes == ()
        assert server.received[0].form["code"] == "the-code"
        assert len(server.received[0].form["code_verifier"]) >= 43
        held = TokenSet.objects.get()
        assert (held.tokens["access_token"], held.signed_in_as, held.generation) == ("access-1", "Erika", 1)
        assert held.signed_in_at is not None
        assert Connection.objects.get().health == Health.UNKNOWN
        assert AuditEntry.objects.filter(action="connection.signed_in", actor="admin").count() == 1

    def test_refuses_a_state_that_is_unknown_used_expired_or_of_somebody_else(self, connection, server):
        used, old, foreign = (started(connection)["state"] for _ in range(3))
        oauth.finish({"state": used, "code": "c"}, "admin")
        for by, state in (
            *(("admin", state) for state in ("", "unknown", used)),
            ("somebody", foreign),
        ):
            with pytest.raises(RejectedError, match="Start again"):
                oauth.finish({"state": state, "code": "c"}, by)
        clock.advance(timedelta(minutes=10))
        with pytest.raises(RejectedError, match="Start again"):
            oauth.finish({"state": old, "code": "c"}, "admin")
        assert len(server.received) == 1

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"error": "access_denied", "error_description": "<b>no</b>"}, "access was denied"),
            ({"error": "invalid_scope"}, "invalid_scope"),
            ({"error": "<script>"}, r"\(-\)"),
            ({}, r"\(-\)"),
        ],
    )
    def test_with_an_error_says_so_and_ends_the_flow(self, connection, server, query, words):
        state = started(connection)["state"]
        with pytest.raises(RejectedError, match=words) as caught:
            oauth.finish({"state": state, **query}, "admin")
        assert "<" not in str(caught.value)
        with pytest.raises(RejectedError, match="used already"):
            oauth.finish({"state": state, "code": "c"}, "admin")
        assert server.received == []

    def test_with_a_code_that_is_refused_stores_nothing(self, connection, server):
        server.on("/token", answer(400, b'{"error": "invalid_grant"}'))
        with pytest.raises(RejectedError, match="Start again"):
            oauth.finish({"state": started(connection)["state"], "code": "c"}, "admin")
        assert not TokenSet.objects.exists()
        assert AuditEntry.objects.filter(action="connection.sign_in_failed").count() == 1

    def test_with_a_lost_answer_is_not_redeemed_twice(self, connection, server):
        server.on("/token", drop)
        with pytest.raises(OutcomeUnknownError):
            oauth.finish({"state": started(connection)["state"], "code": "c"}, "admin")
        assert len(server.received) == 1

    def test_tells_which_scopes_were_not_granted(self, connection, server):
        server.on("/token", answer(200, b'{"access_token": "a", "scope": "read openid"}'))
        signed_in = oauth.finish({"state": started(connection)["state"], "code": "c"}, "admin")
        assert signed_in.refused_scopes == ("write",)
        assert Connection.objects.get().health == Health.ATTENTION

    def test_keeps_neither_code_nor_token_in_the_open(self, connection):
        query = started(connection)
        oauth.finish({"state": query["state"], "code": "planted-code"}, "admin")
        kept = str(list(CallLog.objects.values())) + str(list(AuditEntry.objects.values()))
        for secret in ("planted-code", "access-1", "refresh-1", "s3cret-of-the-app", query["state"]):
            assert secret not in kept


class TestTheNonce:
    @pytest.fixture
    def connection(self, muster, server):
        return muster.connection(token_url=f"{server.url}/token", base_url=server.url)

    def finish(self, connection, server, **claims):
        query = started(connection)
        claims = {name: query["nonce"] if value == "ours" else value for name, value in claims.items()}
        body = {"access_token": "access-1", "id_token": id_token(**claims)}
        server.on("/token", answer(200, json.dumps(body).encode()))
        return oauth.finish({"state": query["state"], "code": "c"}, "admin")

    def test_of_our_request_is_accepted(self, connection, server):
        self.finish(connection, server, nonce="ours", sub="1")
        assert TokenSet.objects.exists()

    @pytest.mark.parametrize(
        "claims", [{"nonce": "of-another-flow"}, {"sub": "1"}, {"nonce": 5}, {"nonce": "ü"}]
    )
    def test_of_anything_else_is_refused(self, connection, server, claims):
        with pytest.raises(RejectedError, match="does not belong"):
            self.finish(connection, server, **claims)
        assert not TokenSet.objects.exists()

    @pytest.mark.parametrize("broken", ["x", "a.b.c", "..", id_token(nonce="x").replace(".", "")])
    def test_in_an_unreadable_token_is_refused(self, connection, broken):
        with pytest.raises(RejectedError):
            oauth.check_nonce(connection, {"id_token": broken}, "nonce")

    def test_is_not_asked_for_where_no_id_token_came(self, connection):
        oauth.check_nonce(connection, {}, "nonce")


class TestDisconnecting:
    @pytest.fixture
    def signed_in(self, connection, server):
        oauth.finish({"state": started(connection)["state"], "code": "c"}, "admin")
        server.received.clear()
        return connection

    def test_revokes_each_token_and_deletes_them_here(self, signed_in, server):
        server.on("/revoke", answer(200, b""))
        assert oauth.disconnect(signed_in, "admin") == []
        assert [(r.form["token"], r.form["token_type_hint"]) for r in server.received] == [
            ("access-1", "access_token"),
            ("refresh-1", "refresh_token"),
        ]
        assert not TokenSet.objects.exists()
        assert Connection.objects.get().health == Health.SIGN_IN
        assert AuditEntry.objects.filter(action="connection.disconnected", actor="admin").count() == 1

    @pytest.mark.parametrize("behaviour", [drop, answer(500), answer(404), answer(400, b'{"error": "x"}')])
    def test_deletes_them_here_even_if_the_vendor_fails(self, signed_in, server, behaviour):
        server.on("/revoke", behaviour)
        assert len(oauth.disconnect(signed_in, "admin")) == 2
        assert not TokenSet.objects.exists()


class TestTheAddresses:
    @pytest.fixture
    def admin(self):
        return self.person("admin", "change_connection")

    def person(self, name, *permissions, is_staff=True):
        user = User.objects.create_user(name, password="x", is_staff=is_staff)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        browser = Client()
        browser.force_login(user)
        return browser

    def test_lead_through_a_whole_sign_in(self, admin, connection):
        there = admin.post(reverse("oauth:start", args=[connection.pk]))
        assert there.status_code == 302
        assert there["Location"].startswith("https://login.muster.example/authorize?")
        state = parse_qs(urlsplit(there["Location"]).query)["state"][0]

        back = admin.get(reverse("oauth:callback"), {"state": state, "code": "c"})
        assert back.status_code == 302
        assert "no-store" in back["Cache-Control"]
        assert TokenSet.objects.filter(connection=connection).exists()

    def test_green_comes_only_after_token_and_test(self, admin, connection, server):
        state = started(connection)["state"]
        admin.get(reverse("oauth:callback"), {"state": state, "code": "c"})
        assert Connection.objects.get().health == Health.OK
        assert Connection.objects.get().checkup["who"] == "Erika Muster"

        server.on("/me", answer(403, b'{"code": "no", "help": "https://help.example/no"}'))
        state = started(connection)["state"]
        page = admin.get(reverse("oauth:callback"), {"state": state, "code": "c"}, follow=True)
        stored = Connection.objects.get()
        assert stored.health == Health.ATTENTION
        assert stored.health_message["help_url"] == "https://help.example/no"
        assert "https://help.example/no" in page.content.decode()

    def test_a_bad_callback_is_an_answer_and_no_failure(self, admin, server, muster):
        for query in ({}, {"state": "x", "code": "y"}, {"error": "access_denied"}):
            assert admin.get(reverse("oauth:callback"), query).status_code == 302
        assert server.received == []

    def test_start_and_disconnect_are_posts(self, admin, connection):
        for name in ("start", "disconnect"):
            assert admin.get(reverse(f"oauth:{name}", args=[connection.pk])).status_code == 405
        assert not OAuthFlow.objects.exists()

    def test_are_for_people_who_may_change_connections(self, connection):
        viewer = self.person("viewer", "view_connection")
        outsider = self.person("outsider", "change_connection", is_staff=False)
        for browser, status in ((viewer, 403), (outsider, 403), (Client(), 302)):
            assert browser.post(reverse("oauth:start", args=[connection.pk])).status_code == status
            assert browser.post(reverse("oauth:disconnect", args=[connection.pk])).status_code == status
            assert browser.get(reverse("oauth:callback"), {"state": "x"}).status_code == status
        assert not OAuthFlow.objects.exists()

    def test_demand_the_token_against_forged_requests(self, connection):
        user = User.objects.create_superuser("root")
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(user)
        assert browser.post(reverse("oauth:start", args=[connection.pk])).status_code == 403

    def test_disconnect_tells_what_went_wrong(self, admin, connection, server):
        server.on("/revoke", in_turn(answer(500)))
        there = admin.post(reverse("oauth:start", args=[connection.pk]))
        state = parse_qs(urlsplit(there["Location"]).query)["state"][0]
        admin.get(reverse("oauth:callback"), {"state": state, "code": "c"})
        assert admin.post(reverse("oauth:disconnect", args=[connection.pk])).status_code == 302
        assert not TokenSet.objects.exists()
