"""What the preview shows: the first records as they would be stored, and what the check has found."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import drafts
from .cells import shown_cell
from .details import names_of_references, stored_values
from .fields import Choice, Reference
from .problems import CONTENT, DONE, FORMAT
from .validation import CREATED, UPDATED, Found

RECORDS = 20
GENERATED = gettext_lazy("(generated)")
OUTCOMES = {
    "created": gettext_lazy("create"),
    "updated": gettext_lazy("update"),
    "unchanged": gettext_lazy("unchanged"),
    "rejected": gettext_lazy("left out"),
}


@dataclass(frozen=True)
class Cell:
    """`old` is what an update would replace; `is_new` marks a name that would be generated; `is_bad`
    a cell that its column refuses, shown as it stands in the file."""

    text: str = ""
    old: str = ""
    is_new: bool = False
    is_bad: bool = False
    is_generated: bool = False


@dataclass(frozen=True)
class Record:
    number: int
    cells: list
    outcome: str
    problems: list

    @property
    def outcome_words(self):
        return OUTCOMES[self.outcome]


def records(job):
    """([column], [Record]) of the first data rows."""
    importer, mapping = job.importer, job.get_mapping()
    fed = mapping.fed()
    columns = [c for c in importer.columns if c.key in fed or (c.key == importer.key and importer.new_key())]
    rows = drafts.checker(job).check(drafts.first_data_rows(job, RECORDS))
    names = names_of_references(
        [(row.number, {importer.by_key[key]: pair for key, pair in row.changes.items()}) for row in rows]
    )
    return columns, [
        Record(
            row.number,
            [to_cell(column, row, mapping, names, importer.key) for column in columns],
            row.outcome,
            row.problems,
        )
        for row in rows
    ]


def to_cell(column, row, mapping, names, key):
    value = row.values.get(column.key)
    if any(problem.column == column.name for problem in row.problems):
        return Cell(in_file(column, row, mapping), is_bad=True)
    if value is None and column.key == key and row.outcome == CREATED:
        return Cell(GENERATED, is_generated=True)
    if row.outcome == UPDATED and column.key in row.changes:
        old = row.changes[column.key][0]
        return Cell(
            in_words(column, value) or _("blank"),
            in_words(column, names.get(str(old), old)) or _("blank"),
            is_new(value),
        )
    return Cell(in_words(column, value), is_new=is_new(value))


def is_new(value):
    return isinstance(value, Found) and value.is_new


def in_file(column, row, mapping):
    """What the row's cell for a column says, or its fixed value."""
    index = mapping.columns.get(column.key)
    if index is None:
        return mapping.fixed.get(column.key, "")
    cell = row.cells[index] if index < len(row.cells) else None
    return "" if cell is None else str(shown_cell(cell))


def in_words(column, value):
    """A stored value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Found):
        return value.name
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime.date):
        return date_format(value, "j M Y")
    if isinstance(value, Decimal):
        return number_format(value, force_grouping=True)
    if isinstance(column.field, Choice) and not isinstance(column.field, Reference):
        return str(dict(column.field.choices.choices).get(value, value))
    return str(value)


def findings(job, run):
    """What a check run, over or not, has to say to the page."""
    rows = drafts.data_rows(job)
    causes = run.problems
    return {
        "run": run,
        "rows": rows,
        "is_over": run.is_over,
        "has_failed": run.is_over and run.state != run.State.DONE,
        "percent": min(100 * run.rows_done // rows, 100) if rows else 100,
        "quarter": (100 * run.rows_done // rows // 25 * 25) if rows else 100,
        "counts": [
            (name, words, getattr(run, name))
            for name, words in (
                ("created", _("would be created")),
                ("updated", _("would be updated")),
                ("unchanged", _("unchanged")),
                ("rejected", _("would be left out")),
            )
        ],
        "blocking": [cause for cause in causes if cause["kind"] == CONTENT],
        "left_out": [cause for cause in causes if cause["kind"] == FORMAT],
        "done": [cause for cause in causes if cause["kind"] == DONE],
        "all_done": bool(run.rows_done) and run.rows_done == run.done_already,
        "rejected_for_format": run.rejected - run.rejected_for_content - run.done_already,
        "generated": run.generated_names,
        "more_generated": run.summary.get("more_look_ups", 0),
        "changed": changed(job, run),
        "stored": stored_values(job),
        "importable": run.rows_done - run.rejected,
    }


def changed(job, run):
    columns = job.importer.by_key
    counts = run.summary.get("changed", {}).items()
    return sorted(
        ((columns[key].label, count) for key, count in counts if key in columns), key=lambda pair: -pair[1]
    )
