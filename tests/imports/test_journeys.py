"""Each entity type in each format through the pages: some good rows, some badly formatted, one with
missing data, under both answers."""

from pathlib import Path

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from imports.importers import importer_for
from imports.models import ImportJob, ImportRun
from imports.worker import Worker
from tests.imports.test_monitoring import text_of
from tests.pages import form_values

pytestmark = pytest.mark.django_db(transaction=True)

DEMO = Path(__file__).resolve().parent.parent.parent / "fixtures" / "demo"
GOOD_ROWS = {"contacts": 5, "devices": 4, "products": 5, "reward-scheme-codes": 4}
BAD_ROWS = {"contacts": 3, "devices": 2, "products": 2, "reward-scheme-codes": 2}
MISSING_DATA = 1


@pytest.fixture
def visitor(transactional_db, client, business_admin):
    call_command("load_demo_data", verbosity=0)
    client.force_login(business_admin)
    return client


def work_queue():
    while run := ImportRun.objects.filter(state="waiting").first():
        Worker().work(run.pk)


def upload(visitor, slug, name, content, then="mapping"):
    visitor.post(reverse("imports:create"), {"entity_type": slug})
    job = ImportJob.objects.order_by("-pk").first()
    answer = visitor.post(
        reverse("imports:upload", args=[job.pk]), {"file": SimpleUploadedFile(name, content)}
    )
    assert answer.url == reverse(f"imports:{then}", args=[job.pk])
    return job


def map_and_start(visitor, job, leave_out="", **options):
    mapping = reverse("imports:mapping", args=[job.pk])
    values = form_values(visitor.get(mapping).content.decode(), "data-mapping") | options
    answer = visitor.post(mapping, values)
    preview = reverse("imports:preview", args=[job.pk])
    assert answer.status_code == 302, answer.content.decode()
    assert answer.url == preview
    return start(visitor, job, leave_out)


def start(visitor, job, leave_out=""):
    preview = reverse("imports:preview", args=[job.pk])
    visitor.get(preview)
    work_queue()
    start = reverse("imports:start", args=[job.pk])
    values = form_values(visitor.get(preview).content.decode(), start) | {"leave_out": leave_out}
    assert visitor.post(start, values).url == job.get_absolute_url()
    work_queue()
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("format", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("slug", GOOD_ROWS)
def test_the_journey_of_a_file_under_both_answers(visitor, slug, format):
    model, name = importer_for(slug).model, f"{slug}.{format}"
    content = (DEMO / name).read_bytes()
    before = model.objects.count()
    rejected = BAD_ROWS[slug] + MISSING_DATA
    options = {"generate": "on"} if importer_for(slug).look_ups else {}

    job = map_and_start(visitor, upload(visitor, slug, name, content), "no", **options)
    assert (job.state, job.created, job.rejected, job.not_reached) == ("failed", 0, rejected, GOOD_ROWS[slug])
    assert job.reason == "Nothing was imported, because 1 row has incorrect content."
    assert model.objects.count() == before

    again = upload(visitor, slug, name, content, then="preview")  # its headers are known by now
    job = map_and_start(visitor, again, "yes", **options)
    assert (job.state, job.created, job.rejected, job.not_reached) == (
        "completed",
        GOOD_ROWS[slug],
        rejected,
        0,
    )
    assert model.objects.count() == before + GOOD_ROWS[slug]
    assert [message.subject.split(":")[0] for message in mail.outbox] == [
        f"Import {job.pk - 1} failed",
        f"Import {job.pk} completed",
    ]

    answer = visitor.get(reverse("imports:failed-rows", args=[job.pk]))
    assert f'filename="{slug} - failed rows.{format}"' in answer["Content-Disposition"]
    content = b"".join(answer.streaming_content)
    corrected = upload(visitor, slug, f"{slug} - failed rows.{format}", content, then="preview")
    corrected.refresh_from_db()
    assert (corrected.repairs, corrected.mapping, corrected.options["generate"]) == (
        job,
        job.mapping,
        job.options["generate"],
    )
    again = start(visitor, corrected, "yes")
    assert (again.state, again.rows, again.rejected) == ("failed", rejected, rejected)
    assert f"Of its {rejected} failed rows none was imported since;" in text_of(
        visitor.get(job.get_absolute_url())
    )
