"""Failed rows that are brought again: by their file, or corrected in place."""

import csv
import io

import pytest
from django.urls import reverse

from entities.models import Contact
from imports import drafts, repairs
from imports.models import ImportJob, file_storage
from imports.parts import iter_rows
from tests.factories import SuperuserFactory
from tests.imports.journeys import csv_bytes, draft, problems, run_import, start, work

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email"
GOOD = ["A1,Ann,Sample,a@example.com", "A2,Bob,Sample,b@example.com"]
BAD = ["A3,Cid,Sample,no address", "A4,Dora,Sample,none"]


def imported(**options):
    """Rows 2 and 4 of contacts.csv are imported, 3 and 5 are not."""
    content = csv_bytes(HEADER, GOOD[0], BAD[0], GOOD[1], BAD[1])
    return run_import("contacts", content, "contacts.csv", **options)


def failed_rows_of(job):
    """The failed-rows file as text."""
    with file_storage().open(job.failed_rows.name) as file:
        return file.read().decode("utf-8-sig")


def corrected(job, *changes):
    """The failed-rows file with the texts (old, new) replaced."""
    text = failed_rows_of(job)
    for old, new in changes or [("no address", "c@example.com"), ("none", "d@example.com")]:
        assert old in text
        text = text.replace(f",{old},", f",{new},", 1)
    return text.encode()


def rows_of(job):
    return list(iter_rows(file_storage(), job.get_reading()))


def uploaded(content, slug="contacts", **options):
    return draft(slug, content, "contacts - failed rows.csv", **options)


def codes():
    return sorted(Contact.objects.values_list("code", flat=True))


# An uploaded copy


def test_the_rows_have_the_numbers_of_the_import_that_they_failed_in():
    root = imported()
    repair = uploaded(corrected(root))
    assert repair.repairs == root
    assert [(number, cells[0]) for number, cells in rows_of(repair)] == [
        (1, "Contact Code"),
        (3, "A3"),
        (5, "A4"),
    ]
    assert drafts.data_rows(repair) == 2


def test_the_corrected_rows_are_imported_and_the_import_keeps_its_counts():
    root = imported()
    repair = start(uploaded(corrected(root)))
    assert (repair.state, repair.created, repair.rejected) == ("completed", 2, 0)
    assert codes() == ["A1", "A2", "A3", "A4"]
    assert list(repair.deciding_run().ledger.values_list("row_number", flat=True)) == [3, 5]
    root.refresh_from_db()
    assert (root.created, root.rejected) == (2, 2)


def test_a_wrong_entity_type_does_not_matter():
    root = imported()
    repair = uploaded(corrected(root), "products")
    repair.refresh_from_db()
    assert (repair.entity_type, repair.mapping) == ("contacts", root.mapping)


def test_fixed_values_other_values_and_options_are_taken_over():
    root = draft("contacts", csv_bytes(HEADER, *BAD), "contacts.csv", update=True, date_order="dmy")
    root.mapping["fixed"] = {"classification": "VIP"}
    root.mapping["values"] = {"email": {"none": None}}
    root.save()
    root = start(root, leave_out=True)
    repair = uploaded(corrected(root, ("no address", "c@example.com")))
    assert repair.mapping == root.mapping
    assert {**root.options, "leave_out": None} == repair.options


def test_columns_in_another_order_are_put_where_they_were():
    root = imported()
    header, *rows = csv.reader(io.StringIO(corrected(root).decode()))
    moved = io.StringIO()
    csv.writer(moved).writerows(row[4::-1] for row in (header, *reversed(rows)))
    repair = uploaded(moved.getvalue().encode())
    assert rows_of(repair) == [
        (1, HEADER.split(",")),
        (3, ["A3", "Cid", "Sample", "c@example.com"]),
        (5, ["A4", "Dora", "Sample", "d@example.com"]),
    ]
    assert repair.mapping == root.mapping


def test_a_file_without_a_mapped_header_is_not_ready():
    root = imported()
    ready, not_ready = uploaded(corrected(root)), uploaded(corrected(root).replace(b"Last Name", b"Surname"))
    assert (repairs.is_ready(ready), repairs.is_ready(not_ready)) == (True, False)
    assert not_ready.mapping["columns"] == {"code": 0, "first_name": 1, "email": 3}


@pytest.mark.parametrize("number", ["", "77", "x", "5"])
def test_a_row_without_a_number_of_its_own_is_refused_and_lost_to_nobody(number):
    root = imported()
    header, *rows = corrected(root).decode().splitlines()
    added = f"A9,Eve,Added,e@example.com,{number},,"
    repair = start(uploaded("\n".join([header, *rows, added]).encode()))
    wanted = [(5, "not_a_failed_row", ""), (6, "not_a_failed_row", "")]
    expected = [(6, "not_a_failed_row", ""), (7, "not_a_failed_row", "")] if number == "5" else wanted[1:]
    assert problems(repair) == expected
    assert "A9" in failed_rows_of(repair)
    assert codes() == (["A1", "A2", "A3"] if number == "5" else ["A1", "A2", "A3", "A4"])


# Rows that are done


def test_a_file_that_is_uploaded_twice_creates_nothing_twice():
    root = imported()
    Contact.objects.filter(code="A1").update(code="")
    first, second = uploaded(corrected(root)), uploaded(corrected(root))
    start(first)
    second = start(second)
    assert (second.state, second.created, second.rejected) == ("failed", 0, 2)
    assert problems(second) == [(3, "done_already", ""), (5, "done_already", "")]
    assert Contact.objects.count() == 4


def test_a_row_that_is_done_has_no_other_problem():
    root = imported()
    start(uploaded(corrected(root)))
    again = start(uploaded(corrected(root, ("no address", "still none"))))
    assert problems(again) == [(3, "done_already", ""), (5, "done_already", "")]


# Correcting in place


def test_a_repair_begins_with_the_failed_rows_as_if_they_had_been_uploaded():
    root, user = imported(update=True), SuperuserFactory()
    repair = repairs.begin(root, user)
    repair.refresh_from_db()
    assert (repair.repairs, repair.created_by, repair.file_name) == (root, user, "contacts - failed rows.csv")
    assert rows_of(repair) == [
        (1, HEADER.split(",")),
        (3, BAD[0].split(",")),
        (5, BAD[1].split(",")),
    ]
    assert (repair.mapping, repair.options) == (root.mapping, root.options)
    assert (drafts.headers(repair), drafts.data_rows(repair)) == (HEADER.split(","), 2)
    assert repairs.is_ready(repair)


def test_a_repair_that_was_begun_is_taken_up_again():
    root, user = imported(), SuperuserFactory()
    assert repairs.begin(root, user) == repairs.begin(root, user)
    assert repairs.begin(root, user) != repairs.begin(root, SuperuserFactory())


def test_only_the_rows_left_are_brought():
    root = imported()
    first = start(uploaded(corrected(root, ("no address", "c@example.com"), ("none", "really none"))))
    repair = repairs.begin(first, SuperuserFactory())
    assert repair.repairs == root
    assert rows_of(repair)[1:] == [(5, ["A4", "Dora", "Sample", "really none"])]


def test_many_rows_are_brought_in_the_background(monkeypatch):
    monkeypatch.setattr(repairs, "ROWS_IN_A_REQUEST", 1)
    queue = []
    repair = repairs.begin(imported(), SuperuserFactory(), queue.append)
    assert not repair.reading
    work(queue)
    repair.refresh_from_db()
    assert [number for number, _ in rows_of(repair)] == [1, 3, 5]


def test_an_import_without_failed_rows_left_cannot_be_repaired():
    root = imported()
    assert repairs.can_begin(root)
    start(uploaded(corrected(root)))
    assert not repairs.can_begin(root)


def test_a_file_without_headers_is_repaired_by_its_columns():
    root = draft("contacts", csv_bytes(*BAD, GOOD[0]), "contacts.csv", header_row=0)
    root.mapping = {"columns": {"code": 0, "first_name": 1, "last_name": 2, "email": 3}}
    root.save()
    root = start(root)
    repair = repairs.begin(root, SuperuserFactory())
    assert rows_of(repair) == [(1, BAD[0].split(",")), (2, BAD[1].split(","))]
    assert drafts.data_rows(repair) == 2
    assert start(uploaded(corrected(root))).created == 2
    assert codes() == ["A1", "A3", "A4"]


def test_the_button_leads_to_the_preview(client, business_admin):
    root = imported()
    client.force_login(business_admin)
    answer = client.post(reverse("imports:repair", args=[root.pk]), follow=True)
    repair = ImportJob.objects.latest("pk")
    assert answer.redirect_chain[-1] == (reverse("imports:preview", args=[repair.pk]), 302)
    assert client.get(reverse("imports:mapping", args=[repair.pk])).status_code == 200
