"""Deleting a contact erases the person from what the imports keep."""

import io
from pathlib import Path

import openpyxl
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import connection
from django.urls import reverse

from entities.models import Contact
from imports import correcting, erasing, execution, repairs, results, retention, starting_over
from imports.erased import Erasure
from imports.models import ImportEvent, ImportJob, ImportRow, ImportRun, RowCorrection
from tests.factories import ContactFactory
from tests.imports.journeys import (
    check,
    csv_bytes,
    draft,
    run_import,
    start,
    undo_import,
    work,
)
from tests.imports.test_monitoring import text_of
from tests.imports.test_readers import workbook

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Phone,Date of Birth"
HER = ("Zinnia", "Quillfeather", "zinnia@example.com", "99123456")
ROW = f"Z1,{HER[0]},{HER[1]},{HER[2]},+357{HER[3]},1990-01-01"
OTHERS = ("A1,Anna,Sample,anna@example.com,,1991-01-01", "B1,Bob,Sample,bad,,1992-01-01")


def mentions(*texts):
    """Where a text is found: [(table or file, text)], the record's own table left aside."""
    return [
        (place, text)
        for place, content in (*tables(), *files())
        for text in texts
        if text.casefold() in content.casefold()
    ]


def tables():
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            yield model._meta.db_table, repr(cursor.fetchall())


def files():
    for path in Path(default_storage.location).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if content.startswith(b"PK"):
                sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
                yield str(path), repr([row for sheet in sheets for row in sheet.values])
            else:
                yield str(path), content.decode()


def contact(code="Z1"):
    return Contact.objects.get(code=code)


def erase(record=None):
    (record or contact()).delete()
    assert erasing.erase() == 1


def test_of_a_deleted_contact_nothing_is_found_in_any_table_or_file():
    created = run_import("contacts", csv_bytes(HEADER, ROW, *OTHERS), leave_out=True)
    updated = run_import("contacts", csv_bytes(HEADER, ROW.replace("1990", "1995"), *OTHERS), update=True)
    refused = run_import("contacts", csv_bytes(HEADER, ROW.replace("1990-01-01", "never"), *OTHERS))
    doubling = draft("contacts", csv_bytes(HEADER, ROW.replace("Z1", ""), *OTHERS))
    assert check(doubling).summary["doubles"] == 1
    assert len({place for place, _ in mentions(*HER)}) > 5
    erase()
    assert mentions(*HER) == []
    for job in (created, updated, refused, doubling):
        job.refresh_from_db()
        assert job.erased == 1
    assert not Erasure.objects.exists()


def test_the_bare_outcome_stays_and_the_pages_say_so(client, business_admin):
    job = run_import("contacts", csv_bytes(HEADER, ROW, *OTHERS), leave_out=True)
    counts, record = job.counts, contact().pk
    erase()
    job.refresh_from_db()
    assert job.counts == counts
    row = ImportRow.objects.get(run__job=job, row_number=2)
    assert (row.outcome, row.record_id) == ("created", record)
    client.force_login(business_admin)
    assert "What 1 row held was erased" in text_of(client.get(job.get_absolute_url()))
    page = text_of(client.get(reverse("imports:row", args=[job.pk, 2])))
    assert "was erased with the record" in page
    assert "Created" in page
    results_file = b"".join(client.get(reverse("imports:results", args=[job.pk])).streaming_content)
    assert b"Created" in results_file.splitlines()[1]
    failed = b"".join(client.get(reverse("imports:failed-rows", args=[job.pk])).streaming_content)
    assert b"Bob" in failed


def test_the_rows_of_others_stay_also_with_the_same_phone():
    other = f"C1,Carl,Sample,carl@example.com,+357{HER[3]},1993-01-01"
    job = run_import("contacts", csv_bytes(HEADER, ROW, other), leave_out=True)
    erase()
    job.refresh_from_db()
    assert {place for place, _ in mentions("Carl")} - {"entities_contact"}
    assert mentions(*HER[:3]) == []
    assert job.erased == 1


def test_failed_rows_that_were_erased_are_not_offered_for_correction():
    job = run_import("contacts", csv_bytes(HEADER, ROW.replace("1990-01-01", "never")))
    ContactFactory(code="Z1", email=HER[2])
    assert repairs.rows_left(job) == 1
    erase()
    job.refresh_from_db()
    assert repairs.rows_left(job) == 0


def test_a_draft_leaves_an_erased_row_out():
    ContactFactory(code="Z1", email=HER[2])
    job = draft("contacts", csv_bytes(HEADER, ROW, *OTHERS))
    RowCorrection.objects.create(job=job, row_number=2, cells={"first_name": HER[0]})
    ImportJob.objects.filter(pk=job.pk).update(corrected=1)
    erase()
    job.refresh_from_db()
    start(job)
    assert (job.state, job.created, job.rejected) == ("completed", 1, 2)
    assert not Contact.objects.filter(code="Z1").exists()
    assert mentions(*HER) == []


def test_a_cancelled_import_goes_on_without_an_erased_row():
    job = draft("contacts", csv_bytes(HEADER, OTHERS[0], ROW))
    queue = []
    execution.start(job, start_key=job.start_key, leave_out=True, first_rows=1, queue=queue.append)
    work(queue)
    erase(ContactFactory(code="Z1"))
    job.refresh_from_db()
    assert execution.resume(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created, job.rejected) == ("completed", 1, 1)


def test_an_import_can_be_undone_and_started_over_after_an_erasure(superuser):
    job = run_import("contacts", csv_bytes(HEADER, ROW, OTHERS[0]))
    erase()
    run = undo_import(job)
    assert run.summary["deleted"] == 1
    again = starting_over.start_over(job, superuser)
    assert (start(again, user=superuser).created, again.rejected) == (1, 1)


def test_an_undo_erases_nothing():
    undo_import(run_import("contacts", csv_bytes(HEADER, ROW)))
    assert not Erasure.objects.exists()
    assert mentions(HER[0])


def test_workbooks_are_rewritten_too():
    content = workbook([HEADER.split(","), ROW.split(","), OTHERS[0].split(",")])
    job = run_import("contacts", content, name="contacts.xlsx")
    erase()
    assert mentions(*HER) == []
    job.refresh_from_db()
    with job.file.open() as file:
        assert openpyxl.load_workbook(file).active["B3"].value == "Anna"


def test_prepared_results_go(settings, monkeypatch):
    monkeypatch.setattr(results, "ROWS_IN_A_REQUEST", 1)
    job, queue = run_import("contacts", csv_bytes(HEADER, ROW, OTHERS[0])), []
    results.prepare(job, "csv", queue.append)
    work(queue)
    erase()
    assert mentions(*HER) == []
    assert not job.runs.filter(kind=ImportRun.Kind.RESULTS).exists()


def test_an_erasure_waits_for_an_import_that_is_at_work():
    job = run_import("contacts", csv_bytes(HEADER, ROW))
    ImportJob.objects.filter(pk=job.pk).update(state="in_progress")
    contact().delete()
    assert erasing.erase() == 0
    assert mentions(HER[0])
    ImportJob.objects.filter(pk=job.pk).update(state="completed")
    assert erasing.erase() == 1
    assert mentions(*HER) == []


def test_what_somebody_changes_in_a_draft_meanwhile_is_not_lost(monkeypatch):
    ContactFactory(code="Z1", email=HER[2])
    job = draft("contacts", csv_bytes(HEADER, ROW, *OTHERS))
    save = erasing.save_source

    def save_while_somebody_maps(changing):
        ImportJob.objects.filter(pk=job.pk).update(mapping={**job.mapping, "fixed": {"gender": "OTHER"}})
        return save(changing)

    contact().delete()
    with monkeypatch.context() as patched:
        patched.setattr(erasing, "save_source", save_while_somebody_maps)
        assert erasing.erase() == 0
    job.refresh_from_db()
    assert (job.mapping["fixed"], job.erased) == ({"gender": "OTHER"}, 0)
    assert erasing.erase() == 1
    job.refresh_from_db()
    assert (job.mapping["fixed"], job.erased) == ({"gender": "OTHER"}, 1)
    assert mentions(*HER) == []


@pytest.mark.parametrize("moment", ["erase_details", "write_part", "save_source", "delete_stored"])
def test_an_erasure_that_dies_is_done_by_the_next(moment, monkeypatch):
    run_import("contacts", csv_bytes(HEADER, ROW, *OTHERS), leave_out=True)
    contact().delete()
    with monkeypatch.context() as patched:
        patched.setattr(erasing, moment, lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasing.erase()
    Erasure.objects.update(lease=None)
    assert erasing.erase() == 1
    retention.remove_orphans(older_than_days=0)
    assert mentions(*HER) == []


def test_every_way_of_deleting_erases(client, superuser):
    run_import("contacts", csv_bytes(HEADER, ROW, *(f"Z{n},A,B,,," for n in range(2, 5))))
    client.force_login(superuser)
    client.post(reverse("admin:entities_contact_delete", args=[contact().pk]), {"post": "yes"})
    action = {"action": "delete_selected", "_selected_action": contact("Z2").pk, "post": "yes"}
    client.post(reverse("admin:entities_contact_changelist"), action)
    contact("Z3").delete()
    Contact.objects.filter(code="Z4").delete()
    assert not Contact.objects.exists()
    assert LogEntry.objects.count() == 2
    assert erasing.erase() == 4
    assert mentions(*HER) == []
    assert set(LogEntry.objects.values_list("change_message", flat=True)) == {""}


def test_the_sweep_hands_erasures_to_the_queue():
    from django_q.models import OrmQ

    contact_of = ContactFactory()
    execution.sweep()
    assert not OrmQ.objects.exists()
    contact_of.delete()
    execution.sweep()
    assert OrmQ.objects.get().func() == "imports.erasing.erase"
    assert ImportEvent.objects.count() == 0


def test_a_value_chosen_for_another_goes_when_it_is_theirs():
    job = run_import("contacts", csv_bytes(HEADER, ROW.replace(HER[2], "zinnia@"), *OTHERS))
    assert correcting.refusal(job, job.importer.by_key["email"], HER[2]) == ""
    job.mapping["values"] = {"email": {"zinnia@": HER[2], "bad": "bob@example.com"}}
    job.save()
    erase(ContactFactory(code="Z1", email=HER[2]))
    job.refresh_from_db()
    assert job.mapping["values"] == {"email": {"bad": "bob@example.com"}}
