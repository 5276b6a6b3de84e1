"""Remembered mappings in a real browser: the second file of a kind goes straight to the preview."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_wizard import browser, examine, next_step, open_page  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.cluster]


@pytest.fixture
def files(tmp_path):
    """A function that writes a file of these headers, which no other test has, with one row."""
    kind = tmp_path.name.replace("_", " ")

    def write(name, *headers):
        path = tmp_path / name
        path.write_text(f"Our {kind},{','.join(headers)}\n{tmp_path.name}-{name},Ann,Sample,x\n")
        return path

    return write


def bring(page, path):
    page.goto("/import-data/new/")
    page.get_by_role("radio", name="Contacts").check()
    next_step(page)
    page.wait_for_url("**/upload/")
    page.set_input_files("#id_file", path)
    page.wait_for_url(re.compile("/(mapping|preview)/$"))


def import_once(page, path):
    bring(page, path)
    page.locator("[data-header]").first.select_option("Contact Code")
    next_step(page)
    page.wait_for_url("**/preview/")
    page.get_by_role("button", name="Start Import").click()
    page.wait_for_url(re.compile(r"/import-data/\d+/$"))


def test_a_known_file_goes_straight_to_the_preview_and_back_to_its_mapping(open_page, files):  # noqa: F811
    page = open_page()
    headers = ("First Name", "Surname", "Fax")
    import_once(page, files("first.csv", *headers))
    bring(page, files("second.csv", *headers))
    expect(page).to_have_url(re.compile("/preview/$"))
    expect(page.get_by_text("because the headers are the same")).to_be_visible()
    page.get_by_role("link", name="Change the mapping").click()
    expect(page.locator("#match-0")).to_contain_text("remembered")
    page.locator("[data-header]").first.select_option("Do not import")
    expect(page.locator("#match-0")).to_contain_text("not imported")
    page.locator("[data-header]").first.select_option("Contact Code")
    expect(page.locator("#match-0")).to_contain_text("remembered")


def test_no_page_of_remembered_mappings_has_a_barrier(open_page, files):  # noqa: F811
    page = open_page()
    headers = ("First Name", "Surname")
    import_once(page, files("first.csv", *headers, "Mobile"))
    bring(page, files("second.csv", *headers, "Mobile"))
    examine(page)
    bring(page, files("third.csv", *headers, "Cell"))
    expect(page.get_by_text("column “Mobile” is gone, column “Cell” is new")).to_be_visible()
    page.locator("summary", has_text="Save this mapping under a name").click()
    examine(page)
    page.goto("/import-data/mappings/")
    page.locator("summary", has_text="Rename or share").first.click()
    page.locator("summary", has_text="What it maps").first.click()
    examine(page)


def test_a_mapping_is_renamed_and_deleted_without_scripts(open_page, files):  # noqa: F811
    page = open_page(java_script_enabled=False)
    path = files("kept.csv", "First Name", "Surname", "Fax")
    page.get_by_role("radio", name="Contacts").check()
    next_step(page)
    page.set_input_files("#id_file", path)
    next_step(page)
    page.locator("[data-header]").first.select_option("Contact Code")
    page.locator("summary", has_text="Save this mapping under a name").click()
    name = f"Of {path.parent.name}"
    page.locator("#id_mapping_name").fill(name)
    page.get_by_role("button", name="Save mapping").click()
    page.goto("/import-data/mappings/")
    line = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))
    line.locator("summary", has_text="Rename or share").click()
    line.get_by_label("Name").fill(f"{name} again")
    line.get_by_role("button", name="Save", exact=True).click()
    line = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=f"{name} again"))
    line.locator("summary", has_text="Delete").click()
    line.get_by_role("button", name="Delete this mapping").click()
    expect(page.get_by_role("heading", name=f"{name} again")).to_have_count(0)
