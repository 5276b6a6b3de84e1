"""Which sheets of a workbook have the same headers, or go on where a full sheet ends.

A head is {row number: cells} of a sheet's first rows, read without parsing the sheet. Its cells are
None, a text in the form in which headers are compared, or Other for what is no text.
"""

import unicodedata
from dataclasses import dataclass

HEAD_ROWS = 20
FULL_SHEETS = (65_536, 1_048_576)


@dataclass(frozen=True)
class Other:
    """A number, a date and the like, as it stands in the file."""

    raw: str


def folded(text):
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold() or None


def without_blank_end(cells):
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def same_rows(head, other):
    """Return the numbers of the rows that are the same in both heads and hold some text."""
    return [
        number
        for number, cells in head.items()
        if cells == other.get(number) and any(isinstance(cell, str) for cell in cells)
    ]


def continues(head, other):
    """Return whether the cells of a head without headers are what those below another's headers are."""
    rows, later = list(head.values())[1:], list(other.values())
    if not rows or not later or max(map(len, later)) > max(map(len, head.values())):
        return False
    known = kinds(rows)
    return all(found <= known.get(column, set()) for column, found in kinds(later).items())


def kinds(rows):
    """Return {index of the column: types of its cells}."""
    found = {}
    for cells in rows:
        for column, cell in enumerate(cells):
            if cell is not None:
                found.setdefault(column, set()).add(type(cell))
    return found


def compare(listed, chosen, heads_of):
    """Say of the sheets listed for a reading what they have in common with the chosen one: same_rows, and
    continues. `heads_of(indexes)` gives their heads."""
    usable = [index for index, sheet in enumerate(listed) if sheet["visible"] and sheet["rows"] != 0]
    heads = heads_of({*usable, chosen}) if len(usable) > 1 else {}
    for index, head in heads.items():
        if same := same_rows(heads[chosen], head):
            listed[index]["same_rows"] = same
        elif index and listed[index - 1]["rows"] in FULL_SHEETS and continues(heads[chosen], head):
            listed[index]["continues"] = True
