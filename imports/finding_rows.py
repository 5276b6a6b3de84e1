"""Finds the rows of a draft that a page of its preview shows, without reading the file from its beginning.

Places are counted from 0 among the data rows, or among those of one outcome as far as the check has come.
"""

from itertools import islice, takewhile

from . import drafts
from .models import COUNTED, ImportRow, file_storage
from .parts import iter_rows
from .writing import BLOCK_ROWS

ROWS_AT_ONCE = 1000
TOLD = (ImportRow.Outcome.REJECTED, ImportRow.Outcome.UPDATED)  # in the details of a check


def rows_at(job, place, count):
    """[(row number, cells)]: `count` data rows from `place` on."""
    reading, place = job.get_reading(), place + rows_above(job)
    for part in reading.parts:
        if place < part["rows"]:
            rows = iter_rows(file_storage(), reading, after=part["first"] - 1)
            return list(islice(rows, place, place + count))
        place -= part["rows"]
    return []


def place_of_row(job, number):
    """Where the data row with this number is; None when the file has no such row, or a blank one."""
    if number <= job.get_options().header_row:
        return None
    reading, place = job.get_reading(), -rows_above(job)
    for part in reading.parts:
        if number <= part["last"]:
            rows = iter_rows(file_storage(), reading, after=part["first"] - 1)
            numbers = [row_number for row_number, _ in islice(rows, part["rows"])]
            return place + numbers.index(number) if number in numbers else None
        place += part["rows"]
    return None


def rows_above(job):
    """How many rows that are not blank stand above the data: title lines and headers."""
    return job.get_reading().rows - drafts.data_rows(job)


def rows_of_outcome(job, run, outcome, place, count):
    """[(row number, cells)]: `count` rows that the check gave this outcome, from `place` on."""
    place, blocks = skip_blocks(run, outcome, place)
    if outcome in TOLD:
        first = blocks[0] * BLOCK_ROWS if blocks else 0
        told = run.details.filter(outcome=outcome, stale=False, row_number__gte=first).order_by("row_number")
        return list(told.values_list("row_number", "cells")[place : place + count])
    rows = (row for block in blocks for row in rows_of_block(job, run, outcome, block))
    return list(islice(rows, place, place + count))


def skip_blocks(run, outcome, place):
    """(place within the blocks that are left, [block]): those with rows of the outcome, from `place` on."""
    index = COUNTED.index(outcome)
    spread = run.summary.get("spread", {}).items()
    counts = sorted((int(block), counts[index]) for block, counts in spread if counts[index])
    while counts and place >= counts[0][1]:
        place -= counts.pop(0)[1]
    return place, [block for block, _ in counts]


def rows_of_block(job, run, outcome, block):
    """Yield the created or the unchanged rows of one block: those that are not in the check's details, told
    apart by whether their record exists."""
    first, last = block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS - 1, run.cursor)
    rows = iter_rows(file_storage(), job.get_reading(), after=max(first - 1, job.get_options().header_row))
    told = set(run.details.filter(row_number__range=(first, last)).values_list("row_number", flat=True))
    rows = (row for row in takewhile(lambda row: row[0] <= last, rows) if row[0] not in told)
    counts = run.summary["spread"][str(block)]
    if counts[COUNTED.index("created")] and counts[COUNTED.index("unchanged")]:
        return rows_with_records(job, rows, outcome == ImportRow.Outcome.UNCHANGED)
    return rows


def rows_with_records(job, rows, exists):
    """Yield those rows whose record exists, or those whose record does not."""
    checker = drafts.checker(job)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        cleaned = checker.clean(chunk)
        checker.find_records(cleaned)
        yield from (
            row for row, found in zip(chunk, cleaned, strict=True) if (found.stored is not None) == exists
        )


def row_at(job, number):
    """The cells of the data row with this number; None when the file has no such row. Raises
    FileNotFoundError when the rows are no longer kept."""
    if number <= job.get_options().header_row:
        return None
    found, cells = next(iter_rows(file_storage(), job.get_reading(), after=number - 1), (None, None))
    return cells if found == number else None
