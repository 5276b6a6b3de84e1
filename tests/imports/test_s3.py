"""The same import with its files in a bucket."""

import boto3
import pytest
from django.core.files.base import ContentFile
from moto import mock_aws

from entities.models import Contact
from imports import drafts, erasing, first_look, retention
from imports.importers import importer_for
from imports.models import file_storage
from tests.imports.journeys import csv_bytes, run_import

pytestmark = pytest.mark.django_db

BUCKET = "imports"


@pytest.fixture
def bucket(settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    options = {"bucket_name": BUCKET, "region_name": "us-east-1", "file_overwrite": False}
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
        }
        yield lambda: {item["Key"] for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def test_upload_parts_and_failed_rows_are_in_the_bucket_and_go_together(bucket):
    content = csv_bytes(
        "Contact Code,First Name,Last Name,Contact Email", "A1,Ann,Sample,", "A2,Bob,Sample,none"
    )
    job = run_import("contacts", content)
    assert (job.state, job.created, job.rejected) == ("completed", 1, 1)
    assert bucket() == set(job.stored_names)
    assert len(job.stored_names) == 3
    with file_storage().open(job.failed_rows.name) as file:
        assert b"A2,Bob,Sample,none" in file.read()
    job.delete_files()
    assert bucket() == set()


def test_what_no_import_knows_and_deleted_people_go_from_the_bucket_too(bucket):
    job = run_import("contacts", csv_bytes("Contact Code,First Name,Last Name", "A1,Zinnia,Sample"))
    file_storage().save("imports/odd/parts/1/00000.jsonl", ContentFile(b"Zinnia"))
    Contact.objects.get().delete()
    assert erasing.erase() == 1
    assert retention.remove_orphans(older_than_days=0) == 1
    job.refresh_from_db()
    assert bucket() == set(job.stored_names)
    for name in job.stored_names:
        with file_storage().open(name) as file:
            assert b"Zinnia" not in file.read()


def test_of_a_long_file_only_the_beginning_is_brought_from_the_bucket(bucket, business_admin, monkeypatch):
    job = drafts.create(business_admin, importer_for("contacts"))
    drafts.keep_file(job, ContentFile(csv_bytes("Code,Name", "C1,Zinnia", "C2,Ann")), "contacts.csv")
    assert first_look.head_of_file(job) == [(1, ["Code", "Name"]), (2, ["C1", "Zinnia"]), (3, ["C2", "Ann"])]
    monkeypatch.setattr(first_look, "BYTES", 5)
    with first_look.beginning(job.file) as path, open(path, "rb") as file:
        assert file.read() == b"Code,"
