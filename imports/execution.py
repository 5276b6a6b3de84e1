"""Working the runs: who may work one, slice by slice, batch by batch, to the import's end.

The only module that knows django-q2, which is transport and never the truth: every change of a
run or an import is a conditional UPDATE, and who changes nothing was late and stops.
"""

import logging
import random
import time
import uuid
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from . import drafts, reports
from .models import ImportJob, ImportRun, file_storage
from .parts import iter_rows
from .readers import UnreadableFile
from .validation import REJECTED, Checker
from .writing import SomebodyWasFirst, count_rows, write_ledger, write_records

log = logging.getLogger(__name__)

CHECK_STAYS_FRESH = timedelta(minutes=10)
CLAIMS_WITHOUT_PROGRESS = 3
TRIES = 5
SQLITE_BATCH_SECONDS = 0.1
SMALLEST_BATCH = 50


class Lost(Exception):
    """Another worker has the run, or it is over: stop without a word."""


class CancelRequested(Exception):
    """Somebody pressed Cancel."""


class MayNot(Exception):
    """Who started the import has lost the right to it."""


def put_in_queue(run):
    """Hand a run to the workers; in the caller's transaction, so it is queued if that commits."""
    from django_q.tasks import async_task

    options = {"timeout": settings.IMPORT_READ_SECONDS + 60} if run.kind == ImportRun.Kind.READ else {}
    async_task("imports.execution.work", run.pk, q_options={"task_name": str(run), **options})


def work(run_id):
    """The queued task: one slice of a run."""
    Worker().work(run_id)


# What people ask for. Each returns whether it happened; a second click finds nothing to do.


@transaction.atomic
def start(job, user=None, *, start_key, leave_out=None, queue=put_in_queue):
    """Draft → In Progress: reuse a fresh check, or check first; import at once when bad rows are left out."""
    options = {**job.options, "leave_out": leave_out}
    queryset = ImportJob.objects.filter(pk=job.pk, start_key=start_key, state=ImportJob.State.DRAFT)
    changed = queryset.update(
        state=ImportJob.State.IN_PROGRESS,
        options=options,
        started_at=timezone.now(),
        rows=drafts.data_rows(job),
        not_reached=drafts.data_rows(job),
        touched_at=timezone.now(),
    )
    if not changed:
        return False
    job.refresh_from_db()
    job.log("started", user, options=options, mapping=job.mapping, file=job.file_name, sha256=job.sha256)
    proceed(job, queue)
    return True


def proceed(job, queue):
    """Give a started import its next run."""
    check = (
        job.runs.filter(kind=ImportRun.Kind.CHECK, digest=job.digest)
        .exclude(state__in=[ImportRun.State.FAILED, ImportRun.State.CANCELLED])
        .order_by("-id")
        .first()
    )
    if job.get_options().leave_out:
        if check and not check.is_over:
            stop_run(check)
        add_run(job, ImportRun.Kind.IMPORT, queue)
    elif check is None or (check.is_over and check.finished_at < timezone.now() - CHECK_STAYS_FRESH):
        add_run(job, ImportRun.Kind.CHECK, queue)
    elif check.is_over:
        decide(job, check, queue)


@transaction.atomic
def check(job, queue=put_in_queue):
    """The check run of a draft's present mapping and options; one is begun when there is none."""
    ImportJob.objects.select_for_update().get(pk=job.pk)
    digest = job.digest
    runs = job.runs.filter(kind=ImportRun.Kind.CHECK)
    fresh = runs.filter(digest=digest).filter(
        Q(finished_at=None) | Q(finished_at__gt=timezone.now() - CHECK_STAYS_FRESH)
    )
    usable = fresh.exclude(state=ImportRun.State.CANCELLED).order_by("-id").first()
    if usable:
        return usable
    for outdated in runs.filter(state__in=[ImportRun.State.WAITING, ImportRun.State.RUNNING]):
        stop_run(outdated)
    return add_run(job, ImportRun.Kind.CHECK, queue)


@transaction.atomic
def cancel(job, user=None):
    """Ask the running import to stop: at once if it waits in the queue, else after its batch."""
    if not job.is_running:
        return False
    run = job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    job.log("cancel requested", user)
    if stop_run(run):
        end(job, run, ImportJob.State.CANCELLED, cancelled_sentence(run))
    return True


def stop_run(run):
    """Cancel a run that waits, True; one that is being worked is asked to stop, False."""
    waiting = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.WAITING)
    if waiting.update(state=ImportRun.State.CANCELLED, finished_at=timezone.now(), token=None):
        run.refresh_from_db()
        return True
    ImportRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    return False


@transaction.atomic
def resume(job, user=None, queue=put_in_queue):
    """Continue a cancelled or stopped import after its last committed row."""
    run = job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    if not can_resume(job, run) or not job.move_to(
        ImportJob.State.IN_PROGRESS, reason="", finished_at=None, mail_pending=False
    ):
        return False
    ImportRun.objects.filter(pk=run.pk).update(
        state=ImportRun.State.WAITING,
        token=None,
        lease=None,
        attempts=0,
        cancel_requested=False,
        finished_at=None,
    )
    job.log("continued", user, after_row=run.cursor)
    queue(run)
    return True


def can_resume(job, run=None):
    run = run or job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    stopped = run and run.state in (ImportRun.State.CANCELLED, ImportRun.State.FAILED)
    return bool(stopped and job.state in (ImportJob.State.CANCELLED, ImportJob.State.FAILED) and job.file)


@transaction.atomic
def start_leaving_out(job, user=None, queue=put_in_queue):
    """Import a file whose check found incorrect content after all, without those rows."""
    if not can_leave_out(job):
        return False
    options = {**job.options, "leave_out": True}
    if not job.move_to(ImportJob.State.IN_PROGRESS, reason="", finished_at=None, options=options):
        return False
    job.log("started again, leaving rows out", user)
    add_run(job, ImportRun.Kind.IMPORT, queue)
    return True


def can_leave_out(job):
    """Whether the check ended this import, nothing was written, and some rows could be imported."""
    if job.state != ImportJob.State.FAILED or job.latest_run(ImportRun.Kind.IMPORT):
        return False
    run = job.latest_run(ImportRun.Kind.CHECK)
    return bool(run and run.state == ImportRun.State.DONE and run.rows_done > run.rejected and job.file)


def add_run(job, kind, queue=put_in_queue, **summary):
    digest = job.digest if job.reading else ""
    run = ImportRun.objects.create(job=job, kind=kind, digest=digest, summary=summary)
    queue(run)
    return run


@transaction.atomic
def begin_reading(job, queue=put_in_queue, **how):
    """A read run for what takes longer than a request may; `how` are sheet, encoding and delimiter."""
    stop_runs(job)
    return add_run(job, ImportRun.Kind.READ, queue, how=how)


def stop_runs(job):
    """Stop what works on a draft whose file or reading is about to change."""
    for run in job.runs.filter(state__in=[ImportRun.State.WAITING, ImportRun.State.RUNNING]):
        stop_run(run)


def may_import(user, job):
    """Whether `user` holds every right that this import takes."""
    return user.has_perms(rights(job))


def rights(job):
    """What an import takes, as "app.codename"."""
    options = job.get_options()
    fed = job.get_mapping().fed()
    look_ups = [column for column in job.importer.look_ups if column.key in fed]
    update = options.update and job.importer.updates
    return ["imports.add_importjob", *job.importer.permissions(update, options.generate, look_ups)]


# Ends.


def decide(job, run, queue):
    """The check's verdict on a started import: on with it, or Failed with nothing written."""
    content = run.rejected_for_content
    if content and not job.get_options().leave_out:
        rows = "1 row has" if content == 1 else f"{content:,} rows have"
        end(job, run, ImportJob.State.FAILED, f"Nothing was imported, because {rows} incorrect content.")
    elif run.rows_done == run.rejected:
        end(job, run, ImportJob.State.FAILED, nothing_imported_sentence(run))
    else:
        add_run(job, ImportRun.Kind.IMPORT, queue)


def end(job, run, state, reason=""):
    """Move a running import to its end with the counts of its deciding run and its failed-rows file."""
    counts = (
        run.counts
        if run.kind == ImportRun.Kind.IMPORT
        else {"created": 0, "updated": 0, "unchanged": 0, "rejected": run.rejected}
    )
    failed_rows = reports.save_failed_rows(job, run) if run.rejected else ""
    ended = job.move_to(
        state,
        reason=reason,
        finished_at=timezone.now(),
        not_reached=job.rows - sum(counts.values()),
        failed_rows=failed_rows,
        mail_pending=not job.from_command_line,
        **counts,
    )
    if not ended:
        raise Lost
    job.log(state, reason=reason, **counts)
    if job.mail_pending:
        transaction.on_commit(lambda: reports.send_mail(job.pk))


def nothing_imported_sentence(run):
    rows = "the only row has" if run.rows_done == 1 else f"all {run.rows_done:,} rows have"
    return f"No row could be imported: {rows} problems."


def cancelled_sentence(run):
    if run.kind == ImportRun.Kind.CHECK:
        return "Cancelled while checking; nothing was written."
    if not run.rows_done:
        return "Cancelled before the first row; nothing was written."
    done = run.rows_done - run.rejected
    return f"Cancelled after row {run.cursor:,}; the {done:,} rows imported before it stay in the CRM."


def stopped_sentence(run):
    if run.kind == ImportRun.Kind.CHECK:
        return f"The check stopped after row {run.cursor:,} for a technical reason; nothing was written."
    done = run.rows_done - run.rejected
    return f"Stopped after row {run.cursor:,} for a technical reason; {done:,} rows before it are in the CRM."


class Worker:
    """Works runs. The queue's tasks do a slice and queue the rest; the command line goes on to the end."""

    def __init__(self, queue=put_in_queue, slice_seconds=None, on_progress=None):
        self.queue = queue
        self.slice_seconds = settings.IMPORT_SLICE_SECONDS if slice_seconds is None else slice_seconds
        self.on_progress = on_progress or (lambda run: None)

    def work(self, run_id):
        run = self.claim(run_id)
        if run is None:
            return
        try:
            if run.kind == ImportRun.Kind.READ:
                self.read(run)
            else:
                self.work_rows(run)
        except Lost:
            log.info("run %s is another worker's", run_id)
        except CancelRequested:
            self.end_cancelled(run)
        except MayNot:
            self.end_without_rights(run)
        except Exception:
            log.exception("run %s stopped after row %s", run_id, run.cursor)
            self.try_again(run)

    def claim(self, run_id):
        """The run, when it waits or its worker's lease is over; else None. Attempts are counted first."""
        token = uuid.uuid4()
        free = Q(state=ImportRun.State.WAITING) | Q(state=ImportRun.State.RUNNING, lease__lt=Now())
        claimed = ImportRun.objects.filter(free, pk=run_id).update(
            state=ImportRun.State.RUNNING,
            token=token,
            lease=Now() + timedelta(seconds=self.lease_seconds(run_id)),
            attempts=F("attempts") + 1,
        )
        if not claimed:
            return None
        run = ImportRun.objects.select_related("job", "job__created_by").get(pk=run_id)
        if run.attempts > CLAIMS_WITHOUT_PROGRESS:
            self.give_up(run)
            return None
        return run

    def lease_seconds(self, run_id):
        is_read = ImportRun.objects.filter(pk=run_id, kind=ImportRun.Kind.READ).exists()
        return settings.IMPORT_READ_SECONDS + 60 if is_read else settings.IMPORT_LEASE_SECONDS

    def give_up(self, run):
        with transaction.atomic():
            self.close(run, ImportRun.State.FAILED)
            if run.kind == ImportRun.Kind.READ:
                ImportJob.objects.filter(pk=run.job_id).update(
                    reading_problem="The file could not be read for a technical reason. Upload it again."
                )
            elif run.job.is_running:
                end(run.job, run, ImportJob.State.FAILED, stopped_sentence(run))

    def try_again(self, run):
        close_old_connections()
        if self.slice_seconds == float("inf"):
            self.give_up(run)
            return
        with transaction.atomic():
            if self.mine(run).update(state=ImportRun.State.WAITING, token=None, lease=None):
                self.queue(run)

    def mine(self, run):
        return ImportRun.objects.filter(pk=run.pk, token=run.token, state=ImportRun.State.RUNNING)

    def close(self, run, state):
        if not self.mine(run).update(state=state, finished_at=timezone.now(), token=None, lease=None):
            raise Lost
        run.refresh_from_db()

    def end_cancelled(self, run):
        with transaction.atomic():
            self.close(run, ImportRun.State.CANCELLED)
            run.job.refresh_from_db()
            if run.kind != ImportRun.Kind.READ and run.job.is_running and run.digest == run.job.digest:
                self.end_unless_replaced(run)

    def end_unless_replaced(self, run):
        latest = run.job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
        if latest.pk == run.pk:
            end(run.job, run, ImportJob.State.CANCELLED, cancelled_sentence(run))

    def end_without_rights(self, run):
        with transaction.atomic():
            self.close(run, ImportRun.State.FAILED)
            if run.job.is_running:
                reason = "Stopped because the person who started it no longer has the right to import this."
                end(run.job, run, ImportJob.State.FAILED, reason)

    # Reading.

    def read(self, run):
        def progress(rows):
            ImportRun.objects.filter(pk=run.pk).update(rows_done=rows)
            if ImportRun.objects.filter(pk=run.pk, cancel_requested=True).exists():
                raise CancelRequested

        try:
            drafts.read(run.job, in_request=False, on_progress=progress, **run.summary.get("how", {}))
        except UnreadableFile as error:
            ImportJob.objects.filter(pk=run.job_id).update(reading_problem=error.sentence)
            self.close(run, ImportRun.State.FAILED)
        else:
            self.close(run, ImportRun.State.DONE)

    # Rows.

    def work_rows(self, run):
        """Batch after batch until the rows or the slice end."""
        job = run.job
        self.refuse_without_rights(job)
        deadline = time.monotonic() + self.slice_seconds
        checker = self.prepare(run)
        start_after = max(run.cursor, job.get_options().header_row)
        rows = iter_rows(file_storage(), job.get_reading(), after=start_after)
        size = settings.IMPORT_BATCH_ROWS
        while batch := list(islice(rows, size)):
            began = time.monotonic()
            self.work_batch(run, checker, batch)
            self.on_progress(run)
            seconds = time.monotonic() - began
            size = next_size(size, seconds)
            if time.monotonic() > deadline:
                self.hand_over(run)
                return
        self.finish(run)

    def refuse_without_rights(self, job):
        if job.from_command_line:
            return
        if not (job.created_by and job.created_by.is_active and may_import(job.created_by, job)):
            raise MayNot

    def prepare(self, run):
        job, options = run.job, run.job.get_options()
        reading = job.get_reading()
        is_import = run.kind == ImportRun.Kind.IMPORT
        checker = Checker(job.importer, job.get_mapping(), options, drafts.width(job), lock=is_import)
        if run.cursor:
            rows = iter_rows(file_storage(), reading, after=options.header_row)
            checker.remember((number, cells) for number, cells in rows if number <= run.cursor)
        return checker

    def work_batch(self, run, checker, batch):
        """Clean outside the transaction, decide and write inside it; again when somebody was quicker."""
        one_by_one = False
        for attempt in range(TRIES):
            began = time.monotonic()
            rows = checker.clean(batch)
            try:
                with transaction.atomic():
                    self.fence(run, batch[-1][0])
                    self.write(run, checker, rows, one_by_one)
                    count_rows(run, rows, time.monotonic() - began)
                run.cursor = batch[-1][0]
                return
            except (IntegrityError, DataError, SomebodyWasFirst):
                run.refresh_from_db(fields=["summary", "rows_done", "rejected_for_content", *run.counts])
                one_by_one = attempt >= 1
            except OperationalError:
                close_old_connections()
                if attempt == TRIES - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.2) * 2**attempt)
                run.refresh_from_db(fields=["summary", "rows_done", "rejected_for_content", *run.counts])
        raise RuntimeError(f"rows {batch[0][0]} to {batch[-1][0]} did not come to rest in {TRIES} tries")

    def fence(self, run, last_row):
        """Take the batch: only who holds the token at this cursor gets it."""
        taken = (
            self.mine(run)
            .filter(cursor=run.cursor, cancel_requested=False)
            .update(cursor=last_row, lease=Now() + timedelta(seconds=settings.IMPORT_LEASE_SECONDS))
        )
        if not taken:
            raise CancelRequested if self.mine(run).filter(cancel_requested=True).exists() else Lost

    def write(self, run, checker, rows, one_by_one):
        now = timezone.now()
        if run.kind == ImportRun.Kind.CHECK:
            checker.decide_rows(rows)
        elif one_by_one:
            for row in rows:
                self.write_one(run, checker, row, now)
        else:
            checker.generated.clear()
            checker.decide_rows(rows)
            write_records(run, checker.importer, rows, now)
        write_ledger(run, rows, now)

    def write_one(self, run, checker, row, now):
        """Blame the right row: what the database refuses is that row's problem alone."""
        checker.generated.clear()
        try:
            with transaction.atomic():
                checker.decide_rows([row])
                write_records(run, checker.importer, [row], now)
        except (IntegrityError, DataError):
            row.refuse("refused_by_database")
            row.outcome, row.record_id = REJECTED, None
            row.generates.clear()

    def hand_over(self, run):
        """Give the rest of the run to the next slice."""
        with transaction.atomic():
            if not self.mine(run).update(state=ImportRun.State.WAITING, token=None, lease=None):
                raise Lost
            self.queue(run)

    def finish(self, run):
        with transaction.atomic():
            self.close(run, ImportRun.State.DONE)
            job = ImportJob.objects.select_for_update().get(pk=run.job_id)
            if not job.is_running or run.digest != job.digest:
                return
            if run.kind == ImportRun.Kind.CHECK:
                decide(job, run, self.queue)
            elif run.rows_done == run.rejected:
                end(job, run, ImportJob.State.FAILED, nothing_imported_sentence(run))
            else:
                end(job, run, ImportJob.State.COMPLETED)


def next_size(size, seconds):
    """On SQLite a batch holds the only write lock: keep it near a tenth of a second, so pages stay quick."""
    if connection.vendor != "sqlite":
        return size
    if seconds > SQLITE_BATCH_SECONDS:
        return max(size // 2, SMALLEST_BATCH)
    return min(size * 2, settings.IMPORT_BATCH_ROWS) if seconds < SQLITE_BATCH_SECONDS / 2 else size
