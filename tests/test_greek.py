"""The product in Greek: a walk over its pages that meets no English, and the files and mails of a Greek."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from django.views.defaults import server_error

from imports import execution, reports
from imports.corrections import find_correction
from imports.importers import importers
from imports.models import ImportJob, file_storage
from tests.factories import (
    CompanyFactory,
    ContactFactory,
    DeviceFactory,
    ProductFactory,
    RewardSchemeCodeFactory,
    RewardSchemeFactory,
    UserFactory,
)
from tests.imports.journeys import check, csv_bytes, draft, start, undo_import, work

pytestmark = pytest.mark.django_db

HEADER = "Κωδικός,Όνομα,Επώνυμο,Ηλεκτρονικό Ταχυδρομείο,Κινητό,Κατηγορία,Ημερομηνία Γέννησης,Πόλη,Σχόλια"
ROWS = (
    "Κ1,Μαρία,Δείγμα,,,Καλή,1984-03-09,,",
    "Κ2,Νίκος,,,,,,,",
    "Κ3,Άννα,Δείγμα,λάθος,,,,,",
    "Κ4,Εύα,Δείγμα,,99123456,,αύριο,Λευκωσία,",
    "Κ1,Μαρία,Ξανά,,,,,,",
    "Κ9,Ελένη,Νέα,,,,,,ναι",
)
FAULTLESS = tuple(f"Φ{number},Μαρία,Δείγμα,,,,,," for number in range(3))


def file_of(*rows):
    return csv_bytes(HEADER, *rows)


def import_of(user, *rows, leave_out=True, name="επαφές.csv", **options):
    with override("el"):
        return start(draft("contacts", file_of(*rows), name, user, update=True, **options), leave_out, user)


# What is not Greek in Greek: names, formats, codes and what files hold.
ALLOWED = re.compile(
    r"""\b(?:
        CRM | E-?mail | SMS | ISO | Unicode | UTF | little | big | endian | DOS | Mac | Windows | KOI8 | bytes?
        | cookies | KB | MB | GB | esc # the keyboard's
        | csv | xlsx? | xlsm | xlsb | ods | rtf | zip | gz | 7z | rar | bz2 | xz | tsv | txt | NUL | PDF
        | Excel | Office | Word | PowerPoint | OpenDocument | PostScript | Parquet | XML | Strict | Open | SKU
        | PERSON | COMPANY | HOME | BUSINESS | ALTERNATIVE | ACTIVE | INACTIVE | CYP | EUR | alpha | el | en
        | FEMALE | MALE | OTHER | yes | no | true | false | URL | English | cp\d+ | utf-8
        | [a-z-]+\.(?:csv|xlsx?) | [A-Z]+(?:_[A-Z]+)+ | [0-9a-f-]{36}
    )\b | \S+@example\.com | E\.164 | \d+E\+\d+
    """,
    re.VERBOSE | re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]{2,}")
READ_BY_PEOPLE = ("aria-label", "title", "placeholder", "alt", "value", "data-label")
WITHOUT_END = {"input", "img", "br", "hr", "meta", "link", "source", "wbr", "col"}


class Page(HTMLParser):
    """What a person reads of a page, but for file names of samples, other names of columns and examples."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.links, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        silent = (
            tag in ("script", "style", "code") or given.get("translate") == "no" or given.get("lang") == "en"
        )
        silent |= bool(
            {"synonyms", "example", "material-symbols-outlined"} & set(given.get("class", "").split())
        )
        silent |= bool(self.open and self.open[-1][1])
        if tag not in WITHOUT_END:
            self.open.append((tag, silent))
        is_button = tag == "input" and given.get("type") in ("submit", "button")
        names = [name for name in READ_BY_PEOPLE if name != "value" or is_button]
        if not silent:
            self.texts += [given[name] for name in names if given.get(name)]
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])

    def handle_endtag(self, tag):
        while self.open and tag not in WITHOUT_END:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if not (self.open and self.open[-1][1]):
            self.texts.append(" ".join(data.split()))

    @property
    def english(self):
        return [text for text in self.texts if LATIN.search(ALLOWED.sub("", text))]


@pytest.fixture
def user():
    names = {"first_name": "Μαρία", "last_name": "Δείγμα"}
    return UserFactory(username="μαρία", email="maria@example.com", group="Business admin", **names)


@pytest.fixture
def visitor(user):
    client = Client(headers={"Accept-Language": "el"})
    client.force_login(user)
    return client


def walk(visitor, *paths):
    """{path: what is English on it} of these pages and of all within the same folders that they lead to."""
    folders = {path.split("/")[1] for path in paths}
    waiting, seen, english = list(paths), set(paths), {}
    while waiting:
        path = waiting.pop()
        answer = visitor.get(path, follow=True)
        if "text/html" not in answer.headers["Content-Type"]:
            continue
        assert answer.status_code == 200, path
        page = Page(answer.text)
        if page.english:
            english[path] = page.english
        for link in page.links:
            parts = urlsplit(link)
            new = parts.path if parts.path.startswith("/") else ""
            if new and not parts.netloc and new.split("/")[1] in folders and new not in seen:
                seen.add(new)
                waiting.append(new)
    return english


def test_the_pages_of_those_who_are_not_logged_in():
    visitor = Client(headers={"Accept-Language": "el"})
    addresses = ["/login/", reverse("admin_password_reset"), reverse("password_reset_done")]
    addresses += [reverse("password_reset_complete"), reverse("password_reset_confirm", args=["x", "y"])]
    for address in addresses:
        assert Page(visitor.get(address).text).english == [], address
    wrong = {"username": "μαρία", "password": "λάθος"}
    answers = [visitor.post("/login/", wrong) for _ in range(5)]
    assert answers[-1].status_code == 429
    assert [english for answer in answers if (english := Page(answer.text).english)] == []


def test_the_pages_that_say_that_something_is_wrong(visitor, user, rf):
    user.groups.clear()
    strict = Client(headers={"Accept-Language": "el"}, enforce_csrf_checks=True)
    answers = {
        404: visitor.get(reverse("imports:detail", args=[999])),
        403: visitor.get(reverse("admin:entities_contact_changelist")),
        "form": strict.post(reverse("set_language"), {"language": "en"}),
    }
    with override("el"):
        answers[500] = server_error(rf.get("/"))
    for what, answer in answers.items():
        assert Page(answer.content.decode()).english == [], what
        assert '<html lang="el">' in answer.content.decode()


def test_the_list_the_manual_and_an_empty_draft(visitor):
    assert walk(visitor, "/import-data/") == {}
    draft_of = visitor.post(reverse("imports:create"), {"entity_type": "contacts"})
    assert Page(visitor.get(draft_of.url).text).english == []
    assert Page(visitor.post(reverse("imports:create")).text).english == []
    assert Page(visitor.post(draft_of.url).text).english == []


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_the_steps_of_every_entity_type(importer, visitor, user):
    with override("el"):
        sample = reports.write_sample(importer, "csv")
        job = draft(importer.slug, sample, "δείγμα.csv", user)
    pages = [visitor.get(reverse(f"imports:{step}", args=[job.pk])) for step in ("upload", "mapping")]
    pages += [visitor.post(reverse("imports:mapping", args=[job.pk]), {"action": "next"})]
    for page in pages:
        held = {cell for column in importer.columns for cell in column.examples if cell}
        assert [text for text in Page(page.text).english if not any(cell in text for cell in held)] == []


def test_a_draft_with_everything_that_can_be_wrong(visitor, user):
    ContactFactory(code="Κ9", first_name="Ελένη", last_name="Παλιά")
    job = draft("contacts", file_of(*ROWS), "επαφές.csv", user, update=True, generate=True)
    check(job)
    assert (
        walk(visitor, *(reverse(f"imports:{step}", args=[job.pk]) for step in ("mapping", "preview"))) == {}
    )
    answer = visitor.post(reverse("imports:mapping", args=[job.pk]), {"header-0": "code", "header-1": "code"})
    assert Page(answer.text).english == []


def test_imports_in_every_state(visitor, user):
    ContactFactory(code="Κ9", first_name="Ελένη", last_name="Παλιά")
    import_of(user, *ROWS, generate=True)
    import_of(user, *ROWS, leave_out=None)
    undo_import(import_of(user, *FAULTLESS), user)
    waiting = draft("contacts", file_of(*ROWS), "αναμονή.csv", user)
    with override("el"):
        execution.start(waiting, user, start_key=waiting.start_key, queue=lambda run: None)
        cancelled = draft("contacts", file_of(*ROWS), "ακύρωση.csv", user)
        execution.start(cancelled, user, start_key=cancelled.start_key, queue=lambda run: None)
        execution.cancel(cancelled, user)
    tried = draft("contacts", file_of(*(f"Δ{n},Μαρία,Δείγμα,,,,,," for n in range(12))), "δοκιμή.csv", user)
    queue = []
    execution.start(tried, user, start_key=tried.start_key, first_rows=10, queue=queue.append)
    work(queue)
    assert {job.state for job in ImportJob.objects.all()} == {
        "completed",
        "failed",
        "cancelled",
        "in_progress",
    }
    assert walk(visitor, "/import-data/") == {}


def test_the_pages_of_the_records(visitor):
    ContactFactory(first_name="Μαρία", last_name="Δείγμα", code="Κ1", phone_country="", email="")
    CompanyFactory(company_name="Εταιρεία", code="Κ2")
    product = ProductFactory(code="Π1", name="Προϊόν", type__name="Τύπος")
    DeviceFactory(serial_number="Σ1", product=product)
    RewardSchemeCodeFactory(code="Κ1", scheme=RewardSchemeFactory(name="Πρόγραμμα"))
    assert walk(visitor, "/", "/entities/contact/") == {}


# Files and mails


def test_failed_rows_are_told_in_the_language_of_who_started_the_import(user):
    job = import_of(user, *ROWS)
    text = file_storage().open(job.failed_rows.name).read().decode("utf-8-sig")
    header, first = text.splitlines()[:2]
    assert header == f"{HEADER},Γραμμή (εισαγωγή {job.reference}),Αποτέλεσμα,Σφάλμα"
    assert first == (
        "Κ1,Μαρία,Δείγμα,,,Καλή,1984-03-09,,,2,Απορρίφθηκε: εσφαλμένο περιεχόμενο,"
        "Κατηγορία Επαφής: δεν υπάρχει κατηγορία επαφής «Καλή». Διορθώστε την τιμή ή επιλέξτε "
        "«Αυτόματη δημιουργία στοιχείων που λείπουν» στο βήμα της αντιστοίχισης δεδομένων."
    )


@pytest.mark.parametrize("language", ["en", "el"])
@pytest.mark.parametrize("starter", ["en", "el"])
def test_failed_rows_are_recognised_by_whoever_brings_them_back(starter, language, user):
    with override(starter):
        job = start(draft("contacts", file_of(*ROWS), "επαφές.csv", user), True, user)
    text = file_storage().open(job.failed_rows.name).read().decode("utf-8-sig")
    with override(language):
        found = find_correction([(1, text.splitlines()[0].split(","))])
    assert (found.number, found.code) == (job.pk, job.code)
    assert found.columns == (9, 10, 11)


def test_the_mail_is_in_the_language_of_who_started_the_import(user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = import_of(user, *ROWS)
    (message,) = mail.outbox
    assert message.subject == f"Η εισαγωγή {job.pk} ολοκληρώθηκε: δημιουργήθηκε 1, 5 γραμμές δεν εισήχθησαν"
    assert "Τύπος οντότητας: Επαφές" in message.body
    assert '<html lang="el">' in message.alternatives[0].content


def test_why_an_import_ended_is_said_to_each_reader_in_their_language(user):
    job = import_of(user, *ROWS, leave_out=None)
    job = ImportJob.objects.get(pk=job.pk)
    with override("en"):
        assert str(job.reason) == "Nothing was imported, because 4 rows have incorrect content."
    with override("el"):
        assert str(job.reason) == "Δεν εισήχθη τίποτα, επειδή 4 γραμμές έχουν εσφαλμένο περιεχόμενο."


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_a_greek_sample_is_mapped_by_its_own_names_in_either_language(importer, format, visitor, user):
    answer = visitor.get(reverse("imports:sample", args=[importer.slug, format]))
    content = answer.content
    for language in ("en", "el"):
        with override(language):
            job = draft(importer.slug, content, f"δείγμα.{format}", user)
        mapped = job.get_mapping().columns
        assert mapped == {column.key: index for index, column in enumerate(importer.columns)}


def test_greek_words_of_choices_are_understood_whatever_the_language(user):
    rows = "Κωδικός,Όνομα,Επώνυμο,Φύλο,Τύπος Επαφής", "Κ1,Μαρία,Δείγμα,Γυναίκα,Άτομο"
    assert check(draft("contacts", csv_bytes(*rows), user=user)).created == 1


def test_numbers_are_written_the_greek_way(visitor):
    assert "1.048.576 γραμμές" in visitor.get(reverse("imports:manual")).text
