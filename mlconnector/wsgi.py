"""WSGI entry point: `gunicorn -c python:mlconnector.gunicorn mlconnector.wsgi`."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlconnector.settings")
try:
    django.setup()
except ImproperlyConfigured as error:
    sys.exit(f"ml-connector does not start. {error}")

from mlconnector import checks  # noqa: E402 (the apps must be loaded)

if refusals := checks.refusals():
    sys.exit("\n".join(f"ml-connector does not start. {sentence}" for sentence in refusals))
application = get_wsgi_application()
