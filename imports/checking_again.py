"""A check that decides some rows once more, because their cells were corrected: those alone, not the file.

What comes out is what a check of the whole file would find; execution.check_again sees to it that no
other row hangs on these.
"""

from . import drafts
from .importing import FileRows
from .models import ImportRow, ImportRun, file_storage
from .parts import iter_rows
from .problems import CONTENT, Problem
from .writing import count_problems

FETCHED_ROWS = 2000


class CorrectedRows(FileRows):
    """The stale rows of a check run. Each batch replaces their details by new ones."""

    def rows(self):
        self.checker = self.prepare()
        stale = self.run.details.filter(stale=True).order_by("row_number")
        return iter(list(stale.values_list("row_number", "cells")))

    def prepare(self):
        """A checker that has met every row of the file: the first to hold a key may be any of them."""
        checker = drafts.checker(self.job)
        after = self.job.get_options().header_row
        checker.remember(iter_rows(file_storage(), self.job.get_reading(), after=after))
        return checker

    def write(self, rows, one_by_one):
        numbers = [row.number for row in rows]
        self.run.details.filter(stale=True, row_number__in=numbers).delete()
        self.run.doubles.filter(row_number__in=numbers).delete()
        super().write(rows, one_by_one)

    def finish(self, worker):
        self.count_causes()
        super().finish(worker)

    def count_causes(self):
        """Count the causes anew, so that their examples and values are of rows that still have them."""
        run, causes, content = self.run, {}, 0
        rejected = run.details.filter(outcome=ImportRow.Outcome.REJECTED).order_by("row_number")
        for number, stored in rejected.values_list("row_number", "problems").iterator(FETCHED_ROWS):
            problems = [Problem.from_json(problem) for problem in stored]
            count_problems(causes, number, problems)
            content += any(problem.kind == CONTENT for problem in problems)
        run.summary["problems"] = causes
        run.summary["doubles"] = run.doubles.count()
        run.cursor, run.rejected_for_content = run.summary.pop("again")["cursor"], content
        ImportRun.objects.filter(pk=run.pk, token=run.token).update(
            summary=run.summary, cursor=run.cursor, rejected_for_content=content
        )
