"""Reads .xls with xlrd."""

import datetime
import os
import sys
from functools import partial

from imports.readers_alike import compare
from imports.readers_output import number
from imports.readers_problems import UnreadableFile, _
from imports.readers_xls_head import declared_rows, head_of, survey_of

SECTOR = 512
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
WORKBOOK_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
VISIBLE = 0


def read(request, out):
    """Write the rows of the chosen sheet, of those to be joined, or of the first visible one that has cells."""
    if request.get("head"):
        return  # xlrd parses whole sheets
    _check_container(request["path"])
    book = _open(request["path"])
    join = request.get("join") or ()
    sheet = _choose(book, join[0]["name"] if join else request.get("sheet"))
    out.message(reading=_reading(book, sheet.name, join))
    _write(book, sheet, out)
    if not out.rows:
        raise UnreadableFile("blank_sheet", sheet=sheet.name)
    for later in out.each_later(join):
        book.unload_sheet(sheet.name)
        sheet = _choose(book, later["name"])
        _write(book, sheet, out)


def _write(book, sheet, out):
    survey = survey_of(book, sheet.number)
    out.notice(survey.hidden, survey.merged)
    out.write_all(_rows(book, sheet))


def _check_container(path):
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(b"\xd0\xcf\x11\xe0"):
        return
    if ENCRYPTED_PACKAGE in data:
        raise UnreadableFile("password_protected")
    if not any(name in data for name in WORKBOOK_STREAMS):
        raise UnreadableFile(
            "truncated" if len(data) % SECTOR else "wrong_type", kind=_("another Office document")
        )


def _open(path):
    import xlrd

    try:
        return _opened(path)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise UnreadableFile("password_protected") from error
        raise UnreadableFile(_fault(path)) from error
    except MemoryError:
        raise
    except Exception as error:  # Damaged files make it raise whatever comes first.
        raise UnreadableFile(_fault(path)) from error


def _opened(path):
    import xlrd
    from xlrd.compdoc import CompDocError

    # Sheets are parsed only when they are asked for. Nobody reads the child's standard error.
    open_workbook = partial(xlrd.open_workbook, path, on_demand=True, ragged_rows=True, logfile=sys.stderr)
    try:
        return open_workbook()
    except CompDocError:
        # Some programs count a sector of the container twice, which spreadsheet programs overlook.
        return open_workbook(ignore_workbook_corruption=True)


def _fault(path):
    """The container is made of whole sectors, so a size that is none is the sign of a cut."""
    return "truncated" if os.path.getsize(path) % SECTOR else "damaged"


def _choose(book, name):
    names = book.sheet_names()
    if name:
        if name not in names:
            raise UnreadableFile("no_such_sheet", sheet=name, sheets=", ".join(names))
        return book.sheet_by_name(name)
    for index in range(book.nsheets):
        if book._sheet_visibility[index] == VISIBLE:
            sheet = book.sheet_by_index(index)
            if _has_cells(sheet):
                return sheet
            book.unload_sheet(index)
    raise UnreadableFile("blank_workbook")


def _has_cells(sheet):
    return any(kind not in (0, 6) for row in range(sheet.nrows) for kind in sheet.row_types(row))


def _reading(book, chosen, join):
    names, selected = book.sheet_names(), {chosen, *(sheet["name"] for sheet in join)}
    listed = [
        {
            "name": name,
            "visible": book._sheet_visibility[index] == VISIBLE,
            "rows": declared_rows(book, index),
            "selected": name in selected,
        }
        for index, name in enumerate(names)
    ]
    compare(listed, names.index(chosen), lambda indexes: {index: head_of(book, index) for index in indexes})
    reading = {"format": "xls", "sheet": chosen, "sheets": listed, "encoding": None, "delimiter": None}
    return reading | {"joined": list(join)}


def _rows(book, sheet):
    for index in range(sheet.nrows):
        kinds, values = sheet.row_types(index), sheet.row_values(index)
        yield (
            index + 1,
            [
                value if kind == 1 else _cell(kind, value, book.datemode)
                for kind, value in zip(kinds, values, strict=True)
            ],
        )


def _cell(kind, value, datemode):
    import xlrd

    if kind == xlrd.XL_CELL_NUMBER:
        return number(value)
    if kind == xlrd.XL_CELL_DATE:
        return _date(value, datemode)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return {"error": xlrd.error_text_from_code.get(value, "#ERROR")}
    return None


def _date(serial, datemode):
    """Return a date, a time for the part of a day, or the number when no date is shown for it."""
    from xlrd.xldate import xldate_as_datetime

    if 0 <= serial < 1:
        return (datetime.datetime.min + datetime.timedelta(days=serial)).time()
    try:
        return xldate_as_datetime(serial, datemode) if serial > 0 else number(serial)
    except (OverflowError, ValueError):
        return number(serial)
