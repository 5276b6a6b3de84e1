"""What somebody sees of a file that takes too long to be read while they wait."""

import pytest
from django.core.files.base import ContentFile

from imports import drafts, execution
from imports.first_look import head_of_file
from imports.models import ImportRun, file_storage
from imports.parts import TimeIsUp
from imports.readers_encoding import BLOCK, guess_encoding
from tests.imports.test_joining import YEAR, xls, xlsx
from tests.imports.test_wizard import (
    LINES,
    admin,  # noqa: F401 fixture
    mapped_draft,
    new_draft,
    post_mapping,
    text_of,
    upload,
    url,
    work,
)

pytestmark = pytest.mark.django_db
MANY = "\n".join(["Code,Name", *(f"C{number},Name {number}" for number in range(2, 60))])


@pytest.fixture
def long_files(monkeypatch):
    """A machine so slow that every file takes longer than a request may."""
    monkeypatch.setattr(drafts, "BYTES_PER_SECOND", 0)
    monkeypatch.setattr(drafts, "PACKED_BYTES_PER_SECOND", 0)


@pytest.fixture
def see(admin, business_admin, long_files):  # noqa: F811
    """A function that uploads a file and gives the page that comes next."""

    def uploaded(content, name="contacts.csv"):
        job = new_draft(business_admin)
        return admin.get(upload(admin, job, content, name).url)

    return uploaded


def latest():
    return ImportRun.objects.latest("pk").job


def test_the_first_rows_of_a_long_file_are_there_before_it_is_read(see):
    words = text_of(see(MANY.encode()))
    assert "Reading contacts.csv" in words
    assert "The first rows, as they are in the file 1 Code Name 2 C2 Name 2" in words
    assert "20 C20 Name 20" in words
    assert "C21" not in words
    assert latest().reading == {}


def test_when_it_is_read_the_mapping_follows(see, admin):  # noqa: F811
    see(MANY.encode())
    work()
    assert admin.get(f"{url('mapping', latest())}?reading").url == url("mapping", latest())
    assert "The first rows, as they are" not in text_of(admin.get(url("mapping", latest())))


def test_a_workbook_shows_the_rows_of_its_first_sheet_with_cells(see):
    words = text_of(see(xlsx({"Blank": [], **YEAR}), "year.xlsx"))
    assert "1 Contact Code First Name Last Name 2 C1 Maria Sample 3 C2 Anna Sample" in words
    assert "C3" not in words


def test_of_a_workbook_that_must_be_read_whole_it_only_says_that_it_is_read(see):
    words = text_of(see(xls(YEAR), "year.xls"))
    assert "Reading year.xls" in words
    assert "The first rows, as they are" not in words


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7", "The file is a PDF document."),
        (xlsx(YEAR)[:-100], "The file ends too early"),
    ],
)
def test_what_is_wrong_with_a_long_file_is_said_at_the_upload(see, admin, content, sentence):  # noqa: F811
    assert "The first rows, as they are" not in text_of(see(content))
    work()
    assert sentence in text_of(admin.get(url("mapping", latest()), follow=True))


def test_rows_before_the_one_that_is_wrong_are_shown(see):
    assert "2 C1 Maria" in text_of(see(b'Code,Name\nC1,Maria\nC2,"Ann\nC3,Zoe\n'))


def test_characters_beyond_the_latin_ones_are_readable(see):
    greek = "Κωδικός;Όνομα\n" + "".join(f"Κ{number};Μαρία Παπαδοπούλου\n" for number in range(50))
    for encoding in ("utf-8", "utf-16", "windows-1253"):
        assert "2 Κ0 Μαρία Παπαδοπούλου" in text_of(see(greek.encode(encoding)))


def test_a_letter_that_is_cut_where_the_first_bytes_end_hinders_nothing(tmp_path):
    path = tmp_path / "contacts.csv"
    path.write_text("x" * (BLOCK - 1) + "Ά")
    assert guess_encoding(path, blocks=1) == "utf-8"


def test_what_is_in_a_cell_is_text_and_a_long_one_is_cut(see):
    page = see(f"Code,Name,Notes\nC1,<b>Maria</b>\nC2,Ann,{'n' * 80}\n".encode()).content.decode()
    assert "<td>&lt;b&gt;Maria&lt;/b&gt;</td><td></td></tr>" in page
    assert f"<td>{'n' * 29}…</td>" in page


def test_the_refresh_of_the_progress_does_not_read_them_again(see, admin):  # noqa: F811
    see(MANY.encode())
    words = text_of(admin.get(f"{url('mapping', latest())}?reading"))
    assert "Reading contacts.csv" in words
    assert "C2" not in words


def test_nothing_of_them_is_kept(see):
    see(MANY.encode())
    job = latest()
    assert (job.runs.get().summary, job.reading) == ({"how": {}}, {})
    assert file_storage().listdir(f"imports/{job.folder}") == ([], ["source"])


def test_a_long_file_is_read_anew_as_was_chosen(admin, business_admin, monkeypatch):  # noqa: F811
    job = mapped_draft(business_admin, *(line.replace(",", ";", 1) for line in LINES))
    monkeypatch.setattr(drafts, "BYTES_PER_SECOND", 0)
    page = admin.get(post_mapping(admin, job, "apply", delimiter=";").url)
    words = text_of(page)
    assert "Reading contacts.csv" in words
    assert "was read again" not in words
    assert "<td>First Name,Last Name,E-mail</td>" in page.content.decode()


def test_another_sheet_shows_its_own_rows(see):
    see(xlsx(YEAR), "year.xlsx")
    assert head_of_file(latest(), sheet="Notes") == [(1, ["Prices are without tax"])]


def test_rows_that_a_worker_brings_have_no_file_yet(admin, business_admin):  # noqa: F811
    job = new_draft(business_admin)
    execution.begin_reading(job, lambda run: None, rows="left")
    page = admin.get(url("mapping", job))
    assert page.status_code == 200
    assert "The first rows, as they are" not in text_of(page)


@pytest.mark.parametrize(("name", "size"), [("contacts.csv", 18_000_000), ("Contacts.XLSX", 4_500_000)])
def test_a_request_does_not_begin_what_it_would_not_end(business_admin, settings, name, size):
    settings.IMPORT_READ_IN_REQUEST_SECONDS = 3
    job = new_draft(business_admin)
    drafts.keep_file(job, ContentFile(MANY.encode()), name)
    job.file_size = size
    assert not drafts.takes_long(job)
    job.file_size += 1
    with pytest.raises(TimeIsUp):
        drafts.read(job, in_request=True)
