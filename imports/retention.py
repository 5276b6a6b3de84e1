"""What is not kept for ever: forgotten drafts; of an ended import first its files and the details of its rows,
much later its ledger and history; and files that no import knows.

Safe to repeat and to be killed: what says that something is left to remove goes last. Each transaction
removes a bounded number of rows.
"""

import time
import uuid
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from . import drafts
from .events import ImportEvent
from .models import ImportJob, ImportRow, ImportRowDetail, ImportRun, RowCorrection, RowDouble, file_storage

IMPORTS_AT_ONCE = 20
ROWS_AT_ONCE = 2000
ROWS_PER_SWEEP = 100_000
SECONDS_FOR_OTHERS = 0.1
ORPHANS_AFTER_DAYS = 1
FOLDER = "imports"
REMOVED = gettext_noop("file and details removed")
DRAFT_REMOVED = gettext_noop("forgotten draft removed")
ORPHANS_REMOVED = gettext_noop("files of no import removed")
DETAILS = ((ImportRowDetail, "run__job"), (RowDouble, "run__job"), (RowCorrection, "job"))
WORDS = {
    "remove_draft": "forgotten drafts removed",
    "remove_files": "imports whose files and details were removed",
    "remove_import": "imports removed altogether",
    "rows": "rows of details and ledgers removed",
    "events": "entries of the history removed",
    "remove_orphans": "files removed that belonged to no import",
}
LEDGER = (*DETAILS, (ImportRow, "run__job"))


def let_others_write():
    """Who waits for SQLite's only write lock looks again each tenth of a second, and would hardly ever find it
    free between two batches. Other databases lock rows."""
    if connection.vendor == "sqlite":
        time.sleep(SECONDS_FOR_OTHERS)


def remove_what_is_over(most_rows=ROWS_PER_SWEEP, after_batch=let_others_write):
    """A part of what is to be removed; the next sweep goes on. Returns a Counter of what was removed."""
    removed = Counter()
    for jobs, tables, remove in (
        (forgotten_drafts, DETAILS, remove_draft),
        (over, DETAILS, remove_files),
        (long_over, LEDGER, remove_import),
    ):
        for pk in list(jobs().values_list("pk", flat=True)[:IMPORTS_AT_ONCE]):
            while removed["rows"] < most_rows and (count := remove_rows(jobs, pk, tables)):
                removed["rows"] += count
                after_batch()
            if removed["rows"] >= most_rows:
                return removed
            removed[remove.__name__] += remove(pk)
    before = timezone.now() - timedelta(days=settings.IMPORT_AUDIT_DAYS)
    removed["events"] = ImportEvent.objects.remove_before(before, ROWS_AT_ONCE)
    return removed


# What is over; nothing of it that somebody works with.


def forgotten_drafts():
    untouched_since = timezone.now() - timedelta(days=settings.IMPORT_DRAFT_DAYS)
    return at_rest(ImportJob.objects.filter(state=ImportJob.State.DRAFT, touched_at__lt=untouched_since))


def over():
    """The imports that ended so long ago, and of which files or details are left."""
    return ended_before(settings.IMPORT_RETENTION_DAYS).exclude(file="", failed_rows="")


def long_over():
    return ended_before(settings.IMPORT_AUDIT_DAYS)


def ended_before(days):
    moment = timezone.now() - timedelta(days=days)
    return at_rest(ImportJob.objects.filter(state__in=ImportJob.ENDED, finished_at__lt=moment))


def at_rest(jobs):
    working = ImportRun.objects.filter(state__in=ImportRun.UNFINISHED).values("job")
    return jobs.exclude(pk__in=working).order_by("pk")


# Removing


@transaction.atomic
def remove_rows(jobs, pk, tables):
    """Remove some rows of an import's tables; returns how many."""
    if jobs().select_for_update(of=("self",)).filter(pk=pk).exists():
        for model, job in tables:
            rows = list(model.objects.filter(**{job: pk}).values_list("pk", flat=True)[:ROWS_AT_ONCE])
            if rows:
                return model.objects.filter(pk__in=rows).delete()[0]
    return 0


@transaction.atomic
def remove_draft(pk):
    job = forgotten_drafts().select_for_update(of=("self",)).filter(pk=pk).first()
    if job is None:
        return 0
    job.log(DRAFT_REMOVED, file=job.file_name)
    return drafts.delete(job)


@transaction.atomic
def remove_files(pk):
    """The end of what the import holds of its rows: files, and examples of values in its summaries."""
    job = over().select_for_update(of=("self",)).filter(pk=pk).first()
    if job is None:
        return 0
    job.delete_files()
    for run in job.runs.all():
        run.forget_values()
    mapping = {**job.mapping, "values": {}} if job.mapping else {}
    ImportJob.objects.filter(pk=pk).update(file="", failed_rows="", mapping=mapping)
    job.log(REMOVED)
    return 1


@transaction.atomic
def remove_import(pk):
    """An import whose ledger is gone; its history stays until its own time is over."""
    job = long_over().select_for_update(of=("self",)).filter(pk=pk).first()
    if job is None:
        return 0
    job.delete_files()
    job.delete()
    return 1


# Files that a crash has left between storing them and noting their names


def remove_orphans(older_than_days=ORPHANS_AFTER_DAYS):
    """The scheduled task: remove what is in the storage, and known to no import, since a day. Returns how many
    files that were."""
    before = timezone.now() - timedelta(days=older_than_days)
    folders, _ = listed(FOLDER)
    removed = sum(remove_orphans_of(folder, before) for folder in folders)
    if removed:
        ImportEvent.objects.create(event=ORPHANS_REMOVED, details={"files": removed})
    return removed


def remove_orphans_of(folder, before):
    old = [
        name for name in files_below(f"{FOLDER}/{folder}") if file_storage().get_modified_time(name) < before
    ]
    known = known_names(folder) if old else ()  # asked for last: what is noted meanwhile is known
    orphans = [name for name in old if name not in known]
    for name in orphans:
        file_storage().delete(name)
    return len(orphans)


def known_names(folder):
    try:
        job = ImportJob.objects.filter(folder=uuid.UUID(folder)).first()
    except ValueError:
        return ()
    return set(job.stored_names) if job else ()


def files_below(folder):
    folders, names = listed(folder)
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from files_below(f"{folder}/{inner}")


def listed(folder):
    try:
        return file_storage().listdir(folder)
    except FileNotFoundError:
        return [], []
