"""The wizard in a real browser, against the whole product."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.barriers import barriers
from tests.chromium import launch
from tests.product import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.cluster]
# Headers of their own for each test: what another one has mapped must not be remembered.
NOTES = ";".join(f"Note {number} {{0}}" for number in range(5))
CONTACTS = (
    f"Κωδικός;First Name;Last Name;E-mail 1;Date of Birth;{NOTES}\n"
    "W-{0}-1;Άννα;Δείγμα;anna@example.com;03/04/1984;x\n"
    "W-{0}-2;Bob;;bob@example.com;05/06/1990;y\n"
    "W-{0}-3;Carl;Jones;nowhere;07/08/1991;z\n"
)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture
def open_page(browser, product):
    """A function that gives a page of somebody who is signed in."""
    contexts = []

    def open_one(**options):
        size = {"width": 1280, "height": 900}
        context = browser.new_context(base_url=product.address, viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto("/login/?next=/import-data/new/")
        page.fill("[name=username]", "business")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/import-data/new/")
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def contacts(tmp_path):
    """A file with a good row, one of incorrect content and one that is badly formatted."""
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS.format(tmp_path.name))
    return path


def next_step(page):
    page.get_by_role("button", name="Next Step").click()


def choose_contacts(page):
    page.get_by_role("radio", name="Contacts").check()
    next_step(page)
    page.wait_for_url("**/upload/")


def go_to_mapping(page, path):
    choose_contacts(page)
    page.set_input_files("#id_file", path)
    page.wait_for_url("**/mapping/")


def go_to_preview(page, path):
    go_to_mapping(page, path)
    page.get_by_label("Day first").check()
    next_step(page)
    page.wait_for_url("**/preview/")
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=60_000)


def drop(page, path):
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [path.name, path.read_text()],
    )
    page.dispatch_event("[data-drop-zone]", "dragover", {"dataTransfer": transfer})
    expect(page.locator("[data-drop-zone]")).to_have_class("drop-zone is-over")
    page.dispatch_event("[data-drop-zone]", "drop", {"dataTransfer": transfer})


def test_a_dropped_file_becomes_an_import(open_page, contacts):
    page = open_page()
    choose_contacts(page)
    drop(page, contacts)
    page.wait_for_url("**/mapping/")
    page.get_by_label("Day first").check()
    next_step(page)
    page.get_by_label("Leave this row out").check(timeout=60_000)
    page.get_by_role("button", name="Start Import").dblclick()
    page.wait_for_url("**/import-data/*/")
    download = page.get_by_role("link", name="Download").first
    expect(download).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Completed").first).to_be_visible()
    with page.expect_download() as waiting:
        download.click()
    assert waiting.value.suggested_filename.startswith("contacts - failed rows")


def test_no_step_has_a_barrier_and_only_tables_scroll_sideways(open_page, contacts):
    page = open_page()
    examine(page)
    choose_contacts(page)
    examine(page)
    next_step(page)
    examine(page)
    page.set_input_files("#id_file", contacts)
    page.wait_for_url("**/mapping/")
    examine(page)
    next_step(page)
    page.locator("summary", has_text="The same value for all rows").click()
    page.locator("summary", has_text="Change how the file is read").click()
    examine(page)
    page.get_by_label("Day first").check()
    next_step(page)
    expect(page.get_by_text("Nothing has been written.")).to_be_visible(timeout=60_000)
    examine(page)
    table = page.locator("#record-table").get_by_role("region")
    assert table.evaluate("element => element.scrollWidth > element.clientWidth")
    table.focus()
    expect(table).to_be_focused()


def examine(page):
    assert barriers(page) == []


def test_errors_take_the_focus_and_lead_to_their_field(open_page, contacts):
    page = open_page()
    choose_contacts(page)
    next_step(page)
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#id_file")).to_be_focused()


def test_a_file_that_is_none_says_so_without_leaving_the_page(open_page, tmp_path):
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    page = open_page()
    choose_contacts(page)
    page.set_input_files("#id_file", path)
    expect(page.get_by_role("alert")).to_contain_text("The file is an image")
    assert page.url.endswith("/upload/")


def test_an_upload_can_be_cancelled(open_page, contacts):
    page = open_page()
    choose_contacts(page)
    page.route("**/upload/", lambda route: None)  # it never arrives
    page.set_input_files("#id_file", contacts)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("The upload was cancelled")


def test_the_match_and_the_required_columns_follow_the_choice(open_page, tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text("Serial,Product,Notes\nS1,DEC-4K,x\n")
    page = open_page()
    page.get_by_role("radio", name="Devices").check()
    next_step(page)
    page.set_input_files("#id_file", path)
    page.wait_for_url("**/mapping/")
    line = page.locator("[data-required-count]")
    expect(line).to_have_text("2 of 2 required columns mapped")
    page.get_by_label("Product", exact=True).select_option("Do not import")
    expect(line).to_have_text("1 of 2 required columns mapped · Product Code is missing")
    expect(page.locator("#match-1")).to_contain_text("not imported")
    page.get_by_label("Notes", exact=True).select_option("Serial Number")
    expect(page.locator("#match-2")).to_contain_text("“Serial” feeds this column already")
    page.get_by_label("Notes", exact=True).select_option("Do not import")
    line.get_by_role("link", name="Product Code").click()
    page.locator("#id_fixed-product").fill("DEC-4K")
    expect(line).to_have_text("2 of 2 required columns mapped")


def test_everything_works_without_scripts(open_page, contacts):
    page = open_page(java_script_enabled=False)
    choose_contacts(page)
    page.set_input_files("#id_file", contacts)
    next_step(page)
    page.wait_for_url("**/mapping/")
    page.get_by_label("Day first").check()
    next_step(page)
    page.wait_for_url("**/preview/")
    page.get_by_label("Leave this row out").check(timeout=60_000)
    page.get_by_role("button", name="Start Import").click()
    page.wait_for_url("**/import-data/*/")
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=60_000)


DOUBLES = (
    "Contact Code,First Name,Last Name,E-mail,Town/City\n"
    ",Anna,Twin,ANNA@example.com,\n"
    ",Bob,New,nobody-else@example.com,Nicosia\n"
    "DEMO-0001,Anna,Example,,\n"
)


def test_doubles_and_stored_values_are_asked_without_a_barrier(open_page, tmp_path):
    path = tmp_path / "doubles.csv"
    path.write_text(DOUBLES)
    page = open_page()
    go_to_mapping(page, path)
    question = page.get_by_label("When updating, Town/City")
    expect(question).to_be_hidden()
    page.get_by_label("Update existing contacts").check()
    expect(question).to_be_visible()
    expect(page.get_by_label("When updating, Contact Code")).to_be_hidden()
    question.select_option("clear")
    examine(page)
    next_step(page)
    expect(page.get_by_text("1 row would double a contact that is already there").first).to_be_visible(
        timeout=60_000
    )
    examine(page)
    page.get_by_label("Leave it out").check()
    page.get_by_role("button", name="Apply and check again").click()
    expect(page.get_by_text("Leave it out (holds now)")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Blank cells clear Town/City")).to_be_visible()
    examine(page)
    page.goto(page.url.partition("#")[0].replace("/preview/", "/doubles/"))
    expect(page.get_by_role("link", name="Anna Example")).to_be_visible()
    examine(page)


def test_a_column_that_cannot_be_cleared_does_not_offer_it(open_page, tmp_path):
    path = tmp_path / "doubles.csv"
    path.write_text(DOUBLES)
    page = open_page()
    go_to_mapping(page, path)
    page.get_by_label("Update existing contacts").check()
    question = page.get_by_label("When updating, Town/City")
    question.select_option("clear")
    header = page.locator("#id_header-4")
    header.select_option(label="Address Line 1")
    expect(question).to_have_value("")
    expect(question.locator("option[value=clear]")).to_be_disabled()
    header.select_option(label="Address Name")
    expect(question).to_be_hidden()
