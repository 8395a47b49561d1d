"""Browsers for tests of the admin: a superuser, a person who may only look, in German and English."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
# A look notes the session; asking a system for its fields notes the call.
HARMLESS = ("django_session", "connections_calllog", "connections_throttle")


def superuser(language: str = "en") -> Client:
    person, _ = User.objects.get_or_create(username="anna", defaults={"is_staff": True, "is_superuser": True})
    return _browser(person, language)


def viewer(language: str = "en") -> Client:
    """A staff user with every view permission and no other."""
    person, is_new = User.objects.get_or_create(username="vera", defaults={"is_staff": True})
    if is_new:
        person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return _browser(person, language)


def _browser(person: User, language: str) -> Client:
    browser = Client(headers={"accept-language": language})
    browser.force_login(person)
    return browser


# Pages are read in both languages and by both kinds of people: whether a page opens in German hangs on its
# sentences, whether a viewer may see it on its buttons, and neither on the other.
each_reader = pytest.mark.parametrize(("person", "language"), [(superuser, "de"), (viewer, "en")])


def url(thing: Any, *more: str) -> str:
    """The admin page of an object, or the list of a model."""
    meta = thing._meta
    name = f"admin:{meta.app_label}_{meta.model_name}"
    if isinstance(thing, type):
        return reverse(f"{name}_{more[0] if more else 'changelist'}")
    return reverse(f"{name}_{more[0] if more else 'change'}", args=[thing.pk, *more[1:]])


def button(thing: Any, name: str) -> str:
    return url(thing, "do", name)


def look(browser: Client, address: str) -> str:
    """The page as text; it must be there, and looking at it must change nothing."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    written = [
        query["sql"]
        for query in queries.captured_queries
        if query["sql"].lstrip().upper().startswith(WRITES)
        and not any(table in query["sql"] for table in HARMLESS)
    ]
    assert not written, written
    return answer.content.decode()


def press(browser: Client, address: str, **data: Any) -> Any:
    """Press a button and say yes; the page that follows."""
    return browser.post(address, {"confirmed": "yes", **data}, follow=True)


def told(answer: Any) -> str:
    """The messages that a person sees after an action."""
    return " ".join(str(message) for message in answer.context["messages"])


def form_of(answer: Any) -> dict[str, Any]:
    """What a browser would send back from a change page if nothing was changed."""
    sent: dict[str, Any] = {}
    forms = [answer.context["adminform"].form]
    for formset in answer.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if isinstance(value, bool):
                if value:
                    sent[bound.html_name] = "on"
            elif value is not None:
                sent[bound.html_name] = value
    return sent


def saved(browser: Client, address: str, **changes: Any) -> Any:
    """Change something on a page and save it without an error; the page that follows."""
    answer = browser.post(address, form_of(browser.get(address)) | changes, follow=True)
    form = answer.context.get("adminform")
    assert form is None or not form.form.errors, form.form.errors
    return answer
