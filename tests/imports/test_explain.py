"""The page of a row: what the file says, what became of it, and the record."""

import html
import re
from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from entities.models import Contact
from imports import repairs
from imports.explain import explain
from imports.models import ImportJob, RowCorrection, delete_stored
from tests.factories import ContactClassificationFactory, ContactFactory, DeviceFactory, ProductFactory
from tests.imports.journeys import csv_bytes, draft, run_import, start

pytestmark = pytest.mark.django_db

HEADERS = "Contact Code,First Name,Last Name,Contact Email,Notes"
CREATED = "A1,Anna,Sample,a@example.com,my note"
REJECTED = "A2,Bob,Sample,nowhere,another note"


@pytest.fixture
def visitor(client, business_admin):
    client.force_login(business_admin)
    return client


def imported(*rows, **options):
    return run_import(
        "contacts", csv_bytes(HEADERS, *(rows or (CREATED, REJECTED))), "contacts.csv", **options
    )


def row_url(job, number):
    return reverse("imports:row", args=[job.pk, number])


def words(answer):
    assert answer.status_code == 200
    body = answer.content.decode()
    body = body[body.index("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_created_row_leads_to_its_record(visitor):
    job = imported()
    page = visitor.get(row_url(job, 2))
    contact = Contact.objects.get(code="A1")
    assert reverse("admin:entities_contact_change", args=[contact.pk]) in page.content.decode()
    said = words(page)
    assert said.startswith("Row 2: Created Its record: Anna Sample")
    assert "Contact Email a@example.com Contact Email" in said
    assert "Notes my note not imported" in said


def test_a_rejected_row_shows_its_problems_and_marks_the_cell(visitor):
    said = words(visitor.get(row_url(imported(), 3)))
    assert said.startswith("Row 3: Rejected")
    assert "Contact Email: “nowhere” is not an e-mail address." in said
    assert "Contact Email ⚠ nowhere Contact Email" in said
    assert "Its record" not in said


def test_an_updated_row_shows_old_and_new_values_in_words(visitor):
    vip, _ = (ContactClassificationFactory(name=name) for name in ("VIP", "Gold"))
    ContactFactory(
        code="A1",
        first_name="Ann",
        last_name="Lee",
        classification=vip,
        birth_date=date(1990, 2, 1),
        gender="MALE",
    )
    header = "Contact Code,Contact Classification,Date of Birth,Gender,SMS Opt Out"
    job = run_import("contacts", csv_bytes(header, "A1,Gold,1991-02-01,FEMALE,yes"), update=True)
    said = words(visitor.get(row_url(job, 2)))
    assert "Contact Classification VIP Gold" in said
    assert "Date of Birth 1 Feb 1990 1 Feb 1991" in said
    assert "Gender Male Female" in said
    assert "SMS Opt Out No Yes" in said


def test_an_unchanged_row_leads_to_the_record_that_was_there(visitor):
    ContactFactory(code="A1", first_name="Ann", last_name="Before")
    said = words(visitor.get(row_url(imported(CREATED), 2)))
    assert said.startswith("Row 2: Unchanged: the record was there already Its record: Ann Before")


def test_the_record_of_a_row_may_be_gone(visitor):
    job = imported()
    Contact.objects.all().delete()
    assert "Its contact is no longer in the CRM." in words(visitor.get(row_url(job, 2)))


def test_an_import_that_its_check_ended_has_written_no_row(visitor):
    job = imported(CREATED, "A3,,,,", leave_out=False)
    assert words(visitor.get(row_url(job, 2))).startswith("Row 2: Not reached: the import ended before")
    assert words(visitor.get(row_url(job, 3))).startswith("Row 3: Rejected")


def test_corrected_and_replaced_cells_and_fixed_values_are_told(visitor):
    job = draft("contacts", csv_bytes(HEADERS, REJECTED))
    job.mapping |= {"fixed": {"type": "PERSON"}, "values": {"first_name": {"Bob": "Robert"}}}
    job.corrected = 1
    job.save()
    RowCorrection.objects.create(job=job, row_number=2, cells={"email": "b@example.com", "phone": "99"})
    said = words(visitor.get(row_url(start(job), 2)))
    assert "Contact Email ⚠ nowhere" not in said
    assert "nowhere read as “b@example.com” Contact Email" in said
    assert "Bob read as “Robert” First Name" in said
    assert "(no header) read as “99” Contact Phone Number" in said
    assert "(for all rows) PERSON Contact Type" in said


def test_rows_that_are_no_longer_kept_are_explained_without_their_cells(visitor):
    job = imported()
    delete_stored(job.stored_names)
    said = words(visitor.get(row_url(job, 2)))
    assert said.startswith("Row 2: Created Its record: Anna Sample")
    assert "The rows of this file are no longer kept." in said


@pytest.mark.parametrize("number", [0, 1, 4, 99])
def test_a_row_that_the_file_does_not_have_has_no_page(visitor, number):
    assert visitor.get(row_url(imported(), number)).status_code == 404


def test_a_draft_has_no_rows_to_explain(visitor):
    job = draft("contacts", csv_bytes(HEADERS, CREATED))
    assert visitor.get(row_url(job, 2)).status_code == 404
    assert visitor.get(reverse("imports:find-row", args=[job.pk])).status_code == 404


def test_a_row_is_found_by_its_number(visitor):
    job = imported()
    find = reverse("imports:find-row", args=[job.pk])
    assert visitor.get(find, {"row": "3"}).url == row_url(job, 3)
    for row in ("99", "many", ""):
        answer = visitor.get(find, {"row": row}, follow=True)
        assert f"The file has no data row “{row}”." in html.unescape(answer.content.decode())


def test_the_page_of_an_import_leads_to_its_rows(visitor):
    page = visitor.get(imported().get_absolute_url()).content.decode()
    job = ImportJob.objects.get()
    assert f'action="{reverse("imports:find-row", args=[job.pk])}"' in page
    assert f'<a href="{row_url(job, 3)}">3</a>' in page


def test_a_row_that_was_repaired_tells_of_both_imports(visitor, business_admin):
    root = imported(CREATED, REJECTED)
    repair = repairs.begin(root, business_admin)
    RowCorrection.objects.create(job=repair, row_number=3, cells={"email": "b@example.com"})
    repair.corrected = 1
    repair.save()
    start(repair, leave_out=True)
    explained = explain(root, 3)
    assert [(step.outcome, step.job.pk) for step in explained.steps] == [
        ("rejected", root.pk),
        ("created", repair.pk),
    ]
    page = visitor.get(row_url(root, 3))
    assert words(page).startswith("Row 3: Created Its record: Bob Sample")
    assert row_url(repair, 3) in page.content.decode()


# Who may see it


@pytest.mark.parametrize("name", ["row", "find-row"])
def test_only_those_who_see_imports_see_their_rows(client, staff, name):
    job = imported()
    address = reverse(f"imports:{name}", args=[job.pk, 2] if name == "row" else [job.pk])
    assert client.get(address).url.startswith(reverse("admin:login"))
    client.force_login(staff)
    assert client.get(address).status_code == 404


def test_values_of_records_are_not_shown_to_who_may_not_see_the_records(client, staff):
    staff.user_permissions.add(Permission.objects.get(codename="view_importjob"))
    client.force_login(staff)
    job = imported()
    said = words(client.get(row_url(job, 2)))
    assert "Your account may not see contacts, so the cells of this row are not shown." in said
    assert "Anna" not in said
    assert "nowhere" in words(client.get(row_url(job, 3)))


def test_a_page_of_a_row_takes_few_queries(visitor, django_assert_max_num_queries):
    job = (
        run_import(
            "devices",
            csv_bytes("Serial Number,Product Code,Electronic ID", "S1,P1,E2"),
            update=True,
        )
        if DeviceFactory(serial_number="S1", product=ProductFactory(code="P1"))
        else None
    )
    with django_assert_max_num_queries(16):
        visitor.get(row_url(job, 2))
