"""Undoing imports: what goes, what gets its old values back, what is kept and why."""

import random
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from entities.models import (
    Address,
    Brand,
    Contact,
    ContactClassification,
    Device,
    DeviceLocation,
    Product,
    ProductFamily,
    ProductType,
    RewardSchemeCode,
)
from imports import execution, undo
from imports.models import ImportEvent, ImportJob, ImportRow, ImportRun
from imports.undo_rows import UndoRows
from imports.worker import Worker
from tests.factories import (
    AddressFactory,
    ContactFactory,
    DeviceFactory,
    ProductFactory,
    RewardSchemeCodeFactory,
    RewardSchemeFactory,
    SuperuserFactory,
    UserFactory,
)
from tests.imports.journeys import (
    csv_bytes,
    draft,
    kept,
    run_import,
    start,
    undo_check,
    undo_import,
    work,
)

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Classification"
ADDRESSES = "Contact Code,First Name,Last Name,Address Type,Address Name,Address Line 1,Town/City"
TABLES = (Contact, Address, Product, Device, RewardSchemeCode, ContactClassification, DeviceLocation)
TABLES += (ProductType, ProductFamily, Brand)


def contacts(*rows):
    return csv_bytes(HEADER, *rows)


def tables():
    """All fields of all records, by table."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in TABLES}


def counts(run):
    return undo.counts(run)


def nothing(**some):
    return {"deleted": 0, "restored": 0, "kept": 0, "gone": 0} | some


def test_created_records_go_with_the_names_that_were_generated_for_them():
    before = tables()
    job = run_import("contacts", contacts("A1,Ann,Sample,,VIP", "A2,Bob,Sample,,VIP"), generate=True)
    run = undo_import(job)
    assert (counts(run), run.summary["look_ups"]) == (nothing(deleted=2), {"deleted": 1, "kept": 0})
    assert tables() == before
    assert (job.state, job.undone_at is not None, job.created) == ("completed", True, 2)


def test_updated_records_get_their_old_values_back_and_unchanged_ones_are_left():
    run_import("contacts", contacts("A1,Ann,Sample,a@example.com,VIP", "A2,Bob,Sample,,"), generate=True)
    before = tables()
    rows = contacts("A1,Anna,Other,new@example.com,Rare", "A2,Bob,,,", "A3,New,Person,,Rare")
    job = run_import("contacts", rows, update=True, generate=True)
    assert (job.created, job.updated, job.unchanged) == (1, 1, 1)
    run = undo_import(job)
    assert counts(run) == nothing(deleted=1, restored=1)
    assert tables() == before


def test_the_check_foretells_the_undo_and_writes_nothing():
    call_command("load_demo_data", verbosity=0)
    run_import("contacts", contacts("A1,Ann,Sample,,"))
    job = run_import(
        "contacts", contacts("A1,Anna,,,VIP2", "B1,Bob,S,,VIP2", "B2,Cid,S,,"), generate=True, update=True
    )
    DeviceFactory(contact=Contact.objects.get(code="B1"))
    before = tables()
    run = undo_check(job)
    assert counts(run) == nothing(deleted=1, restored=1, kept=1)
    assert run.summary["look_ups"] == {"deleted": 0, "kept": 1}
    assert kept(run) == [(3, "used_since")]
    assert tables() == before
    assert not ImportRow.objects.filter(run=run).exists()
    done = undo_import(job)
    assert (done.summary["deleted"], done.summary["restored"], kept(done)) == (1, 1, kept(run))
    assert done.summary["look_ups"] == run.summary["look_ups"]


def test_a_record_that_was_changed_in_the_crm_is_kept():
    job = run_import("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,,"))
    Contact.objects.get(code="A1").save()
    run = undo_import(job)
    assert (counts(run), kept(run)) == (nothing(deleted=1, kept=1), [(2, "changed_since")])
    assert list(Contact.objects.values_list("code", flat=True)) == ["A1"]
    problem = run.details.get().get_problems()[0]
    assert problem.text == "“A1” was changed since in the CRM. Correct or delete the record by hand."


def test_a_record_that_a_later_import_changed_is_kept_and_names_it():
    job = run_import("contacts", contacts("A1,Ann,Sample,,"))
    later = run_import("contacts", contacts("A1,Anna,,,"), update=True)
    run = undo_import(job)
    problem = run.details.get().get_problems()[0]
    assert problem.sentence == f"“A1” was changed since by import {later.pk}"


def test_what_others_refer_to_is_kept_and_says_by_what_it_is_used():
    job = run_import("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,,"))
    contact = Contact.objects.get(code="A1")
    DeviceFactory(contact=contact), DeviceFactory(contact=contact)
    RewardSchemeCodeFactory(used=True, used_by=contact, used_at=timezone.now())
    run = undo_import(job)
    assert kept(run) == [(2, "used_since")]
    problem = run.details.get().get_problems()[0]
    assert problem.sentence == "“A1” is used by 2 devices, 1 reward scheme code"


def test_devices_and_products_are_undone_in_the_opposite_order():
    header = "Product Code,Product Name,Product Type,Classification"
    products = csv_bytes(header, "P1,One,Set-top box,TRACEABLE_PHYSICAL_GOOD")
    before = tables()
    first = run_import("products", products, generate=True)
    second = run_import(
        "devices", csv_bytes("Serial Number,Product Code,Device Location", "S1,P1,Shelf"), generate=True
    )
    assert kept(undo_check(first)) == [(2, "used_since")]
    undo_import(second)
    assert not kept(undo_check(first)), "the first look is out of date"
    undo_import(first)
    assert tables() == before


def test_reward_scheme_codes_go_unless_they_were_used():
    RewardSchemeFactory(name="Club")
    job = run_import("reward-scheme-codes", csv_bytes("Reward Scheme,Code", "Club,C1", "Club,C2"))
    used = RewardSchemeCode.objects.get(code="C1")
    used.used, used.used_at = True, timezone.now()
    used.save()
    run = undo_import(job)
    assert kept(run) == [(2, "changed_since")]
    assert list(RewardSchemeCode.objects.values_list("code", flat=True)) == ["C1"]


def test_new_changed_and_further_addresses_of_updated_contacts():
    run_import(
        "contacts",
        csv_bytes(
            ADDRESSES,
            "A1,Ann,Sample,HOME,,1 Old Street,Nicosia",
            "A2,Bob,Sample,,,,",
            "A3,Cid,S,HOME,Villa,3 Street,Paphos",
        ),
    )
    before = tables()
    job = run_import(
        "contacts",
        csv_bytes(
            ADDRESSES,
            "A1,,,HOME,,2 New Street,Limassol",
            "A2,,,BUSINESS,Office,5 Street,",
            "A3,,,HOME,VILLA,3 Street,Larnaca",
            "A4,New,One,,,7 Street,",
        ),
        update=True,
    )
    assert (job.created, job.updated) == (1, 3)
    undo_import(job)
    assert tables() == before


def test_a_contact_whose_address_was_changed_since_is_kept():
    job = run_import(
        "contacts", csv_bytes(ADDRESSES, "A1,Ann,Sample,HOME,,1 Street,", "A2,Bob,Sample,HOME,,2 Street,")
    )
    Address.objects.get(line_1="1 Street").save()
    AddressFactory(contact=Contact.objects.get(code="A2"))
    assert kept(undo_import(job)) == [(2, "changed_since"), (3, "changed_since")]


def test_an_updated_contact_whose_new_address_was_changed_since_is_kept():
    run_import("contacts", contacts("A1,Ann,Sample,,"))
    job = run_import("contacts", csv_bytes(ADDRESSES, "A1,,,HOME,,1 Street,"), update=True)
    Address.objects.get().save()
    assert kept(undo_import(job)) == [(2, "changed_since")]
    assert Address.objects.count() == 1


def test_two_imports_of_one_record_undone_in_reverse_order_restore_everything():
    before = tables()
    first = run_import("contacts", csv_bytes(ADDRESSES, "A1,Ann,Sample,HOME,,1 Street,Nicosia"))
    second = run_import("contacts", csv_bytes(ADDRESSES, "A1,Anna,,HOME,,2 Street,"), update=True)
    third = run_import("contacts", csv_bytes(ADDRESSES, "A1,Annie,,HOME,,3 Street,"), update=True)
    for job in (third, second, first):
        assert not undo_import(job).summary.get("kept")
    assert tables() == before


def test_what_was_kept_can_be_undone_again_once_the_later_import_is():
    before = tables()
    first = run_import("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,,"))
    second = run_import("contacts", contacts("A1,Anna,,,"), update=True)
    assert counts(undo_import(first)) == nothing(deleted=1, kept=1)
    undo_import(second)
    assert counts(undo_import(first)) == nothing(deleted=1)
    assert tables() == before
    assert undo.obstacle(first) == "The import is undone."


def test_an_old_reference_that_is_gone_keeps_the_row():
    run_import("contacts", contacts("A1,Ann,Sample,,VIP"), generate=True)
    job = run_import("contacts", contacts("A1,,,,Rare"), generate=True, update=True)
    ContactClassification.objects.get(name="VIP").delete()
    run = undo_import(job)
    assert kept(run) == [(2, "reference_gone")]
    assert run.summary["look_ups"] == {"deleted": 0, "kept": 1}


def devices(*rows):
    return csv_bytes("Serial Number,Product Code,Electronic ID", *rows)


def test_an_old_unique_value_that_another_record_has_taken_keeps_the_row():
    ProductFactory(code="P1")
    run_import("devices", devices("S1,P1,E1"))
    job = run_import("devices", devices("S1,,E2"), update=True)
    DeviceFactory(electronic_id="E1")
    check = undo_check(job)
    assert kept(check) == kept(undo_import(job)) == [(2, "value_taken")]
    assert (
        check.details.get().get_problems()[0].sentence
        == "“E1”, which “S1” had before, belongs to another record now"
    )


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_unique_values_that_moved_between_records_move_back(settings, batch):
    ProductFactory(code="P1")
    run_import("devices", devices("S1,P1,E1", "S2,P1,E2", "S3,P1,E3"))
    before = tables()
    job = run_import("devices", devices("S1,,E9", "S2,,E1", "S4,P1,E2", "S3,,E8"), update=True)
    assert (job.updated, job.created) == (3, 1)
    settings.IMPORT_BATCH_ROWS = batch
    assert counts(undo_check(job)) == nothing(deleted=1, restored=3)
    assert counts(undo_import(job)) == nothing(deleted=1, restored=3)
    assert tables() == before


def test_a_record_that_is_gone_already_is_counted_as_that():
    job = run_import("contacts", contacts("A1,Ann,Sample,,", "A2,Bob,Sample,,"))
    Contact.objects.filter(code="A1").delete()
    assert counts(undo_import(job)) == nothing(deleted=1, gone=1)


def test_a_generated_name_that_is_used_or_was_changed_stays():
    job = run_import(
        "contacts",
        contacts("A1,Ann,Sample,,VIP", "A2,Bob,Sample,,Rare", "A3,Cid,Sample,,Gone"),
        generate=True,
    )
    ContactFactory(classification=ContactClassification.objects.get(name="VIP"))
    ContactClassification.objects.get(name="Rare").save()
    assert undo_check(job).summary["look_ups"] == {"deleted": 1, "kept": 2}
    assert undo_import(job).summary["look_ups"] == {"deleted": 1, "kept": 2}
    assert sorted(ContactClassification.objects.values_list("name", flat=True)) == ["Rare", "VIP"]


# Imports that did not end well


def many(count, **more):
    return contacts(*(f"C{number},Name,Sample,c{number}@example.com,VIP" for number in range(count)))


def test_a_cancelled_import_is_undone_and_does_not_continue(settings):
    settings.IMPORT_BATCH_ROWS = 10
    before = tables()
    job = draft("contacts", many(40), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    work(queue, on_progress=lambda run: execution.cancel(ImportJob.objects.get(pk=job.pk)))
    job.refresh_from_db()
    assert (job.state, job.created, execution.can_resume(job)) == ("cancelled", 10, True)
    undo_import(job)
    assert (tables(), job.state, execution.can_resume(job)) == (before, "cancelled", False)
    assert not execution.resume(job, queue=queue.append)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_failed_half_way_is_undone(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", many(30), generate=True)
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)

    def fault(run):
        if run.cursor >= 11:
            raise OSError("the disk is gone")

    work(queue, on_progress=fault)
    job.refresh_from_db()
    assert (job.state, Contact.objects.count()) == ("failed", 10)
    assert counts(undo_import(job)) == nothing(deleted=10)
    assert (Contact.objects.count(), ContactClassification.objects.count()) == (0, 0)


def test_an_import_that_wrote_nothing_has_nothing_to_undo():
    job = run_import("contacts", contacts("A1,Ann,,,"))
    assert undo.obstacle(job) == "The import has changed no record."


def test_a_running_import_cannot_be_undone():
    job = draft("contacts", many(3))
    execution.start(job, start_key=job.start_key, queue=lambda run: None)
    assert undo.obstacle(job) == "The import has not ended yet."


# Repairs


def repair(job, *rows):
    """An import that brings rows of `job` again, as one of its repairs."""
    other = draft("contacts", contacts(*rows), generate=True)
    ImportJob.objects.filter(pk=other.pk).update(repairs=job)
    queue = []
    other.refresh_from_db()
    execution.start(other, start_key=other.start_key, leave_out=True, queue=queue.append)
    work(queue)
    other.refresh_from_db()
    return other


def test_undoing_an_import_undoes_its_repairs_with_it():
    before = tables()
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,VIP"), leave_out=True, generate=True)
    other = repair(job, "A1,Ann,Sample,,Rare")
    assert (job.created, other.created) == (1, 1)
    run = undo_import(job)
    other.refresh_from_db()
    assert (counts(run), tables()) == (nothing(deleted=2), before)
    assert other.undone_at == job.undone_at
    assert not execution.can_resume(other)


def test_undoing_a_repair_leaves_the_import_that_it_repairs():
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    other = repair(job, "A1,Ann,Sample,,")
    undo_import(other)
    job.refresh_from_db()
    assert (job.undone_at, list(Contact.objects.values_list("code", flat=True))) == (None, ["A2"])
    assert counts(undo_import(job)) == nothing(deleted=1)


def test_a_row_that_comes_again_after_its_repair_was_undone_is_undone_with_its_import():
    before = tables()
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    undo_import(repair(job, "A1,Ann,Sample,,"))
    assert repair(job, "A1,Anna,Sample,,").created == 1
    assert counts(undo_import(job)) == nothing(deleted=2)
    assert tables() == before


def test_while_a_repair_runs_its_import_is_not_undone():
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    other = draft("contacts", contacts("A1,Ann,Sample,,"))
    ImportJob.objects.filter(pk=other.pk).update(repairs=job)
    other.refresh_from_db()
    execution.start(other, start_key=other.start_key, queue=lambda run: None)
    assert undo.obstacle(job) == f"Import {other.pk}, which repairs it, is running."


def test_no_repair_starts_once_the_import_is_undone():
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    undo_import(job)
    other = draft("contacts", contacts("A1,Ann,Sample,,"))
    ImportJob.objects.filter(pk=other.pk).update(repairs=job)
    other.refresh_from_db()
    assert not execution.start(other, start_key=other.start_key, queue=lambda run: None)


def test_failed_rows_that_come_back_to_an_undone_import_are_an_import_of_their_own():
    job = run_import("contacts", contacts("A1,Ann,,,", "A2,Bob,Sample,,"), leave_out=True)
    failed = job.failed_rows.open().read()
    undo_import(job)
    other = draft("contacts", failed.replace(b"A1,Ann,,", b"A1,Ann,Sample,"), "failed.csv")
    assert other.repairs is None
    assert start(other).created == 1


# Once, whoever dies when


def test_an_undo_in_many_slices_loses_and_doubles_nothing(settings):
    settings.IMPORT_BATCH_ROWS = 10
    before = tables()
    job = run_import("contacts", many(95), generate=True)
    run = undo_import(job, slice_seconds=0)
    assert (counts(run), run.rows_done, tables()) == (nothing(deleted=95), 95, before)
    assert ImportRow.objects.filter(run=run, outcome="deleted").count() == 95


def test_a_lost_lease_is_taken_over_and_the_late_worker_undoes_nothing(settings):
    settings.IMPORT_BATCH_ROWS = 10
    run_import("contacts", many(20), generate=True)
    before = tables()
    job = run_import(
        "contacts",
        contacts(*(f"C{n},Other,,," for n in range(20)), *(f"D{n},New,One,," for n in range(20))),
        update=True,
    )
    queue = []
    assert undo.start(job, SuperuserFactory(), undo_check(job).pk, queue.append)
    run = queue.pop()

    def taken_over(working):
        if working.cursor == 32:
            ImportRun.objects.filter(pk=run.pk).update(lease="2000-01-01T00:00Z")
            work([run])

    Worker(queue.append, float("inf"), taken_over).work(run.pk)
    run.refresh_from_db()
    assert (run.state, counts(run)) == ("done", nothing(deleted=20, restored=20))
    assert tables() == before
    assert ImportEvent.objects.filter(event="undone").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_undo_that_stopped_for_a_technical_fault_goes_on_where_it_stood(settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = run_import("contacts", many(30), generate=True)
    queue, user = [], SuperuserFactory()
    undo.start(job, user, undo_check(job).pk, queue.append)

    def fault(run):
        raise OSError("the disk is gone")

    work(queue, on_progress=fault)
    job.refresh_from_db()
    assert (job.undone_at, job.state, Contact.objects.count()) == (None, "completed", 20)
    assert undo.obstacle(job) == "The undo stopped before its end."
    assert undo.go_on(job, user, queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.undone_at is not None, Contact.objects.count()) == (True, 0)
    assert counts(undo.last_undo(job)) == nothing(deleted=30)


@pytest.mark.django_db(transaction=True)
def test_twenty_presses_start_one_undo():
    job = run_import("contacts", many(5), generate=True)
    user, check = SuperuserFactory(), undo_check(job)
    started = []

    def press():
        try:
            started.append(undo.start(ImportJob.objects.get(pk=job.pk), user, check.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False] * 19 + [True]
    assert job.runs.filter(kind="undo").count() == 1


def test_a_check_that_is_old_or_not_the_last_starts_nothing():
    job = run_import("contacts", many(5), generate=True)
    user, check = SuperuserFactory(), undo_check(job)
    assert not undo.start(job, user, check.pk + 1, lambda run: None)
    ImportRun.objects.filter(pk=check.pk).update(finished_at=timezone.now() - timedelta(minutes=11))
    assert not undo.start(job, user, check.pk, lambda run: None)
    assert undo_check(job).pk != check.pk


def test_a_batch_of_an_undo_takes_a_fixed_number_of_queries(django_assert_max_num_queries):
    undo_import(run_import("contacts", many(10), generate=True))
    large = run_import("contacts", many(200), generate=True)
    check, user, queue = undo_check(large), SuperuserFactory(), []
    undo.start(large, user, check.pk, queue.append)
    with django_assert_max_num_queries(60):
        work(queue)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_device_that_comes_while_its_owner_is_deleted_waits_and_finds_no_owner(monkeypatch):
    job = run_import("contacts", many(1), generate=True)
    product, contact = ProductFactory(), Contact.objects.get()
    queue, refused, began = [], [], threading.Event()
    undo.start(job, SuperuserFactory(), undo_check(job).pk, queue.append)

    def add_device():
        began.set()
        try:
            Device.objects.create(serial_number="S1", serial_key="s1", product=product, contact=contact)
        except Exception as error:
            refused.append(type(error).__name__)
        finally:
            connection.close()

    write, thread = UndoRows.write, threading.Thread(target=add_device)

    def device_comes_meanwhile(self, rows, one_by_one):
        write(self, rows, one_by_one)
        thread.start()
        began.wait()
        wait_for_a_lock(thread)

    monkeypatch.setattr(UndoRows, "write", device_comes_meanwhile)
    work(queue)
    thread.join()
    assert (Contact.objects.count(), Device.objects.count(), refused) == (0, 0, ["IntegrityError"])


def wait_for_a_lock(thread):
    """Until somebody else waits for what this transaction holds, or is done."""
    while thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return


# Rights


def may(user, *codenames):
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return type(user).objects.get(pk=user.pk)


def test_who_undoes_needs_the_rights_to_delete_and_to_change():
    run_import("contacts", contacts("A1,Ann,Sample,,"))
    job = run_import("contacts", contacts("A1,Anna,,,", "A2,Bob,Sample,,VIP"), update=True, generate=True)
    assert undo.rights(job) == [
        "imports.add_importjob",
        "entities.change_address",
        "entities.change_contact",
        "entities.delete_address",
        "entities.delete_contact",
        "entities.delete_contactclassification",
    ]
    user = may(UserFactory(), "add_importjob", "delete_contact", "delete_address", "change_contact")
    assert not undo.start(job, user, undo_check(job).pk, lambda run: None)


def test_who_lost_the_rights_before_the_worker_came_undoes_nothing(business_admin):
    job = run_import("contacts", many(5), generate=True)
    queue = []
    assert undo.start(job, business_admin, undo_check(job).pk, queue.append)
    business_admin.groups.clear()
    work(queue)
    job.refresh_from_db()
    assert (job.undone_at, Contact.objects.count()) == (None, 5)
    assert undo.can_go_on(job)


# The audit


def test_an_undo_is_in_the_audit_with_its_counts():
    job, user = run_import("contacts", many(5), generate=True), SuperuserFactory()
    Contact.objects.get(code="C1").save()
    undo_import(job, user)
    events = list(job.events.exclude(user=None).values_list("event", "user", "details"))
    assert events[0][:2] == ("undo started", user.pk)
    assert events[0][2] == {"foretold": nothing(deleted=4, kept=1)}
    assert events[1][:2] == ("undone", user.pk)
    assert (events[1][2]["deleted"], events[1][2]["kept"]) == (4, 1)


# Any mix over any state: undone, the tables are as they were


def some(chance, texts):
    return chance.choice(["", *texts])


CONTACT_HEADER = (
    "Contact Code,First Name,Last Name,Contact Email,Contact Classification,Date of Birth,SMS Opt Out,"
    "Address Type,Address Name,Address Line 1,Town/City"
)
PRODUCT_HEADER = "Product Code,Product Name,Product Type,Classification,Product Family,Brand,Price,Currency"


def contact_row(chance, code):
    cells = [
        code,
        chance.choice(["Ann", "Bob"]),
        some(chance, ["Sample", "Other"]),
        some(chance, [f"{code}@example.com", f"{code}2@example.com", "bad"]),
        some(chance, ["VIP", "Rare", "Gold"]),
        some(chance, ["1990-01-02", "1991-02-03"]),
        some(chance, ["yes", "no"]),
        some(chance, ["HOME", "BUSINESS"]),
        some(chance, ["Villa", "VILLA"]),
        some(chance, ["1 Street", "2 Street"]),
        some(chance, ["Nicosia", "Paphos"]),
    ]
    return ",".join(map(str, cells))


def product_row(chance, code):
    cells = [
        f"P{code}",
        some(chance, ["One", "Two"]),
        some(chance, ["Box", "Cable"]),
        "TRACEABLE_PHYSICAL_GOOD",
        some(chance, ["Family", "Other"]),
        some(chance, ["Acme", "Apex"]),
        some(chance, ["1.5", "2.25", "bad"]),
        "EUR",
    ]
    return ",".join(cells)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("slug", "header", "row"),
    [("contacts", CONTACT_HEADER, contact_row), ("products", PRODUCT_HEADER, product_row)],
)
def test_undoing_any_import_gives_the_tables_as_they_were(settings, slug, header, row, seed):
    settings.IMPORT_BATCH_ROWS = 7
    chance, states, jobs = random.Random(seed), [], []
    for _ in range(3):
        states.append(tables())
        codes = chance.sample(range(30), 20)
        rows = csv_bytes(header, *(row(chance, code) for code in codes))
        jobs.append(run_import(slug, rows, leave_out=True, update=True, generate=True))
    assert all(sum(getattr(job, name) for job in jobs) for name in ("created", "updated"))
    while jobs:
        job, before = jobs.pop(), states.pop()
        foretold = undo_check(job)
        run = undo_import(job)
        assert not run.summary.get("kept"), kept(run)
        assert counts(run) == counts(foretold)
        assert tables() == before


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_between_only_what_nobody_touched_is_undone(settings, seed):
    settings.IMPORT_BATCH_ROWS = 7
    chance = random.Random(seed)
    codes = chance.sample(range(40), 30)
    run_import(
        "contacts", csv_bytes(CONTACT_HEADER, *(contact_row(chance, code) for code in codes)), **ANYHOW
    )
    before = by_code()
    rows = csv_bytes(CONTACT_HEADER, *(contact_row(chance, code) for code in range(40)))
    job = run_import("contacts", rows, **ANYHOW)
    written = job.deciding_run().ledger.filter(outcome__in=["created", "updated"])
    touched = set(chance.sample(list(written.values_list("record_id", flat=True)), 12))
    for number, contact in enumerate(Contact.objects.filter(pk__in=touched)):
        happen(number % 3, contact)
    between = by_code()
    run = undo_import(job)
    outcomes = dict(run.ledger.values_list("record_id", "outcome"))
    for code, record in between.items():
        is_kept = outcomes.get(record["id"]) == "kept"
        assert by_code().get(code) == (record if is_kept else before.get(code))
        assert not is_kept or record["id"] in touched
    assert counts(run)["kept"] + counts(run)["deleted"] + counts(run)["restored"] == written.count()
    assert counts(run)["kept"] >= 8


ANYHOW = {"leave_out": True, "update": True, "generate": True}


def happen(what, contact):
    """Something that keeps a record that was created; a device does not keep one that was updated."""
    if what == 0:
        contact.save()
    elif what == 1:
        DeviceFactory(contact=contact)
    else:
        run_import("contacts", csv_bytes("Contact Code,First Name", f"{contact.code},Zed"), update=True)


def by_code():
    """{code: the contact with its addresses}"""
    contacts = {record["code"]: record for record in Contact.objects.values()}
    addresses = list(Address.objects.order_by("pk").values())
    return {
        code: record | {"addresses": [a for a in addresses if a["contact_id"] == record["id"]]}
        for code, record in contacts.items()
    }
