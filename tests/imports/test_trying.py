"""Trying an import with its first ten rows, and starting over with the same file."""

import pytest
from django.core import mail

from entities.models import Contact
from imports import execution, starting_over
from imports.models import ImportJob, file_storage
from tests.factories import UserFactory
from tests.imports.journeys import (
    check,
    csv_bytes,
    draft,
    problems,
    run_import,
    start,
    undo_check,
    undo_import,
    work,
)
from tests.imports.test_monitoring import text_of
from tests.pages import form_values

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email"


def rows(count, *first):
    good = [f"C{number},Ann,Sample,c{number}@example.com" for number in range(count - len(first))]
    return csv_bytes(HEADER, *first, *good)


def tried(content=None, user=None, slice_seconds=float("inf"), leave_out=None):
    """An import of 25 rows that was started with its first ten."""
    job = draft("contacts", content or rows(25), "customers.csv", user=user)
    queue = []
    execution.start(
        job, user, start_key=job.start_key, leave_out=leave_out, first_rows=10, queue=queue.append
    )
    work(queue, slice_seconds)
    job.refresh_from_db()
    return job


def go_on(job):
    queue = []
    assert execution.resume(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()


def test_it_stops_after_the_first_ten_rows_and_says_so():
    job = tried()
    assert (job.state, job.is_tried, job.created, job.not_reached) == ("cancelled", True, 10, 15)
    assert str(job.reason) == "Stopped after the first 10 rows, as you asked."
    assert sorted(Contact.objects.values_list("code", flat=True)) == [f"C{number}" for number in range(10)]


def test_all_rows_are_checked_before_the_first_ten_are_imported():
    job = tried(csv_bytes(HEADER, *(f"C{number},Ann,Sample," for number in range(20)), "C99,,,"))
    assert (job.state, job.is_tried, Contact.objects.count()) == ("failed", False, 0)
    assert str(job.reason) == "Nothing was imported, because 1 row has incorrect content."


def test_a_fresh_check_of_the_preview_is_used_for_a_trial_too():
    job = draft("contacts", rows(25))
    check(job)
    queue = []
    execution.start(job, start_key=job.start_key, first_rows=10, queue=queue.append)
    assert [run.kind for run in queue] == ["import"]


@pytest.mark.parametrize("batch", [3, 10, 100])
def test_it_stops_there_whatever_the_batches_and_slices(settings, batch):
    settings.IMPORT_BATCH_ROWS = batch
    job = tried(slice_seconds=0)
    assert (job.is_tried, job.created) == (True, 10)
    go_on(job)
    assert (job.state, job.created, Contact.objects.count()) == ("completed", 25, 25)


def test_continuing_imports_the_other_rows_once():
    job = tried()
    go_on(job)
    assert (job.state, job.is_tried, job.counts["not_reached"]) == ("completed", False, 0)
    assert Contact.objects.count() == 25


def test_rejected_rows_count_among_the_ten():
    job = tried(rows(25, "B1,Ann,Sample,bad", "B2,Ann,Sample,bad"))
    assert (job.created, job.rejected, job.not_reached) == (8, 2, 15)
    assert problems(job) == [(2, "not_an_email", "Contact Email"), (3, "not_an_email", "Contact Email")]
    go_on(job)
    assert (job.state, job.created, job.rejected) == ("completed", 23, 2)


def test_ten_rejected_rows_do_not_make_the_import_fail():
    job = tried(rows(25, *(f"B{number},Ann,Sample,bad" for number in range(10))))
    assert (job.is_tried, job.created, job.rejected) == (True, 0, 10)
    assert execution.can_resume(job)


def test_a_file_of_ten_rows_comes_to_its_end():
    job = tried(rows(10))
    assert (job.state, job.is_tried, job.created) == ("completed", False, 10)


def test_a_trial_that_is_cancelled_before_is_no_trial_yet_and_continues_as_one(settings):
    settings.IMPORT_BATCH_ROWS = 3
    job = draft("contacts", rows(25))
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, first_rows=10, queue=queue.append)
    work(queue, on_progress=lambda run: execution.cancel(ImportJob.objects.get(pk=job.pk)))
    job.refresh_from_db()
    assert (job.state, job.is_tried, job.created) == ("cancelled", False, 3)
    go_on(job)
    assert (job.is_tried, job.created) == (True, 10)


def test_no_e_mail_tells_of_the_stop(business_admin, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = tried(user=business_admin)
    assert (mail.outbox, job.mail_due) == ([], None)
    with django_capture_on_commit_callbacks(execute=True):
        go_on(job)
    assert len(mail.outbox) == 1


def test_the_ten_are_undone_and_the_import_does_not_go_on():
    job = tried()
    undo_import(job)
    assert (Contact.objects.count(), job.is_tried, execution.can_resume(job)) == (0, True, False)


# Its pages


@pytest.fixture
def visit(client, business_admin):
    client.force_login(business_admin)
    return client


def test_the_preview_of_a_longer_file_offers_to_start_with_the_first_ten(visit, business_admin):
    job = draft("contacts", rows(11), user=business_admin)
    page = visit.get(f"/import-data/{job.pk}/preview/").content.decode()
    assert 'name="first_rows" value="10"' in page
    values = form_values(page, f"/import-data/{job.pk}/start/") | {"first_rows": "10"}
    visit.post(f"/import-data/{job.pk}/start/", values)
    job.refresh_from_db()
    assert (job.state, job.get_options().first_rows) == ("in_progress", 10)


def test_the_preview_of_ten_rows_does_not(visit, business_admin):
    job = draft("contacts", rows(10), user=business_admin)
    assert "first_rows" not in visit.get(f"/import-data/{job.pk}/preview/").content.decode()


@pytest.mark.parametrize("value", ["11", "x", "-1"])
def test_another_number_of_rows_is_not_found(visit, business_admin, value):
    job = draft("contacts", rows(25), user=business_admin)
    page = visit.get(f"/import-data/{job.pk}/preview/").content.decode()
    values = form_values(page, f"/import-data/{job.pk}/start/") | {"first_rows": value}
    assert visit.post(f"/import-data/{job.pk}/start/", values).status_code == 404


def test_its_page_shows_the_ten_records_and_both_ways_on(visit):
    job = tried(rows(25, "B1,Ann,Sample,bad"))
    page = visit.get(job.get_absolute_url())
    text = text_of(page)
    assert "Tried with the first rows Stopped after the first 10 rows, as you asked." in text
    assert "9 created, 1 rejected, 15 not reached." in text
    assert "Continue with the other 15 rows" in text
    assert "Undo these 9" in text
    contact = Contact.objects.get(code="C0")
    assert f"/contact/{contact.pk}/change/" in page.content.decode()
    assert "2 Rejected Contact Email: “bad” is not an e-mail address." in text


def test_continue_on_the_page_does_the_rest(visit):
    job = tried()
    visit.post(f"/import-data/{job.pk}/continue/")
    work(list(job.runs.filter(state="waiting")))
    job.refresh_from_db()
    assert (job.state, job.created) == ("completed", 25)


def test_the_list_shows_and_filters_it_by_words_of_its_own(visit):
    tried()
    assert "Tried with the first rows" in text_of(visit.get("/import-data/"))
    assert "customers.csv" in text_of(visit.get("/import-data/?state=tried"))
    assert "No import fits this filter." in text_of(visit.get("/import-data/?state=cancelled"))


# Starting over


def test_starting_over_makes_a_draft_with_the_file_mapping_and_options(business_admin):
    job = start(draft("contacts", rows(3, "B1,,,"), "customers.csv", generate=True))
    copy = starting_over.start_over(job, business_admin)
    assert (copy.state, copy.created_by, copy.file_name) == ("draft", business_admin, "customers.csv")
    assert copy.digest == job.digest
    assert copy.file.open().read() == job.file.open().read()
    assert set(copy.stored_names).isdisjoint(job.stored_names)
    assert (copy.options["leave_out"], copy.options["first_rows"]) == (None, None)
    copy.from_command_line = True
    copy.save()
    assert start(copy, leave_out=True).created == 2


def test_the_copy_stays_when_the_files_of_the_import_go(business_admin):
    job = run_import("contacts", rows(2, "B1,,,"))
    copy = starting_over.start_over(job, business_admin)
    job.delete_files()
    assert all(file_storage().exists(name) for name in copy.stored_names)


def test_an_undone_import_offers_to_start_over_and_leads_to_the_mapping(visit, business_admin):
    job = tried()
    undo_import(job)
    assert "Start over with the same file" in text_of(visit.get(job.get_absolute_url()))
    answer = visit.post(f"/import-data/{job.pk}/start-over/")
    copy = ImportJob.objects.get(state="draft")
    assert answer.headers["Location"] == f"/import-data/{copy.pk}/mapping/"
    assert copy.mapping == job.mapping


def test_a_completed_import_is_not_started_over(visit):
    job = run_import("contacts", rows(3))
    assert "Start over" not in text_of(visit.get(job.get_absolute_url()))
    answer = visit.post(f"/import-data/{job.pk}/start-over/", follow=True)
    assert "The import cannot be started over." in text_of(answer)


def test_an_import_whose_file_is_gone_is_not_started_over(visit):
    job = run_import("contacts", rows(3, "B1,,,"))
    ImportJob.objects.filter(pk=job.pk).update(file="")
    assert "Start over" not in text_of(visit.get(job.get_absolute_url()))


@pytest.mark.parametrize("signed_in", [False, True])
def test_strangers_start_nothing_over(client, signed_in):
    job = run_import("contacts", rows(3, "B1,,,"))
    if signed_in:
        client.force_login(UserFactory())
    answer = client.post(f"/import-data/{job.pk}/start-over/")
    assert answer.status_code == (404 if signed_in else 302)
    assert not ImportJob.objects.filter(state="draft").exists()


def test_the_undo_of_a_trial_is_foretold_as_that_of_any_import():
    assert undo_check(tried()).summary["deleted"] == 10
