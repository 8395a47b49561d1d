"""A bare-handed caller of the simulated DATEV and files for it, written from DATEV's documentation."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from mlconnector.sandbox.datev import DEFAULT_APP, DatevSimulator
from mlconnector.sandbox.mount import WSGIAdapter

BASE = "https://datev.example"
CLIENT = "455148-1"
OTHER = "455148-2"
VERIFIER = "v" * 64
STATE = "state-of-twenty-signs"
NONCE = "nonce-of-twenty-signs"
CALLBACK = "http://localhost:8000/oauth/callback"
ALL_SCOPES = (
    "openid",
    "profile",
    "datev:accounting:clients",
    "datev:accounting:extf-files-import",
    "accounting:clients:read",
    "accounting:documents",
    "accounting:dxso-jobs",
)
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF"
GUID = "ac4d376f-d081-4cb3-98de-190fa93b500e"


class Caller:
    """Speaks to the simulator with the headers that every call needs."""

    def __init__(self, simulator: DatevSimulator, environment: str = "production") -> None:
        self.simulator = simulator
        self.urls = DatevSimulator.addresses(BASE, environment)
        self.http = requests.Session()
        self.http.mount(BASE, WSGIAdapter(simulator))
        self.headers = {"X-DATEV-Client-Id": DEFAULT_APP.client_id}
        self.basic = (DEFAULT_APP.client_id, DEFAULT_APP.client_secret)

    # --- login --------------------------------------------------------------------------------------------
    def authorize(self, scopes: Sequence[str] = ALL_SCOPES, **changes: str | None) -> requests.Response:
        """The browser's request, not followed. A change of None leaves the parameter out."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": DEFAULT_APP.client_id,
            "redirect_uri": CALLBACK,
            "scope": " ".join(scopes),
            "state": STATE,
            "nonce": NONCE,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        return self.http.get(self.urls["authorize_url"], params=given, allow_redirects=False)

    def code(self, scopes: Sequence[str] = ALL_SCOPES, **changes: str | None) -> str:
        return answer_of(self.authorize(scopes, **changes))["code"]

    def token(self, auth: Any = "basic", **form: str) -> requests.Response:
        return self.http.post(self.urls["token_url"], data=form, auth=self.basic if auth == "basic" else auth)

    def exchange(self, code: str, auth: Any = "basic", **changes: str) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.token(auth, **form)

    def refresh(self, refresh_token: str, auth: Any = "basic", **more: str) -> requests.Response:
        return self.token(auth, grant_type="refresh_token", refresh_token=refresh_token, **more)

    def sign_in(self, scopes: Sequence[str] = ALL_SCOPES) -> dict[str, Any]:
        """Through the browser and the token endpoint; the token is used from now on."""
        answer = self.exchange(self.code(scopes)).json()
        self.use(answer["access_token"])
        return answer

    def use(self, access_token: str) -> None:
        self.headers["Authorization"] = f"Bearer {access_token}"

    # --- APIs ---------------------------------------------------------------------------------------------
    def get(self, api: str, path: str, **params: Any) -> requests.Response:
        return self.http.get(f"{self.urls[api]}{path}", headers=self.headers, params=params)

    def put_document(
        self,
        guid: str = GUID,
        *,
        name: str = "RE-1.pdf",
        content: bytes = PDF,
        kind: str = "application/pdf",
        client: str = CLIENT,
        metadata: Any = None,
    ) -> requests.Response:
        parts: dict[str, Any] = {"file": (name, content, kind)}
        if metadata is not None:
            text = metadata if isinstance(metadata, str) else json.dumps(metadata)
            parts["metadata"] = (None, text, "application/json")
        url = f"{self.urls['documents_url']}/clients/{client}/documents/{guid}"
        return self.http.put(url, headers=self.headers, files=parts)

    def import_file(
        self, content: bytes | None = None, client: str = CLIENT, **headers: str | None
    ) -> requests.Response:
        """Headers by their name with _ for -, None leaves one out."""
        given: dict[str, Any] = {
            "Filename": "EXTF_Muster_0001.csv",
            "Reference-Id": "muster-0001",
            "Content-Type": "application/octet-stream",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.http.post(
            f"{self.urls['extf_url']}/clients/{client}/extf-files/import",
            headers={**self.headers, **given},
            data=extf() if content is None else content,
        )

    def jobs(self, client: str = CLIENT, **params: Any) -> requests.Response:
        return self.get("extf_url", f"/clients/{client}/extf-files/jobs", **params)

    def job(self, job_id: str, client: str = CLIENT) -> requests.Response:
        return self.get("extf_url", f"/clients/{client}/extf-files/jobs/{job_id}")

    def imported(self, content: bytes | None = None, client: str = CLIENT) -> dict[str, Any]:
        """Import and read the job."""
        answer = self.import_file(content, client)
        assert answer.status_code == 202, answer.text
        return self.job(answer.headers["Location"].rpartition("/")[2], client).json()


def answer_of(response: requests.Response) -> dict[str, str]:
    """The parameters with which the browser comes back."""
    assert response.status_code == 302, response.text
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()
    }


HEADER = (
    '"EXTF";700;21;"Buchungsstapel";13;20260714175542000;;"RE";"ml_connector";"";455148;1;20260101;4;20260701;'
    '20260731;"Asana 07/2026";"";1;0;0;"EUR";;"";;;"03";;;"";""'
)
PLAIN_COLUMNS = (
    {1, 4, 5, 7, 8, 10, 13, 15, 17, 18, 19, 39, 41, 43, 44, 45, 46, 47, 88, 89, 90, 92, 93, 94, 97, 99, 100}
    | {101, 104, 106, 108, 111, 113, 114, 115, 116, 117, 119, 122, 124, 125}
)  # fmt: skip


def row(**values: str) -> str:
    """One row of 125 columns; `c7="4930"` sets column 7."""
    given = {1: "119,00", 2: "H", 7: "70001", 8: "4930", 9: "9", 10: "1507", 11: "RE-1", 14: "Büro", 114: "0"}
    given |= {int(name[1:]): value for name, value in values.items()}
    return ";".join(
        given.get(number, "")
        if number in PLAIN_COLUMNS
        else '"' + given.get(number, "").replace('"', '""') + '"'
        for number in range(1, 126)
    )


def extf(*rows: str, header: str = HEADER, encoding: str = "utf-8-sig") -> bytes:
    """A file with these rows (one when none is given)."""
    headings = ";".join(f"Spalte {number}" for number in range(1, 126))
    return "".join(f"{line}\r\n" for line in (header, headings, *(rows or (row(),)))).encode(encoding)


def with_header(**fields: str) -> str:
    """The header with some fields replaced: `f11="1"` sets field 11 as it stands in the file."""
    parts = HEADER.split(";")
    for name, value in fields.items():
        parts[int(name[1:]) - 1] = value
    return ";".join(parts)
