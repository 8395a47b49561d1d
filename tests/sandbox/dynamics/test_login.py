"""Sign-in at the simulated Entra: secret, certificate, refusals; and who may come in."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.sandbox.dynamics.conftest import ANNOTATED, MORNING, error

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def code(answer) -> int:
    return answer.json()["error_codes"][0]


def test_a_token_lives_an_hour_and_opens_the_api(api, sim):
    answer = api.token_request()
    body = answer.json()

    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3599)
    assert "refresh_token" not in body
    api.token = body["access_token"]
    assert api.read("WhoAmI")["UserId"] == sim.known.app_user
    sim.pass_time(timedelta(seconds=3599))
    refused = api.get("WhoAmI")
    assert refused.status_code == 401
    assert f"resource_id={sim.base_url}/" in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("changes", "status", "number"),
    [
        ({"client_secret": "the-id-of-the-secret"}, 401, 7000215),
        ({"client_secret": None}, 401, 7000218),
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, 400, 700016),
        ({"scope": "https://other.crm4.dynamics.example/.default"}, 400, 500011),
        ({"scope": "https://muster.crm4.dynamics.example//.default"}, 400, 500011),
        ({"scope": "https://muster.crm4.dynamics.example"}, 400, 70011),
        ({"scope": None}, 400, 70011),
        ({"grant_type": "password"}, 400, 70003),
        ({"grant_type": None}, 400, 900144),
        ({"tenant": "nobody.onmicrosoft.example"}, 400, 90002),
        ({"tenant": "common"}, 400, 50059),
    ],
)
def test_refusals_carry_the_vendors_number(api, changes, status, number):
    answer = api.token_request(**changes)
    body = answer.json()

    assert (answer.status_code, body["error_codes"]) == (status, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["error_uri"].endswith(f"code={number}")


def test_a_secret_ends(api, sim):
    sim.remove_secret()
    sim.add_secret(sim.client_secret, ends_at=MORNING + timedelta(days=1))

    assert api.token_request().status_code == 200
    sim.pass_time(timedelta(days=1))
    assert code(api.token_request()) == 7000222


def test_the_other_name_of_the_environment_is_the_same(api, sim):
    api.token = api.token_request(scope=f"{sim.api_url}/.default").json()["access_token"]

    assert sim.api_url == "https://muster.api.crm4.dynamics.example"
    assert api.get("WhoAmI").status_code == 200
    body = api.read(f"{sim.api_url}/api/data/v9.2/invoices?$select=name")
    assert body["@odata.context"].startswith(sim.api_url)


def test_the_plain_host_may_send_to_the_other_name(api, sim):
    sim.options.redirect_to_api_host = True

    answer = api.get("invoices?$select=name")

    assert answer.status_code == 307
    assert answer.headers["Location"] == f"{sim.api_url}/api/data/v9.2/invoices?$select=name"


def test_discovery_names_the_token_endpoint(api, sim):
    body = api.get(f"{sim.login_url}/{sim.tenant_id}/v2.0/.well-known/openid-configuration").json()

    assert body["token_endpoint"] == f"{sim.login_url}/{sim.tenant_id}/oauth2/v2.0/token"


# --- certificates ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def certificate(key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ml-connector")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=730))
    return builder.sign(key, hashes.SHA256())


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(sim, key, certificate, *, algorithm="PS256", header=None, **changes) -> str:
    der = certificate.public_bytes(serialization.Encoding.DER)
    head = {"alg": algorithm, "typ": "JWT", **(header or {"x5t#S256": packed(hashlib.sha256(der).digest())})}
    now = int(MORNING.timestamp())
    claims = {
        "aud": f"{sim.login_url}/{sim.tenant_id}/oauth2/v2.0/token",
        "iss": sim.client_id,
        "sub": sim.client_id,
        "jti": "once",
        "nbf": now,
        "exp": now + 600,
        **changes,
    }
    signed = ".".join(packed(json.dumps(part).encode()) for part in (head, claims))
    pads = {"RS256": padding.PKCS1v15(), "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}
    return f"{signed}.{packed(key.sign(signed.encode(), pads[algorithm], hashes.SHA256()))}"


def by_certificate(api, text: str):
    return api.token_request(client_secret=None, client_assertion_type=JWT_BEARER, client_assertion=text)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_certificate_signs_in(api, sim, key, certificate, algorithm):
    sim.add_certificate(certificate.public_bytes(serialization.Encoding.PEM).decode())
    der = certificate.public_bytes(serialization.Encoding.DER)
    older = {"x5t": packed(hashlib.sha1(der).digest())}

    assert by_certificate(api, assertion(sim, key, certificate, algorithm=algorithm)).status_code == 200
    assert by_certificate(api, assertion(sim, key, certificate, header=older)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"iss": "someone else"}, 700021),
        ({"sub": "someone else"}, 700021),
        ({"aud": "https://login.dynamics.example/elsewhere"}, 700023),
        ({"exp": int(MORNING.timestamp()) - 600}, 700024),
        ({"header": {"x5t#S256": "AAAA"}}, 700027),
        ({"header": {"kid": "nothing"}}, 700027),
    ],
)
def test_a_wrong_assertion_is_refused(api, sim, key, certificate, changes, number):
    sim.add_certificate(certificate.public_bytes(serialization.Encoding.PEM).decode())

    answer = by_certificate(api, assertion(sim, key, certificate, **changes))

    assert (answer.status_code, code(answer)) == (401, number)


def test_a_foreign_key_or_an_unknown_certificate_is_refused(api, sim, key, certificate):
    assert code(by_certificate(api, assertion(sim, key, certificate))) == 700027

    sim.add_certificate(certificate.public_bytes(serialization.Encoding.PEM).decode())
    foreign = rsa.generate_private_key(65537, 2048)
    assert code(by_certificate(api, assertion(sim, foreign, certificate))) == 700027
    assert code(by_certificate(api, "no.jwt.§")) == 700027


# --- who may come in ---------------------------------------------------------------------------------------
def test_a_token_without_an_application_user_is_no_use(api, sim):
    sim.remove_app_user()

    assert api.token_request().status_code == 200
    assert error(api.get("WhoAmI")) == (403, "0x80072560")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"environment": "admin"}, "0x8004a113"),
        ({"environment": "disabled"}, "0x8004a104"),
        ({"is_app_blocked": True}, "0x80095ffc"),
    ],
)
def test_a_closed_environment(api, sim, options, expected):
    sim.set_options(**options)

    assert error(api.get("WhoAmI")) == (403, expected)


def test_a_disabled_user(api, sim):
    sim.disable_app_user()

    assert error(api.get("WhoAmI")) == (403, "0x80040225")


def test_a_missing_privilege_is_named(api, sim, invoice):
    sim.set_privilege("prvReadAccount")

    answer = api.get("accounts?$select=name")
    assert error(answer) == (403, "0x80040220")
    assert "prvReadAccount" in answer.json()["error"]["message"]
    assert api.get("invoices?$expand=customerid_account($select=name)").status_code == 403
    assert api.get("invoices?$select=name").status_code == 200


def test_the_rights_can_be_read(api, sim):
    sim.set_privilege("prvReadInvoice", "Local")
    sim.set_privilege("prvWriteInvoice")
    user = api.read("WhoAmI")["UserId"]

    body = api.read(f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")

    depths = {one["PrivilegeName"]: one["Depth"] for one in body["RolePrivileges"]}
    assert depths["prvReadInvoice"] == "Local"
    assert depths["prvReadAccount"] == "Global"
    assert "prvWriteInvoice" not in depths


def test_the_organisation_tells_about_itself(api, sim):
    (row,) = api.rows(
        "organizations?$select=name,expirechangetrackingindays,maxuploadfilesize,_basecurrencyid_value"
    )
    path = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"
    detail = api.read(path)["Detail"]

    assert (row["expirechangetrackingindays"], row["maxuploadfilesize"]) == (7, 5242880)
    assert row["_basecurrencyid_value"] == sim.currency("EUR")
    assert detail["OrganizationId"] == row["organizationid"] == api.read("WhoAmI()")["OrganizationId"]


def test_a_long_error_comes_with_annotations(api):
    body = api.get("invoices?$select=new_x", ANNOTATED).json()["error"]

    assert body["@Microsoft.PowerApps.CDS.InnerError.Message"] == body["message"]
