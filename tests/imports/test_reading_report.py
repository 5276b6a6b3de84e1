"""What there is to notice in a file, from real files of the three formats to the sentences about it."""

import io
from types import SimpleNamespace

import openpyxl
import pytest
import xlwt
from django.core.files.storage import InMemoryStorage
from django.db import models

from imports.fields import Choice
from imports.importers import importer_for
from imports.mapping import Mapping, Options, headers_of
from imports.noticed import blank_words, extent, findings
from imports.parts import Limits, first_rows, iter_parts, read_file
from imports.reading_report import look_over
from imports.writers import WRITERS, Style

LIMITS = Limits(address_space=1 << 30, cpu_seconds=20, wall_seconds=30)
CONTACTS = importer_for("contacts")
KEYS = {
    "Code": "code",
    "First Name": "first_name",
    "Phone": "phone",
    "ZIP": "address.postal_code",
    "Born": "birth_date",
    "Gender": "gender",
}
PEOPLE = [["C1", "Maria"], ["C2", "Anna"], ["C3", "Bob"], ["C4", "Carl"]]


def book(rows, format="xlsx"):
    """The bytes of a file of these rows."""
    file = io.BytesIO()
    WRITERS[format](file, rows, Style(encoding="utf-8", escaped=False))
    return file.getvalue()


def saved(workbook):
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def read(tmp_path, data, name="book", **options):
    path, storage = tmp_path / name, InMemoryStorage()
    path.write_bytes(data)
    reading = read_file(path, name=name, storage=storage, prefix="parts", limits=LIMITS, **options)
    parts = iter_parts(storage, reading, after=1)
    reading.report = look_over(parts, hidden=reading.hidden, seeks_sample=reading.encoding_guessed)
    return reading, first_rows(storage, reading, 1)[0][1]


def noticed(tmp_path, data, keys=KEYS, **options):
    reading, header = read(tmp_path, data)
    headers = headers_of(header, reading.width)
    mapping = Mapping({keys[name]: index for index, name in enumerate(headers) if name in keys})
    return findings(reading, CONTACTS, headers, mapping, Options(**options))


def sentences(tmp_path, data, **options):
    return [finding.sentence for finding in noticed(tmp_path, data, **options)]


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
def test_a_clean_file_says_nothing(tmp_path, format):
    people = [[*cells, f"9912345{n}", f"{1000 + n}", "31/12/1984"] for n, cells in enumerate(PEOPLE)]
    rows = [["Code", "First Name", "Phone", "ZIP", "Born"], *people]
    assert noticed(tmp_path, book(rows, format)) == []


# Words for nothing


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
def test_words_that_may_stand_for_a_blank_are_counted_and_offered(tmp_path, format):
    rows = [
        ["Code", "First Name", "Phone"],
        ["C1", "NULL", "null"],
        ["C2", "Anna", "-"],
        ["C3", "Null", None],
    ]
    found = noticed(tmp_path, book(rows, format))
    assert {finding.sentence for finding in found} == {
        "3 cells of “First Name”, “Phone” hold “NULL”, the first in row 2.",
        "1 cell of “Phone” holds “-”, in row 3.",
    }
    assert {(finding.field, finding.value, finding.offer) for finding in found} == {
        ("blanks", "null", "Treat “NULL” as blank"),
        ("blanks", "-", "Treat “-” as blank"),
    }


def test_only_what_is_mapped_is_told(tmp_path):
    rows = [["Code", "Remarks"], ["C1", "NULL"]]
    assert noticed(tmp_path, book(rows)) == []
    assert blank_words(read(tmp_path, book(rows))[0]) == ["null"]


def test_a_word_that_the_column_knows_is_not_told(tmp_path):
    rows = [["Code", "Gender"], ["C1", "None"], ["C2", "FEMALE"]]
    assert [finding.value for finding in noticed(tmp_path, book(rows))] == ["none"]
    Answer = models.TextChoices("Answer", "NONE SOME")
    column = SimpleNamespace(field=Choice(Answer), name="Gender")
    importer = SimpleNamespace(by_key={"gender": column})
    reading, header = read(tmp_path, book(rows))
    assert findings(reading, importer, header, Mapping({"gender": 1}), Options()) == []


# What workbooks mark


def test_errors_and_formulas_without_results_are_told(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for cells in (["Code", "First Name"], ["C1", "=B9"], ["C2", "#N/A"], ["C3", "#N/A"]):
        sheet.append(cells)
    assert sentences(tmp_path, saved(workbook)) == [
        "2 cells of “First Name” hold the error #N/A, the first in row 3.",
        "1 cell of “First Name” holds a formula without its result, in row 2.",
    ]


def test_errors_of_an_xls_are_told(tmp_path):
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("S")
    for column, header in enumerate(["Code", "First Name"]):
        sheet.write(0, column, header)
    sheet.row(1).set_cell_text(0, "C1")
    sheet.row(1).set_cell_error(1, 0x2A)
    assert sentences(tmp_path, saved(workbook)) == ["1 cell of “First Name” holds the error #N/A, in row 2."]


def test_numbers_of_more_than_15_digits_are_told(tmp_path):
    rows = [["Code", "First Name"], [1234567890123456789, "Maria"], ["C2", "Anna"]]
    assert sentences(tmp_path, book(rows)) == [
        "1 cell of “Code” is a number of more than 15 digits: 1.234567890123457e+18 in row 2."
    ]


@pytest.mark.parametrize("format", ["xlsx", "xls"])
def test_codes_that_are_shorter_numbers_may_have_lost_their_zeros(tmp_path, format):
    rows = [["Code", "ZIP"], ["C1", 12345], ["C2", 2134], ["C3", 99501], ["C4", 60601]]
    assert sentences(tmp_path, book(rows, format)) == [
        "4 cells of “ZIP” are numbers, of 4 to 5 digits, the first in row 2: "
        "if there were zeros in front, the file has lost them already."
    ]


@pytest.mark.parametrize(
    "values",
    [range(1, 121), [1041, 1042, 1055], [12, 4500, 7, 99, 12345678], ["02134", "99501", "60601"]],
    ids=["counted on", "of one length", "amounts", "texts"],
)
def test_other_numbers_are_not_suspected(tmp_path, values):
    assert noticed(tmp_path, book([["Code", "ZIP"], *(["x", value] for value in values)])) == []


# A total below the rows


@pytest.mark.parametrize("word", ["Total", "GRAND TOTAL:", "Sum", "Σύνολο", "Gesamt", "Totals"])
@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
def test_a_last_row_that_says_so_looks_like_a_total(tmp_path, word, format):
    rows = [["Code", "First Name", "Phone"], *([*cells, "99123456"] for cells in PEOPLE), [word, None, "4"]]
    (found,) = noticed(tmp_path, book(rows, format))
    assert found.sentence == f"Row 6 looks like a total: “{word.rstrip(':')}”."
    assert (found.field, found.value, found.offer) == ("totals", "6", "Do not import row 6")


def test_numbers_that_add_up_look_like_a_total(tmp_path):
    rows = [["Code", "First Name", "Credit"], *([*cells, 2.5] for cells in PEOPLE), [None, None, 10]]
    assert sentences(tmp_path, book(rows)) == ["Row 6 looks like a total: “10”."]


@pytest.mark.parametrize(
    "last",
    [["Total", "Energies", 1], ["Totally", None, 1], [None, None, 7], ["C5", None, 10]],
    ids=["a full row", "another word", "no sum", "a code"],
)
def test_other_last_rows_look_like_rows(tmp_path, last):
    rows = [["Code", "First Name", "Credit"], *([*cells, 2.5] for cells in PEOPLE), last]
    assert noticed(tmp_path, book(rows)) == []


# Dates


def dates(tmp_path, *texts, **options):
    rows = [["Code", "Born"], *([f"C{number}", text] for number, text in enumerate(texts))]
    return sentences(tmp_path, book(rows), **options)


def test_the_date_that_decides_is_named(tmp_path):
    assert dates(tmp_path, "03/04/1984", "05/06/1990", "31/12/1984", date_order="dmy") == [
        "31/12/1984 in row 4, so day first, also in the 2 dates that can be read both ways."
    ]


def test_dates_that_contradict_each_other_are_named(tmp_path):
    assert dates(tmp_path, "03/04/1984", "12/31/1984", "30/12/1984") == [
        "30/12/1984 in row 4 is day first, but 12/31/1984 in row 3 is month first."
    ]


def test_an_order_that_a_date_contradicts_is_told(tmp_path):
    assert dates(tmp_path, "31/12/1984", date_order="mdy") == [
        "31/12/1984 in row 2 is day first, not month first."
    ]


def test_dates_that_need_no_decision_are_not_told(tmp_path):
    assert dates(tmp_path, "31/12/1984", "1984-03-04", "04/04/1984", date_order="dmy") == []


def test_a_date_that_decides_is_found_far_down(tmp_path):
    assert dates(tmp_path, *["03/04/1984"] * 7000, "31/12/1984", date_order="dmy") == [
        "31/12/1984 in row 7,002, so day first, also in the 7,000 dates that can be read both ways."
    ]


# Hidden and merged


def test_hidden_rows_and_sheets_and_merged_cells_are_told(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for cells in (["Code", "First Name"], *PEOPLE):
        sheet.append(cells)
    for row in (3, 4, 40):
        sheet.row_dimensions[row].hidden = True
    sheet["B6"] = "Dora"
    sheet.merge_cells("A5:A6")
    other = workbook.create_sheet("Old")
    other.append(["x"])
    other.sheet_state = "hidden"
    assert sentences(tmp_path, saved(workbook)) == [
        "1 group of cells is merged: A5:A6.",
        "2 rows of the sheet are hidden, the first is row 3.",
        "The sheet “Old” is hidden and holds 1 row.",
    ]


def test_hidden_rows_and_sheets_and_merged_cells_of_an_xls_are_told(tmp_path):
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("People")
    for row, cells in enumerate((["Code", "First Name"], *PEOPLE)):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    for row in (2, 3, 39):
        sheet.row(row).hidden = True
    sheet.write(5, 1, "Dora")
    sheet.merge(6, 7, 0, 1)
    old = workbook.add_sheet("Old")
    old.visibility = 1
    old.write(0, 0, "x")
    sheet.write(7, 2, "Last")
    assert sentences(tmp_path, saved(workbook)) == [
        "1 group of cells is merged: A7:B8.",
        "2 rows of the sheet are hidden, the first is row 3.",
        "The sheet “Old” is hidden and holds 1 row.",
    ]


def test_merged_titles_are_not_told(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.append(["Code", "First Name"])
    workbook.active.append(["C1", "Maria"])
    workbook.active.merge_cells("A1:B1")
    workbook.active.merge_cells("A9:B9")
    assert noticed(tmp_path, saved(workbook)) == []


# The encoding


def test_a_guessed_encoding_shows_what_it_makes_of_the_file(tmp_path):
    rows = "Code;First Name\nC1;Bob\nC2;Μαρία Δείγμα\nC3;Άννα Παπαδοπούλου\n"
    assert sentences(tmp_path, rows.encode("windows-1253")) == [
        "The file does not say its encoding. Read as Greek (Windows-1253), row 3 has “Μαρία Δείγμα”."
    ]
    assert sentences(tmp_path, rows.encode()) == []


# How far


def test_what_the_time_does_not_allow_is_not_looked_at():
    parts = [[[2, ["NULL"]], [3, ["NULL"]]], [[4, ["NULL"]]]]
    ticks = iter([0, 1, 11])
    report = look_over(parts, seconds=10, clock=lambda: next(ticks))
    assert (report["rows"], report["is_complete"]) == (2, False)
    assert report["columns"] == [{"words": {"NULL": [2, 2]}}]


def test_a_total_is_not_among_the_facts():
    rows = [[2, ["A", 12345, "x"]], [3, ["B", 23456, "x"]], [4, ["C", 34567, "x"]], [5, ["Total", 3]]]
    report = look_over([rows[:2], rows[2:]])
    assert report["totals"] == [[5, "Total"]]
    assert report["columns"][1]["digits"] == {"5": 3}


def test_only_the_first_rows_is_said(tmp_path):
    reading, _ = read(tmp_path, book([["Code"], ["C1"]]))
    assert extent(reading) == ""
    reading.report |= {"is_complete": False, "rows": 300_000}
    assert extent(reading) == "Only the first 300,000 rows were looked at."


def test_totals_of_each_sheet_are_found():
    rows = [[2, ["A", "x", 5]], [3, ["B", "x", 6]], [4, ["Total", None, 11]]]
    later = [[2_000_000 + number, cells] for number, cells in rows]
    assert look_over(iter([rows + later]))["totals"] == [[4, "Total"], [2_000_004, "Total"]]
