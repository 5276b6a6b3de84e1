"""Failed-rows files that come back corrected: recognised by the header that names their import.

The three columns that the failed-rows file added are taken off and its escapes are undone, so that
everything after sees the user's own file.
"""

import json
import re
from dataclasses import dataclass
from functools import cache

from django.core.files.base import ContentFile
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from .wording import in_every_language
from .writers import restored

ROW, RESULT, ERROR = _("Row (import {})"), _("Result"), _("Error")
IDENTIFIER = _("Identifier")
REFERENCE = r"(\d{1,18})-([A-Z0-9]{4})"
TITLE_LINES = 20
PART_ROWS = 5000


@dataclass(frozen=True)
class Correction:
    """Which import a file corrects, by number and code, and where in the file it says so. Of `columns`,
    those that the failed-rows file or the results had added, the first one holds the numbers of the rows."""

    number: int
    code: str
    header_row: int
    columns: tuple

    def number_of(self, cells):
        """What a row says of its number; None when it says nothing."""
        index = self.columns[0]
        return cells[index] if index < len(cells) else None

    def own_cells(self, cells):
        """A row as the user had it: without the added columns, with the escapes undone."""
        kept = [cell for index, cell in enumerate(cells) if index not in self.columns]
        return without_blank_end(restored(cell) if isinstance(cell, str) else cell for cell in kept)


def own_headers(reference):
    """The headers of the columns that a failed-rows file adds."""
    return [gettext(ROW).format(reference), gettext(RESULT), gettext(ERROR)]


def result_headers(reference, key):
    """The headers of the columns that a file of results adds; `key` is what the records' key is called."""
    return [*own_headers(reference), key, gettext(IDENTIFIER)]


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
    """Where the added columns are: that of the reference, those right after it with their names, and in a
    file of results those of the record's key and identifier."""
    columns = [index]
    for name in (RESULT, ERROR):
        following = columns[-1] + 1
        if following < len(headers) and headers[following] in in_every_language(name):
            columns.append(following)
    key, identifier = columns[-1] + 1, columns[-1] + 2
    is_of_results = len(columns) == 3 and identifier < len(headers)
    if is_of_results and headers[identifier] in in_every_language(IDENTIFIER):
        columns += [key, identifier]
    return tuple(columns)


def without_blank_end(cells):
    cells = list(cells)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


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
