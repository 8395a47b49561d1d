"""The storage behind `download_url`: another origin, signed links, no bearer tokens."""

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from mlconnector.sandbox.asana.state import Attachment
from mlconnector.sandbox.kit import Response, Route, Simulator

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from mlconnector.sandbox.asana.app import AsanaSimulator


class AsanaFiles(Simulator):
    """Hands out attachments to whoever has a fresh signed link. Own call log and fault switches."""

    name = "asana-files"

    def __init__(self, sim: "AsanaSimulator", base_url: str) -> None:
        self.sim = sim
        self.base_url = base_url
        super().__init__(clock=sim.clock)

    def routes(self) -> list[Route]:
        return [Route("files.download", "GET", "/attachments/<gid>/<path:filename>", self.download)]

    def reset(self) -> None:
        """Log and switches; the clock belongs to the main simulator."""
        with self.lock:
            self.faults.clear()
            self.calls.clear()
            self.counts.clear()

    def signed_url(self, attachment: Attachment) -> str:
        """A link that works for two minutes from now."""
        expires = int(self.clock.now().timestamp()) + self.sim.options.download_seconds
        query = urlencode({"expires": expires, "signature": self._signature(attachment.gid, str(expires))})
        return f"{self.base_url}/attachments/{attachment.gid}/{quote(attachment.name, safe='')}?{query}"

    def _signature(self, gid: str, expires: str) -> str:
        return hmac.new(b"simulated storage", f"{gid} {expires}".encode(), hashlib.sha256).hexdigest()

    def download(self, request: "Request", gid: str, filename: str) -> Response:
        """The bytes, or an XML error as object storage answers it."""
        if "Authorization" in request.headers:
            return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        expires = request.args.get("expires", "")
        signature = request.args.get("signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature(gid, expires).encode()):
            return _xml(403, "SignatureDoesNotMatch", "The signature does not match")
        if self.clock.now().timestamp() > int(expires):
            return _xml(403, "AccessDenied", "Request has expired")
        with self.sim.lock:
            attachment: Attachment | None = self.sim.known.get("attachment", gid)
        if attachment is None:
            return _xml(404, "NoSuchKey", "The specified key does not exist.")
        disposition = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
        return Response(
            attachment.content,
            content_type=attachment.media_type,
            headers={"Content-Disposition": disposition},
        )


def _xml(status: int, code: str, message: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status=status, content_type="application/xml")
