"""The preview's rows: pages through all of them as they would be stored, by outcome or at a row's number."""

from dataclasses import dataclass, field

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from . import drafts
from .cells import shown_cell
from .finding_rows import place_of_row, rows_at, rows_of_outcome
from .validation import CREATED, REJECTED, UNCHANGED, UPDATED, Found
from .values_in_words import in_words, names_of_references

ROWS_PER_PAGE = 20
# What a filter is called, and a row's outcome.
FILTERS = {
    "": gettext_lazy("All rows"),
    CREATED: gettext_lazy("Would be created"),
    UPDATED: gettext_lazy("Would be updated"),
    UNCHANGED: gettext_lazy("Unchanged"),
    REJECTED: gettext_lazy("Would be left out"),
}
OUTCOMES = {
    CREATED: gettext_lazy("create"),
    UPDATED: gettext_lazy("update"),
    UNCHANGED: pgettext_lazy("one row", "unchanged"),
    REJECTED: gettext_lazy("left out"),
    "": gettext_lazy("not checked yet"),
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


@dataclass
class Records:
    """One page of them. `filters` are [(outcome, words, count, is chosen)]; `sought` is the number of the row
    that was asked for, `not_found` why it is not shown."""

    columns: list
    records: list
    page: object
    outcome: str = ""
    filters: list = field(default_factory=list)
    sought: int | None = None
    not_found: str = ""


def records(job, run, asked):
    """The Records that `asked` (GET parameters outcome, page, row) wants; `run` is the check, or None."""
    total = drafts.data_rows(job)
    outcome = asked.get("outcome", "") if run and asked.get("outcome") in OUTCOMES else ""
    number, place, not_found = seek(job, asked.get("row", ""))
    outcome = "" if place is not None else outcome
    page = Paginator(range(getattr(run, outcome) if outcome else total), ROWS_PER_PAGE).get_page(
        place // ROWS_PER_PAGE + 1 if place is not None else asked.get("page")
    )
    start = max(page.start_index() - 1, 0)
    rows = (
        rows_of_outcome(job, run, outcome, start, ROWS_PER_PAGE)
        if outcome
        else rows_at(job, start, ROWS_PER_PAGE)
    )
    columns = columns_of(job)
    shown = to_records(job, columns, decided(job, run, rows, knows_earlier=not (outcome or start)))
    return Records(columns, shown, page, outcome, filters(run, outcome, total), number, not_found)


def seek(job, asked):
    """(row number, its place, sentence) of the row that somebody wants to see; the sentence says why not."""
    asked = asked.strip()
    if not asked:
        return None, None, ""
    number = job.get_reading().row_number(asked)
    place = None if number is None else place_of_row(job, number)
    if place is not None:
        return number, place, ""
    return None, None, _("The file has no data row “%(row)s”.") % {"row": asked[:40]}


def filters(run, chosen, total):
    counts = run.counts if run else {}
    return [
        (outcome, words, counts[outcome] if outcome else total, outcome == chosen)
        for outcome, words in FILTERS.items()
        if not outcome or run
    ]


def columns_of(job):
    """The columns that get values, and the key that would be generated."""
    importer, fed = job.importer, job.get_mapping().fed()
    return [c for c in importer.columns if c.key in fed or (c.key == importer.key and importer.new_key())]


def decided(job, run, rows, knows_earlier):
    """[Row] with the outcomes that the check gave them: what is in its details is as it says there, other rows
    as far as it has come are created or unchanged. Behind it a row has an outcome only if it depends on no
    earlier one."""
    rows = drafts.checker(job).check(rows)
    details = run.details.filter(row_number__in=[row.number for row in rows]) if run else ()
    told = {detail.row_number: detail for detail in details}
    for row in rows:
        if detail := told.get(row.number):
            take_over(row, detail)
        elif run and row.number <= run.cursor:
            row.outcome = UNCHANGED if row.stored is not None else CREATED
            row.problems, row.changes = [], {}
        elif not knows_earlier:
            row.outcome, row.problems, row.changes = "", [], {}
    return rows


def take_over(row, detail):
    row.outcome = "" if detail.stale else detail.outcome
    row.problems = [] if detail.stale else detail.get_problems()
    row.changes = {} if detail.stale else detail.changes


def to_records(job, columns, rows):
    importer, mapping, corrections = job.importer, job.get_mapping(), job.corrections()
    names = names_of_references([(row.number, changes_by_column(importer, row)) for row in rows])
    return [
        Record(
            row.number,
            [
                to_cell(column, row, in_file(column, row, mapping, corrections), names, importer.key)
                for column in columns
            ],
            row.outcome,
            row.problems,
        )
        for row in rows
    ]


def changes_by_column(importer, row):
    return {importer.by_key[key]: pair for key, pair in row.changes.items() if key in importer.by_key}


def to_cell(column, row, text_in_file, names, key):
    value = row.values.get(column.key)
    if any(problem.column == column.name for problem in row.problems):
        return Cell(text_in_file, is_bad=True)
    if value is None and column.key == key and row.outcome == CREATED:
        return Cell(_("(generated)"), is_generated=True)
    if value is None and column.key == key and row.stored is not None:
        return Cell(row.stored[key])  # of the record that a row without a key updates
    is_new = isinstance(value, Found) and value.is_new
    if row.outcome == UPDATED and column.key in row.changes:
        old = row.changes[column.key][0]
        old = names.get(str(old), old)
        return Cell(in_words(column, value) or _("blank"), in_words(column, old) or _("blank"), is_new)
    return Cell(in_words(column, value), is_new=is_new)


def in_file(column, row, mapping, corrections):
    """What the row's cell for a column says, as it was corrected, or its fixed value."""
    corrected = corrections.get(row.number, {})
    if column.key in corrected:
        return corrected[column.key] or ""
    index = mapping.columns.get(column.key)
    if index is None:
        return mapping.fixed.get(column.key, "")
    cell = row.cells[index] if index < len(row.cells) else None
    return "" if cell is None else str(shown_cell(cell))
