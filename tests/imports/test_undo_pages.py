"""The pages of an undo, as their visitors see them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from entities.models import Contact, Device
from imports import execution, undo
from imports.models import ImportJob, ImportRun
from tests.factories import DeviceFactory, UserFactory
from tests.imports.journeys import csv_bytes, draft, run_import, undo_check, undo_import, work
from tests.imports.test_monitoring import text_of
from tests.pages import form_values

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Classification"


@pytest.fixture
def visit(client, business_admin):
    client.force_login(business_admin)
    return client


def imported(count=3):
    """An import that created so many contacts."""
    rows = (f"C{number},Ann,Sample,," for number in range(count))
    return run_import("contacts", csv_bytes(HEADER, *rows), "customers.csv")


def address(job, *path):
    return "/".join(["/import-data", str(job.pk), "undo", *path, ""])


def press_undo(client, job):
    return client.post(address(job, "start"), form_values(page(client, address(job)), address(job, "start")))


def page(client, path):
    return unescape(client.get(path).content.decode())


def line_of(client, job):
    """What the list says of an import."""
    row = page(client, "/import-data/").partition(f'href="{job.get_absolute_url()}"')[2]
    return " ".join(re.sub("<[^>]+>", " ", row.partition("</tr>")[0]).split())


def work_waiting(job):
    """Work what waits for a worker."""
    work(list(job.runs.filter(state="waiting").order_by("pk")))


def test_the_list_tells_of_an_undo_while_it_runs_and_when_it_stopped(visit):
    job, other = imported(), run_import("contacts", csv_bytes(HEADER, "D1,Ann,Sample,,"), "other.csv")
    undo_check(job)
    press_undo(visit, job)
    run = job.runs.filter(kind="undo")
    run.update(rows_done=1)
    assert "Completed being undone, 33 %" in line_of(visit, job)
    assert "undone" not in line_of(visit, other)
    assert 'data-refresh-url="/import-data/"' in page(visit, "/import-data/")
    run.update(state="failed")
    assert "Completed Undo stopped" in line_of(visit, job)
    assert "data-refresh-url" not in page(visit, "/import-data/")


def test_the_way_from_an_import_to_its_undo(visit):
    job = imported()
    assert "Undo this import can be undone until " in text_of(visit.get(job.get_absolute_url()))
    visit.get(address(job))
    assert "Waiting in the queue" in text_of(visit.get(address(job, "check")))
    work_waiting(job)
    text = text_of(visit.get(address(job)))
    assert "Undo would delete 3 contacts." in text
    assert "Undo: delete 3 contacts" in text
    answer = press_undo(visit, job)
    assert answer.headers["Location"] == job.get_absolute_url()
    assert f"Undoing import {job.pk} 0 %" in text_of(visit.get(job.get_absolute_url()))
    work_waiting(job)
    assert "3 contacts deleted." in text_of(visit.get(job.get_absolute_url()))
    assert "Undone on " in text_of(visit.get("/import-data/"))
    assert Contact.objects.count() == 0


@pytest.mark.parametrize("kind", ["undo check", "undo"])
def test_a_long_undo_and_the_look_before_it_say_how_long_they_take(visit, kind):
    job = imported(30)
    visit.get(address(job))
    if kind == "undo":
        work_waiting(job)
        press_undo(visit, job)
    started = job.runs.filter(state="waiting")
    assert " left" not in text_of(visit.get(address(job)))
    started.update(state="running", rows_done=10, seconds=20)
    assert "record 10 of 30 · about 40 seconds left" in text_of(visit.get(address(job), follow=True))


def test_the_page_names_the_day_until_which_an_import_can_be_undone(visit, settings):
    settings.IMPORT_RETENTION_DAYS = 90
    job = imported()
    ImportJob.objects.filter(pk=job.pk).update(finished_at="2100-11-22T12:00Z")
    assert "can be undone until 20 February 2101" in text_of(visit.get(job.get_absolute_url()))


def test_after_that_day_it_is_not_offered(visit, business_admin):
    job = imported()
    ImportJob.objects.filter(pk=job.pk).update(finished_at="2020-01-01T12:00Z")
    text = text_of(visit.get(job.get_absolute_url()))
    assert "It could be undone until 31 March 2020." in text
    assert "Undo this import" not in text
    assert visit.get(address(job)).headers["Location"] == job.get_absolute_url()
    assert not undo.start(job, business_admin, undo_check(job).pk)


def test_what_would_be_kept_is_listed_with_its_reason_and_a_link(visit):
    job = imported()
    contact = Contact.objects.get(code="C1")
    DeviceFactory(contact=contact)
    undo_check(job)
    text = page(visit, address(job))
    assert "Undo would delete 2 contacts and keep 1." in text
    assert "“C1” is used by 1 device." in text
    assert f'href="{reverse("admin:entities_contact_change", args=[contact.pk])}"' in text


def test_what_was_kept_is_listed_by_pages(visit):
    job = imported(60)
    for contact in Contact.objects.all():
        contact.save()
    undo_import(job)
    first = text_of(visit.get(address(job, "kept")))
    assert "“C0” was changed since in the CRM." in first
    assert "“C59” was changed since in the CRM." in text_of(visit.get(address(job, "kept") + "?page=2"))
    assert "Page 1 of 2 · 60 records" in first


def test_nothing_left_to_undo_offers_no_button(visit):
    job = imported()
    for contact in Contact.objects.all():
        contact.save()
    undo_check(job)
    text = text_of(visit.get(address(job)))
    assert "Undo would keep 3 contacts." in text
    assert "Undo:" not in text


def test_a_double_click_undoes_once(visit):
    job = imported()
    undo_check(job)
    values = form_values(page(visit, address(job)), address(job, "start"))
    answers = [visit.post(address(job, "start"), values) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == [job.get_absolute_url()] * 2
    assert job.runs.filter(kind="undo").count() == 1


def test_an_outdated_preview_undoes_nothing_and_says_so(visit):
    job = imported()
    check = undo_check(job)
    ImportRun.objects.filter(pk=check.pk).update(finished_at=timezone.now() - timedelta(minutes=11))
    answer = visit.post(address(job, "start"), {"check": check.pk}, follow=True)
    assert "Nothing was undone, because the preview was out of date." in text_of(answer)
    assert not job.runs.filter(kind="undo").exists()


@pytest.mark.parametrize("check", ["", "x"])
def test_a_start_without_a_preview_is_not_found(visit, check):
    assert visit.post(address(imported(), "start"), {"check": check}).status_code == 404


def test_looking_again_sees_what_has_changed(visit):
    job = imported()
    undo_check(job)
    Contact.objects.get(code="C1").save()
    visit.post(address(job, "again"))
    work_waiting(job)
    assert "Undo would delete 2 contacts and keep 1." in text_of(visit.get(address(job)))


def test_a_stopped_undo_can_be_continued_from_the_page(visit, business_admin):
    job = imported()
    undo.start(job, business_admin, undo_check(job).pk, lambda run: None)
    ImportRun.objects.filter(kind="undo").update(state="failed", rows_done=2, finished_at=timezone.now())
    assert "The undo stopped after 2 of 3 records for a technical reason." in text_of(
        visit.get(job.get_absolute_url())
    )
    visit.post(address(job, "continue"))
    work_waiting(job)
    assert Contact.objects.count() == 0


def test_who_lost_the_rights_reads_why_the_undo_stopped(visit, business_admin):
    job = imported()
    undo.start(job, business_admin, undo_check(job).pk, lambda run: None)
    rights = business_admin.groups.get()
    business_admin.groups.clear()
    work_waiting(job)
    business_admin.groups.add(rights)
    text = text_of(visit.get(job.get_absolute_url()))
    assert "because the person who started it no longer has the right to undo this." in text


def test_the_page_names_the_rights_that_are_missing(client):
    job, user = imported(), UserFactory()
    wanted = ["add_importjob", "view_importjob", "delete_contact"]
    user.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(user)
    text = text_of(client.get(address(job)))
    assert "Your account lacks rights that undoing this import takes: delete address." in text
    assert not job.runs.filter(kind="undo_check").exists()
    client.post(address(job, "again"))
    assert not job.runs.filter(kind="undo_check").exists()


def test_support_sees_that_an_import_was_undone_but_is_not_offered_it(client, support, business_admin):
    job = imported()
    client.force_login(support)
    assert "Undo this import" not in text_of(client.get(job.get_absolute_url()))
    Contact.objects.get(code="C1").save()
    undo_import(job)
    assert "2 contacts deleted and 1 kept." in text_of(client.get(job.get_absolute_url()))
    assert "“C1” was changed since" in text_of(client.get(address(job, "kept")))


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("get", "check"), ("post", "again"), ("post", "start")]
)
@pytest.mark.parametrize("who", ["anonymous", "staff", "support"])
def test_strangers_find_nothing(client, request, method, path, who):
    job = imported()
    undo_check(job)
    if who != "anonymous":
        client.force_login(request.getfixturevalue(who))
    answer = getattr(client, method)(address(job, path) if path else address(job))
    assert answer.status_code == (302 if who == "anonymous" else 404)
    assert Contact.objects.count() == 3
    assert not job.runs.filter(kind="undo").exists()


def test_a_running_import_and_a_draft_have_no_undo(visit, business_admin):
    job = draft("contacts", csv_bytes(HEADER, "A1,Ann,Sample,,"), user=business_admin)
    assert visit.get(address(job)).status_code == 404
    execution.start(job, business_admin, start_key=job.start_key, queue=lambda run: None)
    assert visit.get(address(job)).status_code == 404


def test_an_import_that_wrote_nothing_offers_no_undo(visit):
    job = run_import("contacts", csv_bytes(HEADER, "A1,Ann,,,"))
    assert "Undo this import" not in text_of(visit.get(job.get_absolute_url()))
    assert "The import has changed no record." in text_of(visit.get(address(job), follow=True))


def test_a_repair_that_was_undone_with_its_import_says_so(visit):
    job = run_import("contacts", csv_bytes(HEADER, "A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    other = draft("contacts", csv_bytes(HEADER, "A1,Ann,Sample,,"))
    ImportJob.objects.filter(pk=other.pk).update(repairs=job)
    other.refresh_from_db()
    queue = []
    execution.start(other, start_key=other.start_key, queue=queue.append)
    work(queue)
    undo_check(job)
    assert f"Import {other.pk} , which repairs it, is undone with it." in text_of(visit.get(address(job)))
    undo_import(job)
    assert f"It was undone with import {job.pk} , which it repairs" in text_of(
        visit.get(other.get_absolute_url())
    )
    assert f"With its repair, import {other.pk} ." in text_of(visit.get(job.get_absolute_url()))
    assert Device.objects.count() == Contact.objects.count() == 0


def test_no_page_of_the_admin_deletes_an_import(visit, business_admin):
    job = imported()
    assert visit.get(f"/admin/imports/importjob/{job.pk}/delete/").status_code == 404
    assert visit.post(f"/import-data/{job.pk}/delete-draft/").status_code in (302, 404)
    assert ImportJob.objects.filter(pk=job.pk).exists()
