"""The log: one line per event on standard error, for people or as JSON, with nothing from the imported files.

Each line says which request or which run of which import it is about. Of exceptions it says what and
where; their sentences only where those speak of servers and disks, because others repeat values.
"""

import json
import logging
import re
import traceback
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

SPEAK_OF_NO_VALUES = (OSError, OperationalError, InterfaceError)
GIVEN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)

_about = ContextVar("about", default={})  # noqa: B039 never changed, only replaced


@contextmanager
def about(**facts):
    """What the lines are about that are logged meanwhile, such as import_=1042."""
    before = _about.set({**_about.get(), **{name.strip("_"): value for name, value in facts.items()}})
    try:
        yield
    finally:
        _about.reset(before)


class RequestIdMiddleware:
    """Gives each request an identifier, that of the proxy if it sent one, and says it in the answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        identifier = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        with about(request=identifier):
            response = self.get_response(request)
        response["X-Request-ID"] = identifier
        return response


class Line(logging.Formatter):
    """2026-01-31 14:02:11,312 ERROR imports.worker: run stopped (import 1042, run 3)"""

    def __init__(self):
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record):
        facts = ", ".join(f"{name} {value}" for name, value in _about.get().items())
        return super().formatMessage(record) + (f" ({facts})" if facts else "")

    def formatException(self, error):
        return told(error[1])


class Json(logging.Formatter):
    """{"time", "level", "logger", "message", and where they are known "request", "import", "run", "exception"}"""

    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_about.get(),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


def told(error):
    """The traceback of an exception and of those behind it, without sentences that may repeat values."""
    parts = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        said = f": {error}" if isinstance(error, SPEAK_OF_NO_VALUES) else ""
        parts.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}{said}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nafter\n\n".join(parts)


FORMATS = {"line": Line, "json": Json}
