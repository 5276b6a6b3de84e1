from datetime import timedelta

import pytest
from django.utils import timezone

from entities.models import Contact
from imports import execution, retention, undo
from imports.models import ImportJob, ImportRow, ImportRowDetail, file_storage
from tests.imports.journeys import csv_bytes, draft, run_import, undo_check
from tests.imports.test_monitoring import text_of

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email"


def ended(days_ago, *rows):
    job = run_import("contacts", csv_bytes(HEADER, *(rows or ("A1,Ann,Sample,", "A2,Bob,Sample,bad"))))
    ImportJob.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=days_ago))
    job.refresh_from_db()
    return job


def test_files_and_details_go_when_their_time_is_over_and_the_ledger_stays(settings):
    settings.IMPORT_RETENTION_DAYS = 90
    old, recent = ended(91), ended(89, "B1,Ann,Sample,", "B2,Bob,Sample,bad")
    names, counts = old.stored_names, old.counts
    assert len(names) == 3
    execution.sweep()
    old.refresh_from_db()
    assert not any(file_storage().exists(name) for name in names)
    assert all(file_storage().exists(name) for name in recent.stored_names)
    assert (bool(old.file), bool(old.failed_rows), old.counts) == (False, False, counts)
    assert set(ImportRowDetail.objects.values_list("run__job", flat=True)) == {recent.pk}
    assert ImportRow.objects.filter(run__job=old).count() == 2
    assert Contact.objects.filter(code="A1").exists()


def test_removing_again_changes_nothing():
    job = ended(91)
    for _ in range(3):
        retention.remove_what_is_over()
    assert list(job.events.values_list("event", flat=True)).count(retention.REMOVED) == 1


def test_what_a_sweep_leaves_the_next_one_removes(monkeypatch):
    monkeypatch.setattr(retention, "DETAILS_AT_ONCE", 2)
    monkeypatch.setattr(retention, "DETAILS_PER_SWEEP", 4)
    job = ended(91, *(f"A{number},Ann,Sample,bad" for number in range(5)))
    retention.remove_what_is_over()
    job.refresh_from_db()
    assert (ImportRowDetail.objects.filter(run__kind="check").count(), bool(job.file)) == (1, True)
    retention.remove_what_is_over()
    job.refresh_from_db()
    assert (ImportRowDetail.objects.count(), bool(job.file)) == (0, False)


def test_an_import_that_is_being_undone_keeps_its_details():
    job = ended(91)
    undo.check(job, lambda run: None)
    retention.remove_what_is_over()
    assert ImportRowDetail.objects.filter(run__job=job).exists()


def test_an_import_that_goes_on_and_a_draft_keep_their_files():
    running = ended(91)
    ImportJob.objects.filter(pk=running.pk).update(state="in_progress")
    waiting = draft("contacts", csv_bytes(HEADER, "A9,Ann,Sample,"))
    retention.remove_what_is_over()
    for job in (running, waiting):
        job.refresh_from_db()
        assert job.file


def test_the_page_of_such_an_import_says_so_and_offers_neither_files_nor_undo(client, business_admin):
    job = ended(91)
    retention.remove_what_is_over()
    client.force_login(business_admin)
    text = text_of(client.get(job.get_absolute_url()))
    until = f"{job.kept_until:%-d %B %Y}"
    assert f"The file and the details of its rows were kept until {until}." in text
    assert f"It could be undone until {until}." in text
    assert "The failed-rows file is no longer kept." in text
    assert not [word for word in ("Undo this import", "Download", "Correct them here") if word in text]
    for path in ("failed-rows", "rows-left", "results"):
        assert client.get(f"/import-data/{job.pk}/{path}/").status_code == 404


def test_what_was_undone_shortly_before_keeps_its_page(client, business_admin):
    job = ended(0)
    undo_check(job)
    ImportJob.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=91))
    retention.remove_what_is_over()
    client.force_login(business_admin)
    assert client.get(job.get_absolute_url()).status_code == 200
