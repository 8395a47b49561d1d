#!/usr/bin/env python
"""Django's command line for ml-connector."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlconnector.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.SECRET_KEY  # noqa: B018 (reads the settings, so that a bad one is one sentence)
    except ImproperlyConfigured as error:
        sys.exit(f"ml-connector does not start. {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
