"""What was noticed in a file, and several sheets as one, in a real browser."""

import io

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_wizard import browser, examine, go_to_mapping, next_step, open_page  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.cluster]
HEADERS = ["Contact Code", "First Name", "Last Name", "Contact Email"]


@pytest.fixture
def book(tmp_path):
    """Two sheets with the same headers; the second one ends with a total."""
    book = openpyxl.Workbook()
    book.active.title = "January"
    later = book.create_sheet("February")
    for sheet, mark in ((book.active, "J"), (later, "F")):
        sheet.append(HEADERS)
        for number in range(3):
            sheet.append([f"{tmp_path.name}-{mark}{number}", "Maria", "Sample", "NULL"])
    later.append(["Total", None, None, 3])
    file = io.BytesIO()
    book.save(file)
    path = tmp_path / "year.xlsx"
    path.write_bytes(file.getvalue())
    return path


def test_sheets_are_joined_and_what_was_noticed_is_answered(open_page, book):  # noqa: F811
    page = open_page()
    go_to_mapping(page, book)
    page.get_by_role("button", name="Import these sheets as one").click()
    expect(page.get_by_text("sheets “January”, “February” as one · 7 rows")).to_be_visible()
    page.get_by_label("Do not import February, row 5").check()
    page.get_by_label("Treat “NULL” as blank").check()
    next_step(page)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Together 6 of 6 rows of the file.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("rowheader", name="February, row 4")).to_be_visible()
    expect(page.get_by_role("rowheader", name="February, row 5")).to_have_count(0)
    page.go_back()
    expect(page.get_by_label("Treat “NULL” as blank")).to_be_checked()


def test_what_was_noticed_has_no_barrier(open_page, book):  # noqa: F811
    page = open_page()
    go_to_mapping(page, book)
    examine(page)
    page.get_by_role("button", name="Import these sheets as one").click()
    expect(page.get_by_role("heading", name="What we noticed in the file")).to_be_visible()
    examine(page)
