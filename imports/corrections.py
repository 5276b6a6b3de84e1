"""Failed-rows files that come back corrected: recognised by the header that names their import.

The three columns that the failed-rows file added are taken out of the parts and its escapes are
undone, so that everything after sees the user's own file.
"""

import json
import re
from dataclasses import dataclass, replace
from functools import cache

from django.core.files.base import ContentFile
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from .parts import delete_parts, first_rows, iter_rows
from .wording import in_every_language
from .writers import restored

ROW, RESULT, ERROR = _("Row (import {})"), _("Result"), _("Error")
REFERENCE = r"(\d{1,18})-([A-Z0-9]{4})"
TITLE_LINES = 20
PART_ROWS = 5000


@dataclass(frozen=True)
class Correction:
    """Which import a file corrects, by number and code, and where in the file it says so."""

    number: int
    code: str
    header_row: int
    columns: tuple


def own_headers(reference):
    """The headers of the columns that a failed-rows file adds."""
    return [gettext(ROW).format(reference), gettext(RESULT), gettext(ERROR)]


def find_correction(rows):
    """The Correction that one of the first rows [(number, cells)] declares, or None."""
    for number, cells in rows[:TITLE_LINES]:
        for index, cell in enumerate(cells):
            if isinstance(cell, str) and (found := reference_in(cell)):
                return Correction(int(found[1]), found[2], number, own_columns(cells, index))
    return None


@cache
def patterns():
    """Of the header that names an import, one per language."""
    said = (header.split("{}") for header in in_every_language(ROW))
    return [re.compile(REFERENCE.join(map(re.escape, parts))) for parts in said]


def reference_in(cell):
    """The match of number and code in a header that names an import, else None."""
    return next(filter(None, (pattern.fullmatch(cell.strip()) for pattern in patterns())), None)


def own_columns(headers, index):
    """Where the added columns are: that of the reference, and those right after it with their names."""
    columns = [index]
    for name in (RESULT, ERROR):
        following = columns[-1] + 1
        if following < len(headers) and headers[following] in in_every_language(name):
            columns.append(following)
    return tuple(columns)


def take_back(storage, reading, prefix):
    """(Reading of the user's own columns, Correction) of a failed-rows file; else (reading, None)."""
    correction = find_correction(first_rows(storage, reading, TITLE_LINES))
    if correction is None:
        return reading, None
    rows = ((number, own_cells(cells, correction.columns)) for number, cells in iter_rows(storage, reading))
    parts, width = write_parts(storage, f"{prefix}-restored", (row for row in rows if row[1]))
    delete_parts(storage, reading)
    return replace(reading, parts=parts, rows=sum(part["rows"] for part in parts), width=width), correction


def own_cells(cells, added):
    """A row as the user had it: without the added columns, with the escapes undone."""
    kept = [cell for index, cell in enumerate(cells) if index not in added]
    while kept and kept[-1] is None:
        kept.pop()
    return [restored(cell) if isinstance(cell, str) else cell for cell in kept]


def write_parts(storage, prefix, rows):
    """([part], width) of the rows, kept as `parts` keeps them."""
    parts, width, batch = [], 0, []
    for row in rows:
        width = max(width, len(row[1]))
        batch.append(row)
        if len(batch) == PART_ROWS:
            parts.append(write_part(storage, f"{prefix}/{len(parts):05d}.jsonl", batch))
            batch = []
    if batch:
        parts.append(write_part(storage, f"{prefix}/{len(parts):05d}.jsonl", batch))
    return parts, width


def write_part(storage, name, rows):
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    name = storage.save(name, ContentFile(lines.encode()))
    return {"name": name, "first": rows[0][0], "last": rows[-1][0], "rows": len(rows)}
