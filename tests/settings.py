"""The product's settings for tests: a development installation on a database of its own, without a .env.

TEST_DATABASE chooses the database: `sqlite` (default, a file as in production) or `postgres` (a real server
that lives as long as the test session and is shared by its worker processes).
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests import postgres

KIND = os.environ.setdefault("TEST_DATABASE", "sqlite")
if KIND not in ("sqlite", "postgres"):
    sys.exit(f"TEST_DATABASE is {KIND!r}; write sqlite or postgres.")

# Only the first process of a test session makes these; its worker processes inherit them.
if "TEST_FOLDER" not in os.environ:
    os.environ["TEST_FOLDER"] = tempfile.mkdtemp(prefix="ml-connector-tests-")
    atexit.register(shutil.rmtree, os.environ["TEST_FOLDER"], ignore_errors=True)
if KIND == "postgres" and "TEST_POSTGRES_SOCKET" not in os.environ:
    _keeper, os.environ["TEST_POSTGRES_SOCKET"] = postgres.start_keeper()
    atexit.register(postgres.stop_keeper, _keeper)

FOLDER = Path(os.environ["TEST_FOLDER"])
for _name in ("REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "PUBLIC_URL", "DEBUG", "DATEV_XSD_DIR", "HAND_IN_DIR"):
    os.environ.pop(_name, None)
os.environ |= {
    "ENVIRONMENT": "development",
    "ENV_FILE": os.devnull,
    "LANGUAGE_CODE": "en",
    "LOG_LEVEL": "WARNING",
    "DATABASE_URL": (
        postgres.url(os.environ["TEST_POSTGRES_SOCKET"], "postgres")
        if KIND == "postgres"
        else f"sqlite:///{FOLDER / 'ml-connector.sqlite3'}"
    ),
}

from mlconnector.settings import *  # noqa: E402, F403
from mlconnector.settings import DATABASES  # noqa: E402

if KIND == "sqlite":
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "tests.sqlite3")}
    # As in production, except that tests lose nothing by a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )
else:
    DATABASES["default"]["TEST"] = {"NAME": "ml_connector_tests"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STATIC_ROOT = FOLDER / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
