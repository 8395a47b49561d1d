"""The ground that the other tests stand on."""

import socket
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from connections import clock, registry
from connections.models import Connection
from tests.conftest import NetworkForbiddenError


@pytest.mark.on_both_databases
def test_the_database_is_the_one_that_was_asked_for():
    import os

    expected = {"sqlite": "sqlite", "postgres": "postgresql"}[os.environ["TEST_DATABASE"]]
    assert connection.vendor == expected


@pytest.mark.django_db
def test_the_database_works_and_begins_empty():
    assert not Connection.objects.exists()
    get_user_model().objects.create_user("anna", password="a long password")
    assert get_user_model().objects.get().check_password("a long password")


def test_no_test_reaches_the_network():
    with pytest.raises(NetworkForbiddenError):
        requests.get("https://asana.invalid/", timeout=1)
    with socket.socket() as outside, pytest.raises(NetworkForbiddenError):
        outside.connect(("192.0.2.1", 80))


def test_the_clock_can_be_moved():
    before = clock.now()
    clock.advance(timedelta(days=2))
    assert clock.now() - before >= timedelta(days=2)


def test_the_clock_is_put_back_after_each_test():
    from django.utils import timezone

    assert abs(clock.now() - timezone.now()) < timedelta(minutes=1)


def test_no_setting_comes_from_a_file_of_this_machine():
    assert settings.IN_DEVELOPMENT
    assert settings.SECRET_KEY.startswith("development-only")


def test_both_simulated_vendors_answer_the_real_clients(asana_connection, datev_connection):
    for signed_in in (asana_connection, datev_connection):
        declared = registry.vendor(signed_in.vendor)
        checkup = declared.check(signed_in)
        assert checkup.who
        assert not checkup.missing
