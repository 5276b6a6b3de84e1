import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from entities.models import Contact
from imports import drafts, remembering
from imports.importers import importer_for
from imports.models import ImportJob, ImportRun
from imports.remembered import RememberedMapping, key_of
from imports.worker import Worker
from tests.conftest import person
from tests.factories import ContactFactory
from tests.imports.journeys import csv_bytes, draft, start
from tests.imports.test_wizard import post_mapping, text_of, upload, url
from tests.pages import form_values

pytestmark = pytest.mark.django_db

OURS = csv_bytes("Kundnr,First Name,Surname,Mobile,Fax", "C1,Ann,Sample,+35799123456,1", "C2,Bob,Other,,2")
NEXT = csv_bytes("Kundnr,First Name,Surname,Mobile,Fax", "C3,Carl,Third,+35799123457,3")
OTHER_ORDER = csv_bytes("Fax,surname,MOBILE,First  Name,Kundnr", "4,Fourth,,Dora,C4")
DRIFTED = csv_bytes("Kundnr,First Name,Surname,Cell,Fax", "C5,Eva,Fifth,+35799123458,5")
COLUMNS = {"code": "Kundnr", "first_name": "First Name", "last_name": "Surname", "phone": "Mobile"}


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


def browser_draft(user, content, name="file.csv", slug="contacts", **options):
    job = draft(slug, content, name, user, **options)
    job.refresh_from_db()
    return job


def remember(user, content=OURS, **options):
    """What a started import of `content` leaves behind, its first header mapped by hand."""
    job = browser_draft(user, content, **options)
    mapping = job.get_mapping()
    mapping.columns["code"] = 0
    job.mapping = mapping.to_json()
    job.save()
    start(job, user=user)
    return RememberedMapping.objects.get(owner=user, name="")


def work():
    while run := ImportRun.objects.filter(state=ImportRun.State.WAITING).first():
        Worker(lambda run: None, float("inf")).work(run.pk)


def names_of(job):
    headers = drafts.headers(job)
    return {key: headers[index] for key, index in job.get_mapping().columns.items()}


# Kept


def test_a_started_import_is_remembered_by_the_names_of_its_headers(business_admin):
    kept = remember(business_admin, update=True)
    assert kept.columns == COLUMNS
    assert kept.headers == ["Kundnr", "First Name", "Surname", "Mobile", "Fax"]
    assert kept.options == {
        "generate": False,
        "update": True,
        "blanks": [],
        "date_order": "",
        "decimal_mark": "",
    }
    assert (kept.file_name, kept.shared, kept.times) == ("file.csv", False, 1)


def test_the_latest_import_of_the_same_headers_takes_its_place(business_admin):
    remember(business_admin)
    again = browser_draft(business_admin, OTHER_ORDER, "other.csv")
    mapping = again.get_mapping()
    del mapping.columns["phone"]
    again.mapping = mapping.to_json()
    again.save()
    start(again, user=business_admin)
    kept = RememberedMapping.objects.get()
    assert kept.columns == {"code": "Kundnr", "first_name": "First Name", "last_name": "surname"}
    assert kept.file_name == "other.csv"


def test_an_import_that_took_it_over_counts(business_admin):
    remember(business_admin)
    start(browser_draft(business_admin, NEXT), user=business_admin)
    assert RememberedMapping.objects.get().times == 2


def test_command_lines_headless_files_and_repairs_are_not_remembered(business_admin):
    start(draft("contacts", OURS))
    job = browser_draft(business_admin, csv_bytes("Ann,Sample", "Bob,Other"), header_row=0)
    job.mapping = {"columns": {"first_name": 0, "last_name": 1}}
    job.save()
    start(job, user=business_admin)
    failed = start(
        browser_draft(business_admin, csv_bytes("First Name,Surname", "Ann,Sample")), user=business_admin
    )
    RememberedMapping.objects.all().delete()
    repair = browser_draft(business_admin, csv_bytes("First Name,Surname", "Bob,Sample"))
    repair.repairs = failed
    repair.save()
    remembering.keep(repair)
    assert not RememberedMapping.objects.exists()


# Found


@pytest.mark.parametrize("content", [NEXT, OTHER_ORDER])
def test_the_same_headers_are_mapped_as_then_whatever_their_order(business_admin, content):
    kept = remember(business_admin)
    job = browser_draft(business_admin, content)
    assert job.remembered == kept
    assert {key: header.casefold() for key, header in names_of(job).items()} == {
        key: header.casefold() for key, header in COLUMNS.items()
    } | ({"first_name": "first name"})
    assert remembering.is_as_remembered(job) is (content is NEXT)


def test_what_was_left_out_stays_left_out_and_fixed_values_and_options_come_back(business_admin):
    job = browser_draft(business_admin, OURS, generate=True)
    job.mapping = {"columns": {"first_name": 1, "last_name": 2}, "fixed": {"classification": "Regular"}}
    job.save()
    start(job, user=business_admin)
    job = browser_draft(business_admin, NEXT)
    assert names_of(job) == {"first_name": "First Name", "last_name": "Surname"}
    assert job.get_mapping().fixed == {"classification": "Regular"}
    assert job.get_options().generate is True


def test_values_that_were_matched_are_matched_again(business_admin):
    kept = remember(business_admin)
    kept.values = {"phone": {"none": None}, "gender": {"x": "MALE"}}
    kept.save()
    assert browser_draft(business_admin, NEXT).get_mapping().values == {"phone": {"none": None}}


def test_the_files_own_dates_decide_before_those_of_the_last_file(business_admin):
    header = "First Name,Last Name,Date of Birth"
    start(
        browser_draft(business_admin, csv_bytes(header, "Ann,Sample,03/04/1984"), date_order="dmy"),
        user=business_admin,
    )
    undecided = browser_draft(business_admin, csv_bytes(header, "Bob,Sample,05/06/1984"))
    decided = browser_draft(business_admin, csv_bytes(header, "Bob,Sample,12/31/1984"))
    assert (undecided.get_options().date_order, decided.get_options().date_order) == ("dmy", "mdy")


def test_headers_below_title_lines_are_found_where_no_name_is_known(business_admin):
    header = "Alpha,Beta,Gamma"
    job = browser_draft(business_admin, csv_bytes(header, "Ann,Sample,x", "Bob,Other,y"))
    job.mapping = {"columns": {"first_name": 0, "last_name": 1}}
    job.save()
    start(job, user=business_admin)
    job = browser_draft(business_admin, csv_bytes("a,b,c", "d,e,f", header, "Carl,Third,z"))
    assert job.get_options().header_row == 3
    assert names_of(job) == {"first_name": "Alpha", "last_name": "Beta"}


def test_own_mappings_come_before_shared_ones_and_private_ones_of_others_never(business_admin):
    other = person("another", "Business admin")
    theirs = remember(other)
    assert browser_draft(business_admin, NEXT).remembered is None
    theirs.name, theirs.shared = "ERP", True
    theirs.save()
    assert browser_draft(business_admin, NEXT).remembered == theirs
    job = browser_draft(business_admin, NEXT)
    drafts.forget_remembered(job)
    start(job, user=business_admin)
    RememberedMapping.objects.filter(pk=theirs.pk).update(used_at=timezone.now())
    assert browser_draft(business_admin, NEXT).remembered == RememberedMapping.objects.get(name="")


def test_another_entity_type_has_its_own(business_admin):
    remember(business_admin)
    assert browser_draft(business_admin, NEXT, slug="products").remembered is None


def test_the_command_line_remembers_nothing_of_the_browser(business_admin):
    remember(business_admin, update=True)
    job = drafts.create(business_admin, importer_for("contacts"))
    job.from_command_line = True
    assert remembering.usable(job).count() == 0


def test_a_file_of_few_common_headers_is_not_taken_for_the_same(business_admin):
    remember(business_admin)
    job = browser_draft(
        business_admin, csv_bytes("First Name,Surname,Street,City,Zip,Country,Email", "A,B,C,D,E,CYP,")
    )
    assert job.remembered is None


# Straight to the preview


def test_known_headers_lead_from_the_upload_straight_to_the_preview(admin, business_admin):
    kept = remember(business_admin)
    job = drafts.create(business_admin, importer_for("contacts"))
    answer = upload(admin, job, NEXT)
    assert answer.url == url("preview", job)
    words = text_of(admin.get(answer.url))
    day = date_format(kept.used_at, "j M Y")
    assert f"The mapping of {day} was used, because the headers are the same." in words
    assert "Not imported, as then: Fax" in words
    assert "updated, as then" not in words
    mapping = admin.get(url("mapping", job))
    assert f"remembered as on {day}" in text_of(mapping)


def test_updating_is_said_when_it_is_taken_over(admin, business_admin):
    remember(business_admin, update=True)
    ContactFactory(code="C3", first_name="Charles", last_name="Third")
    job = drafts.create(business_admin, importer_for("contacts"))
    words = text_of(admin.get(upload(admin, job, NEXT).url))
    assert "Existing contacts are updated, as then." in words
    work()
    assert "1 existing contact would change" in text_of(admin.get(url("preview", job)))


def test_a_changed_mapping_is_no_longer_called_the_remembered_one(admin, business_admin):
    remember(business_admin)
    job = browser_draft(business_admin, NEXT)
    admin.get(url("preview", job))
    assert post_mapping(admin, job, **{"header-3": ""}).url == url("preview", job)
    assert "because the headers are the same" not in text_of(admin.get(url("preview", job)))


def test_dates_that_nobody_has_decided_are_asked_first(admin, business_admin):
    header = "First Name,Last Name,Date of Birth"
    start(browser_draft(business_admin, csv_bytes(header, "Ann,Sample,")), user=business_admin)
    job = drafts.create(business_admin, importer_for("contacts"))
    assert upload(admin, job, csv_bytes(header, "Bob,Sample,05/06/1984")).url == url("mapping", job)


def test_reset_forgets_the_remembered_mapping_for_this_file(admin, business_admin):
    remember(business_admin)
    job = browser_draft(business_admin, NEXT)
    admin.get(url("preview", job))
    post_mapping(admin, job, "reset")
    job.refresh_from_db()
    assert job.remembered is None
    assert "code" not in job.get_mapping().columns


def test_a_file_that_a_worker_read_leads_to_the_preview_too(admin, business_admin, settings):
    remember(business_admin)
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 0
    job = drafts.create(business_admin, importer_for("contacts"))
    assert upload(admin, job, NEXT).url == url("mapping", job)
    work()
    assert admin.get(f"{url('mapping', job)}?reading").url == url("preview", job)


# Drift


def test_drift_is_told_and_the_rest_is_mapped_as_then(admin, business_admin):
    remember(business_admin)
    job = drafts.create(business_admin, importer_for("contacts"))
    answer = upload(admin, job, DRIFTED)
    assert answer.url == url("mapping", job)
    words = text_of(admin.get(answer.url))
    assert "Since your last file: column “Mobile” is gone, column “Cell” is new." in words
    job.refresh_from_db()
    assert names_of(job) == {**COLUMNS, "phone": "Cell"}


def test_without_drift_nothing_is_told(admin, business_admin):
    remember(business_admin)
    job = browser_draft(business_admin, NEXT)
    admin.get(url("preview", job))
    assert "Since your last file" not in text_of(admin.get(url("mapping", job)))


# Chosen and saved on the mapping page


def test_a_mapping_is_saved_under_a_name_and_shared(admin, business_admin):
    job = browser_draft(business_admin, OURS)
    values = {"header-0": "code", "mapping_name": "Till export", "mapping_shared": "on"}
    answer = post_mapping(admin, job, "remember", **values)
    assert answer.url == url("mapping", job)
    kept = RememberedMapping.objects.get()
    assert (kept.name, kept.shared, kept.columns) == ("Till export", True, COLUMNS)
    assert "remembered as in “Till export”" in text_of(admin.get(url("mapping", job)))


def test_a_mapping_without_a_name_is_not_saved(admin, business_admin):
    answer = post_mapping(admin, browser_draft(business_admin, OURS), "remember", mapping_name=" ")
    assert "The mapping has no name. Give it one." in text_of(answer)
    assert not RememberedMapping.objects.exists()


def test_a_name_that_was_typed_is_saved_by_next_step_too(admin, business_admin):
    post_mapping(admin, browser_draft(business_admin, OURS), mapping_name="Till export")
    assert RememberedMapping.objects.get().name == "Till export"


def test_a_named_mapping_stays_as_it_is_when_an_import_differs(admin, business_admin):
    job = browser_draft(business_admin, OURS)
    post_mapping(admin, job, "remember", mapping_name="Till export")
    post_mapping(admin, job, **{"header-3": ""})
    job.refresh_from_db()
    start(job, user=business_admin)
    named, latest = RememberedMapping.objects.get(name="Till export"), RememberedMapping.objects.get(name="")
    assert ("phone" in named.columns, "phone" in latest.columns) == (True, False)


def test_another_remembered_mapping_can_be_used(admin, business_admin):
    other = person("another", "Business admin")
    theirs = remember(other, update=True)
    theirs.name, theirs.shared = "ERP", True
    theirs.save()
    job = browser_draft(business_admin, DRIFTED)
    drafts.forget_remembered(job)
    assert post_mapping(admin, job, "use", remembered=theirs.pk).url == url("mapping", job)
    job.refresh_from_db()
    assert names_of(job)["code"] == "Kundnr"
    assert job.get_options().update is True
    assert "Compared with the mapping “ERP”: column “Mobile” is gone" in text_of(
        admin.get(url("mapping", job))
    )


@pytest.mark.parametrize("chosen", ["private", "0", "x", ""])
def test_a_mapping_that_is_not_shared_cannot_be_used(admin, business_admin, chosen):
    private = remember(person("another", "Business admin"))
    job = browser_draft(business_admin, NEXT)
    address = url("mapping", job)
    fields = form_values(admin.get(address).content.decode(), "data-mapping")
    chosen = private.pk if chosen == "private" else chosen
    assert admin.post(address, fields | {"action": "use", "remembered": chosen}).status_code == 404


# The wrong entity type


def test_headers_that_fit_another_type_offer_to_switch_and_keep_the_file(admin, business_admin):
    content = csv_bytes(
        "SKU,Product Name,Category,Brand,Price,Currency,Shelf", "P1,Tea,Drinks,Acme,3.20,EUR,4"
    )
    job = browser_draft(business_admin, content, "tea.csv")
    page = admin.get(url("mapping", job))
    assert "6 of 7 headers fit Products." in text_of(page)
    values = form_values(page.content.decode(), "note")
    assert admin.post(url("mapping", job), values | {"action": "switch"}).url == url("mapping", job)
    job.refresh_from_db()
    assert (job.entity_type, job.file_name) == ("products", "tea.csv")
    assert names_of(job)["code"] == "SKU"
    assert "headers fit" not in text_of(admin.get(url("mapping", job)))


def test_headers_that_fit_the_chosen_type_offer_nothing(admin, business_admin):
    assert "headers fit" not in text_of(admin.get(url("mapping", browser_draft(business_admin, OURS))))


@pytest.mark.parametrize("slug", ["planets", "contacts", ""])
def test_a_type_that_does_not_exist_switches_nothing(admin, business_admin, slug):
    job = browser_draft(business_admin, OURS)
    assert admin.post(url("mapping", job), {"action": "switch", "entity_type": slug}).url == url(
        "mapping", job
    )
    job.refresh_from_db()
    assert job.entity_type == "contacts"


# The page of remembered mappings


@pytest.fixture
def own(business_admin):
    return remember(business_admin)


PAGES = [("mappings", "get"), ("change-mapping", "post"), ("delete-mapping", "post")]


def page_url(name, mapping):
    return reverse(f"imports:{name}", args=[] if name == "mappings" else [mapping.pk])


@pytest.mark.parametrize(("name", "method"), PAGES)
def test_the_anonymous_are_sent_to_the_log_in_page(client, own, name, method):
    assert getattr(client, method)(page_url(name, own)).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize(("name", "method"), PAGES)
def test_without_the_right_to_import_there_are_no_mappings(client, support, own, name, method):
    client.force_login(support)
    assert getattr(client, method)(page_url(name, own)).status_code == 404


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", ["change-mapping", "delete-mapping"])
def test_only_the_owner_changes_a_mapping(client, own, name, shared):
    RememberedMapping.objects.filter(pk=own.pk).update(name="Mine", shared=shared)
    client.force_login(person("another", "Business admin"))
    answer = client.post(page_url(name, own), {f"{own.pk}-name": "Theirs"})
    assert answer.status_code == 404
    assert RememberedMapping.objects.get().name == "Mine"


@pytest.mark.parametrize("name", ["change-mapping", "delete-mapping"])
def test_a_mapping_is_not_changed_by_a_link(admin, own, name):
    assert admin.get(page_url(name, own)).status_code == 405


def test_the_list_shows_own_and_shared_mappings(admin, own):
    other = person("another", "Business admin")
    theirs = remember(other)
    words = text_of(admin.get(reverse("imports:mappings")))
    assert "file.csv Contacts · 5 headers · yours · last used" in words
    assert "Kundnr → Contact Code" in words
    assert "Fax → not imported" in words
    assert "another" not in words
    RememberedMapping.objects.filter(pk=theirs.pk).update(name="ERP", shared=True)
    assert "ERP shared Contacts · 5 headers · of another · last used" in text_of(
        admin.get(reverse("imports:mappings"))
    )


def test_a_long_list_has_pages(admin, business_admin):
    RememberedMapping.objects.bulk_create(
        RememberedMapping(
            owner=business_admin,
            entity_type="contacts",
            name=f"Mapping {number}",
            headers=["A"],
            headers_key=key_of(["A"]),
            columns={},
            used_at=timezone.now(),
        )
        for number in range(26)
    )
    assert "Page 1 of 2 · 26 mappings" in text_of(admin.get(reverse("imports:mappings")))
    assert "Mapping 0 " in text_of(admin.get(reverse("imports:mappings"), {"page": 2}))


def test_an_empty_list_says_what_brings_a_mapping(admin):
    assert "No mapping is remembered yet." in text_of(admin.get(reverse("imports:mappings")))


def test_the_owner_renames_and_shares(admin, own):
    values = {f"{own.pk}-name": "Till export", f"{own.pk}-shared": "on"}
    assert admin.post(page_url("change-mapping", own), values).url == reverse("imports:mappings")
    own.refresh_from_db()
    assert (own.name, own.shared) == ("Till export", True)


@pytest.mark.parametrize(
    ("name", "shared", "sentence"),
    [
        ("", "on", "A mapping needs a name to be shared. Give it one."),
        ("Taken", "", "You have a mapping with this name already. Choose another."),
    ],
)
def test_a_name_that_cannot_be_is_refused(admin, business_admin, own, name, shared, sentence):
    RememberedMapping.objects.create(
        owner=business_admin,
        entity_type="contacts",
        name="Taken",
        headers=["A"],
        headers_key=key_of(["A"]),
        columns={},
        used_at=timezone.now(),
    )
    values = {f"{own.pk}-name": name, f"{own.pk}-shared": shared}
    answer = admin.post(
        page_url("change-mapping", own), {k: v for k, v in values.items() if v or "name" in k}
    )
    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_deleting_leaves_the_imports(admin, own):
    assert ImportJob.objects.filter(remembered=own).count() == 0
    job = browser_draft(own.owner, NEXT)
    assert job.remembered == own
    admin.post(page_url("delete-mapping", own))
    job.refresh_from_db()
    assert job.remembered is None
    assert Contact.objects.count() == 2
