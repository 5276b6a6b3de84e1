"""The audit: who did what with imports, when and from where."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from imports import remembering
from imports.events import ImportEvent, WrittenOnce
from tests.imports.journeys import csv_bytes, draft, run_import, start
from tests.imports.test_monitoring import text_of

pytestmark = pytest.mark.django_db

CONTENT = csv_bytes("Contact Code,First Name,Last Name", "A1,Ann,Sample")


@pytest.fixture
def event(business_admin):
    job = run_import("contacts", CONTENT)
    job.log("looked at", business_admin)
    return ImportEvent.objects.last()


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: ImportEvent.objects.filter(pk=event.pk).delete(),
        lambda event: ImportEvent.objects.update(event="nothing"),
        lambda event: ImportEvent.objects.bulk_update([event], ["event"]),
        lambda event: event.job.events.all().delete(),
        lambda event: event.user and event.job.events.update_or_create(pk=event.pk, defaults={"event": "x"}),
    ],
)
def test_nobody_changes_what_is_written(event, change):
    with pytest.raises(WrittenOnce):
        change(event)
    assert ImportEvent.objects.get(pk=event.pk).event == "looked at"


def test_events_outlive_import_and_account(event):
    event.user.delete()
    event.job.runs.all().delete()
    event.job.delete()
    left = ImportEvent.objects.get(pk=event.pk)
    assert (left.event, left.user, left.job) == ("looked at", None, None)


def test_the_page_of_an_import_tells_who_from_where(client, business_admin, support):
    job = draft("contacts", CONTENT, user=business_admin)
    client.force_login(business_admin)
    client.get(reverse("imports:preview", args=[job.pk]), REMOTE_ADDR="192.0.2.7")
    client.post(reverse("imports:upload", args=[job.pk]), {"file": upload(CONTENT)}, REMOTE_ADDR="192.0.2.7")
    job = run_import("contacts", CONTENT)
    client.get(reverse("imports:results", args=[job.pk]), REMOTE_ADDR="2001:db8::7")
    told = text_of(client.get(job.get_absolute_url()))
    assert "Results downloaded by business from 2001:db8::7" in told
    assert "Started (command line)" in told
    client.force_login(support)
    assert "2001:db8::7" not in text_of(client.get(job.get_absolute_url()))
    assert ImportEvent.objects.get(event="uploaded").address == "192.0.2.7"


def upload(content):
    return SimpleUploadedFile("contacts.csv", content)


def events():
    return [(event.event, event.details) for event in ImportEvent.objects.all()]


def test_refused_uploads_are_told(business_admin, support):
    """The check against forgery is what reads the files of those who may not send any."""
    client, job = Client(enforce_csrf_checks=True), draft("contacts", CONTENT, user=business_admin)
    address = reverse("imports:upload", args=[job.pk])
    client.force_login(business_admin)
    token = client.get(address).context["csrf_token"]
    client.post(address, {"file": upload(b"First Name"), "csrfmiddlewaretoken": str(token)})
    client.force_login(support)
    client.post(address, {"file": upload(CONTENT)})
    client.logout()
    client.post(address, {"file": upload(CONTENT)})
    refused = ImportEvent.objects.filter(event="upload refused")
    assert [(event.user, event.job) for event in refused] == [(business_admin, job), (support, None)]
    assert refused[1].details == {"path": address, "reason": "not expected here"}


def test_deleted_drafts_and_changed_mappings_are_told(client, business_admin):
    job = draft("contacts", CONTENT, user=business_admin)
    remembering.save_as(job, "Monthly", shared=False)
    client.force_login(business_admin)
    mapping = job.remembered_id
    shared = {f"{mapping}-name": "Monthly", f"{mapping}-shared": "on"}
    client.post(reverse("imports:change-mapping", args=[mapping]), shared)
    client.post(reverse("imports:delete-mapping", args=[mapping]))
    client.post(reverse("imports:delete-draft", args=[job.pk]))
    named = {"name": "Monthly", "entity_type": "contacts"}
    assert events() == [
        ("mapping saved", {"name": "Monthly", "shared": False}),
        ("mapping changed", named | {"shared": True}),
        ("mapping deleted", named | {"shared": True}),
        ("draft deleted", {"draft": job.pk, "file": "file.csv", "sha256": job.sha256}),
    ]


def test_an_import_from_the_command_line_says_so(tmp_path):
    path = tmp_path / "contacts.csv"
    path.write_bytes(CONTENT)
    call_command("import_data", "contacts", path)
    assert ImportEvent.objects.get(event="started").details["from_command_line"] is True


def test_no_texts_of_the_file_are_in_the_audit():
    job = draft("contacts", CONTENT)
    job.mapping["values"] = {"first_name": {"Ann": "Anna"}}
    job.save()
    start(job)
    assert not [details for _, details in events() if "Ann" in repr(details)]


def test_the_history_of_all_imports_is_a_page_to_look_at(client, business_admin, support):
    ImportEvent.objects.create(event="upload refused", user=support)
    address = reverse("admin:imports_importevent_changelist")
    client.force_login(business_admin)
    assert "upload refused" in text_of(client.get(address))
    client.force_login(support)
    assert client.get(address).status_code == 403
