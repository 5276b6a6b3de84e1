"""Rows in a real browser: filters and the row to go to in the preview, a row's page, results, axe."""

import pytest
from playwright.sync_api import expect

from entities.models import Contact
from imports import results
from imports.models import ImportRun
from tests.browser.barriers import barriers_of
from tests.browser.test_monitoring import HEADERS
from tests.factories import ContactFactory
from tests.imports.journeys import check, csv_bytes, draft, run_import, work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = [f"C{n},Anna,Sample,{'bad' if n % 10 == 0 else 'a@example.com'}" for n in range(1, 61)]


@pytest.fixture
def rows(transactional_db):
    ContactFactory(code="C7", first_name="Ann", last_name="Before", email="old@example.com")
    return csv_bytes(HEADERS, *ROWS)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_preview_shows_the_rows_of_one_outcome_and_goes_to_a_row(open_page, user, rows, has_scripts):
    job = draft("contacts", rows, "customers.csv", user=user, update=True)
    check(job)
    page = open_page(f"/import-data/{job.pk}/preview/", java_script_enabled=has_scripts)
    page.get_by_role("link", name="Would be left out 6").click()
    page.wait_for_url("**/preview/?outcome=rejected#records")
    shown = page.locator("#record-table th[scope=row]").all_inner_texts()
    assert shown == ["11", "21", "31", "41", "51", "61"]
    page.get_by_role("link", name="Would be updated 1").click()
    expect(page.get_by_role("row", name="8 update")).to_contain_text("old: Before → new: Sample")
    page.get_by_label("Go to row").fill("45")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("tr[aria-current=true]")).to_contain_text("C44")
    page.get_by_role("link", name="Previous page").click()
    expect(page.get_by_text("Page 2 of 3 · 60 rows")).to_be_visible()
    page.get_by_role("link", name="row 11", exact=True).click()
    expect(page.locator("#row-11")).to_be_in_viewport()


def test_the_outcomes_appear_when_the_check_is_over(open_page, user, rows):
    job = draft("contacts", rows, "customers.csv", user=user)
    page = open_page(f"/import-data/{job.pk}/preview/?page=3")
    expect(page.get_by_role("row", name="42 not checked yet")).to_be_visible()
    work(list(ImportRun.objects.filter(state="waiting")))
    expect(page.get_by_role("row", name="42 create")).to_be_visible()
    expect(page.get_by_role("link", name="Would be left out 6")).to_be_visible()


def test_from_an_import_to_a_row_to_its_record_and_back(open_page, user, rows):
    job = run_import("contacts", rows, "customers.csv", update=True)
    page = open_page(job.get_absolute_url())
    page.get_by_label("Go to row").fill("8")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("heading", name="Row 8: Updated")).to_be_visible()
    expect(page.get_by_role("row", name="Last Name Before Sample")).to_be_visible()
    page.get_by_role("link", name="Anna Sample").click()
    page.wait_for_url(f"**/{Contact.objects.get(code='C7').pk}/change/")
    page.get_by_role("link", name=f"by import {job.pk}, row 8 of customers.csv").click()
    expect(page.get_by_role("heading", name="Row 8: Updated")).to_be_visible()


def test_results_of_many_rows_are_followed_until_they_can_be_downloaded(open_page, user, rows, monkeypatch):
    monkeypatch.setattr(results, "ROWS_IN_A_REQUEST", 10)
    job = run_import("contacts", rows, "customers.csv")
    page = open_page(job.get_absolute_url())
    page.get_by_role("button", name="Prepare the results (.csv)").click()
    expect(page.get_by_text("Preparing the results: 0 %")).to_be_visible()
    work([job.latest_run("results")])
    with page.expect_download() as download:
        page.get_by_role("link", name="Download results (.csv)").click()
    assert download.value.suggested_filename == "customers - results.csv"


def test_axe_finds_nothing_on_the_pages_of_rows(open_page, user, rows):
    job = draft("contacts", rows, "customers.csv", user=user, update=True)
    check(job)
    ended = run_import("contacts", rows, "customers.csv", update=True)
    paths = [f"/import-data/{job.pk}/preview/?row=8", f"/import-data/{job.pk}/preview/?row=99"]
    paths += [f"/import-data/{ended.pk}/rows/{number}/" for number in (8, 11)]
    assert barriers_of(open_page, paths) == {}
