"""The way from an ended import to a repair of its failed rows, through the pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from entities.models import Contact
from imports import repairs, reports
from imports.models import ImportEvent, ImportJob, ImportRun
from imports.worker import Worker
from tests.conftest import person
from tests.imports.journeys import start
from tests.imports.test_repairs import corrected, corrected_check, failed_at_the_check, imported, uploaded
from tests.imports.test_wizard import text_of
from tests.pages import form_values

pytestmark = pytest.mark.django_db

OF_ENDED_IMPORTS = ["repair", "upload-corrected"]


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


def url(name, job):
    return reverse(f"imports:{name}", args=[job.pk])


def work():
    while run := ImportRun.objects.filter(state=ImportRun.State.WAITING).first():
        Worker(lambda run: None, float("inf")).work(run.pk)


def upload(client, job, content, name="contacts - failed rows.csv"):
    return client.post(url("upload", job), {"file": SimpleUploadedFile(name, content)})


def upload_corrected(client, root, content):
    """The draft of an upload that began on the page of an import."""
    client.post(url("upload-corrected", root))
    draft = ImportJob.objects.latest("pk")
    answer = upload(client, draft, content)
    draft.refresh_from_db()
    return draft, answer


def preview_of(client, job):
    client.get(url("preview", job))
    work()
    return client.get(url("preview", job))


def start_on_page(client, job):
    values = form_values(preview_of(client, job).content.decode(), url("start", job))
    client.post(url("start", job), values)
    work()
    job.refresh_from_db()
    return job


# From the import


def test_a_failed_rows_file_goes_straight_to_the_preview(admin, business_admin):
    root = imported()
    ImportJob.objects.filter(pk=root.pk).update(created_by=business_admin)
    draft, answer = upload_corrected(admin, root, corrected(root))
    assert answer.url == url("preview", draft)
    page = text_of(preview_of(admin, draft))
    assert "2 of 2 failed rows of contacts.csv" in page
    assert f"Import {root.pk} , imported on" in page.replace(f"Import {root.pk},", f"Import {root.pk} ,")
    assert "by business" in page
    assert "2 would be created, 0 updated, 0 unchanged." in page
    assert admin.get(url("mapping", draft)).status_code == 200


def test_the_first_import_says_what_became_of_its_failed_rows(admin):
    root = imported()
    content = corrected(root, ("no address", "c@example.com"))
    draft, _ = upload_corrected(admin, root, content)
    repair = start_on_page(admin, draft)
    page = text_of(admin.get(root.get_absolute_url()))
    assert "Of its 2 failed rows 1 was imported since; 1 is left." in page
    assert f"Import {repair.pk} (" in page
    assert "): 1 failed row imported" in page
    assert f"import {root.pk}, contacts.csv" in text_of(admin.get(repair.get_absolute_url()))
    assert f"failed rows of import {root.pk}" in text_of(admin.get(reverse("imports:list")))


def test_rows_that_are_left_can_be_downloaded(admin):
    root = imported()
    start(uploaded(corrected(root, ("no address", "c@example.com"), ("none", "really none"))))
    answer = admin.get(url("rows-left", root))
    assert answer["Content-Disposition"] == 'attachment; filename="contacts - failed rows.csv"'
    header, *rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert header.endswith(f"Row (import {root.reference}),Result,Error")
    assert [row.split(",")[:5] for row in rows] == [["A4", "Dora", "Sample", "really none", "5"]]
    assert ImportEvent.objects.get(job=root, event="failed rows downloaded").details["left"] is True


def test_no_file_of_rows_left_when_all_are_done(admin):
    root = imported()
    start(uploaded(corrected(root)))
    assert admin.get(url("rows-left", root)).status_code == 404
    page = admin.get(root.get_absolute_url()).content.decode()
    assert url("repair", root) not in page
    answer = admin.post(url("repair", root), follow=True)
    assert "None of its failed rows is left to be corrected." in text_of(answer)


def test_correcting_here_leads_to_the_preview(admin):
    root = imported()
    answer = admin.post(url("repair", root), follow=True)
    repair = ImportJob.objects.latest("pk")
    assert answer.redirect_chain[-1] == (url("preview", repair), 302)
    assert admin.get(url("mapping", repair)).status_code == 200


@pytest.mark.parametrize("name", OF_ENDED_IMPORTS)
def test_only_ended_imports_are_repaired(admin, name):
    root = imported()
    ImportJob.objects.filter(pk=root.pk).update(state="in_progress")
    assert admin.post(url(name, root)).status_code == 404


@pytest.mark.parametrize("name", [*OF_ENDED_IMPORTS, "rows-left", "choose-rows"])
def test_who_is_not_signed_in_is_asked_to(client, name):
    root = imported()
    method = client.get if name == "rows-left" else client.post
    assert method(url(name, root)).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", [*OF_ENDED_IMPORTS, "rows-left", "choose-rows"])
def test_a_stranger_finds_nothing(client, staff, name):
    client.force_login(staff)
    root = imported()
    method = client.get if name == "rows-left" else client.post
    assert method(url(name, root)).status_code == 404


@pytest.mark.parametrize("name", OF_ENDED_IMPORTS)
def test_looking_is_no_repair(admin, name):
    assert admin.get(url(name, imported())).status_code == 405


def test_the_e_mail_says_whose_failed_rows_they_are(admin):
    root = imported()
    draft, _ = upload_corrected(admin, root, corrected(root))
    mail = reports.message(start_on_page(admin, draft))
    assert f"File: contacts - failed rows.csv (failed rows of import {root.pk})" in mail.body


# What was uploaded


def test_a_file_that_names_no_import_is_an_import_of_its_own(admin):
    root = imported()
    draft, answer = upload_corrected(admin, root, b"Contact Code,First Name,Last Name\nA9,Eve,Sample")
    assert (answer.url, draft.repairs) == (url("mapping", draft), None)
    assert "does not say which import its rows come from" in text_of(admin.get(answer.url))


def test_failed_rows_of_another_import_are_recognised_as_what_they_are(admin):
    root, other = imported(), imported()
    draft, answer = upload_corrected(admin, root, corrected(other))
    assert draft.repairs == other
    told = f"holds failed rows of import {other.pk}, not of import {root.pk}."
    assert told in text_of(admin.get(answer.url))


def test_another_entity_type_is_told(admin):
    root = imported()
    admin.post(reverse("imports:create"), {"entity_type": "products"})
    draft = ImportJob.objects.latest("pk")
    answer = upload(admin, draft, corrected(root))
    assert answer.url == url("preview", draft)
    told = f"holds failed rows of import {root.pk}, so its entity type is Contacts."
    assert told in text_of(admin.get(answer.url))


def test_headers_that_are_gone_are_named_at_the_mapping(admin):
    root = imported()
    draft, answer = upload_corrected(admin, root, corrected(root).replace(b"Last Name", b"Surname?"))
    assert answer.url == url("mapping", draft)
    assert "The headers of these columns are no longer in the file: Last Name." in text_of(
        admin.get(answer.url)
    )


# Rows that are done


def test_a_second_upload_says_that_all_is_done(admin):
    root = imported()
    first, _ = upload_corrected(admin, root, corrected(root))
    second, _ = upload_corrected(admin, root, corrected(root))
    start_on_page(admin, first)
    page = preview_of(admin, second)
    assert "All 2 rows were imported already; there is nothing left to start." in text_of(page)
    assert f"Row 3 was imported on {first.finished_at:%Y-%m-%d} with import {first.pk}." in text_of(page)
    assert "disabled>Import the corrected rows</button>" in page.content.decode()
    second = start_on_page(admin, second)
    assert str(second.reason) == "Nothing was imported, because all its 2 rows were imported already."
    assert "Already imported" in text_of(admin.get(second.get_absolute_url()))
    assert Contact.objects.count() == 4


def test_the_failed_rows_file_says_that_a_row_was_refused(admin):
    root = imported()
    first, second = uploaded(corrected(root)), uploaded(corrected(root))
    start(first)
    second = start(second)
    content = b"".join(admin.get(url("failed-rows", second)).streaming_content).decode()
    assert ',3,Refused: already imported,"Row 3 was imported on' in content


# All rows


def test_an_import_that_failed_says_what_its_failed_rows_are_not(admin):
    root = failed_at_the_check()
    draft, _ = upload_corrected(admin, root, corrected_check(root))
    page = text_of(preview_of(admin, draft))
    told = "These are only the rows with problems; the other 2 rows of contacts.csv have not been imported."
    assert told in page
    answer = admin.post(url("choose-rows", draft), {"rows": "all"}, follow=True)
    assert answer.redirect_chain[-1] == (url("preview", draft), 302)
    page = text_of(preview_of(admin, draft))
    assert told not in page
    assert "4 would be created" in page
    repair = start_on_page(admin, draft)
    assert repair.created == 4
    page = text_of(admin.get(root.get_absolute_url()))
    assert "4 rows imported, its other rows and the corrected ones" in page


def test_the_rows_with_problems_alone_can_be_chosen_again(admin):
    root = failed_at_the_check()
    draft, _ = upload_corrected(admin, root, corrected_check(root))
    admin.post(url("choose-rows", draft), {"rows": "all"})
    admin.post(url("choose-rows", draft), {"rows": "own"})
    assert "2 would be created" in text_of(preview_of(admin, draft))


def test_a_completed_import_has_no_other_rows(admin):
    root = imported()
    draft, _ = upload_corrected(admin, root, corrected(root))
    assert "These are only the rows with problems" not in text_of(preview_of(admin, draft))


def test_rows_that_are_no_longer_kept_are_not_offered(admin):
    root = failed_at_the_check()
    draft, _ = upload_corrected(admin, root, corrected_check(root))
    root.delete_files()
    assert "They can only be imported by uploading contacts.csv again" in text_of(preview_of(admin, draft))
    assert admin.post(url("choose-rows", draft), {"rows": "all"}).status_code == 404


def test_somebody_elses_draft_is_nobodys_to_choose_for(admin):
    root = failed_at_the_check()
    draft = repairs.begin(root, person("other", "Business admin"))
    assert admin.post(url("choose-rows", draft), {"rows": "all"}).status_code == 404


def test_a_started_repair_takes_no_more_rows(admin):
    root = failed_at_the_check()
    draft, _ = upload_corrected(admin, root, corrected_check(root))
    repair = start_on_page(admin, draft)
    assert admin.post(url("choose-rows", repair), {"rows": "all"}).url == repair.get_absolute_url()
    assert repair.rows == 2
