"""The page of a file that a worker reads, in a real browser."""

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from imports import drafts, execution
from imports.importers import importer_for
from tests.browser.barriers import barriers

pytestmark = [pytest.mark.browser]
WIDE = [",".join(f"{kind} {number}" for number in range(30)) for kind in ("Column", "Value")]


@pytest.fixture
def page(open_page, user):
    job = drafts.create(user, importer_for("contacts"))
    drafts.keep_file(job, ContentFile("\n".join(WIDE).encode()), "contacts.csv")
    execution.begin_reading(job, lambda run: None)
    return open_page(f"/import-data/{job.pk}/mapping/")


def test_it_has_no_barrier_and_only_its_rows_scroll_sideways(page):
    table = page.get_by_role("region", name="The first rows, as they are in the file").get_by_role("table")
    expect(table.get_by_role("row").nth(1)).to_contain_text("Value 29")
    assert barriers(page) == []


def test_what_is_refreshed_is_the_sentence_beside_the_bar_and_the_rows(page):
    bar, rows = page.locator(".bar"), page.get_by_role("table")
    for kept in (bar, rows):
        kept.evaluate("element => element.dataset.kept = 'yes'")
    before = page.locator("#reading").element_handle()
    page.wait_for_function("before => !before.isConnected", arg=before)
    for kept in (bar, rows):
        expect(kept).to_have_attribute("data-kept", "yes")
