"""What became of one row of an import's file: its cells, what each import and undo did with it, its record."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from . import details, family
from .cells import shown_cell
from .finding_rows import row_at
from .models import ImportJob, ImportRow, ImportRowDetail, RowCorrection
from .outcomes import UNDONE, concerns, later, runs_about
from .values_in_words import in_words, names_of_references

WORDS = {
    "created": pgettext_lazy("one row", "Created"),
    "updated": pgettext_lazy("one row", "Updated"),
    "unchanged": gettext_lazy("Unchanged: the record was there already"),
    "rejected": pgettext_lazy("one row", "Rejected"),
    "deleted": gettext_lazy("Deleted again by the undo"),
    "restored": gettext_lazy("Put back to its old values by the undo"),
    "kept": gettext_lazy("Kept by the undo"),
}


@dataclass(frozen=True)
class Step:
    """What one run did with the row; `changes` are [(column's label, old, new)] in words."""

    outcome: str
    at: datetime
    job: ImportJob
    record_id: object = None
    problems: list = field(default_factory=list)
    changes: list = field(default_factory=list)

    @property
    def words(self):
        return WORDS[self.outcome]

    @property
    def is_undone(self):
        return self.outcome in UNDONE


@dataclass(frozen=True)
class FileCell:
    """`columns` are the labels of those that it feeds; `instead` is the text that was used for it."""

    header: str
    text: str
    columns: list
    is_bad: bool = False
    instead: str | None = None


@dataclass
class Explained:
    """`steps` are in the order of time; `cells` are None when they are no longer kept, [] when they are erased."""

    job: ImportJob
    number: int
    steps: list
    cells: list | None
    fixed: list

    @property
    def latest(self):
        """The step that says what became of the row in the end."""
        return reduce(later, self.steps, None)

    @property
    def record_id(self):
        return next((step.record_id for step in reversed(self.steps) if step.record_id), None)

    @property
    def is_rejected_only(self):
        return bool(self.steps) and all(step.outcome == ImportRow.Outcome.REJECTED for step in self.steps)

    @property
    def sentence(self):
        if self.latest:
            return self.latest.words
        if self.job.is_running:
            return _("Not reached yet")
        return _("Not reached: the import ended before it wrote this row")


def explain(job, number):
    """The Explained row with this number, or None when the import's file has no such row."""
    steps = steps_of(job, number)
    kept, cells = cells_of(job, number, steps)
    if cells is None and not steps:
        return None
    return Explained(job, number, steps, cells if kept else None, fixed_values(job))


# What was done with it


def steps_of(job, number):
    """[Step] of all imports of the family that have had the row, and of their undoing."""
    last = family.last_row(family.root_of(job))
    runs = {run.pk: run for run in runs_about(job) if concerns(job, run, number, last)}
    about = {"run__in": list(runs), "row_number": number}
    ledger = {row.run_id: row for row in ImportRow.objects.filter(**about)}
    told = {detail.run_id: detail for detail in ImportRowDetail.objects.filter(**about)}
    changes = changes_in_words(job.importer, told.values())
    return [
        step(runs[pk], ledger.get(pk), told.get(pk), changes.get(pk, ()))
        for pk in sorted(ledger.keys() | told.keys())
    ]


def step(run, row, detail, changes):
    return Step(
        outcome=row.outcome if row else detail.outcome,
        at=row.written_at if row else run.finished_at,
        job=run.job,
        record_id=row.record_id if row else None,
        problems=detail.get_problems() if detail else [],
        changes=list(changes),
    )


def changes_in_words(importer, told):
    """{run: [(column's label, old, new)]} of the details of runs."""
    changes = {d.run_id: {c: d.changes[c.key] for c in importer.columns if c.key in d.changes} for d in told}
    names = names_of_references(changes.items())
    return {
        run: [
            (column.label, *(in_words(column, names.get(value, value)) for value in pair))
            for column, pair in pairs.items()
        ]
        for run, pairs in changes.items()
    }


# What it says


def cells_of(job, number, steps):
    """(whether they are kept, [FileCell] or None when the file has no such row)"""
    try:
        cells = row_at(job, number)
    except FileNotFoundError:
        return False, None
    if cells is None:
        return bool(steps), None
    if not cells:
        return True, []
    return True, file_cells(job, number, cells, problem_columns(job, steps))


def problem_columns(job, steps):
    """The names of the columns that this import found a problem in."""
    return {problem.column for step in steps if step.job.pk == job.pk for problem in step.problems}


def file_cells(job, number, cells, bad):
    """[FileCell] beside their headers, and what a correction put into columns that no header feeds."""
    importer, mapping = job.importer, job.get_mapping()
    corrected = RowCorrection.objects.filter(job=job, row_number=number).first()
    corrected = corrected.cells if corrected else {}
    fed = {}
    for key, index in mapping.columns.items():
        fed.setdefault(index, []).append(importer.by_key[key])
    headers = details.headers_of(job)
    headers += [""] * (len(cells) - len(headers))
    found = [
        file_cell(
            header, cells[index] if index < len(cells) else None, fed.get(index, ()), corrected, mapping, bad
        )
        for index, header in enumerate(headers)
    ]
    others = [
        importer.by_key[key] for key in corrected if key not in mapping.columns and key in importer.by_key
    ]
    return found + [FileCell("", "", [c.label], c.name in bad, corrected[c.key] or "") for c in others]


def file_cell(header, cell, columns, corrected, mapping, bad):
    text = "" if cell is None else str(shown_cell(cell))
    instead = None
    for column in columns:
        others = mapping.values.get(column.key, {})
        if column.key in corrected:
            instead = corrected[column.key] or ""
        elif text.strip() in others:
            instead = others[text.strip()] or ""
    is_bad = any(column.name in bad for column in columns)
    return FileCell(header, text, [column.label for column in columns], is_bad, instead)


def fixed_values(job):
    """[(column's label, text)] of the values that all rows share."""
    columns = job.importer.by_key
    return [(columns[key].label, text) for key, text in job.get_mapping().fixed.items() if key in columns]
