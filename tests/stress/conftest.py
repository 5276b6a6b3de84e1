"""What the stress tests share: one place where each reports its line of the table."""

import json
import os
import time

import pytest
from django.db import connection

from .deliveries import impatient, in_a_hurry  # noqa: F401


@pytest.fixture
def report():
    """report(what was done, how often, lost, doubled, note) adds a line to the table of `make stress`, with
    the seconds since the test began. Numbers or collections; a negative control says so in its note."""
    began = time.monotonic()

    def add(test, n, lost, doubled, note=""):
        line = {
            "database": connection.vendor,
            "test": test,
            "n": n,
            "lost": lost if isinstance(lost, int) else len(lost),
            "doubled": doubled if isinstance(doubled, int) else len(doubled),
            "seconds": round(time.monotonic() - began),
            "note": note,
        }
        with open(os.environ.get("STRESS_LINES", os.devnull), "a") as file:
            file.write(json.dumps(line) + "\n")

    return add
