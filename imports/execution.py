"""What people ask of an import – start, cancel, continue – and how it ends; the queue of its runs.

The queue is transport and never the truth: every change of a run or an import is a conditional
UPDATE, and who changes nothing was late and stops.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from . import beat, drafts, erased, pausing, remembering, reports, retention
from .mapping import UPDATE
from .models import ImportJob, ImportRow, ImportRun, file_storage
from .problems import CHOSEN, DONE
from .rows import place_of
from .said import Said
from .writing import count_spread

CHECK_STAYS_FRESH = timedelta(minutes=10)
CHECK_IS_KEPT_CURRENT = timedelta(hours=1)
AT_ONCE = 5000
RUN_AT_ONCE = 3
TRIED_EVENT = gettext_noop("tried with the first rows")
QUEUED_AGAIN_AFTER = timedelta(seconds=settings.IMPORT_QUEUED_AGAIN_SECONDS)
QUEUED_AGAIN_AT_THE_LATEST_AFTER = 5 * QUEUED_AGAIN_AFTER


class Lost(Exception):
    """Another worker has the run, or it is over: stop without a word."""


def put_in_queue(run):
    """Hand a run to the workers; in the caller's transaction, so it is queued if that commits."""
    from django_q.tasks import async_task

    patience = min(
        max(2 * (timezone.now() - run.created_at), QUEUED_AGAIN_AFTER), QUEUED_AGAIN_AT_THE_LATEST_AFTER
    )
    ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.WAITING).update(lease=Now() + patience)
    options = {"timeout": settings.IMPORT_READ_SECONDS + 60} if run.kind in ImportRun.OF_ONE_TASK else {}
    async_task("imports.worker.work", run.pk, q_options={"task_name": str(run), **options})


@beat.beating()
def sweep():
    """The scheduled task: queue again what nobody works on (its worker died, its task was lost), send
    the e-mails that could not be sent, have people erased whose records were deleted, and remove what is
    kept no longer. Harmless when wrong: the claim decides. While imports are paused all of it waits."""
    from django_q.tasks import async_task

    if pausing.since():
        return
    for run in ImportRun.objects.filter(state__in=ImportRun.UNFINISHED, lease__lt=Now()):
        put_in_queue(run)
    for pk in ImportJob.objects.filter(mail_due__lte=Now()).values_list("pk", flat=True):
        reports.send_mail(pk)
    if erased.waiting().exists():
        async_task("imports.erasing.erase", q_options={"timeout": settings.IMPORT_READ_SECONDS + 60})
    retention.remove_what_is_over()
    beat.forget_silent()


# What people ask for. Each returns whether it happened; a second click finds nothing to do.


@transaction.atomic
def start(job, user=None, *, start_key, leave_out=None, first_rows=None, queue=put_in_queue):
    """Draft → In Progress: reuse a fresh check, or check first; import at once when bad rows are left out.
    With `first_rows` the import stops after so many."""
    options = {**job.options, "leave_out": leave_out, "first_rows": first_rows}
    rows = drafts.data_rows(job)
    lock(job)
    if must_wait(job) or job.undo_has_begun:
        return False
    queryset = ImportJob.objects.filter(pk=job.pk, start_key=start_key, state=ImportJob.State.DRAFT)
    changed = queryset.update(
        state=ImportJob.State.IN_PROGRESS,
        options=options,
        language=get_language() or "",
        started_at=timezone.now(),
        rows=rows,
        not_reached=rows,
        touched_at=timezone.now(),
    )
    if not changed:
        return False
    job.refresh_from_db()
    job.log(
        gettext_noop("started"),
        user,
        options=options,
        mapping={name: said for name, said in job.mapping.items() if name != "values"},
        file=job.file_name,
        sha256=job.sha256,
        **({"from_command_line": True} if job.from_command_line else {}),
    )
    remembering.keep(job)
    proceed(job, queue)
    return True


def must_wait(job):
    """Whether whose import it is has as many under way as one person may have."""
    if job.from_command_line or not job.created_by_id:
        return False
    running = ImportJob.objects.filter(created_by=job.created_by_id, state=ImportJob.State.IN_PROGRESS)
    return running.filter(from_command_line=False).count() >= RUN_AT_ONCE


def waiting_sentence():
    return _(
        "%(count)s of your imports are under way, which is the most. Start this one when one of them is over."
    ) % {"count": RUN_AT_ONCE}


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
    elif check.is_over and verdict(job, check) is None:
        add_run(job, ImportRun.Kind.IMPORT, queue)
    elif check.is_over:
        reopen(check, queue)  # its worker ends the import: the file of failed rows takes time


@transaction.atomic
def check(job, queue=put_in_queue):
    """The check run of a draft's present mapping and options; one is begun when there is none."""
    ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    digest = job.digest
    runs = job.runs.filter(kind=ImportRun.Kind.CHECK)
    fresh = runs.filter(digest=digest).filter(
        Q(finished_at=None) | Q(finished_at__gt=timezone.now() - CHECK_STAYS_FRESH)
    )
    usable = fresh.exclude(state=ImportRun.State.CANCELLED).order_by("-id").first()
    if usable:
        return usable
    for outdated in runs.filter(state__in=ImportRun.UNFINISHED):
        stop_run(outdated)
    return add_run(job, ImportRun.Kind.CHECK, queue)


def check_again(job, run, row_numbers, queue=put_in_queue):
    """Let the finished check of a draft decide these rejected rows once more, because their cells were
    corrected in this transaction; the run, or None when that would not be exact: the next look at the
    preview begins a check of all rows."""
    is_old = run.created_at < timezone.now() - CHECK_IS_KEPT_CURRENT
    is_cut = "more_look_ups" in run.summary  # which names were listed hangs on the order of the rows
    if is_old or is_cut or not drafts.checker(job).rejected_rows_stand_alone:
        return None
    marked = mark_stale(run, row_numbers)
    count_spread(run.summary, ((number, ImportRow.Outcome.REJECTED) for number in marked), by=-1)
    run.summary["again"] = {"rows": len(marked), "cursor": run.cursor}
    ImportRun.objects.filter(pk=run.pk).update(
        digest=job.digest,
        cursor=0,
        rows_done=F("rows_done") - len(marked),
        rejected=F("rejected") - len(marked),
        summary=run.summary,
    )
    reopen(run, queue)
    run.refresh_from_db()
    return run


def mark_stale(run, row_numbers):
    """Mark the rejected ones of these rows to be decided again; return their numbers."""
    marked, numbers = [], sorted(row_numbers)
    for start in range(0, len(numbers), AT_ONCE):
        some = run.details.filter(
            outcome=ImportRow.Outcome.REJECTED, row_number__in=numbers[start : start + AT_ONCE]
        )
        found = list(some.values_list("row_number", flat=True))
        some.update(stale=True)
        doubles, _ = run.doubles.filter(row_number__in=found).delete()
        run.summary["doubles"] = run.summary.get("doubles", 0) - doubles
        marked += found
    return marked


@transaction.atomic
def cancel(job, user=None):
    """Ask the running import to stop: at once if it waits in the queue, else after its batch."""
    if not job.is_running:
        return False
    run = job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    job.log(gettext_noop("cancel requested"), user)
    if stop_run(run):
        end(job, run, ImportJob.State.CANCELLED, cancelled_sentence(run))
    return True


def stop_run(run):
    """Cancel a run that waits, True. One that is being worked, or that owes a file of failed rows, is
    asked to stop by its worker, False."""
    waiting = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.WAITING, rejected=0)
    if waiting.update(state=ImportRun.State.CANCELLED, finished_at=timezone.now(), token=None):
        run.refresh_from_db()
        return True
    ImportRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    return False


def reopen(run, queue):
    """Let a worker take up a run again where it stands."""
    ImportRun.objects.filter(pk=run.pk).update(
        state=ImportRun.State.WAITING,
        token=None,
        lease=None,
        attempts=0,
        cancel_requested=False,
        finished_at=None,
    )
    queue(run)


@transaction.atomic
def resume(job, user=None, queue=put_in_queue):
    """Continue a cancelled or stopped import after its last committed row."""
    lock(job)
    run = job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    options = {**job.options, "first_rows": None} if job.is_tried else job.options
    if not can_resume(job, run) or must_wait(job):
        return False
    if not job.move_to(
        ImportJob.State.IN_PROGRESS, reason="", finished_at=None, mail_due=None, options=options
    ):
        return False
    job.log(gettext_noop("continued"), user, after_row=run.cursor)
    reopen(run, queue)
    return True


def can_resume(job, run=None):
    run = run or job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    stopped = run and run.state in (ImportRun.State.CANCELLED, ImportRun.State.FAILED)
    is_stopped = stopped and job.state in (ImportJob.State.CANCELLED, ImportJob.State.FAILED)
    return bool(is_stopped and job.file and not job.undo_has_begun)


def lock(job):
    """Let nobody else start, continue or undo the import, or what it repairs, or another one of the same
    person, until the transaction ends."""
    list(get_user_model().objects.select_for_update(no_key=True).filter(pk=job.created_by_id))
    imports = ImportJob.objects.select_for_update(no_key=True).filter(
        pk__in={job.pk, job.repairs_id or job.pk}
    )
    list(imports.order_by("pk"))


@transaction.atomic
def start_leaving_out(job, user=None, queue=put_in_queue):
    """Import a file whose check found incorrect content after all, without those rows."""
    lock(job)
    if not can_leave_out(job) or must_wait(job):
        return False
    options = {**job.options, "leave_out": True}
    if not job.move_to(
        ImportJob.State.IN_PROGRESS, reason="", finished_at=None, mail_due=None, options=options
    ):
        return False
    job.log(gettext_noop("started again, leaving rows out"), user)
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
    for run in job.runs.filter(state__in=ImportRun.UNFINISHED):
        stop_run(run)


def may_import(user, job):
    """Whether `user` holds every right that this import takes."""
    return user.has_perms(rights(job))


def rights(job):
    """What an import takes, as "app.codename"."""
    options = job.get_options()
    fed = job.get_mapping().fed()
    look_ups = [column for column in job.importer.look_ups if column.key in fed]
    update = (options.update and job.importer.updates) or options.doubles == UPDATE
    return ["imports.add_importjob", *job.importer.permissions(update, options.generate, look_ups)]


# Ends.


def verdict(job, run):
    """How a finished run ends its import, as (state, reason); None when the import itself is next."""
    if run.rows_done == run.rejected:
        return ImportJob.State.FAILED, nothing_imported_sentence(run)
    if run.kind == ImportRun.Kind.IMPORT:
        return ImportJob.State.COMPLETED, ""
    if run.rejected_for_content and not job.get_options().leave_out:
        return ImportJob.State.FAILED, Said("incorrect_content", rows=run.rejected_for_content)
    return None


def is_at(job, run):
    """Whether a started import stands and falls with this run: nothing else was begun or changed since."""
    latest = job.latest_run(ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    return bool(job.is_running and latest and latest.pk == run.pk and run.digest == job.digest)


def locked_job(run):
    """The import of a run, locked before the run, as a start does; not against who only refers to it, such
    as the audit entry of somebody who cancels, which waits for the run."""
    return ImportJob.objects.select_for_update(no_key=True).get(pk=run.job_id)


def end(job, run, state, reason, failed_rows="", mail=True):
    """Move a running import to its end with the counts of its deciding run. `failed_rows` is the stored
    file of them, made before: making it takes longer than a transaction may."""
    is_import = run.kind == ImportRun.Kind.IMPORT
    counts = run.counts if is_import else dict.fromkeys(run.counts, 0) | {"rejected": run.rejected}
    outdated = job.failed_rows.name
    ended = job.move_to(
        state,
        reason=reason,
        finished_at=timezone.now(),
        not_reached=job.rows - sum(counts.values()),
        failed_rows=failed_rows,
        mail_due=Now() if mail and job.created_by_id else None,
        **counts,
    )
    if not ended:
        raise Lost
    job.log(TRIED_EVENT if job.is_tried else state, reason=str(reason), **counts)
    if outdated:
        transaction.on_commit(lambda: file_storage().delete(outdated), robust=True)
    if job.mail_due:
        transaction.on_commit(lambda: reports.send_mail(job.pk), robust=True)


def nothing_imported_sentence(run):
    kinds = {cause["kind"] for cause in run.problems}
    if kinds == {DONE}:
        return Said("all_done", rows=run.rows_done)
    if kinds == {CHOSEN}:
        return Said("all_left_out", rows=run.rows_done)
    return Said("none_left") if DONE in kinds else Said("nothing_imported", rows=run.rows_done)


def cancelled_sentence(run):
    if run.kind == ImportRun.Kind.CHECK:
        return Said("cancelled_check")
    if not run.rows_done:
        return Said("cancelled_at_once")
    return Said("cancelled", **reached(run), done=run.rows_done - run.rejected)


def stopped_sentence(run):
    if run.kind == ImportRun.Kind.CHECK:
        return Said("stopped_check", **reached(run))
    return Said("stopped", **reached(run), done=run.rows_done - run.rejected)


def reached(run):
    """The sheet and number of the last row that a run dealt with."""
    sheet, row = place_of(run.cursor, run.job.row_sheets)
    return {"sheet": sheet, "row": row}
