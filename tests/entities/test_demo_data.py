import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command

from entities import models
from imports import drafts, execution
from imports.importers import importers
from imports.worker import Worker
from imports.writers import WRITERS
from tests.factories import SuperuserFactory

FILES = settings.BASE_DIR / "fixtures" / "demo"


def load():
    call_command("load_demo_data", verbosity=0)


@pytest.mark.django_db
def test_there_is_something_of_every_kind():
    load()
    counts = {model.__name__: model.objects.count() for model in vars(models).values() if is_record(model)}
    assert min(counts.values()) >= 2
    assert set(models.ProductType.objects.values_list("classification", flat=True)) == set(
        models.ProductType.Classification.values
    )
    assert set(models.RewardScheme.objects.values_list("sign_up", "closed_loop_method")) == {
        ("AUTO_SIGN_UP", ""),
        ("SELF_SIGN_UP", ""),
        ("CLOSED_LOOP", "EMAIL_DOMAIN"),
        ("CLOSED_LOOP", "CODE"),
    }


def is_record(value):
    return isinstance(value, type) and issubclass(value, models.Record) and not value._meta.abstract


@pytest.mark.django_db
def test_loading_again_adds_nothing_and_keeps_what_was_changed(capsys):
    load()
    models.Product.objects.filter(code="DEC-4K").update(name="Renamed")
    models.ContactClassification.objects.filter(name="VIP").update(name="vip")
    load()
    assert models.Product.objects.filter(name="Renamed").count() == 1
    assert models.ContactClassification.objects.count() == 3
    assert capsys.readouterr().out.splitlines()[-1] == "The demo records are there already."


@pytest.mark.django_db
def test_what_the_manual_refers_to_is_there():
    load()
    assert models.Product.objects.get(code="DEC-4K").type.classification == "TRACEABLE_PHYSICAL_GOOD"
    assert models.RewardScheme.objects.get(name="Student Club").closed_loop_method == "CODE"
    assert models.Organisation.objects.filter(pk="ed5cbf9a-03cd-0552-8163-23ba185a84e6").exists()


def run(importer, file_format, leave_out):
    name = f"{importer.slug}.{file_format}"
    job = drafts.create(SuperuserFactory(), importer)
    drafts.keep_file(job, ContentFile((FILES / name).read_bytes(), name=name), name)
    drafts.read(job, in_request=False)
    queue = []
    execution.start(job, job.created_by, start_key=job.start_key, leave_out=leave_out, queue=queue.append)
    while queue:
        Worker(queue=queue.append, slice_seconds=float("inf")).work(queue.pop().pk)
    job.refresh_from_db()
    return job


CREATED = {"contacts": (5, 4), "products": (5, 3), "devices": (4, 3), "reward-scheme-codes": (4, 3)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file_format", WRITERS)
@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_a_demo_file_has_good_badly_formatted_and_incomplete_rows(importer, file_format):
    load()
    good, bad = CREATED[importer.slug]
    before = importer.model.objects.count()
    refused = run(importer, file_format, leave_out=False)
    assert (refused.state, refused.reason) == (
        "failed",
        "Nothing was imported, because 1 row has incorrect content.",
    )
    assert importer.model.objects.count() == before
    job = run(importer, file_format, leave_out=True)
    assert (job.state, job.created, job.rejected) == ("completed", good, bad)
    kinds = {cause["kind"] for cause in job.deciding_run().problems}
    assert kinds == {"format", "content"}
