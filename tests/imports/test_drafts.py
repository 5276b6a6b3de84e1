import pytest
from django.core.files.base import ContentFile

from imports import drafts
from imports.models import ImportJob, file_storage
from tests.imports.journeys import csv_bytes, draft, run_import

pytestmark = pytest.mark.django_db

CONTACTS = csv_bytes("Contact Code,First Name,Last Name", "A1,Ann,Sample")


def stored_files(folder="imports"):
    folders, files = file_storage().listdir(folder)
    names = [name.split("_")[0] for name in files]
    return [*names, *(name for inner in folders for name in stored_files(f"{folder}/{inner}"))]


def test_title_lines_above_the_headers_are_not_imported():
    job = draft(
        "contacts", csv_bytes("All our customers", "", "Contact Code,First Name,Last Name", "A1,Ann,Sample")
    )
    assert (job.get_options().header_row, drafts.data_rows(job)) == (3, 1)


def test_rows_are_numbered_as_the_spreadsheet_program_shows_them():
    job = draft(
        "contacts", csv_bytes("Contact Code,First Name,Last Name", "", "A1,Ann,Sample", "", "A2,Bob,Sample")
    )
    assert [number for number, _ in drafts.first_data_rows(job, 10)] == [3, 5]
    assert drafts.data_rows(job) == 2


def test_a_deciding_date_in_the_file_sets_the_order_and_a_contradiction_none():
    header = "Contact Code,First Name,Last Name,Date of Birth"
    decided = draft("contacts", csv_bytes(header, "A1,A,B,03/04/1990", "A2,A,B,31/12/1990"))
    torn = draft("contacts", csv_bytes(header, "A1,A,B,12/31/1990", "A2,A,B,31/12/1990"))
    assert (decided.get_options().date_order, torn.get_options().date_order) == ("dmy", "")


def test_a_deciding_price_sets_the_decimal_mark():
    header = "Product Code;Name;Product Type;Price;Currency"
    job = draft("products", csv_bytes(header, "P1;One;Coffee;3,20;EUR", "P2;Two;Coffee;1,234;EUR"))
    assert job.get_options().decimal_mark == ","


def test_the_first_values_of_each_header_are_its_samples():
    job = draft("contacts", csv_bytes("Contact Code,Notes", "A1,", "A2,x", ",y", "A3,z", "A4,w"))
    assert drafts.samples(job, 2) == [["A1", "A2", "A3"], ["x", "y", "z"]]


def test_a_new_upload_replaces_file_and_parts():
    job = draft("contacts", CONTACTS)
    drafts.keep_file(job, ContentFile(CONTACTS + b"\nA2,Bob,Sample", name="other.csv"), "other.csv")
    drafts.read(job, in_request=True)
    assert (job.file_name, drafts.data_rows(job)) == ("other.csv", 2)
    assert sorted(stored_files()) == ["00000.jsonl", "source"]


def test_a_reading_that_ends_after_a_new_upload_is_dropped():
    job = draft("contacts", CONTACTS)
    late = ImportJob.objects.get(pk=job.pk)
    drafts.keep_file(job, ContentFile(b"Contact Code\nB1", name="new.csv"), "new.csv")
    late.file = job.file
    drafts.read(late, in_request=True)
    assert ImportJob.objects.get(pk=job.pk).reading == {}
    assert stored_files() == ["source"]


def test_deleting_a_draft_removes_its_files():
    job = draft("contacts", CONTACTS)
    assert drafts.delete(job)
    assert stored_files() == []


def test_the_same_content_imported_before_is_found():
    first = run_import("contacts", CONTACTS)
    again = draft("contacts", CONTACTS, "renamed.csv")
    other = draft("products", CONTACTS)
    assert drafts.imported_before(again) == first
    assert drafts.imported_before(other) is None
