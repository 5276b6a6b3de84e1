"""What of an ended import is not kept for ever: its files and the details of its rows.

The ledger, the counts and the events stay. Safe to repeat and to be killed: the fields that name the
files are emptied last.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from .models import ImportJob, ImportRowDetail, ImportRun

IMPORTS_AT_ONCE = 20
DETAILS_AT_ONCE = 5000
DETAILS_PER_SWEEP = 100_000
REMOVED = gettext_noop("file and details removed")


def remove_what_is_over():
    """A part of what is to be removed; the next sweep goes on."""
    room = DETAILS_PER_SWEEP
    for pk in list(over().values_list("pk", flat=True)[:IMPORTS_AT_ONCE]):
        while room > 0 and (removed := remove_details(pk)):
            room -= removed
        if room <= 0:
            return
        remove_files(pk)


def over():
    """The imports that ended so long ago, and of which something is left that nobody works with."""
    ended_before = timezone.now() - timedelta(days=settings.IMPORT_RETENTION_DAYS)
    ended = ImportJob.objects.filter(state__in=ImportJob.ENDED, finished_at__lt=ended_before)
    working = ImportRun.objects.filter(state__in=ImportRun.UNFINISHED).values("job")
    return ended.exclude(file="", failed_rows="").exclude(pk__in=working).order_by("pk")


@transaction.atomic
def remove_details(pk):
    """Remove some; returns how many."""
    if not over().select_for_update(of=("self",)).filter(pk=pk).exists():
        return 0
    details = ImportRowDetail.objects.filter(run__job=pk).values_list("pk", flat=True)[:DETAILS_AT_ONCE]
    removed, _ = ImportRowDetail.objects.filter(pk__in=list(details)).delete()
    return removed


@transaction.atomic
def remove_files(pk):
    job = over().select_for_update(of=("self",)).filter(pk=pk).first()
    if job is None:
        return
    job.row_corrections.all().delete()
    job.delete_files()
    ImportJob.objects.filter(pk=pk).update(file="", failed_rows="")
    job.log(REMOVED)
