"""Settings from environment variables: typed, and loud in one sentence when a value makes no sense."""

import os
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}

# The writer that waits is served in turn instead of failing with "database is locked".
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;"
        # A page that saves something shall not be who takes over what an import wrote: see bulk.expect_many_rows.
        "PRAGMA wal_autocheckpoint=10000;"
    ),
}

# A worker that is stopped inside a transaction must not block the one that takes over its run.
POSTGRESQL_OPTIONS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"


def text(name, default=""):
    return os.environ.get(name, "").strip() or default


def required(name, purpose):
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. It is needed with PRODUCTION=1: {purpose}.")
    return value


def flag(name, default=False):
    value = text(name)
    if not value:
        return default
    if value.lower() not in FLAGS:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be 1 or 0.")
    return FLAGS[value.lower()]


def number(name, default, least=1):
    value = text(name)
    if not value:
        return default
    try:
        result = int(value.replace("_", ""))
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be a whole number.") from None
    if result < least:
        raise ImproperlyConfigured(f"{name} is {result}, but must be {least} or more.")
    return result


def one_of(name, values, default):
    value = text(name, default)
    if value not in values:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be {' or '.join(values)}.")
    return value


def names(name, default=()):
    """A list separated by commas."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def web_address(name, default=""):
    """An http(s) address without a path, such as https://crm.example.com."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise ImproperlyConfigured(
            f"{name} is {value!r}, but must be an address without a path, such as https://crm.example.com."
        )
    return value


def e_mail_sender(name, default):
    value = text(name, default)
    if "@" not in parseaddr(value)[1]:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be an e-mail address.")
    return value


def database(name, default):
    value = text(name, default)
    try:
        config = dj_database_url.parse(value, conn_health_checks=True)
    except (ValueError, KeyError):
        config = {}
    options = config.setdefault("OPTIONS", {})
    match config.get("ENGINE"):
        case "django.db.backends.sqlite3":
            options.update(SQLITE_OPTIONS)
        case "django.db.backends.postgresql":
            options["options"] = f"{POSTGRESQL_OPTIONS} {options.get('options', '')}".strip()
            options.setdefault("connect_timeout", 5)
            config["CONN_MAX_AGE"] = 60
        case _:
            raise ImproperlyConfigured(  # without the value: it may hold a password
                f"{name} must look like postgres://user:password@host:5432/name or sqlite:////path/to/file."
            )
    return config


def e_mail(name, default):
    """Django's EMAIL_* settings from smtp+tls://user:password@host:587, smtps:// or smtp://; console: prints."""
    value = text(name, default)
    if value.rstrip(":/") == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    try:
        parts = urlsplit(value)
        port, timeout = parts.port, int(parse_qs(parts.query).get("timeout", ["20"])[0])
    except ValueError:
        parts, port, timeout = urlsplit(""), None, 0
    if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must look like smtp+tls://user:password@host:587, smtps://user:password@host:465 or console:."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": timeout,
    }
