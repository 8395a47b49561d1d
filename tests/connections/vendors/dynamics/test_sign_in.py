"""Signing in at Entra: secret or certificate, a new token in time, and what each refusal means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from connections import clock
from connections.admin.panel import signs_in_with_browser
from connections.errors import AccessLostError, ConfigurationError
from connections.models import CallLog, Connection, Health
from connections.sign_in import asked_by_person
from connections.tokens import TokenStore
from connections.vendors.dynamics import addresses
from connections.vendors.dynamics.api import DynamicsApi
from connections.vendors.dynamics.login import profile
from mlconnector.sandbox.dynamics import DynamicsSimulator
from tests import factories


def token_calls(dynamics: DynamicsSimulator) -> int:
    return sum(call.path.endswith("/token") for call in dynamics.calls)


def test_a_token_is_for_this_environment_alone_and_renewed_before_its_end(
    api: DynamicsApi, dynamics: DynamicsSimulator, connection: Connection
) -> None:
    assert not signs_in_with_browser(connection)
    assert "scope=https%3A%2F%2Fmuster.crm4.dynamics.example%2F.default" in dynamics.calls[0].body.decode()
    api.changes("account")
    clock.advance(timedelta(seconds=3599 - 301))
    api.changes("account")
    assert token_calls(dynamics) == 1
    clock.advance(timedelta(seconds=2))
    api.changes("account")
    assert token_calls(dynamics) == 2


def test_a_token_that_is_refused_is_replaced_once(api: DynamicsApi, dynamics: DynamicsSimulator) -> None:
    dynamics.expire_tokens()
    assert api.changes("account").is_initial
    assert token_calls(dynamics) == 2

    dynamics.faults.add("GET /accounts", status=401, times=None)
    with pytest.raises(AccessLostError):
        api.changes("account")


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({}, {"client_secret": "the-id-of-the-secret"}, "'Value'"),
        ({}, {"client_secret": ""}, "No client secret"),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, {}, "application ID"),
        ({"tenant": "99999999-1111-1111-1111-111111111111"}, {}, "directory"),
        ({"environment_url": "https://other.crm4.dynamics.example"}, {}, "environment"),
    ],
)
def test_what_a_refusal_means_is_said_in_words_and_asked_only_once(
    connection: Connection,
    dynamics: DynamicsSimulator,
    settings: dict[str, str],
    secrets: dict[str, str],
    words: str,
) -> None:
    connection.settings = connection.settings | settings
    connection.secrets = connection.secrets | secrets
    connection.save()
    TokenStore(connection).forget()
    before = token_calls(dynamics)

    with pytest.raises(ConfigurationError, match=words):
        TokenStore(connection).current()
    with pytest.raises(AccessLostError):
        TokenStore(connection).current()

    assert token_calls(dynamics) == before + 1
    connection.refresh_from_db()
    assert connection.health == Health.SIGN_IN
    assert "AADSTS" not in str(connection.health_message)


def test_a_secret_that_has_ended(connection: Connection, dynamics: DynamicsSimulator) -> None:
    dynamics.add_secret("old-secret-value", ends_at=dynamics.clock.now() - timedelta(days=1))
    connection.secrets = {"client_secret": "old-secret-value"}
    connection.save()
    TokenStore(connection).forget()
    with pytest.raises(ConfigurationError, match="has ended"):
        TokenStore(connection).current()


# --- certificates ---


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate_of(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ml-connector")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


def pem_of(key: Any, passphrase: str = "") -> str:
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


@pytest.mark.parametrize("way", ["certificate in the text", "thumbprint", "SHA-256 thumbprint", "passphrase"])
def test_a_certificate_instead_of_a_secret(
    db: None, dynamics: DynamicsSimulator, key: rsa.RSAPrivateKey, way: str
) -> None:
    certificate = certificate_of(key)
    public = certificate.public_bytes(Encoding.PEM).decode()
    dynamics.add_certificate(public)
    settings: dict[str, Any] = {"credential": "certificate"}
    secrets = {"certificate": pem_of(key)}
    if way == "thumbprint":
        settings["thumbprint"] = certificate.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303
    elif way == "SHA-256 thumbprint":
        settings["thumbprint"] = certificate.fingerprint(hashes.SHA256()).hex()
    else:
        secrets["certificate"] += public
    if way == "passphrase":
        secrets |= {"certificate": public + pem_of(key, "gehe1m-planted"), "passphrase": "gehe1m-planted"}

    connection = factories.dynamics_connection(dynamics, secrets=secrets, **settings)

    assert DynamicsApi(connection).changes("account").is_initial
    form = dynamics.calls[0].body.decode()
    assert "client_assertion=" in form and "client_secret" not in form
    logged = json.dumps(list(CallLog.objects.values()), default=str)
    assert "eyJ" not in logged and "gehe1m" not in logged and "PRIVATE KEY" not in logged


def test_a_certificate_that_entra_does_not_know(
    db: None, dynamics: DynamicsSimulator, key: rsa.RSAPrivateKey
) -> None:
    pem = pem_of(key) + certificate_of(key).public_bytes(Encoding.PEM).decode()
    with pytest.raises(ConfigurationError, match="does not accept the certificate"):
        factories.dynamics_connection(dynamics, secrets={"certificate": pem}, credential="certificate")


def test_a_key_that_can_not_be_used_is_said_without_a_call(
    connection: Connection, dynamics: DynamicsSimulator, key: rsa.RSAPrivateKey
) -> None:
    connection.settings |= {"credential": "certificate"}
    TokenStore(connection).forget()
    before = len(dynamics.calls)
    for secrets, words in (
        ({}, "can't be read"),
        ({"certificate": "rubbish"}, "can't be read"),
        ({"certificate": pem_of(ec.generate_private_key(ec.SECP256R1()))}, "can't be read"),
        ({"certificate": pem_of(key, "x-planted")}, "can't be read"),
        ({"certificate": pem_of(key, "x-planted"), "passphrase": "wrong"}, "can't be read"),
        ({"certificate": pem_of(key)}, "which certificate"),
        (
            {"certificate": pem_of(key) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"},
            "certificate of",
        ),
    ):
        connection.secrets = secrets
        connection.save()
        with asked_by_person(), pytest.raises(ConfigurationError, match=words):
            TokenStore(connection).current()
    assert len(dynamics.calls) == before


# --- addresses ---


@pytest.mark.parametrize(
    ("entered", "origin", "called"),
    [
        (
            "https://muster.crm4.dynamics.com/main.aspx?appid=1",
            "https://muster.crm4.dynamics.com",
            "https://muster.api.crm4.dynamics.com",
        ),
        (
            "https://muster.api.crm4.dynamics.com/api/data/v9.2",
            "https://muster.crm4.dynamics.com",
            "https://muster.api.crm4.dynamics.com",
        ),
        (
            "https://muster.crm.dynamics.com",
            "https://muster.crm.dynamics.com",
            "https://muster.api.crm.dynamics.com",
        ),
        ("http://127.0.0.1:8090/", "http://127.0.0.1:8090", "http://127.0.0.1:8090"),
    ],
)
def test_an_environment_has_two_names_and_one_scope(entered: str, origin: str, called: str) -> None:
    connection = Connection(vendor="dynamics", name="x", settings={"environment_url": entered})
    assert addresses.environment(connection) == origin
    assert addresses.interface(connection) == called
    assert set(addresses.base_urls(connection)) == {origin, called}
    assert profile(connection).scopes == (f"{origin}/.default",)


def test_the_host_that_answers_with_a_redirect_is_not_called(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.options.redirect_to_api_host = True
    assert set(api.bundles([invoice]).found) == {invoice}


def test_nothing_is_called_without_an_address(db: None) -> None:
    with pytest.raises(ConfigurationError, match="address of an environment"):
        DynamicsApi(Connection(vendor="dynamics", name="Neu"))
