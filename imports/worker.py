"""Working the runs: slice by slice, batch by batch, each row exactly once, whoever dies when.

A worker claims a run with a token and a lease; before each batch it advances the run's cursor where
its token still holds, in the transaction that writes the batch.
"""

import gc
import logging
import random
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import override

from crm_import.logs import about

from . import beat, bulk, pausing, repairs, reports, results
from .batches import Batches
from .checking_again import CorrectedRows
from .execution import Lost, cancelled_sentence, end, is_at, locked_job, put_in_queue, stopped_sentence
from .failpoints import reached
from .importing import FileRows
from .models import COUNTED, ImportJob, ImportRun, file_storage
from .readers import UnreadableFile
from .said import Said
from .undo_rows import UndoRows
from .writing import SomebodyWasFirst

log = logging.getLogger(__name__)

CLAIMS_WITHOUT_PROGRESS = 3
TRIES = 5
RENEWALS_PER_LEASE = 4
PASSING = (OperationalError, InterfaceError, InternalError)  # the last two when the server hung up
SQLITE_BATCH_SECONDS, SQLITE_FIRST_ROWS = 0.2, 1000
SMALLEST_BATCH = 50
ROWS = {
    ImportRun.Kind.CHECK: FileRows,
    ImportRun.Kind.IMPORT: FileRows,
    ImportRun.Kind.UNDO_CHECK: UndoRows,
    ImportRun.Kind.UNDO: UndoRows,
}
OBJECTS_UNTIL_COLLECTED = 1_000_000
COUNTED_BY_BATCH = ["summary", "rows_done", "rejected_for_content", *COUNTED]


class CancelRequested(Exception):
    """Somebody pressed Cancel."""


class MayNot(Exception):
    """Who started the import has lost the right to it, or it is of a later version; holds the Said."""


@beat.beating()
def work(run_id):
    """The queued task: one slice of a run."""
    Worker().work(run_id)


class Worker:
    """Works runs. The queue's tasks do a slice and queue the rest; the command line goes on to the end."""

    def __init__(self, queue=put_in_queue, slice_seconds=None, on_progress=None):
        self.queue = queue
        self.slice_seconds = settings.IMPORT_SLICE_SECONDS if slice_seconds is None else slice_seconds
        self.on_progress = on_progress or (lambda run: None)

    def work(self, run_id):
        """What is stored is in the language of the sources: it is translated where it is read."""
        with override(settings.LANGUAGE_CODE):
            self.work_slice(run_id)

    def work_slice(self, run_id):
        run = self.claim(run_id)
        if run is None:
            return
        with about(import_=run.job_id, run=run.pk), self.holding(run), collecting_seldom():
            self.work_claimed(run)

    def work_claimed(self, run):
        log.info("%s goes on after row %s", run.kind, run.cursor)
        try:
            self.work_run(run)
        except Lost:
            log.info("the run is another worker's")
        except Exception:
            log.exception("the run stopped after row %s", run.cursor)
            self.try_again(run)

    def work_run(self, run):
        try:
            if run.attempts > CLAIMS_WITHOUT_PROGRESS:
                self.give_up(run)
            else:
                self.work_kind(run)
        except CancelRequested:
            self.end(run, ImportRun.State.CANCELLED, ImportJob.State.CANCELLED, cancelled_sentence(run))
        except MayNot as reason:
            self.end(run, ImportRun.State.FAILED, ImportJob.State.FAILED, *reason.args)

    def work_kind(self, run):
        if run.kind == ImportRun.Kind.READ:
            self.read(run)
        elif run.kind == ImportRun.Kind.RESULTS:
            results.write_in_background(run, self.mine(run))
            self.close(run, ImportRun.State.DONE)
        elif "again" in run.summary:
            self.work_rows(run, CorrectedRows(run))
        else:
            self.work_rows(run, ROWS[run.kind](run))

    def claim(self, run_id):
        """The run, when it waits or its worker's lease is over; else None. Attempts are counted first."""
        if self.is_paused():
            due = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.WAITING)
            due.update(lease=Now())  # the first sweep after the pause queues it again
            return None
        token = uuid.uuid4()
        free = Q(state=ImportRun.State.WAITING) | Q(state=ImportRun.State.RUNNING, lease__lt=Now())
        claimed = ImportRun.objects.filter(free, pk=run_id).update(
            state=ImportRun.State.RUNNING,
            token=token,
            lease=Now() + lease(),
            attempts=F("attempts") + 1,
        )
        if not claimed:
            return None
        run = ImportRun.objects.select_related("job", "job__created_by").get(pk=run_id)
        reached("after_claim")
        return run

    def is_paused(self):
        """Who works in slices heeds the operator's switch; the command line asks before it begins."""
        return self.slice_seconds != float("inf") and pausing.since() is not None

    def give_up(self, run):
        """Stop where the run is. Without the file of failed rows if it must be: the storage may be what
        fails, and to continue makes the file after all."""
        try:
            failed_rows = self.save_failed_rows(run)
        except Exception:
            log.exception("the failed rows could not be saved")
            failed_rows = ""
        with transaction.atomic():
            if run.kind == ImportRun.Kind.READ:
                ImportJob.objects.filter(pk=run.job_id).update(reading_problem=Said("not_read"))
            self.conclude(
                run, ImportRun.State.FAILED, ImportJob.State.FAILED, stopped_sentence(run), failed_rows
            )

    def try_again(self, run):
        """Leave the run to the sweep, as if its worker had died: what is in its way may pass."""
        close_old_connections()
        if self.slice_seconds == float("inf"):
            self.give_up(run)
            return
        self.mine(run).update(state=ImportRun.State.WAITING, token=None, lease=Now() + lease())

    def holding(self, run):
        """Keep the lease from being over while its worker lives: not all that takes long has fences."""
        return beat.again_and_again(
            lambda: self.mine(run).update(lease=Now() + lease()), lease().total_seconds() / RENEWALS_PER_LEASE
        )

    def mine(self, run):
        return ImportRun.objects.filter(pk=run.pk, token=run.token, state=ImportRun.State.RUNNING)

    def close(self, run, state):
        reached("before_done")
        if not self.mine(run).update(state=state, finished_at=timezone.now(), token=None, lease=None):
            raise Lost
        run.refresh_from_db()

    def end(self, run, run_state, state, reason, mail=True):
        """End a run, and the import with it if this run is what it is at."""
        failed_rows = self.save_failed_rows(run)
        reached("after_report")
        self.conclude(run, run_state, state, reason, failed_rows, mail)

    def conclude(self, run, run_state, state, reason, failed_rows, mail=True):
        try:
            with transaction.atomic():
                job = locked_job(run)
                self.close(run, run_state)
                if is_at(job, run):
                    end(job, run, state, reason, failed_rows, mail)
        except Lost:
            if failed_rows:
                file_storage().delete(failed_rows)
            raise
        log.info("%s ended: %s", run.kind, run_state)

    def save_failed_rows(self, run):
        if not (run.rejected and is_at(ImportJob.objects.get(pk=run.job_id), run)):
            return ""
        return reports.save_failed_rows(run.job, run)

    # Reading.

    def read(self, run):
        def progress(rows):
            reached("before_counters")
            if not self.mine(run).filter(cancel_requested=False).update(rows_done=rows):
                raise self.stopped_by(run)

        try:
            repairs.read(run.job, in_request=False, on_progress=progress, **run.summary.get("how", {}))
        except UnreadableFile as error:
            with transaction.atomic():
                self.close(run, ImportRun.State.FAILED)
                problem = Said(error.code, **error.params)
                ImportJob.objects.filter(pk=run.job_id).update(reading_problem=problem)
        else:
            self.close(run, ImportRun.State.DONE)

    # Rows.

    def work_rows(self, run, work):
        """Batch after batch until the rows or the slice end."""
        if run.cancel_requested:
            raise CancelRequested
        if reason := work.why_not():
            raise MayNot(reason)
        deadline = time.monotonic() + self.slice_seconds
        bulk.expect_many_rows()
        with Batches(work, first_size(run.attempts)) as batches:
            while batches.take():
                if self.is_paused():
                    self.hand_over(run, lambda run: None, lease=Now())
                    return
                began = time.monotonic()
                self.work_batch(run, work, batches)
                self.on_progress(run)
                if run.attempts == 1:
                    batches.size = next_size(batches.size, time.monotonic() - began)
                if time.monotonic() > deadline:
                    self.hand_over(run, self.queue)
                    return
        work.finish(self)

    def work_batch(self, run, work, batches):
        """Begin outside the transaction, decide and write inside it; again when somebody was quicker."""
        one_by_one, batch = False, batches.batch
        for attempt in range(TRIES):
            rows = work.begin(batch) if attempt else batches.rows
            try:
                with transaction.atomic():
                    self.fence(run, batch[-1][0])
                    reached("after_fence")
                    work.write(rows, one_by_one)
                    reached("before_counters")
                    counted_at = time.monotonic()
                    work.count(rows, counted_at - batches.counted_at)
                    reached("before_commit")
                    if run.attempts == 1:  # else it is a row of the next batch of which workers may die
                        batches.look_ahead()
                run.cursor, batches.counted_at = batch[-1][0], counted_at
                reached("after_commit")
                return
            except (IntegrityError, DataError, SomebodyWasFirst):
                run.refresh_from_db(fields=COUNTED_BY_BATCH)
                one_by_one = attempt >= 1
            except PASSING:
                close_old_connections()
                if attempt == TRIES - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.2) * 2**attempt)
                run.refresh_from_db(fields=COUNTED_BY_BATCH)
        raise RuntimeError(f"rows {batch[0][0]} to {batch[-1][0]} did not come to rest in {TRIES} tries")

    def fence(self, run, last_row):
        """Take the batch: only who holds the token at this cursor gets it."""
        taken = (
            self.mine(run)
            .filter(cursor=run.cursor, cancel_requested=False)
            .update(cursor=last_row, lease=Now() + lease())
        )
        if not taken:
            raise self.stopped_by(run)

    def stopped_by(self, run):
        return CancelRequested if self.mine(run).filter(cancel_requested=True).exists() else Lost

    def hand_over(self, run, queue, lease=None):
        """Give the rest of the run to the next slice; with a lease, to the sweep that finds it over."""
        with transaction.atomic():
            if not self.mine(run).update(state=ImportRun.State.WAITING, token=None, lease=lease):
                raise Lost
            reached("before_requeue")
            queue(run)
        reached("after_requeue")


@contextmanager
def collecting_seldom():
    """Rows are many objects that refer to each other in no circle; to look for circles among them after each
    700 takes a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_UNTIL_COLLECTED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def first_size(attempts):
    """The more claims without progress, the smaller the steps: so the row of which workers die is found."""
    most = settings.IMPORT_BATCH_ROWS
    if connection.vendor == "sqlite":
        most = min(most, SQLITE_FIRST_ROWS)
    return min(most, (most, SMALLEST_BATCH, 1)[attempts - 1])


def lease():
    """For how long a worker that says nothing keeps its run."""
    return timedelta(seconds=settings.IMPORT_LEASE_SECONDS)


def next_size(size, seconds):
    """On SQLite a batch holds the only write lock: keep it near two tenths of a second, so pages stay quick."""
    if connection.vendor != "sqlite":
        return size
    if seconds > SQLITE_BATCH_SECONDS:
        return max(size // 2, min(size, SMALLEST_BATCH))
    return min(size * 2, settings.IMPORT_BATCH_ROWS) if seconds < SQLITE_BATCH_SECONDS / 2 else size
