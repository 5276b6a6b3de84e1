"""What a row is called: by its number, and when several sheets are read as one by its sheet too.

Such a file numbers row 812 of its second sheet 2,000,812, so that the numbers stay unique and in
order. `sheets` are the names of its sheets in their order; there are none when one sheet is read.
"""

import re

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from . import asked
from .readers_output import ROWS_OF_A_SHEET

LONGEST_NAME = 200
NUMBER_AT_THE_END = re.compile(r"(?<![\w.,])(\d+(?:[.,\u00a0\u202f]\d{3})*)\W*$")


def place_of(number, sheets=()):
    """(name of the sheet, or "", number of the row in it)."""
    if not sheets:
        return "", number
    index, row = divmod(number, ROWS_OF_A_SHEET)
    return sheets[index], row


def row_in_words(sheet, row):
    """ "row 1,205", or "Sheet2, row 812", for the middle of a sentence."""
    shown = number_format(row, force_grouping=True)
    return _("%(sheet)s, row %(row)s") % {"sheet": sheet, "row": shown} if sheet else _("row %s") % shown


def row_name(number, sheets=()):
    return row_in_words(*place_of(number, sheets))


def capital_row_name(number, sheets=()):
    """`row_name` for the beginning of a sentence; the name of a sheet stays as it is."""
    name = row_name(number, sheets)
    return name if sheets else name[:1].upper() + name[1:]


def row_label(number, sheets=()):
    """What stands in a column of row numbers: the number, or "Sheet2, row 812"; row_number() reads it."""
    sheet, row = place_of(number, sheets)
    return _("%(sheet)s, row %(row)s") % {"sheet": sheet, "row": row} if sheet else row


def row_number(text, sheets=()):
    """The number that a label or a name stands for, whatever its language; None when it is neither."""
    text = str(text).strip()
    if len(text) > LONGEST_NAME:  # the search would take its time with it
        return None
    found = NUMBER_AT_THE_END.search(text)
    if not found:
        return None
    row = asked.number(re.sub(r"\D", "", found[1]))
    if row is None or not sheets:
        return row
    named = [index for index, sheet in enumerate(sheets) if text.startswith(f"{sheet},")]
    if not named or row > ROWS_OF_A_SHEET:
        return None
    return max(named, key=lambda index: len(sheets[index])) * ROWS_OF_A_SHEET + row
