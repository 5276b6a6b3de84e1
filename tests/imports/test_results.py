"""All rows of an import with what became of each, to download."""

import csv
import io

import openpyxl
import pytest
import xlrd
from django.contrib.auth.models import Permission
from django.urls import reverse

from entities.models import Contact
from imports import repairs, results, undo
from imports.importers import importer_for
from imports.models import ImportEvent, ImportJob, ImportRun, RowCorrection, file_storage
from imports.parts import iter_rows
from imports.reports import write_sample
from tests.factories import ContactFactory
from tests.imports.journeys import check, csv_bytes, draft, run_import, start, work

pytestmark = pytest.mark.django_db

HEADERS = "Contact Code,First Name,Last Name,Contact Email,Notes"
ROWS = [
    "A1,Ann,New,a@example.com,=1+1",
    "A2,Bob,Old,,",
    "A3,Cid,Same,,",
    ",Dan,Nocode,,",
    "A5,Eve,Bad,nowhere,",
]


@pytest.fixture
def visitor(client, business_admin):
    client.force_login(business_admin)
    return client


@pytest.fixture
def job(business_admin):
    """One row of each outcome."""
    ContactFactory(code="A2", first_name="Bob", last_name="Older")
    ContactFactory(code="A3", first_name="Cid", last_name="Same")
    return imported(*ROWS, update=True)


def imported(*rows, name="contacts.csv", **options):
    return run_import("contacts", csv_bytes(HEADERS, *rows), name, **options)


def url(job, name="results"):
    return reverse(f"imports:{name}", args=[job.pk])


def downloaded(client, job, **asked):
    answer = client.get(url(job), asked)
    assert answer.status_code == 200
    return answer, b"".join(answer.streaming_content)


def table(content, encoding="utf-8-sig", delimiter=","):
    return list(csv.reader(io.StringIO(content.decode(encoding)), delimiter=delimiter))


def identifier(code):
    return str(Contact.objects.get(code=code).pk)


def test_every_row_comes_back_as_it_was_with_its_result_and_its_record(visitor, job):
    answer, content = downloaded(visitor, job)
    assert answer["Content-Disposition"] == 'attachment; filename="contacts - results.csv"'
    generated = Contact.objects.get(first_name="Dan")
    error = "Contact Email: “nowhere” is not an e-mail address. Correct the address, or leave the cell blank."
    own = [f"Row (import {job.reference})", "Result", "Error", "Contact Code", "Identifier"]
    assert table(content) == [
        [*HEADERS.split(","), *own],
        ["A1", "Ann", "New", "a@example.com", "'=1+1", "2", "Created", "", "A1", identifier("A1")],
        ["A2", "Bob", "Old", "", "", "3", "Updated", "", "A2", identifier("A2")],
        ["A3", "Cid", "Same", "", "", "4", "Unchanged", "", "A3", identifier("A3")],
        ["", "Dan", "Nocode", "", "", "5", "Created", "", generated.code, str(generated.pk)],
        ["A5", "Eve", "Bad", "nowhere", "", "6", "Rejected: badly formatted", error, "", ""],
    ]


def test_the_download_is_noted(visitor, job, business_admin):
    downloaded(visitor, job)
    event = ImportEvent.objects.get(event="results downloaded")
    assert (event.job, event.user, event.details) == (job, business_admin, {"name": "contacts - results.csv"})


def test_a_csv_keeps_its_delimiter_and_encoding(visitor):
    content = "Κωδικός Επαφής;Όνομα;Επώνυμο\nA1;Άννα;Δείγμα\nA2;Άννα;\n".encode("cp1253")
    job = run_import("contacts", content, "contacts.csv", leave_out=True)
    _, content = downloaded(visitor, job)
    rows = table(content, "cp1253", ";")
    assert rows[1][:5] == ["A1", "Άννα", "Δείγμα", "2", "Created"]
    assert rows[2][4] == "Rejected: incorrect content"


@pytest.mark.parametrize("file_format", ["xlsx", "xls"])
def test_workbooks_come_back_as_such(visitor, file_format):
    content = write_sample(importer_for("contacts"), file_format)
    job = run_import("contacts", content, f"contacts.{file_format}", generate=True)
    answer, content = downloaded(visitor, job)
    assert f'filename="contacts - results.{file_format}"' in answer["Content-Disposition"]
    if file_format == "xlsx":
        rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    else:
        sheet = xlrd.open_workbook(file_contents=content).sheet_by_index(0)
        rows = [sheet.row_values(index) for index in range(sheet.nrows)]
    assert rows[0][-5] == f"Row (import {job.reference})"
    assert [(row[-5], row[-4], row[-2]) for row in rows[1:]] == [
        (2, "Created", "ABC12345"),
        (3, "Created", "ABC12346"),
        (4, "Created", "ABC12347"),
    ]


def test_a_csv_can_be_had_as_a_workbook_of_texts(visitor, job):
    answer, content = downloaded(visitor, job, **{"as": "xlsx"})
    assert 'filename="contacts - results.xlsx"' in answer["Content-Disposition"]
    row = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)[1]
    assert row[:7] == ("A1", "Ann", "New", "a@example.com", "=1+1", "2", "Created")


def test_rows_that_were_not_imported_say_so(visitor):
    job = imported("A1,Ann,New,,", "A2,,,,")
    assert job.state == "failed"
    _, content = downloaded(visitor, job)
    assert [(row[6], row[8]) for row in table(content)[1:]] == [
        ("Not reached", ""),
        ("Rejected: incorrect content", ""),
    ]


def test_a_row_that_a_repair_has_imported_has_its_result(visitor, job, business_admin):
    repair = repairs.begin(job, business_admin)
    RowCorrection.objects.create(job=repair, row_number=6, cells={"email": "eve@example.com"})
    repair.corrected = 1
    repair.save()
    start(repair, leave_out=True)
    _, content = downloaded(visitor, job)
    assert table(content)[5][3:] == ["nowhere", "", "6", "Created", "", "A5", identifier("A5")]
    _, content = downloaded(visitor, repair)
    assert [row[5:7] for row in table(content)[1:]] == [["6", "Created"]]


def test_rows_of_an_undone_import_say_so(visitor, job, business_admin):
    queue = []
    undo.check(job, queue.append)
    work(queue)
    assert undo.start(job, business_admin, job.latest_run("undo_check").pk, queue.append)
    work(queue)
    _, content = downloaded(visitor, job)
    assert [(row[6], row[8]) for row in table(content)[1:]] == [
        ("Undone", ""),
        ("Undone", "A2"),
        ("Unchanged", "A3"),
        ("Undone", ""),
        ("Rejected: badly formatted", ""),
    ]


def test_results_that_are_uploaded_again_lose_their_columns_and_import_nothing_twice(visitor, job):
    _, content = downloaded(visitor, job)
    again = draft("contacts", content, "contacts - results.csv")
    rows = list(iter_rows(file_storage(), again.get_reading()))
    assert rows[0][1] == HEADERS.split(",")
    assert rows[1][1] == ["A1", "Ann", "New", "a@example.com", "=1+1"]
    count = Contact.objects.count()
    run = check(again)
    assert (run.created, run.updated, run.rejected) == (0, 0, 5)
    assert Contact.objects.count() == count


def test_keys_are_read_once_for_many_rows(visitor, django_assert_max_num_queries):
    job = imported(*(f"A{n},Ann,Sample,," for n in range(300)))
    with django_assert_max_num_queries(15), results.write(job, "csv") as file:
        assert len(table(file.read())) == 301


# Many rows


@pytest.fixture
def _few_at_once(monkeypatch):
    monkeypatch.setattr(results, "ROWS_IN_A_REQUEST", 4)


def work_results(job):
    run = job.latest_run("results")
    work([run])
    run.refresh_from_db()
    return run


@pytest.mark.usefixtures("_few_at_once")
def test_many_rows_are_prepared_in_the_background(visitor, job):
    page = visitor.get(job.get_absolute_url()).content.decode()
    assert "Prepare the results (.csv)" in page
    assert "Download results" not in page
    assert visitor.get(url(job)).url == job.get_absolute_url()
    for _ in range(2):
        assert (
            visitor.post(url(job, "prepare-results"), {"as": "csv"}).url
            == f"{job.get_absolute_url()}#results"
        )
    assert job.runs.filter(kind="results").count() == 1
    assert "Preparing the results: 0 %" in visitor.get(url(job, "results-progress")).content.decode()
    run = work_results(job)
    assert (run.state, run.rows_done) == ("done", 5)
    assert "Download results (.csv)" in visitor.get(job.get_absolute_url()).content.decode()
    _, content = downloaded(visitor, job)
    assert len(table(content)) == 6


@pytest.mark.usefixtures("_few_at_once")
def test_prepared_results_are_out_of_date_after_a_repair(visitor, job, business_admin):
    visitor.post(url(job, "prepare-results"), {"as": "csv"})
    earlier = work_results(job).summary["file"]
    start(repairs.begin(job, business_admin), leave_out=True)
    assert visitor.get(url(job)).url == job.get_absolute_url()
    visitor.post(url(job, "prepare-results"), {"as": "csv"})
    name = work_results(job).summary["file"]
    assert not file_storage().exists(earlier)
    assert file_storage().exists(name)


@pytest.mark.usefixtures("_few_at_once")
def test_prepared_results_go_with_the_files_of_the_import(visitor, job):
    visitor.post(url(job, "prepare-results"), {"as": "csv"})
    name = work_results(job).summary["file"]
    job.delete_files()
    assert not file_storage().exists(name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_few_at_once")
def test_results_that_cannot_be_written_leave_the_import_as_it_is(visitor, job):
    visitor.post(url(job, "prepare-results"), {"as": "csv"})
    file_storage().delete(job.reading["parts"][0]["name"])
    assert work_results(job).state == "failed"
    job.refresh_from_db()
    assert job.state == "completed"
    assert "Prepare the results (.csv)" in visitor.get(job.get_absolute_url()).content.decode()


# Who may, and when


NAMES = ["results", "prepare-results", "results-progress"]


def asked(client, job, name):
    return client.post(url(job, name)) if name == "prepare-results" else client.get(url(job, name))


@pytest.mark.parametrize("name", NAMES)
def test_only_those_who_see_imports_and_records_get_results(client, staff, job, name):
    assert asked(client, job, name).url.startswith(reverse("admin:login"))
    client.force_login(staff)
    assert asked(client, job, name).status_code == 404
    staff.user_permissions.add(Permission.objects.get(codename="view_importjob"))
    assert asked(client, job, name).status_code == 404
    assert "Download results" not in client.get(job.get_absolute_url()).content.decode()


def test_support_may_download_results(client, support, job):
    client.force_login(support)
    assert "Download results (.csv)" in client.get(job.get_absolute_url()).content.decode()
    downloaded(client, job)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_no_results_before_the_end(visitor, job, name, business_admin):
    ImportJob.objects.filter(pk=job.pk).update(state="in_progress")
    assert asked(visitor, job, name).status_code == 404
    assert (
        asked(visitor, draft("contacts", csv_bytes(HEADERS, *ROWS), user=business_admin), name).status_code
        == 404
    )


def test_there_are_no_results_when_the_file_is_no_longer_kept(visitor, job):
    ImportJob.objects.filter(pk=job.pk).update(file="", reading={**job.reading, "parts": []})
    assert visitor.get(url(job)).status_code == 404
    assert "Download results" not in visitor.get(job.get_absolute_url()).content.decode()


def test_only_post_prepares_results(visitor, job):
    assert visitor.get(url(job, "prepare-results")).status_code == 405
    assert not ImportRun.objects.filter(kind="results").exists()
