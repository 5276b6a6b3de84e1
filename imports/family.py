"""An import and those that repair it: which of its rows failed, which are done, which are left.

A row is done when some import of the family has created or updated its record, or found it there as
it should be, and no undo has taken that back. A row that is done is refused everywhere else.
"""

from heapq import merge
from itertools import groupby

from django.db.models import Exists, OuterRef
from django.utils import timezone

from .models import ImportJob, ImportRow, ImportRowDetail, ImportRun
from .problems import Problem
from .rows import place_of
from .validation import CREATED, REJECTED, UNCHANGED, UPDATED

DONE_ALREADY, NOT_A_FAILED_ROW = "done_already", "not_a_failed_row"
FETCHED_ROWS = 1000


def root_of(job):
    """The import whose file the rows of `job` come from."""
    return job.repairs or job


def last_row(root):
    """The number of the last row of the import's file; what has a higher one is no row of it."""
    parts = root.reading.get("parts")
    return parts[-1]["last"] if parts else 0


def may_have_relatives(job):
    """Whether another import can have rows of this one: only what has failed rows is repaired."""
    return bool(job.repairs_id or job.rejected)


def deciding_runs(root):
    """[the run that says what became of the rows] of each started import of the family, oldest first."""
    started = root.family.exclude(state=ImportJob.State.DRAFT)
    kinds = (ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT)
    runs = ImportRun.objects.filter(job__in=started, kind__in=kinds).select_related("job")
    # An import run decides, else the latest check: "import" comes behind "check".
    return list({run.job_id: run for run in runs.order_by("job_id", "kind", "id")}.values())


def failed_rows(root):
    """What tells of the rows of the file that some import of the family has rejected."""
    rejected = ImportRowDetail.objects.filter(run__in=deciding_runs(root), outcome=REJECTED)
    rejected = rejected.exclude(cells=[])  # of what is erased nothing can be corrected
    return rejected.filter(row_number__lte=last_row(root))


def waiting_count(root):
    """How many rows of the import's file are neither done nor known to have failed."""
    failed = failed_rows(root).values("row_number")
    done = done_rows(root).exclude(row_number__in=failed).values("row_number").distinct().count()
    return max(root.rows - failed.distinct().count() - done, 0)


def left_count(root):
    """How many failed rows of the family are not done."""
    runs = deciding_runs(root)
    if len(runs) == 1 and not root.erased:
        return runs[0].rejected
    done = done_rows(root).values("row_number")
    return failed_rows(root).exclude(row_number__in=done).values("row_number").distinct().count()


def known_numbers(root, numbers):
    """Those of the numbers that a failed row has, or one that is done."""
    known = numbers & set(failed_rows(root).values_list("row_number", flat=True))
    others = numbers - known
    return known | (others & set(done_rows(root).values_list("row_number", flat=True)) if others else set())


def done_rows(root, but=None, **which):
    """The ledger's rows that say that a row of the family is done, those of the import `but` left aside."""
    # Lists, because databases plan better with numbers than with a query in it.
    written, undone = runs_of_kind(root, ImportRun.Kind.IMPORT), runs_of_kind(root, ImportRun.Kind.UNDO)
    runs = [pk for pk, job in written.items() if not but or job != but.pk]
    which = which or {"row_number__lte": last_row(root)}
    rows = ImportRow.objects.filter(run__in=runs, outcome__in=[CREATED, UPDATED, UNCHANGED], **which)
    taken_back = ImportRow.objects.filter(
        run__in=list(undone),
        run__gt=OuterRef("run"),
        row_number=OuterRef("row_number"),
        outcome__in=[ImportRow.Outcome.DELETED, ImportRow.Outcome.RESTORED],
    )
    return rows.exclude(Exists(taken_back)) if undone else rows


def runs_of_kind(root, kind):
    """{run: its import} of one kind in the family."""
    return dict(ImportRun.objects.filter(job__in=root.family, kind=kind).values_list("pk", "job_id"))


class Relatives:
    """What the other imports of a family have done, asked for the rows of one of them. With `lock`, which
    takes a transaction, one import of the family at a time."""

    def __init__(self, job, lock=False):
        self.job, self.lock, self.root = job, lock, root_of(job)
        self.last, self.sheets = last_row(self.root), job.row_sheets

    def refused(self, numbers):
        """{row number: Problem} of what is refused unread: rows that are done, and those that never failed."""
        if self.lock:
            ImportJob.objects.select_for_update(no_key=True).get(pk=self.root.pk)
        done = self.done(row_number__in=[number for number in numbers if number <= self.last])
        importer = runs_of_kind(self.root, ImportRun.Kind.IMPORT)
        is_repair = self.job.repairs_id is not None
        strays = {number: Problem(NOT_A_FAILED_ROW) for number in numbers if is_repair and number > self.last}
        found = done.values_list("row_number", "run_id", "written_at")
        return strays | {n: done_already(n, self.sheets, importer[run], at) for n, run, at in found}

    def rows_about(self, records):
        """{identifier of a record: number of the row that is done and about it}."""
        return dict(self.done(record_id__in=records).values_list("record_id", "row_number"))

    def done(self, **which):
        return done_rows(self.root, but=self.job, **which)


def relatives(job, lock=False):
    """The Relatives of an import, None of one that stands alone."""
    return Relatives(job, lock) if may_have_relatives(job) else None


def done_already(number, sheets, pk, written_at):
    sheet, _ = place_of(number, sheets)
    day = timezone.localtime(written_at).date().isoformat()
    return Problem(DONE_ALREADY, details={"row": number, "sheet": sheet, "date": day, "number": pk})


def rows_left(root):
    """Yield (row number, cells, [Problem]) of the failed rows that no import of the family has done,
    with the cells and problems of the latest that tried."""
    runs = deciding_runs(root)
    done = set(done_rows(root).values_list("row_number", flat=True)) if len(runs) > 1 else set()
    fitting = [run for run in runs if run.job_id == root.pk or is_aligned(run.job)]
    tries = merge(*(own_failed_rows(run, last_row(root)) for run in fitting), key=number_of)
    for number, same in groupby(tries, key=number_of):
        if number not in done:
            *_, latest = same
            yield latest


def own_failed_rows(run, last):
    """The rows that a run rejected for what they hold, up to the row `last`."""
    for row in rejected_rows(run, row_number__lte=last):
        if row[1] and not any(problem.code == DONE_ALREADY for problem in row[2]):
            yield row


def rejected_rows(run, **which):
    """Yield (row number, cells, [Problem]) of what a run rejected."""
    details = run.details.filter(outcome=REJECTED, **which).order_by("row_number")
    for number, cells, stored in details.values_list("row_number", "cells", "problems").iterator(
        FETCHED_ROWS
    ):
        yield number, cells, [Problem.from_json(problem) for problem in stored]


def number_of(row):
    return row[0]


def is_aligned(job):
    """Whether the cells of a repair stand where those of the repaired import's file do."""
    return job.get_reading().aligned
