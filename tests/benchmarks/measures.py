"""What is measured, on one database."""

import tempfile
import time
from itertools import pairwise
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from entities.models import Contact
from imports.models import ImportJob

from . import beside, forgetting, history, limit, ours, people, sheet, waiting, walk
from .memory import Peak

XLS_ROWS = 50_000
LONG_HISTORY = 200  # imports, of a fortieth of the many rows each
OLD_IMPORTS = 50  # of a hundredth of the many rows each
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
        from . import peers  # packages that nothing else here needs

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
        vacuum()  # as the database does by itself within a minute
        job, updated = ours.whole(self.file("changed.csv", self.rows, changed=True), update=True)
        assert job.updated == good(self.rows), job.counts
        vacuum()
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
        tenths = rates_of_tenths(marks, self.many)
        own = [good(self.many) / 10 / seconds for seconds in limit.tenths()]
        return self.rates(seconds, self.many) | {
            "tenths": tenths,
            "the database's tenths": own,
            "MB": long.mb,
            "MB more than the short file": long.mb - short.mb,
        }

    # f: waiting

    def waiting(self, name, rows):
        """Seconds from the last byte of the upload until step 3 is there, and whether it shows rows or only
        says that it is reading."""
        with tempfile.TemporaryDirectory() as folder:
            seconds, page = waiting.measure(Path(folder), self.file(name, rows))
        return {"seconds": seconds, "shows rows": "person1@example.com" in page}

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
        alone = history.tells_tables_apart()
        return milliseconds | {
            "bytes of a row": per_row,
            "of the ledger alone": alone,
            "rows": LONG_HISTORY * rows,
        }

    def retention(self):
        """Rows per second of an import alone, and beside the removal of half the many rows of old ledgers; what
        the removal did meanwhile."""
        alone = self.rate_with_old_history(lambda: None)
        removal = forgetting.Forgetting()
        beside_it = self.rate_with_old_history(removal.go)
        return {"alone": alone, "beside it": beside_it} | removal.found()

    def rate_with_old_history(self, begin):
        """Rows per second of an import in a database full of imports that are over; `begin` is called with it."""
        self.empty()
        old, _ = ours.whole(self.file("short.csv", 200))
        history.lengthen(old, OLD_IMPORTS, max(self.many // 100, 10))
        forgetting.end_long_ago(ImportJob.objects.all())
        Contact.objects.all().delete()  # the longer file has them too
        watch = ours.Stopwatch()
        job = ours.read(self.file("people.csv", self.rows), watch)
        ours.check(job, watch)
        begin()
        ours.start(job, watch)
        assert job.created == good(self.rows), job.counts
        return self.rows / watch.seconds["import"]

    # A full sheet

    def full_sheet(self):
        """A sheet of shared texts through all steps of the product; with fewer than a million of the many rows,
        one of so many."""
        rows = sheet.FULL if self.many >= 1_000_000 else self.many
        path = sheet.write(self.folder / "sheet.xlsx", rows)
        with tempfile.TemporaryDirectory() as folder:
            return walk.measure(Path(folder), path, good(rows - 1)) | {"rows": rows}

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
