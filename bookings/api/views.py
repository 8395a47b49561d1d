"""POST a file, GET what became of it."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bookings import handed_in
from bookings.api import answers
from bookings.api.parsers import RawFileParser, check_announced, file_of
from bookings.api.sign_in import TokenSignIn, WithToken
from bookings.models import ApiToken, HandedIn, HandedInState, IdempotencyKey, Way
from connections.errors import RejectedError, TransientError
from connections.texts import storable

KEY_LENGTH = 200


class FilesApi(APIView):  # type: ignore[misc]
    authentication_classes = (TokenSignIn,)
    permission_classes = (WithToken,)
    throttle_classes = ()


class FilesView(FilesApi):
    """Hand in an EXTF or DXSO file for the DATEV client of the token.

    201: taken. 200: these very bytes were taken before; nothing is sent twice. 409: the Idempotency-Key was
    used for another file. 413: too large. 422: refused, with every fault; nothing was sent. 503: try again.
    """

    parser_classes = (MultiPartParser, RawFileParser)

    def post(self, request: Request) -> Response:
        check_announced(request)
        token: ApiToken = request.auth
        filename, content = file_of(request)
        key = storable(request.headers.get("Idempotency-Key", "").strip())
        if len(key) > KEY_LENGTH:
            return Response(
                answers.problem(gettext("An Idempotency-Key has at most 200 characters.")), status=400
            )
        if key and not _is_same_request(token, key, hashlib.sha256(content).hexdigest()):
            return Response(
                answers.problem(gettext("This Idempotency-Key was used for another file.")), status=409
            )
        try:
            row, is_new = handed_in.hand_in(
                content, filename, way=Way.API, by=str(token), client=token.client
            )
        except RejectedError as error:
            return _refused(413, str(error.message))
        except TransientError as error:
            return Response(answers.problem(str(error.message)), status=503, headers={"Retry-After": "5"})
        if row.state == HandedInState.REFUSED:
            return Response(answers.state_of(row), status=422)
        return Response(
            answers.state_of(row), status=201 if is_new else 200, headers={"Location": answers.address(row)}
        )


class FileView(FilesApi):
    """What became of a file; 404 for one that was not handed in for the client of the token."""

    def get(self, request: Request, public_id: UUID) -> Response:
        token: ApiToken = request.auth
        row = (
            HandedIn.objects.select_related("client", "batch")
            .defer("content", "batch__content")
            .filter(public_id=public_id, client=token.client)
            .first()
        )
        if row is None:
            return _refused(404, gettext("There is no such file."))
        return Response(answers.state_of(row))


def _refused(status: int, detail: str) -> Response:
    return Response(answers.problem(detail), status=status)


def _is_same_request(token: ApiToken, key: str, sha256: str) -> bool:
    """Whether the key is new, or was given to these very bytes; it is stored before anything is done."""
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(token=token, key=key, sha256=sha256)
            return True
    except IntegrityError:
        known: Any = IdempotencyKey.objects.get(token=token, key=key)
        return bool(known.sha256 == sha256)
