"""The log: whom and what each line is about, and what it never says."""

import io
import json
import logging

import pytest
from django.db import DataError, OperationalError
from django.http import HttpResponse

from crm_import.logs import FORMATS, RequestIdMiddleware, about
from imports import importing
from tests.imports.journeys import csv_bytes, draft, start

ADDRESS = "ann@example.com"


@pytest.fixture
def lines():
    """A function that gives the lines logged so far, as JSON objects."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(FORMATS["json"]())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_line_is_one_json_object_whatever_it_says(lines):
    logging.getLogger("imports.some").warning("two\nlines and “quotes” of %s", "somebody")
    assert lines()[0].items() >= {
        ("level", "WARNING"),
        ("logger", "imports.some"),
        ("message", "two\nlines and “quotes” of somebody"),
    }


@pytest.mark.parametrize(("sent", "is_taken"), [("abc-123.x", True), ("no blanks here", False), ("", False)])
def test_a_request_is_known_by_the_identifier_of_the_proxy(rf, lines, sent, is_taken):
    def view(request):
        logging.getLogger("some").warning("seen")
        return HttpResponse()

    answer = RequestIdMiddleware(view)(rf.get("/", headers={"X-Request-ID": sent} if sent else {}))
    assert (answer["X-Request-ID"] == sent) == is_taken
    assert lines()[0]["request"] == answer["X-Request-ID"]


@pytest.mark.django_db(transaction=True)
def test_what_stops_an_import_is_logged_with_its_number_and_without_its_values(lines, monkeypatch):
    def refuse(*arguments):
        try:
            raise DataError(f"{ADDRESS} is too long")
        except DataError as error:
            raise RuntimeError(f"{ADDRESS} cannot be written") from error

    monkeypatch.setattr(importing, "write_records", refuse)
    content = csv_bytes("Contact Code,First Name,Last Name,Contact Email", f"A1,Ann,Sample,{ADDRESS}")
    job = start(draft("contacts", content), leave_out=True)
    assert job.state == "failed"
    stopped = next(line for line in lines() if line["level"] == "ERROR")
    assert stopped["import"] == job.pk
    assert "RuntimeError" in stopped["exception"]
    assert "test_logs.py" in stopped["exception"]
    assert "django.db.utils.DataError" in stopped["exception"]
    assert not [line for line in lines() if ADDRESS in json.dumps(line)]


@pytest.mark.parametrize("name", FORMATS)
def test_what_servers_say_of_themselves_is_logged(name):
    try:
        raise OperationalError("the database system is shutting down")
    except OperationalError as error:
        record = logging.LogRecord("some", logging.ERROR, "", 1, "stopped", (), (type(error), error, None))
    with about(import_=7):
        line = FORMATS[name]().format(record)
    assert "the database system is shutting down" in line
    assert ("(import 7)" in line) == (name == "line")
