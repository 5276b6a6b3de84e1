"""What an import run has written so far, as far as it says which records were there before the run."""

from itertools import islice

from .models import ImportRow

CREATED, UPDATED = ImportRow.Outcome.CREATED, ImportRow.Outcome.UPDATED
READ_AT_ONCE = 2000


class Written:
    """The ledger of a run, asked from within the run: its committed batches."""

    def __init__(self, run):
        self.run, self.resumed_after = run, run.cursor

    def effects(self, pks):
        """{identifier: changes, or None when created} of those records that the run has written."""
        rows = self.run.ledger.filter(record_id__in=pks, outcome__in=[CREATED, UPDATED])
        numbers = dict(rows.values_list("row_number", "record_id")) if pks else {}
        details = self.run.details.filter(row_number__in=numbers, outcome=UPDATED)
        changes = dict(details.values_list("row_number", "changes")) if numbers else {}
        return {pk: changes.get(number) for number, pk in numbers.items()}

    def updates(self, keys):
        """Yield (identifier, changes) of the records in which earlier slices have changed one of these columns."""
        if not self.resumed_after:
            return
        updated = self.run.details.filter(outcome=UPDATED, row_number__lte=self.resumed_after)
        found = updated.filter(changes__has_any_keys=list(keys)).values_list("row_number", "changes")
        found = found.iterator(READ_AT_ONCE)
        while changes := dict(islice(found, READ_AT_ONCE)):
            rows = self.run.ledger.filter(row_number__in=changes)
            for number, pk in rows.values_list("row_number", "record_id"):
                yield pk, changes[number]
