"""Stored files that somebody else removed, as after a backup without them: pages say so and lead on."""

import pytest
from django.urls import reverse

from imports.models import file_storage
from tests.imports.journeys import check, csv_bytes, draft, run_import

pytestmark = pytest.mark.django_db

CONTENT = csv_bytes("Contact Code,First Name,Last Name,Contact Email", "A1,Ann,Sample,", "A2,Bob,Sample,none")


def lose(names):
    for name in names:
        file_storage().delete(name)


@pytest.fixture
def prepared(client, business_admin):
    client.force_login(business_admin)
    job = draft("contacts", CONTENT, user=business_admin)
    check(job)
    return job


def page_of(client, name, job):
    answer = client.get(reverse(f"imports:{name}", args=[job.pk]), follow=True)
    assert answer.status_code == 200
    return answer.resolver_match.view_name, answer.content.decode()


@pytest.mark.parametrize("name", ["mapping", "preview", "preview-check", "correct-rows", "doubles"])
def test_a_draft_whose_file_is_gone_asks_for_it_again(client, prepared, name):
    lose(prepared.stored_names)
    page, text = page_of(client, name, prepared)
    assert page == "imports:upload"
    assert "The file of this draft is no longer stored. Upload it again." in text


def test_a_draft_whose_rows_are_gone_is_read_again(client, prepared):
    lose(part["name"] for part in prepared.reading["parts"])
    page, text = page_of(client, "preview", prepared)
    assert page == "imports:mapping"
    assert "so it was read again" in text
    assert page_of(client, "preview", prepared)[0] == "imports:preview"


@pytest.mark.parametrize("name", ["failed-rows/", "failed-rows/?as=xlsx", "results/"])
def test_a_download_that_is_gone_leads_back_to_its_import(client, business_admin, name):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    lose(job.stored_names)
    answer = client.get(job.get_absolute_url() + name, follow=True)
    assert (answer.status_code, answer.resolver_match.view_name) == (200, "imports:detail")
    assert "The file is no longer stored." in answer.content.decode()


@pytest.mark.parametrize("name", ["", "rows/3/", "undo/"])
def test_the_pages_of_an_import_whose_files_are_gone_are_shown(client, business_admin, name):
    client.force_login(business_admin)
    job = run_import("contacts", CONTENT, leave_out=True)
    lose(job.stored_names)
    assert client.get(job.get_absolute_url() + name).status_code == 200
