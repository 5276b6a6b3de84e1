"""Trying an import and undoing it in a real browser: the way, both themes, narrow screens, axe."""

import re

import pytest
from playwright.sync_api import expect

from entities.models import Contact
from imports.models import ImportJob, ImportRun
from tests.browser.barriers import barriers_of
from tests.browser.test_monitoring import HEADERS
from tests.factories import DeviceFactory
from tests.imports.journeys import check, csv_bytes, draft, run_import, undo_check, undo_import, work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rows(count):
    return csv_bytes(HEADERS, *(f"C{n},Anna,Sample,c{n}@example.com" for n in range(count)))


def work_waiting():
    """Work what waits for a worker, and what follows from it."""
    work(list(ImportRun.objects.filter(state="waiting").order_by("pk")))


def test_an_import_is_tried_undone_and_started_over(open_page, user):
    job = draft("contacts", rows(25), "customers.csv", user=user)
    check(job)
    page = open_page(f"/import-data/{job.pk}/preview/")
    page.get_by_role("button", name="Start with the first 10 rows").click()
    work_waiting()
    expect(page.get_by_role("heading", name="Stopped after the first 10 rows, as you asked.")).to_be_visible()
    expect(page.get_by_role("button", name="Continue with the other 15 rows")).to_be_visible()
    page.get_by_role("link", name="Undo these 10").click()
    expect(page.get_by_role("heading", name="Looking at what undo would do")).to_be_visible()
    work_waiting()
    page.get_by_role("button", name="Undo: delete 10 contacts").click()
    expect(page.get_by_role("heading", name=f"Undoing import {job.pk}")).to_be_visible()
    assert Contact.objects.count() == 10
    work_waiting()
    expect(page.get_by_role("heading", name="10 contacts deleted.")).to_be_visible()
    expect(page.locator("[data-announce]")).to_have_text(re.compile("Undone on .*: 10 contacts deleted."))
    assert Contact.objects.count() == 0
    page.get_by_role("button", name="Start over with the same file").click()
    expect(page.get_by_role("heading", name="Data mapping")).to_be_visible()
    assert ImportJob.objects.filter(state="draft").count() == 1


def test_an_import_is_undone_without_javascript(open_page, user):
    job = run_import("contacts", rows(3), "customers.csv")
    page = open_page(job.get_absolute_url(), java_script_enabled=False)
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_role("heading", name="Looking at what undo would do")).to_be_visible()
    work_waiting()
    # The page loads itself again until there is something to say.
    page.get_by_role("button", name="Undo: delete 3 contacts").click()
    expect(page.get_by_role("heading", name=f"Undoing import {job.pk}")).to_be_visible()
    work_waiting()
    expect(page.get_by_role("heading", name="3 contacts deleted.")).to_be_visible(timeout=30_000)


def test_axe_finds_nothing_on_the_pages_of_an_undo(open_page, user):
    job = run_import("contacts", rows(3), "first.csv")
    undone = run_import("contacts", rows(5), "second.csv")
    for code in ("C1", "C4"):
        DeviceFactory(contact=Contact.objects.get(code=code))
    undo_check(job)
    undo_import(undone)
    paths = [
        f"/import-data/{job.pk}/undo/",
        f"/import-data/{undone.pk}/undo/kept/",
        undone.get_absolute_url(),
    ]
    assert barriers_of(open_page, paths) == {}
