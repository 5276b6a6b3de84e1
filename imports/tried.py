"""The records of an import that was only tried with its first rows, for its page."""

from dataclasses import dataclass

from .models import ImportRow, ImportRun
from .record_links import RecordLinks


@dataclass(frozen=True)
class TriedRow:
    """What became of a row: `key` and `name` are its record's, `url` its page; "" without one."""

    number: int
    outcome: str
    key: str
    name: str
    url: str
    problems: list

    @property
    def words(self):
        return ImportRow.Outcome(self.outcome).label


def rows(request, job):
    """[TriedRow] of an import that was tried, else []."""
    is_there = job.is_tried and not job.undone_at
    run = job.latest_run(ImportRun.Kind.IMPORT) if is_there else None
    if run is None:
        return []
    links = RecordLinks(request, job.importer.model)
    ledger = list(run.ledger.order_by("row_number")[: job.get_options().first_rows])
    records = job.importer.model._base_manager.in_bulk([row.record_id for row in ledger if row.record_id])
    problems = {detail.row_number: detail.get_problems() for detail in run.details.filter(outcome="rejected")}
    key = job.importer.key
    return [
        TriedRow(
            row.row_number,
            row.outcome,
            getattr(records.get(row.record_id), key, ""),
            str(records.get(row.record_id, "")),
            links.url(row.record_id) if row.record_id in records else "",
            problems.get(row.row_number, []),
        )
        for row in ledger
    ]
