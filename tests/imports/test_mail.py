import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from imports import reports
from imports.models import ImportJob
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def ended(state=ImportJob.State.COMPLETED, **values):
    at = timezone.datetime(2026, 3, 4, 10, 20, 30, tzinfo=timezone.get_default_timezone())
    defaults = {
        "code": "K7Q2",
        "entity_type": "contacts",
        "file_name": "contacts.csv",
        "created_by": UserFactory(username="maria"),
        "started_at": at,
        "finished_at": at.replace(minute=25),
        "mail_due": at,
    }
    return ImportJob.objects.create(state=state, **defaults | values)


def subject_of(**values):
    job = ended(**values)
    reports.send_mail(job.pk)
    return mail.outbox[0].subject.replace(f"Import {job.pk} ", "")


def test_a_completed_import_tells_what_it_wrote_and_left_out():
    assert subject_of(rows=948, created=940, rejected=8) == "completed: 940 created, 8 rows not imported"


def test_updates_are_told_beside_what_was_created():
    assert subject_of(rows=3001, created=1, updated=3000) == "completed: 1 created, 3,000 updated"


def test_an_import_that_changed_nothing_says_so():
    assert subject_of(rows=5, unchanged=5) == "completed: 5 unchanged"


def test_a_failed_import_says_that_nothing_was_imported():
    values = {"state": "failed", "rows": 10, "rejected": 1, "not_reached": 9}
    assert subject_of(**values) == "failed: nothing was imported, 1 row with problems"


def test_a_stopped_import_says_how_far_it_came():
    values = {"state": "cancelled", "rows": 80_000, "created": 42_000, "not_reached": 38_000}
    assert subject_of(**values) == "cancelled: 42,000 created, 38,000 rows not reached"


def test_the_body_has_file_type_starter_times_counts_reason_and_links(settings):
    settings.SITE_URL = "https://crm.example.com"
    job = ended(rows=10, created=8, rejected=2, reason="Because of this.")
    reports.send_mail(job.pk)
    message = mail.outbox[0]
    assert message.to == ["maria@example.com"]
    for body in (message.body, message.alternatives[0].content):
        for text in (
            "contacts.csv",
            "Contacts",
            "maria",
            "4 March 2026, 10:20",
            "4 March 2026, 10:25",
            "Because of this.",
            f"https://crm.example.com{job.get_absolute_url()}",
            "https://crm.example.com/import-data/manual/",
        ):
            assert text in body
    assert "Created: 8\nNot imported: 2" in message.body


def test_the_html_escapes_what_people_named():
    job = ended(file_name="<b>&.csv")
    reports.send_mail(job.pk)
    assert "<b>&.csv" in mail.outbox[0].body
    assert "&lt;b&gt;&amp;.csv" in mail.outbox[0].alternatives[0].content


def test_it_is_sent_once():
    job = ended()
    reports.send_mail(job.pk)
    reports.send_mail(job.pk)
    assert len(mail.outbox) == 1


def test_nothing_is_sent_while_nothing_is_pending():
    reports.send_mail(ended(mail_due=None).pk)
    assert mail.outbox == []


def test_nothing_is_sent_without_an_address():
    job = ended(created_by=UserFactory(email=""))
    reports.send_mail(job.pk)
    job.refresh_from_db()
    assert mail.outbox == []
    assert job.mail_due is None


def test_nothing_is_sent_when_the_starter_is_gone():
    reports.send_mail(ended(created_by=None).pk)
    assert mail.outbox == []


class RefusingBackend(BaseEmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("later")


def test_a_refused_mail_is_sent_later_and_keeps_its_message_id(settings):
    job = ended()
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    reports.send_mail(job.pk)
    job.refresh_from_db()
    assert job.mail_due > timezone.now()
    settings.EMAIL_BACKEND = backend
    reports.send_mail(job.pk)
    assert mail.outbox == [], "it is not due yet"
    ImportJob.objects.update(mail_due=timezone.now() - reports.MAIL_AGAIN_AFTER)
    reports.send_mail(job.pk)
    job.refresh_from_db()
    assert job.mail_due is None
    expected = f"<import-{job.pk}-K7Q2-completed-20260304102530000000@127.0.0.1>"
    assert mail.outbox[0].extra_headers["Message-ID"] == expected


def test_a_second_end_has_another_message_id():
    job = ended(state="cancelled")
    first = reports.message_id(job)
    job.finished_at = job.finished_at.replace(hour=11)
    assert reports.message_id(job) != first
