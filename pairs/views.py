"""Webhooks are received here: verify the raw body, store it, answer. The work happens later."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairs import hooks


class RawBodyParser(BaseParser):
    """The signed bytes as they came, up to WEBHOOK_MAX_BYTES and one more."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> bytes:  # type: ignore[no-untyped-def]
        return stream.read(settings.WEBHOOK_MAX_BYTES + 1)


class WebhookView(APIView):
    """Receive one delivery. Answers 200, 401 (not genuine), 404 (unknown address) or 413 (too large)."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (RawBodyParser,)

    def post(self, request: Request, vendor_key: str, public_id: UUID) -> Response:
        hook = hooks.at(vendor_key, public_id)
        if hook is None:
            return Response(status=404)
        body = self._body(request)
        if body is None:
            hooks.store_refusal(hook, "too large")
            return Response(status=413)
        answer = hooks.answer_handshake(hook, request.headers, body)
        if answer is not None:
            return Response(status=200, headers=dict(answer))
        if not hooks.is_genuine(hook, request.headers, body):
            hooks.store_refusal(hook, "signature")
            return Response(status=401)
        hooks.receive(hook, request.headers, body)
        return Response(status=200)

    def _body(self, request: Request) -> bytes | None:
        """The raw body; None when it is larger than allowed."""
        try:
            announced = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            announced = 0
        if announced > settings.WEBHOOK_MAX_BYTES:
            return None
        body = request.data if isinstance(request.data, bytes) else b""
        return body if len(body) <= settings.WEBHOOK_MAX_BYTES else None
