"""Workbooks made part by part, and how tests read files."""

import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt
from django.core.files.storage import InMemoryStorage

from imports.parts import Limits, iter_rows, read_file
from imports.readers import UnreadableFile

LIMITS = Limits(address_space=1 << 30, cpu_seconds=20, wall_seconds=30)
SHEET_PART = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def read(path, **options):
    """Return the Reading and its rows as {row number: cells}."""
    storage = InMemoryStorage()
    options.setdefault("name", Path(path).name)
    reading = read_file(path, storage=storage, prefix="parts", limits=LIMITS, **options)
    return reading, dict(iter_rows(storage, reading))


def read_bytes(tmp_path, data, name="contacts.csv", **options):
    path = tmp_path / name
    path.write_bytes(data)
    return read(path, **options)


def problem_of(tmp_path, data, name="contacts.csv", **options):
    with pytest.raises(UnreadableFile) as caught:
        read_bytes(tmp_path, data, name, **options)
    assert caught.value.sentence
    return caught.value


def workbook(rows, start=1, sheets=1):
    book = openpyxl.Workbook()
    for _ in range(1, sheets):
        book.create_sheet().append(["x"])
    for number, cells in enumerate(rows, start):
        for column, value in enumerate(cells, 1):
            book.active.cell(number, column, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data, replace=None, drop=()):
    """Return the package with some parts replaced or added, or dropped."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = {name: source.read(name) for name in source.namelist() if name not in drop}
        for name, content in (parts | (replace or {})).items():
            archive.writestr(name, content)
    return target.getvalue()


def with_sheet(rows, before=""):
    sheet = f"<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData></worksheet>"
    return repacked(workbook([["x"]]), {SHEET_PART: sheet.encode()})


def xls(rows):
    book = xlwt.Workbook()
    sheet = book.add_sheet("Contacts")
    styles = {
        datetime.date: xlwt.easyxf(num_format_str="yyyy-mm-dd"),
        datetime.datetime: xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss"),
        datetime.time: xlwt.easyxf(num_format_str="hh:mm:ss"),
    }
    for number, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value is not None:
                sheet.write(number, column, value, styles.get(type(value), xlwt.Style.default_style))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def archive(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return stream.getvalue()
