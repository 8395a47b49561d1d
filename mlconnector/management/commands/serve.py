"""The whole product on one machine: web and workers under one roof."""

from __future__ import annotations

import getpass
import os
import sys
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import translation

from connections import clock
from mlconnector.supervisor import Child, Supervisor
from pairs.models import Heartbeat

HEARTBEAT_LIMIT = timedelta(minutes=5)
LOOK_EVERY_SECONDS = 30.0


class Command(BaseCommand):
    help = "Prepare the installation, then run the web server and the workers until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("prepare")
        ensure_first_admin(self)
        # Its only use is over, and the child processes need not know it.
        os.environ.pop("ADMIN_PASSWORD", None)
        connection.close()
        manage = str(settings.BASE_DIR / "manage.py")
        web = [sys.executable, "-m", "gunicorn", "-c", "python:mlconnector.gunicorn", "mlconnector.wsgi"]
        cluster = Child("Workers", [sys.executable, manage, "qcluster"])
        self.stdout.write(f"ml-connector runs at {settings.PUBLIC_URL}/admin/ - stop it with Ctrl+C.")
        Supervisor([Child("Web server", web), cluster], QueueWatch(cluster).look).run()
        self.stdout.write("ml-connector has stopped.")


class QueueWatch:
    """Restarts the cluster when nothing comes through the queue although its process lives."""

    def __init__(self, cluster: Child) -> None:
        self.cluster = cluster
        self.looked_at = 0.0

    def look(self) -> None:
        now = time.monotonic()
        if now - self.looked_at < LOOK_EVERY_SECONDS:
            return
        self.looked_at = now
        has_had_time = now - self.cluster.started_at > HEARTBEAT_LIMIT.total_seconds()
        if self.cluster.is_running and has_had_time and self.is_stuck():
            self.cluster.restart()

    def is_stuck(self) -> bool:
        try:
            beat = Heartbeat.objects.filter(name="queue").first()
        except DatabaseError:
            # Without a database nothing can come through; restarting workers would not bring it back.
            return False
        finally:
            connection.close()
        return beat is None or clock.now() - beat.at > HEARTBEAT_LIMIT


def ensure_first_admin(command: BaseCommand) -> None:
    """Make the first administrator from the environment, or ask for one on a terminal."""
    users = get_user_model()
    if users.objects.filter(is_superuser=True, is_active=True).exists():
        return
    name, password = settings.ADMIN_NAME, os.environ.get("ADMIN_PASSWORD", "")
    if not (name and password):
        if not sys.stdin.isatty():
            raise CommandError(
                "There is no administrator yet. Set ADMIN_NAME and ADMIN_PASSWORD for the first start, "
                "or run `make run` on a terminal, where it asks for them."
            )
        name, password = _ask(command)
    user = users(username=name, is_staff=True, is_superuser=True)
    try:
        # Commands speak English to technicians, whatever the web says.
        with translation.override("en"):
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
    except ValidationError as error:
        raise CommandError(f"The first administrator was not made. {' '.join(error.messages)}") from error
    user.save()
    command.stdout.write(f"Administrator {name} was made.")


def _ask(command: BaseCommand) -> tuple[str, str]:
    command.stdout.write("There is no administrator yet. Who signs in first?")
    name = input("Name: ").strip()
    password = getpass.getpass("Password (at least 10 characters): ")
    if getpass.getpass("Password again: ") != password:
        raise CommandError("The two passwords differ. Start again.")
    return name, password
