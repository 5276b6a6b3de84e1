"""The product's own way of a file: read, checked, imported, undone, each timed."""

import time

from django.core.files import File

from imports import drafts, execution, reports, undo
from imports.importers import importer_for
from imports.models import ImportRun, file_storage
from imports.worker import Worker


class Stopwatch:
    """Seconds by name."""

    def __init__(self):
        self.seconds = {}

    def time(self, name, function, *args, **kwargs):
        began = time.perf_counter()
        result = function(*args, **kwargs)
        self.seconds[name] = time.perf_counter() - began
        return result


def read(path, watch):
    """The draft of a file, read by a worker as all that takes long, and mapped as its headers suggest."""
    job = drafts.create(None, importer_for("contacts"))
    job.from_command_line = True
    job.save(update_fields=["from_command_line"])
    with path.open("rb") as file:
        drafts.keep_file(job, File(file, name=path.name), path.name)
    runs = []
    execution.begin_reading(job, runs.append)
    watch.time("read", work, runs)
    job.refresh_from_db()
    assert job.reading, job.reading_problem
    return job


def check(job, watch, **options):
    job.options = {**job.options, "generate": True, "date_order": "ymd", **options}
    job.save()
    runs = []
    run = execution.add_run(job, ImportRun.Kind.CHECK, runs.append)
    watch.time("check", work, runs)
    run.refresh_from_db()
    return run


def start(job, watch, on_progress=None):
    """Import a checked draft; what its check found is still fresh."""
    runs = []
    execution.start(job, None, start_key=job.start_key, leave_out=True, queue=runs.append)
    watch.time("import", work, runs, on_progress)
    job.refresh_from_db()
    return job


def whole(path, on_progress=None, **options):
    """Bring a file all the way; (the ended import, {"read", "check", "import": seconds})."""
    watch = Stopwatch()
    job = read(path, watch)
    check(job, watch, **options)
    return start(job, watch, on_progress), watch.seconds


def take_back(job, user):
    """Undo an import; {"undo check", "undo": seconds}."""
    watch, runs = Stopwatch(), []
    run = undo.check(job, runs.append)
    watch.time("undo check", work, runs)
    assert undo.start(job, user, run.pk, runs.append)
    watch.time("undo", work, runs)
    return watch.seconds


def failed_rows(job):
    """Seconds that the file of an import's failed rows takes."""
    watch = Stopwatch()
    name = watch.time("failed rows", reports.save_failed_rows, job, job.deciding_run())
    file_storage().delete(name)
    return watch.seconds["failed rows"]


def work(runs, on_progress=None):
    while runs:
        Worker(runs.append, float("inf"), on_progress).work(runs.pop(0).pk)
