import errno
import hashlib
import os
import tempfile
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.urls import reverse

from imports import drafts, uploads
from imports.importers import importer_for
from imports.models import ImportEvent, ImportJob, ImportRun
from imports.uploads import ImportUploadHandler

pytestmark = pytest.mark.django_db
CONTENT = b"First Name,Last Name\nMaria,Sample\n"


@pytest.fixture
def temporary_files(settings, tmp_path):
    """The folder for uploads on their way, and every byte that is written to it."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    return folder


@pytest.fixture
def written(monkeypatch):
    """The sizes of the chunks that reach a file."""
    sizes = []
    receive = ImportUploadHandler.__mro__[1].receive_data_chunk

    def count(handler, raw_data, start):
        sizes.append(len(raw_data))
        return receive(handler, raw_data, start)

    monkeypatch.setattr(ImportUploadHandler.__mro__[1], "receive_data_chunk", count)
    return sizes


@pytest.fixture
def draft(business_admin):
    return drafts.create(business_admin, importer_for("contacts"))


def send(client, address, content=CONTENT, **headers):
    data = {"file": SimpleUploadedFile("contacts.csv", content)}
    return client.post(address, data, headers={"Accept": "application/json", **headers})


def address(draft):
    return reverse("imports:upload", args=[draft.pk])


def test_the_owner_of_a_draft_may_upload_to_it(client, business_admin, draft, written):
    client.force_login(business_admin)
    assert send(client, address(draft)).json() == {"next": reverse("imports:mapping", args=[draft.pk])}
    assert sum(written) == len(CONTENT)
    draft.refresh_from_db()
    assert draft.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_no_byte_of_an_anonymous_upload_lands(client, draft, written):
    assert send(client, address(draft)).status_code == 302
    assert written == []


@pytest.mark.parametrize("who", ["support", "staff", "superuser"])
def test_no_byte_of_a_strangers_upload_lands(client, request, who, draft, written):
    client.force_login(request.getfixturevalue(who))
    assert send(client, address(draft)).status_code == 404
    assert written == []


def test_no_byte_lands_at_another_page(client, business_admin, draft, written):
    client.force_login(business_admin)
    for name in ("mapping", "start", "delete-draft"):
        send(client, reverse(f"imports:{name}", args=[draft.pk]))
    send(client, reverse("imports:create"))
    send(client, reverse("admin:login"))
    assert written == []


def test_no_byte_lands_before_the_forgery_check(business_admin, draft, written):
    client = Client(enforce_csrf_checks=True)
    assert send(client, address(draft)).status_code == 403
    assert written == []


def test_no_byte_lands_in_an_import_that_is_started(client, business_admin, draft, written):
    ImportJob.objects.filter(pk=draft.pk).update(state=ImportJob.State.IN_PROGRESS)
    client.force_login(business_admin)
    send(client, address(draft))
    assert written == []


def test_an_upload_ends_at_the_limit(client, business_admin, draft, settings, written, temporary_files):
    settings.IMPORT_MAX_UPLOAD_BYTES = 100_000
    client.force_login(business_admin)
    answer = send(client, address(draft), b"x" * 500_000)
    assert answer.status_code == 422
    assert "larger than 97.7 KB" in answer.json()["problem"]
    assert sum(written) <= 100_000
    assert list(temporary_files.iterdir()) == []


def test_an_upload_that_announces_too_much_is_refused_at_once(
    client, business_admin, draft, settings, written
):
    settings.IMPORT_MAX_UPLOAD_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(business_admin)
    assert "larger than 1000 bytes" in send(client, address(draft), b"x" * 3000).json()["problem"]
    assert written == []


def test_a_full_disk_has_a_sentence_of_its_own(client, business_admin, draft, monkeypatch, temporary_files):
    def refuse(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ImportUploadHandler.__mro__[1], "receive_data_chunk", refuse)
    client.force_login(business_admin)
    assert "server's disk is full" in send(client, address(draft)).json()["problem"]
    assert list(temporary_files.iterdir()) == []


def test_a_disk_without_room_for_it_refuses_an_upload_at_once(
    client, business_admin, draft, monkeypatch, written
):
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    client.force_login(business_admin)
    assert "server's disk is full" in send(client, address(draft)).json()["problem"]
    assert written == []


def test_the_hundred_and_first_upload_within_an_hour_has_to_wait(client, business_admin, draft, written):
    ImportEvent.objects.bulk_create(
        ImportEvent(job=draft, user=business_admin, event=uploads.UPLOADED) for _ in range(100)
    )
    client.force_login(business_admin)
    assert "100 files within an hour" in send(client, address(draft)).json()["problem"]
    assert written == []


def test_no_more_than_three_files_of_a_person_are_read_at_once(client, business_admin, draft):
    for _ in range(3):
        ImportRun.objects.create(job=draft, kind=ImportRun.Kind.READ)
    client.force_login(business_admin)
    assert "3 of your files are being read now" in send(client, address(draft)).json()["problem"]


def test_the_temporary_file_is_its_owners_alone():
    with TemporaryUploadedFile("a.csv", "text/csv", 0, None) as file:
        assert file.temporary_file_path().startswith(tempfile.gettempdir())
        assert os.stat(file.temporary_file_path()).st_mode & 0o777 == 0o600


def test_a_kept_file_is_its_owners_alone(client, business_admin, draft):
    client.force_login(business_admin)
    send(client, address(draft))
    draft.refresh_from_db()
    assert os.stat(draft.file.path).st_mode & 0o777 == 0o600
