"""Addresses of signing in; vendors know the callback, so it never changes."""

from __future__ import annotations

from django.urls import path

from connections import views

app_name = "oauth"
urlpatterns = [
    path("callback", views.callback, name="callback"),
    path("<int:connection_id>/start", views.start, name="start"),
    path("<int:connection_id>/disconnect", views.disconnect, name="disconnect"),
]
