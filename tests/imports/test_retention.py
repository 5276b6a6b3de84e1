import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import timezone

from entities.models import Contact
from imports import execution, retention, undo
from imports.events import ImportEvent
from imports.models import ImportJob, ImportRow, ImportRowDetail, ImportRun, RowDouble, file_storage
from tests.factories import ContactFactory
from tests.imports.journeys import check, csv_bytes, draft, run_import, undo_check
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
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    job = ended(91, *(f"A{number},Ann,Sample,bad" for number in range(5)))
    retention.remove_what_is_over(most_rows=4)
    job.refresh_from_db()
    assert (ImportRowDetail.objects.filter(run__kind="check").count(), bool(job.file)) == (1, True)
    retention.remove_what_is_over(most_rows=4)
    job.refresh_from_db()
    assert (ImportRowDetail.objects.count(), bool(job.file)) == (0, False)


def test_rows_go_in_small_batches_and_others_may_write_after_each(monkeypatch):
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    ended(91, *(f"A{number},Ann,Sample,bad" for number in range(5)))
    left = []
    retention.remove_what_is_over(after_batch=lambda: left.append(ImportRowDetail.objects.count()))
    assert left == [3, 1, 0]


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


def forgotten(job, days=15):
    ImportJob.objects.filter(pk=job.pk).update(touched_at=timezone.now() - timedelta(days=days))
    return job


def stored_files():
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_a_forgotten_draft_goes_with_all_that_hangs_on_it():
    ContactFactory(email="ann@example.com")
    content = csv_bytes(HEADER, ",Ann,Sample,ann@example.com", "A2,Bob,Sample,bad")
    job = draft("contacts", content)
    check(job)
    assert (RowDouble.objects.count(), ImportRowDetail.objects.count()) == (1, 1)
    forgotten(job, days=13)
    execution.sweep()
    assert ImportJob.objects.exists()
    forgotten(job)
    execution.sweep()
    assert [model.objects.count() for model in (ImportJob, ImportRun, RowDouble, ImportRowDetail)] == [0] * 4
    assert stored_files() == []
    event = ImportEvent.objects.get(event=retention.DRAFT_REMOVED)
    assert (event.job, event.details) == (None, {"file": "file.csv"})


def test_a_forgotten_draft_that_is_being_read_stays():
    job = forgotten(draft("contacts", csv_bytes(HEADER, "A1,Ann,Sample,")))
    execution.add_run(job, ImportRun.Kind.READ, lambda run: None)
    execution.sweep()
    assert ImportJob.objects.exists()


def test_no_values_of_rows_stay_in_summaries_and_mappings(client, business_admin):
    job = ended(91, "A1,Ann,Sample,ann-at-home", "A2,Ann,Sample,")
    ImportJob.objects.filter(pk=job.pk).update(mapping={**job.mapping, "values": {"email": {"ann-x": "a"}}})
    retention.remove_what_is_over()
    assert not ImportRun.objects.filter(summary__icontains="ann-at-home").exists()
    job.refresh_from_db()
    assert job.mapping["values"] == {}
    client.force_login(business_admin)
    assert "“…” is not an e-mail address" in text_of(client.get(job.get_absolute_url()))


def test_after_two_years_ledger_and_history_go_too():
    old, recent = ended(731), ended(729, "B1,Ann,Sample,")
    history = QuerySet(ImportEvent).filter(job=old)
    history.update(at=timezone.now() - timedelta(days=731))
    retention.remove_what_is_over()
    assert list(ImportJob.objects.all()) == [recent]
    assert set(ImportRow.objects.values_list("run__job", flat=True)) == {recent.pk}
    assert not ImportEvent.objects.filter(at__lt=timezone.now() - timedelta(days=730)).exists()
    assert recent.events.exists()
    assert Contact.objects.filter(code="A1").exists()


def test_every_transaction_removes_a_bounded_number_of_rows(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    job = ended(731, *(f"A{number},Ann,Sample,bad" for number in range(10)))
    sizes, remove = [], retention.remove_rows
    monkeypatch.setattr(retention, "remove_rows", lambda *args: sizes.append(remove(*args)) or sizes[-1])
    with django_assert_max_num_queries(120):
        retention.remove_what_is_over()
    assert max(sizes) == 3
    assert sum(sizes) == 10  # the check alone has details; nothing was imported
    assert not ImportJob.objects.filter(pk=job.pk).exists()


def test_files_that_no_import_knows_go_after_a_day():
    job = run_import("contacts", csv_bytes(HEADER, "A1,Ann,Sample,", "A2,Bob,Sample,bad"))
    orphans = [
        file_storage().save(name, ContentFile(b"x"))
        for name in (
            f"imports/{job.folder}/results-1.csv",
            f"{job.parts_prefix}/old/00000.jsonl",
            "imports/0b16bd19-6b3b-4f0b-9a4e-000000000000/source",
            "imports/odd/source",
        )
    ]
    assert retention.remove_orphans() == 0
    for path in stored_files():
        os.utime(path, (0, 0))
    assert retention.remove_orphans() == len(orphans)
    assert not any(file_storage().exists(name) for name in orphans)
    assert all(file_storage().exists(name) for name in job.stored_names)
    assert len(job.stored_names) == len(stored_files())
    assert retention.remove_orphans() == 0


def test_the_command_does_it_at_once_and_says_what_it_did(capsys, monkeypatch):
    monkeypatch.setattr(retention, "IMPORTS_AT_ONCE", 1)
    ended(91), ended(92, "B1,Ann,Sample,bad")
    forgotten(draft("contacts", csv_bytes(HEADER, "A9,Ann,Sample,")))
    call_command("retention")
    told = capsys.readouterr().out.splitlines()
    assert told[:4] == [
        "1 forgotten drafts removed",
        "2 imports whose files and details were removed",
        "0 imports removed altogether",
        "3 rows of details and ledgers removed",
    ]
    call_command("retention")
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"0"}
