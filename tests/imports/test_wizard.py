import html
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from entities.models import Contact
from imports import drafts, execution
from imports.importers import importer_for, importers
from imports.models import ImportJob, ImportRun
from imports.worker import Worker
from tests.conftest import person
from tests.factories import ContactFactory, DeviceFactory, ProductFactory
from tests.pages import form_values

pytestmark = pytest.mark.django_db
STEPS_OF_A_DRAFT = ("upload", "mapping", "preview", "preview-check", "start", "delete-draft")
LINES = ["Code,First Name,Last Name,E-mail", "C1,Maria,Sample,m@example.com", "C2,Ann,Other,a@example.com"]


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


def work():
    """What the queue's worker does, to the end."""
    while run := ImportRun.objects.filter(state=ImportRun.State.WAITING).first():
        Worker(lambda run: None, float("inf")).work(run.pk)


def text_of(answer):
    """The words of a page, as they are read."""
    body = re.sub(r"<(script|style|noscript).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def url(name, job):
    return reverse(f"imports:{name}", args=[job.pk])


def upload(client, job, content, name="contacts.csv", **headers):
    return client.post(url("upload", job), {"file": SimpleUploadedFile(name, content)}, headers=headers)


def new_draft(user, slug="contacts"):
    return drafts.create(user, importer_for(slug))


def mapped_draft(user, *lines, slug="contacts", **options):
    job = new_draft(user, slug)
    drafts.keep_file(job, ContentFile("\n".join(lines or LINES).encode()), "contacts.csv")
    drafts.read(job, in_request=True)
    job.options |= options
    job.save()
    return job


def post_mapping(client, job, action="next", **values):
    address = url("mapping", job)
    fields = form_values(client.get(address).content.decode(), "data-mapping")
    fields |= {"action": action, **values}
    return client.post(address, {name: value for name, value in fields.items() if value is not None})


# Who may come


@pytest.mark.parametrize("name", STEPS_OF_A_DRAFT)
def test_the_anonymous_are_sent_to_the_log_in_page(client, business_admin, name):
    address = url(name, mapped_draft(business_admin))
    assert client.get(address).url.startswith(reverse("admin:login"))
    assert client.post(address).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", STEPS_OF_A_DRAFT)
def test_a_draft_is_its_owners_alone(client, business_admin, name):
    job = mapped_draft(business_admin)
    client.force_login(person("another", "Business admin"))
    assert client.get(url(name, job)).status_code in (404, 405)
    assert client.post(url(name, job)).status_code in (404, 405)


def test_without_the_right_the_wizard_does_not_exist(client, support):
    client.force_login(support)
    assert client.get(reverse("imports:create")).status_code == 404
    assert client.post(reverse("imports:create"), {"entity_type": "contacts"}).status_code == 404


@pytest.mark.parametrize("name", STEPS_OF_A_DRAFT)
def test_every_step_of_a_started_import_leads_to_its_page(admin, business_admin, name):
    job = mapped_draft(business_admin)
    ImportJob.objects.filter(pk=job.pk).update(state=ImportJob.State.IN_PROGRESS)
    method = admin.post if name in ("start", "delete-draft") else admin.get
    assert method(url(name, job)).url == job.get_absolute_url()


@pytest.mark.parametrize("name", ["upload", "mapping"])
def test_pages_of_the_wizard_are_not_kept_by_browsers(admin, business_admin, name):
    assert "no-store" in admin.get(url(name, mapped_draft(business_admin)))["Cache-Control"]


# 1 Select entity type


def test_the_first_step_offers_every_entity_type(admin):
    words = text_of(admin.get(reverse("imports:create")))
    assert "Step 1 of 4" in words
    for importer in importers():
        assert str(importer.title) in words
        assert str(importer.purpose) in words


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_choosing_a_type_makes_a_draft_and_goes_on(admin, business_admin, importer):
    answer = admin.post(reverse("imports:create"), {"entity_type": importer.slug})
    job = ImportJob.objects.get()
    assert (job.entity_type, job.state, job.created_by) == (importer.slug, "draft", business_admin)
    assert answer.url == url("upload", job)
    assert admin.session["imports"]["last"] == job.pk
    assert admin.session["imports"]["drafts"][str(job.pk)]["type"] == importer.slug


@pytest.mark.parametrize("values", [{}, {"entity_type": "planets"}])
def test_no_type_is_an_error_and_makes_no_draft(admin, values):
    answer = admin.post(reverse("imports:create"), values)
    assert "<title> Error: Select entity type" in answer.content.decode()
    assert "to be corrected" in text_of(answer)
    assert not ImportJob.objects.exists()


def test_another_type_keeps_the_file_and_suggests_anew(admin, business_admin):
    job = mapped_draft(business_admin, "Product Code,Name,Type", "P1,Tea,Drinks")
    admin.post(f"{reverse('imports:create')}?draft={job.pk}", {"entity_type": "products"})
    job.refresh_from_db()
    assert job.entity_type == "products"
    assert job.file_name == "contacts.csv"
    assert job.get_mapping().columns == {"code": 0, "name": 1, "type": 2}


def test_a_draft_with_a_file_can_be_continued_where_it_was(admin, business_admin):
    job = mapped_draft(business_admin)
    admin.get(url("preview", job))
    page = admin.get(reverse("imports:create")).content.decode()
    assert "Continue where you left off" in page
    assert url("preview", job) in page


def test_logging_out_loses_nothing(client, business_admin):
    job = mapped_draft(business_admin)
    client.force_login(business_admin)
    assert url("mapping", job) in client.get(reverse("imports:create")).content.decode()


def test_a_deleted_draft_takes_its_files_along(admin, business_admin):
    job = mapped_draft(business_admin)
    storage, names = job.file.storage, [job.file.name, job.reading["parts"][0]["name"]]
    assert admin.get(url("delete-draft", job)).status_code == 405
    assert admin.post(url("delete-draft", job)).url == reverse("imports:list")
    assert not ImportJob.objects.exists()
    assert [name for name in names if storage.exists(name)] == []


# 2 Upload file


def test_the_upload_step_says_what_may_come_and_gives_samples(admin, business_admin):
    job = new_draft(business_admin)
    answer = admin.get(url("upload", job))
    assert "Step 2 of 4" in text_of(answer)
    assert ".csv, .xlsx or .xls; up to 512 MB and 1,048,576 rows" in text_of(answer)
    for format in ("csv", "xlsx", "xls"):
        assert reverse("imports:sample", args=["contacts", format]) in answer.content.decode()


def test_a_file_is_read_and_leads_to_the_mapping(admin, business_admin):
    job = new_draft(business_admin)
    assert upload(admin, job, "\n".join(LINES).encode()).url == url("mapping", job)
    job.refresh_from_db()
    assert job.reading["rows"] == 3
    assert job.events.get().event == "uploaded"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "The file is empty (0 bytes)"),
        ("a.csv", b"\n\n", "The file has no rows"),
        ("a.csv", b"First Name,Last Name\n", "The file has a header but no rows below it"),
        ("a.csv", b"%PDF-1.7\n", "The file is a PDF document"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "The file is an image"),
        ("a.csv", b'Name\n"never closed\n', "is never closed"),
    ],
)
def test_what_cannot_be_read_says_why_and_is_not_kept(admin, business_admin, name, content, sentence):
    job = new_draft(business_admin)
    answer = upload(admin, job, content, name)
    assert sentence in text_of(answer)
    assert "<title> Error: Upload file" in answer.content.decode()
    job.refresh_from_db()
    assert (job.file.name, job.file_name, job.reading) == ("", "", {})


def test_nothing_chosen_has_its_sentence(admin, business_admin):
    job = new_draft(business_admin)
    assert "No file was chosen." in text_of(admin.post(url("upload", job)))


def test_with_a_file_there_next_step_needs_no_other(admin, business_admin):
    job = mapped_draft(business_admin)
    assert admin.post(url("upload", job)).url == url("mapping", job)


def test_scripts_get_the_answer_as_data(admin, business_admin):
    job = new_draft(business_admin)
    assert (
        upload(admin, job, b"", accept="application/json").json()["problem"].startswith("The file is empty")
    )
    good = upload(admin, job, "\n".join(LINES).encode(), accept="application/json")
    assert good.json() == {"next": url("mapping", job)}


def test_a_new_file_takes_the_place_of_the_old_one(admin, business_admin):
    job = mapped_draft(business_admin)
    old = job.file.name
    upload(admin, job, b"Name\nMaria\n", "new.csv")
    job.refresh_from_db()
    assert job.file_name == "new.csv"
    assert job.file.name == old or not job.file.storage.exists(old)


def test_a_file_that_takes_long_is_read_by_a_worker(admin, business_admin, settings):
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 0
    job = new_draft(business_admin)
    answer = upload(admin, job, "\n".join(LINES).encode())
    assert answer.url == url("mapping", job)
    page = admin.get(answer.url)
    assert "Reading contacts.csv" in text_of(page)
    assert 'class="bar is-unknown" role="progressbar"' in page.content.decode()
    assert 'http-equiv="refresh"' in page.content.decode()
    work()
    assert admin.get(f"{url('mapping', job)}?reading").url == url("mapping", job)
    assert "Step 3 of 4" in text_of(admin.get(url("mapping", job)))


def test_what_a_worker_could_not_read_is_said_at_the_upload(admin, business_admin):
    job = new_draft(business_admin)
    ImportJob.objects.filter(pk=job.pk).update(reading_problem="The file is damaged.", file="somewhere")
    assert admin.get(url("mapping", job)).url == url("upload", job)
    assert "The file is damaged." in text_of(admin.get(url("upload", job)))


# 3 Data mapping


def test_a_draft_without_a_file_is_sent_back(admin, business_admin):
    job = new_draft(business_admin)
    assert admin.get(url("mapping", job)).url == url("upload", job)
    assert admin.get(url("preview", job)).url == url("upload", job)
    assert admin.post(url("start", job), {"start_key": job.start_key}).status_code == 302


def test_each_header_has_its_values_and_says_how_it_matched(admin, business_admin):
    words = text_of(
        admin.get(
            url("mapping", mapped_draft(business_admin, "Κωδικός,First Name,Notes", "C1,Maria,", "C2,Ann,x"))
        )
    )
    assert "contacts.csv · 2 rows · 3 columns · Unicode (UTF-8) , separated by “,”" in words.replace(
        "(UTF-8),", "(UTF-8) ,"
    )
    assert "C1 C2" in words
    assert "suggested another name of Contact Code" in words
    assert "matched same name" in words
    assert "not imported" in words


def test_next_step_keeps_mapping_and_options(admin, business_admin):
    job = mapped_draft(business_admin)
    values = {"header-3": "", "update": "on", "generate": "on", "fixed-phone_country": "CYP"}
    assert post_mapping(admin, job, **values).url == url("preview", job)
    job.refresh_from_db()
    assert job.get_mapping().columns == {"code": 0, "first_name": 1, "last_name": 2}
    assert job.get_mapping().fixed == {"phone_country": "CYP"}
    assert (job.get_options().update, job.get_options().generate) == (True, True)


def test_a_missing_column_keeps_the_page_and_what_was_chosen(admin, business_admin):
    job = mapped_draft(business_admin, "Serial,Notes", "S1,x", slug="devices")
    answer = post_mapping(admin, job, **{"fixed-location": "Attic"})
    page = answer.content.decode()
    assert "<title> Error: Data mapping" in page
    assert 'href="#id_fixed-product"' in page
    assert "1 of 2 required columns mapped" in text_of(answer)
    assert form_values(page, "data-mapping")["fixed-location"] == "Attic"
    assert admin.get(url("preview", job)).url == url("mapping", job)


def test_previous_step_loses_nothing(admin, business_admin):
    job = mapped_draft(business_admin, "Serial,Notes", "S1,x", slug="devices")
    assert post_mapping(admin, job, "previous", **{"fixed-location": "Attic"}).url == url("upload", job)
    job.refresh_from_db()
    assert job.get_mapping().fixed == {"location": "Attic"}


def test_reset_takes_back_to_the_suggestions(admin, business_admin):
    job = mapped_draft(business_admin)
    suggested = job.mapping
    post_mapping(admin, job, **{"header-3": "", "header-2": "middle_name"})
    post_mapping(admin, job, "reset")
    job.refresh_from_db()
    assert job.mapping == suggested


def test_a_chosen_delimiter_reads_the_file_again(admin, business_admin):
    job = mapped_draft(business_admin, "First Name;Last Name,Code", "Maria;Sample,C1", "Ann;Other,C2")
    first = job.reading["delimiter"]
    other = ";" if first == "," else ","
    post_mapping(admin, job, "apply", delimiter=other)
    job.refresh_from_db()
    assert job.reading["delimiter"] == other


def test_another_encoding_reads_the_file_again(admin, business_admin):
    job = new_draft(business_admin)
    drafts.keep_file(job, ContentFile("Όνομα,Επώνυμο\nΆννα,Δείγμα\n".encode("iso-8859-7")), "el.csv")
    drafts.read(job, in_request=True, encoding="windows-1252")
    assert post_mapping(admin, job, encoding="iso-8859-7").url == url("mapping", job)
    assert "Άννα" in text_of(admin.get(url("mapping", job)))


def test_an_encoding_that_the_file_is_not_in_says_so_and_keeps_the_reading(admin, business_admin):
    job = new_draft(business_admin)
    drafts.keep_file(job, ContentFile("Name\nΆννα\n".encode("iso-8859-7")), "el.csv")
    drafts.read(job, in_request=True, encoding="iso-8859-7")
    answer = post_mapping(admin, job, "apply", encoding="utf-8")
    assert "Line 2 holds characters that do not exist in utf-8" in text_of(answer)
    job.refresh_from_db()
    assert job.reading["encoding"] == "iso-8859-7"


def test_another_sheet_can_be_chosen_without_another_upload(admin, business_admin):
    from openpyxl import Workbook

    workbook, file = Workbook(), io.BytesIO()
    workbook.active.append(["First Name", "Last Name"])
    workbook.active.append(["Maria", "Sample"])
    workbook.create_sheet("Others").append(["Code", "First Name"])
    workbook["Others"].append(["C9", "Zoe"])
    workbook.save(file)
    job = new_draft(business_admin)
    upload(admin, job, file.getvalue(), "two.xlsx")
    assert "Other sheets with rows: “Others”" in text_of(admin.get(url("mapping", job)))
    post_mapping(admin, job, "apply", sheet="Others")
    assert "C9" in text_of(admin.get(url("mapping", job)))


def test_a_reading_that_takes_long_is_left_to_a_worker_with_what_was_chosen(admin, business_admin, settings):
    job = mapped_draft(business_admin)
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 0
    post_mapping(admin, job, "apply", delimiter=";")
    work()
    job.refresh_from_db()
    assert job.reading["delimiter"] == ";"


def test_the_row_of_the_headers_can_be_chosen(admin, business_admin):
    job = mapped_draft(business_admin, "Old,Older", "First Name,Last Name", "Maria,Sample", header_row=1)
    post_mapping(admin, job, "apply", header_row="2")
    job.refresh_from_db()
    assert job.get_options().header_row == 2
    assert job.get_mapping().columns == {"first_name": 0, "last_name": 1}


def test_ambiguous_dates_are_asked_with_a_converted_sample(admin, business_admin):
    job = mapped_draft(business_admin, "First Name,Last Name,Date of Birth", "Maria,Sample,03/04/1984")
    words = text_of(admin.get(url("mapping", job)))
    assert "Day first: 03/04/1984 is 3 April 1984" in words
    assert "Month first: 03/04/1984 is 4 March 1984" in words
    assert "It is not known how 03/04/1984 is to be read" in text_of(post_mapping(admin, job))
    assert post_mapping(admin, job, date_answer="dmy").url == url("preview", job)
    job.refresh_from_db()
    assert job.get_options().date_order == "dmy"


def test_dates_that_decide_themselves_are_not_asked(admin, business_admin):
    job = mapped_draft(business_admin, "First Name,Date of Birth", "Maria,03/04/1984", "Ann,25/04/1984")
    assert "How are dates" not in text_of(admin.get(url("mapping", job)))


def test_the_same_file_imported_before_is_announced(admin, business_admin):
    first, again = mapped_draft(business_admin), mapped_draft(business_admin)
    assert "imported before" not in text_of(admin.get(url("mapping", again)))
    execution.start(first, business_admin, start_key=first.start_key)
    page = admin.get(url("mapping", again))
    assert "The same file was imported before" in text_of(page)
    assert first.get_absolute_url() in page.content.decode()


# 4 Preview


def preview(client, job):
    """The preview after its check is over."""
    client.get(url("preview", job))
    work()
    return client.get(url("preview", job))


def test_the_preview_shows_counts_and_records_and_writes_nothing(admin, business_admin):
    words = text_of(preview(admin, mapped_draft(business_admin)))
    assert "Step 4 of 4" in words
    assert "Together 2 of 2 rows of the file. Nothing has been written." in words
    assert "2 would be created, 0 updated, 0 unchanged." in words
    assert "2 create" in words
    assert "An e-mail will go to business@example.com" in words
    assert not Contact.objects.exists()


def test_while_the_check_waits_start_need_not(admin, business_admin):
    job = mapped_draft(business_admin)
    page = admin.get(url("preview", job)).content.decode()
    assert url("preview-check", job) in page
    assert 'http-equiv="refresh"' in page
    assert "The check waits for a worker" in admin.get(url("preview-check", job)).content.decode()
    work()
    fragment = admin.get(url("preview-check", job)).content.decode()
    assert "data-refresh-url" not in fragment
    assert 'id="sentence"' in fragment


def test_a_long_check_says_how_long_it_takes(admin, business_admin):
    job = mapped_draft(business_admin)
    admin.get(url("preview", job))
    ImportRun.objects.update(state="running", rows_done=1, created=1, seconds=40)
    words = text_of(admin.get(url("preview-check", job)))
    assert "Checking 1 of 2 rows 50 % About 40 seconds left. You need not wait" in words


def test_looking_twice_checks_once(admin, business_admin):
    job = mapped_draft(business_admin)
    admin.get(url("preview", job))
    preview(admin, job)
    assert ImportRun.objects.count() == 1


def test_the_part_that_refreshes_leads_back_when_the_mapping_has_changed(admin, business_admin):
    job = mapped_draft(business_admin)
    assert admin.get(url("preview-check", job)).url == url("preview", job)


def test_problems_are_grouped_and_the_answer_is_asked_with_none_preselected(admin, business_admin):
    job = mapped_draft(
        business_admin, *LINES, "C1,Twin,Twin,t@example.com", "C4,Bad,Mail,nowhere", "C5,Bad,Mail,neither"
    )
    answer = preview(admin, job)
    words, page = text_of(answer), answer.content.decode()
    assert "1 row Contact Code , row 4 : “C1” is in row 2 too." in words
    assert "2 rows Contact Email , row 5 : “nowhere” is not an e-mail address." in words
    assert words.index("Incorrect content") < words.index("Badly formatted")
    assert "What is to become of the row with incorrect content?" in words
    assert "Leave this row out and import the rest Import nothing until it is corrected" in words
    assert "leave_out" not in form_values(page, "start/")
    assert "Without an answer above, nothing is imported." in words


def test_without_incorrect_content_nothing_is_asked(admin, business_admin):
    words = text_of(preview(admin, mapped_draft(business_admin, *LINES, "C4,Bad,Mail,nowhere")))
    assert "What is to become" not in words
    assert "2 would be created, 0 updated, 0 unchanged; 1 left out." in words


def test_updates_show_old_beside_new_and_are_restated(admin, business_admin):
    ContactFactory(code="C1", first_name="Mary", last_name="Sample", email="m@example.com")
    job = mapped_draft(business_admin, update=True)
    words = text_of(preview(admin, job))
    assert "old: Mary → new: Maria" in words
    assert "1 existing contact would change First Name in 1. Blank cells change nothing." in words


MANY = ["Code,First Name,Last Name,E-mail"] + [
    f"C{n},Ann,Sample,{'nowhere' if n % 10 == 0 else 'a@example.com'}" for n in range(1, 61)
]


def row_numbers(answer):
    return [int(number) for number in re.findall(r'id="row-(\d+)"', answer.content.decode())]


def test_the_preview_leads_through_all_rows_twenty_a_page(admin, business_admin):
    job = mapped_draft(business_admin, *MANY)
    first = preview(admin, job)
    assert row_numbers(first) == list(range(2, 22))
    assert "Page 1 of 3 · 60 rows" in text_of(first)
    last = admin.get(url("preview", job), {"page": "3"})
    assert row_numbers(last) == list(range(42, 62))
    assert "42 create Ann Sample C41 a@example.com" in text_of(last)


def test_the_preview_shows_the_rows_of_one_outcome(admin, business_admin):
    ContactFactory(code="C1", first_name="Ann", last_name="Sample", email="a@example.com")
    ContactFactory(code="C2", first_name="Ann", last_name="Other", email="a@example.com")
    job = mapped_draft(business_admin, *MANY, update=True)
    preview(admin, job)

    def rows(outcome, **asked):
        return row_numbers(admin.get(url("preview", job), {"outcome": outcome, **asked}))

    assert rows("rejected") == [11, 21, 31, 41, 51, 61]
    assert rows("updated") == [3]
    assert rows("unchanged") == [2]
    created = [n for n in range(4, 62) if n % 10 != 1]
    assert [rows("created", page=page) for page in (1, 2, 3)] == [created[:20], created[20:40], created[40:]]
    words = text_of(admin.get(url("preview", job), {"outcome": "rejected"}))
    assert "All rows 60 Would be created 52 Would be updated 1 Unchanged 1 Would be left out 6" in words


def test_the_preview_goes_to_the_row_with_a_number(admin, business_admin):
    job = mapped_draft(business_admin, *MANY)
    preview(admin, job)
    found = admin.get(url("preview", job), {"row": "45", "outcome": "rejected"})
    assert 45 in row_numbers(found)
    assert 'id="row-45" class="is-sought" aria-current="true"' in found.content.decode()


@pytest.mark.parametrize("row", ["1", "62", "0", "many", "9" * 30])
def test_the_preview_says_when_the_file_has_no_such_row(admin, business_admin, row):
    job = mapped_draft(business_admin, *MANY)
    answer = admin.get(url("preview", job), {"row": row})
    assert answer.status_code == 200
    assert f"The file has no data row “{row}”." in text_of(answer)


def test_a_filter_or_page_that_does_not_exist_shows_the_first_rows(admin, business_admin):
    job = mapped_draft(business_admin, *MANY)
    preview(admin, job)
    for asked in ({"outcome": "nonsense"}, {"page": "nonsense"}):
        assert row_numbers(admin.get(url("preview", job), asked)) == list(range(2, 22))
    assert row_numbers(admin.get(url("preview", job), {"page": "99"})) == list(range(42, 62))


def test_rows_that_the_check_has_not_come_to_have_no_outcome_yet(admin, business_admin):
    job = mapped_draft(business_admin, *MANY, "C1,Ann,Twin,t@example.com")
    words = text_of(admin.get(url("preview", job), {"page": "4"}))
    assert "62 not checked yet Ann Twin C1 t@example.com" in words
    work()
    assert "62 left out Ann Twin C1" in text_of(admin.get(url("preview", job), {"page": "4"}))


def test_a_row_whose_value_an_earlier_row_sets_free_is_shown_as_the_check_decided(admin, business_admin):
    devices = mapped_draft(
        business_admin,
        "Serial Number,Product Code,Electronic ID",
        "S1,P1,NEW",
        "S2,P1,OLD",
        slug="devices",
        update=True,
    )
    DeviceFactory(serial_number="S1", electronic_id="OLD", product=ProductFactory(code="P1"))
    preview(admin, devices)
    words = text_of(admin.get(url("preview", devices), {"outcome": "created"}))
    assert "3 create S2 P1 OLD" in words


def test_problems_lead_to_their_row_in_the_preview(admin, business_admin):
    page = preview(admin, mapped_draft(business_admin, *MANY)).content.decode()
    assert '<a href="?row=11#row-11">row 11</a>' in page


def test_values_are_shown_as_they_would_be_stored(admin, business_admin):
    lines = ["First Name,Last Name,Code,Date of Birth,Contact Phone Country,Phone,Classification"]
    job = mapped_draft(
        business_admin, *lines, "Maria,Sample,,25/12/1984,Cyprus,99 123456,Golden", generate=True
    )
    words = text_of(preview(admin, job))
    assert "(generated)" in words
    assert "25 Dec 1984" in words
    assert "CYP +35799123456" in words
    assert "Golden new" in words
    assert "Contact Classification: Golden (1 row)" in words


def test_an_account_without_address_is_told_so(client):
    user = person("nobody", "Business admin")
    user.email = ""
    user.save()
    client.force_login(user)
    assert "Your account has no e-mail address" in text_of(client.get(url("preview", mapped_draft(user))))


def test_another_import_of_the_type_is_announced(admin, business_admin):
    other = mapped_draft(person("another", "Business admin"))
    execution.start(other, other.created_by, start_key=other.start_key)
    words = text_of(admin.get(url("preview", mapped_draft(business_admin))))
    assert f"Import {other.pk} by another is importing contacts too." in words


# Start Import


def start(client, job, **values):
    fields = form_values(preview(client, job).content.decode(), "start/")
    return client.post(url("start", job), fields | values)


def test_start_import_leads_to_the_imports_page(admin, business_admin):
    job = mapped_draft(business_admin)
    assert start(admin, job).url == job.get_absolute_url()
    work()
    job.refresh_from_db()
    assert (job.state, job.created) == ("completed", 2)
    assert str(job.pk) not in admin.session["imports"]["drafts"]


def test_a_second_press_starts_nothing_and_leads_to_the_same_page(admin, business_admin):
    job = mapped_draft(business_admin)
    values = form_values(preview(admin, job).content.decode(), "start/")
    answers = [admin.post(url("start", job), values).url for _ in range(3)]
    assert set(answers) == {job.get_absolute_url()}
    assert job.events.filter(event="started").count() == 1
    assert job.runs.filter(kind="import").count() == 1


def test_who_has_three_imports_under_way_waits_with_a_fourth(admin, business_admin):
    job = mapped_draft(business_admin)
    fields = form_values(preview(admin, job).content.decode(), "start/")
    under_way = [mapped_draft(business_admin) for _ in range(3)]
    for other in under_way:
        assert execution.start(other, business_admin, start_key=other.start_key)
    page = admin.post(url("start", job), fields, follow=True)
    assert "3 of your imports are under way, which is the most. Start this one when" in text_of(page)
    ImportJob.objects.filter(pk=under_way[0].pk).update(state=ImportJob.State.CANCELLED)
    assert admin.post(url("start", job), fields).url == job.get_absolute_url()


@pytest.mark.parametrize(
    ("answer", "state", "created"),
    [({}, "failed", 0), ({"leave_out": "no"}, "failed", 0), ({"leave_out": "yes"}, "completed", 2)],
)
def test_incorrect_content_is_treated_as_answered(admin, business_admin, answer, state, created):
    job = mapped_draft(business_admin, *LINES, "C1,Twin,Twin,t@example.com")
    start(admin, job, **answer)
    work()
    job.refresh_from_db()
    assert (job.state, job.created) == (state, created)


def test_another_start_key_starts_nothing(admin, business_admin):
    job = mapped_draft(business_admin)
    key = "00000000-0000-4000-8000-000000000000"
    assert admin.post(url("start", job), {"start_key": key}).url == url("preview", job)
    assert admin.post(url("start", job), {"start_key": "none"}).status_code == 404
    job.refresh_from_db()
    assert job.is_draft


def test_what_changed_since_the_preview_is_not_started(admin, business_admin):
    job = mapped_draft(business_admin)
    seen = form_values(admin.get(url("preview", job)).content.decode(), url("start", job))
    job.options |= {"update": True}
    job.save()
    answer = admin.post(url("start", job), seen, follow=True)
    assert "The preview had changed meanwhile." in text_of(answer)
    upload(admin, job, "\n".join([LINES[0], "C3,Eve,Else,e@example.com"]).encode())
    assert admin.post(url("start", job), seen).url == url("preview", job)
    job.refresh_from_db()
    assert job.is_draft


def test_a_lacking_right_is_named_and_nothing_starts(client):
    from django.contrib.auth.models import Permission

    user = person("importer")
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=["add_importjob", "view_importjob", "add_contact", "add_address"]
        )
    )
    client.force_login(user)
    job = mapped_draft(user, update=True)
    words = text_of(client.get(url("preview", job)))
    assert (
        "Your account lacks rights that this import takes: change address, change contact."
        in words.replace("change contact, change address", "change address, change contact")
    )
    assert client.post(url("start", job), {"start_key": job.start_key}).status_code == 403
    job.refresh_from_db()
    assert job.is_draft
    assert not job.runs.exists()
