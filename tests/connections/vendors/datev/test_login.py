"""The sign-in in both durations, and where the token may go."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from connections.errors import ConfigurationError
from connections.models import Connection
from connections.vendors.datev import VENDOR
from connections.vendors.datev.login import identity


def connection(secrets: dict[str, str] | None = None, **settings: str) -> Connection:
    return Connection(
        name="DATEV Muster",
        vendor="datev",
        settings={"client_id": "app-1", **settings},
        secrets=secrets or {},
    )


def test_the_short_sign_in_asks_for_the_documented_scopes_and_ends_after_eleven_hours():
    profile = VENDOR.oauth(connection())

    assert profile.scopes == (
        "openid",
        "profile",
        "datev:accounting:clients",
        "datev:accounting:extf-files-import",
        "accounting:clients:read",
        "accounting:documents",
        "accounting:dxso-jobs",
    )
    assert profile.consent_lifetime == timedelta(hours=11)
    assert not profile.consent_is_sliding
    assert profile.rotates
    assert profile.uses_nonce
    assert profile.authorize_params == {"enableWindowsSso": "true"}
    assert profile.revoke_tokens == ("access_token", "refresh_token")
    assert profile.sends_token_type_hint


def test_the_long_sign_in_names_its_one_client():
    profile = VENDOR.oauth(connection(token_mode="long", bound_client="455148-1"))

    assert profile.scopes[-2:] == ("offline_access", "datev:iam:client:455148-1")
    assert profile.consent_lifetime == timedelta(days=730)


@pytest.mark.parametrize("bound", ["", "455148", "Muster GmbH"])
def test_a_long_sign_in_without_its_client_is_refused_in_words(bound):
    with pytest.raises(ConfigurationError, match="client of the long sign-in"):
        VENDOR.oauth(connection(token_mode="long", bound_client=bound))


def test_own_scopes_replace_the_defaults_and_keep_openid():
    profile = VENDOR.oauth(connection(scopes="accounting:documents\n openid  profile"))

    assert profile.scopes == ("openid", "accounting:documents", "profile")


@pytest.mark.parametrize(
    ("set_to", "secret", "first", "then"),
    [
        ("", "", "client_id_only", ""),
        ("", "s", "client_id_only", "basic"),
        ("client_id_only", "s", "client_id_only", "basic"),
        ("basic", "s", "basic", "client_id_only"),
    ],
)
def test_the_app_identifies_itself_as_set_and_the_other_way_is_the_fallback(set_to, secret, first, then):
    profile = VENDOR.oauth(connection({"client_secret": secret}, client_authentication=set_to))

    assert (profile.client_authentication, profile.fallback_authentication) == (first, then)


@pytest.mark.parametrize(
    ("environment", "host", "segment"),
    [
        ("production", "https://api.datev.de", "platform"),
        ("sandbox", "https://sandbox-api.datev.de", "platform-sandbox"),
    ],
)
def test_addresses_follow_from_environment_and_api(environment, host, segment):
    found = connection(environment=environment)

    assert VENDOR.oauth(found).token_url == f"{host}/token"
    assert VENDOR.oauth(found).revoke_url == f"{host}/revoke"
    assert VENDOR.base_urls(found) == [
        f"{host}/userinfo",
        f"https://accounting-clients.api.datev.de/{segment}/v2",
        f"https://accounting-documents.api.datev.de/{segment}/v2",
        f"https://accounting-extf-files.api.datev.de/{segment}/v3",
        f"https://accounting-dxso-jobs.api.datev.de/{segment}/v2",
    ]


def test_every_address_can_be_replaced():
    keys = ("userinfo_url", "clients_url", "documents_url", "extf_url", "dxso_url")
    found = connection(
        **{key: f"https://datev.example/{key}/" for key in keys}, token_url="https://l.example/t"
    )

    assert VENDOR.base_urls(found) == [f"https://datev.example/{key}" for key in keys]
    assert VENDOR.oauth(found).token_url == "https://l.example/t"


def id_token(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"id_token": id_token(name="Erika Muster")}, "Erika Muster"),
        ({"id_token": id_token(given_name="Erika", family_name="Muster")}, "Erika Muster"),
        ({"id_token": id_token(sub="1")}, ""),
        ({"id_token": "opaque"}, ""),
        ({"id_token": "a.!!!.c"}, ""),
        ({}, ""),
    ],
)
def test_the_person_is_read_from_the_id_token_without_a_call(answer, name):
    assert identity(answer) == name


def test_notes_say_how_long_where_to_revoke_and_which_redirect_address(settings):
    settings.PUBLIC_URL = "http://connector.beispiel.example"
    short = " ".join(map(str, VENDOR.notes(connection())))
    long = " ".join(map(str, VENDOR.notes(connection(token_mode="long", bound_client="455148-1"))))
    sandbox = " ".join(map(str, VENDOR.notes(connection(environment="sandbox"))))

    assert "11" in short
    assert "https://apps.datev.de/tokrevui" in short
    assert "PUBLIC_URL" in short
    assert "455148-1" in long
    assert "http://localhost" in sandbox
    assert "PUBLIC_URL" not in sandbox
