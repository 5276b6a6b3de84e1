"""An entity type that another app brings: it registers itself, and everything else follows."""

import pytest
from django.urls import reverse

from entities.models import Brand
from imports.fields import Text
from imports.importers import Column, Importer, register, unregister
from imports.reports import write_sample
from tests.imports.journeys import csv_bytes, problems, run_import

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def brands():
    @register
    class Brands(Importer):
        slug = "brands"
        title = "Brands of things"
        purpose = "A type that this test brings along."
        order = 50
        model = Brand
        key = "name"
        columns = (
            Column("Brand", Text(), "name", ("Acme", "Ajax", "Apex"), required=True, unique="name_key"),
        )

    yield
    unregister("brands")


def test_it_imports_checks_and_refuses_like_the_others():
    job = run_import("brands", csv_bytes("Brand,Notes", "Acme,x", "Ajax,y", "acme,z", ",w"), leave_out=True)
    assert (job.state, job.created, job.rejected) == ("completed", 2, 2)
    assert problems(job) == [(4, "twice_in_file", "Brand"), (5, "missing", "Brand")]
    assert sorted(Brand.objects.values_list("name", flat=True)) == ["Acme", "Ajax"]


@pytest.mark.parametrize("format", ["csv", "xls", "xlsx"])
def test_its_own_sample_file_imports(format):
    from imports.importers import importer_for

    job = run_import("brands", write_sample(importer_for("brands"), format), f"brands.{format}")
    assert (job.state, job.created) == ("completed", 3)


def test_it_is_offered_by_the_wizard_and_explained_by_the_manual(client, superuser):
    client.force_login(superuser)
    assert "Brands of things" in client.get(reverse("imports:create")).content.decode()
    assert 'id="brands"' in client.get(reverse("imports:manual")).content.decode()
