"""Reads .xlsx: quickly with calamine; with care what calamine would blank, or dies of.

calamine drops errors (#N/A) and aborts the whole process on odd files; then the parent asks again with
engine "careful", which is slower and streams.
"""

import resource
from functools import cache

from imports import readers_xlsx_cells
from imports.readers_alike import compare
from imports.readers_output import ROWS_OF_A_SHEET, number
from imports.readers_package import Package
from imports.readers_problems import UnreadableFile
from imports.readers_xlsx_head import heads

BYTES_OF_A_CELL = 24  # in calamine's memory, for every cell of the rectangle that holds values
MEMORY_AT_LEAST, MEMORY_PER_BYTE = 160 << 20, 8  # for calamine: address space, per byte of XML
ENGINE_FAILED = 3  # exit status


def read(request, out):
    """Write the rows of the chosen sheet, of those to be joined, or of the first visible one that has cells."""
    join = request.get("join") or ()
    with Package(request["path"]) as package:
        package.check()
        sheets = package.sheets()
        sheet = _choose(package, sheets, join[0]["name"] if join else request.get("sheet"))
        if request.get("head"):
            readers_xlsx_cells.write(package, sheet, out)  # calamine parses whole sheets
            return
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
    if engine == "careful":
        readers_xlsx_cells.write(package, sheet, out)
        return
    _limit_memory(package.unpacked_size(sheet))
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
    is_too_large = rows * columns * BYTES_OF_A_CELL > limits["address_space"] // 2
    if is_too_large or survey.needs_care or not package.is_arranged_as_usual():
        return "careful"
    return "calamine"


def _limit_memory(unpacked):
    """Let calamine die of a sheet in which a few long texts stand in many cells: it makes a copy for each."""
    most, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY_AT_LEAST + MEMORY_PER_BYTE * unpacked
    resource.setrlimit(resource.RLIMIT_AS, (min(most, wanted), hard))


def _write_with_calamine(path, sheet, out):
    try:
        out.write_all(_rows_of_calamine(path, sheet.name))
    except UnreadableFile:
        raise
    except (
        BaseException
    ) as error:  # Its panics are no Exception. Whatever it is, the careful reader has a try.
        raise SystemExit(ENGINE_FAILED) from error


def _rows_of_calamine(path, name):
    sheet = _workbook_of_calamine(path).get_sheet_by_name(name)
    if sheet.start is None:
        return
    if sheet.end[0] >= ROWS_OF_A_SHEET:  # it would fill them all in
        raise SystemExit(ENGINE_FAILED)
    # Its rows begin with row 1, but its columns with the first one that has a value.
    margin = [None] * sheet.start[1]
    for row_number, cells in enumerate(sheet.iter_rows(), 1):
        if cells.count("") < len(cells):
            yield row_number, margin + [number(cell) if type(cell) is float else cell for cell in cells]


@cache
def _workbook_of_calamine(path):
    import python_calamine

    return python_calamine.CalamineWorkbook.from_path(path)
