"""A person's browser in small: signs in to the admin and walks through a sign-in at a vendor."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from connections.models import Connection


class StopsAtAdmin(urllib.request.HTTPRedirectHandler):
    """Follows every redirect but those to pages of the admin: there the walk is over."""

    def redirect_request(self, request: Any, fp: Any, code: int, msg: str, headers: Any, url: str) -> Any:
        if urllib.parse.urlsplit(url).path.startswith("/admin/"):
            return None
        return super().redirect_request(request, fp, code, msg, headers, url)


class Browser:
    """Keeps cookies between its requests; speaks with this machine alone."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
            StopsAtAdmin(),
        )

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self.base + path))  # noqa: S310 (http of this machine)

    def post(self, path: str, **fields: str) -> str:
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), "")
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self._open(urllib.request.Request(self.base + path, body))  # noqa: S310

    def sign_in(self, name: str, password: str) -> None:
        """Raises ValueError when the admin does not take them."""
        self.get("/admin/login/")
        shown = self.post("/admin/login/", username=name, password=password, next="/admin/")
        if shown:
            raise ValueError("The admin did not take the name and the password.")

    def connect(self, connection: Connection) -> None:
        """The button "Connect": to the vendor's sign-in page, and back to our callback with the code."""
        self.post(f"/oauth/{connection.pk}/start")

    def _open(self, request: urllib.request.Request) -> str:
        """The page's text; empty when the answer was a redirect to a page of the admin."""
        try:
            with self.opener.open(request, timeout=30) as answer:
                return str(answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (301, 302, 303):
                    return ""
            raise
