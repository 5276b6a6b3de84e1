import threading
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from entities.models import Address, Contact, ContactClassification, Product
from imports import drafts, execution, importing
from imports.importers import importer_for
from imports.importing import FileRows
from imports.models import GeneratedLookup, ImportJob, ImportRow, ImportRun, NoLongerDraft, file_storage
from imports.worker import Worker, next_size
from tests.imports.journeys import check, csv_bytes, draft, problems, run_import, start, work

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Classification"
GOOD = ["A1,Ann,Sample,a@example.com,VIP", "A2,Bob,Sample,b@example.com,VIP"]
BADLY_FORMATTED = "A3,Cid,Sample,no address,VIP"
MISSING_NAME = "A4,Dora,,d@example.com,VIP"


def contacts(*rows):
    return csv_bytes(HEADER, *rows)


def codes():
    return sorted(Contact.objects.values_list("code", flat=True))


def test_good_rows_are_created_and_the_import_is_completed():
    job = run_import("contacts", contacts(*GOOD), generate=True)
    assert (job.state, job.counts) == (
        "completed",
        {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0, "not_reached": 0},
    )
    assert codes() == ["A1", "A2"]


def test_badly_formatted_rows_are_left_out_and_the_import_is_completed():
    job = run_import("contacts", contacts(*GOOD, BADLY_FORMATTED), generate=True)
    assert (job.state, job.created, job.rejected) == ("completed", 2, 1)
    assert problems(job) == [(4, "not_an_email", "Contact Email")]


def test_incorrect_content_without_an_answer_fails_and_writes_nothing():
    job = run_import("contacts", contacts(*GOOD, BADLY_FORMATTED, MISSING_NAME), generate=True)
    assert (job.state, job.counts) == (
        "failed",
        {"created": 0, "updated": 0, "unchanged": 0, "rejected": 2, "not_reached": 2},
    )
    assert job.reason == "Nothing was imported, because 1 row has incorrect content."
    assert codes() == []
    assert ContactClassification.objects.count() == 0


def test_incorrect_content_is_left_out_when_so_decided():
    job = run_import("contacts", contacts(*GOOD, MISSING_NAME), leave_out=True, generate=True)
    assert (job.state, job.created, job.rejected) == ("completed", 2, 1)


def test_a_failed_import_starts_again_leaving_its_bad_rows_out():
    job = run_import("contacts", contacts(*GOOD, MISSING_NAME), generate=True)
    assert execution.can_leave_out(job)
    queue = []
    assert execution.start_leaving_out(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created, job.rejected, job.reason) == ("completed", 2, 1, "")
    assert not execution.can_leave_out(job)


def test_an_import_of_bad_rows_only_fails():
    job = run_import("contacts", contacts(BADLY_FORMATTED), generate=True)
    assert (job.state, job.reason) == ("failed", "No row could be imported: the only row has problems.")


def test_look_ups_are_generated_only_when_asked():
    job = run_import("contacts", contacts(*GOOD), leave_out=True)
    assert problems(job) == [
        (2, "unknown_look_up", "Contact Classification"),
        (3, "unknown_look_up", "Contact Classification"),
    ]
    run_import("contacts", contacts(*GOOD), generate=True)
    assert list(ContactClassification.objects.values_list("name", flat=True)) == ["VIP"]
    assert GeneratedLookup.objects.count() == 1


def test_no_look_up_is_generated_for_a_rejected_row():
    run_import("contacts", contacts(GOOD[0], "A9,Eve,Sample,no address,Rare"), generate=True)
    assert list(ContactClassification.objects.values_list("name", flat=True)) == ["VIP"]


def test_the_same_file_again_leaves_every_record_as_it_is():
    run_import("contacts", contacts(*GOOD), generate=True)
    before = list(Contact.objects.order_by("pk").values())
    for update in (False, True):
        job = run_import("contacts", contacts(*GOOD), update=update)
        assert (job.state, job.unchanged, job.updated) == ("completed", 2, 0)
    assert list(Contact.objects.order_by("pk").values()) == before


def test_updating_changes_what_differs_and_leaves_blank_cells_alone():
    run_import("contacts", contacts(*GOOD), generate=True)
    job = run_import("contacts", contacts("A1,Anna,,,", "A2,,,,"), update=True)
    assert (job.updated, job.unchanged) == (1, 1)
    contact = Contact.objects.get(code="A1")
    assert (contact.first_name, contact.last_name, contact.email) == ("Anna", "Sample", "a@example.com")
    detail = job.deciding_run().details.get(outcome="updated")
    assert detail.changes == {"first_name": ["Ann", "Anna"]}


def test_an_address_is_added_then_updated_by_its_type_and_name():
    header = "Contact Code,First Name,Last Name,Address Line 1,Town/City,Address Type"
    run_import("contacts", csv_bytes(header, "A1,Ann,Sample,1 Old Street,Nicosia,"))
    run_import("contacts", csv_bytes(header, "A1,,,2 New Street,,HOME"), update=True)
    run_import("contacts", csv_bytes(header, "A1,,,3 Work Street,,BUSINESS"), update=True)
    found = list(Address.objects.order_by("type").values_list("type", "line_1", "town"))
    assert found == [("BUSINESS", "3 Work Street", ""), ("HOME", "2 New Street", "Nicosia")]


def test_the_check_foretells_the_import_and_writes_nothing():
    run_import("contacts", contacts(GOOD[0]), generate=True)
    rows = contacts("A1,Anna,,,", GOOD[1], BADLY_FORMATTED, "A2,Again,Sample,,", "A7,New,One,,Other")
    job = draft("contacts", rows, generate=True, update=True)
    run = check(job)
    assert codes() == ["A1"]
    assert run.counts == {"created": 2, "updated": 1, "unchanged": 0, "rejected": 2}
    assert [(name["name"], name["count"]) for name in run.generated_names] == [("Other", 1)]
    start(job, leave_out=True)
    assert job.counts == run.counts | {"not_reached": 0}


def test_starting_reuses_a_fresh_check_of_the_same_mapping():
    job = draft("contacts", contacts(*GOOD), generate=True)
    run = check(job)
    start(job)
    assert list(job.runs.values_list("kind", flat=True).order_by("pk")) == ["check", "import"]
    assert job.runs.get(kind="check") == run


def test_a_second_start_of_the_same_draft_changes_nothing():
    job = draft("contacts", contacts(*GOOD), generate=True)
    queue = []
    assert execution.start(job, start_key=job.start_key, queue=queue.append)
    assert not execution.start(job, start_key=job.start_key, queue=queue.append)
    assert len(queue) == 1


def test_a_start_with_another_key_is_refused():
    job = draft("contacts", contacts(*GOOD))
    other = draft("contacts", contacts(*GOOD))
    assert not execution.start(job, start_key=other.start_key)


def test_every_row_is_in_the_ledger_once():
    job = run_import("contacts", contacts(*GOOD, BADLY_FORMATTED), generate=True)
    ledger = ImportRow.objects.filter(run=job.deciding_run()).order_by("row_number")
    assert list(ledger.values_list("row_number", "outcome")) == [
        (2, "created"),
        (3, "created"),
        (4, "rejected"),
    ]
    assert ledger[0].record_id == Contact.objects.get(code="A1").pk


def many(count):
    return contacts(*(f"C{number},Name,Sample,c{number}@example.com,VIP" for number in range(count)))


def test_an_import_in_many_slices_loses_and_doubles_nothing(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(95), generate=True)
    queue, slices = [], 0
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    while queue:
        slices += 1
        Worker(queue.append, 0).work(queue.pop(0).pk)
    job.refresh_from_db()
    assert slices > 5
    assert (job.state, job.created, Contact.objects.count()) == ("completed", 95, 95)


def test_a_key_of_an_earlier_slice_is_still_known_as_seen(settings):
    settings.IMPORT_BATCH_ROWS = 1
    job = draft("contacts", contacts(*GOOD, "A1,Twice,Sample,,"), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    work(queue, slice_seconds=0)
    job.refresh_from_db()
    assert problems(job) == [(4, "twice_in_file", "Contact Code")]


def test_a_check_in_many_slices_counts_a_name_that_would_be_new_once(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(35), generate=True)
    queue = []
    run = execution.add_run(job, ImportRun.Kind.CHECK, queue.append)
    work(queue, slice_seconds=0)
    run.refresh_from_db()
    assert [(name["name"], name["count"]) for name in run.generated_names] == [("VIP", 35)]


def devices(*rows):
    return csv_bytes("Serial Number,Product Code,Electronic ID", *rows)


@pytest.mark.parametrize("slice_seconds", [0, float("inf")])
def test_an_electronic_id_that_an_earlier_row_sets_free_can_be_taken_but_not_swapped(settings, slice_seconds):
    call_command("load_demo_data", verbosity=0)
    settings.IMPORT_BATCH_ROWS = 1
    run_import("devices", devices("S1,DEC-4K,E1", "S2,DEC-4K,E2", "S3,DEC-4K,E3"))
    moved = devices("S1,,E9", "S2,,E1", "S3,,E4", "S4,DEC-4K,E4")
    job = draft("devices", moved, update=True)
    queue = []
    check_run = execution.add_run(job, ImportRun.Kind.CHECK, queue.append)
    work(queue, slice_seconds)
    check_run.refresh_from_db()
    start(job, leave_out=True)
    assert check_run.counts == {"created": 0, "updated": 3, "unchanged": 0, "rejected": 1}
    assert job.counts == check_run.counts | {"not_reached": 0}
    assert problems(job) == [(5, "twice_in_file", "Electronic ID")]
    swapped = run_import("devices", devices("S1,,E1", "S2,,E9"), update=True, leave_out=True)
    assert problems(swapped)[0] == (2, "held_by_another", "Electronic ID")


def test_a_blank_contact_type_of_a_mapped_column_is_missing_and_an_unmapped_one_derived():
    header = "Contact Type,First Name,Last Name,Company Name"
    mapped = run_import("contacts", csv_bytes(header, ",Ann,Sample,", "COMPANY,,,Sample Ltd"), leave_out=True)
    assert problems(mapped) == [(2, "missing", "Contact Type")]
    run_import("contacts", csv_bytes("First Name,Last Name,Company Name", ",,Only Ltd", "Bob,Sample,His Ltd"))
    types = Contact.objects.order_by("company_name").values_list("company_name", "type")
    assert list(types) == [("His Ltd", "PERSON"), ("Only Ltd", "COMPANY"), ("Sample Ltd", "COMPANY")]


def test_a_product_keeps_the_classification_of_its_type_when_updated_without_one():
    call_command("load_demo_data", verbosity=0)
    rows = csv_bytes("Product Code,Classification", "DEC-4K,TERMED_SERVICE")
    job = run_import("products", rows, update=True, leave_out=True)
    assert problems(job) == [(2, "classification_differs", "Classification")]


def test_a_badly_formatted_row_is_rejected_even_if_its_record_exists():
    run_import("contacts", contacts(GOOD[0]), generate=True)
    job = run_import("contacts", contacts("A1,Ann,Sample,no address,VIP", GOOD[1]), generate=True)
    assert (job.created, job.unchanged, job.rejected) == (1, 0, 1)


def test_a_draft_that_was_started_meanwhile_keeps_its_file_and_state():
    job = draft("contacts", contacts(*GOOD), generate=True)
    late = ImportJob.objects.get(pk=job.pk)
    start(job)
    with pytest.raises(NoLongerDraft):
        drafts.keep_file(late, ContentFile(b"other", name="late.csv"), "late.csv")
    with pytest.raises(NoLongerDraft):
        drafts.change_entity_type(late, importer_for("products"))
    job.refresh_from_db()
    assert (job.state, job.file_name, job.entity_type) == ("completed", "file.csv", "contacts")
    assert job.file.read() == contacts(*GOOD)


def test_cancelling_a_waiting_import_ends_it_at_once():
    job = draft("contacts", many(5), generate=True)
    execution.start(job, start_key=job.start_key, queue=lambda run: None)
    assert execution.cancel(job)
    job.refresh_from_db()
    assert (job.state, job.not_reached) == ("cancelled", 5)


def test_cancelling_stops_after_the_batch_and_continue_does_the_rest(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(40), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    work(queue, on_progress=lambda run: execution.cancel(ImportJob.objects.get(pk=job.pk)))
    job.refresh_from_db()
    assert (job.state, job.created, job.not_reached) == ("cancelled", 10, 30)
    assert job.reason == "Cancelled after row 11; the 10 rows imported before it stay in the CRM."
    assert execution.resume(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created, Contact.objects.count()) == ("completed", 40, 40)


def test_a_lost_lease_is_taken_over_and_the_late_worker_writes_nothing(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(40), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    run = queue.pop()

    def taken_over(working):
        if working.cursor == 11:
            ImportRun.objects.filter(pk=run.pk).update(lease="2000-01-01T00:00Z")
            work([run])

    Worker(queue.append, float("inf"), taken_over).work(run.pk)
    job.refresh_from_db()
    assert (job.state, job.created, Contact.objects.count()) == ("completed", 40, 40)
    assert ImportRow.objects.filter(run=run).count() == 40


def test_a_run_that_is_being_worked_is_not_claimed_twice():
    job = draft("contacts", many(5), generate=True)
    run = execution.add_run(job, ImportRun.Kind.CHECK, lambda run: None)
    assert Worker().claim(run.pk)
    assert Worker().claim(run.pk) is None


@pytest.mark.django_db(transaction=True)
def test_a_technical_fault_stops_with_what_is_in_the_crm_and_can_be_continued(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(30), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)

    def fault(run):
        if run.cursor >= 11:
            raise OSError("the disk is gone")

    work(queue, on_progress=fault)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.reason == "Stopped after row 11 for a technical reason; 10 rows before it are in the CRM."
    execution.resume(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created) == ("completed", 30)


def test_a_person_who_lost_the_right_imports_nothing(business_admin):
    job = draft("contacts", many(5), user=business_admin, generate=True)
    queue = []
    execution.start(job, business_admin, start_key=job.start_key, queue=queue.append)
    business_admin.groups.clear()
    work(queue)
    job.refresh_from_db()
    assert (job.state, Contact.objects.count()) == ("failed", 0)
    assert job.reason == "Stopped because the person who started it no longer has the right to import this."


def test_an_import_is_queued_in_the_transaction_that_starts_it(business_admin):
    job = draft("contacts", many(5), user=business_admin, generate=True)
    execution.start(job, business_admin, start_key=job.start_key)
    assert OrmQ.objects.count() == 1


def test_what_somebody_else_wrote_meanwhile_is_unchanged_not_doubled(monkeypatch):
    """The record appears between the batch's look and its write."""
    job = draft("contacts", contacts(GOOD[0]), generate=True)
    write, late = importing.write_records, []

    def somebody_is_first(run, importer, rows, now):
        if not late:
            late.append(True)
            Contact.objects.create(code="A1", first_name="Other", last_name="Person")
        write(run, importer, rows, now)

    monkeypatch.setattr(importing, "write_records", somebody_is_first)
    start(job, leave_out=True)
    # The other's write was rolled back together with the batch here, so the row is created at the second try.
    assert (job.state, job.created + job.unchanged, Contact.objects.count()) == ("completed", 1, 1)


def test_the_sweep_queues_again_what_nobody_works_on(business_admin):
    job = draft("contacts", many(5), user=business_admin, generate=True)
    execution.start(job, business_admin, start_key=job.start_key)
    OrmQ.objects.all().delete()
    execution.sweep()
    assert OrmQ.objects.count() == 0, "it waits its turn"
    ImportRun.objects.update(lease="2000-01-01T00:00Z")
    execution.sweep()
    execution.sweep()
    assert OrmQ.objects.count() == 1


def test_the_sweep_removes_drafts_that_nobody_touched_for_long_with_their_files(settings):
    settings.IMPORT_DRAFT_DAYS = 14
    recent, old = draft("contacts", many(5)), draft("contacts", many(5))
    ImportJob.objects.filter(pk=old.pk).update(touched_at=timezone.now() - timedelta(days=15))
    execution.sweep()
    assert list(ImportJob.objects.all()) == [recent]
    assert (file_storage().exists(recent.file.name), file_storage().exists(old.file.name)) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_worker_keeps_its_run_however_long_something_takes(settings):
    settings.IMPORT_LEASE_SECONDS = 2
    renewed = []

    def take_long(run):
        def lease():
            return ImportRun.objects.get(pk=run.pk).lease

        before, deadline = lease(), time.monotonic() + 30
        while lease() == before:
            assert time.monotonic() < deadline, "nobody holds it"
            time.sleep(0.02)
        renewed.append(run.pk)

    job = draft("contacts", many(5), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    work(queue, on_progress=take_long)
    assert len(renewed) == 1


def test_the_file_that_a_worker_died_of_reading_is_soon_another_ones(settings):
    settings.IMPORT_LEASE_SECONDS = 60
    run = execution.begin_reading(draft("contacts", many(5)))
    claimed = Worker().claim(run.pk)
    assert claimed.lease < timezone.now() + timedelta(seconds=70)


@pytest.mark.django_db(transaction=True)
def test_twenty_starts_at_once_start_one_import():
    job = draft("contacts", many(5), generate=True)
    started = []

    def press():
        try:
            started.append(execution.start(ImportJob.objects.get(pk=job.pk), start_key=job.start_key))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False] * 19 + [True]
    assert job.runs.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_start_waits_for_the_batch_of_its_check_and_the_batch_not_for_the_start(
    business_admin, monkeypatch
):
    """Each has a lock on its own; were both to wait, the database would refuse one of them."""
    job = draft("contacts", many(50), user=business_admin, generate=True)
    count, started = FileRows.count, []

    def press():
        try:
            started.append(execution.start(job, business_admin, start_key=job.start_key, leave_out=True))
        finally:
            connection.close()

    presses = threading.Thread(target=press)

    def count_while_somebody_starts(self, rows, seconds):
        if not presses.ident:
            presses.start()
            wait_for_the_lock()
        count(self, rows, seconds)

    monkeypatch.setattr(FileRows, "count", count_while_somebody_starts)
    check(ImportJob.objects.get(pk=job.pk))
    presses.join()
    assert started == [True]


def wait_for_the_lock():
    """Until another connection waits for what this one holds. On SQLite it does by itself."""
    waiting = "SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    deadline = time.monotonic() + 20
    while connection.vendor == "postgresql":
        assert time.monotonic() < deadline, "nobody waits"
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return


def test_a_batch_takes_a_fixed_number_of_queries(settings, django_assert_max_num_queries):
    settings.IMPORT_BATCH_ROWS = 100
    small, large = draft("contacts", many(10), generate=True), draft("contacts", many(100), generate=True)
    with django_assert_max_num_queries(40):
        start(small, leave_out=True)
    with django_assert_max_num_queries(40):
        start(large, leave_out=True)
    assert Product.objects.count() == 0


@pytest.mark.parametrize("size", [1, 10, 80, 2000])
def test_a_slow_batch_is_not_followed_by_a_larger_one(size):
    assert next_size(size, seconds=5) <= size
