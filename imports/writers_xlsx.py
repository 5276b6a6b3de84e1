"""Writes the rows of an .xlsx as XML, as they come; openpyxl makes all else of the workbook. It could write the
rows too, but takes six times as long: for a full sheet a quarter of an hour.
"""

import datetime
import io
import re
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

SHEET, END = "xl/worksheets/sheet1.xml", b"</sheetData>"
COLUMNS = 16_384
# Workbooks write odd characters as _x000D_, so a text that looks like that needs its underscore written so.
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
MOMENTS = (datetime.date(2000, 1, 1), datetime.datetime(2000, 1, 1), datetime.time())


def escaped(text):
    """`text` as a workbook's cell holds it."""
    return LOOKS_ESCAPED.sub("_x005F_", text).replace("\r", "_x000D_")


def save(file, workbook, rows, all_text):
    """Write a write-only workbook of openpyxl to a binary file, with `rows` below the one row that its sheet has:
    lists of texts, numbers, bools, dates, times and None. `all_text` is the format of the texts."""
    made, cells = io.BytesIO(), Cells(workbook.worksheets[0], all_text)
    workbook.save(made)
    with ZipFile(made) as frame, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name in frame.namelist():
            if name != SHEET:
                archive.writestr(name, frame.read(name))
        head, _, tail = frame.read(SHEET).partition(END)
        with archive.open(SHEET, "w", force_zip64=True) as part:
            part.write(head)
            for number, row in enumerate(rows, 2):
                part.write(cells.row(number, row).encode())
            part.write(END + tail)


class Cells:
    """Makes the XML of rows; holds what is the same in all of them."""

    def __init__(self, sheet, all_text):
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.utils import get_column_letter

        self.letters = [get_column_letter(index + 1) for index in range(COLUMNS)]
        self.styles = {type(moment): WriteOnlyCell(sheet, moment).style_id for moment in MOMENTS}
        text = WriteOnlyCell(sheet, "")
        text.number_format = "@" if all_text else "General"
        self.text_style = f' s="{text.style_id}"' if all_text else ""

    def row(self, number, values):
        cells = (
            self.cell(f"{letter}{number}", value)
            for letter, value in zip(self.letters, values, strict=False)
            if value is not None
        )
        return f'<row r="{number}">{"".join(cells)}</row>'

    def cell(self, place, value):
        if type(value) is str:
            return self.text(place, escape(escaped(value)))
        if type(value) is bool:
            return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
        if type(value) in self.styles:
            return f'<c r="{place}" s="{self.styles[type(value)]}"><v>{serial(value)}</v></c>'
        return f'<c r="{place}"><v>{value:.16g}</v></c>'

    def text(self, place, text):
        space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
        return f'<c r="{place}"{self.text_style} t="inlineStr"><is><t{space}>{text}</t></is></c>'


def serial(moment):
    """The number by which a workbook knows a date or a time."""
    from openpyxl.utils.datetime import to_excel

    return to_excel(moment)
