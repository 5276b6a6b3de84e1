"""Failed rows that are brought again: by their file, or corrected in place."""

import csv
import io
import threading

import openpyxl
import pytest
from django.db import connection

from entities.models import Contact
from imports import drafts, execution, repairs
from imports.importers import importer_for
from imports.models import RowCorrection, file_storage
from imports.parts import iter_rows
from tests.factories import SuperuserFactory
from tests.imports.journeys import check, csv_bytes, draft, problems, run_import, start, work
from tests.imports.test_drafts import stored_files

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


def test_rows_do_not_come_twice_by_way_of_another_entity_type():
    root = run_import("contacts", csv_bytes(HEADER, GOOD[0], ",Cid,Sample,no address"), "contacts.csv")
    content = corrected(root, ("no address", "c@example.com"))
    draft = uploaded(content)
    start(uploaded(content))
    for slug in ("products", "contacts"):
        drafts.change_entity_type(draft, importer_for(slug))
    assert (draft.repairs, draft.file.name, draft.reading) == (None, "", {})


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


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-16-le")])
def test_a_csv_is_recognised_whatever_the_program_that_saved_it(delimiter, encoding):
    content = csv_bytes(HEADER, GOOD[0], "00A3,Άννα,Δείγμα,no address", 'A4,"Ζωή, η μία",Δείγμα,none')
    root = run_import("contacts", content, "contacts.csv")
    saved = io.StringIO("\ufeff" if encoding == "utf-16-le" else "")
    saved.seek(0, io.SEEK_END)
    writer = csv.writer(saved, delimiter=delimiter)
    writer.writerows(csv.reader(io.StringIO(corrected(root).decode())))
    repair = uploaded(saved.getvalue().encode(encoding))
    assert repair.repairs == root
    assert rows_of(repair)[1:] == [
        (3, ["00A3", "Άννα", "Δείγμα", "c@example.com"]),
        (4, ["A4", "Ζωή, η μία", "Δείγμα", "d@example.com"]),
    ]


def test_few_rows_are_read_in_the_encoding_of_the_import_that_they_correct():
    greek = [f"G{number},Άννα Μαρία,Παπαδοπούλου,g{number}@example.com" for number in range(20)]
    content = csv_bytes(HEADER, *greek, "A3,Άννα,Δ,no address").decode().encode("windows-1253")
    root = run_import("contacts", content, "contacts.csv")
    assert root.get_reading().encoding == "windows-1253"
    with file_storage().open(root.failed_rows.name) as file:
        repair = uploaded(file.read())
    assert rows_of(repair)[1:] == [(22, ["A3", "Άννα", "Δ", "no address"])]
    assert len(stored_files(f"imports/{repair.folder}")) == 2


def test_failed_rows_of_several_sheets_find_their_sheet():
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in {"Limassol": [GOOD[0], BAD[0]], "Nicosia, new": [GOOD[1], BAD[1]]}.items():
        sheet = book.create_sheet(name)
        for row in (HEADER, *rows):
            sheet.append(row.split(","))
    content = io.BytesIO()
    book.save(content)
    job = draft("contacts", content.getvalue(), "contacts.xlsx")
    drafts.read(
        job,
        in_request=True,
        join=[{"name": "Limassol", "skipped": 0}, {"name": "Nicosia, new", "skipped": 1}],
    )
    root = start(job)
    numbers = [number for number, _, _ in problems(root)]
    assert (root.created, numbers) == (2, [3, 2_000_003])
    with file_storage().open(root.failed_rows.name) as file:
        repair = draft("contacts", file.read(), "contacts - failed rows.xlsx")
    assert [number for number, _ in rows_of(repair)] == [1, *numbers]
    assert drafts.data_rows(repair) == 2


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


# A record that another row of the file is about


@pytest.mark.parametrize("update", [False, True])
def test_a_key_that_a_row_of_the_import_has_is_refused_again_when_it_comes_back(update):
    content = csv_bytes(HEADER, GOOD[0], "A1,Ann,Other,other@example.com", BAD[0])
    root = run_import("contacts", content, "contacts.csv", leave_out=True, update=update)
    repair = uploaded(corrected(root, ("no address", "c@example.com")))
    foretold = check(repair)
    start(repair, leave_out=True)
    assert problems(root) == [(3, "twice_in_file", "Contact Code"), (4, "not_an_email", "Contact Email")]
    assert problems(repair) == [(3, "twice_in_file", "Contact Code")]
    assert (foretold.created, foretold.rejected) == (repair.created, repair.rejected) == (1, 1)
    assert repair.deciding_run().details.get().get_problems()[0].sentence == "“A1” is in row 2 too"
    assert Contact.objects.get(code="A1").last_name == "Sample"


def test_a_row_that_is_corrected_to_the_key_of_another_row_is_refused():
    root = imported(update=True)
    content = corrected(root, ("no address", "c@example.com")).replace(b"\nA3,", b"\nA2,")
    repair = start(uploaded(content), leave_out=True)
    assert (3, "twice_in_file", "Contact Code") in problems(repair)


def test_a_key_that_no_row_of_the_import_has_taken_may_come_with_any_row():
    content = csv_bytes(HEADER, GOOD[0], BAD[0], BAD[0].replace("no address", "c@example.com"))
    root = run_import("contacts", content, "contacts.csv", leave_out=True)
    assert [number for number, _, _ in problems(root)] == [3, 4]
    rows = failed_rows_of(root).splitlines()
    second = start(uploaded("\n".join([rows[0], rows[2]]).encode()))
    assert (second.created, codes()) == (1, ["A1", "A3"])
    first = start(
        uploaded("\n".join(rows[:2]).replace("no address", "c@example.com").encode()), leave_out=True
    )
    assert problems(first) == [(3, "twice_in_file", "Contact Code")]


def test_the_second_row_that_means_a_contact_is_refused_again_when_it_comes_back():
    Contact.objects.create(code="ANNA", first_name="Anna", last_name="Sample", email="anna@example.com")
    lines = [",Ann,Once,anna@example.com", ",Ann,Twice,anna@example.com"]
    root = run_import("contacts", csv_bytes(HEADER, *lines), "contacts.csv", leave_out=True, doubles="update")
    repair = start(uploaded(failed_rows_of(root).encode()), leave_out=True)
    assert problems(root) == problems(repair) == [(3, "means_the_same", "Contact Email")]
    assert Contact.objects.get().last_name == "Once"


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
    assert repairs.rows_left(root) == 2
    start(uploaded(corrected(root)))
    assert repairs.rows_left(root) == 0


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


# Rows of imports at the same time

NAMES_ONLY = "First Name,Last Name,Contact Email"
CONTACTS = 60


def nameless(email="none"):
    """Contacts without codes: nothing but the row's number says that one was imported."""
    return csv_bytes(NAMES_ONLY, *(f"Ann,Sample {number},{email}" for number in range(CONTACTS)))


def work_at_once(*jobs):
    """Start the imports and work each in a thread of its own."""
    runs, barrier = [], threading.Barrier(len(jobs))
    for job in jobs:
        assert execution.start(job, start_key=job.start_key, leave_out=True, queue=runs.append)

    def work_one(run):
        barrier.wait()
        try:
            work([run])
        finally:
            connection.close()

    threads = [threading.Thread(target=work_one, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for job in jobs:
        job.refresh_from_db()


@pytest.mark.django_db(transaction=True)
def test_two_repairs_at_once_create_nothing_twice(settings):
    settings.IMPORT_BATCH_ROWS = 7
    root = run_import("contacts", nameless(), "contacts.csv")
    content = failed_rows_of(root).replace(",none,", ",,").encode()
    first, second = uploaded(content), uploaded(content)
    work_at_once(first, second)
    assert Contact.objects.count() == CONTACTS
    assert first.created + second.created == CONTACTS
    assert first.rejected + second.rejected == CONTACTS
    refused = {code for job in (first, second) for _, code, _ in problems(job)}
    assert refused == {"done_already"}


def stopped(after):
    """An import of contacts without codes that was cancelled behind its second row, which failed."""
    content = nameless("").replace(b"Sample 0,", b"Sample 0,none")
    job, queue = draft("contacts", content, "contacts.csv"), []
    assert execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)

    def cancel(run):
        if run.cursor >= after:
            execution.cancel(job)

    work(queue, on_progress=cancel)
    job.refresh_from_db()
    assert (job.state, job.rejected, job.created) == ("cancelled", 1, after - 2)
    return job


@pytest.mark.django_db(transaction=True)
def test_an_import_that_goes_on_beside_its_repair_creates_nothing_twice(settings):
    settings.IMPORT_BATCH_ROWS = 5
    root = stopped(after=11)
    repair = uploaded(failed_rows_of(root).replace(",none,", ",,").encode())
    repairs.take_all_rows(repair)
    assert drafts.data_rows(repair) == CONTACTS - 9
    queue = []
    assert execution.resume(root, queue=queue.append)
    barrier = threading.Barrier(2)

    def go_on():
        barrier.wait()
        try:
            work(queue)
        finally:
            connection.close()

    other = threading.Thread(target=go_on)
    other.start()
    barrier.wait()
    repair = start(repair, leave_out=True)
    other.join()
    root.refresh_from_db()
    assert Contact.objects.count() == CONTACTS
    assert root.created + repair.created == CONTACTS
    assert (root.not_reached, repair.not_reached) == (0, 0)


def test_an_import_that_goes_on_after_its_repair_leaves_out_what_that_has_done(settings):
    settings.IMPORT_BATCH_ROWS = 5
    root = stopped(after=11)
    repair = uploaded(failed_rows_of(root).replace(",none,", ",,").encode())
    repairs.take_all_rows(repair)
    assert start(repair).created == CONTACTS - 9
    queue = []
    execution.resume(root, queue=queue.append)
    work(queue)
    root.refresh_from_db()
    assert (root.state, root.created, root.rejected) == ("completed", 9, CONTACTS - 9)
    assert Contact.objects.count() == CONTACTS


# With all rows of the import

MISSING = "A5,,,e@example.com"


def failed_at_the_check():
    """An import in which nothing was written, because row 4 lacks its name; row 3 is badly formatted."""
    content = csv_bytes(HEADER, GOOD[0], BAD[0], MISSING, GOOD[1])
    job = run_import("contacts", content, "contacts.csv")
    assert (job.state, job.created, job.rejected) == ("failed", 0, 2)
    return job


def corrected_check(job):
    return corrected(job, ("no address", "c@example.com")).replace(b"A5,,,", b"A5,Eve,Sample,")


def test_all_rows_are_those_of_the_import_with_the_corrected_ones_in_their_places():
    root = failed_at_the_check()
    repair = uploaded(corrected_check(root))
    repairs.take_all_rows(repair)
    repair.refresh_from_db()
    assert [(number, cells[0]) for number, cells in rows_of(repair)] == [
        (1, "Contact Code"),
        (2, "A1"),
        (3, "A3"),
        (4, "A5"),
        (5, "A2"),
    ]
    repair = start(repair)
    assert (repair.state, repair.rows, repair.created) == ("completed", 4, 4)
    assert repairs.rows_left(root) == 0


def test_rows_that_are_not_in_the_file_are_taken_as_they_were():
    root = failed_at_the_check()
    header, _, second = corrected_check(root).splitlines()
    repair = uploaded(b"\n".join([header, second]))
    repairs.take_all_rows(repair)
    repair = start(repair)
    assert (repair.created, problems(repair)) == (3, [(3, "not_an_email", "Contact Email")])


def test_the_choice_of_all_rows_can_be_taken_back():
    repair = uploaded(corrected_check(failed_at_the_check()))
    only, digest = rows_of(repair), repair.digest
    repairs.take_all_rows(repair)
    assert repair.digest != digest
    repairs.take_own_rows(repair)
    repair.refresh_from_db()
    assert (rows_of(repair), repair.digest) == (only, digest)
    assert set(repair.stored_names) == {repair.file.name, repair.reading["parts"][0]["name"]}


def test_no_part_is_left_behind_by_the_choice():
    repair = uploaded(corrected_check(failed_at_the_check()))
    for choose in (
        repairs.take_all_rows,
        repairs.take_own_rows,
        repairs.take_all_rows,
        repairs.take_all_rows,
    ):
        choose(repair)
    folder = f"imports/{repair.folder}"
    assert len(stored_files(folder)) == 3
    drafts.delete(repair)
    assert stored_files(folder) == []


def test_many_rows_of_the_import_are_taken_in_the_background(monkeypatch):
    monkeypatch.setattr(repairs, "ALL_ROWS_IN_A_REQUEST", 3)
    repair, queue = uploaded(corrected_check(failed_at_the_check())), []
    repairs.choose_all_rows(repair, queue.append)
    work(queue)
    repair.refresh_from_db()
    assert drafts.data_rows(repair) == 4


def test_rows_of_the_import_that_were_corrected_in_place_stay_so():
    content = csv_bytes(HEADER, "A1,Ann,Sample,wrong", MISSING)
    root = draft("contacts", content, "contacts.csv")
    RowCorrection.objects.create(job=root, row_number=2, cells={"email": "a@example.com"})
    root.corrected = 1
    root.save()
    root = start(root)
    assert root.rejected == 1
    repair = uploaded(failed_rows_of(root).replace("A5,,,", "A5,Eve,Sample,").encode())
    repairs.take_all_rows(repair)
    assert start(repair).created == 2
    assert Contact.objects.get(code="A1").email == "a@example.com"


def corrected_in_place():
    """Row 2 failed for its e-mail and row 3 for its name, when the country of both phones was corrected."""
    header = "Contact Code,First Name,Last Name,Contact Email,Contact Phone Number"
    content = csv_bytes(header, "A1,Ann,Sample,none,99123456", "A2,Bob,,b@example.com,99123457")
    root = draft("contacts", content, "contacts.csv")
    for number in (2, 3):
        RowCorrection.objects.create(job=root, row_number=number, cells={"phone_country": "CYP"})
    RowCorrection.objects.filter(row_number=2).update(cells={"phone_country": "CYP", "first_name": "Anna"})
    root.corrected = 1
    root.save()
    return start(root)


def test_what_was_corrected_in_place_stays_corrected_when_rows_come_back():
    root = corrected_in_place()
    assert {number for number, _, _ in problems(root)} == {2, 3}
    content = failed_rows_of(root).replace(",none,", ",a@example.com,").replace("Bob,,", "Bob,Sample,")
    assert start(uploaded(content.encode())).created == 2
    contact = Contact.objects.get(code="A1")
    assert (contact.first_name, str(contact.phone)) == ("Anna", "+35799123456")


def test_what_the_file_says_otherwise_takes_the_place_of_a_correction():
    root = corrected_in_place()
    content = failed_rows_of(root).replace("Ann,Sample,none,", "Annette,Sample,a@example.com,")
    start(uploaded(content.encode()), leave_out=True)
    assert Contact.objects.get(code="A1").first_name == "Annette"


def test_a_repair_begun_here_keeps_what_was_corrected():
    repair = repairs.begin(corrected_in_place(), SuperuserFactory())
    assert repair.corrections() == {
        2: {"phone_country": "CYP", "first_name": "Anna"},
        3: {"phone_country": "CYP"},
    }
    assert rows_of(repair)[1][1] == ["A1", "Ann", "Sample", "none", "99123456"]


def test_rows_that_are_no_longer_kept_cannot_be_taken():
    root = failed_at_the_check()
    repair = uploaded(corrected_check(root))
    assert repairs.can_take_all_rows(repair)
    root.delete_files()
    assert not repairs.can_take_all_rows(repair)
