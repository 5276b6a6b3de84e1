"""What is measured, on one database."""

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from entities.models import Contact

from . import beside, history, limit, ours, peers, people
from .memory import Peak

XLS_ROWS = 50_000
LONG_HISTORY = 200  # imports, of a fortieth of the many rows each
PEERS = {
    "django-import-export, leanest": 10_000,
    "django-import-export, default": 2_000,
    "form and save": 2_000,
}


class Bench:
    """`folder` holds the files, `rows` and `many` say how large they are."""

    def __init__(self, folder, rows, many):
        self.folder, self.rows, self.many = Path(folder), rows, many

    def file(self, name, count, **kind):
        path = self.folder / name
        return path if path.exists() else people.write(path, count, **kind)

    def empty(self):
        call_command("flush", interactive=False, verbosity=0)
        vacuum()

    def rates(self, seconds, rows):
        return {name: rows / s for name, s in seconds.items()} | {"whole": rows / sum(seconds.values())}

    # a, b: the limit and the product

    def inserts(self, ending):
        """Rows per second of reading, checking, importing, all of it, and of the database's limit."""
        self.empty()
        rows = min(self.rows, XLS_ROWS) if ending == "xls" else self.rows
        job, seconds = ours.whole(self.file(f"people{ending}.{ending}", rows))
        assert job.created == Contact.objects.count() == good(rows), job.counts
        assert job.rejected == rows - good(rows)
        return self.rates(seconds, rows) | {name: rows / taken for name, taken in limit.whole().items()}

    # c: others

    def others(self):
        """Rows per second of each."""
        rates = {}
        for name, rows in PEERS.items():
            self.empty()
            rates[name] = peers.measure(peers.PEERS[name], self.folder, min(rows, self.rows))
        return rates

    # d, h: again

    def again(self):
        """The file of updates, the same once more, and the undo of the first."""
        self.empty()
        path = self.file("people.csv", self.rows)
        ours.whole(path)
        job, updated = ours.whole(self.file("changed.csv", self.rows, changed=True), update=True)
        assert job.updated == good(self.rows), job.counts
        same, unchanged = ours.whole(self.folder / "changed.csv", update=True)
        assert same.unchanged == good(self.rows), same.counts
        restored = ours.take_back(job, superuser())
        self.empty()
        created, inserted = ours.whole(path)
        deleted = ours.take_back(created, superuser())
        assert not Contact.objects.exists()
        return {
            "insert": self.rows / inserted["import"],
            "update": self.rows / updated["import"],
            "unchanged": self.rows / unchanged["import"],
            "undo of updates": self.rows / restored["undo"],
            "undo of inserts": self.rows / deleted["undo"],
        }

    # e: many rows

    def large(self):
        """Rates of the tenths of a long file, ours and the database's own, and memory beside a short file's."""
        self.empty()
        with Peak() as short:
            ours.whole(self.file("people.csv", self.rows))
        self.empty()
        marks = []
        with Peak() as long:
            job, seconds = ours.whole(
                self.file("many.csv", self.many),
                lambda run: marks.append((time.perf_counter(), run.rows_done)),
            )
        assert job.created == good(self.many), job.counts
        tenths, own = rates_of_tenths(marks, self.many), limit.tenths()
        return self.rates(seconds, self.many) | {
            "last tenth against first": tenths[-1] / tenths[0],
            "the database's last tenth against first": own[0] / own[-1],
            "MB": long.mb,
            "MB more than the short file": long.mb - short.mb,
        }

    # f: waiting

    def waiting(self, name, rows):
        """Seconds from the upload until step 3 shows rows, or says that it is reading."""
        self.empty()
        client = Client()
        client.force_login(superuser(), backend="django.contrib.auth.backends.ModelBackend")
        path = self.file(name, rows)
        upload = client.post(reverse("imports:create"), {"entity_type": "contacts"}).url
        began = time.perf_counter()
        with path.open("rb") as file:
            answer = client.post(upload, {"file": file}, follow=True)
        seconds = time.perf_counter() - began
        assert answer.status_code == 200
        return {"seconds": seconds, "shows rows": "First1" in answer.content.decode()}

    # Pages beside imports, and with a long history

    def pages(self):
        """95th percentiles in milliseconds, idle and beside two imports, of the list and of an import's page."""
        with tempfile.TemporaryDirectory() as folder:
            found = beside.measure(Path(folder), self.file("people.csv", self.rows))
        return {f"{page}, {when}": ms for page, times in found.items() for when, ms in times.items()}

    def history(self):
        """With 200 imports and five times the many rows in the ledger: milliseconds of pages, bytes of a row."""
        self.empty()
        job, _ = ours.whole(self.file("short.csv", 200))
        record = Contact.objects.first().pk
        rows = max(self.many // 40, 10)
        per_row = history.lengthen(job, LONG_HISTORY, rows)
        found = history.pages(superuser(), job, record)
        for page, figures in found.items():
            assert not figures["queries that read all of the history"], (page, figures)
        milliseconds = {page: 1000 * figures["seconds"] for page, figures in found.items()}
        return milliseconds | {"bytes of a row": per_row, "rows": LONG_HISTORY * rows}

    # g: all rows fail

    def failed_rows(self, ending):
        self.empty()
        rows = min(self.rows, XLS_ROWS) if ending == "xls" else self.rows
        path = self.file(f"bad.{ending}", rows, all_bad=True)
        job, _ = ours.whole(path)
        assert job.rejected == rows, job.counts
        return {"seconds": ours.failed_rows(job)}


def superuser():
    return get_user_model().objects.create_superuser("bench", "bench@example.com", "x")


def good(rows):
    return rows - rows // people.EVERY_BAD


def rates_of_tenths(marks, rows):
    """Rows per second of each tenth; `marks` are (time, rows done) after each batch."""
    edges = [marks[0]]
    for tenth in range(1, 11):
        edges.append(next(mark for mark in marks if mark[1] >= min(rows * tenth // 10, marks[-1][1])))
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(dict.fromkeys(edges))]


def vacuum():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
