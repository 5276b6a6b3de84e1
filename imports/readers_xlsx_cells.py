"""Reads a sheet of an .xlsx from its XML as it streams by: with its errors and its formulas without a result,
in every namespace, and wherever its <dimension> says that cells are. calamine does not, but is faster.
"""

import re

from imports.readers_output import LONGEST_ROW
from imports.readers_package import column_number
from imports.readers_problems import UnreadableFile
from imports.readers_xlsx_values import Texts, Values
from imports.readers_xml import parse

PLACE = re.compile("([A-Z]{1,3})([0-9]{0,7})")
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


def write(package, sheet, out):
    """Write the rows of the sheet to the RowWriter."""
    read = SheetRows(Values(package), out)
    with package.archive.open(sheet.part) as source:
        for _ in parse(source, read.start, read.end, read.texts.add):
            pass
    read.flush()
    if not read.row and package.has_cells(sheet):
        raise UnreadableFile("damaged")


class SheetRows:
    """Takes the elements of a sheet one after the other, and writes the rows that they make."""

    def __init__(self, values, out):
        self.values, self.out = values, out
        self.texts, self.cells = Texts(), {}
        self.finished, self.size = [], 0  # rows, and the characters of their texts
        self.row = self.column = self.width = 0
        self.has_formula = self.has_value = False

    def start(self, name, attributes):
        if name == "c":
            self.begin_cell(attributes)
        elif name == "row":
            self.begin_row(attributes.get("r"))
        else:
            self.has_formula = self.has_formula or name == "f"
            self.has_value = self.has_value or name == "v"
            self.texts.start(name)

    def end(self, name):
        self.texts.end(name)
        if name == "c":
            self.end_cell()
        elif name == "row":
            self.end_row()

    def begin_row(self, given):
        row = int(float(given)) if given else self.row + 1
        if not self.row < row <= LAST_ROW:
            raise UnreadableFile("damaged")
        self.row, self.column, self.width, self.cells = row, 0, 0, {}

    def begin_cell(self, attributes):
        place = PLACE.fullmatch(attributes.get("r", ""))
        self.column = column_number(place[1].encode()) if place else self.column + 1
        if self.column > LAST_COLUMN or (place and place[2] and int(place[2]) != self.row):
            raise UnreadableFile("damaged")
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
        self.has_formula = self.has_value = False
        self.texts.take()
        self.texts.name = "t" if self.kind == "inlineStr" else "v"

    def end_cell(self):
        value = self.value(self.texts.take())
        if value is None or value == "":
            return
        self.width = max(self.width, self.column)
        if self.column <= self.out.max_columns:
            self.cells[self.column] = value
            self.size += len(value) if type(value) is str else 0
        if self.size > LONGEST_ROW:  # many cells may share one text
            self.flush()
            self.size = sum(len(cell) for cell in self.cells.values() if type(cell) is str)
            if self.size > LONGEST_ROW:
                raise UnreadableFile("row_too_long", row=self.row, limit=LONGEST_ROW)

    def value(self, text):
        if text:
            return self.values.of(text, self.kind, self.style)
        has_no_result = self.has_formula and not (self.has_value and self.kind == "str")
        return {"formula": ""} if has_no_result else None

    def end_row(self):
        if self.width > self.out.max_columns:
            about = {"row": self.row, "columns": self.width, "limit": self.out.max_columns}
            raise UnreadableFile("too_many_columns", **about)
        if self.cells:
            self.finished.append((self.row, [self.cells.get(n) for n in range(1, self.width + 1)]))
        if len(self.finished) == self.out.chunk_rows:
            self.flush()

    def flush(self):
        self.out.write(self.finished)
        self.finished, self.size = [], 0
