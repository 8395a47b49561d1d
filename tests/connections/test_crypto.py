"""Secrets at rest, and exchanging the key they are encrypted with."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection as database

from connections import crypto
from connections.management.commands import rotate_keys
from connections.models import Connection, OAuthFlow, TokenSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_key(settings):
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    return settings.FIELD_KEYS[0]


def stored() -> list[str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT secrets FROM connections_connection ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def connections(count: int) -> None:
    for n in range(count):
        Connection.objects.create(name=f"c{n}", vendor="asana", secrets={"pat": f"ünique-{n}"})


def test_a_secret_is_unreadable_in_the_database_and_readable_here(old_key):
    connections(1)
    assert "nique" not in stored()[0]
    assert Connection.objects.get().secrets == {"pat": "ünique-0"}


def test_no_secret_is_an_empty_text(old_key):
    Connection.objects.create(name="a", vendor="asana")
    assert stored() == [""]
    assert Connection.objects.get().secrets == {}


def test_dumps_carry_no_secret(old_key):
    connections(1)
    assert "nique" not in serializers.serialize("json", Connection.objects.all())


def test_a_missing_key_is_said_plainly(old_key, settings):
    connections(1)
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        Connection.objects.get()


def test_an_unreadable_key_is_said_plainly(settings):
    settings.FIELD_KEYS = ["short"]
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        crypto.encrypt({})


class TestRotatingKeys:
    def test_makes_the_old_key_superfluous(self, old_key, settings, capsys):
        connections(5)
        new_key = Fernet.generate_key().decode()
        settings.FIELD_KEYS = [new_key, old_key]
        connections_of_today = Connection.objects.create(name="new", vendor="asana", secrets={"pat": "today"})

        call_command("rotate_keys", slice=2)
        settings.FIELD_KEYS = [new_key]

        assert [
            c.secrets["pat"] for c in Connection.objects.exclude(pk=connections_of_today.pk).order_by("pk")
        ] == [f"ünique-{n}" for n in range(5)]
        assert "connections.Connection.secrets: 5 encrypted anew, 1 were already" in capsys.readouterr().out

    def test_may_be_repeated(self, old_key, settings, capsys):
        connections(2)
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), old_key]
        call_command("rotate_keys")
        before = stored()
        call_command("rotate_keys")
        assert stored() == before
        assert "connections.Connection.secrets: 0 encrypted anew, 2 were already" in capsys.readouterr().out

    def test_goes_on_where_it_was_interrupted(self, old_key, settings, monkeypatch):
        connections(5)
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), old_key]
        calls = iter(range(100))

        def failing(text):
            if next(calls) == 3:
                raise KeyboardInterrupt
            return crypto.reencrypt(text)

        monkeypatch.setattr(rotate_keys, "reencrypt", failing)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys.rotate(Connection, "secrets", 1)
        monkeypatch.undo()
        assert rotate_keys.rotate(Connection, "secrets", 1) == (2, 3)

    def test_leaves_alone_what_somebody_writes_meanwhile(self, old_key, settings):
        connections(1)
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), old_key]
        read = stored()[0]
        Connection.objects.update(secrets={"pat": "newer"})
        assert rotate_keys._replace(Connection, "secrets", Connection.objects.get().pk, read) == 0
        assert Connection.objects.get().secrets == {"pat": "newer"}

    def test_finds_every_encrypted_field(self):
        found = {(model, field) for model, field in rotate_keys.encrypted_fields()}
        assert {(Connection, "secrets"), (TokenSet, "tokens"), (OAuthFlow, "secrets")} <= found

    def test_stops_at_what_it_can_not_read(self, old_key, settings):
        connections(1)
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(ImproperlyConfigured):
            call_command("rotate_keys")
