"""What a check and an import run do with the rows of their file; the worker says when."""

from itertools import islice

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from . import drafts
from .execution import add_run, is_at, locked_job, may_import, reopen, verdict
from .failpoints import reached
from .models import ImportJob, ImportRun, file_storage
from .parts import iter_rows
from .said import TRIED, Said
from .validation import REJECTED, UPDATED
from .writing import count_rows, write_ledger, write_records
from .written import Written


class FileRows:
    """The rows of a run's file: cleaned, decided and, by an import, written. To begin a batch takes no database."""

    looks_ahead = True

    def __init__(self, run):
        self.run, self.job = run, run.job
        self.is_import = run.kind == ImportRun.Kind.IMPORT

    def why_not(self):
        """Why it must not be worked, or None: who started it needs the rights still, the command line none."""
        if self.job.is_of_later_version:
            return Said("later_version")
        user = self.job.created_by
        is_allowed = self.job.from_command_line or (user and user.is_active and may_import(user, self.job))
        return None if is_allowed else Said("without_rights")

    def rows(self):
        """Yield the rows behind the run's cursor as (row number, cells)."""
        self.checker = self.prepare()
        start_after = max(self.run.cursor, self.job.get_options().header_row)
        rows = iter_rows(file_storage(), self.job.get_reading(), after=start_after)
        return islice(rows, self.first_rows - self.run.rows_done) if self.first_rows else rows

    @property
    def first_rows(self):
        """After how many rows it stops, None when it goes to the end; a check sees all rows."""
        return self.job.get_options().first_rows if self.is_import else None

    def prepare(self):
        run, job = self.run, self.job
        written = Written(run) if self.is_import else None
        checker = drafts.checker(job, writes=self.is_import, written=written)
        if run.cursor:
            rows = iter_rows(file_storage(), job.get_reading(), after=job.get_options().header_row)
            earlier = ((number, cells) for number, cells in rows if number <= run.cursor)
            updates = run.details.filter(outcome=UPDATED).values_list("row_number", "changes")
            checker.remember(
                earlier,
                () if self.is_import else updates,
                () if self.is_import else run.generated_names,
            )
        return checker

    def begin(self, batch):
        """The part of a batch that needs no transaction."""
        return self.checker.clean(batch)

    def write(self, rows, one_by_one):
        now = timezone.now()
        self.checker.doubles.batch.clear()
        if not self.is_import:
            self.checker.decide_rows(rows)
        elif one_by_one:
            rows[:] = [self.write_one(row, now) for row in rows]
        else:
            self.checker.generated.clear()
            self.checker.decide_rows(rows)
            write_records(self.run, self.checker.importer, rows, now)
        reached("mid_upsert")
        write_ledger(self.run, rows, now)

    def write_one(self, row, now):
        """Blame the right row: what the database refuses is that row's problem alone. Not the first time:
        it may be that somebody else was writing the same record."""
        for is_last in (False, True):
            self.checker.generated.clear()
            try:
                with transaction.atomic():
                    self.checker.decide_rows([row])
                    write_records(self.run, self.checker.importer, [row], now)
                return row
            except (IntegrityError, DataError):
                if not is_last:
                    row = self.checker.cleaner.clean(row.number, row.cells)
        row.refuse("refused_by_database")
        row.outcome, row.record_id = REJECTED, None
        row.generates.clear()
        return row

    def count(self, rows, seconds):
        count_rows(self.run, rows, seconds)

    def finish(self, worker):
        """All rows are dealt with: end the import, or go on from the check to it."""
        job = ImportJob.objects.get(pk=self.job.pk)
        if self.first_rows and self.run.rows_done < job.rows:
            self.stop(worker)
            return
        found = verdict(job, self.run)
        if found and is_at(job, self.run):
            worker.end(self.run, ImportRun.State.DONE, *found)
            return
        with transaction.atomic():
            job = locked_job(self.run)
            worker.close(self.run, ImportRun.State.DONE)
            if not is_at(job, self.run):
                return
            if verdict(job, self.run) is None:
                add_run(job, ImportRun.Kind.IMPORT, worker.queue)
            else:  # it was started while its check finished
                reopen(self.run, worker.queue)

    def stop(self, worker):
        """It was only tried: what was asked for is done, and it can go on."""
        run = self.run
        reason = Said(TRIED, rows=run.rows_done)
        worker.end(run, ImportRun.State.CANCELLED, ImportJob.State.CANCELLED, reason, mail=False)
