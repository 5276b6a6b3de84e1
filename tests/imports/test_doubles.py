"""Contacts that would double: rows without a code whose e-mail or phone is that of a contact already there."""

import html
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from entities.models import Contact
from imports import execution, importing
from imports.mapping import CLEAR, CREATE, FILL, LEAVE_OUT, UPDATE
from imports.models import ImportJob, ImportRow, ImportRun, RowDouble
from imports.worker import Worker
from tests.conftest import person
from tests.factories import ContactFactory
from tests.imports.journeys import check, csv_bytes, draft, problems, start
from tests.pages import form_values

pytestmark = pytest.mark.django_db
HEADER = "Code,First Name,Last Name,E-mail,Phone"
SLICES = pytest.mark.parametrize("slice_seconds", [float("inf"), 0])


def contacts(*lines, answer=CREATE, header=HEADER, stored=None, **options):
    job = draft("contacts", csv_bytes(header, *lines), doubles=answer, **options)
    job.mapping |= {"stored": stored or {}}
    job.save()
    return job


def counts(run):
    return {name: count for name, count in run.counts.items() if count}


def doubled(run):
    """{row number: the codes of the contacts that it would double}"""
    rows = RowDouble.objects.filter(run=run).values_list("row_number", "records")
    return {number: [code for _, code, _ in records] for number, records in rows}


@pytest.fixture
def anna():
    return ContactFactory(
        code="ANNA", first_name="Anna", last_name="Old", email="Anna@Example.com", phone="+35799123456"
    )


# Who doubles


def test_rows_without_a_code_are_counted_when_their_email_or_phone_is_there_already(anna):
    run = check(
        contacts(
            ",Ann,New,anna@example.COM,",
            ",Ann,New,,+35799123456",
            ",Ann,New,anna@example.com,+35799123456",
            ",Bob,New,bob@example.com,",
            "C9,Ann,New,anna@example.com,",
        )
    )
    assert run.summary["doubles"] == 3
    assert doubled(run) == {2: ["ANNA"], 3: ["ANNA"], 4: ["ANNA"]}
    assert RowDouble.objects.get(row_number=4).records == [
        [str(anna.pk), "ANNA", {"email": "anna@example.com", "phone": "+35799123456"}]
    ]


def test_a_national_number_is_compared_with_its_country(anna):
    header = "First Name,Last Name,Phone,Phone Country"
    run = check(contacts("Ann,New,99 123456,Cyprus", "Ann,New,99123456,GRC", header=header))
    assert doubled(run) == {2: ["ANNA"]}


def test_without_a_mapped_code_every_row_is_asked_about(anna):
    run = check(contacts("Ann,New,anna@example.com", header="First Name,Last Name,E-mail"))
    assert doubled(run) == {2: ["ANNA"]}


@pytest.mark.parametrize(
    ("slug", "header", "line"),
    [("products", "Product Code,Name,Type", ",Tea,Drinks"), ("devices", "Serial,Product Code", ",P1")],
)
def test_types_whose_rows_need_a_key_do_not_ask(slug, header, line):
    assert "doubles" not in check(draft(slug, csv_bytes(header, line))).summary


def test_a_code_that_cannot_be_read_is_a_problem_and_no_double(anna):
    run = check(contacts("1.23457E+15,Ann,New,anna@example.com,"))
    assert (run.rejected, doubled(run)) == (1, {})


def test_blank_values_are_alike_to_nothing(anna):
    ContactFactory(email="", phone="")
    assert doubled(check(contacts(",Ann,New,,"))) == {}


def test_what_the_admin_and_the_import_store_is_found_whatever_its_case():
    start(contacts("C1,Ann,New,ANN@example.com,"))
    contact = Contact.objects.get()
    assert contact.email_key == "ann@example.com"
    contact.email = "Other@Example.com"
    contact.save()
    assert doubled(check(contacts(",Ann,New,OTHER@example.com,"))) == {2: ["C1"]}
    start(contacts("C1,Ann,New,,", update=True, stored={"email": CLEAR}))
    assert list(Contact.objects.values_list("email", "email_key")) == [("", None)]


# What becomes of them


def test_they_are_created_anyway_until_somebody_says_otherwise(anna):
    job = contacts(",Ann,New,anna@example.com,")
    assert counts(check(job)) == {"created": 1}
    assert (start(job).created, Contact.objects.count()) == (1, 2)


def test_they_are_left_out_without_failing_the_import(anna):
    job = contacts(",Ann,New,anna@example.com,", ",Bob,New,bob@example.com,", answer=LEAVE_OUT)
    run = check(job)
    assert (counts(run), run.rejected_for_content) == ({"created": 1, "rejected": 1}, 0)
    start(job)
    assert (job.state, job.created, job.rejected) == ("completed", 1, 1)
    assert problems(job) == [(2, "would_double", "Contact Email")]
    detail = job.deciding_run().details.get()
    assert detail.get_problems()[0].sentence == "“anna@example.com” belongs to contact ANNA already"


def test_a_row_that_is_left_out_as_a_double_is_not_asked_about_for_its_content(anna):
    job = contacts(",,,anna@example.com,", ",Bob,New,bob@example.com,", answer=LEAVE_OUT)
    assert check(job).rejected_for_content == 0
    assert start(job).state == "completed"


def test_an_import_of_nothing_but_doubles_says_so(anna):
    job = start(contacts(",Ann,New,anna@example.com,", answer=LEAVE_OUT))
    assert (job.state, job.reason) == (
        "failed",
        "No row was left to import: the only row was left out, as chosen in the preview.",
    )


def test_the_contact_is_updated_and_keeps_its_code(anna):
    job = start(contacts(",Ann,Newer,,+35799123456", answer=UPDATE))
    anna.refresh_from_db()
    assert (job.created, job.updated) == (0, 1)
    assert (anna.code, anna.first_name, anna.last_name, anna.email) == (
        "ANNA",
        "Ann",
        "Newer",
        "Anna@Example.com",
    )
    assert job.deciding_run().ledger.get().record_id == anna.pk


def test_updating_a_double_keeps_to_what_was_chosen_for_stored_values(anna):
    stored = {"first_name": FILL, "phone": CLEAR}
    job = start(contacts(",Ann,Newer,anna@example.com,", answer=UPDATE, stored=stored))
    anna.refresh_from_db()
    assert (job.updated, anna.first_name, anna.last_name, anna.phone) == (1, "Anna", "Newer", "")


def test_only_doubles_are_updated_when_existing_contacts_are_not(anna):
    ContactFactory(code="C1", first_name="Carl")
    job = start(contacts("C1,Changed,Else,,", ",Ann,Old,anna@example.com,", answer=UPDATE))
    assert (job.updated, job.unchanged) == (1, 1)
    assert Contact.objects.get(code="C1").first_name == "Carl"


def test_the_address_of_the_contact_is_updated_with_it(anna):
    header = "First Name,Last Name,E-mail,Address,Town"
    start(contacts("Anna,Old,anna@example.com,1 Street,Nicosia", answer=UPDATE, header=header))
    start(contacts("Anna,Old,anna@example.com,1 Street,Limassol", answer=UPDATE, header=header))
    assert anna.addresses.get().town == "Limassol"


def test_a_row_that_may_mean_several_contacts_is_left_out(anna):
    ContactFactory(code="BOB", phone="+35799654321")
    ContactFactory(code="TWIN", email="anna@example.com")
    job = start(
        contacts(
            ",Ann,New,anna@example.com,",
            ",Ann,New,other@example.com,+35799654321",
            ",Ann,New,anna@example.com,+35799654321",
            answer=UPDATE,
        )
    )
    assert (job.state, job.updated) == ("completed", 1)
    assert problems(job) == [(2, "means_several", ""), (4, "means_several", "")]
    sentences = [d.get_problems()[0].text for d in job.deciding_run().details.filter(row_number=2)]
    assert sentences == [
        "The row may mean any of the contacts ANNA, TWIN. Give the row the code of the record that it means."
    ]


@SLICES
def test_the_second_row_that_means_a_contact_is_refused_naming_the_first(anna, settings, slice_seconds):
    settings.IMPORT_BATCH_ROWS = 1
    lines = [",Ann,Once,anna@example.com,", ",Ann,Twice,,+35799123456", "ANNA,Ann,Thrice,,"]
    job = contacts(*lines, answer=UPDATE, update=True)
    assert counts(checked(job, slice_seconds)) == {"updated": 1, "rejected": 2}
    imported(job, slice_seconds, leave_out=True)
    assert problems(job) == [
        (3, "means_the_same", "Contact Phone Number"),
        (4, "twice_in_file", "Contact Code"),
    ]
    assert Contact.objects.get().last_name == "Once"
    problem = job.deciding_run().details.get(row_number=3).get_problems()[0]
    assert problem.sentence == "“+35799123456” means contact ANNA, which row 2 is about too"


@SLICES
def test_a_row_that_means_a_contact_whose_code_was_before_is_refused(anna, settings, slice_seconds):
    settings.IMPORT_BATCH_ROWS = 1
    job = contacts("ANNA,Ann,Once,,", ",Ann,Twice,anna@example.com,", answer=UPDATE)
    foretold = checked(job, slice_seconds)
    assert (counts(foretold), foretold.rejected_for_content) == ({"unchanged": 1, "rejected": 1}, 1)
    imported(job, slice_seconds, leave_out=True)
    assert problems(job) == [(3, "means_the_same", "Contact Email")]


# The check foretells the import


def checked(job, slice_seconds):
    queue = []
    run = execution.add_run(job, ImportRun.Kind.CHECK, queue.append)
    work(queue, slice_seconds)
    run.refresh_from_db()
    return run


def imported(job, slice_seconds, leave_out=None):
    queue = []
    assert execution.start(job, None, start_key=job.start_key, leave_out=leave_out, queue=queue.append)
    work(queue, slice_seconds)
    job.refresh_from_db()
    return job.deciding_run()


def work(queue, slice_seconds):
    """Work runs to their end, each slice by a worker that knows nothing of the one before."""
    while queue:
        Worker(queue.append, slice_seconds).work(queue.pop(0).pk)


# New contacts first, then rows that are alike to them, to what they replace, and to each other.
TANGLE = [
    "NEW1,Eve,First,eve@example.com,+35799000001",
    ",Eve,Twin,EVE@example.com,",
    ",Dora,New,dora@example.com,",
    ",Dora,Twin,dora@example.com,+35799000001",
    "ANNA,Anna,Old,moved@example.com,+35799777777",
    ",Ann,Twin,anna@example.com,",
    ",Mover,Twin,moved@example.com,",
    ",Phone,Twin,,+35799777777",
    "CARL,Carl,Jones,anna@example.com,",
    ",Carl,Twin,carl@example.com,",
    "CASE,Case,Same,CASE@EXAMPLE.COM,",
    ",Case,Twin,case@example.com,",
]


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
@pytest.mark.parametrize("answer", [CREATE, UPDATE, LEAVE_OUT])
@SLICES
def test_what_the_import_itself_writes_decides_nothing(anna, settings, answer, batch_rows, slice_seconds):
    settings.IMPORT_BATCH_ROWS = batch_rows
    ContactFactory(code="CARL", email="carl@example.com")
    ContactFactory(code="CASE", email="case@example.com")
    job = contacts(*TANGLE, answer=answer, update=True)
    foretold = checked(job, slice_seconds)
    assert doubled(foretold) == {7: ["ANNA"], 11: ["CARL"], 13: ["CASE"]}
    run = imported(job, slice_seconds, leave_out=True)
    assert run.counts == foretold.counts
    told = {d.row_number: (d.outcome, d.problems) for d in foretold.details.all()}
    assert {d.row_number: (d.outcome, d.problems) for d in run.details.all()} == told
    expected = {CREATE: (9, 3, 0), UPDATE: (6, 3, 3), LEAVE_OUT: (6, 3, 3)}[answer]
    assert (run.created, run.updated, run.rejected) == expected


@pytest.mark.parametrize("answer", [UPDATE, LEAVE_OUT])
def test_rows_that_are_decided_one_by_one_are_decided_alike(anna, answer, monkeypatch):
    """A row that the database refuses makes its batch be written row by row."""
    write = importing.write_records

    def refuse_many(run, importer, rows, now):
        write(run, importer, rows, now)
        if len(rows) > 1:
            raise IntegrityError

    ContactFactory(code="CARL", email="carl@example.com")
    ContactFactory(code="CASE", email="case@example.com")
    job = contacts(*TANGLE, answer=answer, update=True)
    foretold = check(job)
    monkeypatch.setattr(importing, "write_records", refuse_many)
    run = imported(job, float("inf"), leave_out=True)
    assert run.counts == foretold.counts


def test_an_import_that_died_goes_on_with_the_same_decisions(anna, settings):
    settings.IMPORT_BATCH_ROWS = 2
    ContactFactory(code="CARL", email="carl@example.com")
    ContactFactory(code="CASE", email="case@example.com")
    job = contacts(*TANGLE, answer=LEAVE_OUT, update=True)
    foretold = check(job)

    class Died(BaseException):
        pass

    def die(run):
        raise Died

    queue = []
    execution.start(job, None, start_key=job.start_key, leave_out=True, queue=queue.append)
    run = queue.pop()
    for _ in range(3):
        with pytest.raises(Died):
            Worker(queue.append, float("inf"), die).work(run.pk)
        ImportRun.objects.filter(pk=run.pk).update(lease="2000-01-01T00:00Z", attempts=0)
    assert 0 < ImportRow.objects.filter(run=run).count() < 12
    Worker(queue.append, float("inf")).work(run.pk)
    run.refresh_from_db()
    assert run.counts == foretold.counts


@pytest.mark.parametrize("answer", [CREATE, UPDATE, LEAVE_OUT])
def test_rows_with_codes_cost_no_question(anna, answer):
    job = contacts("C1,Eve,New,anna@example.com,+35799123456", "C2,Eve,New,,", answer=answer)
    with CaptureQueriesContext(connection) as captured:
        check(job)
        start(job)
    assert not [query for query in captured if '"email_key" IN' in query["sql"]]


def test_an_import_that_creates_all_rows_anyway_does_not_ask(anna):
    job = contacts(",Eve,New,anna@example.com,")
    with CaptureQueriesContext(connection) as captured:
        start(job, leave_out=True)
    assert not [query for query in captured if '"email_key" IN' in query["sql"]]


# The preview and the page of all of them


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


@pytest.fixture
def doubling(business_admin, anna):
    """A draft with two rows that double a contact, and one that does not."""
    job = contacts(",Ann,New,anna@example.com,", ",Ann,Newer,,+35799123456", ",Bob,New,,")
    job.created_by, job.from_command_line = business_admin, False
    job.save()
    return job


def url(name, job):
    return reverse(f"imports:{name}", args=[job.pk])


def preview(client, job):
    """The preview after its check is over."""
    client.get(url("preview", job))
    while run := ImportRun.objects.filter(state=ImportRun.State.WAITING).first():
        Worker(lambda run: None, float("inf")).work(run.pk)
    return client.get(url("preview", job))


def text_of(answer):
    body = re.sub(r"<(script|style|noscript).*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_preview_counts_lists_and_asks(admin, doubling, anna):
    answer = preview(admin, doubling)
    words, page = text_of(answer), answer.content.decode()
    assert "2 rows would double a contact that is already there" in words
    assert "2 Ann New anna@example.com Anna Old ANNA 3 Ann Newer +35799123456 Anna Old ANNA" in words
    assert reverse("admin:entities_contact_change", args=[anna.pk]) in page
    assert form_values(page, url("doubles", doubling))["doubles"] == "create"
    assert "3 would be created, 0 updated, 0 unchanged. 2 rows would double a contact" in words


def test_nothing_is_asked_where_nothing_doubles(admin, business_admin):
    job = contacts(",Bob,New,bob@example.com,")
    job.created_by = business_admin
    job.save()
    assert "would double" not in text_of(preview(admin, job))


def test_the_answer_is_kept_and_the_rows_are_checked_again(admin, doubling):
    preview(admin, doubling)
    answer = admin.post(url("doubles", doubling), {"doubles": "leave_out"})
    assert answer.url == f"{url('preview', doubling)}#doubles"
    words = text_of(preview(admin, doubling))
    assert "1 would be created, 0 updated, 0 unchanged; 2 left out." in words
    assert "Left out as chosen They would double a record" in words
    assert "incorrect content" not in words
    assert "Leave them out (holds now)" in words


def test_a_row_that_updates_a_double_shows_whose_code_it_has(admin, doubling):
    admin.post(url("doubles", doubling), {"doubles": "update"})
    words = text_of(preview(admin, doubling))
    assert "2 update old: Anna → new: Ann old: Old → new: New ANNA" in words


def test_a_preview_of_nothing_but_doubles_blames_no_problems(admin, business_admin, anna):
    job = contacts(",Ann,New,anna@example.com,", answer=LEAVE_OUT)
    job.created_by = business_admin
    job.save()
    words = text_of(preview(admin, job))
    assert "No row is left to import: all would be left out, as chosen above." in words


def test_a_started_import_does_as_was_answered(admin, doubling, anna):
    preview(admin, doubling)
    admin.post(url("doubles", doubling), {"doubles": "update"})
    page = preview(admin, doubling).content.decode()
    values = form_values(page, url("start", doubling))
    admin.post(url("start", doubling), values | {"leave_out": "yes"})
    preview(admin, doubling)
    doubling.refresh_from_db()
    assert (doubling.state, doubling.created, doubling.updated, doubling.rejected) == ("completed", 1, 1, 1)
    words = text_of(admin.get(doubling.get_absolute_url()))
    assert "Rows that would double a contact updated the one that was there" in words


@pytest.mark.parametrize("values", [{}, {"doubles": "forget"}])
def test_no_answer_is_said_and_changes_nothing(admin, doubling, values):
    answer = admin.post(url("doubles", doubling), values, follow=True)
    assert "Nothing was chosen. Say what is to become of the rows" in text_of(answer)
    doubling.refresh_from_db()
    assert doubling.get_options().doubles == "create"


def test_updating_takes_the_right_to_change_contacts(client, anna):
    user = person("importer")
    rights = ["add_importjob", "view_importjob", "add_contact", "add_address"]
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    job = contacts(",Ann,New,anna@example.com,")
    job.created_by, job.from_command_line = user, False
    job.save()
    page = preview(client, job).content.decode()
    assert reverse("admin:entities_contact_change", args=[anna.pk]) not in page
    answer = client.post(url("doubles", job), {"doubles": "update"}, follow=True)
    assert "Your account lacks rights that this takes:" in text_of(answer)
    job.refresh_from_db()
    assert job.get_options().doubles == "create"
    assert client.post(url("doubles", job), {"doubles": "leave_out"}).status_code == 302
    job.refresh_from_db()
    assert job.get_options().doubles == "leave_out"


def test_all_rows_that_double_have_a_page(admin, business_admin, anna):
    job = contacts(*[f",Ann,{number},anna@example.com," for number in range(60)])
    job.created_by = business_admin
    job.save()
    assert "All 60 rows" in text_of(preview(admin, job))
    words = text_of(admin.get(url("doubles", job), {"page": 2}))
    assert "61 Ann 59 anna@example.com Anna Old ANNA" in words
    assert "52 Ann 50" in words
    assert "51 Ann 49" not in words


def test_many_rows_that_would_double_are_listed_in_pages(admin, business_admin, anna):
    rows = (f",Ann,New {number},anna@example.com," for number in range(51))
    job = draft("contacts", csv_bytes(HEADER, *rows), user=business_admin)
    check(job)
    assert "Page 2 of 2 · 51 rows" in text_of(admin.get(url("doubles", job), {"page": 2}))


def test_before_a_check_there_is_nothing_to_list(admin, doubling):
    assert admin.get(url("doubles", doubling)).url == url("preview", doubling)


def test_an_unmapped_draft_is_sent_back(admin, doubling):
    doubling.mapping["columns"] = {}
    doubling.save()
    for answer in (admin.get(url("doubles", doubling)), admin.post(url("doubles", doubling))):
        assert answer.url == url("mapping", doubling)


def test_a_started_import_leads_to_its_page(admin, doubling):
    ImportJob.objects.filter(pk=doubling.pk).update(state=ImportJob.State.IN_PROGRESS)
    assert admin.get(url("doubles", doubling)).url == doubling.get_absolute_url()
    assert admin.post(url("doubles", doubling), {"doubles": "update"}).url == doubling.get_absolute_url()


def test_the_anonymous_are_sent_to_the_log_in_page(client, doubling):
    assert client.get(url("doubles", doubling)).url.startswith(reverse("admin:login"))
    assert client.post(url("doubles", doubling)).url.startswith(reverse("admin:login"))


def test_a_stranger_finds_nothing(client, doubling):
    client.force_login(person("another", "Business admin"))
    assert client.get(url("doubles", doubling)).status_code == 404
    assert client.post(url("doubles", doubling), {"doubles": "update"}).status_code == 404
