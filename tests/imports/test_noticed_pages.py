"""What is noticed in a file, on the mapping page, and what the boxes there do to the import."""

import pytest

from entities.models import Contact
from imports import drafts
from imports.models import ImportJob
from tests.imports.journeys import check, draft, problems, start
from tests.imports.test_wizard import post_mapping, text_of, url

pytestmark = pytest.mark.django_db
FILE = (
    b"Contact Code,First Name,Last Name,Contact Email\n"
    b"C1,Maria,Sample,NULL\n"
    b"C2,Anna,Sample,anna@example.com\n"
    b"C3,Bob,null,bob@example.com\n"
    b"Total,,,3\n"
)


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


@pytest.fixture
def job(business_admin):
    return draft("contacts", FILE, user=business_admin)


def test_the_mapping_page_says_what_was_noticed(admin, job):
    words = text_of(admin.get(url("mapping", job)))
    assert "What we noticed in the file" in words
    assert "2 cells of “Last Name”, “Contact Email” hold “NULL”, the first in row 2." in words
    assert "Row 5 looks like a total: “Total”. Do not import row 5" in words


def test_a_file_with_nothing_to_notice_has_no_panel(admin, business_admin):
    job = draft("contacts", b"Contact Code,First Name,Last Name\nC1,Maria,Sample\n", user=business_admin)
    assert "noticed" not in text_of(admin.get(url("mapping", job)))


def test_ticked_boxes_stay_ticked(admin, job):
    post_mapping(admin, job, blanks="null", totals="5")
    job.refresh_from_db()
    assert (job.options["blanks"], job.options["totals"]) == (["null"], [5])
    page = admin.get(url("mapping", job)).content.decode()
    assert 'name="blanks" value="null" id="id_noticed_2" checked' in page
    post_mapping(admin, job, blanks=None, totals=None)
    job.refresh_from_db()
    assert (job.options["blanks"], job.options["totals"]) == ([], [])


@pytest.mark.parametrize("values", [{"totals": "3"}, {"blanks": "maria"}])
def test_what_was_not_offered_is_refused(admin, job, values):
    answer = post_mapping(admin, job, **values)
    assert answer.status_code == 200
    assert "to be corrected" in text_of(answer)


def test_what_is_treated_as_blank_is_no_problem(job):
    assert {code for _, code, _ in problems(start(job, leave_out=True))} >= {"not_an_email"}


def test_the_boxes_decide_what_is_imported(business_admin):
    job = draft("contacts", FILE, user=business_admin, blanks=["null"], totals=[5])
    assert drafts.data_rows(job) == 3
    run = check(job)
    assert (run.rows_done, run.created, run.rejected) == (3, 2, 1)
    job = start(job, leave_out=True, user=business_admin)
    assert problems(job) == [(4, "missing_for", "Last Name")]
    assert (job.state, job.rows, job.created, job.rejected) == ("completed", 3, 2, 1)
    assert Contact.objects.get(code="C1").email == ""


def test_a_total_is_nowhere_a_row(admin, business_admin):
    job = draft("contacts", FILE, user=business_admin, totals=[5])
    check(job)
    words = text_of(admin.get(url("preview", job)))
    assert "Together 3 of 3 rows of the file." in words
    assert "Total" not in words.partition("as they would be stored")[2]
    words = text_of(admin.get(f"{url('preview', job)}?row=4"))
    assert "Bob" in words


def test_errors_of_workbooks_can_be_blank(business_admin):
    import io

    import openpyxl

    book = openpyxl.Workbook()
    for cells in (
        ["Contact Code", "First Name", "Last Name", "Contact Email"],
        ["C1", "Maria", "Sample", "#N/A"],
    ):
        book.active.append(cells)
    file = io.BytesIO()
    book.save(file)
    job = draft("contacts", file.getvalue(), "book.xlsx", user=business_admin, blanks=["#n/a"])
    assert start(job, user=business_admin).created == 1


def test_reading_the_file_anew_forgets_the_total(admin, job):
    post_mapping(admin, job, totals="5")
    post_mapping(admin, job, "apply", delimiter=";")
    job.refresh_from_db()
    assert job.options["totals"] == []


def test_other_headers_are_looked_over_again(admin, job):
    post_mapping(admin, job, "apply", header_row="2")
    job.refresh_from_db()
    assert job.reading["report"]["after"] == 2
    assert job.reading["report"]["rows"] == 3


def test_a_draft_from_before_there_were_reports_gets_one(admin, job):
    del job.reading["report"]
    job.save()
    assert "What we noticed in the file" in text_of(admin.get(url("mapping", job), follow=True))
    assert ImportJob.objects.get(pk=job.pk).reading["report"]["rows"] == 4


def test_the_imports_page_says_what_was_left_out(admin, business_admin):
    job = start(
        draft("contacts", FILE, user=business_admin, blanks=["null"], totals=[5]), True, business_admin
    )
    words = text_of(admin.get(url("detail", job)))
    assert "Treated as blank NULL" in words
    assert "Not imported, as totals row 5" in words


def test_a_known_file_with_something_new_to_answer_is_shown_its_mapping_first(admin, business_admin, job):
    post_mapping(admin, job)
    start(job, leave_out=True, user=business_admin)
    again = draft("contacts", FILE.replace(b"C1", b"D1"), user=business_admin)
    assert again.remembered
    from imports.remembered_step import is_settled

    assert not is_settled(again)
    again.options |= {"blanks": ["null"], "totals": [5]}
    assert is_settled(again)
