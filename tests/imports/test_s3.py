"""The same import with its files in a bucket."""

import boto3
import pytest
from moto import mock_aws

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
