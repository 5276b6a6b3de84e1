"""Writes tables as .csv, .xlsx and .xls: text stays text, and nothing runs as a formula.

`WRITERS` gives for each format a function (file, rows, style) that writes lists of cells, as
`parts` has them, to a binary file.
"""

import csv
import datetime
import io
import re
from dataclasses import dataclass

from . import writers_xlsx
from .cells import shown_cell

XLS_ROWS, XLS_COLUMNS = 65_536, 256
LONGEST_TEXT = 32_767  # of a workbook's cell
# A text that a spreadsheet program would run, and the apostrophes that harmless() may have put before it.
RUNS = "=+\\-@\t\r\0＝＋－＠"
DANGEROUS = re.compile(f"'*[{RUNS}]")
MADE_HARMLESS = re.compile(f"'+[{RUNS}]")
ALREADY_QUOTED = re.compile(f"'+[{RUNS}]")
# What XML cannot hold, nor any workbook.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FIRST_SAFE_DATE = datetime.date(1900, 3, 1)  # before it spreadsheet programs disagree: 1900 was no leap year
SNIFFED_DELIMITERS = (",", ";", "\t", "|")
ENCODINGS_WITHOUT_MARK = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@dataclass(frozen=True)
class Style:
    """How a table is written: a .csv's delimiter and encoding; in workbooks the headers that are
    marked as required, and whether all cells are text. `escaped` is for cells that come from a file."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    required: frozenset = frozenset()
    all_text: bool = False
    escaped: bool = True


def harmless(text):
    """`text` as a .csv may hold it: an apostrophe keeps it from running as a formula."""
    return f"'{text}" if DANGEROUS.match(text) else text


def unambiguous(text):
    """`text` as a workbook may hold it. Text cells never run; only what looks like the work of
    harmless() is marked once more, so that restored() is right for every format."""
    return f"'{text}" if ALREADY_QUOTED.match(text) else text


def restored(text):
    """The text that harmless() or unambiguous() was given."""
    return text[1:] if MADE_HARMLESS.match(text) else text


# .csv


def write_csv(file, rows, style):
    """Raises UnicodeEncodeError when the encoding lacks a character."""
    # All that a UTF encoding lacks is half a character, which no correction needs.
    errors = "replace" if style.encoding.startswith("utf") else "strict"
    text = io.TextIOWrapper(file, style.encoding, errors, newline="", write_through=True)
    try:
        if style.encoding in ENCODINGS_WITHOUT_MARK:
            text.write("\ufeff")
        if style.delimiter not in SNIFFED_DELIMITERS:
            text.write(f"sep={style.delimiter}\r\n")
        writer = csv.writer(text, delimiter=style.delimiter)
        escape = harmless if style.escaped else str
        writer.writerows([escape(str(shown_cell(cell))) for cell in row] for row in rows)
    finally:
        text.detach()


# Workbooks


def workbook_value(cell, style):
    """What a workbook is given for a cell: text, number, bool, date, time or None."""
    if isinstance(cell, dict) and not style.all_text:
        return _moment(cell) or shown_cell(cell) or None
    if isinstance(cell, str) or (style.all_text and cell is not None):
        text = UNWRITABLE.sub("", str(shown_cell(cell)))
        return (unambiguous(text) if style.escaped else text)[:LONGEST_TEXT] or None
    return cell


def _moment(cell):
    """The date or time of a marked cell; None for what is none or cannot be one in a workbook."""
    if "time" in cell:
        return datetime.time.fromisoformat(cell["time"])
    text = cell.get("date") or cell.get("datetime")
    value = text and datetime.datetime.fromisoformat(text)
    if not value or value.date() < FIRST_SAFE_DATE:
        return None
    return value.date() if "date" in cell else value


def write_xlsx(file, rows, style):
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Sheet1")
    rows = iter(rows)
    headers = next(rows, [])
    for index in range(len(headers)):
        sheet.column_dimensions[get_column_letter(index + 1)].width = 20
    sheet.append([_xlsx_header(sheet, header, style) for header in headers])
    values = ([workbook_value(cell, style) for cell in row] for row in rows)
    writers_xlsx.save(file, workbook, values, style.all_text)


def _xlsx_header(sheet, header, style):
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    value = workbook_value(header, style)
    if not isinstance(value, str):
        return value
    written = WriteOnlyCell(sheet, writers_xlsx.escaped(value))
    written.data_type = "s"  # openpyxl takes "=1+1" for a formula and "#N/A" for an error
    if style.all_text:
        written.number_format = "@"
    if header in style.required:
        written.font = Font(bold=True)
        written.comment = Comment("Required", "Import Data")
    return written


def write_xls(file, rows, style):
    import xlwt

    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("Sheet1")
    styles = {
        datetime.date: xlwt.easyxf(num_format_str="yyyy-mm-dd"),
        datetime.datetime: xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss"),
        datetime.time: xlwt.easyxf(num_format_str="hh:mm:ss"),
        str: xlwt.easyxf(num_format_str="@") if style.all_text else xlwt.Style.default_style,
    }
    bold = xlwt.easyxf("font: bold on", num_format_str="@")
    for row_index, row in enumerate(rows):
        for index, cell in enumerate(row):
            value = workbook_value(cell, style)
            if value is None:
                continue
            marked = row_index == 0 and cell in style.required
            cell_style = bold if marked else styles.get(type(value), xlwt.Style.default_style)
            sheet.write(row_index, index, value, cell_style)
    workbook.save(file)


WRITERS = {"csv": write_csv, "xlsx": write_xlsx, "xls": write_xls}


def fits_xls(rows, columns):
    return rows <= XLS_ROWS and columns <= XLS_COLUMNS
