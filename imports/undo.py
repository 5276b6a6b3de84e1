"""What people ask of an undo: whether an import can be undone, what it would do, and to do it."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .execution import add_run, put_in_queue, reopen
from .models import GeneratedLookup, ImportJob, ImportRow, ImportRun

STAYS_FRESH = timedelta(minutes=10)


def imports_undone_with(job):
    """The import and, as its rows are theirs, the started imports that repair it, oldest first."""
    if job.repairs_id:
        return [job]
    return list(job.family.exclude(state=ImportJob.State.DRAFT))


def is_over(job):
    """Whether the time to undo the import is over."""
    return job.kept_until <= timezone.now()


def last_undo(job):
    """The latest undo run of the import, or of the import that it repairs, or None."""
    runs = ImportRun.objects.filter(kind=ImportRun.Kind.UNDO, job__in=[job.pk, job.repairs_id or job.pk])
    return runs.order_by("-id").first()


def ledger(job):
    """The rows whose records undoing the import is about, those of its repairs among them."""
    runs = ImportRun.objects.filter(job__in=imports_undone_with(job), kind=ImportRun.Kind.IMPORT)
    # A list, because databases plan better with numbers than with a query in it.
    written = (ImportRow.Outcome.CREATED, ImportRow.Outcome.UPDATED)
    return ImportRow.objects.filter(run__in=list(runs.values_list("pk", flat=True)), outcome__in=written)


def left_to_undo(job, but=None):
    """Those that no undo of the family, `but` for that run, has undone. A row that was undone in a repair
    may have come again in a later one."""
    undos = ImportRun.objects.filter(job__in=job.family, kind=ImportRun.Kind.UNDO)
    earlier = list(undos.exclude(pk=but and but.pk).values_list("pk", flat=True))
    undone = ImportRow.objects.filter(
        run__in=earlier,
        run__gt=OuterRef("run"),
        row_number=OuterRef("row_number"),
        outcome__in=(ImportRow.Outcome.DELETED, ImportRow.Outcome.RESTORED),
    )
    return ledger(job).exclude(Exists(undone)) if earlier else ledger(job)


def has_written(jobs):
    return any(job.created or job.updated for job in jobs)


def obstacle(job):
    """Why the import cannot be undone, as a sentence; "" when it can."""
    if job.state not in ImportJob.ENDED:
        return _("The import has not ended yet.")
    jobs = imports_undone_with(job)
    if not has_written(jobs):
        return _("The import has changed no record.")
    if running := [other for other in jobs if other.is_running]:
        return _("Import {number}, which repairs it, is running.").format(number=running[0].pk)
    if is_over(job):
        return _("It could be undone until {date}; what its records were before is no longer kept.").format(
            date=date_format(job.kept_until, "j E Y")
        )
    return obstacle_of_earlier(job)


def obstacle_of_earlier(job):
    """What an undo that was begun before has to say against another."""
    run = last_undo(job)
    if run is None:
        return ""
    if not run.is_over:
        return _("The import is being undone.")
    if run.state != ImportRun.State.DONE:
        return _("The undo stopped before its end.")
    return "" if run.summary.get("kept") else _("The import is undone.")


def is_possible(job):
    return not obstacle(job)


def rights(job):
    """What undoing takes, as "app.codename"."""
    jobs = imports_undone_with(job)
    generated = GeneratedLookup.objects.filter(run__job__in=jobs)
    labels = sorted(set(generated.values_list("model", flat=True)))
    created, updated = any(j.created for j in jobs), any(j.updated for j in jobs)
    return ["imports.add_importjob", *job.importer.undo_permissions(created, updated, labels)]


def may_undo(user, job):
    return user.has_perms(rights(job))


@transaction.atomic
def check(job, queue=put_in_queue, again=False):
    """The run that finds out what undoing would do; one is begun when there is no fresh one, or to look
    `again`."""
    ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    run = job.latest_run(ImportRun.Kind.UNDO_CHECK)
    if run and (not run.is_over or (is_fresh(run) and not again and not anything_since(run))):
        return run
    return add_run(job, ImportRun.Kind.UNDO_CHECK, queue, rows=left_to_undo(job).count())


def is_fresh(run):
    return run.finished_at is None or run.finished_at > timezone.now() - STAYS_FRESH


def anything_since(run):
    """Whether an import or an undo wrote, or may have written, behind the check's back."""
    writing = ImportRun.objects.filter(kind__in=[ImportRun.Kind.IMPORT, ImportRun.Kind.UNDO])
    return writing.filter(Q(state__in=ImportRun.UNFINISHED) | Q(finished_at__gt=run.created_at)).exists()


@transaction.atomic
def start(job, user, check_pk, queue=put_in_queue):
    """Undo the import as this check foretold, once; False when something came between."""
    family = ImportJob.objects.select_for_update(no_key=True).filter(pk__in=job.family.values("pk"))
    list(family.order_by("pk"))
    job.refresh_from_db()
    foretold = job.latest_run(ImportRun.Kind.UNDO_CHECK)
    is_last = foretold and foretold.pk == check_pk and foretold.state == ImportRun.State.DONE
    if not is_last or not is_fresh(foretold) or obstacle(job):
        return False
    if not may_undo(user, job):
        return False
    add_run(job, ImportRun.Kind.UNDO, queue, by=user.pk, rows=foretold.rows_done)
    job.log(gettext_noop("undo started"), user, foretold=counts(foretold))
    return True


def can_go_on(job):
    """Whether an undo of this import stopped before its end."""
    run = job.latest_run(ImportRun.Kind.UNDO)
    return bool(run and run.is_over and run.state != ImportRun.State.DONE and not is_over(job))


@transaction.atomic
def go_on(job, user, queue=put_in_queue):
    """Continue a stopped undo after its last committed row."""
    ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    if not can_go_on(job) or not may_undo(user, job):
        return False
    run = job.latest_run(ImportRun.Kind.UNDO)
    run.summary["by"] = user.pk
    run.save(update_fields=["summary"])
    job.log(gettext_noop("undo continued"), user, after_row=run.cursor)
    reopen(run, queue)
    return True


def counts(run):
    """{"deleted", "restored", "kept", "gone"}"""
    return {name: run.summary.get(name, 0) for name in ("deleted", "restored", "kept", "gone")}
