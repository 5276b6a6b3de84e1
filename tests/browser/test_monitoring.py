"""The monitoring pages in a real browser: refreshing, cancelling, both themes, narrow screens, axe."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from imports.models import ImportJob, ImportRun
from tests.browser.barriers import barriers_of
from tests.imports.journeys import csv_bytes, run_import

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEADERS = "Contact Code,First Name,Last Name,Contact Email"


def running(user, rows_done=20_000):
    job = ImportJob.objects.create(
        entity_type="contacts",
        state=ImportJob.State.IN_PROGRESS,
        created_by=user,
        started_at=timezone.now(),
        file_name="customers.csv",
        rows=80_000,
        not_reached=80_000,
        options={},
    )
    run = ImportRun.objects.create(
        job=job, kind="import", state="running", rows_done=rows_done, created=rows_done, seconds=6
    )
    return job, run


def advance(run, rows_done):
    ImportRun.objects.filter(pk=run.pk).update(rows_done=rows_done, created=rows_done)


def complete(job):
    ImportJob.objects.filter(pk=job.pk).update(
        state="completed", created=80_000, not_reached=0, finished_at=timezone.now()
    )


def with_problems():
    return run_import(
        "contacts", csv_bytes(HEADERS, "A1,Anna,Sample,a@example.com", "A2,Anna,Sample,bad"), "mixed.csv"
    )


def test_the_page_of_an_import_follows_it_to_its_end_without_a_reload(open_page, user):
    job, run = running(user)
    page = open_page(job.get_absolute_url())
    page.evaluate("window.isTheSamePage = true")
    expect(page.get_by_text("Importing 20,000 of 80,000 rows")).to_be_visible()
    advance(run, 60_000)
    expect(page.get_by_text("Importing 60,000 of 80,000 rows")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")
    expect(page.locator("[data-announce]")).to_have_text("Importing: 75 % done")
    complete(job)
    expect(page.get_by_role("heading", name="80,000 created.")).to_be_visible()
    expect(page.locator("[data-refresh-url]")).to_have_count(0)
    assert page.evaluate("window.isTheSamePage")


def test_the_list_follows_its_running_imports_without_a_reload(open_page, user):
    job, run = running(user)
    page = open_page("/import-data/")
    page.evaluate("window.isTheSamePage = true")
    expect(page.get_by_text("25 % · importing 20,000 of 80,000 rows")).to_be_visible()
    advance(run, 40_000)
    expect(page.get_by_text("50 % · importing 40,000 of 80,000 rows")).to_be_visible()
    complete(job)
    expect(page.locator(".badge.is-completed")).to_be_visible()
    assert page.evaluate("window.isTheSamePage")


def test_an_opened_cancel_stays_open_and_keeps_its_focus_while_the_page_refreshes(open_page, user):
    job, run = running(user)
    page = open_page(job.get_absolute_url())
    page.get_by_text("Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel this import").focus()
    advance(run, 60_000)
    expect(page.get_by_text("Importing 60,000 of 80,000 rows")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel this import")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelling; the rows that are being worked on")).to_be_visible()
    run.refresh_from_db()
    assert run.cancel_requested


def test_an_import_is_watched_and_cancelled_without_javascript(open_page, user):
    job, run = running(user)
    page = open_page(job.get_absolute_url(), java_script_enabled=False)
    expect(page.locator("meta[http-equiv=refresh]")).to_be_attached()
    expect(page.get_by_text("Importing 20,000 of 80,000 rows")).to_be_visible()
    page.get_by_text("Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel this import").click()
    expect(page.get_by_text("Cancelling; the rows that are being worked on")).to_be_visible()
    run.refresh_from_db()
    assert run.cancel_requested


def test_the_pages_are_dark_where_the_system_is(open_page):
    page = open_page("/import-data/", color_scheme="dark")
    expect(page.locator("html")).to_contain_class("dark")


def test_axe_finds_nothing_and_only_tables_scroll_sideways(open_page, user):
    paths = ["/import-data/", "/import-data/?q=nothing+like+it", "/import-data/manual/"]
    paths += [running(user)[0].get_absolute_url(), with_problems().get_absolute_url()]
    assert barriers_of(open_page, paths) == {}
