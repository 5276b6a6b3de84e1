"""A check that decides some rows once more, because their cells were corrected: those alone, not the file.

What comes out is what a check of the whole file would find; execution.check_again sees to it that no
other row hangs on these.
"""

from . import drafts
from .importing import FileRows
from .models import ImportRun, file_storage
from .parts import iter_rows
from .writing import count_problems_anew


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
        """Count the causes anew: some of the rows may have others now."""
        run = self.run
        content = count_problems_anew(run)
        run.summary["doubles"] = run.doubles.count()
        run.cursor, run.rejected_for_content = run.summary.pop("again")["cursor"], content
        ImportRun.objects.filter(pk=run.pk, token=run.token).update(
            summary=run.summary, cursor=run.cursor, rejected_for_content=content
        )
