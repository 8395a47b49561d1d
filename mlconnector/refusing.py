"""Addresses that no page can be at."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from connections.texts import is_storable

# As it stands in the query, before it is decoded.
ENCODED_NUL = re.compile("%00|\x00")

View = Callable[[HttpRequest], HttpResponse]


def refuse_nul(get_response: View) -> View:
    """Answers 400 to an address with a NUL: the filters of the admin's lists would ask PostgreSQL for it."""

    def answer(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if ENCODED_NUL.search(query) or not is_storable(request.path_info):
            return HttpResponseBadRequest("There is no such address.", content_type="text/plain")
        return get_response(request)

    return answer
