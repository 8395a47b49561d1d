"""All addresses of the web application."""

from django.contrib import admin
from django.urls import include, path

from mlconnector import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("oauth/", include("connections.urls")),
    path("api/v1/", include("bookings.api.urls")),
    path("hooks/", include("pairs.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
