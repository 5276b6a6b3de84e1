"""Workbooks and texts as other programs, old programs and bad intentions write them."""

import csv
import io
import json
import random
import struct
import zipfile

import openpyxl
import pytest
import xlwt

from imports.readers_csv import read as read_csv
from imports.readers_encoding import BYTE_ORDER_MARKS
from imports.readers_output import RowWriter

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
)

ERROR = '<row r="9"><c r="A9" t="e"><v>#N/A</v></c></row>'
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


def row(number, *cells):
    return f'<row r="{number}">{"".join(cells)}</row>'


def cell(place, value, kind="n"):
    return f'<c r="{place}" t="{kind}"><v>{value}</v></c>'


def inline(place, xml):
    return f'<c r="{place}" t="inlineStr"><is>{xml}</is></c>'


# The fast and the careful reader see the same; an error cell decides for the second.

BOTH = pytest.mark.parametrize("error", ["", ERROR], ids=["fast", "careful"])
ROWS = {
    "cells without addresses": (
        "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
        {1: [1, 2], 2: [3]},
    ),
    "cells that are not in their order": (row(1, cell("B1", 2), cell("A1", 1)), {1: [1, 2]}),
    "two cells of one address": (row(1, cell("A1", 1), cell("A1", 2)), {1: [2]}),
    "a row number with a decimal point": ('<row r="3.0"><c r="A3"><v>1</v></c></row>', {3: [1]}),
    "truths": (
        row(1, cell("A1", 1, "b"), cell("B1", "true", "b"), cell("C1", 0, "b")),
        {1: [True, True, False]},
    ),
    "dates as texts": (
        row(1, cell("A1", "2020-02-29", "d"), cell("B1", "2020-02-29T10:11:12", "d")),
        {1: [{"date": "2020-02-29"}, {"datetime": "2020-02-29T10:11:12"}]},
    ),
    "dates and times as other texts": (
        row(1, cell("A1", "2020-02-29T10:11:12.4Z", "d"), cell("B1", "10:11:12", "d")),
        {1: [{"datetime": "2020-02-29T10:11:12"}, {"time": "10:11:12"}]},
    ),
    "a text beside which there is a number": (
        row(1, '<c r="A1" t="inlineStr"><v>7</v><is><t>x</t></is></c>'),
        {1: ["x"]},
    ),
    "a text in several formats": (
        row(1, inline("A1", '<r><rPr><b/></rPr><t>An</t></r><r><t xml:space="preserve">na </t></r>')),
        {1: ["Anna "]},
    ),
    "a text with its pronunciation": (
        row(1, inline("A1", '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh>')),
        {1: ["東京"]},
    ),
    "a text without markup": (row(1, cell("A1", "<![CDATA[a<b]]>", "str")), {1: ["a<b"]}),
    "escaped characters": (row(1, cell("A1", "a_x000D_b_x005F_x0041_", "str")), {1: ["a\rb_x0041_"]}),
    "characters by number": (row(1, cell("A1", "&amp;&#x1F600;", "str")), {1: ["&😀"]}),
    "numbers beyond 15 digits": (
        row(1, cell("A1", "12345678901234567"), cell("B1", "1E400"), cell("C1", "1.0E2")),
        {1: [12345678901234568.0, {"error": "#NUM!"}, 100]},
    ),
    "a text of 40,000 characters": (row(1, inline("A1", f"<t>{'x' * 40_000}</t>")), {1: ["x" * 40_000]}),
}
DAMAGED = {
    "a negative row": '<row r="-1"><c r="A-1"><v>1</v></c></row>',
    "a row 0": '<row r="0"><c r="A0"><v>1</v></c></row>',
    "a row that is no number": '<row r="x"><c><v>1</v></c></row>',
    "a shared text that is not there": row(1, cell("A1", 7, "s")),
    "a shared text before the first": row(1, cell("A1", -1, "s")),
    "a type that is not known": row(1, cell("A1", "x", "zz")),
}


@BOTH
@pytest.mark.parametrize("name", ROWS)
def test_odd_cells_are_read(tmp_path, name, error):
    xml, expected = ROWS[name]
    found = read_bytes(tmp_path, with_sheet(xml + error), "a.xlsx")[1]
    assert found == (expected | {9: [{"error": "#N/A"}]} if error else expected)


@BOTH
@pytest.mark.parametrize("name", DAMAGED)
def test_impossible_cells_are_not_guessed(tmp_path, name, error):
    assert problem_of(tmp_path, with_sheet(DAMAGED[name] + error), "a.xlsx").code == "damaged"


# Workbooks as other programs arrange them


@BOTH
def test_strict_workbook_is_read(tmp_path, error):
    data = with_sheet(row(1, cell("A1", "2020-02-29", "d"), inline("B1", "<t>x</t>")) + error)
    sheet = zipfile.ZipFile(io.BytesIO(data)).read(SHEET_PART).decode().replace(MAIN, f'xmlns="{STRICT}"')
    assert read_bytes(tmp_path, repacked(data, {SHEET_PART: sheet.encode()}), "a.xlsx")[1][1] == [
        {"date": "2020-02-29"},
        "x",
    ]


@BOTH
def test_elements_may_carry_the_name_of_their_namespace(tmp_path, error):
    xml = row(1, cell("A1", 7), inline("B1", "<t>x</t>")) + error
    for name in ("row", "c", "v", "is", "t"):
        xml = xml.replace(f"<{name}>", f"<x:{name}>").replace(f"<{name} ", f"<x:{name} ")
        xml = xml.replace(f"</{name}>", f"</x:{name}>")
    sheet = f"<x:worksheet {MAIN.replace('xmlns', 'xmlns:x')}><x:sheetData>{xml}</x:sheetData></x:worksheet>"
    data = repacked(workbook([["x"]]), {SHEET_PART: sheet.encode()})
    assert read_bytes(tmp_path, data, "a.xlsx")[1][1] == [7, "x"]


def renamed(data, rename):
    """The package with the names of its parts changed."""
    source = zipfile.ZipFile(io.BytesIO(data))
    return archive(**{rename(name): source.read(name) for name in source.namelist()})


@BOTH
def test_names_of_parts_may_have_the_separator_of_windows(tmp_path, error):
    data = with_sheet(row(1, cell("A1", 7)) + error)
    assert read_bytes(tmp_path, renamed(data, lambda name: name.replace("/", "\\")), "a.xlsx")[1][1] == [7]


@BOTH
def test_names_of_parts_may_be_of_another_case(tmp_path, error):
    data = with_sheet(row(1, cell("A1", 7)) + error)
    assert read_bytes(tmp_path, renamed(data, str.lower), "a.xlsx")[1][1] == [7]


def with_relation(data, kind, target):
    part = "xl/_rels/workbook.xml.rels"
    relations = zipfile.ZipFile(io.BytesIO(data)).read(part).decode()
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    added = f'<Relationship Type="{base}/{kind}" Target="{target}" Id="added"/></Relationships>'
    return repacked(data, {part: relations.replace("</Relationships>", added).encode()})


def test_texts_are_looked_for_where_the_workbook_says_that_they_are(tmp_path):
    data = with_relation(with_sheet(row(1, cell("A1", 0, "s"))), "sharedStrings", "texts.xml")
    tables = {
        "xl/texts.xml": f"<sst {MAIN}><si><t>right</t></si></sst>".encode(),
        "xl/sharedStrings.xml": f"<sst {MAIN}><si><t>wrong</t></si></sst>".encode(),
    }
    assert read_bytes(tmp_path, repacked(data, tables), "a.xlsx")[1] == {1: ["right"]}


def test_part_that_is_there_twice_is_not_chosen_between(tmp_path):
    stream = io.BytesIO(workbook([["x"]]))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as target:
        target.writestr(SHEET_PART, f"<worksheet {MAIN}/>")
    assert problem_of(tmp_path, stream.getvalue(), "a.xlsx").code == "damaged"


def test_parts_outside_of_the_workbook_are_written_nowhere(tmp_path):
    data = repacked(workbook([["x"]]), {"../../outside.txt": b"x", "/tmp/outside.txt": b"x"})
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert read_bytes(tmp_path / "a" / "b", data, "a.xlsx")[1] == {1: ["x"]}
    assert not list(tmp_path.rglob("outside.txt"))


def test_encrypted_part_is_a_password(tmp_path):
    data = bytearray(workbook([["x"]]))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert problem_of(tmp_path, bytes(data), "a.xlsx").code == "password_protected"


def test_large_archive_format_is_read(tmp_path):
    source, target = zipfile.ZipFile(io.BytesIO(workbook([["x"]]))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for name in source.namelist():
            with written.open(name, "w", force_zip64=True) as part:
                part.write(source.read(name))
    assert read_bytes(tmp_path, target.getvalue(), "a.xlsx")[1] == {1: ["x"]}


def test_rubbish_behind_the_workbook_does_no_harm(tmp_path):
    assert read_bytes(tmp_path, workbook([["x"]]) + b"\r\n" * 8, "a.xlsx")[1] == {1: ["x"]}


def test_binary_workbook_is_told_though_parts_of_it_are_xml(tmp_path):
    types = (
        b'<Types><Override PartName="/xl/workbook.bin" '
        b'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        b'<Override PartName="/xl/drawings/vmlDrawing1.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"/></Types>'
    )
    problem = problem_of(
        tmp_path, archive(**{"[Content_Types].xml": types, "xl/workbook.bin": b"x"}), "a.xlsb"
    )
    assert (problem.code, problem.params) == ("wrong_type", {"kind": "a binary workbook (.xlsb)"})


def test_word_document_is_told_though_a_workbook_is_in_it(tmp_path):
    base = b"application/vnd.openxmlformats-officedocument"
    types = (
        b'<Types><Override PartName="/word/document.xml" ContentType="' + base
        + b'.wordprocessingml.document.main+xml"/><Default Extension="xlsx" ContentType="' + base
        + b'.spreadsheetml.sheet"/></Types>'
    )  # fmt: skip
    problem = problem_of(tmp_path, archive(**{"[Content_Types].xml": types}), "a.xlsx")
    assert (problem.code, problem.params) == ("wrong_type", {"kind": "a Word document"})


def test_charts_and_very_hidden_sheets_are_no_first_choice(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Secret"
    book.active.append(["hidden"])
    book.active.sheet_state = "veryHidden"
    book.create_chartsheet("Chart")
    book.create_sheet("Contacts").append(["Anna"])
    book.save(tmp_path / "a.xlsx")
    reading, rows = read(tmp_path / "a.xlsx")
    assert (reading.sheet, rows) == ("Contacts", {1: ["Anna"]})
    assert [(sheet["name"], sheet["visible"]) for sheet in reading.sheets] == [
        ("Secret", False),
        ("Contacts", True),
    ]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("dd/mm/yyyy", {"date": "2020-02-29"}),
        ("[$-408]d mmmm yyyy;@", {"date": "2020-02-29"}),
        ('yyyy"年"m"月"d"日"', {"date": "2020-02-29"}),
        ('"d"0', 43890),
        ("[Red]0.00", 43890),
        ("General", 43890),
        ("@", 43890),
    ],
)
@pytest.mark.parametrize("error", [None, "#N/A"], ids=["fast", "careful"])
def test_number_is_a_date_where_its_format_shows_one(tmp_path, code, shown, error):
    book = openpyxl.Workbook()
    book.active.append([43890, error])
    book.active["A1"].number_format = code
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[1][1][0] == shown


@pytest.mark.parametrize("system", [0, 1], ids=["1900", "1904"])
def test_dates_of_an_xls_follow_its_system(tmp_path, system):
    book = xlwt.Workbook()
    book.dates_1904 = system
    book.add_sheet("a").write(0, 0, 43890 - 1462 * system, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    book.save(str(tmp_path / "a.xls"))
    assert read(tmp_path / "a.xls")[1] == {1: [{"date": "2020-02-29"}]}


def old_workbook(*records):
    """A workbook of the time before containers, from records of (code, data)."""
    end = [(0x000A, b"")]
    return b"".join(struct.pack("<HH", code, len(data)) + data for code, data in [*records, *end])


OLD_WORKBOOKS = {
    "BIFF 2": old_workbook(
        (0x0009, struct.pack("<HH", 2, 0x10)),
        (0x0004, struct.pack("<HH3s", 0, 0, bytes(3)) + b"\x04Anna"),
        (0x0003, struct.pack("<HH3sd", 1, 0, bytes(3), 7)),
    ),
    "BIFF 3": old_workbook(
        (0x0209, struct.pack("<HHH", 3, 0x10, 0)),
        (0x0204, struct.pack("<HHHH", 0, 0, 0, 4) + b"Anna"),
        (0x0203, struct.pack("<HHHd", 1, 0, 0, 7)),
    ),
    "BIFF 4": old_workbook(
        (0x0409, struct.pack("<HHH", 4, 0x10, 0)),
        (0x0204, struct.pack("<HHHH", 0, 0, 0, 4) + b"Anna"),
        (0x0203, struct.pack("<HHHd", 1, 0, 0, 7)),
    ),
}


@pytest.mark.parametrize("name", OLD_WORKBOOKS)
def test_workbook_of_the_nineties_is_read(tmp_path, name):
    assert read_bytes(tmp_path, OLD_WORKBOOKS[name], "a.xls")[1] == {1: ["Anna"], 2: [7]}


# Texts

NEWLINES = ["\n", "\r\n", "\r"]
DELIMITERS = [",", ";", "\t", "|", ":", "^"]
CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1253"]
TABLE = [["Κωδικός", "Name", "Σημείωση"], ["007", "Άννα", 'λέει "ναι"'], ["x;,|", "δύο\nσειρές", "τέλος"]]


@pytest.mark.parametrize("newline", NEWLINES, ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("codec", CODECS)
def test_every_encoding_delimiter_and_newline(tmp_path, codec, delimiter, newline):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(TABLE)
    path = tmp_path / "a.csv"
    path.write_bytes(text.getvalue().encode(codec))
    # Nobody guesses : and ^, so that they have to be chosen.
    chosen = delimiter if delimiter in ":^" else None
    assert records(path, delimiter=chosen) == TABLE


def records(path, **options):
    stream = io.BytesIO()
    read_csv({"path": str(path), "name": path.name, **options}, RowWriter(stream, 1000, 500))
    lines = stream.getvalue().splitlines()[1:]
    return [json.loads(line)[1] for line in lines]


@pytest.mark.parametrize("mark", BYTE_ORDER_MARKS)
def test_nothing_behind_a_byte_order_mark_is_no_rows(tmp_path, mark):
    assert problem_of(tmp_path, mark).code == "no_rows"


def test_smiling_face_does_not_hide_the_encoding(tmp_path):
    text = "Name,Note\nAnna,fine \U0001f600\nBob,good\n"
    assert read_bytes(tmp_path, text.encode("utf-16-le"))[1][2] == ["Anna", "fine \U0001f600"]


def test_end_mark_of_dos_does_not_hide_the_encoding(tmp_path):
    data = "Όνομα;Πόλη\r\nΆννα;Λευκωσία\r\nΆρης;Πάφος\r\n".encode("windows-1253") + b"\x1a"
    reading, rows = read_bytes(tmp_path, data)
    assert (reading.encoding, rows[2]) == ("windows-1253", ["Άννα", "Λευκωσία"])


def test_random_bytes_are_no_text(tmp_path):
    assert problem_of(tmp_path, random.Random(3).randbytes(5000).lstrip(b"P")).code == "damaged"
