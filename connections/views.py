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

from connections import oauth, services
from connections.adminsite import tell_error
from connections.errors import ConnectorError
from connections.models import Connection, OAuthFlow

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
        tell_error(request, error)
        return HttpResponseRedirect(_page_of(connection))


@require_GET
@for_admins
def callback(request: HttpRequest) -> HttpResponse:
    """The person comes back from the vendor."""
    try:
        signed_in = oauth.finish(request.GET.dict(), request.user.get_username())
    except ConnectorError as error:
        tell_error(request, error)
        return HttpResponseRedirect(_page_after(request))
    if signed_in.refused_scopes:
        messages.warning(
            request,
            _("Signed in, but these permissions were not granted: %(scopes)s")
            % {"scopes": ", ".join(signed_in.refused_scopes)},
        )
    test_and_tell(request, signed_in.connection)
    return HttpResponseRedirect(_page_of(signed_in.connection))


def test_and_tell(request: HttpRequest, connection: Connection) -> None:
    """Run "Test connection"; the result in one message, the details are on the connection's page."""
    try:
        found = services.test_connection(connection, request.user.get_username())
    except ConnectorError as error:
        tell_error(request, error)
        return
    if found.missing:
        messages.warning(
            request,
            _("Connected as %(who)s, but something is missing: see the test result below.")
            % {"who": found.who},
        )
    else:
        messages.success(request, _("Connected as %(who)s; the test found no fault.") % {"who": found.who})


# Its name reads like a test to collectors of tests.
test_and_tell.__test__ = False  # type: ignore[attr-defined]


@require_POST
@for_admins
def disconnect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """End the sign-in at the vendor and here."""
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        problems = oauth.disconnect(connection, request.user.get_username())
    except ConnectorError as error:
        tell_error(request, error)
        return HttpResponseRedirect(_page_of(connection))
    for problem in problems:
        messages.warning(
            request,
            _("Disconnected here, but the vendor did not confirm it: %(problem)s") % {"problem": problem},
        )
    if not problems:
        messages.success(request, _("Disconnected."))
    return HttpResponseRedirect(_page_of(connection))


def _page_after(request: HttpRequest) -> str:
    """The page of the connection whose sign-in this was, if it is one of this person's."""
    flow = OAuthFlow.objects.filter(
        state=oauth.stored_state(request.GET.get("state", "")), started_by=request.user.get_username()
    ).first()
    return _page_of(flow.connection) if flow else reverse("admin:index")


def _page_of(connection: Connection) -> str:
    try:
        return reverse("admin:connections_connection_change", args=[connection.pk])
    except NoReverseMatch:
        return reverse("admin:index")
