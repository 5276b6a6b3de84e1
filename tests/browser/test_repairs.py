"""Failed rows on their way out and back in a real browser, against the whole product."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_wizard import browser, choose_contacts, examine, next_step, open_page

__all__ = ["browser", "open_page"]  # the fixtures
pytestmark = [pytest.mark.browser, pytest.mark.cluster]
CONTACTS = (
    "Contact Code,First Name,Last Name,Contact Email\n"
    "{0}-1,Ann,Sample,ann@example.com\n"
    "{0}-2,Bob,,bob@example.com\n"
    "{0}-3,Carl,Jones,nowhere\n"
)
PATIENCE = 60_000


def failed_import(page, folder):
    """The page of an import in which nothing was written, because of row 3."""
    path = folder / "contacts.csv"
    path.write_text(CONTACTS.format(f"R-{folder.name}"))
    choose_contacts(page)
    page.set_input_files("#id_file", path)
    page.wait_for_url(re.compile("/(mapping|preview)/"))
    if "/mapping/" in page.url:  # headers that are known lead to the preview at once
        next_step(page)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Start Import").click()
    verdict = page.get_by_role("heading", name="Nothing was imported, because 1 row has incorrect content.")
    expect(verdict).to_be_visible(timeout=PATIENCE)
    return page.url


def corrected(page, folder):
    """The failed-rows file as it was downloaded, with both rows corrected."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download failed rows (.csv)").click()
    path = folder / "contacts - failed rows.csv"
    waiting.value.save_as(path)
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("Bob,,", "Bob,Sample,").replace(",nowhere,", ",carl@example.com,"))
    return path


def upload_corrected(page, path):
    page.get_by_role("button", name="Upload the corrected rows").click()
    page.wait_for_url("**/upload/")
    page.set_input_files("#id_file", path)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=PATIENCE)


def test_failed_rows_come_back_corrected(open_page, tmp_path):
    page = open_page()
    first = failed_import(page, tmp_path)
    path = corrected(page, tmp_path)
    upload_corrected(page, path)
    expect(page.get_by_role("heading", name="2 of 2 failed rows of contacts.csv")).to_be_visible()
    expect(page.get_by_text("the other row of contacts.csv has not been imported")).to_be_visible()
    page.get_by_role("button", name="Import all rows").click()
    expect(page.get_by_text("3 would be created").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Import the rows with problems only").click()
    expect(page.get_by_text("2 would be created").first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Import the corrected rows").click()
    expect(page.get_by_role("heading", name="2 created.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="contacts.csv").first.click()
    page.wait_for_url(first)
    expect(page.get_by_text("Of its 2 failed rows 2 were imported since.")).to_be_visible()

    page.goto("/import-data/new/")
    choose_contacts(page)
    page.set_input_files("#id_file", path)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("All 2 rows were imported already").first).to_be_visible(timeout=PATIENCE)


def test_no_page_of_a_repair_has_a_barrier_or_scrolls_sideways(open_page, tmp_path):
    page = open_page()
    first = failed_import(page, tmp_path)
    upload_corrected(page, corrected(page, tmp_path))
    examine(page)
    page.get_by_role("button", name="Import the corrected rows").click()
    expect(page.get_by_role("heading", name="2 created.")).to_be_visible(timeout=PATIENCE)
    examine(page)
    page.goto(first)
    examine(page)
