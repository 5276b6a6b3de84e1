"""Reads .xlsx: quickly with calamine; with openpyxl what calamine would blank, or dies of.

calamine drops errors (#N/A) and aborts the whole process on odd files; then the parent asks again with
engine "openpyxl", which is ten times slower and streams.
"""

import re
from functools import cache

from imports.readers_alike import compare
from imports.readers_output import NOTHING, number
from imports.readers_package import Package
from imports.readers_problems import UnreadableFile
from imports.readers_xlsx_head import heads

BYTES_OF_A_CELL = 24  # in calamine's memory, for every cell of the rectangle that holds values
ENGINE_FAILED = 3  # exit status
ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read(request, out):
    """Write the rows of the chosen sheet, of those to be joined, or of the first visible one that has cells."""
    join = request.get("join") or ()
    with Package(request["path"]) as package:
        package.check()
        sheets = package.sheets()
        sheet = _choose(package, sheets, join[0]["name"] if join else request.get("sheet"))
        out.message(reading=_reading(package, sheets, sheet, join))
        _write(package, sheet, request, out)
        for later in out.each_later(join):
            _write(package, _choose(package, sheets, later["name"]), request, out)
    if not out.rows:
        raise UnreadableFile("blank_sheet", sheet=sheet.name)


def _write(package, sheet, request, out):
    survey, before = package.survey(sheet), out.seen
    out.notice(survey.hidden, survey.merged)
    engine = request.get("engine") or _engine(package, sheet, survey, request["limits"])
    if engine == "openpyxl":
        out.write_all(_rows_of_openpyxl(package, sheet, out.max_columns))
        return
    _write_with_calamine(package.path, sheet, out)
    if out.seen == before and package.has_cells(sheet):
        raise SystemExit(ENGINE_FAILED)  # It stops silently where the XML is broken.


def _choose(package, sheets, name):
    if name:
        chosen = next((sheet for sheet in sheets if sheet.name == name), None)
        if not chosen:
            names = ", ".join(sheet.name for sheet in sheets)
            raise UnreadableFile("no_such_sheet", sheet=name, sheets=names)
        return chosen
    for sheet in sheets:
        if sheet.visible and package.has_cells(sheet):
            return sheet
    raise UnreadableFile("blank_workbook")


def _reading(package, sheets, chosen, join):
    selected = {chosen.name, *(sheet["name"] for sheet in join)}
    listed = [
        {
            "name": sheet.name,
            "visible": sheet.visible,
            "rows": _approximate_rows(package, sheet),
            "selected": sheet.name in selected,
        }
        for sheet in sheets
    ]
    compare(listed, sheets.index(chosen), lambda indexes: heads(package, sheets, indexes))
    reading = {"format": "xlsx", "sheet": chosen.name, "sheets": listed, "encoding": None, "delimiter": None}
    return reading | {"joined": list(join)}


def _approximate_rows(package, sheet):
    if not package.has_cells(sheet):
        return 0
    dimension = package.dimension(sheet)
    return dimension and dimension[0]


def _engine(package, sheet, survey, limits):
    rows, columns = package.dimension(sheet) or (0, 0)
    if rows * columns * BYTES_OF_A_CELL > limits["address_space"] // 2:
        return "openpyxl"
    if not survey.needs_care:
        return "calamine"
    if package.is_strict():
        # openpyxl does not know its namespaces, calamine would show errors as blanks.
        raise UnreadableFile("strict_workbook")
    return "openpyxl"


def _write_with_calamine(path, sheet, out):
    try:
        out.write_all(_rows_of_calamine(path, sheet.name))
    except UnreadableFile:
        raise
    except BaseException as error:  # Its panics are no Exception. Whatever it is, openpyxl has a try.
        raise SystemExit(ENGINE_FAILED) from error


def _rows_of_calamine(path, name):
    sheet = _workbook_of_calamine(path).get_sheet_by_name(name)
    if sheet.start is None:
        return
    # Its rows begin with row 1, but its columns with the first one that has a value.
    margin = [None] * sheet.start[1]
    for row_number, cells in enumerate(sheet.iter_rows(), 1):
        if cells.count("") < len(cells):
            yield row_number, margin + [number(cell) if type(cell) is float else cell for cell in cells]


@cache
def _workbook_of_calamine(path):
    import python_calamine

    return python_calamine.CalamineWorkbook.from_path(path)


def _rows_of_openpyxl(package, sheet, max_columns):
    # The package is known to have no document types, so that the quick parser of XML is safe.
    from xml.etree.ElementTree import iterparse

    parse_row, row_tag = _row_parser(package.path)
    last = 0
    with package.archive.open(sheet.part) as source:
        for _, element in iterparse(source):
            if element.tag != row_tag:
                continue
            row_number, cells = parse_row(element)
            element.clear()
            if row_number <= last:
                raise UnreadableFile("damaged")
            last = row_number
            yield row_number, _place(cells, row_number, max_columns)


def _place(cells, row_number, max_columns):
    filled = [(column, value) for column, value in cells if value not in NOTHING]
    width = max((column for column, _ in filled), default=0)
    if width > max_columns:
        raise UnreadableFile("too_many_columns", row=row_number, columns=width, limit=max_columns)
    placed = [None] * width
    for column, value in filled:
        placed[column - 1] = value
    return placed


def _row_parser(path):
    """Return openpyxl's parser of a row element, taught errors and formulas without a result, and its tag.

    Its own sheets believe <dimension>, or parse everything to find it, and fill in rows that are not there.
    """
    from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, VALUE_TAG, WorkSheetParser

    class RowParser(WorkSheetParser):
        def parse_row(self, row):
            self.row_dimensions.clear()  # it would keep the height of every row
            if "r" in row.attrib and not any(map(len, row)):  # Only formats: there may be a million of these.
                return int(float(row.attrib["r"])), []
            return super().parse_row(row)

        def parse_cell(self, element):
            cell = super().parse_cell(element)
            return cell["column"], _cell(cell, element, element.find(VALUE_TAG), element.find(FORMULA_TAG))

    shared_strings, workbook = _workbook_of_openpyxl(path)
    formats = {"date_formats": workbook._date_formats, "timedelta_formats": workbook._timedelta_formats}
    parser = RowParser(None, shared_strings, data_only=True, epoch=workbook.epoch, **formats)
    return parser.parse_row, ROW_TAG


@cache
def _workbook_of_openpyxl(path):
    """Return the texts that all sheets share, and the workbook with its styles."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet

    with open(path, "rb") as file:
        reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
    return reader.shared_strings, reader.wb


def _cell(cell, element, stored, formula):
    value, kind = cell["value"], element.get("t", "n")
    if value is None:
        has_no_result = formula is not None and (stored is None or kind != "str")
        return {"formula": ""} if has_no_result else None
    if kind == "e":
        return {"error": value}
    if cell["data_type"] == "e":  # A number that is no date, in a cell with a format for dates.
        return number(float(stored.text))
    if cell["data_type"] == "s":
        return ESCAPED_CHARACTER.sub(lambda found: chr(int(found[1], 16)), value)
    return number(value) if type(value) in (int, float) else value
