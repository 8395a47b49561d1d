"""Addresses that vendors call."""

from django.urls import path

from pairs.views import WebhookView

urlpatterns = [
    path("<slug:vendor_key>/<uuid:public_id>/", WebhookView.as_view(), name="webhook"),
]
