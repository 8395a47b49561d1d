"""Settings that can't work stop the start, with one sentence and without a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Error

from mlconnector import checks, environment, first_env

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a-key-of-this-test-that-is-longer-than-forty-characters",
    "FIELD_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "PUBLIC_URL": "https://connector.example.org",
}


def start(tmp_path: Path, *command: str, **changed: str | None) -> subprocess.CompletedProcess[str]:
    """Run a command as in production, with `changed` settings; None = not set."""
    given = {
        **GOOD,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "ENV_FILE": os.devnull,
        **changed,
    }
    variables = {name: value for name, value in given.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-W", "error", *(command or ("manage.py", "check"))],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_starts_with_good_settings(tmp_path):
    ended = start(tmp_path)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "FIELD_KEYS"])
def test_production_does_not_start_without_its_secrets(tmp_path, missing):
    ended = start(tmp_path, **{missing: None})
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"ml-connector does not start. {missing} is not set, and production does not start without it. "
        f"See {missing} in .env.example."
    )


def test_the_web_server_refuses_as_the_commands_do(tmp_path):
    ended = start(tmp_path, "-m", "mlconnector.wsgi", FIELD_KEYS="not-a-key")
    assert ended.returncode == 1
    assert "ml-connector does not start. Key 1 of FIELD_KEYS is not 32 bytes" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unreadable_settings_file_is_named(tmp_path):
    ended = start(tmp_path, ENV_FILE=str(tmp_path / "nowhere.env"))
    assert ended.returncode == 1
    assert "nowhere.env, which is not a file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_settings_file_is_read_and_the_environment_wins(tmp_path):
    file = tmp_path / "ml.env"
    file.write_text(f"SECRET_KEY={GOOD['SECRET_KEY']}\nTIME_ZONE=Mars/Olympus\nLANGUAGE_CODE=fr\n")
    ended = start(tmp_path, ENV_FILE=str(file), SECRET_KEY=None, LANGUAGE_CODE="en")
    assert "TIME_ZONE is 'Mars/Olympus', which is no time zone" in ended.stderr
    assert "LANGUAGE_CODE" not in ended.stderr


def sentences() -> str:
    return "\n".join(checks.refusals())


def test_the_settings_of_development_are_good(settings):
    assert checks.refusals() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"FIELD_KEYS": ["short"]}, "Key 1 of FIELD_KEYS is not 32 bytes"),
        ({"PUBLIC_URL": "http://connector.example.org"}, "sign-ins and webhooks need https"),
        ({"PUBLIC_URL": "connector.example.org"}, "Write the address under which browsers and Asana reach"),
        ({"PUBLIC_URL": "https://connector.example.org/path"}, "without a path"),
        ({"DEBUG": True}, "DEBUG is on in production"),
        ({"SECRET_KEY": "easy"}, "SECRET_KEY is too easy to guess"),
        ({"RECORD_LEASE_SECONDS": 70}, "RECORD_LEASE_SECONDS must be larger"),
        ({"QUEUE_TIMEOUT_SECONDS": 70}, "QUEUE_TIMEOUT_SECONDS must be larger"),
        ({"Q_CLUSTER": {"timeout": 300, "retry": 300}}, "QUEUE_RETRY_SECONDS must be larger"),
        ({"HAND_IN_DIR": "incoming"}, "HAND_IN_DIR is 'incoming'. Write the whole path"),
        ({"DATEV_XSD_DIR": "/nowhere/at/all"}, "DATEV_XSD_DIR is '/nowhere/at/all', which is not a folder"),
        ({"REDIS_URL": "localhost"}, "REDIS_URL can't be read"),
        ({"WEB_ADDRESS": "8000"}, "WEB_ADDRESS is '8000'"),
    ],
)
def test_what_cannot_work_is_refused_in_production(settings, changed, sentence):
    settings.IN_DEVELOPMENT = False
    settings.SECRET_KEY, settings.FIELD_KEYS = GOOD["SECRET_KEY"], [GOOD["FIELD_KEYS"]]
    settings.PUBLIC_URL = GOOD["PUBLIC_URL"]
    assert checks.refusals() == []

    for name, value in changed.items():
        setattr(settings, name, value)

    assert sentence in sentences()
    assert len(checks.refusals()) == 1


def test_the_public_keys_of_development_are_refused_in_production(settings):
    settings.IN_DEVELOPMENT = False
    assert "the public key of development" in sentences()
    assert "SECRET_KEY is too easy to guess" in sentences()


def test_production_may_run_on_localhost_without_https(settings):
    settings.IN_DEVELOPMENT = False
    settings.SECRET_KEY, settings.FIELD_KEYS = GOOD["SECRET_KEY"], [GOOD["FIELD_KEYS"]]
    settings.PUBLIC_URL = "http://localhost:8000"
    assert checks.refusals() == []


def test_a_refusal_is_an_error_of_djangos_checks(settings):
    settings.FIELD_KEYS = ["short"]
    assert all(isinstance(problem, Error) for problem in checks.settings_can_work(None))


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (lambda: environment.number("X", 5), "many", "X is 'many'; write a whole number of at least 1."),
        (lambda: environment.number("X", 5), "0", "X is '0'; write a whole number of at least 1."),
        (lambda: environment.number("X", 5), "-3", "X is '-3'; write a whole number of at least 1."),
        (lambda: environment.switch("X", False), "maybe", "X is 'maybe'; write true or false."),
        (
            lambda: environment.time_zone("X", "UTC"),
            "Berlin",
            "X is 'Berlin', which is no time zone. Write for example Europe/Berlin.",
        ),
        (lambda: environment.choice("X", "a", ("a", "b")), "c", "X is 'c'; write a or b."),
    ],
)
def test_an_unreadable_value_is_named_with_what_to_write(monkeypatch, read, value, sentence):
    monkeypatch.setenv("X", value)
    with pytest.raises(environment.ImproperlyConfigured) as refused:
        read()
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:pa55word@h/n", "postgres://u:pa55word@h:x/n", "postgres://u:pa55word@h"]
)
def test_an_unreadable_database_is_refused_without_showing_its_password(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(environment.ImproperlyConfigured) as refused:
        environment.database("DATABASE_URL", "")
    assert str(refused.value).startswith("DATABASE_URL can't be read.")
    assert "pa55word" not in str(refused.value)


def test_an_empty_variable_means_the_default(monkeypatch):
    monkeypatch.setenv("X", " ")
    assert environment.number("X", 5) == 5
    assert environment.text("X", "default") == "default"
    assert environment.words("X", ["default"]) == ["default"]


def test_the_first_start_writes_an_env_file_with_keys_of_its_own(tmp_path):
    assert first_env.write(tmp_path, {})
    written = dict(
        line.split("=", 1)
        for line in (tmp_path / ".env").read_text().splitlines()
        if line[:1] not in ("#", "")
    )
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert set(written) == {"SECRET_KEY", "FIELD_KEYS"}

    ended = start(tmp_path, ENV_FILE=str(tmp_path / ".env"), SECRET_KEY=None, FIELD_KEYS=None)
    assert ended.returncode == 0, ended.stderr


def test_an_existing_env_file_is_never_touched(tmp_path):
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")
    assert not first_env.write(tmp_path, {})
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


@pytest.mark.parametrize("given", [{"ENVIRONMENT": "development"}, {"SECRET_KEY": "a", "FIELD_KEYS": "b"}])
def test_no_env_file_is_written_where_none_is_needed(tmp_path, given):
    assert not first_env.write(tmp_path, given)
    assert not (tmp_path / ".env").exists()


def shown(tmp_path: Path, expression: str, **changed: str) -> str:
    """The value of `expression` over the settings, in a process of its own."""
    code = f"from mlconnector import settings; print({expression})"
    ended = start(tmp_path, "-c", code, **changed)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_the_queue_is_kept_in_the_database_or_in_redis(tmp_path):
    brokers = "[settings.Q_CLUSTER.get(kind) for kind in ('orm', 'redis')]"
    assert shown(tmp_path, brokers) == "['default', None]"
    assert shown(tmp_path, brokers, REDIS_URL="redis://queue:6379/0") == "[None, 'redis://queue:6379/0']"


def test_postgresql_is_chosen_by_its_address(tmp_path):
    names = "('ENGINE', 'HOST', 'NAME', 'PASSWORD', 'CONN_HEALTH_CHECKS')"
    database = f"[settings.DATABASES['default'][name] for name in {names}]"
    assert shown(tmp_path, database, DATABASE_URL="postgres://ml:p%40ss@db:5432/books") == (
        "['django.db.backends.postgresql', 'db', 'books', 'p@ss', True]"
    )


def test_sqlite_loses_nothing_by_a_power_cut_and_lies_where_the_program_lies(tmp_path):
    options = "settings.DATABASES['default']['OPTIONS']"
    assert "journal_mode=WAL; PRAGMA synchronous=FULL" in shown(tmp_path, f"{options}['init_command']")
    assert shown(tmp_path, f"{options}['transaction_mode']") == "IMMEDIATE"
    name = "settings.DATABASES['default']['NAME']"
    assert shown(tmp_path, name, DATABASE_URL="sqlite:///var/x.sqlite3") == str(ROOT / "var" / "x.sqlite3")


def test_the_host_of_the_public_address_is_answered(tmp_path):
    assert "connector.example.org" in shown(tmp_path, "settings.ALLOWED_HOSTS")
    assert shown(tmp_path, "settings.CSRF_TRUSTED_ORIGINS") == "['https://connector.example.org']"


def test_logs_are_redacted_stack_traces_included(tmp_path):
    code = (
        "import logging, django\nfrom django.conf import settings\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'mlconnector.settings'\ndjango.setup()\n"
        "try:\n    raise ValueError('refused: access_token=planted-secret-1')\n"
        "except ValueError:\n    logging.getLogger('x').exception('Authorization: Bearer planted-secret-2')\n"
    )
    ended = start(tmp_path, "-c", code)
    assert "ValueError: refused" in ended.stderr
    assert "planted-secret" not in ended.stderr
