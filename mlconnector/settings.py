"""All settings come from the environment; each is explained in .env.example."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from mlconnector import admin_site, environment
from mlconnector.environment import choice, database, number, secret, switch, text, time_zone, words

BASE_DIR = Path(__file__).resolve().parent.parent
environment.read_file(Path(text("ENV_FILE") or BASE_DIR / ".env"), is_required=bool(text("ENV_FILE")))

# "development" may run without secrets of its own; "production" may not.
ENVIRONMENT = choice("ENVIRONMENT", "production", ("production", "development"))
IN_DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = switch("DEBUG", False)
# These protect nothing: they are public. `mlconnector.checks` refuses them in production.
DEVELOPMENT_SECRET_KEY = "development-only-key-that-protects-nothing-at-all-0123456789"  # noqa: S105
DEVELOPMENT_FIELD_KEY = "-7mKFr1SmnRCIxp5u7ybyJvGy_PQgOUWTmrU0300UGw="
SECRET_KEY = secret("SECRET_KEY", DEVELOPMENT_SECRET_KEY if IN_DEVELOPMENT else None)
# Newest first: the first key encrypts, all of them decrypt (`manage.py rotate_keys`).
FIELD_KEYS = words("FIELD_KEYS", []) or [
    secret("FIELD_KEYS", DEVELOPMENT_FIELD_KEY if IN_DEVELOPMENT else None)
]
PUBLIC_URL = text("PUBLIC_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = words(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", *filter(None, [urlsplit(PUBLIC_URL).hostname])]
)
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS", [PUBLIC_URL])

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
    "mlconnector.refusing.refuse_nul",
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
DATABASES = {"default": database("DATABASE_URL", "sqlite:///var/ml-connector.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    if DATABASES["default"]["NAME"] != ":memory:":
        # A relative path means the same file for every process, wherever it was started.
        DATABASES["default"]["NAME"] = str(BASE_DIR / DATABASES["default"]["NAME"])
        Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": number("SQLITE_BUSY_SECONDS", 30),
        # FULL, not NORMAL: an effect that we know of must survive a power cut, or it could be done twice.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = number("DATABASE_CONN_MAX_AGE", 60, least=0)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
}

# --- Queue (design: truth is in tables, the queue only wakes) ----------------------------------------------
QUEUE_TIMEOUT_SECONDS = number("QUEUE_TIMEOUT_SECONDS", 240)
Q_CLUSTER = {
    "name": "ml-connector",
    "workers": number("QUEUE_WORKERS", 4),
    "timeout": QUEUE_TIMEOUT_SECONDS,
    # Not larger than `timeout`: every long task would run twice (mlconnector.checks).
    "retry": number("QUEUE_RETRY_SECONDS", QUEUE_TIMEOUT_SECONDS + 60),
    "queue_limit": 4,
    "bulk": 1,
    "save_limit": -1,
    "catch_up": False,
    "ack_failures": True,
    "max_attempts": 1,
    "poll": 0.5,
    "label": _("Queue"),
}
REDIS_URL = text("REDIS_URL")
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    # On the default database a task is committed, or rolled back, with the rows that it is about.
    Q_CLUSTER["orm"] = "default"

# --- What the product does ---------------------------------------------------------------------------------
RECORD_LEASE_SECONDS = number("RECORD_LEASE_SECONDS", 300)
RECORD_MAX_STARTS = number("RECORD_MAX_STARTS", 12)
CALL_CONNECT_SECONDS = number("CALL_CONNECT_SECONDS", 10)
CALL_READ_SECONDS = number("CALL_READ_SECONDS", 60)
CALL_LOG_DAYS = number("CALL_LOG_DAYS", 14)
DELIVERY_DAYS = number("DELIVERY_DAYS", 30)
WEBHOOK_MAX_BYTES = number("WEBHOOK_MAX_BYTES", 1_000_000)
JOB_GIVE_UP_HOURS = number("JOB_GIVE_UP_HOURS", 24)
# How long DATEV's job list may not show a file that it has just taken: a lost answer is looked up later.
EXTF_SEARCH_LAG_SECONDS = number("EXTF_SEARCH_LAG_SECONDS", 120)
# /readyz says no when the queue has not moved, or a record has been due, for longer than this.
READY_QUEUE_SECONDS = number("READY_QUEUE_SECONDS", 300)
READY_DUE_SECONDS = number("READY_DUE_SECONDS", 1800)
# Plain http and private addresses of vendors: only for simulators and sandboxes in one's own network.
ALLOW_PRIVATE_ADDRESSES = switch("ALLOW_PRIVATE_ADDRESSES", False)
# Files from elsewhere: the watched folder (empty = none), when a file counts as whole, how large one may be.
HAND_IN_DIR = text("HAND_IN_DIR")
HAND_IN_STABLE_SECONDS = number("HAND_IN_STABLE_SECONDS", 30, least=0)
HAND_IN_MAX_BYTES = number("HAND_IN_MAX_BYTES", 50_000_000)
# Folder of DATEV's XML schema files, which may not be shipped; empty = our own rules alone.
DATEV_XSD_DIR = text("DATEV_XSD_DIR")

# --- Web ---------------------------------------------------------------------------------------------------
WEB_ADDRESS = text("WEB_ADDRESS", "127.0.0.1:8000")
WEB_PROCESSES = number("WEB_PROCESSES", 2)
WEB_THREADS = number("WEB_THREADS", 4)
# The first administrator, made by `manage.py serve` when there is none; ADMIN_PASSWORD is read there alone.
ADMIN_NAME = text("ADMIN_NAME")
LANGUAGE_CODE = choice("LANGUAGE_CODE", "de", ("de", "en"))
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "mlconnector" / "locale"]
FORMAT_MODULE_PATH = ["mlconnector.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = time_zone("TIME_ZONE", "Europe/Berlin")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
LOGIN_URL = "admin:login"
UNFOLD = admin_site.UNFOLD
# A history is read; what was changed is changed back by hand, with the checks that belong to it.
SIMPLE_HISTORY_REVERT_DISABLED = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Uploaded files are not counted here; a client's page lists each of its accounts with a few fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if switch("BEHIND_PROXY", False) else None
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = number("HSTS_SECONDS", 31_536_000, least=0)
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# The proxy redirects to https, since /healthz is asked by http (W008); whether subdomains and browsers'
# preload lists may be bound is for the owner of the domain to decide (W005, W021).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "connections.redaction.RedactingFilter"}},
    "formatters": {
        "line": {
            "()": "connections.redaction.RedactingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]},
    },
    "root": {
        "handlers": ["console"],
        "level": choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    },
}
