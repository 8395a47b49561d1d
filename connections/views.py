"""The three addresses of signing in: start, callback, disconnect."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connections import oauth
from connections.errors import ConnectorError
from connections.models import Connection

View = Callable[..., HttpResponse]


def for_admins(view: View) -> View:
    """Only for staff who may change connections; others are asked to sign in, or refused."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not (request.user.is_staff and request.user.has_perm("connections.change_connection")):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(never_cache(checked))


@require_POST
@for_admins
def start(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Send the browser to the vendor's sign-in page."""
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        return HttpResponseRedirect(oauth.start(connection, request.user.get_username()))
    except ConnectorError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_page_of(connection))


@require_GET
@for_admins
def callback(request: HttpRequest) -> HttpResponse:
    """The person comes back from the vendor."""
    try:
        signed_in = oauth.finish(request.GET.dict(), request.user.get_username())
    except ConnectorError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:index"))
    if signed_in.refused_scopes:
        messages.warning(
            request,
            _("Signed in, but these permissions were not granted: %(scopes)s")
            % {"scopes": ", ".join(signed_in.refused_scopes)},
        )
    else:
        messages.success(request, _("Signed in. Test the connection next."))
    return HttpResponseRedirect(_page_of(signed_in.connection))


@require_POST
@for_admins
def disconnect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """End the sign-in at the vendor and here."""
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        problems = oauth.disconnect(connection, request.user.get_username())
    except ConnectorError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_page_of(connection))
    for problem in problems:
        messages.warning(
            request,
            _("Disconnected here, but the vendor did not confirm it: %(problem)s") % {"problem": problem},
        )
    if not problems:
        messages.success(request, _("Disconnected."))
    return HttpResponseRedirect(_page_of(connection))


def _page_of(connection: Connection) -> str:
    try:
        return reverse("admin:connections_connection_change", args=[connection.pk])
    except NoReverseMatch:
        return reverse("admin:index")
