"""Addresses that programs call."""

from django.urls import path

from bookings.api.views import FilesView, FileView

urlpatterns = [
    path("files/", FilesView.as_view(), name="hand-in-file"),
    path("files/<uuid:public_id>/", FileView.as_view(), name="handed-in-file"),
]
