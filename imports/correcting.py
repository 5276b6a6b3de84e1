"""Correcting a draft in place: by cause for all rows at once, or cell by cell; and taking it back.

Each action changes mapping, options or corrected cells in one transaction and says which rows are
concerned; a check that stands decides those once more, else the next one decides all.
"""

from collections import Counter

from django.db import transaction

from . import execution
from .causes import OF_A_REFERENCE, WOULD_BE_NEW, rejected
from .cells import BadCell, quoted
from .cleaning import Row, sameness
from .drafts import checker
from .fields import LookUp, Reference
from .models import ImportJob, ImportRun, NoLongerDraft, RowCorrection
from .problems import Problem

AT_ONCE = 1000
EVERY_ROW = None


class CheckChanged(Exception):
    """What is to be corrected is not what the check has found: somebody changed the draft meanwhile."""


def finished_check(job):
    """The check run that has found what the preview shows, or None while there is none."""
    run = job.latest_run(ImportRun.Kind.CHECK)
    return run if run and run.state == ImportRun.State.DONE and run.digest == job.digest else None


@transaction.atomic
def correct(job, action, queue=execution.put_in_queue):
    """Do `action(draft, its check)`, which returns the numbers of the rows concerned or EVERY_ROW; the
    run that decides them again, None when a new check will decide all."""
    draft = (
        ImportJob.objects.select_for_update(no_key=True)
        .filter(pk=job.pk, state=ImportJob.State.DRAFT)
        .first()
    )
    if draft is None:
        raise NoLongerDraft
    run = finished_check(draft)
    if run is None:
        raise CheckChanged
    rows = action(draft, run)
    draft.corrected += 1
    draft.save_draft("mapping", "options", "corrected")
    return None if rows is EVERY_ROW else execution.check_again(draft, run, rows, queue)


# Actions


def use_values(cause, chosen):
    """Use other texts for those of a cause, {text: text to use, None to leave the cell out}."""

    def action(job, run):
        column = cause.column
        if not cause.is_of_the_cell:
            return set_cells(job, {row: {column.key: chosen[text]} for row, text in cause.rows(run, chosen)})
        if column.key in job.mapping["fixed"]:
            job.mapping["fixed"][column.key] = next(iter(chosen.values()))
            return EVERY_ROW
        rows = map_values(job, run, column, chosen)
        is_exact = cause.code not in OF_A_REFERENCE or job.get_options().update or not run.unchanged
        return rows if is_exact and cause.code != WOULD_BE_NEW else EVERY_ROW

    return action


def map_values(job, run, column, chosen):
    """Let the mapping use other texts for those of a column; return the rejected rows that say them."""
    same = sameness(column)
    other = {same(text): used for text, used in chosen.items()}
    values = job.mapping.setdefault("values", {}).setdefault(column.key, {})
    # What was used for another text, and proved wrong itself, is replaced where it was used.
    values |= {text: other[same(used)] for text, used in values.items() if used and same(used) in other}
    values |= chosen
    corrected = corrected_to(job, column, other, same)
    texts, index = {same(text) for text in values}, job.mapping["columns"][column.key]
    concerned = {
        number
        for number, cells in rejected(run).values_list("row_number", "cells").iterator()
        if index < len(cells) and same(quoted(cells[index])) in texts
    }
    return concerned | set_cells(job, corrected)


def corrected_to(job, column, other, same):
    """The rows whose cell was corrected to one of the texts that are to be replaced, corrected anew."""
    corrected = job.row_corrections.filter(cells__has_key=column.key).values_list("row_number", "cells")
    return {
        number: {column.key: other[same(text)]}
        for number, cells in corrected
        if (text := cells[column.key]) and same(text) in other
    }


def leave_out(cause):
    """Ignore the bad cells of a cause, and import the rest of their rows."""

    def action(job, run):
        fed = job.get_mapping().fed()
        blank = {column.key: None for column in cause.left_out if column.key in fed}
        return set_cells(job, {number: blank for number, _ in cause.rows(run)})

    return action


def apply_remedy(cause, answers, named=None, instead=None):
    """Give the rows of a cause what its remedy asks for; {value of the problem: text}, or {None: text}
    for all of them. `instead` are values that are known names misspelt, {text: name}, of the column `named`."""

    def action(job, run):
        values = None if None in answers else answers
        key = cause.remedy.column
        rows = set_cells(
            job,
            {row: {key: answers.get(value, answers.get(None))} for row, value in cause.rows(run, values)},
        )
        if instead:
            map_values(job, run, named, instead)
        return EVERY_ROW if instead else rows

    return action


def set_option(name, value):
    """Read all dates or numbers of the file otherwise."""

    def action(job, run):
        job.options[name] = value
        return EVERY_ROW

    return action


def correct_rows(cells):
    """Put texts in the place of single cells, {row number: {column key: text or None}}."""

    def action(job, run):
        rows = set_cells(job, cells)
        by_key = job.importer.by_key
        is_of_keys = any(by_key[key].unique for corrected in cells.values() for key in corrected)
        return EVERY_ROW if is_of_keys else rows

    return action


def set_cells(job, cells):
    """Keep corrected cells beside those that were corrected before; return the rows."""
    numbers = sorted(cells)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        before = dict(
            job.row_corrections.filter(row_number__in=some).values_list("row_number", "cells"),
        )
        RowCorrection.objects.bulk_create(
            [RowCorrection(job=job, row_number=n, cells=before.get(n, {}) | cells[n]) for n in some],
            update_conflicts=True,
            unique_fields=["job", "row_number"],
            update_fields=["cells"],
        )
    return set(numbers)


# Taking back


def corrected_so_far(job):
    """({(column, text): text used}, {column: Counter of rows "left out" and "changed"})."""
    by_key = job.importer.by_key
    values = {
        (by_key[key], text): used
        for key, others in job.get_mapping().values.items()
        for text, used in others.items()
    }
    rows = {}
    for cells in job.row_corrections.values_list("cells", flat=True).iterator():
        for key, text in cells.items():
            rows.setdefault(by_key[key], Counter())["changed" if text else "left_out"] += 1
    return values, rows


def take_back_value(key, text):
    """Let a text of the file mean itself again."""

    def action(job, run):
        job.mapping["values"].get(key, {}).pop(text, None)
        return EVERY_ROW

    return action


def take_back_cells(key):
    """Let the file's cells of a column count again in all rows."""

    def action(job, run):
        corrections = list(job.row_corrections.filter(cells__has_key=key))
        for correction in corrections:
            del correction.cells[key]
        RowCorrection.objects.bulk_update(corrections, ["cells"], AT_ONCE)
        job.row_corrections.filter(cells={}).delete()
        return EVERY_ROW

    return action


# What a person typed


def refusal(job, column, text):
    """Why a column of this import does not take a text, as a sentence; "" when it does."""
    row = Row(0, [], {}, [])
    try:
        row.values[column.key] = column.field.compile(job.get_options().fixed_options)(text)
    except BadCell as bad:
        return Problem(bad.code, column.name, bad.value or text, bad.details).text
    is_free = isinstance(column.field, LookUp) and job.get_options().generate
    if isinstance(column.field, Reference) and not is_free:
        check = checker(job)
        check.references = [column]
        check.resolve(row, {column.key: check.find(column, [row])})
    return row.problems[0].text if row.problems else ""
