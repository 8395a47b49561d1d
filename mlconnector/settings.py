"""All settings come from the environment; each is explained in .env.example."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

DEBUG = env.bool("DEBUG", default=False)
# "development" may run without secrets of its own; "production" may not.
ENVIRONMENT = env.str("ENVIRONMENT", default="production")
if ENVIRONMENT not in ("production", "development"):
    raise ImproperlyConfigured(f"ENVIRONMENT is {ENVIRONMENT!r}; write production or development.")
IN_DEVELOPMENT = ENVIRONMENT == "development"


def secret(name: str, development_value: str) -> str:
    """The value of the environment variable `name`; only development has a default."""
    value = env.str(name, default=development_value if IN_DEVELOPMENT else "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Production does not start without it: see {name} in .env.example."
        )
    return value


SECRET_KEY = secret("SECRET_KEY", "development-only-key-that-protects-nothing-at-all-0123456789")
# Newest first: the first key encrypts, all of them decrypt (`manage.py rotate_keys`).
FIELD_KEYS = [
    key.strip()
    for key in secret("FIELD_KEYS", "-7mKFr1SmnRCIxp5u7ybyJvGy_PQgOUWTmrU0300UGw=").split(",")
    if key.strip()
]
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])

INSTALLED_APPS = [
    "mlconnector",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "simple_history",
    "import_export",
    "django_q",
    "connections",
    "bookings",
    "pairs",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "mlconnector.urls"
WSGI_APPLICATION = "mlconnector.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'ml-connector.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # FULL, not NORMAL: an effect that we know of must survive a power cut, or it could be done twice.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": env.int("SQLITE_BUSY_SECONDS", default=30),
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
}

# --- Queue (design: truth is in tables, the queue only wakes) ----------------------------------------------
QUEUE_TIMEOUT_SECONDS = env.int("QUEUE_TIMEOUT_SECONDS", default=240)
Q_CLUSTER = {
    "name": "ml-connector",
    "workers": env.int("QUEUE_WORKERS", default=4),
    "timeout": QUEUE_TIMEOUT_SECONDS,
    "retry": env.int("QUEUE_RETRY_SECONDS", default=QUEUE_TIMEOUT_SECONDS + 60),
    "queue_limit": 4,
    "bulk": 1,
    "save_limit": -1,
    "catch_up": False,
    "ack_failures": True,
    "max_attempts": 1,
    "poll": 0.5,
    "label": _("Queue"),
}
if Q_CLUSTER["timeout"] >= Q_CLUSTER["retry"]:
    raise ImproperlyConfigured(
        "QUEUE_RETRY_SECONDS must be larger than QUEUE_TIMEOUT_SECONDS, or every long task would run twice."
    )
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# --- What the product does ---------------------------------------------------------------------------------
RECORD_LEASE_SECONDS = env.int("RECORD_LEASE_SECONDS", default=300)
RECORD_MAX_STARTS = env.int("RECORD_MAX_STARTS", default=12)
CALL_CONNECT_SECONDS = env.int("CALL_CONNECT_SECONDS", default=10)
CALL_READ_SECONDS = env.int("CALL_READ_SECONDS", default=60)
CALL_LOG_DAYS = env.int("CALL_LOG_DAYS", default=14)
DELIVERY_DAYS = env.int("DELIVERY_DAYS", default=30)
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=1_000_000)
JOB_GIVE_UP_HOURS = env.int("JOB_GIVE_UP_HOURS", default=24)
# Plain http and private addresses of vendors: only for simulators and sandboxes in one's own network.
ALLOW_PRIVATE_ADDRESSES = env.bool("ALLOW_PRIVATE_ADDRESSES", default=False)
# Folder of DATEV's XML schema files, which may not be shipped; empty = our own rules alone.
DATEV_XSD_DIR = env.str("DATEV_XSD_DIR", default="")
if RECORD_LEASE_SECONDS <= CALL_CONNECT_SECONDS + CALL_READ_SECONDS:
    raise ImproperlyConfigured(
        "RECORD_LEASE_SECONDS must be larger than CALL_CONNECT_SECONDS + CALL_READ_SECONDS, "
        "or a second worker could take a record while the first still waits for an answer."
    )

# --- Web ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="de")
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "mlconnector" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Berlin")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 60_000_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W005", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "connections.redaction.RedactingFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
