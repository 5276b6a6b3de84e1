"""Settings, from the environment. Nothing has to be set for development; docs/deployment.md lists every variable."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from botocore.config import Config
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from crm_import.environment import (
    database,
    e_mail,
    e_mail_sender,
    flag,
    names,
    number,
    one_of,
    required,
    text,
    web_address,
)
from crm_import.logs import FORMATS
from crm_import.navigation import SIDEBAR
from crm_import.secret_key import read_or_create_secret_key

MB = 1024 * 1024

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(text("DATA_DIR", str(BASE_DIR / "data"))).absolute()

PRODUCTION = flag("PRODUCTION")
DEBUG = flag("DEBUG")

if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG=1 shows visitors the inside of the program: not with PRODUCTION=1.")
    SECRET_KEY = required("SECRET_KEY", "at least 50 random characters, the same for the web and all workers")
    if len(SECRET_KEY) < 50:
        raise ImproperlyConfigured("SECRET_KEY must have at least 50 random characters.")
    required("SITE_URL", "the address at which people reach the product, such as https://crm.example.com")
    required("EMAIL_URL", "where e-mails go out, such as smtp+tls://user:password@host:587")
else:
    SECRET_KEY = text("SECRET_KEY") or read_or_create_secret_key(DATA_DIR / "secret_key")

SECRET_KEY_FALLBACKS = names("SECRET_KEY_FALLBACKS")

# Addresses

SITE_URL = web_address("SITE_URL", "http://127.0.0.1:8000")
_host = urlsplit(SITE_URL).hostname
ALLOWED_HOSTS = [_host, *names("ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
PROXY_COUNT = number("PROXY_COUNT", 0, least=0)

# Application

ROOT_URLCONF = "crm_import.urls"
WSGI_APPLICATION = "crm_import.wsgi.application"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "crm_import.apps.CrmAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "django_q",
    "axes",
    "csp",
    "entities",
    "imports",
    "crm_import",  # last: its admin module replaces what the packages registered
]

MIDDLEWARE = [
    "crm_import.logs.RequestIdMiddleware",
    "crm_import.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "crm_import.client_address.note_client_address",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm_import.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

CRISPY_ALLOWED_TEMPLATE_PACKS = ["unfold_crispy"]
CRISPY_TEMPLATE_PACK = "unfold_crispy"
CRISPY_FAIL_SILENTLY = False

UNFOLD = {
    "SITE_TITLE": "CRM",
    "SITE_HEADER": "CRM",
    "SITE_SYMBOL": "hub",
    "SHOW_LANGUAGES": True,
    "SITE_URL": "",  # no "return to site": the admin is the site
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("crm_import/favicon.svg")}
    ],
    "STYLES": [lambda request: static("crm_import/theme.css")],
    "SIDEBAR": SIDEBAR,
}

# Database

DATABASES = {"default": database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files: never under a public address; views hand them out after asking for the right

if S3_BUCKET := text("S3_BUCKET"):
    _files = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": text("S3_ENDPOINT_URL") or None,
            "region_name": text("S3_REGION") or None,
            "access_key": text("S3_ACCESS_KEY_ID") or None,
            "secret_key": text("S3_SECRET_ACCESS_KEY") or None,
            "default_acl": "private",
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 60,
            # A page waits for the bucket: not for a minute and five times over, as would be usual.
            "client_config": Config(
                signature_version="s3v4", connect_timeout=3, read_timeout=30, retries={"max_attempts": 2}
            ),
        },
    }
else:
    _files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "files",
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }

STORAGES = {
    "default": _files,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_HANDLERS = ["imports.uploads.ImportUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# Accounts

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses who is locked out
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

AXES_FAILURE_LIMIT = number("LOGIN_FAILURE_LIMIT", 5)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "crm_import.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "crm_import.accounts.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],  # the theme's Alpine evaluates its attributes
        "style-src": [SELF, UNSAFE_INLINE],  # the theme sets its colours in a style element
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 3600 * number("SESSION_HOURS", 12)
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", PRODUCTION)
SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 365 * 24 * 3600, least=0) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if _forwarded := text("SECURE_PROXY_SSL_HEADER"):  # such as X-Forwarded-Proto
    SECURE_PROXY_SSL_HEADER = ("HTTP_" + _forwarded.upper().replace("-", "_"), "https")

# Languages and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("el", "Ελληνικά")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = ["crm_import.formats"]
TIME_ZONE = text("TIME_ZONE", "UTC")
USE_TZ = True

# E-mail

locals().update(e_mail("EMAIL_URL", "console:"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = e_mail_sender("DEFAULT_FROM_EMAIL", f"CRM <crm@{_host}>")

# Background work. A task is one slice of a run, far shorter than `timeout`; a read run brings its own.

WORKER_SILENT_SECONDS = number("WORKER_SILENT_SECONDS", 120)
WORKER_GRACE_SECONDS = number("WORKER_GRACE_SECONDS", 20)

Q_CLUSTER = {
    "name": "crm_import",
    "label": "Background tasks",
    "orm": "default",
    "broker_class": "imports.cluster.Broker",
    "workers": number("WORKERS", 2),
    "timeout": 180,
    "retry": 300,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 1,
    "ack_failures": True,
    "max_attempts": 1,
    "recycle": 200,
    "catch_up": False,
    "save_limit": 100,
}

# Imports

IMPORT_MAX_UPLOAD_BYTES = number("IMPORT_MAX_UPLOAD_BYTES", 512 * MB)
IMPORT_BATCH_ROWS = number("IMPORT_BATCH_ROWS", 5000)
IMPORT_SLICE_SECONDS = number("IMPORT_SLICE_SECONDS", 45)
IMPORT_LEASE_SECONDS = number("IMPORT_LEASE_SECONDS", 60)
IMPORT_QUEUED_AGAIN_SECONDS = number("IMPORT_QUEUED_AGAIN_SECONDS", 120)
IMPORT_READ_SECONDS = number("IMPORT_READ_SECONDS", 1200)
IMPORT_READ_IN_REQUEST_SECONDS = number("IMPORT_READ_IN_REQUEST_SECONDS", 3)
IMPORT_CHILD_MEMORY_BYTES = number("IMPORT_CHILD_MEMORY_BYTES", 3 * 1024 * MB)
IMPORT_CHILD_MEMORY_IN_REQUEST = number("IMPORT_CHILD_MEMORY_IN_REQUEST", 1024 * MB)
IMPORT_DRAFT_DAYS = number("IMPORT_DRAFT_DAYS", 14)
IMPORT_RETENTION_DAYS = number("IMPORT_RETENTION_DAYS", 90)
IMPORT_AUDIT_DAYS = number("IMPORT_AUDIT_DAYS", 730)

# Log: one line per event on standard error, with nothing from the imported files

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {name: {"()": formatter} for name, formatter in FORMATS.items()},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": one_of("LOG_FORMAT", FORMATS, "line")}
    },
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "gunicorn.error": {"handlers": [], "propagate": True},
        "django-q": {"handlers": [], "propagate": True, "level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
