"""Signing in at Microsoft Entra by itself: client credentials with a secret or a certificate."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.utils.translation import gettext_noop as _
from joserfc import jwt
from joserfc.jwk import RSAKey

from connections import clock
from connections.base import OAuthProfile
from connections.errors import ConfigurationError, Fault
from connections.messages import Message, say
from connections.vendors.dynamics import addresses

if TYPE_CHECKING:
    from connections.models import Connection

# A new token this long before the old one ends. Source: tokens live about an hour (expires_in 3599), a
# tenant may set another life. Entra "client credentials flow" (read 2026-11).
MARGIN = timedelta(minutes=5)
# Entra takes assertions that live for ten minutes at most. Source: "certificate credentials" (read 2026-11).
ASSERTION_LIFE = timedelta(minutes=5)
# For a clock of ours that is a little fast.
ASSERTION_SLACK = timedelta(minutes=1)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

PROOF_REFUSED = _(
    "Microsoft does not accept the signed proof of the app. Compare the application ID, the address for "
    "signing in and the clock of this machine."
)
# Source: Entra "AADSTS error codes" (read 2026-11). The code stands in the text of the answer.
# Some codes begin like others, hence the colon.
TOKEN_FAULTS = (
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft refuses the client secret. Most often the 'Secret ID' was entered instead of the "
            "'Value': make a new client secret in Microsoft Entra and enter its value at the connection."
        ),
        contains="AADSTS7000215:",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "The client secret has ended. Make a new one in Microsoft Entra under 'Certificates & secrets' "
            "and enter its value at the connection."
        ),
        contains="AADSTS7000222:",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft does not know the application ID in this directory. Compare both IDs of the "
            "connection with the overview page of the app registration in Microsoft Entra."
        ),
        contains="AADSTS700016:",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft does not accept the certificate. Upload exactly this certificate to the app "
            "registration in Microsoft Entra, or enter the private key that belongs to the one that is "
            "there."
        ),
        contains="AADSTS700027:",
    ),
    # Issuer, audience and time of the signed proof.
    *(
        Fault(0, ConfigurationError, PROOF_REFUSED, contains=code)
        for code in ("AADSTS700021:", "AADSTS700023:", "AADSTS700024:")
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft does not know the directory. Correct the directory (tenant) ID of the connection; the "
            "overview page of the app registration in Microsoft Entra shows it."
        ),
        contains="AADSTS90002:",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft does not know the environment in this directory. Compare the address of the "
            "environment with the one shown in the Power Platform admin centre."
        ),
        contains="AADSTS500011:",
    ),
    Fault(
        0,
        ConfigurationError,
        _(
            "Microsoft can't read the address of the environment. Enter it without any path, for example "
            "https://muster.crm4.dynamics.com."
        ),
        contains="AADSTS70011:",
    ),
    Fault(
        0,
        ConfigurationError,
        _("No client secret or certificate was sent along. Enter one at the connection."),
        contains="AADSTS7000218:",
    ),
)


def profile(connection: Connection) -> OAuthProfile:
    """Client credentials for exactly this environment; nobody signs in and no consent ends."""
    by_certificate = connection.setting("credential") == "certificate"
    token_url = addresses.token_url(connection)
    client_id = str(connection.setting("client_id")).strip()
    return OAuthProfile(
        authorize_url="",
        token_url=token_url,
        client_id=client_id,
        client_secret="" if by_certificate else str(connection.secrets.get("client_secret") or "").strip(),
        grant="client_credentials",
        grant_params=(lambda: assertion(connection, token_url, client_id)) if by_certificate else dict,
        scopes=(f"{addresses.environment(connection)}/.default",),
        client_authentication="client_id_only" if by_certificate else "post",
        refresh_margin=MARGIN,
        token_faults=TOKEN_FAULTS,
    )


def assertion(connection: Connection, token_url: str, client_id: str) -> Mapping[str, str]:
    """The signed proof in place of a secret; a new one for each request.

    Source: Entra "certificate credentials" (read 2026-11): PS256 with the SHA-256 thumbprint, or RS256 with
    the SHA-1 one. Raises ConfigurationError for a key that can't be read.
    """
    pem = str(connection.secrets.get("certificate") or "").strip()
    key = _private_key(connection, pem)
    header = _thumbprint(connection, pem)
    now = clock.now()
    claims = {
        "aud": token_url,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid4()),
        "nbf": int((now - ASSERTION_SLACK).timestamp()),
        "exp": int((now + ASSERTION_LIFE).timestamp()),
    }
    signed = jwt.encode(header, claims, key, algorithms=["PS256", "RS256"])
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


def _private_key(connection: Connection, pem: str) -> RSAKey:
    """The RSA key of the PEM text, whatever else stands in it."""
    passphrase = str(connection.secrets.get("passphrase") or "") or None
    try:
        found = load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    except (ValueError, TypeError):
        # Also a missing or wrong passphrase; the library's text may name parts of the key.
        found = None
    if not isinstance(found, RSAPrivateKey):
        raise _refused(
            say(
                "The private key of '%(connection)s' can't be read: it must be an RSA key as PEM text, and "
                "its passphrase must be entered if it has one.",
                connection=connection.name,
            )
        )
    plain = found.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return RSAKey.import_key(plain.decode())


def _thumbprint(connection: Connection, pem: str) -> dict[str, str]:
    """The header that names the certificate: of the one in the PEM text, else of the one entered."""
    if "-----BEGIN CERTIFICATE-----" in pem:
        try:
            found = x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN CERTIFICATE-----") :].encode())
        except ValueError:
            raise _refused(
                say(
                    "The certificate of '%(connection)s' can't be read. Enter the whole PEM file again.",
                    connection=connection.name,
                )
            ) from None
        return {"alg": "PS256", "x5t#S256": _base64url(found.fingerprint(hashes.SHA256()))}
    digits = re.sub(r"[\s:]", "", str(connection.setting("thumbprint")))
    if re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        return {"alg": "PS256", "x5t#S256": _base64url(bytes.fromhex(digits))}
    if re.fullmatch(r"[0-9A-Fa-f]{40}", digits):
        return {"alg": "RS256", "x5t": _base64url(bytes.fromhex(digits))}
    raise _refused(
        say(
            "Microsoft must know which certificate is meant: enter a PEM text of '%(connection)s' that "
            "holds the certificate too, or the thumbprint that Microsoft Entra shows.",
            connection=connection.name,
        )
    )


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _refused(message: Message) -> ConfigurationError:
    return ConfigurationError(message, vendor="dynamics")
