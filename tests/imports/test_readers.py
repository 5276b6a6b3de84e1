import csv
import datetime
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from imports import readers_output
from imports.readers import FILE_PROBLEMS, UnreadableFile

from .workbooks import (
    MAIN,
    SHEET_PART,
    archive,
    problem_of,
    read,
    read_bytes,
    repacked,
    with_sheet,
    workbook,
    xls,
)

PROJECT = Path(__file__).resolve().parents[2]


# Text


def test_cells_of_a_csv_are_text_or_null(tmp_path):
    reading, rows = read_bytes(tmp_path, b"Code,Name,Phone\n007,,99123456\n")
    assert rows == {1: ["Code", "Name", "Phone"], 2: ["007", None, "99123456"]}
    assert (reading.format, reading.encoding, reading.delimiter) == ("csv", "utf-8", ",")
    assert (reading.rows, reading.width, reading.encoding_guessed) == (2, 3, False)


def test_blank_records_and_quoted_newlines_do_not_shift_row_numbers(tmp_path):
    _, rows = read_bytes(tmp_path, b'a,b\r\n\r\n"1\r\n1",2\r\n , \xc2\xa0\r\n3,4\r\n')
    assert rows == {1: ["a", "b"], 3: ["1\r\n1", "2"], 5: ["3", "4"]}


def test_blank_cells_at_the_end_of_a_row_are_dropped_and_others_kept_raw(tmp_path):
    _, rows = read_bytes(tmp_path, b"a,b,c,d\n,, x ,\n")
    assert rows[2] == [None, None, " x "]


def test_cells_full_of_json_come_back_as_they_are(tmp_path):
    cells = ['],["', '""', ',""', '[""', "]]\x1f[", "\\u0041", "\\", '"', "\u2028", "\x85", "'"]
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["header"] * len(cells), cells])
    _, rows = read_bytes(tmp_path, stream.getvalue().encode(), delimiter=",")
    assert rows[2] == cells


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path, delimiter):
    lines = [["Name", "Price", "Note"], ["Anna", "1,5", "a; b"], ["Bob", "2,5", "c | d"], ["Eve", "3,5", "e"]]
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows(lines)
    reading, rows = read_bytes(tmp_path, stream.getvalue().encode())
    assert reading.delimiter == delimiter
    assert list(rows.values()) == lines


def test_decimal_commas_do_not_make_columns(tmp_path):
    reading, _ = read_bytes(tmp_path, b"1,5;2,5;3,5\n1,5;2,5;3,5\n")
    assert reading.delimiter == ";"


def test_title_lines_do_not_hide_the_delimiter(tmp_path):
    reading, rows = read_bytes(tmp_path, b"Contacts of May\n\nname;phone\nAnna;1\nBob;2\n")
    assert reading.delimiter == ";"
    assert rows[4] == ["Anna", "1"]


def test_one_column_is_a_file_too(tmp_path):
    reading, rows = read_bytes(tmp_path, b"Address\n1 Street, Nicosia\n2 Street, Limassol\n")
    assert reading.delimiter is None
    assert rows[2] == ["1 Street, Nicosia"]


def test_sep_line_is_honoured_and_counted(tmp_path):
    reading, rows = read_bytes(tmp_path, b"sep=|\r\na,b|c\r\n1,2|3\r\n")
    assert reading.delimiter == "|"
    assert rows == {2: ["a,b", "c"], 3: ["1,2", "3"]}


def test_chosen_delimiter_wins(tmp_path):
    _, rows = read_bytes(tmp_path, b"a,b:c\n", delimiter=":")
    assert rows == {1: ["a,b", "c"]}


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_newline_ends_a_record(tmp_path, newline):
    _, rows = read_bytes(tmp_path, newline.join([b"a,b", b"1,2", b"3,4"]))
    assert rows == {1: ["a", "b"], 2: ["1", "2"], 3: ["3", "4"]}


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("utf-32-be", "utf-32-be"),
        ("windows-1253", "windows-1253"),
        ("iso-8859-7", "iso-8859-7"),
    ],
)
def test_greek_is_read_in_its_encoding(tmp_path, codec, found):
    text = "Όνομα;Επώνυμο;Πόλη\nΆννα;Παπαδοπούλου;Λευκωσία\nΆρης;Γεωργίου;Πάφος\n"
    reading, rows = read_bytes(tmp_path, text.encode(codec))
    assert reading.encoding == found
    assert reading.encoding_guessed == (found in ("windows-1253", "iso-8859-7"))
    assert rows[2] == ["Άννα", "Παπαδοπούλου", "Λευκωσία"]


def test_western_letters_far_down_the_file_decide_its_encoding(tmp_path):
    data = b"name,city\n" + b"Anna,Paris\n" * 200_000 + "José,Málaga\nZoë,Orléans\n".encode("cp1252")
    reading, rows = read_bytes(tmp_path, data)
    assert reading.encoding == "windows-1252"
    assert rows[200_002] == ["José", "Málaga"]


def test_rows_that_would_fill_the_disk_are_not_written(monkeypatch):
    monkeypatch.setattr(readers_output, "MAX_BYTES", 100)
    out = readers_output.RowWriter(io.BytesIO(), 1000, 500)
    with pytest.raises(UnreadableFile) as caught:
        out.write_all((row, ["x" * 20]) for row in range(1, 2000))
    assert caught.value.code == "too_large_to_read"


@pytest.mark.parametrize("name", ["ISO-8859-7", "iso8859_7", "greek"])
def test_chosen_encoding_wins_by_any_of_its_names(tmp_path, name):
    reading, rows = read_bytes(tmp_path, "a,Άννα\n".encode("iso-8859-7"), encoding=name)
    assert (reading.encoding, rows) == ("iso-8859-7", {1: ["a", "Άννα"]})


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.text(st.sampled_from("aBΆλ 1,;|\t\"'=\r\né€"), min_size=1, max_size=8), min_size=2, max_size=4
        ),
        min_size=1,
        max_size=6,
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1253"]),
    delimiter=st.sampled_from([",", ";", "\t", "|", ":", "^"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_was_written_is_read(tmp_path_factory, rows, encoding, delimiter, newline):
    rows = [
        [cell.replace("é", "x") if encoding == "cp1253" else cell for cell in row] + ["."] for row in rows
    ]
    stream = io.StringIO(newline="")
    # Before Python 3.13 the writer quotes only those line ends that it writes itself.
    quoting = csv.QUOTE_MINIMAL if newline == "\r\n" else csv.QUOTE_ALL
    csv.writer(stream, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)
    path = tmp_path_factory.mktemp("written") / "written.csv"
    path.write_bytes(stream.getvalue().encode(encoding))
    _, found = read(path, encoding="windows-1253" if encoding == "cp1253" else encoding, delimiter=delimiter)
    assert list(found.values()) == rows


def test_sloppy_quotes_are_taken_as_they_stand(tmp_path):
    _, rows = read_bytes(tmp_path, b'a,b\n"x"y,1\nz,2\n')
    assert rows == {1: ["a", "b"], 2: ["xy", "1"], 3: ["z", "2"]}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a,b\n1,2\n3,"4\n5,6\n', 3),
        (b'a,b\n"x\ny",2\n3,"4\n5,6\n', 4),
        (b'a,b\n1,"Anna\n2,"Bob"\n', 2),
        (b'a,b\n"x"y,2\n1,"Anna\n', 3),
        (b'a,b\n1,"' + b"x,y\n" * 500_000, 2),
    ],
)
def test_unclosed_quote_is_named_by_the_line_it_opens_on(tmp_path, data, line):
    problem = problem_of(tmp_path, data)
    assert (problem.code, problem.params) == ("unclosed_quote", {"line": line})


def test_cell_beyond_a_megabyte_is_named_by_its_line(tmp_path):
    problem = problem_of(tmp_path, b"a,b\n1,2\n3," + b"x" * (1 << 20) + b"x\n")
    assert (problem.code, problem.params["line"]) == ("field_too_long", 3)


def test_nul_is_named_by_its_row(tmp_path):
    problem = problem_of(tmp_path, b"a,b\n1,2\n3,\x004\n")
    assert (problem.code, problem.params) == ("nul_character", {"row": 3})


def test_undecodable_byte_is_named_by_its_line(tmp_path):
    good = "Άννα,Λευκωσία\r\n".encode()
    problem = problem_of(tmp_path, good * 9 + b"\xff\xfe,x\r\n" + good)
    assert problem.code == "undecodable"
    assert problem.params == {"line": 10, "encoding": "utf-8"}


@pytest.mark.parametrize(
    ("options", "code"),
    [({"encoding": "klingon"}, "unknown_encoding"), ({"encoding": "unicode_escape"}, "unknown_encoding"),
     ({"encoding": "utf-7"}, "unknown_encoding"), ({"delimiter": "ab"}, "unknown_delimiter"),
     ({"delimiter": '"'}, "unknown_delimiter")],
)  # fmt: skip
def test_choice_that_cannot_be_is_refused(tmp_path, options, code):
    assert problem_of(tmp_path, b"a,b\n", **options).code == code


# Workbooks


VALUES = [
    ["Anna", " Άννα ", "007", 7, 1.5, True, False],
    [99123456.0, 1e15, -3, 0, 0.1, "a_x0041_", "x\ny"],
    [datetime.date(1984, 3, 9), datetime.datetime(1984, 3, 9, 10, 11, 12), datetime.time(10, 11, 12)],
    [datetime.date(1900, 3, 1), datetime.date(2155, 12, 31), None, None, "end"],
]
CELLS = {
    1: ["Anna", " Άννα ", "007", 7, 1.5, True, False],
    2: [99123456, 1e15, -3, 0, 0.1, "aA", "x\ny"],
    3: [{"date": "1984-03-09"}, {"datetime": "1984-03-09T10:11:12"}, {"time": "10:11:12"}],
    4: [{"date": "1900-03-01"}, {"date": "2155-12-31"}, None, None, "end"],
}


def test_cells_of_an_xlsx_keep_their_kind(tmp_path):
    reading, rows = read_bytes(tmp_path, workbook(VALUES), "contacts.xlsx")
    assert rows == CELLS
    assert type(rows[2][0]) is int
    assert type(rows[2][1]) is float
    assert (reading.format, reading.sheet, reading.width) == ("xlsx", "Sheet", 7)


def test_cells_of_an_xls_keep_their_kind(tmp_path):
    _, rows = read_bytes(tmp_path, xls(VALUES), "contacts.xls")
    assert rows == CELLS | {2: [99123456, 1e15, -3, 0, 0.1, "a_x0041_", "x\ny"]}


def test_both_engines_agree_on_random_workbooks(tmp_path):
    chance = random.Random(7)
    values = [value for row in VALUES for value in row]
    for _ in range(10):
        rows = [[chance.choice(values) for _ in range(chance.randrange(9))] for _ in range(30)]
        path = tmp_path / "random.xlsx"
        path.write_bytes(workbook(rows, start=chance.randrange(1, 9)))
        assert child_lines(path, "careful") == child_lines(path, None)


def test_readers_of_xls_and_xlsx_agree(tmp_path):
    chance = random.Random(11)
    values = [value for row in VALUES for value in row if value != "a_x0041_"]
    for _ in range(10):
        table = [[chance.choice(values) for _ in range(6)] for _ in range(30)]
        assert (
            read_bytes(tmp_path, xls(table), "a.xls")[1] == read_bytes(tmp_path, workbook(table), "a.xlsx")[1]
        )


def child_lines(path, engine):
    limits = {"address_space": 1 << 30, "cpu_seconds": 20, "max_rows": 1 << 20, "max_columns": 500}
    request = {"path": str(path), "name": path.name, "engine": engine, "limits": limits}
    child = subprocess.run(
        [sys.executable, "-m", "imports.readers"],
        cwd=PROJECT,
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return child.stdout.splitlines()


def test_dates_of_the_1904_system_are_shifted(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = datetime.date(2020, 2, 29)
    book.save(tmp_path / "mac.xlsx")
    assert read(tmp_path / "mac.xlsx")[1] == {1: [{"date": "2020-02-29"}]}


def test_sheet_that_begins_far_from_its_corner_keeps_rows_and_columns(tmp_path):
    book = openpyxl.Workbook()
    book.active["C5"], book.active["D9"] = "x", "y"
    book.save(tmp_path / "far.xlsx")
    assert read(tmp_path / "far.xlsx")[1] == {5: [None, None, "x"], 9: [None, None, None, "y"]}


def test_error_cells_of_an_xlsx_are_shown(tmp_path):
    data = with_sheet('<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c></row>')
    assert read_bytes(tmp_path, data, "a.xlsx")[1] == {2: [1, {"error": "#N/A"}]}


def test_error_cells_of_an_xls_are_shown(tmp_path):
    book = xlwt.Workbook()
    book.add_sheet("a").row(0).set_cell_error(1, "#DIV/0!")
    book.save(str(tmp_path / "a.xls"))
    assert read(tmp_path / "a.xls")[1] == {1: [None, {"error": "#DIV/0!"}]}


def test_formula_without_a_stored_value_is_no_blank(tmp_path):
    assert read_bytes(tmp_path, workbook([["=1+1", "x"]]), "a.xlsx")[1] == {1: [{"formula": ""}, "x"]}


def test_formula_gives_its_stored_value(tmp_path):
    cells = (
        '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1&amp;""</f><v></v></c><c r="C1"><v>3</v></c>'
    )
    assert read_bytes(tmp_path, with_sheet(f'<row r="1">{cells}</row>'), "a.xlsx")[1] == {1: [2, None, 3]}


def test_number_that_is_no_date_stays_a_number(tmp_path):
    book = openpyxl.Workbook()
    book.active.append([99123456, "#N/A"])
    book.active["A1"].number_format = "yyyy-mm-dd"
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[1] == {1: [99123456, {"error": "#N/A"}]}


def test_cells_outside_of_the_declared_dimension_are_read(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    rows += '<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'
    data = with_sheet(rows, '<dimension ref="A1"/>')
    assert read_bytes(tmp_path, data, "a.xlsx")[1] == {1: [1, 2], 2: [{"error": "#N/A"}]}


@pytest.mark.parametrize("error", ["", '<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'])
def test_a_million_formatted_blank_rows_are_skipped(tmp_path, error):
    blank = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(3, 1_000_000))
    first, last = (f'<row r="{row}"><c r="A{row}"><v>7</v></c></row>' for row in (1, 1_000_001))
    data = with_sheet(first + error + blank + last)
    reading, rows = read_bytes(tmp_path, data, "a.xlsx")
    assert (rows[1], rows[1_000_001]) == ([7], [7])
    assert reading.rows == 2 + bool(error)


def test_only_value_in_the_last_corner_is_found_quickly(tmp_path):
    problem = problem_of(
        tmp_path, with_sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "a.xlsx"
    )
    assert problem.params == {"row": 1_048_576, "columns": 16_384, "limit": 500}


def test_value_in_the_last_corner_does_not_kill_the_reading(tmp_path):
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="SF1048576"><v>2</v></c></row>'
    reading, rows = read_bytes(tmp_path, with_sheet(far), "a.xlsx")
    assert (reading.rows, reading.width, rows[1_048_576][-1]) == (2, 500, 2)


def test_half_a_character_does_not_break_the_lines(tmp_path):
    text = "a_xD83D_b_xD83D__xDE00_"
    cells = f'<c r="A1" t="inlineStr"><is><t>{text}</t></is></c><c r="B1" t="e"><v>#N/A</v></c>'
    found = read_bytes(tmp_path, with_sheet(f'<row r="1">{cells}</row>'), "a.xlsx")[1]
    assert found[1][0] == "a\uffffb\U0001f600"


def three_sheets():
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    book.create_sheet("Hidden").append(["secret"])
    book["Hidden"].sheet_state = "hidden"
    book.create_sheet("Contacts").append(["Anna"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_first_visible_sheet_with_cells_is_preselected(tmp_path):
    reading, rows = read_bytes(tmp_path, three_sheets(), "a.xlsx")
    assert rows == {1: ["Anna"]}
    assert reading.sheets == [
        {"name": "Empty", "visible": True, "rows": 0, "selected": False},
        {"name": "Hidden", "visible": False, "rows": 1, "selected": False},
        {"name": "Contacts", "visible": True, "rows": 1, "selected": True},
    ]


def test_chosen_sheet_is_read(tmp_path):
    assert read_bytes(tmp_path, three_sheets(), "a.xlsx", sheet="Hidden")[1] == {1: ["secret"]}


def test_sheets_of_an_xls_are_listed(tmp_path):
    book = xlwt.Workbook()
    book.add_sheet("Empty")
    book.add_sheet("Hidden").write(0, 0, "secret")
    book.get_sheet("Hidden").visibility = 1
    book.add_sheet("Contacts").write(4, 0, "Anna")
    book.save(str(tmp_path / "a.xls"))
    reading, rows = read(tmp_path / "a.xls")
    assert rows == {5: ["Anna"]}
    assert [(sheet["name"], sheet["visible"], sheet["selected"]) for sheet in reading.sheets] == [
        ("Empty", True, False),
        ("Hidden", False, False),
        ("Contacts", True, True),
    ]
    assert reading.sheets[2]["rows"] == 5


@pytest.mark.parametrize("extension", ["xlsx", "xls"])
@pytest.mark.parametrize(("sheet", "code"), [("Empty", "blank_sheet"), ("Nowhere", "no_such_sheet")])
def test_sheet_that_cannot_be_read_says_so(tmp_path, extension, sheet, code):
    old = xlwt.Workbook()
    old.add_sheet("Empty")
    old.add_sheet("Contacts").write(0, 0, "Anna")
    stream = io.BytesIO()
    old.save(stream)
    data = stream.getvalue() if extension == "xls" else three_sheets()
    problem = problem_of(tmp_path, data, f"a.{extension}", sheet=sheet)
    assert (problem.code, problem.params["sheet"]) == (code, sheet)


# What a file is, whatever its name says


def test_xlsx_named_xls_is_read(tmp_path):
    reading, rows = read_bytes(tmp_path, workbook([["a", 1]]), "contacts.xls")
    assert (reading.format, rows) == ("xlsx", {1: ["a", 1]})


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"a\tb\n1\t2\n"])
def test_delimited_text_named_xls_is_read(tmp_path, data):
    reading, rows = read_bytes(tmp_path, data, "contacts.xls")
    assert (reading.format, rows) == ("csv", {1: ["a", "b"], 2: ["1", "2"]})


def with_content_type(old, new):
    types = zipfile.ZipFile(io.BytesIO(workbook([["x"]]))).read("[Content_Types].xml")
    return repacked(workbook([["x"]]), {"[Content_Types].xml": types.replace(old, new)})


def with_document_type(encoding="utf-8", before=""):
    xml = f'{before}<!DOCTYPE a [<!ENTITY b "c">]><worksheet {MAIN}><sheetData/></worksheet>'
    return repacked(workbook([["x"]]), {"xl/other.xml": xml.encode(encoding)})


SHEET_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPE = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
BINARY_TYPE = b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"
BAD_FILES = {
    "empty_file": ("a.csv", b""),
    "no_rows": ("a.csv", b"\n \n,,\n"),
    "pdf": ("a.csv", b"%PDF-1.7\n%\xe2\xe3"),
    "image": ("a.xlsx", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    "html": ("a.xls", b"\xef\xbb\xbf<html>\n<table><tr><td>1</td></tr></table>"),
    "truncated": ("a.xlsx", workbook([["x"] * 50] * 50)[:-100]),
    "truncated xls": ("a.xls", xls([["x"] * 50] * 50)[:-700]),
    "damaged": ("a.xlsx", repacked(workbook([["x"]]), {SHEET_PART: b"<worksheet><row><c><v>1</v>"})),
    "damaged xls": ("a.xls", xls([["x"]])[:512] + bytes(512) + xls([["x"]])[1024:]),
    "macro_workbook": ("a.xlsm", with_content_type(SHEET_TYPE, MACRO_TYPE)),
    "document_type": ("a.xlsx", with_document_type()),
    "document_type utf-16": ("a.xlsx", with_document_type("utf-16")),
    "document_type behind a comment": ("a.xlsx", with_document_type(before=f"<!-- <a> {'x' * 70_000} -->")),
    "zip_bomb": ("a.xlsx", repacked(workbook([["x"]]), {"xl/media/a.bin": bytes(11 << 20)})),
    "zip_bomb of many": ("a.xlsx", repacked(workbook([["x"]]), {f"xl/{n}": b"" for n in range(5001)})),
    "wrong_type zip": ("a.xlsx", archive(readme="x")),
    "wrong_type ods": ("a.xlsx", archive(mimetype="application/vnd.oasis.opendocument.spreadsheet")),
    "wrong_type gzip": ("a.csv", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
    "wrong_type xml": ("a.xls", b'<?xml version="1.0"?><a/>'),
    "wrong_type prose": ("a.xls", b"Dear all\nhere is nothing\n"),
    "blank_workbook": ("a.xlsx", workbook([])),
    "blank_workbook xls": ("a.xls", xls([])),
    "too_many_columns": ("a.csv", b"x," * 501 + b"x\n"),
    "too_many_columns xlsx": ("a.xlsx", workbook([["x"] * 501])),
    "too_many_columns far away": ("a.xlsx", with_sheet('<row r="99"><c r="XFD99"><v>1</v></c></row>')),
    "too_many_rows": ("a.csv", b"x\n" * 1_048_577),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_has_its_sentence(tmp_path, case):
    name, data = BAD_FILES[case]
    problem = problem_of(tmp_path, data, name)
    assert problem.code == case.split()[0]


def test_blank_lines_beyond_a_full_sheet_do_no_harm(tmp_path):
    assert read_bytes(tmp_path, b"a,b\n1,2\n" + b",\n" * 1_048_576)[0].rows == 2


def test_protected_workbooks_are_told_by_their_container(tmp_path):
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert problem_of(tmp_path, data, "a.xlsx").code == "password_protected"


def test_sentences_hold_no_jargon():
    for sentence in FILE_PROBLEMS.values():
        assert sentence.endswith(".") or sentence.endswith("or ,")
        for word in ("please", "oops", "invalid", "error:", "exception", "xlrd", "openpyxl", "calamine"):
            assert word not in sentence.lower()


def test_child_starts_without_django():
    code = (
        "import sys, imports.readers; print([m for m in sys.modules if m.startswith(('django', 'openpyxl'))])"
    )
    child = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, env={**os.environ})
    assert child.stdout == b"[]\n"
