import csv
import datetime
import io
import json
from importlib import import_module

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from imports import drafts, execution, reports
from imports.corrections import find_correction, own_headers
from imports.importers import importer_for, importers
from imports.models import ImportJob, ImportRow, ImportRowDetail, ImportRun, file_storage
from imports.parts import Reading, first_rows
from imports.problems import Problem
from imports.readers import FORMATS
from imports.readers_output import RowWriter
from imports.taking_back import take_back
from imports.worker import Worker
from imports.writers import UNWRITABLE, WRITERS, Style, harmless, restored, unambiguous
from tests.factories import SuperuserFactory, UserFactory

REFERENCE = "1042-K7Q2"
BAD_EMAIL = Problem("not_an_email", "Contact Email", "x")
NO_NAME = Problem("missing", "Last Name")

# Texts full of what formulas, delimiters and workbooks stumble over.
SPICES = ["'", "''", "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠", '"', ",", ";", "_x0041_", "Ά"]
words = st.sampled_from(SPICES) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
texts = st.lists(words, max_size=5).map("".join)
# openpyxl writes 16 digits, spreadsheet programs hold 15.
floats = st.floats(1e-9, 1e14).map(lambda number: json.loads(f"{number:.15g}"))
numbers = st.integers(-(10**14), 10**14) | floats
dates = st.dates(datetime.date(1900, 3, 1), datetime.date(2155, 12, 31))
moments = (
    dates.map(lambda date: {"date": date.isoformat()})
    | dates.map(lambda date: {"datetime": f"{date}T10:20:30"})
    | st.just({"time": "23:59:59"})
)


def read_back(tmp_path_factory, file_format, data, **chosen):
    """[(number, cells)] as the reader of the format gives them."""
    path = tmp_path_factory.mktemp("read") / "file"
    path.write_bytes(data)
    limits = {"address_space": 2**31, "max_rows": 10**6, "max_columns": 500}
    stream = io.BytesIO()
    request = {"path": str(path), "name": f"file.{file_format}", "limits": limits, **chosen}
    import_module(FORMATS[file_format]).read(request, RowWriter(stream, 10**6, 500))
    return [tuple(json.loads(line)) for line in stream.getvalue().splitlines() if line.startswith(b"[")]


def written(file_format, rows, style=None):
    file = io.BytesIO()
    WRITERS[file_format](file, rows, style or Style())
    return file.getvalue()


def round_trip(tmp_path_factory, file_format, cells):
    """`cells` as they come back from a failed-rows file."""
    headers = [f"Column {index}" for index in range(len(cells))]
    rows = [
        [*headers, *own_headers(REFERENCE)],
        [*cells, 7, "Rejected: badly formatted", "Column 1: wrong. Correct it."],
    ]
    header, row = read_back(tmp_path_factory, file_format, written(file_format, rows))
    return find_correction([header]).own_cells(row[1])


def without_blanks_at_end(cells):
    cells = [None if cell == "" else cell for cell in cells]
    while cells and cells[-1] is None:
        cells.pop()
    return cells


@settings(deadline=None)
@given(cells=st.lists(texts, min_size=1, max_size=4))
@example(["'=1+1"])
@example(["''=1+1", "'", "''"])
def test_a_csv_comes_back_exactly(tmp_path_factory, cells):
    assert round_trip(tmp_path_factory, "csv", cells) == without_blanks_at_end(cells)


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
@settings(deadline=None)
@given(cells=st.lists(texts | numbers | moments | st.booleans(), min_size=1, max_size=4))
@example(["'\x1f=", "\x01", "\t"])
@example(["=1+1", "'=1+1", "#N/A", "_x000D_", "a\r\nb"])
def test_a_workbook_comes_back_exactly_but_for_control_characters(tmp_path_factory, file_format, cells):
    expected = [UNWRITABLE.sub("", cell) if isinstance(cell, str) else cell for cell in cells]
    came_back = round_trip(tmp_path_factory, file_format, cells)
    assert without_white_cells(came_back) == without_white_cells(expected)


def without_white_cells(cells):
    """Readers of workbooks disagree on cells that hold nothing but white space; an import takes them for blank."""
    return without_blanks_at_end(
        [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]
    )


@settings(deadline=None)
@given(texts)
def test_undoing_is_exact_for_every_format(text):
    assert restored(harmless(text)) == text
    assert restored(unambiguous(text)) == text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠", "'=", "''@"])
def test_a_text_that_would_run_gets_an_apostrophe(sign):
    assert harmless(f"{sign}1") == f"'{sign}1"


def test_other_texts_stay_as_they_are():
    assert harmless("'quoted'") == "'quoted'"
    assert harmless("a=b") == "a=b"


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://example.com")', "#N/A", "@SUM(A1)"])
def test_nothing_is_live_in_a_workbook(text):
    book = load_workbook(io.BytesIO(written("xlsx", [["Header"], [text]])))
    assert (book.active["A2"].value, book.active["A2"].data_type) == (text, "s")


def test_dates_are_real_dates_in_workbooks():
    book = load_workbook(io.BytesIO(written("xlsx", [["Born"], [{"date": "1984-03-09"}]])))
    assert book.active["A2"].value == datetime.datetime(1984, 3, 9)
    assert book.active["A2"].is_date


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ({"datetime": "1984-03-09T10:30:00"}, datetime.datetime(1984, 3, 9, 10, 30)),
        ({"time": "10:30:00"}, datetime.time(10, 30)),
        (True, True),
        (0, 0),
        (1234.5, 1234.5),
    ],
)
def test_what_is_no_text_stays_what_it_is_in_workbooks(cell, value):
    book = load_workbook(io.BytesIO(written("xlsx", [["Header"], [None, cell]])))
    assert book.active["B2"].value == value
    assert type(book.active["B2"].value) is type(value)


def test_errors_are_written_as_their_text():
    book = load_workbook(io.BytesIO(written("xlsx", [["Sum"], [{"error": "#N/A"}]])))
    assert (book.active["A2"].value, book.active["A2"].data_type) == ("#N/A", "s")


def failed(
    *rows,
    headers=("Name", "Contact Email"),
    file_format="csv",
    file_name="contacts.csv",
    encoding="utf-8",
    delimiter=",",
    **counts,
):
    """(import, run) whose rows [(number, cells, problems)] were rejected."""
    reading = Reading(file_format, None, [], encoding, delimiter, width=len(headers))
    header = ContentFile(f"[1, {json.dumps(list(headers))}]\n".encode())
    name = file_storage().save("imports/test/parts/00000.jsonl", header)
    reading.parts = [{"name": name, "first": 1, "last": 1, "rows": 1}]
    job = ImportJob.objects.create(
        code="K7Q2",
        entity_type="contacts",
        file_format=file_format,
        file_name=file_name,
        reading=reading.to_json(),
        created_by=UserFactory(),
    )
    counts = {"rejected": len(rows), "rows_done": len(rows)} | counts
    run = ImportRun.objects.create(job=job, kind=ImportRun.Kind.IMPORT, **counts)
    ImportRowDetail.objects.bulk_create(
        ImportRowDetail(
            run=run,
            row_number=number,
            outcome=ImportRow.Outcome.REJECTED,
            cells=cells,
            problems=[problem.to_json() for problem in problems],
        )
        for number, cells, problems in rows
    )
    return job, run


def saved(job, run):
    job.failed_rows = reports.save_failed_rows(job, run)
    return failed_rows_of(job)


def failed_rows_of(job):
    with file_storage().open(job.failed_rows.name) as file:
        return file.read()


@pytest.mark.django_db
def test_the_file_holds_the_users_columns_and_three_more():
    job, run = failed((7, ["John"], [NO_NAME]), (3, ["=1", "x"], [BAD_EMAIL, NO_NAME]))
    assert list(csv.reader(io.StringIO(saved(job, run).decode()))) == [
        ["Name", "Contact Email", f"Row (import {job.pk}-K7Q2)", "Result", "Error"],
        [
            "'=1",
            "x",
            "3",
            "Rejected: incorrect content",
            "Contact Email: “x” is not an e-mail address. Correct the address, or leave the cell blank. | "
            "Last Name: the value is missing. Fill in the cell.",
        ],
        [
            "John",
            "",
            "7",
            "Rejected: incorrect content",
            "Last Name: the value is missing. Fill in the cell.",
        ],
    ]


@pytest.mark.django_db
def test_rows_with_format_problems_only_are_badly_formatted():
    job, run = failed((2, ["x"], [BAD_EMAIL]))
    assert saved(job, run).decode().splitlines()[1].split(",")[3] == "Rejected: badly formatted"


@pytest.mark.django_db
def test_headers_are_those_of_the_file_even_when_they_repeat_or_lack():
    job, run = failed((2, ["a", "b", "c"], [BAD_EMAIL]), headers=("Phone", "Phone", None, "Error"))
    header = saved(job, run).decode().splitlines()[0]
    assert header == f"Phone,Phone,,Error,Row (import {job.pk}-K7Q2),Result,Error"


@pytest.mark.django_db
def test_cells_beyond_the_headers_are_kept():
    problem = Problem("too_many_cells", "", "", {"cells": 3, "headers": 1})
    job, run = failed((2, ["a", "b", "c"], [problem]), headers=("Name",))
    job.reading["width"] = 3
    cause = {"code": "too_many_cells", "count": 1, "example_row": 2, "example": problem.to_json()}
    run.summary = {"problems": {"too_many_cells|": cause}}
    header, row = csv.reader(io.StringIO(saved(job, run).decode()))
    assert header == ["Name", "", "", f"Row (import {job.pk}-K7Q2)", "Result", "Error"]
    assert row[:4] == ["a", "b", "c", "2"]


@pytest.mark.django_db
def test_the_delimiter_and_encoding_are_those_of_the_upload():
    job, run = failed((2, ["Άννα"], [NO_NAME]), encoding="windows-1253", delimiter=";")
    assert saved(job, run).decode("windows-1253").splitlines()[1].startswith("Άννα;;2;")


@pytest.mark.django_db
def test_our_quotation_marks_do_not_cost_the_upload_its_encoding():
    job, run = failed((2, ["Άννα", "x"], [BAD_EMAIL]), encoding="iso-8859-7")
    assert 'Contact Email: ""x"" is not an e-mail address' in saved(job, run).decode("iso-8859-7")


@pytest.mark.django_db
def test_what_the_encoding_lacks_makes_it_utf_8_with_a_mark():
    job, run = failed((2, ["Ж"], [NO_NAME]), encoding="iso-8859-7")
    data = saved(job, run)
    assert data.startswith(b"\xef\xbb\xbfName,")
    assert data.decode("utf-8-sig").splitlines()[1].startswith("Ж,,2,")


@pytest.mark.parametrize("file_format", WRITERS)
def test_half_a_character_does_not_stop_the_file(tmp_path_factory, file_format):
    rows = [["Name"], ["a\ud800b"]]
    [_, row] = read_back(tmp_path_factory, file_format, written(file_format, rows))
    assert row[1] == ["a?b" if file_format == "csv" else "ab"]


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-be", "utf-8-sig", "cp737"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", None])
def test_every_encoding_and_delimiter_is_recognised_again(tmp_path_factory, encoding, delimiter):
    job, run = failed((2, ["Άννα", "x"], [BAD_EMAIL]), encoding=encoding, delimiter=delimiter)
    chosen = {"encoding": "cp737"} if encoding == "cp737" else {}
    *_, header, row = read_back(tmp_path_factory, "csv", saved(job, run), **chosen)
    assert header[1] == ["Name", "Contact Email", *own_headers(job.reference)]
    assert row[1][:3] == ["Άννα", "x", "2"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("file_format", "rejected", "name"),
    [
        ("csv", 1, "contacts - failed rows.csv"),
        ("xlsx", 1, "contacts - failed rows.xlsx"),
        ("xls", 65_535, "contacts - failed rows.xls"),
        ("xls", 65_536, "contacts - failed rows.xlsx"),
    ],
)
def test_the_file_is_named_after_the_upload_and_says_its_format(file_format, rejected, name):
    job, run = failed(
        (2, ["a"], [NO_NAME]),
        file_format=file_format,
        file_name=f"contacts.{file_format}",
        rejected=rejected,
        rows_done=rejected,
    )
    saved(job, run)
    assert reports.failed_rows_file_name(job) == name


@pytest.mark.django_db
def test_an_xls_wider_than_it_can_be_becomes_an_xlsx():
    job, run = failed((2, ["a"], [NO_NAME]), headers=["H"] * 254, file_format="xls")
    assert saved(job, run).startswith(b"PK")


@pytest.mark.django_db
def test_a_csv_can_be_had_as_a_workbook_of_texts():
    job, _ = failed((2, ["0012", "=1"], [NO_NAME]))
    book = load_workbook(reports.failed_rows_as_xlsx(job))
    cells = next(book.active.iter_rows(min_row=2))
    assert [cell.value for cell in cells[:3]] == ["0012", "=1", "2"]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}


def test_a_column_error_of_the_user_is_not_ours():
    rows = [(1, ["Error", "Name", "Row (import 12-ABCD)", "Result", "Error", "Result"])]
    assert find_correction(rows).columns == (2, 3, 4)
    assert find_correction([(1, ["Row", "Result", "Error"])]) is None


def test_deleted_columns_of_ours_are_not_missed():
    assert find_correction([(1, ["Name", "Row (import 12-ABCD)", "Error"])]).columns == (1, 2)
    assert find_correction([(1, ["Name", "Row (import 12-ABCD)"])]).columns == (1,)


@pytest.mark.django_db
def test_a_file_of_the_users_own_is_left_alone():
    job, _ = failed()
    reading = job.get_reading()
    assert take_back(job, reading, "imports/test") == (reading, None)


def upload(user, importer, name, data):
    job = drafts.create(user, importer)
    drafts.keep_file(job, ContentFile(data, name=name), name)
    drafts.read(job, in_request=False)
    return job


def run_to_the_end(job, **options):
    job.options |= options
    job.save()
    queue = []
    assert execution.start(job, job.created_by, start_key=job.start_key, leave_out=True, queue=queue.append)
    while queue:
        Worker(queue=queue.append, slice_seconds=float("inf")).work(queue.pop().pk)
    job.refresh_from_db()
    return job


PRODUCTS = [
    ["SKU", "Notes", "Called", "Product Type", "Price", "Currency"],
    ["A", "=1+1", "One", "Coffee", "x", "EUR"],
    ["B", "'=2", "Two", "Coffee", "2", "EUR"],
    ["C", "-", None, "Coffee", "3", "EUR"],
]


def things_imported(user):
    job = upload(user, importer_for("products"), "things.csv", written("csv", PRODUCTS))
    return run_to_the_end(job, generate=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file_format", WRITERS)
def test_corrected_rows_upload_again_without_touching_the_mapping(file_format):
    user = SuperuserFactory()
    data = written(file_format, PRODUCTS, Style(escaped=False))
    job = upload(user, importer_for("products"), f"things.{file_format}", data)
    job.mapping["columns"]["name"] = 2
    job.mapping["fixed"] = {"classification": "EXPENSES_SERVICE"}
    job = run_to_the_end(job, generate=True)
    assert (job.state, job.created, job.rejected) == ("completed", 1, 2)

    again = upload(user, importer_for("products"), reports.failed_rows_file_name(job), failed_rows_of(job))
    assert drafts.headers(again) == PRODUCTS[0]
    assert again.mapping == job.mapping
    assert again.options["generate"] is True
    assert again.options["leave_out"] is None
    cells = [cells for _, cells in first_rows(file_storage(), again.get_reading(), 10)]
    assert [row[:3] for row in cells[1:]] == [["A", "=1+1", "One"], ["C", "-", None]]
    assert again.get_reading().width == 6


@pytest.mark.django_db(transaction=True)
def test_failed_rows_that_fail_again_carry_one_set_of_our_columns():
    user = SuperuserFactory()
    job = things_imported(user)
    again = upload(user, importer_for("products"), "again.csv", failed_rows_of(job))
    again = run_to_the_end(again)
    header = failed_rows_of(again).decode("utf-8-sig").splitlines()[0]
    assert (
        header == f"SKU,Notes,Called,Product Type,Price,Currency,Row (import {again.reference}),Result,Error"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [{"code": "ZZZZ"}, {"state": "draft"}])
def test_only_a_started_import_of_the_same_number_and_code_is_taken_over(change):
    user = SuperuserFactory()
    job = things_imported(user)
    data = failed_rows_of(job)
    ImportJob.objects.filter(pk=job.pk).update(**change)
    again = upload(user, importer_for("products"), "again.csv", data)
    assert again.options["generate"] is False
    assert drafts.headers(again) == PRODUCTS[0]


@pytest.mark.django_db(transaction=True)
def test_a_correction_is_recognised_when_the_parts_of_its_import_are_gone():
    user = SuperuserFactory()
    job = things_imported(user)
    data = failed_rows_of(job)
    job.delete_files()
    again = upload(user, importer_for("products"), "again.csv", data)
    assert again.options["generate"] is True
    assert again.mapping["columns"] == {"code": 0, "type": 3, "price": 4, "currency": 5}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file_format", WRITERS)
@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_samples_map_themselves_and_import_cleanly(importer, file_format):
    call_command("load_demo_data", verbosity=0)
    job = upload(
        SuperuserFactory(), importer, f"sample.{file_format}", reports.write_sample(importer, file_format)
    )
    assert job.mapping["columns"] == {column.key: index for index, column in enumerate(importer.columns)}
    job = run_to_the_end(job)
    assert (job.state, job.rows, job.rejected) == ("completed", 3, 0)


def test_workbook_samples_mark_required_columns():
    sample = reports.write_sample(importer_for("devices"), "xlsx")
    header = next(load_workbook(io.BytesIO(sample)).active.iter_rows(max_row=1))
    marked = {cell.value for cell in header if cell.font.bold and cell.comment.text == "Required"}
    assert marked == {"Serial Number", "Product Code"}


def test_csv_samples_begin_with_a_byte_order_mark():
    sample = reports.write_sample(importer_for("reward-scheme-codes"), "csv")
    assert sample.decode("utf-8-sig").splitlines()[:2] == [
        "Reward Scheme,Code",
        "Student Club,ABCTKN123456798VGP2020",
    ]
    assert sample.startswith(b"\xef\xbb\xbf")
