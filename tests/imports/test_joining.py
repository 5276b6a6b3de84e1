"""Workbooks whose sheets have the same headers, imported as one."""

import io
import re

import openpyxl
import pytest
import xlwt
from django.core.files.storage import InMemoryStorage
from django.core.management import CommandError, call_command
from django.urls import reverse

from entities.models import Contact
from imports import drafts
from imports.family import rejected_rows
from imports.joining import joinable, names, row_count, without_headers
from imports.models import ImportRow, ImportRun
from imports.parts import Limits, iter_rows, read_file
from imports.readers import UnreadableFile
from imports.readers_alike import Other, continues
from imports.reports import failed_rows, user_headers
from tests.imports.journeys import check, draft, problems, start
from tests.imports.test_wizard import post_mapping, text_of, url

LIMITS = Limits(address_space=1 << 30, cpu_seconds=20, wall_seconds=30)
HEADERS = ["Contact Code", "First Name", "Last Name"]
YEAR = {
    "Jan": [HEADERS, ["C1", "Maria", "Sample"], ["C2", "Anna", "Sample"]],
    "Feb": [[], ["contact code ", "FIRST NAME", "Last  Name"], ["C3", "Bob", "Sample"]],
    "Notes": [["Prices are without tax"]],
    "Mar": [HEADERS, ["C4", "Carl", "Sample"], [], ["C1", "Dora", "Sample"]],
}


def xlsx(sheets, hidden=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for number, cells in enumerate(rows, 1):
            for column, value in enumerate(cells, 1):
                sheet.cell(number, column, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls(sheets):
    book = xlwt.Workbook()
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for number, cells in enumerate(rows):
            for column, value in enumerate(cells):
                sheet.write(number, column, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_error(sheets):
    """The same sheets for openpyxl: one cell is an error, which calamine would blank."""
    rows = [list(cells) for cells in sheets["Jan"]]
    rows[2][1] = "=NA()"
    book = openpyxl.load_workbook(io.BytesIO(xlsx({**sheets, "Jan": rows})))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


WAYS = {"xlsx": xlsx, "xlsx by openpyxl": with_error, "xls": xls}


@pytest.fixture(params=WAYS)
def data(request):
    return WAYS[request.param]


def read(tmp_path, data, name="book", **options):
    path, storage = tmp_path / name, InMemoryStorage()
    path.write_bytes(data)
    options.setdefault("limits", LIMITS)
    reading = read_file(path, name=name, storage=storage, prefix="parts", **options)
    return reading, dict(iter_rows(storage, reading))


def test_sheets_with_the_same_headers_in_the_same_row_are_found(tmp_path, data):
    reading, _ = read(tmp_path, data({**YEAR, "Feb": YEAR["Feb"][1:]}))
    assert joinable(reading, 1) == [
        {"name": "Jan", "skipped": 1},
        {"name": "Feb", "skipped": 1},
        {"name": "Mar", "skipped": 1},
    ]
    assert joinable(reading, 2) == []


def test_headers_in_another_row_are_not_the_same(tmp_path, data):
    reading, _ = read(tmp_path, data(YEAR))
    assert [sheet["name"] for sheet in joinable(reading, 1)] == ["Jan", "Mar"]


def test_a_single_sheet_or_a_hidden_one_is_not_joined(tmp_path):
    reading, _ = read(tmp_path, xlsx({name: YEAR[name] for name in ("Jan", "Notes")}))
    assert joinable(reading, 1) == []
    reading, _ = read(tmp_path, xlsx({name: YEAR[name] for name in ("Jan", "Mar")}, hidden=["Mar"]))
    assert joinable(reading, 1) == []


def test_joined_rows_are_numbered_by_sheet_and_later_headers_are_no_rows(tmp_path, data):
    join = [{"name": name, "skipped": 1} for name in ("Jan", "Mar")]
    reading, rows = read(tmp_path, data({**YEAR, "Feb": YEAR["Feb"][1:]}), join=join)
    assert {number: cells[0] for number, cells in rows.items()} == {
        1: "Contact Code",
        2: "C1",
        3: "C2",
        2_000_002: "C4",
        2_000_004: "C1",
    }
    assert (reading.rows, reading.joined) == (5, join)
    assert [sheet["name"] for sheet in reading.sheets if sheet["selected"]] == ["Jan", "Mar"]
    assert reading.row_name(2_000_004) == "Mar, row 4"


def test_titles_above_later_headers_are_no_rows(tmp_path):
    titled = {name: [[f"Customers of {name}"], HEADERS, [f"C-{name}", "A", "B"]] for name in ("Jan", "Feb")}
    reading, _ = read(tmp_path, xlsx(titled))
    joined = joinable(reading, 2)
    assert joined == [{"name": "Jan", "skipped": 2}, {"name": "Feb", "skipped": 2}]
    _, rows = read(tmp_path, xlsx(titled), join=joined)
    assert list(rows) == [1, 2, 3, 2_000_003]


def test_the_sum_of_the_rows_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr("imports.parts.MAX_ROWS", 5)
    many = {name: [HEADERS, *([f"C{row}", "A", "B"] for row in range(3))] for name in ("Jan", "Feb")}
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path, xlsx(many), join=[{"name": name, "skipped": 1} for name in many])
    assert caught.value.sentence == (
        "The sheets have more than 5 rows together, which is all that is imported at once. "
        "Import them one by one."
    )


def test_a_sheet_without_headers_after_a_full_one_goes_on_with_its_rows(tmp_path):
    first = [["Code", "Amount"], *([f"C{row}", row] for row in range(65_535))]
    data = xls({"Sheet1": first, "Sheet2": [["C-last", 7]]})
    reading, _ = read(tmp_path, data)
    joined = joinable(reading, 1)
    assert joined == [{"name": "Sheet1", "skipped": 1}, {"name": "Sheet2", "skipped": 0}]
    assert without_headers(joined) == ["Sheet2"]
    assert row_count(reading, joined) == 65_536
    reading, rows = read(tmp_path, data, join=joined)
    assert reading.rows == 65_537
    assert rows[65_536] == ["C65534", 65_534]
    assert rows[2_000_001] == ["C-last", 7]


@pytest.mark.parametrize("later", [["Total", "sum of amounts"], ["C9", 7, "one more"]])
def test_a_sheet_with_other_cells_does_not_go_on(later):
    assert not continues(
        {1: ["code", "amount"], 2: ["c1", Other("5")]}, {1: [cell_of(cell) for cell in later]}
    )


def cell_of(value):
    return value.casefold() if isinstance(value, str) else Other(str(value))


def test_many_sheets_are_named_in_short():
    assert names([{"name": f"S{number}"} for number in range(4)]) == "S0, S1, S2, S3"
    assert names([{"name": f"S{number}"} for number in range(9)]) == "S0, S1, S2, S3 …"


# The journey


def joined_draft(**options):
    sheets = {**YEAR, "Feb": YEAR["Feb"][1:]}
    job = draft("contacts", xlsx(sheets), "year.xlsx", **options)
    drafts.read(job, in_request=True, join=joinable(job.get_reading(), 1))
    job.save()
    return job


@pytest.mark.django_db
def test_all_rows_of_all_sheets_are_imported_and_problems_name_their_sheet():
    job = start(joined_draft(), leave_out=True)
    assert (job.state, job.rows, job.created, job.rejected) == ("completed", 5, 4, 1)
    assert sorted(Contact.objects.values_list("code", flat=True)) == ["C1", "C2", "C3", "C4"]
    assert problems(job) == [(4_000_004, "twice_in_file", "Contact Code")]
    run = job.deciding_run()
    table = list(failed_rows(job, rejected_rows(run), user_headers(job, run)))
    assert table[1][3] == "Mar, row 4"
    assert "“C1” is in Jan, row 2 too" in table[1][5]


@pytest.mark.django_db
def test_the_check_of_other_sheets_is_another_one():
    job = joined_draft()
    together = job.digest
    drafts.read(job, in_request=True, sheet="Jan")
    assert job.digest != together


@pytest.mark.django_db
def test_a_mapping_stays_when_sheets_with_the_same_headers_are_joined():
    job = draft("contacts", xlsx({"Jan": YEAR["Jan"], "Mar": YEAR["Mar"]}), "year.xlsx")
    job.mapping["fixed"] = {"contact_type": "PERSON"}
    job.save()
    mapping = job.mapping
    drafts.read(job, in_request=True, join=joinable(job.get_reading(), 1))
    assert job.mapping == mapping


# The pages


@pytest.fixture
def year(client, business_admin):
    """A draft of three sheets with the same headers, of which the first was read."""
    client.force_login(business_admin)
    return draft("contacts", xlsx({**YEAR, "Feb": YEAR["Feb"][1:]}), "year.xlsx", user=business_admin)


@pytest.mark.django_db
def test_sheets_with_the_same_headers_are_offered_as_one(client, year):
    words = text_of(client.get(url("mapping", year)))
    assert "3 sheets have the same headers: “Jan”, “Feb”, “Mar”, together 6 rows." in words
    assert "All sheets with these headers (Jan, Feb, Mar: 6 rows)" in words
    assert post_mapping(client, year, "join").url == url("mapping", year)
    year.refresh_from_db()
    assert [sheet["name"] for sheet in year.reading["joined"]] == ["Jan", "Feb", "Mar"]
    words = text_of(client.get(url("mapping", year)))
    assert "sheets “Jan”, “Feb”, “Mar” as one · 5 rows" in words
    assert "Only these sheets are imported. Other sheets with rows: “Notes”" in words
    assert "have the same headers" not in words


@pytest.mark.django_db
def test_all_sheets_can_be_chosen_and_given_up_again(client, year):
    post_mapping(client, year, "apply", sheet="*")
    year.refresh_from_db()
    assert len(year.reading["joined"]) == 3
    post_mapping(client, year, "apply", sheet="Feb")
    year.refresh_from_db()
    assert (year.reading["sheet"], year.reading["joined"]) == ("Feb", [])


@pytest.mark.django_db
def test_headers_elsewhere_end_the_joining(client, year):
    post_mapping(client, year, "join")
    post_mapping(client, year, "apply", header_row="2")
    year.refresh_from_db()
    assert (year.reading["sheet"], year.reading["joined"]) == ("Jan", [])


@pytest.mark.django_db
def test_joining_what_takes_long_is_left_to_a_worker(client, year, settings):
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 0
    post_mapping(client, year, "join")
    run = year.runs.get(kind=ImportRun.Kind.READ)
    assert [sheet["name"] for sheet in run.summary["how"]["join"]] == ["Jan", "Feb", "Mar"]


@pytest.mark.django_db
def test_joining_where_nothing_can_be_joined_changes_nothing(client, business_admin):
    client.force_login(business_admin)
    job = draft("contacts", xlsx({"Jan": YEAR["Jan"]}), "jan.xlsx", user=business_admin)
    reading = job.reading
    assert post_mapping(client, job, "join").url == url("mapping", job)
    job.refresh_from_db()
    assert job.reading == reading


@pytest.mark.django_db
def test_pages_name_rows_by_their_sheet(client, business_admin):
    client.force_login(business_admin)
    job = joined_draft(user=business_admin)
    check(job)
    words = text_of(client.get(url("preview", job)))
    assert "Mar, row 4 : “C1” is in Jan, row 2 too." in words
    assert "2000002" not in words
    start(job, leave_out=True, user=business_admin)
    words = text_of(client.get(url("detail", job)))
    assert "Mar, row 4 : “C1” is in Jan, row 2 too" in words
    assert "Sheets, as one Jan, Feb, Mar" in words
    assert "000004" not in words


@pytest.mark.django_db
def test_the_command_line_imports_all_sheets_as_one(tmp_path):
    path, out = tmp_path / "year.xlsx", io.StringIO()
    path.write_bytes(xlsx({**YEAR, "Feb": YEAR["Feb"][1:]}))
    call_command("import_data", "contacts", path, "--sheet", "all", "--leave-out-incorrect", stdout=out)
    assert "Mar, row 4: Contact Code: “C1” is in Jan, row 2 too." in out.getvalue()
    assert "Completed: 4 created, 0 updated, 0 unchanged, 1 rejected." in out.getvalue()


@pytest.mark.django_db
def test_the_command_line_says_when_no_other_sheet_has_the_headers(tmp_path):
    path = tmp_path / "jan.xlsx"
    path.write_bytes(xlsx({name: YEAR[name] for name in ("Jan", "Notes")}))
    with pytest.raises(CommandError, match="No other sheet has the headers of the first one"):
        call_command("import_data", "contacts", path, "--sheet", "all")


@pytest.mark.django_db
def test_no_page_of_an_import_shows_the_numbers_behind_the_names(client, business_admin):
    client.force_login(business_admin)
    job = start(joined_draft(user=business_admin), leave_out=True, user=business_admin)
    (rejected,) = [number for number, _, _ in problems(job)]
    addresses = [url("detail", job), reverse("imports:row", args=[job.pk, rejected]), url("undo", job)]
    for address in addresses:
        words = text_of(client.get(address, follow=True))
        assert not re.search(r"\d[,.]?000[,.]?00\d", words), address
    found = client.get(url("find-row", job), {"row": "Mar, row 4"})
    assert found.url == addresses[1]
    assert "Mar, row 4 of year.xlsx" in text_of(client.get(addresses[1]))


@pytest.mark.django_db
def test_a_corrected_row_of_a_later_sheet_comes_back_as_that_row(business_admin):
    job = start(joined_draft(user=business_admin), leave_out=True, user=business_admin)
    book = openpyxl.load_workbook(job.failed_rows.open())
    assert book.active["D2"].value == "Mar, row 4"
    book.active["A2"] = "C9"
    file = io.BytesIO()
    book.save(file)
    repair = draft("contacts", file.getvalue(), "corrected.xlsx", user=business_admin)
    assert repair.repairs == job
    repair = start(repair, user=business_admin)
    assert (repair.state, repair.created) == ("completed", 1)
    rows = ImportRow.objects.filter(run=repair.deciding_run())
    assert list(rows.values_list("row_number", "outcome")) == [(4_000_004, "created")]
    assert Contact.objects.get(code="C9").first_name == "Dora"
